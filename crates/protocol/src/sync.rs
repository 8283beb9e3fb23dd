//! Synchronisation: how a cache is filled and kept in step.
//!
//! A client begins with `GET /v1/bootstrap`, which names a cursor, pages through the heads with
//! `GET /v1/conversations`, and from then on follows the change log with `GET /v1/sync`. Every
//! object carries its version, so that pages may arrive in any order: an older version never
//! replaces a newer one.

use serde::{Deserialize, Serialize};

use crate::contact::Contact;
use crate::conversation::{ConversationHead, ConversationState, Part, ReadMark};
use crate::id::{ContactId, ConversationId, LogId};
use crate::time::Timestamp;
use crate::workspace::{OwnAccess, Team, Teammate, Workspace};

/// Answer to `GET /v1/bootstrap`: what a new cache starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Bootstrap {
    /// The change log that `cursor` belongs to.
    pub log_id: LogId,
    /// Where `GET /v1/sync` goes on from once the heads are loaded.
    pub cursor: u64,
    /// The server's clock.
    pub server_time: Timestamp,
    /// The workspace.
    pub workspace: Workspace,
    /// The signed-in teammate.
    pub me: Teammate,
    /// What the signed-in teammate may do and see.
    pub access: OwnAccess,
    /// Every teammate, the removed ones included.
    pub teammates: Vec<Teammate>,
    /// Every team.
    pub teams: Vec<Team>,
}

/// One page of the change log, filtered for one teammate. The live stream carries the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SyncPage {
    /// The change log that the numbers belong to. Another one than the client's means: reconcile.
    pub log_id: LogId,
    /// The teammate's access epoch under which the page was filtered. Pages of an older epoch than
    /// the client's are dropped.
    pub epoch: u64,
    /// The cursor that this page follows.
    pub after: u64,
    /// The cursor that this page reaches.
    pub cursor: u64,
    /// Whether there is more to fetch at once.
    pub more: bool,
    /// The server's clock, from which the offline lease counts.
    pub server_time: Timestamp,
    /// The changes, in the order in which they are to be applied. Evictions come first.
    pub changes: Vec<Change>,
}

/// One change, as the teammate may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// The teammate's own access changed: evict by it first, then list the heads again.
    Access {
        /// The new access.
        access: OwnAccess,
    },
    /// The conversation left the teammate's view: everything of it goes.
    ConversationEvicted {
        /// The conversation.
        conversation_id: ConversationId,
        /// The change log's number of the change that moved it.
        version: u64,
    },
    /// The contact's last visible conversation is gone: the contact goes.
    ContactEvicted {
        /// The contact.
        contact_id: ContactId,
        /// The change log's number of the change that moved it.
        version: u64,
    },
    /// The workspace changed.
    Workspace {
        /// Its new state.
        workspace: Workspace,
    },
    /// A teammate changed.
    Teammate {
        /// The new state.
        teammate: Teammate,
    },
    /// A team changed.
    Team {
        /// The new state.
        team: Team,
    },
    /// A contact changed.
    Contact {
        /// The new state.
        contact: Contact,
    },
    /// A conversation changed or entered the teammate's view.
    Conversation {
        /// The conversation.
        conversation: ConversationDelta,
    },
    /// The teammate's own read mark moved.
    ReadMark {
        /// The new mark.
        read_mark: ReadMark,
    },
    /// A change of a newer server that this program does not know. It is never sent, and skipped:
    /// see [`REVISION`](crate::REVISION).
    #[serde(other)]
    Unknown,
}

/// A conversation's head with some or all of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ConversationDelta {
    /// The head.
    pub head: ConversationHead,
    /// The parts, sorted by `seq`.
    pub parts: Vec<Part>,
    /// The lowest `seq` from which on `parts` is complete up to the head's `part_count`. Where it
    /// is 1, the conversation is here whole.
    pub complete_from_seq: u32,
}

