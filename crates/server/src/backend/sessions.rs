//! Teammates' sessions, as a console command deals with them.

use recado_protocol::SessionId;
use recado_protocol::account::{EndSessionsRequest, SessionList, SessionStanding};

use super::{Backend, BackendError};
use crate::session::AuthError;
use crate::storage::audit::Actor;

impl Backend {
    /// The sessions of a teammate whose machines may hold a copy.
    ///
    /// # Errors
    /// [`BackendError::Refused`] if there is no such teammate.
    pub async fn sessions_of(&self, email: &str) -> Result<SessionList, BackendError> {
        let whose = self.teammate_id(email).await?;
        Ok(self.own_account.list_sessions_of(whose).await?)
    }

    /// Ends one session of a teammate, or all that run; with `wipe` their machines erase their copies, also those whose
    /// sessions have ended before.
    ///
    /// # Errors
    /// [`BackendError::Refused`] if there is no such teammate or session.
    pub async fn end_sessions_of(
        &self,
        email: &str,
        only: Option<SessionId>,
        wipe: bool,
    ) -> Result<SessionList, BackendError> {
        let whose = self.teammate_id(email).await?;
        let session_ids = match only {
            Some(id) => vec![id],
            None => {
                let listed = self.own_account.list_sessions_of(whose).await?.sessions;
                let meant = |standing| wipe || standing == SessionStanding::Active;
                let ids = listed.iter().filter(|session| meant(session.standing));
                ids.map(|session| session.session_id).collect()
            }
        };
        let request = EndSessionsRequest { session_ids, wipe };
        match self.own_account.end_as(Actor::Console, whose, request).await {
            Ok(()) => {}
            Err(AuthError::NotFound) => {
                return Err(BackendError::Refused(format!("{email} has no such session")));
            }
            Err(error) => return Err(error.into()),
        }
        self.sessions_of(email).await
    }
}
