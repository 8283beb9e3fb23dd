//! What comes in from customers: conversations and messages over channels, and whole conversations from elsewhere.

mod imported;

use recado_protocol::channel::{
    AddMessage, ChannelContact, ChannelReceipt, OpenConversation, ReplyPage,
};
use recado_protocol::{
    Author, AuthorType, Contact, ContactId, ConversationHead, ConversationId, ConversationState,
    ErrorCode, PartType, Planted, Priority, TeamId, Timestamp, is_planted,
};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

pub use imported::{
    Imported, ImportedAuthor, ImportedContact, ImportedConversation, ImportedPart,
    import_conversation,
};

use crate::conversation::{ConversationChange, Message, server_author};
use crate::core::{ChannelPrincipal, Core, CoreError};
use crate::ids::Ids;
use crate::sanitize::{Body, search_tokens};
use crate::storage::audit::{self, Actor, AuditEvent, AuditResult};
use crate::storage::change_log::{self, EntryKind, LogWriter, NewEntry};
use crate::storage::{DbError, Tx, channel, contact, conversation, search, team};

/// How many replies one page holds at most.
pub const MAX_REPLIES: u32 = 200;
/// How much is kept of a subject, a name, an address, an id.
const MAX_FIELD_CHARS: usize = 500;

/// Opens a conversation with a customer's first message. The same `idempotency_key` with the same request gives the
/// same receipt and does nothing else.
///
/// # Errors
/// [`CoreError::Invalid`] with `idempotency_conflict` if the key came with another request before, and with
/// `invalid_value` or `too_large` for what the request holds; [`CoreError::NotFound`] if the channel is not in use.
pub async fn open_conversation(
    core: &Core,
    channel: ChannelPrincipal,
    idempotency_key: &str,
    request: &OpenConversation,
) -> Result<ChannelReceipt, CoreError> {
    let now = core.now();
    let opening = Opening {
        guard: RequestGuard::new(channel, idempotency_key, ("open", request))?,
        contact: valid_contact(&request.contact)?,
        title: request.title.as_deref().and_then(one_line),
        team: request.team.clone(),
        message: InboundMessage::new(&request.message, now)?,
        now,
        ids: core.ids(now),
    };
    let receipt = core.db().write(async move |tx| opening.run(tx).await).await?;
    Ok(receipt)
}

/// Adds a customer's message to a conversation of the channel, and reopens it if it was closed or put aside. Repeats as
/// in [`open_conversation`].
///
/// # Errors
/// As [`open_conversation`]; [`CoreError::NotFound`] if the channel has no such conversation.
pub async fn add_message(
    core: &Core,
    channel: ChannelPrincipal,
    idempotency_key: &str,
    conversation_id: ConversationId,
    request: &AddMessage,
) -> Result<ChannelReceipt, CoreError> {
    let now = core.now();
    let guard = RequestGuard::new(channel, idempotency_key, ("add", conversation_id, request))?;
    let message = InboundMessage::new(&request.message, now)?;
    let ids = core.ids(now);
    let receipt = core
        .db()
        .write(async move |tx| {
            let ids = &mut ids.clone();
            run_addition(tx, &guard, conversation_id, &message, ids, now).await
        })
        .await?;
    Ok(receipt)
}

/// The workspace's replies in the channel's conversations, in the order of the change log, after a cursor that a page
/// before gave (0 at first).
///
/// # Errors
/// [`CoreError::NotFound`] if the channel is not in use; [`CoreError::CursorGone`] if the log has not reached the cursor,
/// because it was restored from a backup: begin with the page's `log_id` anew.
pub async fn replies(
    core: &Core,
    channel: ChannelPrincipal,
    after: u64,
    limit: u32,
) -> Result<ReplyPage, CoreError> {
    let limit = limit.clamp(1, MAX_REPLIES);
    core.db()
        .read(async move |tx| {
            require_in_use(tx, channel).await?;
            let head = change_log::head(tx, channel.workspace_id).await?;
            if after > head.seq {
                return Err(CoreError::CursorGone);
            }
            let mut rows = channel::replies(tx, channel, after, limit + 1).await?;
            let more = rows.len() > limit as usize;
            rows.truncate(limit as usize);
            let more_here = more && !is_planted(Planted::RepliesSkipped);
            let cursor = rows.last().filter(|_| more_here).map_or(head.seq, |(seq, _)| *seq);
            let replies = rows.into_iter().map(|(_, reply)| reply).collect();
            Ok(ReplyPage { log_id: head.log_id, replies, cursor, more })
        })
        .await
}

