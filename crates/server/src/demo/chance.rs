//! Choices that look natural and are the same at each run: drawn from a text's digest, such as a conversation's id.

use sha2::{Digest as _, Sha256};

/// A stream of choices that depends on nothing but its seed.
pub(super) struct Chance {
    state: u64,
}

impl Chance {
    /// The choices that belong to a text.
    pub(super) fn of(seed: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(seed.as_bytes()).into();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Self { state: u64::from_be_bytes(first) }
    }

    /// A number below `bound`, which must not be 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // A linear congruential generator (Knuth's constants); its high bits are good enough for scenery.
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 16) % bound
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i64::try_from(self.below(span)).unwrap_or(0))
    }

    /// Whether something that happens in `percent` of all cases happens.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, which must not be empty.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let index = usize::try_from(self.below(choices.len().max(1) as u64)).unwrap_or(0);
        &choices[index.min(choices.len().saturating_sub(1))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_gives_the_same_choices_and_another_text_others() {
        let draw = |seed: &str| {
            let mut chance = Chance::of(seed);
            (0..20).map(|_| chance.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw("a"), draw("a"));
        assert_ne!(draw("a"), draw("b"));
    }

    #[test]
    fn choices_stay_in_their_bounds_and_reach_them() {
        let mut chance = Chance::of("bounds");
        let drawn: Vec<i64> = (0..500).map(|_| chance.between(-2, 3)).collect();
        assert_eq!(drawn.iter().min(), Some(&-2));
        assert_eq!(drawn.iter().max(), Some(&3));
    }
}
