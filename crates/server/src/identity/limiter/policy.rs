//! How much each key of the limiter allows.

use super::LimiterKey;

pub(super) const DAY_US: i64 = 86_400 * 1_000_000;
const SECOND_US: i64 = 1_000_000;

/// Most guesses at one account's secrets that are evaluated within any 24 hours, all sources together.
pub const ACCOUNT_GUESSES_PER_DAY: u32 = 100;

/// A lock after each failure that doubles until it reaches its cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoftLock {
    /// Length after the first failure, in microseconds.
    pub first_us: i64,
    /// Greatest length, in microseconds.
    pub longest_us: i64,
}

/// What one key allows: within any 24 hours at most `burst` + `per_day` wrong guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimiterPolicy {
    /// Guesses that a fresh budget holds.
    pub burst: u32,
    /// Guesses by which the budget refills in a day.
    pub per_day: u32,
    /// The lock after each failure, if any.
    pub soft_lock: Option<SoftLock>,
}

impl LimiterPolicy {
    /// How long the budget takes to refill by one guess.
    pub(super) fn interval_us(&self) -> i64 {
        // Rounded up, so that no more than `per_day` intervals fit into a day.
        let per_day = i64::from(self.per_day.max(1));
        (DAY_US + per_day - 1) / per_day
    }

    /// How long an empty budget takes to become whole.
    pub(super) fn burst_us(&self) -> i64 {
        self.interval_us().saturating_mul(i64::from(self.burst.max(1)))
    }

    /// How long the lock after this many consecutive failures is.
    pub(super) fn soft_lock_us(&self, consecutive_failures: u32) -> i64 {
        let Some(lock) = self.soft_lock else {
            return 0;
        };
        let doublings = consecutive_failures.saturating_sub(1).min(62);
        lock.first_us.saturating_mul(1_i64 << doublings).min(lock.longest_us)
    }

    pub(super) fn longest_soft_lock_us(&self) -> i64 {
        self.soft_lock.map_or(0, |lock| lock.longest_us)
    }
}

/// The policies of all kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimiterPolicies {
    /// One known device of an account.
    pub device: LimiterPolicy,
    /// All known devices of an account together.
    pub known_devices: LimiterPolicy,
    /// Everybody else at an account.
    pub strangers: LimiterPolicy,
    /// One address or network.
    pub address: LimiterPolicy,
    /// The whole server.
    pub global: LimiterPolicy,
}

impl LimiterPolicies {
    /// The policy of a key.
    pub fn of(&self, key: &LimiterKey) -> &LimiterPolicy {
        match key {
            LimiterKey::Device { .. } => &self.device,
            LimiterKey::KnownDevices { .. } => &self.known_devices,
            LimiterKey::Strangers { .. } => &self.strangers,
            LimiterKey::Address(_) => &self.address,
            LimiterKey::Global => &self.global,
        }
    }
}

impl Default for LimiterPolicies {
    /// Half of an account's guesses for its known devices, half for strangers. An address may stand for a whole
    /// office; the server's limit protects the processor, since every guess costs one password hash.
    fn default() -> Self {
        const QUARTER: u32 = ACCOUNT_GUESSES_PER_DAY / 4;
        let soft_lock = Some(SoftLock { first_us: SECOND_US, longest_us: 15 * 60 * SECOND_US });
        let account_half = LimiterPolicy { burst: QUARTER, per_day: QUARTER, soft_lock };
        Self {
            device: account_half,
            // The device's own lock is enough: one device must not lock the others.
            known_devices: LimiterPolicy { soft_lock: None, ..account_half },
            strangers: account_half,
            address: LimiterPolicy { burst: 60, per_day: 1_440, soft_lock: None },
            global: LimiterPolicy { burst: 600, per_day: 172_800, soft_lock: None },
        }
    }
}
