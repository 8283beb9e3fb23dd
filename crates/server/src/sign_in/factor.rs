//! What somebody shows as a second factor.

use recado_protocol::Timestamp;
use zeroize::Zeroizing;

use crate::identity::readable;
use crate::identity::token::TokenHash;
use crate::identity::totp::{TotpSealer, TotpSeed};
use crate::session::AuthError;
use crate::storage::account::{self, Account};
use crate::storage::{Tx, factor};

/// What somebody shows as a second factor.
#[derive(Clone)]
pub(crate) enum Factor {
    /// A code of the authenticator.
    Totp(Zeroizing<String>),
    /// A recovery code.
    RecoveryCode(TokenHash),
}

impl Factor {
    pub(crate) fn totp(code: String) -> Self {
        Self::Totp(Zeroizing::new(code))
    }

    pub(crate) fn recovery_code(typed: String) -> Self {
        Self::RecoveryCode(readable::hash(&Zeroizing::new(typed)))
    }

    /// Whether it is the account's and was not used before. Being right uses it up.
    ///
    /// # Errors
    /// [`AuthError::Db`], and [`AuthError::Internal`] if the stored seed cannot be read.
    pub(crate) async fn accept(
        &self,
        tx: &mut Tx,
        sealer: &TotpSealer,
        holder: &Account,
        now: Timestamp,
    ) -> Result<bool, AuthError> {
        match self {
            Self::Totp(code) => {
                let seed = sealer
                    .open(&holder.totp_seed, holder.teammate_id.uuid())
                    .map_err(|error| AuthError::Internal(error.to_string()))?;
                let step = seed.check(code, now.as_micros(), holder.totp_last_step);
                Ok(match step {
                    Some(step) => account::accept_totp_step(tx, holder.teammate_id, step).await?,
                    None => false,
                })
            }
            Self::RecoveryCode(hash) => {
                Ok(factor::use_recovery_code(tx, holder.teammate_id, *hash).await?)
            }
        }
    }

    /// The step by which it is a code of this seed, for an authenticator that nobody has used yet.
    pub(crate) fn fits(&self, seed: &TotpSeed, now: Timestamp) -> Option<u64> {
        match self {
            Self::Totp(code) => seed.check(code, now.as_micros(), None),
            Self::RecoveryCode(_) => None,
        }
    }

    /// The audit's word for it.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Totp(_) => "totp",
            Self::RecoveryCode(_) => "recovery_code",
        }
    }
}
