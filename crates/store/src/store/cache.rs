//! What the sync engine asks of the cache.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use recado_protocol::host::ListKey;
use recado_protocol::sync::digest;
use recado_protocol::{ConversationId, ConversationState, LogId, Timestamp};
use rusqlite::Connection;

use super::{Store, lock};
use crate::batch::{Applied, CacheBatch};
use crate::cache::{apply, conversations, meta, search};
use crate::database;
use crate::error::{Error, Which};
use crate::meta::{ClockSeen, ClosedCheck, HeadsProgress, Meta};
use crate::sql::{id, unsigned};
use crate::views::snapshot::cache_error;

/// After how many steps of indexing one merges, so that a long load leaves no search with all of its
/// pieces.
const STEPS_UNMERGED: u32 = 8;

/// How far search is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexProgress {
    /// How many messages this call indexed.
    pub indexed: u32,
    /// Whether another call has something to do: messages still wait, of which a search reads the
    /// newest 1,000 itself, or the index lies in more pieces than it should.
    pub more: bool,
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

/// How far a first load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FillProgress {
    /// Open and snoozed heads.
    pub active_heads: u64,
    /// Open and snoozed conversations whose newest parts are all here.
    pub bodies: u64,
}

/// How much the cache holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStats {
    /// Heads.
    pub heads: u64,
    /// Open and snoozed heads.
    pub active_heads: u64,
    /// Open and snoozed conversations whose newest parts are all here.
    pub bodies: u64,
    /// Parts.
    pub parts: u64,
    /// Contacts.
    pub contacts: u64,
    /// Messages that search has not indexed yet.
    pub pending_search: u64,
    /// The size of the file and its write-ahead log, in bytes; 0 in memory.
    pub file_bytes: u64,
}

impl Store {
    /// Where the cache stands.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn meta(&self) -> Result<Meta, Error> {
        self.read_cache(|cache| meta::load(cache).map_err(cache_error))
    }

    /// Stores that the server answered, by this machine's clock.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn set_last_contact(&self, at: Timestamp) -> Result<(), Error> {
        self.write_cache(|tx| meta::set_last_contact(tx, at))
    }

    /// Stores how far the machine's clock was seen since the server last answered.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn set_clock_seen(&self, seen: ClockSeen) -> Result<(), Error> {
        self.write_cache(|tx| meta::set_clock_seen(tx, seen))
    }

    /// Stores how far the listing of heads is.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn set_heads_progress(&self, progress: &HeadsProgress) -> Result<(), Error> {
        self.write_cache(|tx| meta::set_heads(tx, progress))
    }

    /// Stores how far the check of the closed conversations is; `None` once it is done.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn set_closed_check(&self, check: Option<&ClosedCheck>) -> Result<(), Error> {
        self.write_cache(|tx| meta::set_closed_check(tx, check))
    }

    /// A page of the closed conversations that are here, and where the next one begins. Nothing is laid
    /// over it: what waits in the outbox for a conversation does not say whether it is still there.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn closed_ids(
        &self,
        after: Option<ListKey>,
        limit: u32,
    ) -> Result<(Vec<ConversationId>, Option<ListKey>), Error> {
        let keys = self.read_cache(|cache| {
            conversations::closed(cache, after.as_ref(), limit).map_err(cache_error)
        })?;
        let is_full = keys.len() == limit as usize;
        let next = keys.last().copied().filter(|_| is_full);
        Ok((keys.into_iter().map(|key| key.conversation_id).collect(), next))
    }

    /// Stores one answer of the server in one transaction: its objects, as far as they are newer, the
    /// cursor, and an eviction by the new access if the access changed. Repeating it, or storing an
    /// older answer after a newer one, changes nothing.
    ///
    /// # Errors
    ///
    /// Those of any write. Nothing is stored then.
    pub fn apply(&self, batch: CacheBatch) -> Result<Applied, Error> {
        self.write_cache(|tx| apply::batch(tx, batch))
    }

    /// Drops the conversations in `states` that a whole listing did not name, and marks the listing
    /// as complete. `as_of` is the cursor of the listing's first page; what changed after it is left
    /// alone.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn reconcile_heads(
        &self,
        listed: &HashSet<ConversationId>,
        states: &[ConversationState],
        as_of: u64,
    ) -> Result<Applied, Error> {
        self.write_cache(|tx| apply::reconcile(tx, listed, states, as_of))
    }

    /// Drops conversations that do not exist for this teammate, as the server said at the change log's
    /// number `as_of`. What changed after it is left alone.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn forget_conversations(
        &self,
        ids: &[ConversationId],
        as_of: u64,
    ) -> Result<Applied, Error> {
        self.write_cache(|tx| apply::forget(tx, ids, as_of))
    }

    /// Prepares the cache for another change log: the cursor and the epoch go back to 0, and versions
    /// of the old log no longer win. Open and snoozed conversations stay readable until the new
    /// log's heads replace them; closed ones go.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn reset_for_new_log(&self, log_id: LogId) -> Result<Applied, Error> {
        self.write_cache(|tx| apply::reset_for_new_log(tx, log_id))
    }

    /// Empties the write-ahead log, so that nothing of what was deleted is left in a file. Waits for
    /// reads to end; none can begin meanwhile.
    ///
    /// # Errors
    ///
    /// Those of any write. Call again after an error: the acknowledgement must wait.
    pub fn finish_eviction(&self) -> Result<(), Error> {
        #[cfg(feature = "simulation")]
        self.disk_takes_it()?;
        let mut writer = lock(&self.writer);
        let writer = writer.connection()?;
        let reader = self.reader.as_ref().map(lock);
        for connection in std::iter::once(&*writer).chain(reader.as_deref()) {
            // The pages that a connection keeps in memory may hold what was deleted.
            connection.execute_batch("PRAGMA shrink_memory").map_err(cache_error)?;
        }
        database::checkpoint(writer, Which::Cache)
    }

    /// Digest over the open and snoozed heads.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn digest(&self) -> Result<LocalDigest, Error> {
        self.read_cache(|cache| local_digest(cache).map_err(cache_error))
    }

    /// Open and snoozed conversations of which the server should be asked for parts, the newest first.
    /// One that is longer than an answer holds is wanted once; older parts are read on demand.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn wanted_bodies(&self, limit: u32) -> Result<Vec<ConversationId>, Error> {
        self.read_cache(|cache| wanted(cache, limit).map_err(cache_error))
    }

    /// Does what can wait until nobody else wants to write, a step at a time: indexes up to `limit`
    /// messages for search, the newest first, in one transaction; where none waits any more, or after
    /// some such steps, merges a piece of the index; and where that is done as well, moves a long
    /// write-ahead log into the file. 4,000 is a good limit: a step ends earlier by the length of its
    /// texts, so that a change that comes meanwhile does not wait long.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn index_pending(&self, limit: u32) -> Result<IndexProgress, Error> {
        let merge_first = self.unmerged_steps.load(Ordering::Relaxed) >= STEPS_UNMERGED;
        let progress = self.write_cache(|tx| {
            let merged = merge_first && search::merge_a_little(tx)?;
            let indexed = if merged { 0 } else { search::index_pending(tx, limit)? };
            let more = merged || indexed > 0 || search::merge_a_little(tx)?;
            Ok(IndexProgress { indexed, more })
        })?;
        if progress.indexed > 0 && !merge_first {
            self.unmerged_steps.fetch_add(1, Ordering::Relaxed);
        } else {
            self.unmerged_steps.store(0, Ordering::Relaxed);
        }
        if !progress.more {
            let mut writer = lock(&self.writer);
            database::shorten_log(writer.connection()?).map_err(cache_error)?;
        }
        Ok(progress)
    }

    /// How far a first load is. Cheap enough to be asked after each of its pages.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn fill_progress(&self) -> Result<FillProgress, Error> {
        self.read_cache(|cache| fill_progress(cache).map_err(cache_error))
    }

    /// How much the cache holds. Counts rows, so it is not for every key press.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn cache_stats(&self) -> Result<CacheStats, Error> {
        let mut stats = self.read_cache(|cache| stats(cache).map_err(cache_error))?;
        if let Some(path) = &self.cache_path {
            let mut log = path.clone().into_os_string();
            log.push("-wal");
            let size =
                |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
            stats.file_bytes = size(path) + size(log.as_ref());
        }
        Ok(stats)
    }
}

