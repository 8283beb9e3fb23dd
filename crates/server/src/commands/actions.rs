//! What each action does to a conversation that its author may act on.

use recado_protocol::{
    Action, Author, AuthorType, ConversationState, Part, PartId, PartType, Planted, Priority,
    ReadMark, TeamId, TeammateId, TeammateState, Timestamp, is_planted,
};
use serde_json::{Value as Json, json};

use super::{Applied, Attempt, MAX_TAGS, Refusal, tag_name};
use crate::conversation::{ConversationChange, Message};
use crate::ids::Ids;
use crate::storage::audit::AuditResult;
use crate::storage::change_log::{EntryKind, LogWriter, NewEntry};
use crate::storage::conversation::StoredConversation;
use crate::storage::visibility::Viewer;
use crate::storage::{DbError, Tx, part, read_mark, team, teammate};

/// The longest snooze, in seconds: ten years.
const MAX_SNOOZE_S: i64 = 10 * 366 * 24 * 3600;

type Outcome = Result<Result<Applied, Refusal>, DbError>;

/// Applies the action. What changes nothing is applied without a trace.
pub(super) async fn apply(
    attempt: &Attempt,
    tx: &mut Tx,
    log: &mut LogWriter,
    viewer: &Viewer,
    ids: &mut Ids,
    stored: StoredConversation,
) -> Outcome {
    let author = Author {
        author_type: AuthorType::Admin,
        admin_id: Some(attempt.author.teammate_id),
        name: Some(viewer.name.clone()),
    };
    let run = Run { attempt, tx, log, ids, author };
    match &attempt.command.action {
        Action::ConversationReply { last_seen_seq, .. } => run.reply(stored, *last_seen_seq).await,
        Action::ConversationNote { .. } => run.note(stored).await,
        Action::ConversationAssign { admin_assignee_id } => {
            run.assign(stored, *admin_assignee_id).await
        }
        Action::ConversationAssignTeam { team_assignee_id } => {
            run.assign_team(stored, *team_assignee_id).await
        }
        Action::ConversationClose => run.close(stored).await,
        Action::ConversationOpen => run.open(stored).await,
        Action::ConversationSnooze { snoozed_until } => run.snooze(stored, *snoozed_until).await,
        Action::ConversationPrioritize { priority: Priority::Unknown } => {
            Ok(Err(Refusal::invalid("There is no such priority.")))
        }
        Action::ConversationPrioritize { priority } => run.prioritize(stored, *priority).await,
        Action::ConversationTagAdd { tag } => run.add_tag(stored, tag).await,
        Action::ConversationTagRemove { tag } => run.remove_tag(stored, tag).await,
        Action::ConversationMark { contact_parts_read } => {
            run.mark(stored, *contact_parts_read).await
        }
    }
}

struct Run<'a> {
    attempt: &'a Attempt,
    tx: &'a mut Tx,
    log: &'a mut LogWriter,
    ids: &'a mut Ids,
    author: Author,
}