async fn require_in_use(tx: &mut Tx, channel: ChannelPrincipal) -> Result<(), CoreError> {
    if channel::is_in_use(tx, channel).await? { Ok(()) } else { Err(CoreError::NotFound) }
}

/// Lets a channel's write happen once.
struct RequestGuard {
    channel: ChannelPrincipal,
    key: String,
    content_hash: [u8; 32],
}

impl RequestGuard {
    fn new(
        channel: ChannelPrincipal,
        key: &str,
        content: impl Serialize,
    ) -> Result<Self, CoreError> {
        if key.is_empty() || key.len() > 255 || key.chars().any(char::is_control) {
            let message = "Idempotency-Key must have 1 to 255 characters.";
            return Err(CoreError::invalid(ErrorCode::InvalidRequest, message));
        }
        // The contract's types serialise without maps or floats, so this cannot fail; an empty text would still hash
        // to one stable value.
        let content = serde_json::to_vec(&content).unwrap_or_default();
        Ok(Self { channel, key: key.to_owned(), content_hash: Sha256::digest(content).into() })
    }

    /// The receipt of an earlier request with the same key.
    async fn earlier(&self, tx: &mut Tx) -> Result<Option<ChannelReceipt>, CoreError> {
        match channel::find_request(tx, self.channel, &self.key).await? {
            None => Ok(None),
            Some((hash, receipt)) if hash == self.content_hash => Ok(Some(receipt)),
            Some(_) => {
                let message = "This Idempotency-Key came with another request before.";
                Err(CoreError::invalid(ErrorCode::IdempotencyConflict, message))
            }
        }
    }

    async fn keep(
        &self,
        tx: &mut Tx,
        receipt: &ChannelReceipt,
        now: Timestamp,
    ) -> Result<(), DbError> {
        let Self { channel, key, content_hash } = self;
        channel::insert_request(tx, *channel, key, content_hash, receipt, now).await
    }
}

/// A customer's message, ready to be stored.
struct InboundMessage {
    body: Body,
    at: Timestamp,
}

impl InboundMessage {
    fn new(
        message: &recado_protocol::channel::ChannelMessage,
        now: Timestamp,
    ) -> Result<Self, CoreError> {
        // A channel's clock may be ahead; nothing is written in the future.
        let at = message.created_at.map_or(now, |at| at.min(now));
        Ok(Self { body: Body::from_message(message)?, at })
    }

    /// Appends the message. What was done or put aside is open again first, so that the message is the newest part.
    fn append_to(
        &self,
        change: &mut ConversationChange,
        author: Author,
        ids: &mut Ids,
        now: Timestamp,
    ) -> recado_protocol::PartId {
        let stays = change.head.state == ConversationState::Closed
            && is_planted(Planted::ClosedStaysClosed);
        if change.head.state != ConversationState::Open && !stays {
            change.head.state = ConversationState::Open;
            change.head.snoozed_until = None;
            change.event(ids, PartType::Open, server_author(), None, now);
        }
        change.head.waiting_since.get_or_insert(self.at);
        let message = Message {
            part_type: PartType::Comment,
            author,
            body: &self.body,
            command_id: None,
            at: self.at,
        };
        change.message(ids, message)
    }
}

fn contact_author(contact: &Contact) -> Author {
    Author { author_type: AuthorType::Contact, admin_id: None, name: contact.name.clone() }
}

