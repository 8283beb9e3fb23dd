//! What the UI reads.

use recado_protocol::host::{
    ConversationView, Directory, DraftKind, Drafts, InboxPage, InboxRequest, KeptDraft,
    ListedRequest, MAX_LISTED, OpenRequest, Outbox, OutboxEntry, PartsPage, PartsRequest,
    SearchResults, Sidebar,
};
use recado_protocol::{Action, ConversationHead, ConversationId};
use rusqlite::Connection;

use super::Store;
use crate::cache::{conversations, meta};
use crate::error::Error;
use crate::outbox::drafts;
use crate::outbox::entry::{self, Entry, Listed};
use crate::views::conversation::KeptDrafts;
use crate::views::meanwhile;
use crate::views::snapshot::{Snapshot, cache_error};

impl Store {
    /// Runs `work` on one consistent look at both files.
    fn look<T>(&self, work: impl FnOnce(&Snapshot<'_>) -> rusqlite::Result<T>) -> Result<T, Error> {
        self.read_cache(|cache| {
            let snapshot = Snapshot::take(cache, |read| self.read_outbox(|outbox| read(outbox)))?;
            work(&snapshot).map_err(cache_error)
        })
    }

    /// A page of a list. `partial` says that heads are missing, as always for closed conversations;
    /// the caller clears it where the server was asked.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn inbox_page(&self, request: &InboxRequest) -> Result<InboxPage, Error> {
        self.look(|snapshot| snapshot.inbox_page(request))
    }

    /// The views with their counts.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn sidebar(&self) -> Result<Sidebar, Error> {
        let drafts = self.read_outbox(drafts::count)?;
        self.look(|snapshot| snapshot.sidebar(drafts))
    }

    /// Teammates, teams and tags to choose from.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn directory(&self) -> Result<Directory, Error> {
        self.look(|snapshot| snapshot.directory())
    }

    /// A conversation with its newest parts; absent if its head is not in the cache. `partial` says
    /// that the server has to be asked for parts.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn conversation_view(
        &self,
        request: &OpenRequest,
    ) -> Result<Option<ConversationView>, Error> {
        let id = request.conversation_id;
        self.note_opened(id);
        let kept = self.read_outbox(|outbox| {
            Ok(KeptDrafts {
                reply: drafts::load(outbox, id, DraftKind::Reply)?,
                note: drafts::load(outbox, id, DraftKind::Note)?,
            })
        })?;
        let Some(mut view) = self.look(|snapshot| snapshot.conversation(request, kept))? else {
            return Ok(None);
        };
        self.read_outbox(|outbox| {
            for shown in view.parts.iter_mut().filter(|shown| shown.mine) {
                if let Some(command_id) = shown.part.command_id {
                    shown.heard_at = entry::heard_at(outbox, command_id)?;
                }
            }
            Ok(())
        })?;
        Ok(Some(view))
    }

    /// Older parts, without a gap up to the asked-for one. `partial` says that the server has to be
    /// asked for more.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn parts_before(&self, request: &PartsRequest) -> Result<PartsPage, Error> {
        self.look(|snapshot| snapshot.parts_before(request))
    }

    /// A part of what waits or was refused. Read marks are left out.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn outbox_page(&self, request: ListedRequest) -> Result<Outbox, Error> {
        let ListedRequest { skip, limit } = request;
        self.read_cache(|cache| {
            let limit = limit.min(MAX_LISTED);
            let listed = self.read_outbox(|outbox| entry::listed(outbox, skip, limit))?;
            let Listed { entries, refused, waiting } = listed;
            Ok(Outbox { entries: shown(cache, entries)?, refused, waiting })
        })
    }

    /// Everything that waits or was refused, the oldest first. Read marks are left out.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn outbox_entries(&self) -> Result<Vec<OutboxEntry>, Error> {
        self.read_cache(|cache| {
            let entries = self.read_outbox(entry::unsettled)?;
            shown(cache, entries.into_iter().filter(|entry| !entry.is_mark()).collect())
        })
    }

    /// A part of the kept drafts, the newest first.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn drafts(&self, request: ListedRequest) -> Result<Drafts, Error> {
        let ListedRequest { skip, limit } = request;
        self.read_cache(|cache| {
            let (count, kept) = self.read_outbox(|outbox| {
                Ok((drafts::count(outbox)?, drafts::some(outbox, skip, limit.min(MAX_LISTED))?))
            })?;
            let drafts = kept
                .into_iter()
                .map(|(draft, updated_at)| {
                    let row = row(cache, draft.conversation_id)?;
                    let reachable = row.is_some();
                    let contact_name = row.and_then(|row| row.contact_name);
                    Ok(KeptDraft { draft, contact_name, reachable, updated_at })
                })
                .collect::<Result<_, Error>>()?;
            Ok(Drafts { drafts, count })
        })
    }

    /// Searches the cache, the newest first. `complete` is always false: what the cache does not hold
    /// is only on the server.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn search(&self, query: &str, limit: u32) -> Result<SearchResults, Error> {
        self.look(|snapshot| snapshot.search(query, limit))
    }

    /// What would take `action` back, as things stand now; to be asked before [`Store::enqueue`].
    /// Absent for messages, for what changes nothing, and for a conversation that is not here.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn undo_for(
        &self,
        conversation_id: ConversationId,
        action: &Action,
    ) -> Result<Option<Action>, Error> {
        self.look(|snapshot| snapshot.undo_for(conversation_id, action))
    }

    /// A head with the outbox laid over it; absent if it is not in the cache.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn head(&self, conversation_id: ConversationId) -> Result<Option<ConversationHead>, Error> {
        self.look(|snapshot| {
            let row = conversations::row(snapshot.cache, conversation_id)?;
            Ok(row.map(|row| snapshot.see(row).head))
        })
    }
}

/// Entries with what the cache knows of their conversations.
fn shown(cache: &Connection, entries: Vec<Entry>) -> Result<Vec<OutboxEntry>, Error> {
    let me = meta::load(cache).map_err(cache_error)?.me.map(|me| me.id);
    let with_cache = |entry: Entry| {
        let row = row(cache, entry.command.conversation_id)?;
        let meanwhile = match &row {
            Some(row) => meanwhile::since(cache, row, &entry.command, me).map_err(cache_error)?,
            None => None,
        };
        let (contact_name, title) =
            row.map(|row| (row.contact_name, row.head.title)).unwrap_or_default();
        Ok(OutboxEntry { title, meanwhile, ..entry.shown(contact_name) })
    };
    entries.into_iter().map(with_cache).collect()
}

fn row(
    cache: &Connection,
    conversation_id: ConversationId,
) -> Result<Option<crate::cache::rows::HeadRow>, Error> {
    conversations::row(cache, conversation_id).map_err(cache_error)
}
