//! One limiter in front of every check of a secret.
//!
//! Each check counts against several keys at once, and all of them must allow it. A guess is charged *before* the
//! secret is evaluated, in the transaction that asked, so that guesses sent in parallel cannot slip through; a
//! success takes its own charge back:
//!
//! 1. in one transaction, for every key of [`keys`]: [`LimiterState::decide`]; if all allow, `record_failure`; commit
//! 2. evaluate the secret
//! 3. on success, for every key: `record_success`
//!
//! An account has two budgets: one for devices that it has signed in on before, one for everybody else. Together they
//! give at most [`ACCOUNT_GUESSES_PER_DAY`]. Strangers can use up theirs, but never the known devices'.

mod policy;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use policy::{ACCOUNT_GUESSES_PER_DAY, LimiterPolicies, LimiterPolicy, SoftLock};

const SECOND_US: i64 = 1_000_000;
/// By how much the clocks of two nodes may differ.
const CLOCK_TOLERANCE_US: i64 = 3_600 * SECOND_US;

/// Names an account that exists or does not: guesses at both are limited alike, so a limit tells nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountKey(String);

impl AccountKey {
    /// Takes the e-mail address as it was typed. Stored as a digest, so that the limiter's table holds no addresses.
    pub fn new(workspace_id: Uuid, email: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(workspace_id.as_bytes());
        digest.update(email.trim().to_lowercase().as_bytes());
        Self(hex(&digest.finalize()[..16]))
    }
}

/// Who presents a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guesser {
    /// A device that has proved by its key that this account has signed in on it before.
    KnownDevice {
        /// The device's id.
        device_id: Uuid,
    },
    /// Anybody else.
    Stranger {
        /// Where the connection comes from.
        address: IpAddr,
    },
}

/// One counter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimiterKey {
    /// One known device of one account.
    Device {
        /// The account.
        account: String,
        /// The device.
        device_id: Uuid,
    },
    /// All known devices of one account together.
    KnownDevices {
        /// The account.
        account: String,
    },
    /// Everybody else at one account.
    Strangers {
        /// The account.
        account: String,
    },
    /// One IPv4 address, or one IPv6 network of 64 bits.
    Address(IpAddr),
    /// All strangers at all accounts.
    Global,
}

impl LimiterKey {
    /// The key's text in the database.
    pub fn as_text(&self) -> String {
        match self {
            Self::Device { account, device_id } => format!("device:{account}:{device_id}"),
            Self::KnownDevices { account } => format!("known:{account}"),
            Self::Strangers { account } => format!("strangers:{account}"),
            Self::Address(address) => format!("address:{address}"),
            Self::Global => "global".to_owned(),
        }
    }
}

/// The counters of one check, in the order in which every transaction must take them.
///
/// A known device is not counted against addresses and the whole server, which strangers can fill; its own budgets
/// bound it. `account` is absent for secrets that name no account, such as invitations.
pub fn keys(account: Option<&AccountKey>, guesser: Guesser) -> Vec<LimiterKey> {
    let account = account.map(|account| account.0.clone());
    let mut keys = match (guesser, account) {
        (Guesser::KnownDevice { device_id }, Some(account)) => vec![
            LimiterKey::Device { account: account.clone(), device_id },
            LimiterKey::KnownDevices { account },
        ],
        (Guesser::KnownDevice { .. }, None) => vec![LimiterKey::Global],
        (Guesser::Stranger { address }, account) => account
            .map(|account| LimiterKey::Strangers { account })
            .into_iter()
            .chain([LimiterKey::Address(network(address)), LimiterKey::Global])
            .collect(),
    };
    keys.sort();
    keys
}

/// Whether a secret may be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allow,
    /// It may not, and nothing is evaluated or charged.
    RetryAfter {
        /// Whole seconds until the next attempt is allowed, rounded up; at least one.
        seconds: u32,
    },
}

impl Decision {
    /// Allows only if both allow; else the longer wait.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Allow, decision) | (decision, Self::Allow) => decision,
            (Self::RetryAfter { seconds }, Self::RetryAfter { seconds: others }) => {
                Self::RetryAfter { seconds: seconds.max(others) }
            }
        }
    }
}

