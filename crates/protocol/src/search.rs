//! Search on the server, for what a cache does not hold.

use serde::{Deserialize, Serialize};

use crate::contact::Contact;
use crate::conversation::{AuthorType, ConversationHead};
use crate::id::{ConversationId, LogId, PartId};
use crate::time::Timestamp;

/// How many hits one answer holds at most.
pub const MAX_HITS: u32 = 50;

/// One message or note that was found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SearchHit {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The part; absent where the title or the contact matched.
    pub part_id: Option<PartId>,
    /// Who wrote it.
    pub author: AuthorType,
    /// When it was written.
    pub created_at: Timestamp,
    /// The words around the match as plain text.
    pub excerpt: String,
}

// Words between people and names never reach a log, whoever prints this.
impl std::fmt::Debug for SearchHit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchHit")
            .field("conversation_id", &self.conversation_id)
            .field("part_id", &self.part_id)
            .finish_non_exhaustive()
    }
}

/// Answer to `GET /v1/search?q=…&limit=…`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SearchPage {
    /// The change log that the versions belong to.
    pub log_id: LogId,
    /// The access epoch under which the page was filtered.
    pub epoch: u64,
    /// What was found.
    pub hits: Vec<SearchHit>,
    /// The heads of the conversations in `hits`.
    pub heads: Vec<ConversationHead>,
    /// The contacts of `heads`.
    pub contacts: Vec<Contact>,
}
