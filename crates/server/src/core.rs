//! What everything below the router works with: the database, the clock, randomness.

use recado_protocol::policy::Denial;
use recado_protocol::{
    ApiError, ChannelId, ErrorCode, SessionEndReason, TeammateId, Timestamp, WorkspaceId,
};

use crate::clock::SharedClock;
use crate::ids::{Ids, SharedEntropy};
use crate::storage::{Db, DbError};

/// The server below its router. Clones share everything.
#[derive(Clone)]
pub struct Core {
    db: Db,
    clock: SharedClock,
    entropy: SharedEntropy,
}

impl Core {
    /// A core over a database that has been migrated.
    #[must_use]
    pub fn new(db: Db, clock: SharedClock, entropy: SharedEntropy) -> Self {
        Self { db, clock, entropy }
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The server's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Ids for one transaction at time `now`.
    #[must_use]
    pub fn ids(&self, now: Timestamp) -> Ids {
        Ids::new(now, self.entropy.seed())
    }
}

/// A teammate who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Principal {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The teammate.
    pub teammate_id: TeammateId,
}

/// A customer's system that has shown its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelPrincipal {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The channel.
    pub channel_id: ChannelId,
}

/// Why the core did not do what it was asked to. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoreError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The teammate may not do it, or is not active at all.
    #[error("the teammate may not do this")]
    Denied(Denial),
    /// It does not exist, or may not be seen.
    #[error("it does not exist, or may not be seen")]
    NotFound,
    /// The change log's cursor is too old, or of another log.
    #[error("the cursor is too old or belongs to another change log")]
    CursorGone,
    /// The request asks for something that is not accepted.
    #[error("{message}")]
    Invalid {
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people who read English.
        message: String,
    },
}

impl CoreError {
    /// A request that is not accepted.
    pub fn invalid(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Invalid { code, message: message.into() }
    }

    /// The error as the wire knows it. Nothing of the database's own words goes out.
    #[must_use]
    pub fn to_api(&self) -> ApiError {
        let (code, message) = match self {
            Self::Db(DbError::Unavailable(_) | DbError::Conflict) => {
                (ErrorCode::Overloaded, "The server is busy; try again in a moment.")
            }
            Self::Db(_) => {
                (ErrorCode::Internal, "The server failed and nothing was changed; try again.")
            }
            Self::Denied(Denial::NotActive) => {
                let message = "This account is not active; ask an admin.";
                let session_end = Some(SessionEndReason::AccountDisabled);
                return ApiError { session_end, ..ApiError::new(ErrorCode::SessionEnded, message) };
            }
            Self::Denied(Denial::OutOfScope) | Self::NotFound => {
                (ErrorCode::NotFound, "It does not exist, or you may not see it.")
            }
            Self::Denied(Denial::MissingPermission { .. }) => {
                (ErrorCode::PermissionDenied, "Your role does not allow this; ask an admin.")
            }
            Self::CursorGone => (
                ErrorCode::CursorGone,
                "The change log no longer reaches back to this cursor; begin again with /v1/bootstrap.",
            ),
            Self::Invalid { code, message } => (*code, message.as_str()),
        };
        ApiError::new(code, message)
    }
}
