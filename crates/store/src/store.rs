//! The door to both files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use recado_protocol::host::*;
use recado_protocol::{
    Action, Command, CommandId, CommandResult, ConversationId, ConversationState, ErrorCode, LogId,
    PartId, Timestamp,
};

use crate::batch::{Applied, CacheBatch};
use crate::error::{Error, Which};
use crate::keys::StoreKeys;
use crate::meta::{HeadsProgress, Meta};
use crate::outbox::{OutboxCounts, SalvageReport};

/// How far search is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexProgress {
    /// How many messages were indexed by this call.
    pub indexed: u32,
    /// How many still wait; search reads the newest of them itself.
    pub left: u64,
}

/// The cache's side of a comparison with the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDigest {
    /// The cursor that it was computed at.
    pub cursor: u64,
    /// The access epoch that it was computed under.
    pub epoch: u64,
    /// How many open and snoozed conversations are here.
    pub count: u64,
    /// [`recado_protocol::sync::digest`] over them.
    pub digest: String,
}

/// How much the cache holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    /// Heads.
    pub heads: u64,
    /// Open and snoozed heads.
    pub active_heads: u64,
    /// Open and snoozed conversations whose newest parts are here.
    pub bodies: u64,
    /// Parts.
    pub parts: u64,
    /// Contacts.
    pub contacts: u64,
    /// Messages that search has not indexed yet.
    pub pending_search: u64,
    /// The size of the file and its write-ahead log, in bytes.
    pub file_bytes: u64,
}

/// The cache and the outbox of one account.
pub struct Store {}

fn later<T>() -> Result<T, Error> {
    Err(Error::Internal { which: Which::Cache, detail: String::new() })
}

#[expect(unused_variables, reason = "bodies follow")]
impl Store {
    /// Opens both files in `dir`, making them and the folder if they are missing.
    pub fn open(dir: &Path, keys: StoreKeys) -> Result<Self, Error> {
        later()
    }
    /// A store in memory, for simulations: nothing survives it.
    pub fn in_memory() -> Result<Self, Error> {
        later()
    }
    /// Moves a damaged cache aside, with its write-ahead log; returns where it lies now, or nothing if there was none.
    pub fn quarantine_cache(dir: &Path) -> Result<Option<PathBuf>, Error> {
        later()
    }
    /// Moves a damaged outbox aside after it was salvaged.
    pub fn quarantine_outbox(dir: &Path) -> Result<Option<PathBuf>, Error> {
        later()
    }
    /// Deletes both files, quarantined ones included. The keys must be destroyed first.
    pub fn destroy(dir: &Path) -> Result<(), Error> {
        later()
    }
    /// Reads what can be read of a damaged outbox, item by item.
    pub fn salvage_outbox(dir: &Path, key: [u8; 32]) -> Result<SalvageReport, Error> {
        later()
    }
    /// Puts salvaged items into this (new) outbox.
    pub fn restore_salvaged(&self, report: &SalvageReport) -> Result<(), Error> {
        later()
    }
    /// Reads both files whole and checks every page; slow, for the background.
    pub fn verify(&self) -> Result<(), Error> {
        later()
    }

    /// Where the cache stands.
    pub fn meta(&self) -> Result<Meta, Error> {
        later()
    }
    /// Stores that the server answered.
    pub fn set_last_contact(&self, at: Timestamp) -> Result<(), Error> {
        later()
    }
    /// Stores how far the listing of heads is.
    pub fn set_heads_progress(&self, progress: &HeadsProgress) -> Result<(), Error> {
        later()
    }
    /// Stores one answer of the server in one transaction.
    pub fn apply(&self, batch: CacheBatch) -> Result<Applied, Error> {
        later()
    }
    /// Drops the conversations in `states` that a complete listing, begun at `as_of`, did not name.
    pub fn reconcile_heads(
        &self,
        listed: &HashSet<ConversationId>,
        states: &[ConversationState],
        as_of: u64,
    ) -> Result<Applied, Error> {
        later()
    }
    /// Drops conversations that the server says do not exist for this teammate.
    pub fn forget_conversations(&self, ids: &[ConversationId]) -> Result<Applied, Error> {
        later()
    }
    /// Prepares the cache for another change log: versions of the old one no longer win.
    pub fn reset_for_new_log(&self, log_id: LogId) -> Result<Applied, Error> {
        later()
    }
    /// Empties the write-ahead log after deletions. Returns false if a reader was in the way: call again.
    pub fn finish_eviction(&self) -> Result<bool, Error> {
        later()
    }
    /// Digest over the open and snoozed heads.
    pub fn digest(&self) -> Result<LocalDigest, Error> {
        later()
    }
    /// Open and snoozed conversations whose newest parts are not all here, the newest first.
    pub fn wanted_bodies(&self, limit: u32) -> Result<Vec<ConversationId>, Error> {
        later()
    }
    /// Indexes up to `limit` messages for search.
    pub fn index_pending(&self, limit: u32) -> Result<IndexProgress, Error> {
        later()
    }
    /// How much the cache holds.
    pub fn cache_stats(&self) -> Result<CacheStats, Error> {
        later()
    }

