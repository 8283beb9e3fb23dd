//! How a session goes on.

use recado_protocol::identity::{RefreshRequest, Session};
use recado_protocol::{Planted, SessionId, TeammateId, TeammateState, Timestamp, is_planted};
use sha2::{Digest as _, Sha256};

use super::{AuthError, Sessions, Trail};
use crate::gate::{self, SecretCheck};
use crate::identity::limiter::LimiterPolicies;
use crate::identity::refresh::RefreshOutcome;
use crate::identity::token::{Secret, TokenHash, TokenKind};
use crate::storage::session::{EndReason, StoredSession};
use crate::storage::{DbError, Tx, session, teammate};

/// A refresh secret has at least 256 random bits, which take 43 characters; far longer ones are nobody's.
const REFRESH_SECRET_CHARACTERS: std::ops::RangeInclusive<usize> = 43..=256;

impl Sessions {
    /// Gives the next access token for a refresh secret, and notes which secret shall follow. A right secret is never
    /// charged: it has at least 256 random bits, so there is no guessing it.
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
        let expires_at = now.plus_seconds(self.settings.access_s.into());
        let (settings, policies) = (self.settings, self.policies.clone());
        let address = check.address().to_string();
        let trail = Trail::new(&self.core, self.workspace_id, now);
        let outcome = self
            .core
            .db()
            .write(async move |tx| {
                let mut trail = trail.clone();
                let Some((mut found, owner)) = hold(tx, id).await? else {
                    return guessed(tx, check, &policies, now).await;
                };
                // Only who holds one of its secrets is told more: the id alone is no proof.
                let holds = found.family.knows(presented);
                if found.end_reason == Some(EndReason::Wiped) {
                    return if holds {
                        Ok(Outcome::Refused(AuthError::SessionWiped))
                    } else {
                        guessed(tx, check, &policies, now).await
                    };
                }
                let in_use = owner == Some(TeammateState::Active);
                if !in_use && !is_planted(Planted::SuspendedRefreshed) {
                    end(tx, &mut trail, &found, EndReason::AccountDisabled, now).await?;
                    let reason = found.end_reason.unwrap_or(EndReason::AccountDisabled);
                    return Ok(Outcome::Ended(holds.then_some(reason)));
                }
                if let Some(reason) = settings.end_reason(&found, now) {
                    end(tx, &mut trail, &found, reason, now).await?;
                    return Ok(Outcome::Ended(holds.then_some(reason)));
                }
                let was_used = !found.family.knows(presented)
                    && !is_planted(Planted::UsedSecretForgotten)
                    && session::was_used(tx, id, presented).await?;
                let current = found.family.current;
                match found.family.present(presented, proposal, was_used) {
                    RefreshOutcome::Rotated | RefreshOutcome::Repeated => {
                        if found.family.current != current {
                            session::remember_used(tx, id, current).await?;
                        }
                        session::store_refresh(tx, id, &found.family, &address, now).await?;
                        session::insert_access_token(tx, access_hash, id, expires_at).await?;
                        Ok::<_, DbError>(Outcome::GoesOn(found.teammate_id))
                    }
                    RefreshOutcome::Superseded => Ok(Outcome::Refused(AuthError::Overtaken)),
                    RefreshOutcome::InvalidProposal => Ok(Outcome::Refused(
                        AuthError::InvalidValue("`next_hash` names a secret that was used before."),
                    )),
                    RefreshOutcome::ReuseDetected => {
                        tracing::warn!(session_id = %id, "a refresh secret had a second holder");
                        let reason = EndReason::RefreshReused;
                        end(tx, &mut trail, &found, reason, now).await?;
                        Ok(Outcome::Ended(Some(reason)))
                    }
                    RefreshOutcome::Unknown => guessed(tx, check, &policies, now).await,
                    RefreshOutcome::AlreadyRevoked => Ok(Outcome::Ended(None)),
                }
            })
            .await?;
        let teammate_id = match outcome {
            Outcome::GoesOn(teammate_id) => teammate_id,
            Outcome::Ended(reason) => {
                self.announce_end(id);
                let ended = AuthError::SessionEnded;
                return Err(reason.map_or(ended, AuthError::SessionEndedBecause));
            }
            Outcome::Refused(error) => return Err(error),
        };
        Ok(self.answer(id, teammate_id, &access, now))
    }
}

/// What the transaction came to; values rather than errors, because a refusal has to commit its charge.
enum Outcome {
    GoesOn(TeammateId),
    /// The session has ended, now or before; why, for who holds a secret of it.
    Ended(Option<EndReason>),
    Refused(AuthError),
}

/// A session and its owner's state, both held until the transaction ends. The owner comes first, as for everybody; whose
/// session it is never changes.
async fn hold(
    tx: &mut Tx,
    id: SessionId,
) -> Result<Option<(StoredSession, Option<TeammateState>)>, DbError> {
    let Some(session) = session::find(tx, id).await? else { return Ok(None) };
    let owner = teammate::lock_state(tx, session.teammate_id).await?;
    Ok(session::lock(tx, id).await?.map(|session| (session, owner)))
}

/// A secret that is none, or of no session. Whoever shows it has proved nothing, so only the guess is counted: the session
/// goes on, and its device's own budget is left alone.
async fn guessed(
    tx: &mut Tx,
    check: SecretCheck,
    policies: &LimiterPolicies,
    now: Timestamp,
) -> Result<Outcome, DbError> {
    let charged = gate::charge(tx, policies, &check.stranger_keys(), now).await?;
    Ok(Outcome::Refused(charged.map_or_else(Into::into, |()| AuthError::SessionEnded)))
}

async fn end(
    tx: &mut Tx,
    trail: &mut Trail,
    session: &StoredSession,
    reason: EndReason,
    now: Timestamp,
) -> Result<(), DbError> {
    let untold = reason == EndReason::RefreshReused && is_planted(Planted::TheftUnaudited);
    if session::end(tx, session.id, reason, now).await? && !untold {
        trail.ended(tx, session.teammate_id, session.id, reason).await?;
    }
    Ok(())
}