/// What is stored for one key. A key that was never charged has the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimiterState {
    /// Failures since the last success; they set the length of the soft lock.
    pub consecutive_failures: u32,
    /// End of the soft lock in microseconds since the Unix epoch; 0 if there was none.
    pub locked_until_us: i64,
    /// When the budget will be whole again, in microseconds since the Unix epoch. Each charge moves it one interval on.
    pub budget_whole_at_us: i64,
}

impl LimiterState {
    /// Whether a secret may be evaluated at `now_us` (microseconds since the Unix epoch).
    pub fn decide(&self, policy: &LimiterPolicy, now_us: i64) -> Decision {
        let locked_until_us = self.locked_until_us(policy, now_us);
        let budget_from_us = self
            .budget_whole_at_us(policy, now_us)
            .saturating_add(policy.interval_us())
            .saturating_sub(policy.burst_us());
        let wait_us = locked_until_us.max(budget_from_us).saturating_sub(now_us).max(0);
        if wait_us == 0 {
            return Decision::Allow;
        }
        let seconds = wait_us.saturating_add(SECOND_US - 1) / SECOND_US;
        Decision::RetryAfter { seconds: u32::try_from(seconds).unwrap_or(u32::MAX) }
    }

    /// Charges one guess. Call it in the transaction in which every key has allowed the guess.
    pub fn record_failure(&mut self, policy: &LimiterPolicy, now_us: i64) {
        if self.is_forgotten(policy, now_us) {
            self.consecutive_failures = 0;
        }
        self.consecutive_failures = self.consecutive_failures.saturating_add(1);
        self.locked_until_us =
            now_us.saturating_add(policy.soft_lock_us(self.consecutive_failures));
        // A charge without a decision, which is no correct use, must not reach into the absurd.
        self.budget_whole_at_us = self
            .budget_whole_at_us(policy, now_us)
            .max(now_us)
            .saturating_add(policy.interval_us())
            .min(now_us.saturating_add(policy.burst_us()).saturating_add(CLOCK_TOLERANCE_US));
    }

    /// Takes back the charge of a guess that was right, and ends the soft lock.
    ///
    /// The charges of wrong guesses stay. Else somebody who knows the password could reset the budget by presenting
    /// it again and again while guessing at the second factor.
    pub fn record_success(&mut self, policy: &LimiterPolicy, now_us: i64) {
        self.consecutive_failures = 0;
        self.locked_until_us = 0;
        self.budget_whole_at_us =
            self.budget_whole_at_us(policy, now_us).saturating_sub(policy.interval_us());
    }

    /// Whether the state says no more than the default does, so that its row can be deleted.
    pub fn is_spent(&self, policy: &LimiterPolicy, now_us: i64) -> bool {
        self.budget_whole_at_us <= now_us
            && self.locked_until_us <= now_us
            && (self.consecutive_failures == 0 || self.is_forgotten(policy, now_us))
    }

    /// Failures are forgotten one day after the lock that they led to.
    fn is_forgotten(&self, policy: &LimiterPolicy, now_us: i64) -> bool {
        self.locked_until_us(policy, now_us).saturating_add(policy::DAY_US) <= now_us
    }

    fn locked_until_us(&self, policy: &LimiterPolicy, now_us: i64) -> i64 {
        unless_absurd(self.locked_until_us, policy.longest_soft_lock_us(), now_us)
    }

    fn budget_whole_at_us(&self, policy: &LimiterPolicy, now_us: i64) -> i64 {
        unless_absurd(self.budget_whole_at_us, policy.burst_us(), now_us)
    }
}

/// A time further off than this module ever writes comes from a clock that was wrong; it must lock nobody out for years.
/// Nodes' clocks differ a little, hence the tolerance: else a node that is behind would take a full lock for absurd.
fn unless_absurd(time_us: i64, furthest_us: i64, now_us: i64) -> i64 {
    let latest_us = now_us.saturating_add(furthest_us).saturating_add(CLOCK_TOLERANCE_US);
    if time_us > latest_us { now_us } else { time_us }
}

/// Whoever has one IPv6 address has its whole network of 64 bits.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