/// A new conversation with everything about it that needs no transaction.
struct Opening {
    guard: RequestGuard,
    contact: ChannelContact,
    title: Option<String>,
    team: Option<String>,
    message: InboundMessage,
    now: Timestamp,
    ids: Ids,
}

impl Opening {
    async fn run(&self, tx: &mut Tx) -> Result<ChannelReceipt, CoreError> {
        let channel = self.guard.channel;
        let mut log = LogWriter::lock(tx, channel.workspace_id).await?;
        require_in_use(tx, channel).await?;
        if let Some(receipt) = self.guard.earlier(tx).await? {
            return Ok(receipt);
        }
        let mut ids = self.ids.clone();
        let team_id = self.team_id(tx).await?;
        let source = channel.channel_id.to_string();
        let contact = upsert(tx, &mut log, &mut ids, &source, &self.contact, self.now).await?;

        let at = self.message.at;
        let id = ConversationId::from_uuid(ids.next_id());
        let mut head = new_head(id, contact.id, self.title.clone(), at);
        head.team_assignee_id = team_id;
        let mut change = ConversationChange::opened(head, Some(channel.channel_id));
        let author = contact_author(&contact);
        let part_id = self.message.append_to(&mut change, author, &mut ids, self.now);
        let title_tokens = title_tokens(self.title.as_deref(), contact.name.as_deref());
        change.store_new(tx, &mut log, None, &title_tokens, self.now).await?;

        let receipt = ChannelReceipt { conversation_id: id, contact_id: contact.id, part_id };
        self.guard.keep(tx, &receipt, self.now).await?;
        record(tx, channel, &mut ids, self.now, "conversation_create", &receipt).await?;
        Ok(receipt)
    }

    async fn team_id(&self, tx: &mut Tx) -> Result<Option<TeamId>, CoreError> {
        let Some(name) = &self.team else { return Ok(None) };
        let found = team::find_by_name(tx, self.guard.channel.workspace_id, name).await?;
        match found {
            Some(id) => Ok(Some(id)),
            None => Err(invalid("There is no team with this name; leave it out or name another.")),
        }
    }
}

async fn run_addition(
    tx: &mut Tx,
    guard: &RequestGuard,
    conversation_id: ConversationId,
    message: &InboundMessage,
    ids: &mut Ids,
    now: Timestamp,
) -> Result<ChannelReceipt, CoreError> {
    let ChannelPrincipal { workspace_id, channel_id } = guard.channel;
    let mut log = LogWriter::lock(tx, workspace_id).await?;
    require_in_use(tx, guard.channel).await?;
    if let Some(receipt) = guard.earlier(tx).await? {
        return Ok(receipt);
    }
    let stored = conversation::find(tx, workspace_id, conversation_id)
        .await?
        .filter(|stored| stored.channel_id == Some(channel_id))
        .ok_or(CoreError::NotFound)?;
    let contact_id = stored.head.contact_id;
    let contact = contact::find(tx, workspace_id, contact_id).await?.ok_or(DbError::RowNotFound)?;
    let mut change = ConversationChange::of(stored);
    let part_id = message.append_to(&mut change, contact_author(&contact), ids, now);
    let receipt = ChannelReceipt { conversation_id, contact_id, part_id };
    guard.keep(tx, &receipt, now).await?;
    if is_planted(Planted::ReceiptWithoutMessage) {
        return Ok(receipt);
    }
    change.store(tx, &mut log, now).await?;
    record(tx, guard.channel, ids, now, "contact_message", &receipt).await?;
    Ok(receipt)
}

/// A head without parts.
fn new_head(
    id: ConversationId,
    contact_id: ContactId,
    title: Option<String>,
    created_at: Timestamp,
) -> ConversationHead {
    ConversationHead {
        id,
        contact_id,
        title,
        state: ConversationState::Open,
        snoozed_until: None,
        priority: Priority::NotPriority,
        admin_assignee_id: None,
        team_assignee_id: None,
        tags: Vec::new(),
        waiting_since: None,
        created_at,
        last_part_at: created_at,
        preview: String::new(),
        preview_author: AuthorType::Contact,
        preview_is_note: false,
        part_count: 0,
        contact_part_count: 0,
        version: 0,
    }
}

