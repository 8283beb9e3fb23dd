//! Changing a conversation: the one way in which a head and its parts are written, whoever causes it.

use recado_protocol::text::preview;
use recado_protocol::{
    Author, AuthorType, ChannelId, CommandId, ConversationHead, ConversationId, Part, PartId,
    PartType, Planted, ScopeFacts, Timestamp, is_planted,
};

use crate::core::ChannelPrincipal;
use crate::ids::Ids;
use crate::sanitize::Body;
use crate::storage::change_log::{EntryKind, LogWriter, NewEntry};
use crate::storage::conversation::{SourceRef, StoredConversation};
use crate::storage::search::Document;
use crate::storage::{DbError, Tx, channel, conversation, part, search};

/// The server itself as an author.
pub(crate) const fn server_author() -> Author {
    Author { author_type: AuthorType::Bot, admin_id: None, name: None }
}

/// A message or note to append.
pub(crate) struct Message<'a> {
    pub(crate) part_type: PartType,
    pub(crate) author: Author,
    pub(crate) body: &'a Body,
    pub(crate) command_id: Option<CommandId>,
    pub(crate) at: Timestamp,
}

/// A conversation on its way from one stored state to the next.
pub(crate) struct ConversationChange {
    pub(crate) head: ConversationHead,
    channel_id: Option<ChannelId>,
    before: Option<ScopeFacts>,
    parts: Vec<NewPart>,
    tags_added: Vec<String>,
    tags_removed: Vec<String>,
}

struct NewPart {
    part: Part,
    tokens: Option<String>,
    deliver: bool,
}

impl ConversationChange {
    /// A change of a stored conversation.
    pub(crate) fn of(stored: StoredConversation) -> Self {
        let before = Some(stored.head.scope());
        Self {
            head: stored.head,
            channel_id: stored.channel_id,
            before,
            parts: Vec::new(),
            tags_added: Vec::new(),
            tags_removed: Vec::new(),
        }
    }

    /// A new conversation, without parts yet.
    pub(crate) fn opened(head: ConversationHead, channel_id: Option<ChannelId>) -> Self {
        Self {
            head,
            channel_id,
            before: None,
            parts: Vec::new(),
            tags_added: Vec::new(),
            tags_removed: Vec::new(),
        }
    }

    /// Appends an event, whose particulars the caller fills in.
    pub(crate) fn event(
        &mut self,
        ids: &mut Ids,
        part_type: PartType,
        author: Author,
        command_id: Option<CommandId>,
        at: Timestamp,
    ) -> &mut Part {
        let part = self.next_part(ids, part_type, author, command_id, at);
        let index = self.parts.len();
        self.parts.push(NewPart { part, tokens: None, deliver: false });
        &mut self.parts[index].part
    }

    /// Appends a message or note, and makes it the newest in the list. Returns its id.
    pub(crate) fn message(&mut self, ids: &mut Ids, message: Message<'_>) -> PartId {
        let Message { part_type, author, body, command_id, at } = message;
        let author_type = author.author_type;
        let mut part = self.next_part(ids, part_type, author, command_id, at);
        part.body.clone_from(&body.html);
        part.body_text.clone_from(&body.text);
        part.rich = body.rich;
        if part_type == PartType::Comment && author_type == AuthorType::Contact {
            self.head.contact_part_count += 1;
        }
        self.head.last_part_at = self.head.last_part_at.max(at);
        self.head.preview = preview(&body.text);
        self.head.preview_author = author_type;
        self.head.preview_is_note = part_type == PartType::Note;
        let id = part.id;
        self.parts.push(NewPart { part, tokens: Some(body.tokens.clone()), deliver: false });
        id
    }

    /// Has the newest part delivered by the conversation's channel.
    pub(crate) fn deliver_newest(&mut self) {
        if let Some(newest) = self.parts.last_mut() {
            newest.deliver = true;
        }
    }

    /// Adds a tag that the head does not have.
    pub(crate) fn add_tag(&mut self, tag: &str) {
        self.head.tags.push(tag.to_owned());
        self.head.tags.sort_unstable();
        self.tags_added.push(tag.to_owned());
    }

