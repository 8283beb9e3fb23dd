//! Sealing of what others have entrusted to the server and what it has to show again: an identity provider's client secret
//! and refresh tokens, and the verifiers of sign-ins under way.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use thiserror::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::key_ring::{KeyRing, SymmetricKey};

const NONCE_BYTES: usize = 24;
/// Keeps the derived keys apart from everything else that the ring's keys are used for.
const DERIVATION: &[u8] = b"recado sso sealing, version 1";

/// Why something could not be sealed or opened.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes; try again")]
    NoRandomness,
    /// The key under which it was sealed is not among the server's secrets.
    #[error("the key `{key_id}` is missing from the server's secrets; restore it")]
    MissingKey {
        /// The id of the missing key.
        key_id: String,
    },
    /// It is damaged, or was sealed for another place.
    #[error("what was sealed cannot be read; set it again")]
    Unreadable,
}

/// What something is sealed for. It opens for the same purpose and owner only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The secret that a provider gave to this server. The owner is the provider.
    ClientSecret,
    /// The verifier of a sign-in under way. The owner is the provider.
    Verifier,
    /// A provider's refresh token. The owner is the teammate.
    RefreshToken,
}

impl Purpose {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::ClientSecret => b"client_secret",
            Self::Verifier => b"verifier",
            Self::RefreshToken => b"refresh_token",
        }
    }
}

/// Something sealed, as it lies in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The key that opens it.
    pub key_id: String,
    /// Nonce (24 bytes), ciphertext, tag (16 bytes).
    pub ciphertext: Vec<u8>,
}

/// Encrypts short texts for the database with XChaCha20-Poly1305, under keys derived from the servers' own.
#[derive(Debug)]
pub struct Sealer {
    keys: KeyRing,
}

impl Sealer {
    /// Uses the ring's current key for everything new and its others to open what is older.
    #[must_use]
    pub const fn new(keys: KeyRing) -> Self {
        Self { keys }
    }

    /// Seals a text so that it opens for this purpose and owner only.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn seal(&self, text: &str, purpose: Purpose, owner: Uuid) -> Result<Sealed, SealError> {
        let key = self.keys.current();
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let bound = bound_to(purpose, owner);
        let sealed = cipher(key)?
            .encrypt(&XNonce::from(nonce), Payload { msg: text.as_bytes(), aad: &bound })
            .map_err(|_| SealError::Unreadable)?;
        Ok(Sealed {
            key_id: key.id().to_string(),
            ciphertext: [nonce.as_slice(), &sealed].concat(),
        })
    }

    /// Opens what [`seal`](Self::seal) made for this purpose and owner.
    ///
    /// # Errors
    /// [`SealError::MissingKey`] and [`SealError::Unreadable`].
    pub fn open(
        &self,
        sealed: &Sealed,
        purpose: Purpose,
        owner: Uuid,
    ) -> Result<Zeroizing<String>, SealError> {
        let key = self
            .keys
            .get(&sealed.key_id)
            .ok_or_else(|| SealError::MissingKey { key_id: sealed.key_id.clone() })?;
        let (nonce, ciphertext) =
            sealed.ciphertext.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Unreadable)?;
        let bound = bound_to(purpose, owner);
        let opened = cipher(key)?
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &bound })
            .map_err(|_| SealError::Unreadable)?;
        String::from_utf8(opened).map(Zeroizing::new).map_err(|_| SealError::Unreadable)
    }
}

fn bound_to(purpose: Purpose, owner: Uuid) -> Vec<u8> {
    [purpose.name(), &[0], owner.as_bytes()].concat()
}

fn cipher(key: &SymmetricKey) -> Result<XChaCha20Poly1305, SealError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes()).map_err(|_| SealError::Unreadable)?;
    mac.update(DERIVATION);
    let derived = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
    XChaCha20Poly1305::new_from_slice(derived.as_slice()).map_err(|_| SealError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::key_ring::KeyId;

    fn key(id: &str, byte: u8) -> SymmetricKey {
        SymmetricKey::new(KeyId::new(id).expect("an id"), vec![byte; 32]).expect("a key")
    }

    fn sealer(keys: impl IntoIterator<Item = SymmetricKey>) -> Sealer {
        Sealer::new(KeyRing::new(keys).expect("a ring"))
    }

    #[test]
    fn what_was_sealed_opens_for_its_own_purpose_and_owner_only() {
        let (sealer, owner) = (sealer([key("first", 1)]), Uuid::new_v4());
        let sealed = sealer.seal("hush", Purpose::ClientSecret, owner).expect("sealed");
        assert!(!sealed.ciphertext.windows(4).any(|window| window == b"hush"));
        let opened = sealer.open(&sealed, Purpose::ClientSecret, owner).expect("opened");
        assert_eq!(opened.as_str(), "hush");
        for (purpose, owner) in
            [(Purpose::RefreshToken, owner), (Purpose::ClientSecret, Uuid::new_v4())]
        {
            assert_eq!(sealer.open(&sealed, purpose, owner), Err(SealError::Unreadable));
        }
        for length in 0..sealed.ciphertext.len() {
            let cut = Sealed { ciphertext: sealed.ciphertext[..length].to_vec(), ..sealed.clone() };
            let outcome = sealer.open(&cut, Purpose::ClientSecret, owner);
            assert_eq!(outcome, Err(SealError::Unreadable), "{length} bytes");
        }
    }

    #[test]
    fn a_former_key_still_opens_and_a_missing_one_is_named() {
        let owner = Uuid::new_v4();
        let sealed = sealer([key("first", 1)])
            .seal("hush", Purpose::Verifier, owner)
            .expect("sealed under the first key");
        let both = sealer([key("second", 2), key("first", 1)]);
        assert!(both.open(&sealed, Purpose::Verifier, owner).is_ok());
        let missing = sealer([key("second", 2)]).open(&sealed, Purpose::Verifier, owner);
        assert_eq!(missing, Err(SealError::MissingKey { key_id: "first".to_owned() }));
    }
}
