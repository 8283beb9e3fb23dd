//! What the agent did and the cache does not show yet, laid over it in memory. The rules are those of
//! the server, so that the list looks the same before and after its answer.

use recado_protocol::{
    Action, AuthorType, ConversationHead, ConversationState, Planted, TeammateId, Timestamp,
    is_planted, text,
};

use crate::outbox::entry::{Entry, Standing};

/// A conversation's state as far as commands can change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Laid {
    pub(crate) head: ConversationHead,
    /// How many of the customer's messages count as read.
    pub(crate) contact_parts_read: u32,
    /// Since when the customer's messages go unanswered, whether the conversation is closed or not:
    /// what reopening goes back to.
    pub(crate) unanswered_since: Option<Timestamp>,
    /// The teammate who wrote the newest message, where that is known.
    pub(crate) preview_admin_id: Option<TeammateId>,
}

impl Laid {
    pub(crate) const fn unread(&self) -> u32 {
        self.head.contact_part_count.saturating_sub(self.contact_parts_read)
    }

    /// Applies one command as the server would.
    pub(crate) fn lay(&mut self, action: &Action, created_at: Timestamp, me: TeammateId) {
        let head = &mut self.head;
        match action {
            Action::ConversationReply { body_text, .. } => {
                self.message(body_text, created_at, me, false);
                self.head.waiting_since = None;
                self.unanswered_since = None;
                self.contact_parts_read = self.head.contact_part_count;
            }
            Action::ConversationNote { body_text } => {
                self.message(body_text, created_at, me, true);
            }
            Action::ConversationAssign { admin_assignee_id } => {
                head.admin_assignee_id = *admin_assignee_id;
            }
            Action::ConversationAssignTeam { team_assignee_id } => {
                head.team_assignee_id = *team_assignee_id;
            }
            Action::ConversationClose => {
                head.state = ConversationState::Closed;
                head.snoozed_until = None;
                head.waiting_since = None;
            }
            Action::ConversationOpen => {
                if head.state == ConversationState::Closed {
                    head.waiting_since = self.unanswered_since;
                }
                head.state = ConversationState::Open;
                head.snoozed_until = None;
            }
            Action::ConversationSnooze { snoozed_until } => {
                head.state = ConversationState::Snoozed;
                head.snoozed_until = Some(*snoozed_until);
            }
            Action::ConversationPrioritize { priority } => head.priority = *priority,
            Action::ConversationTagAdd { tag } => {
                let tag = tag.trim();
                if let Err(place) = head.tags.binary_search_by(|known| known.as_str().cmp(tag)) {
                    head.tags.insert(place, tag.to_owned());
                }
            }
            Action::ConversationTagRemove { tag } => {
                let tag = tag.trim();
                head.tags.retain(|known| known != tag);
            }
            Action::ConversationMark { contact_parts_read } => {
                self.contact_parts_read = (*contact_parts_read).min(head.contact_part_count);
            }
        }
    }

    fn message(&mut self, body_text: &str, created_at: Timestamp, me: TeammateId, note: bool) {
        let head = &mut self.head;
        // This machine's clock may be behind; what was written last still stands first.
        head.last_part_at = head.last_part_at.max(created_at);
        head.preview = text::preview(body_text);
        head.preview_author = AuthorType::Admin;
        head.preview_is_note = note;
        self.preview_admin_id = Some(me);
    }
}

/// What the cache says about a command's effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reached {
    pub(crate) log_id: Option<recado_protocol::LogId>,
    pub(crate) cursor: u64,
    /// The stored head's version, or the stored mark's for a read mark.
    pub(crate) version: u64,
    /// Whether a part that the command made is here.
    pub(crate) has_part: bool,
}

/// Whether a command is still to be laid over the cache.
pub(crate) fn is_missing(entry: &Entry, reached: &Reached) -> bool {
    if reached.has_part && !is_planted(Planted::OverlayStays) {
        return false;
    }
    match &entry.standing {
        Standing::Applied { .. } if is_planted(Planted::OverlayEndsEarly) => false,
        Standing::Queued | Standing::Sending => true,
        Standing::Applied { log_id, version, .. } => {
            reached.log_id != Some(*log_id)
                || (*version > reached.cursor && *version > reached.version)
        }
        Standing::Refused { .. } => false,
    }
}

/// What takes `action` back from a conversation that stands like this; nothing where the action
/// changes nothing or cannot be taken back.
pub(crate) fn inverse(action: &Action, before: &Laid) -> Option<Action> {
    let head = &before.head;
    let state_before = || match (head.state, head.snoozed_until) {
        (ConversationState::Closed, _) => Action::ConversationClose,
        (ConversationState::Snoozed, Some(snoozed_until)) => {
            Action::ConversationSnooze { snoozed_until }
        }
        _ => Action::ConversationOpen,
    };
    let inverse = match action {
        Action::ConversationReply { .. } | Action::ConversationNote { .. } => return None,
        Action::ConversationAssign { .. } => {
            Action::ConversationAssign { admin_assignee_id: head.admin_assignee_id }
        }
        Action::ConversationAssignTeam { .. } => {
            Action::ConversationAssignTeam { team_assignee_id: head.team_assignee_id }
        }
        Action::ConversationClose
        | Action::ConversationOpen
        | Action::ConversationSnooze { .. } => state_before(),
        Action::ConversationPrioritize { .. } => {
            Action::ConversationPrioritize { priority: head.priority }
        }
        Action::ConversationTagAdd { tag } => Action::ConversationTagRemove { tag: tag.clone() },
        Action::ConversationTagRemove { tag } => Action::ConversationTagAdd { tag: tag.clone() },
        Action::ConversationMark { .. } => {
            Action::ConversationMark { contact_parts_read: before.contact_parts_read }
        }
    };
    // Only what changes something can be taken back.
    let me = head.admin_assignee_id.unwrap_or_else(|| TeammateId::from_uuid(uuid::Uuid::nil()));
    let mut after = before.clone();
    after.lay(action, head.last_part_at, me);
    (after != *before).then_some(inverse)
}
