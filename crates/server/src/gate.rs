//! What stands in front of every check of a secret: proof that the route was declared as one that checks secrets, and
//! the limiter.

use std::net::IpAddr;

use recado_protocol::Timestamp;
use recado_protocol::WorkspaceId;
use recado_protocol::error::{ApiError, ErrorCode};

use crate::identity::limiter::{AccountKey, Decision, Guesser, LimiterKey, LimiterPolicies, keys};
use crate::storage::{DbError, Tx, limiter_state};

/// Shows that a request came over a route that is declared as one that verifies a secret. Only the router makes it, and
/// every check of a secret asks for it, so a route without the declaration cannot check one.
#[derive(Debug, Clone, Copy)]
pub struct SecretCheck {
    address: IpAddr,
}

impl SecretCheck {
    /// To be called by the router's guard only.
    pub(crate) const fn from_guard(address: IpAddr) -> Self {
        Self { address }
    }

    /// That of a simulated request, which comes over no router.
    #[cfg(feature = "simulation")]
    #[must_use]
    pub const fn simulated(address: IpAddr) -> Self {
        Self { address }
    }

    /// Where the connection comes from.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// The counters that a guess at no account in particular is charged to.
    #[must_use]
    pub fn stranger_keys(&self) -> Vec<LimiterKey> {
        keys(None, Guesser::Stranger { address: self.address })
    }

    /// The counter of the address alone.
    pub(crate) fn address_key(&self) -> Vec<LimiterKey> {
        let mut keys = self.stranger_keys();
        keys.retain(|key| matches!(key, LimiterKey::Address(_)));
        keys
    }

    /// The counters that a guess at an account is charged to.
    #[must_use]
    pub fn account_keys(
        &self,
        workspace_id: WorkspaceId,
        email: &str,
        known_device: Option<&[u8; 32]>,
    ) -> Vec<LimiterKey> {
        let account = AccountKey::new(workspace_id.uuid(), email);
        let guesser = match known_device {
            // The device is named by its hash's first half, so that the limiter's table holds no device's id.
            Some(hash) => Guesser::KnownDevice { device_id: first_half(hash) },
            None => Guesser::Stranger { address: self.address },
        };
        keys(Some(&account), guesser)
    }
}

fn first_half(hash: &[u8; 32]) -> uuid::Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Uuid::from_bytes(bytes)
}

/// Too many attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {retry_after_s} s")]
pub struct TooManyAttempts {
    /// When the next attempt is heard, in seconds.
    pub retry_after_s: u32,
}

impl From<TooManyAttempts> for ApiError {
    fn from(refusal: TooManyAttempts) -> Self {
        Self {
            retry_after_s: Some(refusal.retry_after_s),
            ..Self::new(
                ErrorCode::TooManyAttempts,
                "There were too many attempts. Wait, then try again.",
            )
        }
    }
}

/// Charges one guess to every counter, or says how long to wait.
///
/// # Errors
/// [`DbError`]; a refusal is not an error of the transaction, which must commit.
pub async fn charge(
    tx: &mut Tx,
    policies: &LimiterPolicies,
    keys: &[LimiterKey],
    now: Timestamp,
) -> Result<Result<(), TooManyAttempts>, DbError> {
    Ok(match limiter_state::charge(tx, policies, keys, now).await? {
        Decision::Allow => Ok(()),
        Decision::RetryAfter { seconds } => Err(TooManyAttempts { retry_after_s: seconds }),
    })
}
