//! One answer of the server, one transaction.

use std::collections::HashSet;

use recado_protocol::conversation::ReadMark;
use recado_protocol::sync::{
    Bootstrap, Change, ConversationDelta, ConversationPage, HeadPage, SyncPage,
};
use recado_protocol::workspace::OwnAccess;
use recado_protocol::{
    AuthorType, Contact, ConversationHead, ConversationId, ConversationState, LogId, Part,
    PartType, Permission, Planted, REVISION, is_planted,
};
use rusqlite::Connection;

use super::conversations::Stored;
use super::directory::{self, Orphans};
use super::{conversations, evict, meta, visibility};
use crate::batch::{Applied, CacheBatch, Dropped, NewMessage, Source};
use crate::meta::{ClosedCheck, HeadsProgress, Meta};
use crate::sql::{blob, id};

/// A transaction's state: where the cache stands and what has changed so far.
struct Step<'a> {
    connection: &'a Connection,
    meta: Meta,
    applied: Applied,
    changed: HashSet<ConversationId>,
}

/// Stores a batch. Runs inside the caller's transaction.
pub(crate) fn batch(connection: &Connection, batch: CacheBatch) -> rusqlite::Result<Applied> {
    let mut step = Step::begin(connection)?;
    match batch.source {
        Source::Sync(page) => step.sync(&page)?,
        Source::Bootstrap(bootstrap) => step.bootstrap(*bootstrap)?,
        Source::Heads(page) => step.heads(&page)?,
        Source::Conversations(page) => step.conversations(&page, true)?,
        Source::OlderParts(page) => step.conversations(&page, false)?,
    }
    // Even an answer that is of no use any more shows that the server was there.
    if batch.contact_at.is_some() {
        step.meta.last_contact_at = batch.contact_at;
        // The count begins anew with the answer.
        step.meta.clock_seen = None;
    }
    if let (None, Some(heads)) = (step.applied.dropped, batch.heads) {
        step.meta.heads = heads;
    }
    step.finish()
}

/// Drops what a complete listing did not name. Only with that is the listing complete.
pub(crate) fn reconcile(
    connection: &Connection,
    listed: &HashSet<ConversationId>,
    states: &[ConversationState],
    as_of: u64,
) -> rusqlite::Result<Applied> {
    let mut step = Step::begin(connection)?;
    let keys = evict::unlisted(connection, listed, states, as_of)?;
    step.evict(&keys)?;
    // Also where nothing else leaves: a page may have taken a conversation of a lost log before.
    step.drop_orphans()?;
    if matches!(step.meta.heads, HeadsProgress::Listing { .. }) {
        step.meta.heads = HeadsProgress::Complete;
    }
    step.finish()
}

/// Drops named conversations that have not changed after `as_of`.
pub(crate) fn forget(
    connection: &Connection,
    ids: &[ConversationId],
    as_of: u64,
) -> rusqlite::Result<Applied> {
    let mut step = Step::begin(connection)?;
    let keys = evict::keys_of(connection, ids, as_of)?;
    step.evict_with_contacts(&keys)?;
    step.finish()
}

/// Drops conversations that are no longer kept here although they may be seen.
pub(crate) fn make_room(connection: &Connection, keys: &[i64]) -> rusqlite::Result<Applied> {
    let mut step = Step::begin(connection)?;
    step.evict_with_contacts(keys)?;
    step.finish()
}

/// Prepares for another change log.
pub(crate) fn reset_for_new_log(
    connection: &Connection,
    log_id: LogId,
) -> rusqlite::Result<Applied> {
    let mut step = Step::begin(connection)?;
    step.reset(log_id)?;
    step.finish()
}

impl<'a> Step<'a> {
    fn begin(connection: &'a Connection) -> rusqlite::Result<Self> {
        let meta = meta::load(connection)?;
        Ok(Self { connection, meta, applied: Applied::default(), changed: HashSet::new() })
    }

    fn finish(mut self) -> rusqlite::Result<Applied> {
        meta::save(self.connection, &self.meta)?;
        let left: HashSet<_> = self.applied.left.iter().map(|left| left.conversation_id).collect();
        let changed = &self.changed;
        let gone = |id: &ConversationId| left.contains(id) && !changed.contains(id);
        self.applied.conversations.retain(|id| !gone(id));
        self.applied.left.retain(|left| !changed.contains(&left.conversation_id));
        self.applied.new_messages.retain(|message| !gone(&message.conversation_id));
        self.applied.newly_mine.retain(|id| !gone(id));
        self.applied.evicted |= !left.is_empty();
        self.applied.cursor = self.meta.cursor;
        self.applied.epoch = self.meta.epoch;
        Ok(self.applied)
    }

