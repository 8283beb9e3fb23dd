//! The keys of the two files.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The raw 256-bit keys of the two files. They are wiped from memory when dropped and cannot be
/// printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct StoreKeys {
    /// The key of `cache.db`.
    pub cache: [u8; 32],
    /// The key of `outbox.db`.
    pub outbox: [u8; 32],
}
