//! One consistent look at both files.
//!
//! The cache is read first, the outbox after it. An entry can only have moved on in between, from
//! waiting to applied, and then says with which version; compared with the cursor of the look at the
//! cache that still tells exactly whether the cache shows it. The other order could show an effect
//! twice or not at all.

use std::collections::{HashMap, HashSet};

use recado_protocol::host::InboxRow;
use recado_protocol::{
    Action, ConversationId, ConversationState, TeammateId, Timestamp, Visibility,
};
use rusqlite::Connection;

use crate::cache::rows::HeadRow;
use crate::cache::{conversations, meta, parts};
use crate::error::{Error, Which};
use crate::meta::Meta;
use crate::outbox::drafts;
use crate::outbox::entry::{self, Entry, Standing};
use crate::overlay::{self, Laid, Reached};

/// A cached conversation under its commands.
#[derive(Debug)]
pub(crate) struct Covered {
    /// As the cache has it.
    pub(crate) cached: HeadRow,
    /// As the agent sees it.
    pub(crate) laid: Laid,
}

/// One consistent look at both files.
pub(crate) struct Snapshot<'a> {
    pub(crate) cache: &'a Connection,
    pub(crate) meta: Meta,
    pub(crate) visibility: Option<Visibility>,
    /// What the cache may not show yet, and what was refused, in order.
    pub(crate) entries: Vec<Entry>,
    /// The conversations that commands change, by key.
    pub(crate) covered: HashMap<i64, Covered>,
    drafts: HashSet<ConversationId>,
    marked: HashMap<ConversationId, (bool, bool)>,
}

pub(crate) fn cache_error(error: rusqlite::Error) -> Error {
    Error::sql(Which::Cache, error)
}

impl<'a> Snapshot<'a> {
    /// Looks at both files. `cache` must be inside a transaction; `outbox` is called after the
    /// transaction has seen the cache.
    pub(crate) fn take(
        cache: &'a Connection,
        outbox: impl FnOnce(&mut dyn FnMut(&Connection) -> rusqlite::Result<()>) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let meta = meta::load(cache).map_err(cache_error)?;
        let mut entries = Vec::new();
        let mut with_draft = HashSet::new();
        outbox(&mut |connection| {
            entries = entry::to_lay(connection, meta.log_id, meta.complete_up_to())?;
            with_draft = drafts::conversations(connection)?;
            Ok(())
        })?;
        let visibility = meta.subject().map(|subject| subject.visibility);
        let mut snapshot = Self {
            cache,
            meta,
            visibility,
            entries,
            covered: HashMap::new(),
            drafts: with_draft,
            marked: HashMap::new(),
        };
        snapshot.lay().map_err(cache_error)?;
        Ok(snapshot)
    }

    pub(crate) fn me(&self) -> Option<TeammateId> {
        self.meta.me.as_ref().map(|me| me.id)
    }

    fn lay(&mut self) -> rusqlite::Result<()> {
        let Some(me) = self.me() else { return Ok(()) };
        let mut rows: HashMap<ConversationId, Option<Covered>> = HashMap::new();
        let mut missing = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let id = entry.command.conversation_id;
            let covered = match rows.entry(id) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => {
                    let covered = match conversations::row(self.cache, id)? {
                        None => None,
                        Some(cached) => {
                            let unanswered_since = self.unanswered_since(&cached)?;
                            let laid = Laid { unanswered_since, ..laid(&cached) };
                            Some(Covered { cached, laid })
                        }
                    };
                    new.insert(covered)
                }
            };
            let is_missing = match covered {
                None => !matches!(entry.standing, Standing::Applied { .. }),
                Some(covered) => {
                    let reached = self.reached(entry, &covered.cached)?;
                    let is_missing = overlay::is_missing(entry, &reached);
                    if is_missing {
                        let command = &entry.command;
                        covered.laid.lay(&command.action, command.created_at, me);
                    }
                    is_missing || matches!(entry.standing, Standing::Refused { .. })
                }
            };
            missing.push(is_missing);
        }
        let mut missing = missing.into_iter();
        self.entries.retain(|_| missing.next().unwrap_or(true));
        for entry in self.entries.iter().filter(|entry| !entry.is_mark()) {
            let marks = self.marked.entry(entry.command.conversation_id).or_default();
            match entry.standing {
                Standing::Queued | Standing::Sending => marks.0 = true,
                Standing::Refused { .. } => marks.1 = true,
                Standing::Applied { .. } => {}
            }
        }
        self.covered = rows
            .into_values()
            .flatten()
            .filter(|covered| covered.laid != laid(&covered.cached))
            .map(|covered| (covered.cached.key, covered))
            .collect();
        Ok(())
    }

    /// A closed head does not say since when the customer goes unanswered; where a command reopens it,
    /// its parts do.
    fn unanswered_since(&self, cached: &HeadRow) -> rusqlite::Result<Option<Timestamp>> {
        let reopens = |entry: &Entry| {
            entry.command.conversation_id == cached.head.id
                && entry.command.action == Action::ConversationOpen
        };
        let closed = cached.head.state == ConversationState::Closed;
        if closed && self.entries.iter().any(reopens) {
            return parts::unanswered_since(self.cache, cached.key);
        }
        Ok(cached.head.waiting_since)
    }

    /// What the cache says about an entry's effect.
    fn reached(&self, entry: &Entry, cached: &HeadRow) -> rusqlite::Result<Reached> {
        let (version, has_part) = if entry.is_mark() {
            let mark = conversations::read_mark(self.cache, cached.head.id)?;
            (mark.map_or(0, |mark| mark.version), false)
        } else {
            let has_part = parts::has_command(self.cache, cached.key, entry.command.id)?;
            (cached.head.version, has_part)
        };
        let cursor = self.meta.complete_up_to();
        Ok(Reached { log_id: self.meta.log_id, cursor, version, has_part })
    }

    /// The row as the agent sees it.
    pub(crate) fn see(&self, cached: HeadRow) -> Laid {
        match self.covered.get(&cached.key) {
            Some(covered) => covered.laid.clone(),
            None => laid(&cached),
        }
    }

    /// Whether the agent may still see a conversation that the outbox has moved.
    pub(crate) fn is_visible(&self, laid: &Laid) -> bool {
        self.visibility.as_ref().is_none_or(|visibility| visibility.matches(&laid.head.scope()))
    }

    /// The row of a list.
    pub(crate) fn inbox_row(&self, contact_name: Option<String>, laid: Laid) -> InboxRow {
        let (queued, refused) = self.marked.get(&laid.head.id).copied().unwrap_or_default();
        InboxRow {
            contact_name,
            unread: laid.unread(),
            preview_is_mine: laid.preview_admin_id.is_some() && laid.preview_admin_id == self.me(),
            queued,
            refused,
            has_draft: self.drafts.contains(&laid.head.id),
            head: laid.head,
        }
    }
}

/// A cached row before anything is laid over it.
pub(crate) fn laid(cached: &HeadRow) -> Laid {
    Laid {
        head: cached.head.clone(),
        contact_parts_read: cached.head.contact_part_count.saturating_sub(cached.unread),
        unanswered_since: cached.head.waiting_since,
        preview_admin_id: cached.preview_admin_id,
    }
}
