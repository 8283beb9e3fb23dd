//! Showing the second factor again (OWASP ASVS 7.5.3).

use recado_protocol::account::{AccountSecurity, StepUpRequest};

use super::{Outcome, OwnAccount, hold};
use crate::gate::SecretCheck;
use crate::session::{AuthError, Caller};
use crate::sign_in::Factor;
use crate::storage::{limiter_state, own_session};

impl OwnAccount {
    /// Checks a code of the authenticator. For the next [`STEP_UP_S`](recado_protocol::account::STEP_UP_S) seconds this
    /// session may do what is dangerous.
    ///
    /// # Errors
    /// [`AuthError::InvalidCode`], [`AuthError::TooManyAttempts`] and [`AuthError::SessionEnded`].
    pub async fn step_up(
        &self,
        check: SecretCheck,
        caller: Caller,
        request: StepUpRequest,
    ) -> Result<AccountSecurity, AuthError> {
        self.require_own_password(caller).await?;
        let now = self.sessions.core.now();
        let factor = Factor::totp(request.code);
        let this = self.clone();
        let trail = self.trail(now);
        let write = self.sessions.core.db().write(async move |tx| {
            let Some((holder, session)) = hold(tx, caller).await? else {
                return Ok(Outcome::Refused(AuthError::SessionEnded));
            };
            let keys = match this.charge(tx, check, &holder, &session, now).await? {
                Ok(keys) => keys,
                Err(refused) => return Ok(Outcome::Refused(refused)),
            };
            let right = factor.accept(tx, &this.sealer, &holder, now).await?;
            trail.clone().credentials(tx, holder.teammate_id, "step_up", right).await?;
            if !right {
                return Ok(Outcome::Refused(AuthError::InvalidCode));
            }
            limiter_state::refund(tx, &this.sessions.policies, &keys, now).await?;
            own_session::note_factor(tx, session.id, now).await?;
            Ok::<_, AuthError>(Outcome::Done(()))
        });
        write.await?.into_result()?;
        self.security(caller).await
    }
}