fn title_tokens(title: Option<&str>, contact_name: Option<&str>) -> String {
    search_tokens(&format!("{} {}", title.unwrap_or_default(), contact_name.unwrap_or_default()))
}

/// The contact with that id in the source: made, or brought up to what the channel knows.
async fn upsert(
    tx: &mut Tx,
    log: &mut LogWriter,
    ids: &mut Ids,
    source: &str,
    given: &ChannelContact,
    now: Timestamp,
) -> Result<Contact, CoreError> {
    let workspace_id = log.workspace_id();
    let found = contact::find_by_external_id(tx, workspace_id, source, &given.external_id).await?;
    let Some(mut known) = found else {
        let new = Contact {
            id: ContactId::from_uuid(ids.next_id()),
            external_id: Some(given.external_id.clone()),
            name: given.name.clone(),
            email: given.email.clone(),
            phone: given.phone.clone(),
            language: given.language.clone(),
            created_at: now,
            version: log.next(),
        };
        contact::insert(tx, workspace_id, source, &new).await?;
        return Ok(new);
    };
    let before = known.clone();
    let fields = [
        (&mut known.name, &given.name),
        (&mut known.email, &given.email),
        (&mut known.phone, &given.phone),
        (&mut known.language, &given.language),
    ];
    for (known, given) in fields {
        if given.is_some() {
            known.clone_from(given);
        }
    }
    if known == before {
        return Ok(known);
    }
    known.version = log.next();
    contact::update(tx, workspace_id, &known).await?;
    if !is_planted(Planted::ContactUnlogged) {
        log.append(tx, &NewEntry::unscoped(EntryKind::Contact, known.id.uuid()), now).await?;
    }
    if known.name != before.name {
        let titles = conversation::titles_of_contact(tx, workspace_id, known.id).await?;
        for (id, title) in titles {
            let tokens = title_tokens(title.as_deref(), known.name.as_deref());
            search::retitle(tx, workspace_id, id, &tokens).await?;
        }
    }
    Ok(known)
}

/// What the channel knows about a customer, as it can be stored.
fn valid_contact(contact: &ChannelContact) -> Result<ChannelContact, CoreError> {
    let external_id = contact.external_id.trim();
    if external_id.is_empty() || external_id.chars().count() > MAX_FIELD_CHARS {
        return Err(invalid("external_id must have 1 to 500 characters."));
    }
    let field = |text: &Option<String>| text.as_deref().and_then(one_line);
    Ok(ChannelContact {
        external_id: recado_protocol::text::without_nul(external_id.to_owned()),
        name: field(&contact.name),
        email: field(&contact.email),
        phone: field(&contact.phone),
        language: field(&contact.language),
    })
}

/// A short text on one line, or nothing if it has no words.
fn one_line(text: &str) -> Option<String> {
    let mut line = String::new();
    let visible = text.split(|c: char| c.is_whitespace() || c.is_control());
    for word in visible.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((end, _)) = line.char_indices().nth(MAX_FIELD_CHARS) {
        line.truncate(end);
    }
    (!line.is_empty()).then_some(line)
}

fn invalid(message: &str) -> CoreError {
    CoreError::invalid(ErrorCode::InvalidValue, message)
}

async fn record(
    tx: &mut Tx,
    channel: ChannelPrincipal,
    ids: &mut Ids,
    now: Timestamp,
    action: &'static str,
    receipt: &ChannelReceipt,
) -> Result<(), DbError> {
    let event = AuditEvent {
        actor: Actor::Channel(channel.channel_id),
        action,
        object_type: "conversation",
        object_id: Some(receipt.conversation_id.uuid()),
        result: AuditResult::Done,
        detail: json!({ "part_id": receipt.part_id }),
    };
    audit::record(tx, channel.workspace_id, ids, now, event).await
}

#[cfg(test)]
mod tests;
