//! Whole conversations from elsewhere, with their own times and authors.

use recado_protocol::channel::ChannelContact;
use recado_protocol::{
    Author, AuthorType, ChannelId, Contact, ContactId, ConversationId, ConversationState, PartType,
    Priority, TeamId, TeammateId, Timestamp, WorkspaceId,
};
use serde_json::json;

use super::{new_head, one_line, title_tokens, upsert};
use crate::conversation::{ConversationChange, Message};
use crate::core::{Core, CoreError};
use crate::ids::Ids;
use crate::sanitize::Body;
use crate::storage::audit::{self, Actor, AuditEvent, AuditResult};
use crate::storage::change_log::LogWriter;
use crate::storage::conversation::SourceRef;
use crate::storage::{Tx, contact, conversation};

/// A conversation to import, its bodies sanitised.
#[derive(Debug, Clone)]
pub struct ImportedConversation {
    /// Where it comes from.
    pub source: String,
    /// Its id there. The same id of the same source is imported once.
    pub source_id: String,
    /// The channel that carries it on: customer's messages are taken from it, replies handed to it.
    pub channel_id: Option<ChannelId>,
    /// The customer.
    pub contact: ImportedContact,
    /// What it is about.
    pub title: Option<String>,
    /// Open or closed; a snoozed one needs a time that no import has.
    pub closed: bool,
    /// Whether it goes first.
    pub priority: Priority,
    /// The teammate it is assigned to.
    pub admin_assignee_id: Option<TeammateId>,
    /// The team it is assigned to.
    pub team_assignee_id: Option<TeamId>,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Its messages and notes, oldest first.
    pub parts: Vec<ImportedPart>,
}

/// The customer of an imported conversation.
#[derive(Debug, Clone, Default)]
pub struct ImportedContact {
    /// The customer's id in the source. Without one, each conversation has a contact of its own.
    pub external_id: Option<String>,
    /// The customer's name.
    pub name: Option<String>,
    /// The customer's e-mail address.
    pub email: Option<String>,
    /// The customer's telephone number.
    pub phone: Option<String>,
    /// The customer's language as a BCP 47 tag.
    pub language: Option<String>,
}

/// A message or note of an imported conversation.
#[derive(Debug, Clone)]
pub struct ImportedPart {
    /// Who wrote it.
    pub author: ImportedAuthor,
    /// Whether it is a note, and not a message between the customer and the workspace.
    pub note: bool,
    /// What it says.
    pub body: Body,
    /// When it was written.
    pub at: Timestamp,
}

/// Who wrote an imported part.
#[derive(Debug, Clone)]
pub enum ImportedAuthor {
    /// The customer, with the name that the part carries.
    Contact(Option<String>),
    /// A teammate with an account here.
    Teammate(TeammateId, Option<String>),
    /// Somebody on the workspace's side without an account here.
    Former(Option<String>),
    /// A bot.
    Bot(Option<String>),
}

impl ImportedAuthor {
    fn to_author(&self, contact_name: Option<&str>) -> Author {
        let (author_type, admin_id, name) = match self {
            Self::Contact(name) => (AuthorType::Contact, None, name.as_deref().or(contact_name)),
            Self::Teammate(id, name) => (AuthorType::Admin, Some(*id), name.as_deref()),
            Self::Former(name) => (AuthorType::Imported, None, name.as_deref()),
            Self::Bot(name) => (AuthorType::Bot, None, name.as_deref()),
        };
        Author { author_type, admin_id, name: name.and_then(one_line) }
    }
}

/// What became of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The conversation, now or from an earlier import.
    pub conversation_id: ConversationId,
    /// Whether it was made now.
    pub created: bool,
}

