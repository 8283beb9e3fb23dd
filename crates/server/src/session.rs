//! Sessions: who a request comes from, how a session goes on, and how it ends.

mod begin;
mod error;
mod live_ticket;
mod refresh;
mod settings;
mod trail;
mod watch;

use std::sync::Arc;

use recado_protocol::identity::Session as SessionAnswer;
use recado_protocol::policy::Subject;
use recado_protocol::{
    Planted, SessionId, TeammateId, TeammateState, Timestamp, WorkspaceId, is_planted,
};
use tokio::sync::broadcast;

use crate::core::{Core, Principal};
use crate::identity::limiter::LimiterPolicies;
use crate::identity::token::{Secret, TokenKind};
use crate::storage::session::{EndReason, StoredSession};
use crate::storage::sso::link;
use crate::storage::{DbError, Tx, enrolment, factor, own_factor, session, teammate};

pub(crate) use begin::NewSession;
pub use error::AuthError;
pub use settings::{ACCESS_TOKEN_S, LIVE_TICKET_S, SessionSettings};
pub(crate) use trail::Trail;
pub use watch::SessionWatch;

/// How many words about sessions a slow listener may fall behind before it has to look for itself.
const REMEMBERED: usize = 256;

/// How many sessions are ended in one transaction.
const STALE_BATCH: u32 = 200;

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The session.
    pub session_id: SessionId,
    /// Who signed in.
    pub teammate_id: TeammateId,
}

/// Who sent a request, and what they may do.
pub(crate) struct Recognised {
    pub(crate) caller: Caller,
    pub(crate) subject: Subject,
    /// Whether an authenticator of their own has to be set up before anything else.
    pub(crate) own_factor_due: bool,
}

/// The sessions of one workspace.
#[derive(Clone)]
pub struct Sessions {
    pub(crate) core: Core,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) policies: Arc<LimiterPolicies>,
    pub(crate) settings: SessionSettings,
    ends: broadcast::Sender<SessionId>,
    news: broadcast::Sender<TeammateId>,
}

impl Sessions {
    /// The sessions of a workspace.
    #[must_use]
    pub fn new(
        core: Core,
        workspace_id: WorkspaceId,
        policies: LimiterPolicies,
        settings: SessionSettings,
    ) -> Self {
        let (ends, _) = broadcast::channel(REMEMBERED);
        let (news, _) = broadcast::channel(REMEMBERED);
        Self { core, workspace_id, policies: Arc::new(policies), settings, ends, news }
    }

    /// Who an access token stands for, and what that teammate may do now.
    ///
    /// # Errors
    /// [`AuthError::SessionEnded`], [`AuthError::AccessTokenExpired`] and [`AuthError::Db`].
    pub async fn authenticate(&self, access_token: &str) -> Result<(Caller, Subject), AuthError> {
        let Recognised { caller, subject, .. } = self.recognise(access_token).await?;
        Ok((caller, subject))
    }

    /// As [`Sessions::authenticate`], with whether the teammate has to set up an authenticator of their own before anything
    /// else.
    pub(crate) async fn recognise(&self, access_token: &str) -> Result<Recognised, AuthError> {
        let secret =
            Secret::parse(TokenKind::Access, access_token).map_err(|_| AuthError::SessionEnded)?;
        let (hash, now, settings) = (secret.hash(), self.core.now(), self.settings);
        let workspace_id = self.workspace_id;
        self.core
            .db()
            .read(async move |tx| {
                let Some((session, expires_at)) = session::find_by_access_token(tx, hash).await?
                else {
                    // It may have run out long ago; whether the session goes on is for its refresh to tell.
                    return Ok(Err(AuthError::AccessTokenExpired));
                };
                // Also from whom nothing else is heard any more, the machine learns that its copy has to go.
                let end_reason = settings.end_reason(&session, now);
                if end_reason == Some(EndReason::Wiped) {
                    return Ok(Err(AuthError::SessionWiped));
                }
                let who = Principal { workspace_id, teammate_id: session.teammate_id };
                let viewer = teammate::viewer(tx, who).await?;
                let Some(viewer) = viewer.filter(|it| it.subject.state == TeammateState::Active)
                else {
                    let reason = end_reason.unwrap_or(EndReason::AccountDisabled);
                    return Ok(Err(AuthError::SessionEndedBecause(reason)));
                };
                if let Some(reason) = end_reason
                    && !is_planted(Planted::EndedSessionServed)
                {
                    return Ok(Err(AuthError::SessionEndedBecause(reason)));
                }
                if expires_at <= now && !is_planted(Planted::ExpiredTokenServed) {
                    return Ok(Err(AuthError::AccessTokenExpired));
                }
                let own_factor_due =
                    own_factor_is_due(tx, session.teammate_id, session.id, now).await?;
                let (caller, subject) = (caller_of(&session), viewer.subject);
                Ok::<_, DbError>(Ok(Recognised { caller, subject, own_factor_due }))
            })
            .await?
    }

