//! How much is asked for at once.

/// How often what is asked for is halved at most.
const MOST_HALVINGS: u32 = 6;

/// How much is asked for at once. An answer that breaks off is lost whole, so that one which takes longer than the network
/// lasts would never arrive: each that breaks off halves what is asked for next, each that arrives doubles it
/// again. A server that was not reached at all says nothing about that.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Portion {
    halvings: u32,
}

impl Portion {
    /// As much of `most` as is asked for now, at least one.
    pub(super) const fn of(self, most: u32) -> u32 {
        let some = most >> self.halvings;
        if some == 0 { 1 } else { some }
    }

    pub(super) const fn arrived(&mut self) {
        self.halvings = self.halvings.saturating_sub(1);
    }

    pub(super) const fn broke_off(&mut self) {
        if self.halvings < MOST_HALVINGS {
            self.halvings += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_break_off_make_it_small_and_those_that_arrive_large_again() {
        let mut portion = Portion::default();
        assert_eq!(portion.of(500), 500);
        let sizes: Vec<u32> = (0..8)
            .map(|_| {
                portion.broke_off();
                portion.of(500)
            })
            .collect();
        assert_eq!(sizes, [250, 125, 62, 31, 15, 7, 7, 7]);
        assert_eq!(portion.of(50), 1, "at least one is asked for");
        for _ in 0..6 {
            portion.arrived();
        }
        assert_eq!(portion.of(500), 500);
        portion.arrived();
        assert_eq!(portion.of(500), 500);
    }
}