    /// Whether a page may be used at all.
    fn refuses(&mut self, log_id: LogId, epoch: u64) -> bool {
        self.applied.dropped = match self.meta.log_id {
            None => Some(Dropped::NotBootstrapped),
            Some(own) if own != log_id => Some(Dropped::OtherLog),
            Some(_) if epoch < self.meta.epoch && !is_planted(Planted::EpochIgnored) => {
                Some(Dropped::OldEpoch)
            }
            Some(_) => None,
        };
        self.applied.dropped.is_some()
    }

    fn sync(&mut self, page: &SyncPage) -> rusqlite::Result<()> {
        if self.refuses(page.log_id, page.epoch) {
            return Ok(());
        }
        if page.after > self.meta.cursor && !is_planted(Planted::GapIgnored) {
            self.applied.dropped = Some(Dropped::Gap);
            return Ok(());
        }
        // What the cursor has passed is here; the same page again has nothing to add.
        if page.cursor <= self.meta.cursor {
            return Ok(());
        }
        for change in &page.changes {
            self.change(change)?;
        }
        self.meta.cursor = page.cursor;
        Ok(())
    }

    fn change(&mut self, change: &Change) -> rusqlite::Result<()> {
        match change {
            Change::Access { access } => self.access(access),
            Change::ConversationEvicted { conversation_id, version } => {
                self.conversation_evicted(*conversation_id, *version)
            }
            Change::ContactEvicted { contact_id, .. } => {
                self.applied.evicted |= evict::contact(self.connection, *contact_id)?;
                Ok(())
            }
            Change::Workspace { workspace } => {
                let known = self.meta.workspace.as_ref().map(|workspace| workspace.version);
                if known.is_none_or(|known| workspace.version > known) {
                    self.meta.workspace = Some(workspace.clone());
                    self.applied.directory_changed = true;
                }
                Ok(())
            }
            Change::Teammate { teammate } => {
                if directory::put_teammate(self.connection, teammate)? {
                    self.applied.directory_changed = true;
                    if let Some(me) = self.meta.me.as_mut().filter(|me| me.id == teammate.id) {
                        *me = teammate.clone();
                    }
                }
                Ok(())
            }
            Change::Team { team } => {
                self.applied.directory_changed |= directory::put_team(self.connection, team)?;
                Ok(())
            }
            Change::Contact { contact } => self.contact(contact),
            Change::Conversation { conversation } => {
                let stored = self.store(&conversation.head, &conversation.parts, false)?;
                self.notices(conversation, &stored)
            }
            Change::ReadMark { read_mark } => self.read_mark(read_mark),
            // A program that knows it fills the cache anew.
            Change::Unknown => Ok(()),
        }
    }

    fn access(&mut self, access: &OwnAccess) -> rusqlite::Result<()> {
        if self.meta.access.is_some() && access.epoch <= self.meta.epoch {
            return Ok(());
        }
        self.set_access(access)?;
        self.meta.heads = HeadsProgress::Needed;
        Ok(())
    }

    /// Takes the access over and evicts what it hides.
    fn set_access(&mut self, access: &OwnAccess) -> rusqlite::Result<()> {
        self.meta.epoch = access.epoch;
        self.meta.access = Some(access.clone());
        self.applied.access_changed = true;
        self.applied.directory_changed = true;
        if is_planted(Planted::AccessNotApplied) {
            return Ok(());
        }
        let Some(subject) = self.meta.subject() else { return Ok(()) };
        let hidden = visibility::hidden(self.connection, &subject.visibility)?;
        self.evict(&hidden)?;
        // Also where no conversation leaves: contacts may have been listed before, or have come ahead of
        // conversations that are hidden by now. Those that are visible come with their conversations.
        self.drop_orphans()
    }

    fn may_list_contacts(&self) -> bool {
        self.meta.access.as_ref().is_some_and(|access| access.role.allows(Permission::ContactList))
    }

    fn evict(&mut self, keys: &[i64]) -> rusqlite::Result<()> {
        let left = evict::conversations(self.connection, keys)?;
        for conversation in &left {
            self.changed.remove(&conversation.conversation_id);
        }
        self.applied.left.extend(left);
        Ok(())
    }

