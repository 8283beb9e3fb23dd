//! Conversations and their parts, with the names and states of the published Intercom API where it
//! has one.

use serde::{Deserialize, Serialize};

use crate::access::ScopeFacts;
use crate::id::{CommandId, ContactId, ConversationId, PartId, TeamId, TeammateId};
use crate::time::Timestamp;

/// Where a conversation stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ConversationState {
    /// Somebody has to do something.
    Open,
    /// Put aside until `snoozed_until`.
    Snoozed,
    /// Done, until the customer writes again.
    Closed,
    /// A state of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

impl ConversationState {
    /// Every state that is known.
    pub const ALL: &'static [Self] = &[Self::Open, Self::Snoozed, Self::Closed];

    /// The state's name on the wire and in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.name() == name)
    }
}

/// Whether a conversation goes first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// It goes first.
    Priority,
    /// It waits its turn.
    NotPriority,
    /// A priority of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

impl Priority {
    /// The name on the wire and in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::NotPriority => "not_priority",
            Self::Unknown => "unknown",
        }
    }

    /// The priority of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Priority, Self::NotPriority].into_iter().find(|priority| priority.name() == name)
    }
}

/// What kind of entry a part is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PartType {
    /// A message between the customer and the workspace; the author tells which way it went.
    Comment,
    /// An internal note, never shown to the customer.
    Note,
    /// The conversation was assigned; `assigned_to` says to whom.
    Assignment,
    /// The conversation was closed.
    Close,
    /// The conversation was reopened, by a teammate or by the customer's message.
    Open,
    /// The conversation was put aside; `snoozed_until` says until when.
    Snoozed,
    /// A snooze ran out.
    TimerUnsnooze,
    /// The priority was changed; `priority` says to what.
    PriorityChanged,
    /// A tag was added; `tag` says which.
    TagAdded,
    /// A tag was removed; `tag` says which.
    TagRemoved,
    /// A kind of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

impl PartType {
    /// Every kind that is known.
    pub const ALL: &'static [Self] = &[
        Self::Comment,
        Self::Note,
        Self::Assignment,
        Self::Close,
        Self::Open,
        Self::Snoozed,
        Self::TimerUnsnooze,
        Self::PriorityChanged,
        Self::TagAdded,
        Self::TagRemoved,
    ];

    /// The kind's name on the wire and in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Note => "note",
            Self::Assignment => "assignment",
            Self::Close => "close",
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::TimerUnsnooze => "timer_unsnooze",
            Self::PriorityChanged => "priority_changed",
            Self::TagAdded => "tag_added",
            Self::TagRemoved => "tag_removed",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether the part carries words that somebody wrote, and so can be found by search.
    pub const fn is_message(self) -> bool {
        matches!(self, Self::Comment | Self::Note)
    }
}

/// Which kind of author wrote a part.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AuthorType {
    /// The customer.
    Contact,
    /// A teammate with an account.
    Admin,
    /// Somebody on the workspace's side without an account here, brought in by an import.
    Imported,
    /// The server itself, or a bot of an imported source.
    Bot,
    /// A kind of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

impl AuthorType {
    /// Every kind that is known.
    pub const ALL: &'static [Self] = &[Self::Contact, Self::Admin, Self::Imported, Self::Bot];

    /// The kind's name on the wire and in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Admin => "admin",
            Self::Imported => "imported",
            Self::Bot => "bot",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Who wrote a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Author {
    /// Which kind of author.
    #[serde(rename = "type")]
    pub author_type: AuthorType,
    /// The teammate, where the author is one.
    pub admin_id: Option<TeammateId>,
    /// The name as it was when the part was written; absent where the source has none.
    pub name: Option<String>,
}

/// A conversation's head: what lists, counts and permissions need, without the messages.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ConversationHead {
    /// The conversation's id.
    pub id: ConversationId,
    /// The customer.
    pub contact_id: ContactId,
    /// What it is about, where the channel has a subject.
    pub title: Option<String>,
    /// Where it stands.
    pub state: ConversationState,
    /// When a snoozed conversation wakes; absent in other states.
    pub snoozed_until: Option<Timestamp>,
    /// Whether it goes first.
    pub priority: Priority,
    /// The teammate it is assigned to.
    pub admin_assignee_id: Option<TeammateId>,
    /// The team it is assigned to.
    pub team_assignee_id: Option<TeamId>,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// When the customer began to wait for an answer; absent when nobody waits.
    pub waiting_since: Option<Timestamp>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its newest message or note was written. Lists are sorted by it.
    pub last_part_at: Timestamp,
    /// The newest message's or note's first words as plain text, at most 120 characters.
    pub preview: String,
    /// Who wrote the newest message or note.
    pub preview_author: AuthorType,
    /// Whether the newest message or note is a note.
    pub preview_is_note: bool,
    /// How many parts there are; also the `seq` of the newest.
    pub part_count: u32,
    /// How many of the parts are the customer's messages. Unread is what exceeds a read mark.
    pub contact_part_count: u32,
    /// The change log's number of the newest change to the conversation.
    pub version: u64,
}

// Words between people and names never reach a log, whoever prints this.
impl std::fmt::Debug for ConversationHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConversationHead")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl ConversationHead {
    /// The facts that visibility depends on.
    pub const fn scope(&self) -> ScopeFacts {
        ScopeFacts {
            admin_assignee_id: self.admin_assignee_id,
            team_assignee_id: self.team_assignee_id,
        }
    }
}

/// One entry of a conversation: a reply, a note or an event.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Part {
    /// The part's id.
    pub id: PartId,
    /// The conversation that it belongs to.
    pub conversation_id: ConversationId,
    /// Its place in the conversation, counted from 1 without gaps. The server's order decides.
    pub seq: u32,
    /// What kind of entry it is.
    pub part_type: PartType,
    /// Who wrote it.
    pub author: Author,
    /// Sanitised HTML; empty for events.
    pub body: String,
    /// The same as plain text; empty for events.
    pub body_text: String,
    /// Whether `body` says more than `body_text` does, so that it needs a frame to be shown.
    pub rich: bool,
    /// The teammate that an `assignment` names.
    pub assigned_to_admin_id: Option<TeammateId>,
    /// The team that an `assignment` names.
    pub assigned_to_team_id: Option<TeamId>,
    /// The time that a `snoozed` names.
    pub snoozed_until: Option<Timestamp>,
    /// The priority that a `priority_changed` names.
    pub priority: Option<Priority>,
    /// The tag that a `tag_added` or `tag_removed` names.
    pub tag: Option<String>,
    /// The command that made it, if an agent's command did.
    pub command_id: Option<CommandId>,
    /// When it was written. Imported parts keep the time of their source.
    pub created_at: Timestamp,
    /// The change log's number of the newest change to the part.
    pub version: u64,
}

// Words between people and names never reach a log, whoever prints this.
impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").field("id", &self.id).field("seq", &self.seq).finish_non_exhaustive()
    }
}

/// How far a teammate has read a conversation: one mark per teammate and conversation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct ReadMark {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// How many of the customer's messages have been read.
    pub contact_parts_read: u32,
    /// The change log's number of the newest change to the mark.
    pub version: u64,
}