/// Stores a whole conversation in one transaction, with one entry in the change log, unless it is there already.
///
/// # Errors
/// [`CoreError::Invalid`] without any part or with a bad contact; [`CoreError::Db`], a reference to an unknown teammate,
/// team or channel among them.
pub async fn import_conversation(
    core: &Core,
    workspace_id: WorkspaceId,
    imported: ImportedConversation,
) -> Result<Imported, CoreError> {
    if imported.parts.is_empty() {
        return Err(super::invalid("The conversation has no messages."));
    }
    let now = core.now();
    let ids = core.ids(now);
    let done = core
        .db()
        .write(async move |tx| store(tx, workspace_id, &imported, &mut ids.clone(), now).await)
        .await?;
    Ok(done)
}

async fn store(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    imported: &ImportedConversation,
    ids: &mut Ids,
    now: Timestamp,
) -> Result<Imported, CoreError> {
    let mut log = LogWriter::lock(tx, workspace_id).await?;
    let origin = SourceRef { source: &imported.source, id: &imported.source_id };
    if let Some(conversation_id) = conversation::find_by_source(tx, workspace_id, origin).await? {
        return Ok(Imported { conversation_id, created: false });
    }
    let contact = contact_of(tx, &mut log, ids, imported, now).await?;
    let id = ConversationId::from_uuid(ids.next_id());
    let title = imported.title.as_deref().and_then(one_line);
    let mut head = new_head(id, contact.id, title.clone(), imported.created_at);
    head.priority = imported.priority;
    head.admin_assignee_id = imported.admin_assignee_id;
    head.team_assignee_id = imported.team_assignee_id;
    head.tags = imported.tags.iter().filter_map(|tag| one_line(tag)).collect();
    head.tags.sort_unstable();
    head.tags.dedup();
    let mut change = ConversationChange::opened(head, imported.channel_id);
    for part in &imported.parts {
        let part_type = if part.note { PartType::Note } else { PartType::Comment };
        let author = part.author.to_author(contact.name.as_deref());
        match (part_type, author.author_type) {
            (PartType::Comment, AuthorType::Contact) => {
                change.head.waiting_since.get_or_insert(part.at);
            }
            (PartType::Comment, AuthorType::Admin | AuthorType::Imported) => {
                change.head.waiting_since = None;
            }
            _ => {}
        }
        let message =
            Message { part_type, author, body: &part.body, command_id: None, at: part.at };
        change.message(ids, message);
    }
    if imported.closed {
        change.head.state = ConversationState::Closed;
        change.head.waiting_since = None;
    }
    let title_tokens = title_tokens(title.as_deref(), contact.name.as_deref());
    change.store_new(tx, &mut log, Some(origin), &title_tokens, now).await?;
    let event = AuditEvent {
        actor: Actor::Console,
        action: "conversation_import",
        object_type: "conversation",
        object_id: Some(id.uuid()),
        result: AuditResult::Done,
        detail: json!({ "source": imported.source, "source_id": imported.source_id }),
    };
    audit::record(tx, workspace_id, ids, now, event).await?;
    Ok(Imported { conversation_id: id, created: true })
}

async fn contact_of(
    tx: &mut Tx,
    log: &mut LogWriter,
    ids: &mut Ids,
    imported: &ImportedConversation,
    now: Timestamp,
) -> Result<Contact, CoreError> {
    let given = &imported.contact;
    let field = |text: &Option<String>| text.as_deref().and_then(one_line);
    let source = format!("import:{}", imported.source);
    if let Some(external_id) = given.external_id.as_deref().and_then(one_line) {
        let known = ChannelContact {
            external_id,
            name: field(&given.name),
            email: field(&given.email),
            phone: field(&given.phone),
            language: field(&given.language),
        };
        return upsert(tx, log, ids, &source, &known, now).await;
    }
    let contact = Contact {
        id: ContactId::from_uuid(ids.next_id()),
        external_id: None,
        name: field(&given.name),
        email: field(&given.email),
        phone: field(&given.phone),
        language: field(&given.language),
        created_at: imported.created_at,
        version: log.next(),
    };
    contact::insert(tx, log.workspace_id(), &source, &contact).await?;
    Ok(contact)
}
