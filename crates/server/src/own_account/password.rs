//! Choosing another password.

use recado_protocol::Teammate;
use recado_protocol::account::{
    AccountSecurity, ChangePasswordRequest, PasswordCheck, PasswordCheckRequest,
};
use zeroize::Zeroizing;

use super::{Outcome, OwnAccount, hold};
use crate::gate::SecretCheck;
use crate::identity::password::PasswordContext;
use crate::session::{AuthError, Caller};
use crate::sign_in::{Verification, hashing_failed};
use crate::storage::{DbError, account, limiter_state, teammate, workspace};

impl OwnAccount {
    /// What there is against a password that somebody thinks of.
    ///
    /// # Errors
    /// [`AuthError::SessionEnded`] and [`AuthError::Db`].
    pub async fn check_password(
        &self,
        caller: Caller,
        request: PasswordCheckRequest,
    ) -> Result<PasswordCheck, AuthError> {
        let password = Zeroizing::new(request.password);
        self.judge(caller, &password).await
    }

    async fn judge(&self, caller: Caller, password: &str) -> Result<PasswordCheck, AuthError> {
        let workspace_id = self.sessions.workspace_id;
        let read = self.sessions.core.db().read(async move |tx| {
            let workspace = workspace::get(tx, workspace_id).await?;
            Ok::<_, DbError>((
                workspace,
                teammate::find(tx, workspace_id, caller.teammate_id).await?,
            ))
        });
        let (workspace, Some(Teammate { name, email, .. })) = read.await? else {
            return Err(AuthError::SessionEnded);
        };
        let context = PasswordContext {
            workspace_name: &workspace.name,
            email: &email,
            teammate_name: &name,
            second_factor_enforced: true,
        };
        Ok(self.passwords.judge(password, &context))
    }

    /// Replaces the password. Every other session ends.
    ///
    /// # Errors
    /// [`AuthError::PasswordRefused`] for the new one, [`AuthError::InvalidCredentials`] for the present one,
    /// [`AuthError::TooManyAttempts`], [`AuthError::SessionEnded`] and [`AuthError::Busy`].
    pub async fn change_password(
        &self,
        check: SecretCheck,
        caller: Caller,
        request: ChangePasswordRequest,
    ) -> Result<AccountSecurity, AuthError> {
        self.require_own_password(caller).await?;
        let current = Zeroizing::new(request.current_password);
        let chosen = Zeroizing::new(request.new_password);
        if !self.judge(caller, &chosen).await?.issues.is_empty() {
            return Err(AuthError::PasswordRefused);
        }
        let now = self.sessions.core.now();
        let this = self.clone();
        let write = self.sessions.core.db().write(async move |tx| {
            let Some((holder, session)) = hold(tx, caller).await? else {
                return Ok(Outcome::Refused(AuthError::SessionEnded));
            };
            Ok::<_, AuthError>(match this.charge(tx, check, &holder, &session, now).await? {
                Ok(keys) => Outcome::Done((holder.password_hash, keys)),
                Err(refused) => Outcome::Refused(refused),
            })
        });
        let (former, keys) = write.await?.into_result()?;
        let verified = self.hashing.verify(current, Some(former.clone())).await;
        let right = verified.map_err(hashing_failed)? != Verification::Wrong;
        let hash = match right {
            true => self.hashing.hash(chosen).await.map_err(hashing_failed)?,
            false => String::new(),
        };
        let (this, trail) = (self.clone(), self.trail(now));
        let write = self.sessions.core.db().write(async move |tx| {
            let mut trail = trail.clone();
            let Some((holder, _)) = hold(tx, caller).await? else {
                return Ok(Outcome::Refused(AuthError::SessionEnded));
            };
            let who = holder.teammate_id;
            // While the passwords were hashed, another session may have changed it.
            let changed = right && account::change_password(tx, who, &former, &hash, now).await?;
            trail.credentials(tx, who, "password_change", changed).await?;
            if !changed {
                return Ok(Outcome::Refused(AuthError::InvalidCredentials));
            }
            limiter_state::refund(tx, &this.sessions.policies, &keys, now).await?;
            let ended = Self::end_others(tx, &mut trail, caller, now).await?;
            Ok::<_, AuthError>(Outcome::Done(ended))
        });
        self.announce(write.await?.into_result()?);
        self.security(caller).await
    }
}
