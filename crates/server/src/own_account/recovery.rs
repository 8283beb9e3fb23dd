//! Recovery codes, for who has lost the authenticator.

use recado_protocol::account::{RECOVERY_CODES, RecoveryCodes};

use super::{OwnAccount, hold, require_step_up};
use crate::identity::readable;
use crate::identity::token::TokenHash;
use crate::session::{AuthError, Caller};
use crate::storage::factor;

/// Seven groups of twenty bits are 140 random bits.
const GROUPS: usize = 7;

impl OwnAccount {
    /// Makes new recovery codes; the ones before are good for nothing from then on.
    ///
    /// # Errors
    /// [`AuthError::StepUpRequired`] and [`AuthError::SessionEnded`].
    pub async fn make_recovery_codes(&self, caller: Caller) -> Result<RecoveryCodes, AuthError> {
        self.require_own_password(caller).await?;
        let codes = (0..RECOVERY_CODES)
            .map(|_| readable::random(GROUPS).map(|code| code.to_string()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| AuthError::Internal(error.to_string()))?;
        let hashes: Vec<TokenHash> = codes.iter().map(|code| readable::hash(code)).collect();
        let now = self.sessions.core.now();
        let trail = self.trail(now);
        let write = self.sessions.core.db().write(async move |tx| {
            let (holder, session) = hold(tx, caller).await?.ok_or(AuthError::SessionEnded)?;
            require_step_up(&session, now)?;
            factor::put_recovery_codes(tx, holder.teammate_id, &hashes).await?;
            trail.clone().credentials(tx, holder.teammate_id, "recovery_codes_make", true).await?;
            Ok::<_, AuthError>(())
        });
        write.await?;
        Ok(RecoveryCodes { codes })
    }
}
