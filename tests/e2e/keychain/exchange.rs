//! The service's side of `dh-ietf1024-sha256-aes128-cbc-pkcs7`, in which secrets travel.
//!
//! Its private number is one: what it sends is the generator, and what both sides have in common is what
//! the client sent. So nothing is computed here, and the client cannot tell.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use anyhow::Context as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

pub(super) const ALGORITHM: &str = "dh-ietf1024-sha256-aes128-cbc-pkcs7";
/// The generator, which is this side's public number.
pub(super) const PUBLIC: [u8; 1] = [2];
/// The length of the numbers, in bytes.
const LENGTH: usize = 128;
/// The same for every secret: a test keeps none.
pub(super) const IV: [u8; 16] = [7; 16];

/// What a session's secrets are sealed with.
#[derive(Clone)]
pub(super) struct Exchange([u8; 16]);

impl Exchange {
    /// With a client that sent this public number.
    pub(super) fn with(client: &[u8]) -> anyhow::Result<Self> {
        let mut common = [0_u8; LENGTH];
        let start = LENGTH.checked_sub(client.len()).context("the number is too long")?;
        common[start..].copy_from_slice(client);
        let extracted = keyed(&[0; 32], &common)?;
        let expanded = keyed(&extracted, &[1])?;
        Ok(Self(expanded[..16].try_into()?))
    }

    pub(super) fn seal(&self, secret: &[u8]) -> Vec<u8> {
        cbc::Encryptor::<Aes128>::new(&self.0.into(), &IV.into())
            .encrypt_padded_vec::<Pkcs7>(secret)
    }

    pub(super) fn open(&self, iv: &[u8], sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        let iv: [u8; 16] = iv.try_into().context("the initialization vector is not one")?;
        cbc::Decryptor::<Aes128>::new(&self.0.into(), &iv.into())
            .decrypt_padded_vec::<Pkcs7>(sealed)
            .map_err(|_| anyhow::anyhow!("the client sealed it with something else"))
    }
}

fn keyed(key: &[u8], text: &[u8]) -> anyhow::Result<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(text);
    Ok(mac.finalize().into_bytes().into())
}