    /// Stores a command durably. A reply or note removes the draft of its kind in the same transaction. Storing the same command again changes nothing.
    pub fn enqueue(&self, command: &Command) -> Result<(), Error> {
        later()
    }
    /// What may be sent now, the oldest first, at most one per conversation.
    pub fn pending_to_send(&self, limit: u32) -> Result<Vec<Command>, Error> {
        later()
    }
    /// Marks commands as on their way.
    pub fn mark_attempt(&self, ids: &[CommandId], now: Timestamp) -> Result<(), Error> {
        later()
    }
    /// Marks commands as waiting again, because the attempt brought no answer.
    pub fn mark_unsent(&self, ids: &[CommandId]) -> Result<(), Error> {
        later()
    }
    /// Stores what the server said. Returns the conversation, or nothing for an unknown command.
    pub fn acknowledge(
        &self,
        result: &CommandResult,
        log_id: LogId,
        now: Timestamp,
    ) -> Result<Option<ConversationId>, Error> {
        later()
    }
    /// Refuses a command on this machine's own account.
    pub fn refuse(
        &self,
        id: CommandId,
        code: ErrorCode,
        message: &str,
    ) -> Result<Option<ConversationId>, Error> {
        later()
    }
    /// Puts a refused or waiting entry back into the queue under `new_id`; what followed it follows the new one.
    pub fn retry(&self, id: CommandId, new_id: CommandId) -> Result<ConversationId, Error> {
        later()
    }
    /// Gives an entry up. What followed it waits for a decision of its own.
    pub fn discard(&self, id: CommandId) -> Result<ConversationId, Error> {
        later()
    }
    /// Forgets what was confirmed more than 48 hours ago; returns how many.
    pub fn prune(&self, now: Timestamp) -> Result<u32, Error> {
        later()
    }
    /// Queues again what was confirmed within 48 hours under another log than `log_id`; returns how many.
    pub fn unacknowledge_for_new_log(&self, log_id: LogId, now: Timestamp) -> Result<u32, Error> {
        later()
    }
    /// How much the outbox holds.
    pub fn outbox_counts(&self) -> Result<OutboxCounts, Error> {
        later()
    }
    /// Keeps a draft; an empty text removes it.
    pub fn save_draft(&self, draft: &Draft, now: Timestamp) -> Result<(), Error> {
        later()
    }
    /// The kept draft's text.
    pub fn draft(
        &self,
        conversation_id: ConversationId,
        kind: DraftKind,
    ) -> Result<Option<String>, Error> {
        later()
    }

    /// A page of a list.
    pub fn inbox_page(&self, request: &InboxRequest) -> Result<InboxPage, Error> {
        later()
    }
    /// The views with their counts.
    pub fn sidebar(&self) -> Result<Sidebar, Error> {
        later()
    }
    /// Teammates, teams and tags.
    pub fn directory(&self) -> Result<Directory, Error> {
        later()
    }
    /// A conversation; absent if it is not in the cache.
    pub fn conversation_view(
        &self,
        request: &OpenRequest,
    ) -> Result<Option<ConversationView>, Error> {
        later()
    }
    /// Older parts.
    pub fn parts_before(&self, request: &PartsRequest) -> Result<PartsPage, Error> {
        later()
    }
    /// What waits or was refused.
    pub fn outbox_entries(&self) -> Result<Outbox, Error> {
        later()
    }
    /// Every kept draft.
    pub fn drafts(&self) -> Result<Drafts, Error> {
        later()
    }
    /// Searches the cache, the newest first.
    pub fn search(&self, query: &str, limit: u32) -> Result<SearchResults, Error> {
        later()
    }
    /// What would take `action` back, as things stand now; ask before [`Store::enqueue`].
    pub fn undo_for(
        &self,
        conversation_id: ConversationId,
        action: &Action,
    ) -> Result<Option<Action>, Error> {
        later()
    }
    /// The head with the outbox laid over it, for the client's own checks before it submits.
    pub fn head(
        &self,
        conversation_id: ConversationId,
    ) -> Result<Option<recado_protocol::ConversationHead>, Error> {
        later()
    }
    /// Whether a part is here, for links that name one.
    pub fn has_part(&self, part_id: PartId) -> Result<bool, Error> {
        later()
    }
}