    /// Whether a session still gives access.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn is_running(&self, id: SessionId) -> Result<bool, DbError> {
        let (now, settings) = (self.core.now(), self.settings);
        self.core
            .db()
            .read(async move |tx| running(tx, id, settings, now).await.map(|it| it.is_some()))
            .await
    }

    /// Whether a session still gives access, for a stream that outlives its token. A stream is a use of its session, so a
    /// session with one does not become idle.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn keep_in_use(&self, id: SessionId) -> Result<bool, DbError> {
        let (now, settings) = (self.core.now(), self.settings);
        let found =
            self.core.db().read(async move |tx| running(tx, id, settings, now).await).await?;
        let Some(session) = found else { return Ok(false) };
        if session.last_used_at.plus_seconds(settings::USE_NOTED_EVERY_S) <= now {
            self.core.db().write(async move |tx| session::touch(tx, id, now).await).await?;
        }
        Ok(true)
    }

    /// Signs out.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn sign_out(&self, caller: Caller) -> Result<(), DbError> {
        let Caller { session_id: id, teammate_id } = caller;
        let now = self.core.now();
        let trail = Trail::new(&self.core, self.workspace_id, now);
        self.core
            .db()
            .write(async move |tx| {
                let reason = EndReason::SignedOut;
                if session::end(tx, id, reason, now).await? {
                    trail.clone().ended(tx, teammate_id, id, reason).await?;
                }
                Ok::<_, DbError>(())
            })
            .await?;
        self.announce_end(id);
        Ok(())
    }

    /// What the client is given for a session that begins or goes on.
    pub(crate) fn answer(
        &self,
        session_id: SessionId,
        teammate_id: TeammateId,
        access: &Secret,
        now: Timestamp,
    ) -> SessionAnswer {
        SessionAnswer {
            session_id,
            teammate_id,
            access_token: access.expose().to_owned(),
            expires_in_s: self.settings.access_s,
            server_time: now,
            must_set_up_authenticator: false,
        }
    }

    /// Hears of every session that ends, here or on another node.
    #[must_use]
    pub fn ends(&self) -> broadcast::Receiver<SessionId> {
        self.ends.subscribe()
    }

    /// Tells this node's streams that a session has ended.
    pub(crate) fn announce_end(&self, id: SessionId) {
        if is_planted(Planted::EndUnannounced) {
            return;
        }
        // Without a stream nobody listens, which is fine.
        let _ = self.ends.send(id);
    }

    /// Hears whose list of sessions has changed in a way that its owner is to be told of.
    #[must_use]
    pub fn news(&self) -> broadcast::Receiver<TeammateId> {
        self.news.subscribe()
    }

    /// Tells this node's streams that a teammate's list of sessions has changed.
    pub(crate) fn announce_sessions_of(&self, whose: TeammateId) {
        let _ = self.news.send(whose);
    }

    /// Ends the sessions that were not used for too long or have become too old, a batch at a time.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn end_stale(&self) -> Result<(), DbError> {
        loop {
            let (now, settings) = (self.core.now(), self.settings);
            let trail = Trail::new(&self.core, self.workspace_id, now);
            let ended = self
                .core
                .db()
                .write(async move |tx| {
                    let mut trail = trail.clone();
                    let idle_before = now.plus_seconds(-settings.idle_s);
                    let begun_before = now.plus_seconds(-settings.absolute_s);
                    let stale = session::stale(tx, idle_before, begun_before, STALE_BATCH).await?;
                    for found in &stale {
                        let reason = settings.end_reason(found, now).unwrap_or(EndReason::Idle);
                        if session::end(tx, found.id, reason, now).await? {
                            trail.ended(tx, found.teammate_id, found.id, reason).await?;
                        }
                    }
                    Ok::<_, DbError>(stale)
                })
                .await?;
            ended.iter().for_each(|session| self.announce_end(session.id));
            if ended.len() < STALE_BATCH as usize {
                return Ok(());
            }
        }
    }

    /// Deletes what ran out: tokens at once, ended sessions after their time in the list of sessions.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn delete_expired(&self) -> Result<(), DbError> {
        let now = self.core.now();
        let ended_before = now.plus_seconds(-settings::ENDED_KEPT_S);
        self.core
            .db()
            .write(async move |tx| {
                session::delete_expired(
                    tx,
                    now.plus_seconds(-settings::EXPIRED_KEPT_S),
                    ended_before,
                )
                .await?;
                factor::delete_expired_setups(tx, now).await?;
                enrolment::delete_old(tx, ended_before, now).await?;
                crate::storage::sso::flow::delete_expired(tx, now).await?;
                crate::storage::limiter_state::delete_spent(tx, now).await?;
                Ok::<_, DbError>(())
            })
            .await
    }
}

async fn running(
    tx: &mut Tx,
    id: SessionId,
    settings: SessionSettings,
    now: Timestamp,
) -> Result<Option<StoredSession>, DbError> {
    let Some(session) = session::find(tx, id).await? else { return Ok(None) };
    let in_use = teammate::state(tx, session.teammate_id).await? == Some(TeammateState::Active)
        && !own_factor_is_due(tx, session.teammate_id, session.id, now).await?;
    Ok((in_use && settings.end_reason(&session, now).is_none()).then_some(session))
}

/// Whether an authenticator that was handed over does no more, because the workspace asks for one of the teammate's own. Who
/// comes by a company's own sign-in has shown another factor, or none that is ours.
pub(crate) async fn own_factor_is_due(
    tx: &mut Tx,
    teammate_id: TeammateId,
    session_id: SessionId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let due = own_factor::due(tx, teammate_id).await?.is_some_and(|due| due <= now);
    Ok(due && !link::is_vouched_for(tx, session_id).await?)
}

fn caller_of(session: &StoredSession) -> Caller {
    Caller { session_id: session.id, teammate_id: session.teammate_id }
}
