//! One conversation: its newest parts, what waits for it, and what may be done.

use std::cmp::Reverse;

use recado_protocol::host::{
    ConversationView, Delivery, DeniedAction, EarlierConversation, OpenRequest, PartView,
    PartsPage, PartsRequest,
};
use recado_protocol::policy::{Decision, Denial, decide};
use recado_protocol::{
    Action, Author, AuthorType, Command, ConversationHead, Part, PartId, PartType, Priority,
    Timestamp,
};
use rusqlite::params;

use super::snapshot::{Snapshot, laid};
use crate::cache::rows::{HEAD_COLUMNS, HeadRow};
use crate::cache::{conversations, directory, parts};
use crate::outbox::entry::{Entry, Standing};
use crate::overlay::{self, Laid};
use crate::sql::blob;

/// How many parts one answer holds at most.
const MAX_PARTS: u32 = 200;
/// How many other conversations of the customer are named.
const MAX_EARLIER: u32 = 10;

/// The drafts of a conversation.
#[derive(Debug, Default)]
pub(crate) struct KeptDrafts {
    pub(crate) reply: Option<String>,
    pub(crate) note: Option<String>,
}

impl Snapshot<'_> {
    /// A conversation; absent if it is not in the cache.
    pub(crate) fn conversation(
        &self,
        request: &OpenRequest,
        drafts: KeptDrafts,
    ) -> rusqlite::Result<Option<ConversationView>> {
        let Some(cached) = conversations::row(self.cache, request.conversation_id)? else {
            return Ok(None);
        };
        let key = cached.key;
        let part_count = cached.head.part_count;
        let untouched = laid(&cached);
        let laid = self.see(cached);
        // Parts above the head's count cannot be; asking from above it anyway costs nothing.
        let page = self.page(key, &laid.head, u32::MAX, request.limit)?;
        let newest_is_here = page.parts.last().map_or(0, |view| view.part.seq) == part_count;
        let mut views = page.parts;
        views.extend(self.waiting_parts(untouched, part_count));
        Ok(Some(ConversationView {
            contact: directory::contact(self.cache, laid.head.contact_id)?,
            parts: views,
            has_older: page.has_older,
            partial: page.partial || !newest_is_here,
            unread: laid.unread(),
            reply_draft: drafts.reply,
            note_draft: drafts.note,
            earlier: self.earlier(&laid.head)?,
            denied: self.denied(&laid),
            head: laid.head,
        }))
    }

    /// Older parts; an empty page for a conversation that is not here.
    pub(crate) fn parts_before(&self, request: &PartsRequest) -> rusqlite::Result<PartsPage> {
        match conversations::row(self.cache, request.conversation_id)? {
            Some(row) => self.page(row.key, &row.head, request.before_seq, request.limit),
            None => Ok(PartsPage { parts: Vec::new(), has_older: false, partial: true }),
        }
    }

    fn page(
        &self,
        key: i64,
        head: &ConversationHead,
        before_seq: u32,
        limit: u32,
    ) -> rusqlite::Result<PartsPage> {
        let limit = limit.clamp(1, MAX_PARTS);
        let before_seq = before_seq.min(head.part_count.saturating_add(1));
        let found = parts::newest_before(self.cache, key, head.id, before_seq, limit)?;
        let lowest = found.first().map_or(before_seq, |part| part.seq);
        let joins = found.last().is_none_or(|part| part.seq.saturating_add(1) == before_seq);
        let has_older = lowest > 1;
        let short = found.len() < limit as usize;
        let parts = found.into_iter().map(|part| self.sent(part)).collect();
        Ok(PartsPage { parts, has_older, partial: (has_older && short) || !joins })
    }

    fn sent(&self, part: Part) -> PartView {
        let mine = part.author.admin_id.is_some() && part.author.admin_id == self.me();
        PartView { part, mine, delivery: Delivery::Sent, heard_at: None }
    }

    /// What the agent did that the cache does not show yet, after what it does: each message, and each
    /// change that changes something or was refused.
    fn waiting_parts(&self, cached: Laid, part_count: u32) -> Vec<PartView> {
        let Some(me) = self.me() else { return Vec::new() };
        let id = cached.head.id;
        let mut stands = cached;
        let mut seq = part_count;
        let entries = self.entries.iter().filter(|entry| entry.command.conversation_id == id);
        entries
            .filter_map(|entry| {
                let Command { action, created_at, .. } = &entry.command;
                let before = stands.clone();
                let is_message = action.body_text().is_some();
                let is_shown = match &entry.standing {
                    Standing::Refused { .. } => true,
                    // The server found that it changed nothing.
                    Standing::Applied { part_id: None, .. } if !is_message => false,
                    _ => {
                        stands.lay(action, *created_at, me);
                        is_message || stands != before
                    }
                };
                let part = self.waiting_part(entry, seq.saturating_add(1)).filter(|_| is_shown)?;
                seq = part.seq;
                Some(PartView { part, mine: true, delivery: entry.delivery(), heard_at: None })
            })
            .collect()
    }

    /// What an entry will be once it took effect; nothing for a read mark.
    fn waiting_part(&self, entry: &Entry, seq: u32) -> Option<Part> {
        let command = &entry.command;
        let id = match entry.standing {
            Standing::Applied { part_id: Some(part_id), .. } => part_id,
            // Until the server names it, the part goes by its command's number.
            _ => PartId::from_uuid(command.id.uuid()),
        };
        let author = Author {
            author_type: AuthorType::Admin,
            admin_id: self.me(),
            name: self.meta.me.as_ref().map(|me| me.name.clone()),
        };
        let mut part = Part {
            id,
            conversation_id: command.conversation_id,
            seq,
            part_type: PartType::Unknown,
            author,
            body: String::new(),
            body_text: command.action.body_text().unwrap_or_default().to_owned(),
            rich: false,
            assigned_to_admin_id: None,
            assigned_to_team_id: None,
            snoozed_until: None,
            priority: None,
            tag: None,
            command_id: Some(command.id),
            created_at: command.created_at,
            version: 0,
        };
        part.part_type = match &command.action {
            Action::ConversationReply { .. } => PartType::Comment,
            Action::ConversationNote { .. } => PartType::Note,
            Action::ConversationAssign { admin_assignee_id } => {
                part.assigned_to_admin_id = *admin_assignee_id;
                PartType::Assignment
            }
            Action::ConversationAssignTeam { team_assignee_id } => {
                part.assigned_to_team_id = *team_assignee_id;
                PartType::Assignment
            }
            Action::ConversationClose => PartType::Close,
            Action::ConversationOpen => PartType::Open,
            Action::ConversationSnooze { snoozed_until } => {
                part.snoozed_until = Some(*snoozed_until);
                PartType::Snoozed
            }
            Action::ConversationPrioritize { priority } => {
                part.priority = Some(*priority);
                PartType::PriorityChanged
            }
            Action::ConversationTagAdd { tag } => {
                part.tag = Some(tag.clone());
                PartType::TagAdded
            }
            Action::ConversationTagRemove { tag } => {
                part.tag = Some(tag.clone());
                PartType::TagRemoved
            }
            Action::ConversationMark { .. } => return None,
        };
        Some(part)
    }

    fn earlier(&self, head: &ConversationHead) -> rusqlite::Result<Vec<EarlierConversation>> {
        let mut earlier: Vec<EarlierConversation> = self
            .cache
            .prepare_cached(&format!(
                "SELECT {HEAD_COLUMNS} FROM conversations \
                 INDEXED BY conversations_by_contact WHERE contact_id = ?1 AND id <> ?2 \
                 ORDER BY created_at DESC, id DESC LIMIT ?3"
            ))?
            .query_map(params![blob(head.contact_id), blob(head.id), MAX_EARLIER], HeadRow::read)?
            .map(|row| {
                let Laid { head, .. } = self.see(row?);
                Ok(EarlierConversation {
                    conversation_id: head.id,
                    title: head.title.unwrap_or(head.preview),
                    state: head.state,
                    last_part_at: head.last_part_at,
                })
            })
            .collect::<rusqlite::Result<_>>()?;
        // Which ones is decided by their beginning, because an index of their ends would be written
        // with every message.
        earlier.sort_by_key(|other| Reverse((other.last_part_at, other.conversation_id)));
        Ok(earlier)
    }

    /// What may not be done here, asked of the one policy function.
    fn denied(&self, laid: &Laid) -> Vec<DeniedAction> {
        let facts = laid.head.scope();
        let subject = self.meta.subject();
        every_action()
            .iter()
            .filter_map(|action| {
                let decision = match &subject {
                    Some(subject) => decide(subject, action.permission(), Some(&facts)),
                    None => Decision::Denied(Denial::NotActive),
                };
                match decision {
                    Decision::Allowed => None,
                    Decision::Denied(denial) => {
                        Some(DeniedAction { action: action.name().to_owned(), denial })
                    }
                }
            })
            .collect()
    }

    /// What would take `action` back.
    pub(crate) fn undo_for(
        &self,
        conversation_id: recado_protocol::ConversationId,
        action: &Action,
    ) -> rusqlite::Result<Option<Action>> {
        let row = conversations::row(self.cache, conversation_id)?;
        Ok(row.and_then(|row| overlay::inverse(action, &self.see(row))))
    }
}

/// One of each action, for asking which are denied. What they carry plays no part in that.
fn every_action() -> [Action; 11] {
    [
        Action::ConversationReply { body_text: String::new(), last_seen_seq: 0 },
        Action::ConversationNote { body_text: String::new() },
        Action::ConversationAssign { admin_assignee_id: None },
        Action::ConversationAssignTeam { team_assignee_id: None },
        Action::ConversationClose,
        Action::ConversationOpen,
        Action::ConversationSnooze { snoozed_until: Timestamp::default() },
        Action::ConversationPrioritize { priority: Priority::Priority },
        Action::ConversationTagAdd { tag: String::new() },
        Action::ConversationTagRemove { tag: String::new() },
        Action::ConversationMark { contact_parts_read: 0 },
    ]
}
