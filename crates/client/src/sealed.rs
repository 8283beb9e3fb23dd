//! Small things sealed under a key, as they stand in a file.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::random::{NoRandomness, Random};

/// A key, wiped from memory after use.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// Something sealed, with the nonce that was made for it alone.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    nonce: String,
    sealed: String,
}

impl Sealed {
    /// Seals `plain`. `purpose` says what it is for, so that no two seals can be swapped.
    pub(crate) fn new(
        key: &Key,
        purpose: &str,
        plain: &[u8],
        random: &dyn Random,
    ) -> Result<Self, NoRandomness> {
        let mut nonce = [0_u8; 24];
        random.fill(&mut nonce)?;
        let sealed = XChaCha20Poly1305::new(&(**key).into())
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: purpose.as_bytes() })
            // Sealing a few bytes has no way to fail but a broken cipher.
            .map_err(|_| NoRandomness)?;
        Ok(Self { nonce: URL_SAFE_NO_PAD.encode(nonce), sealed: URL_SAFE_NO_PAD.encode(sealed) })
    }

    /// What was sealed, if this is the key and the purpose that it was sealed under.
    pub(crate) fn open(&self, key: &Key, purpose: &str) -> Option<Zeroizing<Vec<u8>>> {
        let nonce: [u8; 24] = URL_SAFE_NO_PAD.decode(&self.nonce).ok()?.try_into().ok()?;
        let cipher_text = URL_SAFE_NO_PAD.decode(&self.sealed).ok()?;
        XChaCha20Poly1305::new(&(**key).into())
            .decrypt(&XNonce::from(nonce), Payload { msg: &cipher_text, aad: purpose.as_bytes() })
            .ok()
            .map(Zeroizing::new)
    }
}
