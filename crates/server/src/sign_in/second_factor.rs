//! The second step of signing in.

use std::sync::Arc;

use recado_protocol::account::RecoveryRequest;
use recado_protocol::identity::{Session, TotpRequest};
use recado_protocol::{SessionId, TeammateId, TeammateState};

use super::{Factor, SignIn};
use crate::gate::{self, SecretCheck};
use crate::identity::token::{Secret, TokenHash, TokenKind};
use crate::session::{AuthError, NewSession, Trail, own_factor_is_due};
use crate::storage::{DbError, account, limiter_state, session, sso};

/// What the transaction came to; values rather than errors, because a refusal has to commit its charge.
enum Outcome {
    SignedIn { teammate_id: TeammateId, own_factor_due: bool },
    Refused(AuthError),
}

impl SignIn {
    /// Checks a code of the authenticator, and begins a session on the device that the password came from.
    ///
    /// # Errors
    /// [`AuthError::InvalidCode`], [`AuthError::SignInExpired`] and [`AuthError::TooManyAttempts`].
    pub async fn check_code(
        &self,
        check: SecretCheck,
        request: TotpRequest,
    ) -> Result<Session, AuthError> {
        let TotpRequest { flow, code, refresh_hash } = request;
        self.second_step(check, &flow, Factor::totp(code), &refresh_hash).await
    }

    /// The same with a recovery code.
    ///
    /// # Errors
    /// As [`SignIn::check_code`].
    pub async fn check_recovery_code(
        &self,
        check: SecretCheck,
        request: RecoveryRequest,
    ) -> Result<Session, AuthError> {
        let RecoveryRequest { flow, code, refresh_hash } = request;
        self.second_step(check, &flow, Factor::recovery_code(code), &refresh_hash).await
    }

    async fn second_step(
        &self,
        check: SecretCheck,
        flow: &str,
        factor: Factor,
        refresh_hash: &str,
    ) -> Result<Session, AuthError> {
        let first_refresh = TokenHash::from_base64(refresh_hash).map_err(|_| {
            AuthError::InvalidValue("`refresh_hash` is not SHA-256 in base64url without padding.")
        })?;
        let flow =
            Secret::parse(TokenKind::SignInStep, flow).map_err(|_| AuthError::SignInExpired)?;
        let access = Secret::generate(TokenKind::Access)
            .map_err(|error| AuthError::Internal(error.to_string()))?;
        let core = &self.sessions.core;
        let now = core.now();
        let session_id = SessionId::from_uuid(core.ids(now).next_id());
        let (flow_hash, access_hash) = (flow.hash(), access.hash());
        let workspace_id = self.sessions.workspace_id;
        let policies = Arc::clone(&self.sessions.policies);
        let sealer = Arc::clone(&self.sealer);
        let settings = self.sessions.settings;

        let trail = Trail::new(core, workspace_id, now);
        let outcome = core
            .db()
            .write(async move |tx| {
                let Some(flow) = session::find_flow(tx, flow_hash, now).await? else {
                    let keys = check.stranger_keys();
                    return Ok(match gate::charge(tx, &policies, &keys, now).await? {
                        Ok(()) => Outcome::Refused(AuthError::SignInExpired),
                        Err(refusal) => Outcome::Refused(refusal.into()),
                    });
                };
                let found = account::lock(tx, flow.teammate_id).await?;
                let Some(found) = found.filter(|found| found.state == TeammateState::Active) else {
                    session::delete_flow(tx, flow_hash).await?;
                    return Ok(Outcome::Refused(AuthError::SignInExpired));
                };
                let owner = sso::only_with_owner(tx, workspace_id).await?;
                if owner.is_some_and(|owner| owner != found.teammate_id) {
                    return Ok(Outcome::Refused(AuthError::SsoOnly));
                }
                let known =
                    account::is_known_device(tx, found.teammate_id, &flow.device.hash).await?;
                let keys = check.account_keys(
                    workspace_id,
                    &found.email_folded,
                    known.then_some(&flow.device.hash),
                );
                if let Err(refusal) = gate::charge(tx, &policies, &keys, now).await? {
                    return Ok(Outcome::Refused(refusal.into()));
                }
                let accepted = match factor.accept(tx, &sealer, &found, now).await {
                    Ok(accepted) => accepted,
                    Err(AuthError::Db(error)) => return Err(error),
                    Err(error) => return Ok(Outcome::Refused(error)),
                };
                let mut trail = trail.clone();
                if !accepted {
                    trail.code_refused(tx, found.teammate_id, &flow.device).await?;
                    return Ok(Outcome::Refused(AuthError::InvalidCode));
                }
                // Whoever ends this account's sessions deletes its flows too, maybe just now.
                if !session::delete_flow(tx, flow_hash).await? {
                    return Ok(Outcome::Refused(AuthError::SignInExpired));
                }
                limiter_state::refund(tx, &policies, &keys, now).await?;
                account::remember_device(tx, found.teammate_id, &flow.device.hash, now).await?;
                let begun = NewSession {
                    id: session_id,
                    teammate_id: found.teammate_id,
                    device: flow.device,
                    address: check.address().to_string(),
                    factor_at: now,
                    first_refresh,
                    access: access_hash,
                };
                begun.insert(tx, &mut trail, factor.name(), settings, now).await?;
                let teammate_id = found.teammate_id;
                let own_factor_due = own_factor_is_due(tx, teammate_id, session_id, now).await?;
                Ok::<_, DbError>(Outcome::SignedIn { teammate_id, own_factor_due })
            })
            .await?;
        let (teammate_id, must_set_up_authenticator) = match outcome {
            Outcome::SignedIn { teammate_id, own_factor_due } => (teammate_id, own_factor_due),
            Outcome::Refused(error) => return Err(error),
        };
        tracing::info!(%session_id, %teammate_id, "signed in");
        let answer = self.sessions.answer(session_id, teammate_id, &access, now);
        Ok(Session { must_set_up_authenticator, ..answer })
    }
}
