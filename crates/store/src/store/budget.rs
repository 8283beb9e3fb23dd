//! How much the cache holds of what the server has as well.

use std::collections::HashSet;

use recado_protocol::{ConversationId, Timestamp};

use super::{Store, lock};
use crate::cache::{apply, evict};
use crate::error::Error;
use crate::outbox::{drafts, entry};
use crate::sql::number;
use crate::views::snapshot::cache_error;

/// How many conversations go in one step.
const STEP: u32 = 50;
/// How many of the conversations that were opened last stay whatever the budget says.
const OPENED_KEPT: usize = 20;

/// How much a cache may hold beyond what is open or put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheBudget {
    /// For how long a closed conversation is kept after its newest part, in seconds.
    pub closed_kept_s: i64,
    /// How large the cache may be, in bytes. When it is larger, closed conversations go, the oldest
    /// first, and no messages are loaded ahead.
    pub max_bytes: u64,
}

impl Default for CacheBudget {
    /// Ninety days; two GiB, which is some five million messages.
    fn default() -> Self {
        Self { closed_kept_s: 90 * 86_400, max_bytes: 2 << 30 }
    }
}

/// The conversations that were opened last.
#[derive(Debug, Default)]
pub(super) struct Opened(Vec<ConversationId>);

impl Opened {
    fn note(&mut self, id: ConversationId) {
        self.0.retain(|known| *known != id);
        self.0.push(id);
        let surplus = self.0.len().saturating_sub(OPENED_KEPT);
        self.0.drain(..surplus);
    }
}

impl Store {
    /// Notes that somebody looks at the conversation.
    pub(super) fn note_opened(&self, id: ConversationId) {
        lock(&self.opened).note(id);
    }

    /// Drops closed conversations that the budget has no room for, a step at a time: the oldest
    /// first, none that somebody has opened lately, and none with a draft or something in the outbox.
    /// Gives those that went; call again while it gives any.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn keep_to_budget(
        &self,
        budget: &CacheBudget,
        now: Timestamp,
    ) -> Result<Vec<ConversationId>, Error> {
        let mut kept: HashSet<ConversationId> = lock(&self.opened).0.iter().copied().collect();
        kept.extend(self.read_outbox(|outbox| {
            let mut ids = drafts::conversations(outbox)?;
            ids.extend(entry::conversations(outbox)?);
            Ok(ids)
        })?);
        let is_full = self.is_full(budget)?;
        let before = match is_full {
            true => Timestamp::from_micros(i64::MAX),
            false => now.plus_seconds(-budget.closed_kept_s),
        };
        let keys = self.read_cache(|cache| {
            evict::closed_before(cache, before, &kept, STEP).map_err(cache_error)
        })?;
        // Without anything to drop there is nothing to write either.
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.write_cache(|tx| {
            let applied = apply::make_room(tx, &keys)?;
            Ok(applied.left.into_iter().map(|left| left.conversation_id).collect())
        })
    }

    /// Whether the cache holds as much as the budget allows, not counting what the file has free.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn is_full(&self, budget: &CacheBudget) -> Result<bool, Error> {
        let used: i64 = self.read_cache(|cache| {
            cache
                .prepare_cached(
                    "SELECT (page_count - freelist_count) * page_size \
                     FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
                )
                .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
                .map_err(cache_error)
        })?;
        Ok(used > number(budget.max_bytes))
    }
}
