//! Time, as this machine has it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use recado_protocol::Timestamp;

/// From which loss on [`ClockWatch`] tells it, in microseconds.
const TOLD_MICROS: i64 = 1_000_000;

/// Tells the time. The engine and everything around it ask this and nothing else.
pub trait Clock: Send + Sync {
    /// The time by this machine's clock, which may be wrong and may jump.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
        };
        Timestamp::from_micros(micros)
    }
}

/// Compares the clock with one that nobody can set, and so finds what it loses without being seen to
/// go back: a clock that is set back by a little less than what has passed only seems to go slowly.
#[derive(Debug)]
pub(crate) struct ClockWatch {
    clock: Timestamp,
    steady: Duration,
    lost_micros: i64,
}

impl ClockWatch {
    /// Begins with what both say. `steady` counts from any moment.
    pub(crate) const fn new(clock: Timestamp, steady: Duration) -> Self {
        Self { clock, steady, lost_micros: 0 }
    }

    /// How much the clock has lost since it was last told, in microseconds, beyond the steps back
    /// that everybody sees; nothing while it is less than a second.
    pub(crate) fn look(&mut self, clock: Timestamp, steady: Duration) -> Option<i64> {
        let passed = steady.saturating_sub(self.steady).as_micros();
        let passed_micros = i64::try_from(passed).unwrap_or(i64::MAX);
        let shown_micros = clock.as_micros().saturating_sub(self.clock.as_micros()).max(0);
        // A clock that runs ahead, as after a sleep, has lost nothing, and makes good nothing either.
        self.lost_micros += passed_micros.saturating_sub(shown_micros).max(0);
        (self.clock, self.steady) = (clock, steady);
        (self.lost_micros >= TOLD_MICROS).then(|| std::mem::take(&mut self.lost_micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(readings: &[(i64, u64)]) -> Vec<Option<i64>> {
        let mut watch = ClockWatch::new(Timestamp::from_seconds(1_000), Duration::ZERO);
        let look = |&(clock_s, steady_s): &(i64, u64)| {
            watch.look(Timestamp::from_seconds(clock_s), Duration::from_secs(steady_s))
        };
        readings.iter().map(look).collect()
    }

    #[test]
    fn a_clock_that_seems_to_go_slowly_is_found() {
        assert_eq!(looks(&[(1_060, 60), (1_061, 120)]), [None, Some(59_000_000)]);
    }

    #[test]
    fn a_step_back_is_told_without_what_everybody_sees_of_it() {
        assert_eq!(looks(&[(900, 10)]), [Some(10_000_000)]);
    }

    #[test]
    fn a_sleep_and_a_step_forward_lose_nothing() {
        assert_eq!(looks(&[(5_000, 10), (5_010, 20)]), [None, None]);
    }
}
