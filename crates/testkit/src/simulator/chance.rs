//! Chance that is drawn from a seed, so that a run can be repeated exactly.

use std::sync::{Mutex, PoisonError};

use recado_client::random::{NoRandomness, Random};
use recado_server::ids::Entropy;

/// A generator of numbers (`SplitMix64`): fast, and good enough for deciding what goes wrong.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The numbers of one seed.
    pub(super) const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Numbers of their own for one purpose, so that using more of them changes nothing elsewhere.
    pub(super) const fn fork(&self, purpose: u64) -> Self {
        Self(self.0 ^ purpose.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 for a limit of 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.next() % limit }
    }

    /// A number in `low..=high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or_default();
        low + i64::try_from(self.below(span + 1)).unwrap_or_default()
    }

    /// True in so many of a thousand cases.
    pub(super) fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of them, if there are any.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(from.len()).unwrap_or(u64::MAX);
        from.get(usize::try_from(self.below(count)).unwrap_or_default())
    }
}

/// Chance as the client and the server ask for it.
pub(super) struct Source(Mutex<Chance>);

impl Source {
    /// A source of its own.
    pub(super) const fn new(chance: Chance) -> Self {
        Self(Mutex::new(chance))
    }

    fn fill_from(&self, bytes: &mut [u8]) {
        let mut chance = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            let word = chance.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

impl Random for Source {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        self.fill_from(bytes);
        Ok(())
    }
}

impl Entropy for Source {
    fn seed(&self) -> [u8; 16] {
        let mut seed = [0; 16];
        self.fill_from(&mut seed);
        seed
    }
}
