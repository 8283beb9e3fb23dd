//! The keys of customers' systems.

use std::sync::Arc;

use crate::core::{ChannelPrincipal, Core};
use crate::gate::{self, SecretCheck, TooManyAttempts};
use crate::identity::limiter::{Decision, LimiterPolicies};
use crate::identity::token::{Secret, TokenKind};
use crate::session::AuthError;
use crate::storage::{DbError, channel, limiter_state};

/// Checks channel keys.
#[derive(Clone)]
pub struct ChannelKeys {
    core: Core,
    policies: Arc<LimiterPolicies>,
}

impl ChannelKeys {
    /// The keys in a database.
    #[must_use]
    pub fn new(core: Core, policies: Arc<LimiterPolicies>) -> Self {
        Self { core, policies }
    }

    /// Which channel a key belongs to.
    ///
    /// A right key is not charged, not even for a moment: a channel's traffic must not queue behind a counter, and a key
    /// has 256 random bits. An address whose wrong keys have used up its budget is not heard at all.
    ///
    /// # Errors
    /// [`AuthError::InvalidChannelKey`] and [`AuthError::TooManyAttempts`].
    pub async fn check(
        &self,
        check: SecretCheck,
        key: &str,
    ) -> Result<ChannelPrincipal, AuthError> {
        let hash = Secret::parse(TokenKind::ChannelKey, key).ok().map(|secret| secret.hash());
        let (now, policies) = (self.core.now(), Arc::clone(&self.policies));
        let found = self
            .core
            .db()
            .read(async move |tx| {
                let asked = limiter_state::peek(tx, &policies, &check.address_key(), now).await?;
                Ok::<_, DbError>(match (asked, hash) {
                    (Decision::RetryAfter { seconds }, _) => {
                        Err(TooManyAttempts { retry_after_s: seconds })
                    }
                    (Decision::Allow, None) => Ok(None),
                    (Decision::Allow, Some(hash)) => {
                        Ok(channel::find_by_key_hash(tx, hash.as_bytes()).await?)
                    }
                })
            })
            .await??;
        if let Some(channel) = found {
            return Ok(channel);
        }
        let policies = Arc::clone(&self.policies);
        let charged = self
            .core
            .db()
            .write(async move |tx| gate::charge(tx, &policies, &check.stranger_keys(), now).await)
            .await?;
        Err(charged.map_or_else(AuthError::from, |()| AuthError::InvalidChannelKey))
    }
}
