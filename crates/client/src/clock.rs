//! Time, as this machine has it.

use std::time::{SystemTime, UNIX_EPOCH};

use recado_protocol::Timestamp;

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
