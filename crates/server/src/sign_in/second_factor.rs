//! The second step of signing in.

use std::sync::Arc;

use recado_protocol::identity::{Session, TotpRequest};
use recado_protocol::{SessionId, TeammateState};

use super::SignIn;
use crate::gate::{self, SecretCheck};
use crate::identity::token::{Secret, TokenHash, TokenKind};
use crate::session::{AuthError, NewSession, Trail};
use crate::storage::{DbError, account, limiter_state, session, sso};

/// What the transaction came to; values rather than errors, because a refusal has to commit its charge.
enum Outcome {
    SignedIn(recado_protocol::TeammateId),
    Refused(AuthError),
}

impl SignIn {
    /// Checks a code, and begins a session on the device that the password came from.
    ///
    /// # Errors
    /// [`AuthError::InvalidCode`], [`AuthError::SignInExpired`] and [`AuthError::TooManyAttempts`].
    pub async fn check_code(
        &self,
        check: SecretCheck,
        request: TotpRequest,
    ) -> Result<Session, AuthError> {
        let first_refresh = TokenHash::from_base64(&request.refresh_hash).map_err(|_| {
            AuthError::InvalidValue("`refresh_hash` is not SHA-256 in base64url without padding.")
        })?;
        let flow = Secret::parse(TokenKind::SignInStep, &request.flow)
            .map_err(|_| AuthError::SignInExpired)?;
        let access = Secret::generate(TokenKind::Access)
            .map_err(|error| AuthError::Internal(error.to_string()))?;
        let core = &self.sessions.core;
        let now = core.now();
        let session_id = SessionId::from_uuid(core.ids(now).next_id());
        let (flow_hash, access_hash, code) = (flow.hash(), access.hash(), request.code);
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
                let seed = match sealer.open(&found.totp_seed, found.teammate_id.uuid()) {
                    Ok(seed) => seed,
                    Err(error) => {
                        return Ok(Outcome::Refused(AuthError::Internal(error.to_string())));
                    }
                };
                let step = seed.check(&code, now.as_micros(), found.totp_last_step);
                let accepted = match step {
                    Some(step) => account::accept_totp_step(tx, found.teammate_id, step).await?,
                    None => false,
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
                    first_refresh,
                    access: access_hash,
                };
                begun.insert(tx, &mut trail, settings, now).await?;
                Ok::<_, DbError>(Outcome::SignedIn(found.teammate_id))
            })
            .await?;
        let teammate_id = match outcome {
            Outcome::SignedIn(teammate_id) => teammate_id,
            Outcome::Refused(error) => return Err(error),
        };
        tracing::info!(%session_id, %teammate_id, "signed in");
        Ok(Session {
            session_id,
            teammate_id,
            access_token: access.expose().to_owned(),
            expires_in_s: settings.access_s,
            server_time: now,
        })
    }
}