/// Answer to `GET /v1/conversations`: heads with what the list needs beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct HeadPage {
    /// The change log that the versions belong to.
    pub log_id: LogId,
    /// The access epoch under which the page was filtered.
    pub epoch: u64,
    /// The change log's number that the page was read at.
    pub cursor: u64,
    /// The heads, by descending `last_part_at`, then `id`.
    pub heads: Vec<ConversationHead>,
    /// The contacts of these heads.
    pub contacts: Vec<Contact>,
    /// The teammate's own marks on these heads.
    pub read_marks: Vec<ReadMark>,
    /// What to send as `after` for the next page; absent on the last one.
    pub next: Option<String>,
}

/// Query of `GET /v1/conversations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct HeadQuery {
    /// Which states; one request names one.
    pub state: ConversationState,
    /// Only those of this contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<ContactId>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many heads, at most [`MAX_HEADS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// How many heads one page holds at most.
pub const MAX_HEADS: u32 = 500;
/// How many parts one conversation brings at most in one answer; older ones are asked for.
pub const MAX_PARTS: u32 = 500;
/// How many change log entries one page covers at most.
pub const MAX_ENTRIES: u32 = 500;
/// How many conversations one `POST /v1/conversations/fetch` may name.
pub const MAX_FETCH: usize = 50;

/// `POST /v1/conversations/fetch`: whole conversations for the background load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct FetchRequest {
    /// At most [`MAX_FETCH`].
    pub conversation_ids: Vec<ConversationId>,
}

/// Answer to `GET /v1/conversations/{id}` and `POST /v1/conversations/fetch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ConversationPage {
    /// The change log that the versions belong to.
    pub log_id: LogId,
    /// The access epoch under which the page was filtered.
    pub epoch: u64,
    /// The change log's number that the page was read at.
    pub cursor: u64,
    /// Those of the asked-for conversations that may be seen. With `before_seq` in the request, the
    /// one conversation's parts older than it.
    pub conversations: Vec<ConversationDelta>,
    /// The contacts of these conversations.
    pub contacts: Vec<Contact>,
    /// The teammate's own marks on these conversations.
    pub read_marks: Vec<ReadMark>,
}

/// Answer to `GET /v1/digest`: what a cache compares itself with after its access changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ScopeDigest {
    /// The change log that the versions belong to.
    pub log_id: LogId,
    /// The access epoch under which it was computed.
    pub epoch: u64,
    /// The change log's number that it was computed at.
    pub cursor: u64,
    /// How many open and snoozed conversations the teammate may see.
    pub count: u64,
    /// [`digest`] over them, as 64 lower-case hexadecimal digits.
    pub digest: String,
}

/// Digest over ids and versions, in any order: the wrapping sum of each pair's SHA-256, so that
/// neither side has to sort or to hold them all.
pub fn digest(pairs: impl IntoIterator<Item = (ConversationId, u64)>) -> String {
    use sha2::{Digest, Sha256};
    let mut lanes = [0_u64; 4];
    for (id, version) in pairs {
        let mut hasher = Sha256::new();
        hasher.update(id.uuid().as_bytes());
        hasher.update(version.to_be_bytes());
        let hash = hasher.finalize();
        for (lane, bytes) in lanes.iter_mut().zip(hash.chunks_exact(8)) {
            let mut word = [0_u8; 8];
            word.copy_from_slice(bytes);
            *lane = lane.wrapping_add(u64::from_be_bytes(word));
        }
    }
    lanes.iter().map(|lane| format!("{lane:016x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_digest_depends_on_what_is_there_and_not_on_its_order() {
        let pair = |n, version| (ConversationId::from_uuid(Uuid::from_u128(n)), version);
        let forwards = digest([pair(1, 10), pair(2, 20)]);
        assert_eq!(forwards, digest([pair(2, 20), pair(1, 10)]));
        assert_ne!(forwards, digest([pair(1, 20), pair(2, 10)]));
        assert_ne!(forwards, digest([pair(1, 10)]));
        assert_eq!(forwards.len(), 64);
    }
}
