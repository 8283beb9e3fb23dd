//! How a session goes on.

use recado_protocol::identity::{RefreshRequest, Session};
use recado_protocol::{TeammateState, Timestamp};
use sha2::{Digest as _, Sha256};

use super::settings::ACCESS_TOKEN_S;
use super::{AuthError, Sessions, Trail};
use crate::gate::{self, SecretCheck};
use crate::identity::refresh::RefreshOutcome;
use crate::identity::token::{Secret, TokenHash, TokenKind};
use crate::storage::session::{EndReason, StoredSession};
use crate::storage::{DbError, Tx, account, limiter_state, session};

/// A refresh secret has at least 256 random bits, which take 43 characters; far longer ones are nobody's.
const REFRESH_SECRET_CHARACTERS: std::ops::RangeInclusive<usize> = 43..=256;

impl Sessions {
    /// Gives the next access token for a refresh secret, and notes which secret shall follow.
    ///
    /// # Errors
    /// [`AuthError::SessionEnded`] also for a session that this ends: one that is too old or was idle for too long, and one
    /// whose secret turns out to have a second holder.
    pub async fn refresh(
        &self,
        check: SecretCheck,
        request: RefreshRequest,
    ) -> Result<Session, AuthError> {
        if !REFRESH_SECRET_CHARACTERS.contains(&request.refresh.len()) {
            return Err(AuthError::InvalidValue("`refresh` is not a refresh secret."));
        }
        let presented = TokenHash::from_bytes(Sha256::digest(request.refresh.as_bytes()).into());
        let proposal = TokenHash::from_base64(&request.next_hash).map_err(|_| {
            AuthError::InvalidValue("`next_hash` is not SHA-256 in base64url without padding.")
        })?;
        let access = Secret::generate(TokenKind::Access)
            .map_err(|error| AuthError::Internal(error.to_string()))?;
        let (now, access_hash, id) = (self.core.now(), access.hash(), request.session_id);
        let expires_at = now.plus_seconds(ACCESS_TOKEN_S.into());
        let (settings, workspace_id, policies) =
            (self.settings, self.workspace_id, self.policies.clone());

        let trail = Trail::new(&self.core, workspace_id, now);
        // Everything in one transaction, so that the next secret is never taken without its counters. The outcome is
        // a value and not an error, because a refusal has to commit its charge.
        let outcome = self
            .core
            .db()
            .write(async move |tx| {
                let mut trail = trail.clone();
                let Some(mut found) = session::lock(tx, id).await? else {
                    let keys = check.stranger_keys();
                    return Ok(match gate::charge(tx, &policies, &keys, now).await? {
                        Ok(()) => Err(AuthError::SessionEnded),
                        Err(refusal) => Err(refusal.into()),
                    });
                };
                let owner = account::find(tx, found.teammate_id).await?;
                let Some(owner) = owner.filter(|owner| owner.state == TeammateState::Active) else {
                    end(tx, &mut trail, &found, EndReason::AccountDisabled, now).await?;
                    return Ok(Err(AuthError::SessionEnded));
                };
                if let Some(reason) = settings.end_reason(&found, now) {
                    end(tx, &mut trail, &found, reason, now).await?;
                    return Ok(Err(AuthError::SessionEnded));
                }
                let keys =
                    check.account_keys(workspace_id, &owner.email_folded, Some(&found.device.hash));
                if let Err(refusal) = gate::charge(tx, &policies, &keys, now).await? {
                    return Ok(Err(refusal.into()));
                }
                let outcome = found.family.present(presented, proposal);
                if outcome == RefreshOutcome::ReuseDetected {
                    tracing::warn!(session_id = %id, "a refresh secret had a second holder");
                    end(tx, &mut trail, &found, EndReason::RefreshReused, now).await?;
                    return Ok(Err(AuthError::SessionEnded));
                }
                limiter_state::refund(tx, &policies, &keys, now).await?;
                match outcome {
                    RefreshOutcome::Rotated | RefreshOutcome::Repeated => {
                        session::store_refresh(tx, id, &found.family, now).await?;
                        session::insert_access_token(tx, access_hash, id, expires_at).await?;
                        Ok::<_, DbError>(Ok(found.teammate_id))
                    }
                    RefreshOutcome::Superseded => Ok(Err(AuthError::Overtaken)),
                    RefreshOutcome::InvalidProposal => Ok(Err(AuthError::InvalidValue(
                        "`next_hash` names a secret that was used before.",
                    ))),
                    RefreshOutcome::ReuseDetected | RefreshOutcome::AlreadyRevoked => {
                        Ok(Err(AuthError::SessionEnded))
                    }
                }
            })
            .await?;
        if matches!(outcome, Err(AuthError::SessionEnded)) {
            self.announce_end(id);
        }
        let teammate_id = outcome?;
        Ok(Session {
            session_id: id,
            teammate_id,
            access_token: access.expose().to_owned(),
            expires_in_s: ACCESS_TOKEN_S,
            server_time: now,
        })
    }
}

async fn end(
    tx: &mut Tx,
    trail: &mut Trail,
    session: &StoredSession,
    reason: EndReason,
    now: Timestamp,
) -> Result<(), DbError> {
    if session::end(tx, session.id, reason, now).await? {
        trail.ended(tx, session.teammate_id, session.id, reason).await?;
    }
    Ok(())
}
