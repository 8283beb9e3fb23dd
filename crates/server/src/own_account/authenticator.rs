//! Setting up another authenticator. The present one stays until a code of the new one was shown, so that nobody is left
//! without.

use recado_protocol::account::{AccountSecurity, AuthenticatorSetup, ConfirmAuthenticatorRequest};

use super::{Outcome, OwnAccount, hold, require_step_up};
use crate::gate::SecretCheck;
use crate::identity::totp::TotpSeed;
use crate::session::{AuthError, Caller};
use crate::storage::factor::{self, TotpSetup};
use crate::storage::limiter_state;

/// How long the first code of a new authenticator is awaited, in seconds.
const SETUP_S: u32 = 600;

impl OwnAccount {
    /// Begins to set up another authenticator.
    ///
    /// # Errors
    /// [`AuthError::StepUpRequired`] and [`AuthError::SessionEnded`].
    pub async fn set_up_authenticator(
        &self,
        caller: Caller,
    ) -> Result<AuthenticatorSetup, AuthError> {
        self.require_own_password(caller).await?;
        let internal = |error: &dyn std::fmt::Display| AuthError::Internal(error.to_string());
        let seed = TotpSeed::generate().map_err(|error| internal(&error))?;
        let sealed =
            self.sealer.seal(&seed, caller.teammate_id.uuid()).map_err(|error| internal(&error))?;
        let now = self.sessions.core.now();
        let setup = TotpSetup { seed: sealed, expires_at: now.plus_seconds(SETUP_S.into()) };
        let write = self.sessions.core.db().write(async move |tx| {
            let (holder, session) = hold(tx, caller).await?.ok_or(AuthError::SessionEnded)?;
            require_step_up(&session, now)?;
            factor::put_setup(tx, holder.teammate_id, &setup).await?;
            Ok::<_, AuthError>(holder.email_folded)
        });
        let email = write.await?;
        let otpauth_url = seed.otpauth_url(&email).map_err(|error| internal(&error))?;
        Ok(AuthenticatorSetup {
            secret: seed.to_base32().to_string(),
            otpauth_url: otpauth_url.to_string(),
            expires_in_s: SETUP_S,
        })
    }

    /// Puts the new authenticator in the place of the present one, after a code of it was shown. Every other session
    /// ends.
    ///
    /// # Errors
    /// [`AuthError::InvalidCode`], [`AuthError::SignInExpired`] if nothing is being set up any more,
    /// [`AuthError::StepUpRequired`], [`AuthError::TooManyAttempts`] and [`AuthError::SessionEnded`].
    pub async fn confirm_authenticator(
        &self,
        check: SecretCheck,
        caller: Caller,
        request: ConfirmAuthenticatorRequest,
    ) -> Result<AccountSecurity, AuthError> {
        let now = self.sessions.core.now();
        let (this, trail) = (self.clone(), self.trail(now));
        let write = self.sessions.core.db().write(async move |tx| {
            let Some((holder, session)) = hold(tx, caller).await? else {
                return Ok(Outcome::Refused(AuthError::SessionEnded));
            };
            let Some(setup) = factor::find_setup(tx, holder.teammate_id, now).await? else {
                return Ok(Outcome::Refused(AuthError::SignInExpired));
            };
            require_step_up(&session, now)?;
            let keys = match this.charge(tx, check, &holder, &session, now).await? {
                Ok(keys) => keys,
                Err(refused) => return Ok(Outcome::Refused(refused)),
            };
            let seed = this
                .sealer
                .open(&setup.seed, holder.teammate_id.uuid())
                .map_err(|error| AuthError::Internal(error.to_string()))?;
            let mut trail = trail.clone();
            let step = seed.check(&request.code, now.as_micros(), None);
            trail
                .credentials(tx, holder.teammate_id, "authenticator_replace", step.is_some())
                .await?;
            let Some(step) = step else { return Ok(Outcome::Refused(AuthError::InvalidCode)) };
            limiter_state::refund(tx, &this.sessions.policies, &keys, now).await?;
            factor::replace_totp(tx, holder.teammate_id, &setup.seed, step, now).await?;
            let ended = Self::end_others(tx, &mut trail, caller, now).await?;
            Ok::<_, AuthError>(Outcome::Done(ended))
        });
        self.announce(write.await?.into_result()?);
        self.security(caller).await
    }
}