    fn evict_with_contacts(&mut self, keys: &[i64]) -> rusqlite::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        self.evict(keys)?;
        self.drop_orphans()
    }

    /// Drops the contacts of whom no conversation is here. Where every contact may be listed, only those
    /// of whom nothing was told since the cursor began anew.
    fn drop_orphans(&mut self) -> rusqlite::Result<()> {
        let which = if self.may_list_contacts() { Orphans::Untold } else { Orphans::All };
        if !is_planted(Planted::ContactsKept) {
            self.applied.evicted |= directory::remove_orphans(self.connection, which)?;
        }
        Ok(())
    }

    fn conversation_evicted(&mut self, id: ConversationId, version: u64) -> rusqlite::Result<()> {
        conversations::remember_left(self.connection, id, version)?;
        match conversations::key_and_version(self.connection, id)? {
            // A head of that version or a later one came because the conversation is back.
            Some((key, known)) if known < version => self.evict(&[key]),
            _ => Ok(()),
        }
    }

    fn contact(&mut self, contact: &Contact) -> rusqlite::Result<()> {
        if !directory::put_contact(self.connection, contact)? {
            return Ok(());
        }
        let of_contact: Vec<ConversationId> = self
            .connection
            .prepare_cached("SELECT id FROM conversations WHERE contact_id = ?1")?
            .query_map([blob(contact.id)], |row| id(row, 0))?
            .collect::<rusqlite::Result<_>>()?;
        for id in of_contact {
            self.mark_changed(id);
        }
        Ok(())
    }

    fn mark_changed(&mut self, id: ConversationId) {
        if self.changed.insert(id) {
            self.applied.conversations.push(id);
        }
    }

    fn store(
        &mut self,
        head: &ConversationHead,
        parts: &[Part],
        is_fetch: bool,
    ) -> rusqlite::Result<Stored> {
        let me = self.meta.me.as_ref().map(|me| me.id);
        let stored = conversations::store(self.connection, head, parts, is_fetch, me)?;
        if stored.changed {
            self.mark_changed(head.id);
        }
        Ok(stored)
    }

    fn read_mark(&mut self, mark: &ReadMark) -> rusqlite::Result<()> {
        if conversations::put_read_mark(self.connection, mark)? {
            self.mark_changed(mark.conversation_id);
        }
        Ok(())
    }

    /// What the agent may want to be told about.
    fn notices(&mut self, delta: &ConversationDelta, stored: &Stored) -> rusqlite::Result<()> {
        let head = &delta.head;
        let since = self.meta.cursor;
        let new_parts: Vec<_> = stored
            .inserted
            .iter()
            .filter_map(|place| delta.parts.get(*place))
            // A conversation that enters brings its past; that is no news.
            .filter(|part| part.version > since)
            .collect();
        if let Some(me) = self.meta.me.as_ref().map(|me| me.id) {
            let by_somebody_else = new_parts.iter().any(|part| {
                part.part_type == PartType::Assignment
                    && part.assigned_to_admin_id == Some(me)
                    && part.author.admin_id != Some(me)
            });
            let is_new = head.admin_assignee_id == Some(me) && stored.assignee_before != Some(me);
            if is_new && by_somebody_else && !self.applied.newly_mine.contains(&head.id) {
                self.applied.newly_mine.push(head.id);
            }
        }
        for part in new_parts {
            if part.part_type != PartType::Comment || part.author.author_type != AuthorType::Contact
            {
                continue;
            }
            let contact_name = directory::contact_name(self.connection, head.contact_id)?;
            self.applied.new_messages.push(NewMessage {
                conversation_id: head.id,
                part_id: part.id,
                contact_id: head.contact_id,
                contact_name,
                preview: recado_protocol::text::preview(&part.body_text),
                scope: head.scope(),
                state: head.state,
                created_at: part.created_at,
            });
        }
        Ok(())
    }

    /// A page that was not read from the log: its contacts come only with their conversations. What
    /// a head shows of them comes before the heads, so that each is written once.
    fn beside<'h>(
        &mut self,
        contacts: &[Contact],
        marks: &[ReadMark],
        heads: impl Iterator<Item = &'h ConversationHead>,
    ) -> rusqlite::Result<()> {
        let mut coming = HashSet::new();
        for head in heads {
            if !conversations::left_after(self.connection, head)? {
                coming.insert(head.contact_id);
            }
        }
        for contact in contacts {
            if coming.contains(&contact.id)
                || self.may_list_contacts()
                || directory::has_conversation(self.connection, contact.id)?
            {
                self.contact(contact)?;
            }
        }
        for mark in marks {
            self.read_mark(mark)?;
        }
        Ok(())
    }

    fn heads(&mut self, page: &HeadPage) -> rusqlite::Result<()> {
        if self.refuses(page.log_id, page.epoch) {
            return Ok(());
        }
        self.beside(&page.contacts, &page.read_marks, page.heads.iter())?;
        for head in &page.heads {
            self.store(head, &[], false)?;
        }
        Ok(())
    }

    fn conversations(&mut self, page: &ConversationPage, is_fetch: bool) -> rusqlite::Result<()> {
        if self.refuses(page.log_id, page.epoch) {
            return Ok(());
        }
        let heads = page.conversations.iter().map(|delta| &delta.head);
        self.beside(&page.contacts, &page.read_marks, heads)?;
        for delta in &page.conversations {
            self.store(&delta.head, &delta.parts, is_fetch)?;
        }
        Ok(())
    }

    fn bootstrap(&mut self, bootstrap: Bootstrap) -> rusqlite::Result<()> {
        let other_log = self.meta.log_id.is_some_and(|own| own != bootstrap.log_id);
        if bootstrap.access.epoch < self.meta.epoch && !other_log {
            self.applied.dropped = Some(Dropped::OldEpoch);
            return Ok(());
        }
        if self.meta.log_id.is_some() {
            self.meta.closed_check = Some(ClosedCheck::default());
            // What changed about them in the part of the log that is passed over is told with their
            // conversations only.
            directory::forget_contact_versions(self.connection)?;
        }
        // What an older program did not know is missing, and the versions do not say where.
        let older_program = self.meta.log_id.is_some() && self.meta.revision < REVISION;
        if (other_log && !is_planted(Planted::OldLogWins)) || older_program {
            self.reset(bootstrap.log_id)?;
        }
        self.meta.revision = REVISION;
        self.meta.log_id = Some(bootstrap.log_id);
        self.meta.cursor = bootstrap.cursor;
        if self.meta.me.as_ref().is_none_or(|me| me.id != bootstrap.me.id) {
            conversations::set_mine(self.connection, bootstrap.me.id)?;
        }
        self.meta.me = Some(bootstrap.me);
        self.meta.workspace = Some(bootstrap.workspace);
        self.meta.heads = HeadsProgress::Needed;
        self.connection.execute_batch("DELETE FROM teammates; DELETE FROM teams;")?;
        for teammate in &bootstrap.teammates {
            directory::put_teammate(self.connection, teammate)?;
        }
        for team in &bootstrap.teams {
            directory::put_team(self.connection, team)?;
        }
        self.applied.directory_changed = true;
        if self.meta.access.as_ref() == Some(&bootstrap.access) {
            self.meta.epoch = bootstrap.access.epoch;
            return Ok(());
        }
        self.set_access(&bootstrap.access)
    }

    /// Versions of the log before say nothing about the new one: active heads stay for reading until
    /// the new log's come; closed ones, which nobody lists, go, and contacts of whom nothing is here,
    /// who may have come with what was lost.
    fn reset(&mut self, log_id: LogId) -> rusqlite::Result<()> {
        let closed: Vec<i64> = self
            .connection
            .prepare_cached("SELECT conversation_key FROM conversations WHERE state = 'closed'")?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        self.evict(&closed)?;
        self.applied.evicted |= directory::remove_orphans(self.connection, Orphans::All)?;
        conversations::mark_stale(self.connection)?;
        self.connection.execute_batch("DELETE FROM evicted;")?;
        directory::forget_versions(self.connection)?;
        self.meta.log_id = Some(log_id);
        self.meta.cursor = 0;
        self.meta.epoch = 0;
        self.meta.heads = HeadsProgress::Needed;
        Ok(())
    }
}

/// Forgets which conversations left: after a start no page from before can still arrive.
pub(crate) fn forget_left(connection: &Connection) -> rusqlite::Result<()> {
    // Without a condition the table's page is written even if it is empty, and the first write after
    // a start waits for the disk.
    connection.prepare_cached("DELETE FROM evicted WHERE version >= 0")?.execute([])?;
    Ok(())
}