fn local_digest(cache: &Connection) -> rusqlite::Result<LocalDigest> {
    let meta = meta::load(cache)?;
    let pairs: Vec<(ConversationId, u64)> = cache
        .prepare_cached(
            "SELECT id, version FROM conversations INDEXED BY conversations_active \
             WHERE state <> 'closed' AND state <> 'unknown'",
        )?
        .query_map([], |row| Ok((id(row, 0)?, unsigned(row, 1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let count = u64::try_from(pairs.len()).unwrap_or(u64::MAX);
    Ok(LocalDigest { cursor: meta.cursor, epoch: meta.epoch, count, digest: digest(pairs) })
}

/// What makes a conversation wanted: parts are missing, and an answer has not brought what one answer
/// holds, or the newest have been missed since. The index's own condition, word for word.
macro_rules! wanted {
    () => {
        "FROM conversations INDEXED BY conversations_wanted \
         WHERE state <> 'closed' AND complete_from_seq > 1 \
         AND (fetched = 0 OR complete_from_seq > part_count)"
    };
}

const WANTED: &str = concat!("SELECT id ", wanted!(), " ORDER BY last_part_at DESC, id LIMIT ?1");

fn wanted(cache: &Connection, limit: u32) -> rusqlite::Result<Vec<ConversationId>> {
    cache.prepare_cached(WANTED)?.query_map([limit], |row| id(row, 0))?.collect()
}

fn fill_progress(cache: &Connection) -> rusqlite::Result<FillProgress> {
    let count = |sql: &str| -> rusqlite::Result<u64> {
        cache.prepare_cached(sql)?.query_row([], |row| unsigned(row, 0))
    };
    let active_heads =
        count("SELECT IFNULL(SUM(count), 0) FROM counts WHERE state IN ('open', 'snoozed')")?;
    let wanted = count(concat!("SELECT COUNT(*) ", wanted!()))?;
    Ok(FillProgress { active_heads, bodies: active_heads.saturating_sub(wanted) })
}

fn stats(cache: &Connection) -> rusqlite::Result<CacheStats> {
    let count = |sql: &str| -> rusqlite::Result<u64> {
        cache.prepare_cached(sql)?.query_row([], |row| unsigned(row, 0))
    };
    let FillProgress { active_heads, bodies } = fill_progress(cache)?;
    Ok(CacheStats {
        heads: count("SELECT COUNT(*) FROM conversations")?,
        active_heads,
        bodies,
        parts: count("SELECT COUNT(*) FROM parts")?,
        contacts: count("SELECT COUNT(*) FROM contacts")?,
        pending_search: search::pending_count(cache)?,
        file_bytes: 0,
    })
}