    /// Removes a tag that the head has.
    pub(crate) fn remove_tag(&mut self, tag: &str) {
        self.head.tags.retain(|present| present != tag);
        self.tags_removed.push(tag.to_owned());
    }

    fn next_part(
        &mut self,
        ids: &mut Ids,
        part_type: PartType,
        author: Author,
        command_id: Option<CommandId>,
        at: Timestamp,
    ) -> Part {
        self.head.part_count += 1;
        Part {
            id: PartId::from_uuid(ids.next_id()),
            conversation_id: self.head.id,
            seq: self.head.part_count,
            part_type,
            author,
            body: String::new(),
            body_text: String::new(),
            rich: false,
            assigned_to_admin_id: None,
            assigned_to_team_id: None,
            snoozed_until: None,
            priority: None,
            tag: None,
            command_id,
            created_at: at,
            version: 0,
        }
    }

    /// Writes a change of a stored conversation and its log entry. Returns the version.
    pub(crate) async fn store(
        mut self,
        tx: &mut Tx,
        log: &mut LogWriter,
        now: Timestamp,
    ) -> Result<u64, DbError> {
        self.head.version = log.next();
        conversation::update(tx, log.workspace_id(), &self.head).await?;
        for tag in &self.tags_added {
            conversation::add_tag(tx, log.workspace_id(), self.head.id, tag).await?;
        }
        for tag in &self.tags_removed {
            conversation::remove_tag(tx, log.workspace_id(), self.head.id, tag).await?;
        }
        self.finish(tx, log, now).await
    }

    /// Writes a new conversation and its log entry. `title_tokens` are those of its title and its contact's name.
    /// Returns the version.
    pub(crate) async fn store_new(
        mut self,
        tx: &mut Tx,
        log: &mut LogWriter,
        origin: Option<SourceRef<'_>>,
        title_tokens: &str,
        now: Timestamp,
    ) -> Result<u64, DbError> {
        self.head.version = log.next();
        conversation::insert(tx, log.workspace_id(), &self.head, self.channel_id, origin).await?;
        let document = Document {
            conversation_id: self.head.id,
            part_seq: None,
            at: self.head.created_at,
            spread: spread(self.head.id, 0),
            tokens: title_tokens,
        };
        search::add(tx, log.workspace_id(), &[document]).await?;
        self.finish(tx, log, now).await
    }

    async fn finish(
        mut self,
        tx: &mut Tx,
        log: &mut LogWriter,
        now: Timestamp,
    ) -> Result<u64, DbError> {
        let workspace_id = log.workspace_id();
        let version = self.head.version;
        for new in &mut self.parts {
            new.part.version = version;
        }
        let parts: Vec<_> = self.parts.iter().map(|new| &new.part).collect();
        part::insert(tx, workspace_id, &parts).await?;
        let documents: Vec<_> = self.parts.iter().filter_map(NewPart::document).collect();
        search::add(tx, workspace_id, &documents).await?;
        for NewPart { part, deliver, .. } in &self.parts {
            if let Some(channel_id) = self.channel_id.filter(|_| *deliver) {
                let channel = ChannelPrincipal { workspace_id, channel_id };
                channel::insert_reply(tx, channel, version, part.conversation_id, part.seq).await?;
            }
        }
        let entry = NewEntry {
            kind: EntryKind::Conversation,
            object_id: self.head.id.uuid(),
            audience: None,
            before: if is_planted(Planted::FactsReadLate) {
                self.before.map(|_| self.head.scope())
            } else {
                self.before
            },
            after: self.head.scope(),
        };
        log.append(tx, &entry, now).await
    }
}

impl NewPart {
    /// What search finds of it, if somebody wrote it.
    fn document(&self) -> Option<Document<'_>> {
        Some(Document {
            conversation_id: self.part.conversation_id,
            part_seq: Some(self.part.seq),
            at: self.part.created_at,
            spread: spread(self.part.conversation_id, self.part.seq),
            tokens: self.tokens.as_deref()?,
        })
    }
}

/// A number that differs between conversations, and grows with `seq` inside one.
fn spread(id: ConversationId, seq: u32) -> u16 {
    let [.., high, low] = *id.uuid().as_bytes();
    u16::from_be_bytes([high, low]).wrapping_add(u16::try_from(seq & 0xFFFF).unwrap_or(0))
}
