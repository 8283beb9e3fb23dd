//! The sessions of an account: seen, ended and wiped by its owner, or by an admin.

use recado_protocol::account::{
    EndSessionsRequest, ErasedRequest, MAX_SESSIONS_PER_REQUEST, SeenSessionsRequest, SessionInfo,
    SessionList, SessionStanding,
};
use recado_protocol::{SessionId, TeammateId, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{Outcome, OwnAccount, is_of, require_step_up};
use crate::gate::{self, SecretCheck};
use crate::identity::token::TokenHash;
use crate::session::{AuthError, Caller, SessionSettings};
use crate::storage::audit::Actor;
use crate::storage::session::{self, EndReason, StoredSession};
use crate::storage::{DbError, account, own_session, teammate};

impl OwnAccount {
    /// The caller's own sessions.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn list_sessions(&self, caller: Caller) -> Result<SessionList, DbError> {
        let (now, settings) = (self.sessions.core.now(), self.sessions.settings);
        let read = self
            .sessions
            .core
            .db()
            .read(async move |tx| own_session::of_teammate(tx, caller.teammate_id).await);
        let of = |session: &StoredSession| info(session, Some(caller.session_id), settings, now);
        Ok(SessionList { sessions: read.await?.iter().map(of).collect() })
    }

    /// The sessions of a teammate, for an admin.
    ///
    /// # Errors
    /// [`AuthError::NotFound`] if the workspace has no such teammate.
    pub async fn list_sessions_of(&self, who: TeammateId) -> Result<SessionList, AuthError> {
        let (now, settings) = (self.sessions.core.now(), self.sessions.settings);
        let workspace_id = self.sessions.workspace_id;
        let read = self.sessions.core.db().read(async move |tx| {
            let found = teammate::find(tx, workspace_id, who).await?;
            let sessions = own_session::of_teammate(tx, who).await?;
            Ok::<_, DbError>(found.map(|_| sessions))
        });
        let sessions = read.await?.ok_or(AuthError::NotFound)?;
        let of = |session: &StoredSession| info(session, None, settings, now);
        Ok(SessionList { sessions: sessions.iter().map(of).collect() })
    }

    /// Ends sessions of the caller's own. It asks for nothing more: whoever sees a stranger in the list has no time to
    /// lose, and nothing is lost that a new sign-in does not bring back.
    ///
    /// # Errors
    /// [`AuthError::NotFound`] for a session that is not the caller's, [`AuthError::InvalidValue`] for the one that asks;
    /// nothing is ended then.
    pub async fn end_sessions(
        &self,
        caller: Caller,
        request: EndSessionsRequest,
    ) -> Result<SessionList, AuthError> {
        if request.session_ids.contains(&caller.session_id) {
            return Err(AuthError::InvalidValue(
                "`session_ids` names the session that asks; sign out instead.",
            ));
        }
        let whose = caller.teammate_id;
        let actor = Actor::Teammate(whose);
        let id = caller.session_id;
        let read = self.sessions.core.db().read(async move |tx| session::find(tx, id).await);
        let is_known = read.await?.is_some_and(|own| !own.unseen);
        self.end(whose, actor, request, EndReason::EndedElsewhere, is_known).await?;
        Ok(self.list_sessions(caller).await?)
    }

    /// Ends sessions of a teammate, for an admin who has shown the second factor lately.
    ///
    /// # Errors
    /// [`AuthError::StepUpRequired`], and as [`OwnAccount::end_sessions`].
    pub async fn end_sessions_of(
        &self,
        caller: Caller,
        whose: TeammateId,
        request: EndSessionsRequest,
    ) -> Result<SessionList, AuthError> {
        let now = self.sessions.core.now();
        let write = self.sessions.core.db().write(async move |tx| {
            let session = session::lock(tx, caller.session_id).await?;
            require_step_up(&session.ok_or(AuthError::SessionEnded)?, now)
        });
        write.await?;
        self.end_as(Actor::Teammate(caller.teammate_id), whose, request).await?;
        self.list_sessions_of(whose).await
    }

    /// Ends sessions of a teammate, for whoever has shown that they may.
    ///
    /// # Errors
    /// As [`OwnAccount::end_sessions`].
    pub(crate) async fn end_as(
        &self,
        actor: Actor,
        whose: TeammateId,
        request: EndSessionsRequest,
    ) -> Result<(), AuthError> {
        self.end(whose, actor, request, EndReason::EndedByAdmin, true).await
    }

    /// Takes the owner's word that sessions are theirs. No session vouches for itself, and one that nobody knows of for no
    /// other.
    ///
    /// # Errors
    /// As [`OwnAccount::end_sessions`], and [`AuthError::InvalidValue`] where the session that asks is itself unknown;
    /// nothing is noted then.
    pub async fn note_sessions_seen(
        &self,
        caller: Caller,
        request: SeenSessionsRequest,
    ) -> Result<SessionList, AuthError> {
        let ids = request.session_ids;
        require_few(&ids)?;
        if ids.contains(&caller.session_id) {
            return Err(AuthError::InvalidValue("`session_ids` names the session that asks."));
        }
        let (whose, trail) = (caller.teammate_id, self.trail(self.sessions.core.now()));
        let write = self.sessions.core.db().write(async move |tx| {
            let mut trail = trail.clone();
            let own = session::find(tx, caller.session_id).await?;
            if own.is_none_or(|own| own.unseen) {
                return Err(AuthError::InvalidValue(
                    "This machine is new itself. Say it on one that your account was known on before.",
                ));
            }
            for id in &ids {
                let found = session::lock(tx, *id).await?;
                if !found.is_some_and(|found| is_of(&found, whose)) {
                    return Err(AuthError::NotFound);
                }
                if own_session::note_seen(tx, *id).await? {
                    trail.seen(tx, whose, *id).await?;
                }
            }
            Ok::<_, AuthError>(())
        });
        write.await?;
        self.sessions.announce_sessions_of(whose);
        Ok(self.list_sessions(caller).await?)
    }

    async fn end(
        &self,
        whose: TeammateId,
        actor: Actor,
        request: EndSessionsRequest,
        otherwise: EndReason,
        answers: bool,
    ) -> Result<(), AuthError> {
        let EndSessionsRequest { session_ids: ids, wipe } = request;
        require_few(&ids)?;
        let now = self.sessions.core.now();
        let trail = self.trail(now);
        let reason = if wipe { EndReason::Wiped } else { otherwise };
        let write = self.sessions.core.db().write(async move |tx| {
            let mut trail = trail.clone();
            account::lock(tx, whose).await?;
            let mut ended = Vec::new();
            for id in &ids {
                let found = session::lock(tx, *id).await?;
                if !found.is_some_and(|found| is_of(&found, whose)) {
                    return Err(AuthError::NotFound);
                }
                let has_ended = match wipe {
                    true => own_session::wipe(tx, *id, now).await?,
                    false => session::end(tx, *id, reason, now).await?,
                };
                // Whoever is strange here does not answer for what else is.
                if answers {
                    own_session::note_seen(tx, *id).await?;
                }
                if has_ended {
                    trail.ended_by(tx, actor, *id, reason).await?;
                    ended.push(*id);
                }
            }
            Ok::<_, AuthError>(ended)
        });
        self.announce(write.await?);
        // What asks about them on the owner's other machines goes as well.
        self.sessions.announce_sessions_of(whose);
        Ok(())
    }

    /// Notes that a machine has erased its copy, which it shows by the refresh secret of its session.
    ///
    /// # Errors
    /// [`AuthError::SessionEnded`] for a wrong secret or a session that is not wiped, [`AuthError::TooManyAttempts`].
    pub async fn erased(
        &self,
        check: SecretCheck,
        request: ErasedRequest,
    ) -> Result<(), AuthError> {
        let presented = TokenHash::from_bytes(Sha256::digest(request.refresh.as_bytes()).into());
        let (id, now) = (request.session_id, self.sessions.core.now());
        let (policies, trail) = (self.sessions.policies.clone(), self.trail(now));
        let write = self.sessions.core.db().write(async move |tx| {
            let found = session::lock(tx, id).await?.filter(|found| {
                found.end_reason == Some(EndReason::Wiped) && found.family.knows(presented)
            });
            let Some(found) = found else {
                let charged = gate::charge(tx, &policies, &check.stranger_keys(), now).await?;
                let refused = charged.map_or_else(Into::into, |()| AuthError::SessionEnded);
                return Ok(Outcome::Refused(refused));
            };
            if own_session::note_erased(tx, id, now).await? {
                trail.clone().erased(tx, found.teammate_id, id).await?;
            }
            Ok::<_, DbError>(Outcome::Done(()))
        });
        write.await?.into_result()
    }
}

fn require_few(ids: &[SessionId]) -> Result<(), AuthError> {
    if ids.len() > MAX_SESSIONS_PER_REQUEST {
        return Err(AuthError::InvalidValue("`session_ids` has more than 200 entries."));
    }
    Ok(())
}

fn info(
    session: &StoredSession,
    asks: Option<SessionId>,
    settings: SessionSettings,
    now: Timestamp,
) -> SessionInfo {
    let standing = match settings.end_reason(session, now) {
        None => SessionStanding::Active,
        Some(EndReason::Wiped) if session.erased_at.is_some() => SessionStanding::Wiped,
        Some(EndReason::Wiped) => SessionStanding::WipePending,
        Some(_) => SessionStanding::Ended,
    };
    SessionInfo {
        session_id: session.id,
        device_name: session.device.name.clone(),
        system: session.device.system.clone(),
        app_version: session.device.app_version.clone(),
        address: session.address.clone(),
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        current: asks == Some(session.id),
        unseen: session.unseen,
        standing,
    }
}
