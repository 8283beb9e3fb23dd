//! What happens to sessions on any node, told to the streams of this one.

use std::collections::BTreeSet;

use recado_protocol::{SessionId, Timestamp};

use super::Sessions;
use crate::storage::{DbError, own_session, session};

/// How far a look reaches back over what the last one has seen, in seconds: another node's clock may be behind.
const OVERLAP_S: i64 = 5;

/// Looks at what sessions have begun and ended, again and again.
pub struct SessionWatch {
    sessions: Sessions,
    seen_until: Timestamp,
    /// The sessions whose beginning was told and lies within the next look's reach.
    told: BTreeSet<SessionId>,
}

impl SessionWatch {
    /// Looks at what happens from now on.
    #[must_use]
    pub fn new(sessions: Sessions) -> Self {
        let seen_until = sessions.core.now();
        Self { sessions, seen_until, told: BTreeSet::new() }
    }

    /// Tells this node's streams which sessions have ended since the last look, and whose accounts were signed in to where
    /// they were not known.
    ///
    /// # Errors
    /// [`DbError`]; the next look makes up for it.
    pub async fn look(&mut self) -> Result<(), DbError> {
        let (next, since) = (self.sessions.core.now(), self.seen_until.plus_seconds(-OVERLAP_S));
        let read = self.sessions.core.db().read(async move |tx| {
            let ended = session::ended_since(tx, since).await?;
            Ok::<_, DbError>((ended, own_session::unseen_since(tx, since).await?))
        });
        let (ended, unseen) = read.await?;
        ended.into_iter().for_each(|id| self.sessions.announce_end(id));
        for (id, whose) in &unseen {
            if !self.told.contains(id) {
                self.sessions.announce_sessions_of(*whose);
            }
        }
        self.told = unseen.into_iter().map(|(id, _)| id).collect();
        self.seen_until = next;
        Ok(())
    }
}
