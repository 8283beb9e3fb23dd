//! The live stream: the same filtered pages as `GET /v1/sync`, pushed.

use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::id::LogId;
use crate::sync::SyncPage;

/// Answer to `POST /v1/live/ticket`. The ticket opens one `GET /v1/live?ticket=…` within its time,
/// so that no token ever stands in a URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct LiveTicket {
    /// Good for one connection.
    pub ticket: String,
    /// How long it is good, in seconds.
    pub expires_in_s: u32,
}

/// What the client says on the live stream: first `hello`, afterwards `ack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveRequest {
    /// Where the client stands.
    Hello {
        /// The change log that `cursor` belongs to.
        log_id: LogId,
        /// What the cache has reached.
        cursor: u64,
    },
    /// What the cache has reached and stored, evictions carried out.
    Ack {
        /// The cursor.
        cursor: u64,
    },
}

/// What the server says on the live stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveFrame {
    /// A page. If its `after` is not what the client has reached, there is a gap: pull.
    Page {
        /// The page.
        page: SyncPage,
    },
    /// More has happened than is worth pushing: pull.
    Pull,
    /// The account was signed in to where it was not known: its list of sessions has more.
    SessionsChanged,
    /// The stream ends and why. `session_ended` means: sign in again.
    End {
        /// Why.
        error: ApiError,
    },
    /// Something of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}
