//! Where ids come from. Time and randomness are passed in, so that a run can be repeated exactly.

use std::sync::Arc;

use recado_protocol::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Gives random bytes.
pub trait Entropy: Send + Sync {
    /// Sixteen bytes that nobody can guess.
    fn seed(&self) -> [u8; 16];
}

/// Randomness that several parts share.
pub type SharedEntropy = Arc<dyn Entropy>;

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn seed(&self) -> [u8; 16] {
        Uuid::new_v4().into_bytes()
    }
}

/// Ids for one transaction, as UUIDv7. A clone gives the same ids again, so a transaction that is run a second time
/// after a collision writes what it would have written.
#[derive(Debug, Clone)]
pub struct Ids {
    millis: u64,
    seed: [u8; 16],
    count: u64,
}

impl Ids {
    /// Ids that carry the time `now`.
    #[must_use]
    pub fn new(now: Timestamp, seed: [u8; 16]) -> Self {
        Self { millis: u64::try_from(now.as_millis()).unwrap_or(0), seed, count: 0 }
    }

    /// The next id.
    pub fn next_id(&mut self) -> Uuid {
        let mut hasher = Sha256::new();
        hasher.update(self.seed);
        hasher.update(self.count.to_be_bytes());
        let random = hasher.finalize();
        // The count stands first among the random bits, so that ids of one transaction sort as they were made.
        let mut bytes = [0_u8; 10];
        bytes[2..].copy_from_slice(&random[..8]);
        bytes[..2].copy_from_slice(&((self.count & 0x0FFF) as u16).to_be_bytes());
        self.count += 1;
        uuid::Builder::from_unix_timestamp_millis(self.millis, &bytes).into_uuid()
    }

    /// Random bytes for a salt.
    pub fn salt(&mut self) -> [u8; 16] {
        let mut hasher = Sha256::new();
        hasher.update(b"salt");
        hasher.update(self.seed);
        hasher.update(self.count.to_be_bytes());
        self.count += 1;
        let mut salt = [0; 16];
        salt.copy_from_slice(&hasher.finalize()[..16]);
        salt
    }
}

#[cfg(test)]
mod tests {
    use super::{Ids, Timestamp};

    #[test]
    fn ids_are_ordered_version_7_and_repeatable() {
        let mut ids = Ids::new(Timestamp::from_millis(1_763_000_000_123), [7; 16]);
        let mut again = ids.clone();
        let made: Vec<_> = (0..3000).map(|_| ids.next_id()).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        assert!(made.iter().all(|id| id.get_version_num() == 7));
        assert_eq!(
            made[0].get_timestamp().map(|time| time.to_unix()),
            Some((1_763_000_000, 123_000_000))
        );
        assert_eq!(again.next_id(), made[0]);
        let mut other = Ids::new(Timestamp::from_millis(1_763_000_000_123), [8; 16]);
        assert_ne!(other.next_id(), made[0]);
    }
}