impl Run<'_> {
    async fn reply(mut self, stored: StoredConversation, last_seen_seq: u32) -> Outcome {
        let mut change = ConversationChange::of(stored);
        let part_id = match self.message(&mut change, PartType::Comment) {
            Ok(part_id) => part_id,
            Err(refusal) => return Ok(Err(refusal)),
        };
        change.deliver_newest();
        change.head.waiting_since = None;
        let mark = ReadMark {
            conversation_id: change.head.id,
            contact_parts_read: change.head.contact_part_count,
            version: self.log.next(),
        };
        // The entry of the conversation carries the author's mark along.
        read_mark::set(self.tx, self.attempt.author, &mark).await?;
        self.store(change, Some(part_id), json!({ "last_seen_seq": last_seen_seq })).await
    }

    async fn note(mut self, stored: StoredConversation) -> Outcome {
        let mut change = ConversationChange::of(stored);
        match self.message(&mut change, PartType::Note) {
            Ok(part_id) if is_planted(Planted::NoteDelivered) => {
                change.deliver_newest();
                self.store(change, Some(part_id), json!({})).await
            }
            Ok(part_id) => self.store(change, Some(part_id), json!({})).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn message(
        &mut self,
        change: &mut ConversationChange,
        part_type: PartType,
    ) -> Result<PartId, Refusal> {
        let body = match &self.attempt.body {
            Some(Ok(body)) => body,
            Some(Err(refusal)) => return Err(refusal.clone()),
            None => return Err(Refusal::invalid("The message is empty; write something first.")),
        };
        let message = Message {
            part_type,
            author: self.author.clone(),
            body,
            command_id: Some(self.attempt.command.id),
            at: self.attempt.now,
        };
        Ok(change.message(self.ids, message))
    }

    async fn assign(mut self, stored: StoredConversation, to: Option<TeammateId>) -> Outcome {
        let from = stored.head.admin_assignee_id;
        if from == to {
            return unchanged(&stored);
        }
        if let Some(id) = to {
            let found = teammate::find(self.tx, self.log.workspace_id(), id).await?;
            let assignable = found.is_some_and(|teammate| {
                matches!(teammate.state, TeammateState::Active | TeammateState::Invited)
            });
            if !assignable {
                let message = "There is no such teammate to assign to; choose another one.";
                return Ok(Err(Refusal::invalid(message)));
            }
        }
        let mut change = ConversationChange::of(stored);
        if from.is_none() || !is_planted(Planted::FirstAssignmentStays) {
            change.head.admin_assignee_id = to;
        }
        let part = self.event(&mut change, PartType::Assignment);
        part.assigned_to_admin_id = to;
        let part_id = part.id;
        self.store(change, Some(part_id), json!({ "from": from, "to": to })).await
    }

    async fn assign_team(mut self, stored: StoredConversation, to: Option<TeamId>) -> Outcome {
        let from = stored.head.team_assignee_id;
        if from == to {
            return unchanged(&stored);
        }
        if let Some(id) = to
            && !team::exists(self.tx, self.log.workspace_id(), id).await?
        {
            let message = "There is no such team to assign to; choose another one.";
            return Ok(Err(Refusal::invalid(message)));
        }
        let mut change = ConversationChange::of(stored);
        change.head.team_assignee_id = to;
        let part = self.event(&mut change, PartType::Assignment);
        part.assigned_to_team_id = to;
        let part_id = part.id;
        self.store(change, Some(part_id), json!({ "from": from, "to": to })).await
    }

    async fn close(mut self, stored: StoredConversation) -> Outcome {
        if stored.head.state == ConversationState::Closed {
            return unchanged(&stored);
        }
        let mut change = ConversationChange::of(stored);
        change.head.state = ConversationState::Closed;
        change.head.snoozed_until = None;
        // Nobody waits for an answer in what is done; a message after this starts the wait anew.
        change.head.waiting_since = None;
        let part_id = self.event(&mut change, PartType::Close).id;
        self.store(change, Some(part_id), json!({})).await
    }

    async fn open(mut self, stored: StoredConversation) -> Outcome {
        let was = stored.head.state;
        if was == ConversationState::Open {
            return unchanged(&stored);
        }
        let mut change = ConversationChange::of(stored);
        change.head.state = ConversationState::Open;
        change.head.snoozed_until = None;
        if was == ConversationState::Closed {
            // Undoes what closing did, so that closing by mistake costs the customer no place in the line.
            let id = change.head.id;
            change.head.waiting_since =
                part::waiting_since(self.tx, self.log.workspace_id(), id).await?;
        }
        let part_id = self.event(&mut change, PartType::Open).id;
        self.store(change, Some(part_id), json!({})).await
    }

    async fn snooze(mut self, stored: StoredConversation, until: Timestamp) -> Outcome {
        let head = &stored.head;
        if head.state == ConversationState::Snoozed && head.snoozed_until == Some(until) {
            return unchanged(&stored);
        }
        let now = self.attempt.now;
        if until <= now || until > now.plus_seconds(MAX_SNOOZE_S) {
            let message = "A snooze ends in the future, within ten years; choose another time.";
            return Ok(Err(Refusal::invalid(message)));
        }
        let mut change = ConversationChange::of(stored);
        change.head.state = ConversationState::Snoozed;
        change.head.snoozed_until = Some(until);
        let part = self.event(&mut change, PartType::Snoozed);
        part.snoozed_until = Some(until);
        let part_id = part.id;
        self.store(change, Some(part_id), json!({ "until": until })).await
    }

    async fn prioritize(mut self, stored: StoredConversation, priority: Priority) -> Outcome {
        if stored.head.priority == priority {
            return unchanged(&stored);
        }
        let mut change = ConversationChange::of(stored);
        change.head.priority = priority;
        let part = self.event(&mut change, PartType::PriorityChanged);
        part.priority = Some(priority);
        let part_id = part.id;
        self.store(change, Some(part_id), json!({ "to": priority })).await
    }

    async fn add_tag(mut self, stored: StoredConversation, tag: &str) -> Outcome {
        let tag = match tag_name(tag) {
            Ok(tag) => tag,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if stored.head.tags.iter().any(|present| present == tag) {
            return unchanged(&stored);
        }
        if stored.head.tags.len() >= MAX_TAGS {
            let message = "The conversation has 100 tags; remove one first.";
            return Ok(Err(Refusal::invalid(message)));
        }
        let mut change = ConversationChange::of(stored);
        change.add_tag(tag);
        let part = self.event(&mut change, PartType::TagAdded);
        part.tag = Some(tag.to_owned());
        let part_id = part.id;
        self.store(change, Some(part_id), json!({ "tag": tag })).await
    }

    async fn remove_tag(mut self, stored: StoredConversation, tag: &str) -> Outcome {
        let tag = match tag_name(tag) {
            Ok(tag) => tag,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !stored.head.tags.iter().any(|present| present == tag) {
            return unchanged(&stored);
        }
        let mut change = ConversationChange::of(stored);
        change.remove_tag(tag);
        let part = self.event(&mut change, PartType::TagRemoved);
        part.tag = Some(tag.to_owned());
        let part_id = part.id;
        self.store(change, Some(part_id), json!({ "tag": tag })).await
    }

    /// Moves the author's own mark. It is nobody else's business, so the entry is for the author alone and the audit
    /// hears nothing.
    async fn mark(self, stored: StoredConversation, contact_parts_read: u32) -> Outcome {
        let conversation_id = stored.head.id;
        // The author may not have seen the newest message yet; more than there is cannot be read.
        let contact_parts_read = contact_parts_read.min(stored.head.contact_part_count);
        let present = read_mark::on(self.tx, self.attempt.author, &[conversation_id]).await?;
        let (read, version) =
            present.first().map_or((0, 0), |mark| (mark.contact_parts_read, mark.version));
        if read == contact_parts_read {
            return Ok(Ok(Applied { version, part_id: None }));
        }
        let mark = ReadMark { conversation_id, contact_parts_read, version: self.log.next() };
        read_mark::set(self.tx, self.attempt.author, &mark).await?;
        let entry = NewEntry::unscoped(EntryKind::ReadMark, conversation_id.uuid())
            .only_for(self.attempt.author.teammate_id);
        let version = self.log.append(self.tx, &entry, self.attempt.now).await?;
        Ok(Ok(Applied { version, part_id: None }))
    }

    fn event<'c>(
        &mut self,
        change: &'c mut ConversationChange,
        part_type: PartType,
    ) -> &'c mut Part {
        let command_id = Some(self.attempt.command.id);
        change.event(self.ids, part_type, self.author.clone(), command_id, self.attempt.now)
    }

    async fn store(
        self,
        change: ConversationChange,
        part_id: Option<PartId>,
        mut detail: Json,
    ) -> Outcome {
        let version = change.store(self.tx, self.log, self.attempt.now).await?;
        if let Json::Object(detail) = &mut detail {
            detail.insert("command_id".to_owned(), json!(self.attempt.command.id));
            detail.insert("part_id".to_owned(), json!(part_id));
        }
        self.attempt.audit(self.tx, self.ids, AuditResult::Done, detail).await?;
        Ok(Ok(Applied { version, part_id }))
    }
}

/// It is so already: applied at the version that the conversation has.
fn unchanged(stored: &StoredConversation) -> Outcome {
    Ok(Ok(Applied { version: stored.head.version, part_id: None }))
}
