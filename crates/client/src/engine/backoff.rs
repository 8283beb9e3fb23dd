//! Waiting between attempts.

use recado_protocol::{ErrorCode, Planted, Timestamp, is_planted};

use super::PlusMicros as _;
use crate::random::Random;

/// The shortest wait after a failure, in milliseconds.
pub const SHORTEST_BACKOFF_MS: i64 = 500;
/// The longest wait after a failure, in milliseconds.
pub const LONGEST_BACKOFF_MS: i64 = 20_000;

/// Waits after failures: each time up to twice as long, anywhere between the shortest and that, so
/// that many clients do not come back at the same moment. Any success ends it.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    failures: u32,
    failure: Option<ErrorCode>,
    until: Option<Timestamp>,
}

impl Backoff {
    /// Notes a failure at `now`. A server that said when to come back is not asked earlier, and by many
    /// clients not at that very moment either: each waits its own time on top.
    pub fn failed(
        &mut self,
        now: Timestamp,
        code: ErrorCode,
        retry_after_s: Option<u32>,
        random: &dyn Random,
    ) {
        self.failures = self.failures.saturating_add(1);
        self.failure = Some(code);
        let doubled = SHORTEST_BACKOFF_MS << self.failures.min(10);
        let capped = !is_planted(Planted::BackoffUncapped);
        let longest_ms = if capped { doubled.min(LONGEST_BACKOFF_MS) } else { doubled };
        let mut bytes = [0_u8; 4];
        // Without randomness the longest wait is the polite one.
        let share = match random.fill(&mut bytes) {
            Ok(()) => i64::from(u32::from_le_bytes(bytes)),
            Err(_) => i64::from(u32::MAX),
        };
        let span_micros = (longest_ms - SHORTEST_BACKOFF_MS) * 1_000;
        let micros = SHORTEST_BACKOFF_MS * 1_000 + span_micros * share / i64::from(u32::MAX);
        let asked_micros = i64::from(retry_after_s.unwrap_or_default()) * 1_000_000;
        self.until = Some(now.plus_micros(micros.saturating_add(asked_micros)));
    }

    /// Ends it.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Ends the wait of somebody who could not reach the server, since somebody else just did.
    pub fn reachable(&mut self) {
        if self.failure == Some(ErrorCode::Unreachable) {
            self.succeeded();
        }
    }

    /// Lets the next attempt be made at once, without forgetting that the last one failed. A wait
    /// that the server itself asked for stands.
    pub fn forget_wait(&mut self) {
        if self.failure != Some(ErrorCode::Overloaded) {
            self.until = None;
        }
    }

    /// Moves a wait back with a clock that was set back by `micros`, so that it takes no longer than before.
    pub fn clock_went_back(&mut self, micros: i64) {
        self.until = self.until.map(|until| until.plus_micros(micros.saturating_neg()));
    }

    /// Whether an attempt may be made. It ends the wait if so.
    pub fn may_try(&mut self, now: Timestamp) -> bool {
        if self.until.is_some_and(|until| now < until) {
            return false;
        }
        self.until = None;
        true
    }

    /// Why the last attempt failed, if it did.
    pub const fn failure(&self) -> Option<ErrorCode> {
        self.failure
    }

    /// When the next attempt is made, while it is waited for.
    pub const fn until(&self) -> Option<Timestamp> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{NoRandomness, SystemRandom};

    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
            bytes.fill(self.0);
            Ok(())
        }
    }

    fn waits(random: &dyn Random) -> Vec<i64> {
        let now = Timestamp::from_seconds(1_000);
        let mut backoff = Backoff::default();
        (0..12)
            .map(|_| {
                backoff.failed(now, ErrorCode::Unreachable, None, random);
                backoff.until().expect("a wait").as_millis() - now.as_millis()
            })
            .collect()
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let longest = waits(&Fixed(0xFF));
        assert_eq!(longest[..4], [1_000, 2_000, 4_000, 8_000]);
        assert_eq!(longest[6..], [LONGEST_BACKOFF_MS; 6]);
    }

    #[test]
    fn every_wait_lies_between_the_shortest_and_the_longest() {
        assert!(waits(&Fixed(0)).iter().all(|&wait| wait == SHORTEST_BACKOFF_MS));
        for _ in 0..200 {
            for wait in waits(&SystemRandom) {
                assert!((SHORTEST_BACKOFF_MS..=LONGEST_BACKOFF_MS).contains(&wait), "{wait}");
            }
        }
    }

    #[test]
    fn a_server_that_says_when_is_not_asked_earlier() {
        let now = Timestamp::from_seconds(1_000);
        let mut backoff = Backoff::default();
        backoff.failed(now, ErrorCode::Overloaded, Some(90), &SystemRandom);
        backoff.forget_wait();
        assert!(!backoff.may_try(now.plus_seconds(90)));
        assert!(backoff.may_try(now.plus_seconds(91)));
    }

    #[test]
    fn what_a_server_asked_for_takes_no_longer_when_the_clock_is_set_back() {
        let now = Timestamp::from_seconds(10_000);
        let mut backoff = Backoff::default();
        backoff.failed(now, ErrorCode::Overloaded, Some(90), &Fixed(0));
        backoff.clock_went_back(3_600_000_000);
        let then = now.plus_seconds(-3_600);
        assert!(!backoff.may_try(then.plus_seconds(90)));
        assert!(backoff.may_try(then.plus_seconds(91)));
    }

    #[test]
    fn those_who_were_asked_to_wait_do_not_come_back_at_the_same_moment() {
        let now = Timestamp::from_seconds(1_000);
        let moments: std::collections::BTreeSet<_> = (0..100)
            .map(|_| {
                let mut backoff = Backoff::default();
                backoff.failed(now, ErrorCode::Overloaded, Some(1), &SystemRandom);
                backoff.until().expect("a wait").as_millis()
            })
            .collect();
        assert!(moments.len() > 50, "{} moments for 100 clients", moments.len());
        assert!(moments.iter().all(|at| *at >= now.plus_seconds(1).as_millis()));
    }

    #[test]
    fn somebody_elses_success_ends_only_the_wait_for_the_network() {
        let now = Timestamp::from_seconds(1_000);
        for (code, ends) in [(ErrorCode::Unreachable, true), (ErrorCode::Overloaded, false)] {
            let mut backoff = Backoff::default();
            backoff.failed(now, code, None, &SystemRandom);
            backoff.reachable();
            assert_eq!(backoff.may_try(now), ends, "{code:?}");
        }
    }
}
