//! Views, lists, conversations, the outbox and search, as the UI shows them.

use serde::{Deserialize, Serialize};

use crate::command::Action;
use crate::contact::Contact;
use crate::conversation::{
    AuthorType, ConversationHead, ConversationState, Part, PartType, Priority,
};
use crate::error::ErrorCode;
use crate::id::{CommandId, ContactId, ConversationId, PartId, TeamId, TeammateId};
use crate::policy::Denial;
use crate::time::Timestamp;
use crate::workspace::{Team, Teammate};

/// A list of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum View {
    /// Open and assigned to me.
    Mine,
    /// Open and assigned to no teammate.
    Unassigned,
    /// Everything open.
    All,
    /// Open and assigned to this team.
    Team {
        /// The team.
        team_id: TeamId,
    },
    /// Snoozed.
    Snoozed,
    /// Closed.
    Closed,
}

/// A view with its counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct ViewCount {
    /// The view.
    pub view: View,
    /// The team's name, for a team's view.
    pub team_name: Option<String>,
    /// How many conversations it holds; absent for closed ones.
    pub count: Option<u32>,
    /// How many of them have something unread.
    pub unread: u32,
}

/// The sidebar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Sidebar {
    /// The views, in the order in which they are shown.
    pub views: Vec<ViewCount>,
    /// How many of the outbox's entries wait.
    pub queued: u32,
    /// How many of the outbox's entries were refused.
    pub refused: u32,
    /// How many drafts are kept.
    pub drafts: u32,
}

/// Who and what to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Directory {
    /// The active teammates, by name.
    pub teammates: Vec<Teammate>,
    /// The teams, by name.
    pub teams: Vec<Team>,
    /// Tags in use in the cache, the most used first.
    pub tags: Vec<String>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The newest message first.
    Newest,
    /// Who has waited longest first, then who does not wait, the newest message first.
    LongestWaiting,
}

/// Where a page of a list begins: after the row with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct ListKey {
    /// The value that the list is sorted by.
    pub at: Timestamp,
    /// Whether the row counts as waiting, for [`Sort::LongestWaiting`].
    pub waiting: bool,
    /// The row's conversation.
    pub conversation_id: ConversationId,
}

/// Asks for a page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct InboxRequest {
    /// The view.
    pub view: View,
    /// The order.
    pub sort: Sort,
    /// The key of the last row before the page; absent for the first page.
    pub after: Option<ListKey>,
    /// How many rows, at most 200.
    pub limit: u32,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct InboxPage {
    /// The rows.
    pub rows: Vec<InboxRow>,
    /// The key of the last row, where there are more.
    pub next: Option<ListKey>,
    /// Whether the rows may be incomplete because the server could not be asked, as for closed
    /// conversations without a connection.
    pub partial: bool,
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct InboxRow {
    /// The conversation as the agent sees it: the cache with the outbox laid over it.
    pub head: ConversationHead,
    /// The customer's name, where it is known.
    pub contact_name: Option<String>,
    /// How many of the customer's messages are unread.
    pub unread: u32,
    /// Whether the newest message is the agent's own.
    pub preview_is_mine: bool,
    /// Whether the outbox holds something for it.
    pub queued: bool,
    /// Whether the outbox holds something for it that was refused.
    pub refused: bool,
    /// Whether a draft is kept.
    pub has_draft: bool,
}

/// Asks for a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct OpenRequest {
    /// Which.
    pub conversation_id: ConversationId,
    /// How many of the newest parts, at most 200.
    pub limit: u32,
}

/// A conversation as the agent sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct ConversationView {
    /// The head, with the outbox laid over it.
    pub head: ConversationHead,
    /// The customer, where it is known.
    pub contact: Option<Contact>,
    /// The newest parts by `seq`, then what waits in the outbox or was refused: messages, notes and
    /// changes alike.
    pub parts: Vec<PartView>,
    /// Whether there are older parts.
    pub has_older: bool,
    /// Whether parts are missing because the server could not be asked.
    pub partial: bool,
    /// How many of the customer's messages are unread.
    pub unread: u32,
    /// The kept reply.
    pub reply_draft: Option<String>,
    /// The kept note.
    pub note_draft: Option<String>,
    /// Other conversations of the same customer, the newest first, at most 10.
    pub earlier: Vec<EarlierConversation>,
    /// What may not be done here and why. What is not listed may be done.
    pub denied: Vec<DeniedAction>,
}

/// Another conversation of the same customer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct EarlierConversation {
    /// Which.
    pub conversation_id: ConversationId,
    /// Its subject, or its newest words.
    pub title: String,
    /// Where it stands.
    pub state: ConversationState,
    /// When its newest message was written.
    pub last_part_at: Timestamp,
}

// Words between people and names never reach a log, whoever prints this.
impl std::fmt::Debug for EarlierConversation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EarlierConversation")
            .field("conversation_id", &self.conversation_id)
            .finish_non_exhaustive()
    }
}

/// Something that may not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct DeniedAction {
    /// The action's name on the wire, such as `conversation_reply`.
    pub action: String,
    /// Why.
    pub denial: Denial,
}

/// A part with the state of its sending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct PartView {
    /// The part. What waits in the outbox has a `seq` above the head's and version 0.
    pub part: Part,
    /// Whether the signed-in teammate wrote it.
    pub mine: bool,
    /// Where it stands.
    pub delivery: Delivery,
    /// When this machine heard that it took effect, by its own clock: for the signed-in teammate's own
    /// newest ones, as long as the outbox remembers them.
    pub heard_at: Option<Timestamp>,
}

/// Where an action stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Delivery {
    /// On the server.
    Sent,
    /// In the outbox.
    Queued {
        /// The command.
        command_id: CommandId,
        /// Whether it is on its way just now.
        sending: bool,
    },
    /// Refused by the server, or waiting for a refused predecessor.
    Refused {
        /// The command.
        command_id: CommandId,
        /// Why.
        code: ErrorCode,
        /// Why, in the server's words.
        message: String,
    },
}

/// Asks for older parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct PartsRequest {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Only parts with a lower `seq`.
    pub before_seq: u32,
    /// How many, at most 200.
    pub limit: u32,
}

/// Older parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct PartsPage {
    /// By `seq`.
    pub parts: Vec<PartView>,
    /// Whether there are older ones still.
    pub has_older: bool,
    /// Whether parts are missing because the server could not be asked.
    pub partial: bool,
}

/// Asks to do something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SubmitRequest {
    /// On which conversation.
    pub conversation_id: ConversationId,
    /// What.
    pub action: Action,
}

/// It is stored and will be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Submitted {
    /// The command.
    pub command_id: CommandId,
    /// What takes it back, submitted in the same way; absent for replies and notes.
    pub undo: Option<Action>,
}

/// How many entries or drafts one answer holds at most, and holds where nobody says how many.
pub const MAX_LISTED: u32 = 200;

const fn max_listed() -> u32 {
    MAX_LISTED
}

/// Asks for a part of the outbox, or of the drafts. It is asked for by its place, because whoever
/// shows it has the whole list's scroll bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct ListedRequest {
    /// How many stand before the first one.
    #[serde(default)]
    pub skip: u32,
    /// How many, at most [`MAX_LISTED`].
    #[serde(default = "max_listed")]
    pub limit: u32,
}

impl Default for ListedRequest {
    fn default() -> Self {
        Self { skip: 0, limit: MAX_LISTED }
    }
}

/// A part of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Outbox {
    /// What was refused, the oldest first, and then what waits, the oldest first.
    pub entries: Vec<OutboxEntry>,
    /// How many were refused in all.
    pub refused: u32,
    /// How many wait in all.
    pub waiting: u32,
}

/// An entry of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct OutboxEntry {
    /// The command.
    pub command_id: CommandId,
    /// On which conversation.
    pub conversation_id: ConversationId,
    /// The customer's name, where it is known.
    pub contact_name: Option<String>,
    /// The conversation's subject, if it has one.
    pub title: Option<String>,
    /// What.
    pub action: Action,
    /// When the agent did it.
    pub created_at: Timestamp,
    /// Where it stands.
    pub delivery: Delivery,
    /// How often it was tried.
    pub attempts: u32,
    /// The newest thing that a colleague did there since.
    pub meanwhile: Option<Meanwhile>,
}

/// What a colleague did in a conversation after the agent acted there and before that took effect.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Meanwhile {
    /// The colleague's name.
    pub author_name: Option<String>,
    /// What: a message, a note or a change of the conversation.
    pub part_type: PartType,
    /// The teammate that an `assignment` names.
    pub assigned_to_admin_id: Option<TeammateId>,
    /// The team that an `assignment` names.
    pub assigned_to_team_id: Option<TeamId>,
    /// The priority that it was given.
    pub priority: Option<Priority>,
    /// The tag that was added or removed.
    pub tag: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

// Names never reach a log, whoever prints this.
impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meanwhile").field("part_type", &self.part_type).finish_non_exhaustive()
    }
}

/// Names an entry of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct OutboxRequest {
    /// The command.
    pub command_id: CommandId,
}

/// Names entries of the outbox that are to be tried again together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct OutboxRetryRequest {
    /// The commands; absent for everything that was refused. Those that were not refused are passed
    /// over.
    pub command_ids: Option<Vec<CommandId>>,
}

/// What kind of text a draft is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum DraftKind {
    /// A reply to the customer.
    Reply,
    /// An internal note.
    Note,
}

/// A half-written text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Draft {
    /// On which conversation.
    pub conversation_id: ConversationId,
    /// A reply or a note.
    pub kind: DraftKind,
    /// Plain text.
    pub body_text: String,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft")
            .field("conversation_id", &self.conversation_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Kept drafts, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Drafts {
    /// The drafts that were asked for, those of conversations that are out of reach included.
    pub drafts: Vec<KeptDraft>,
    /// How many there are in all.
    pub count: u32,
}

/// A kept draft with what a list shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct KeptDraft {
    /// The text.
    pub draft: Draft,
    /// The customer's name, where it is known.
    pub contact_name: Option<String>,
    /// Whether the conversation can still be opened.
    pub reachable: bool,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Where to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum SearchIn {
    /// In the cache: at once, without a network.
    Cache,
    /// On the server: everything that the teammate may see.
    Server,
}

/// Asks to search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SearchRequest {
    /// What was typed.
    pub query: String,
    /// Where.
    pub search_in: SearchIn,
    /// How many results, at most 50.
    pub limit: u32,
}

/// What was found, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SearchResults {
    /// The results.
    pub results: Vec<SearchResult>,
    /// Whether every conversation that the teammate may see was searched.
    pub complete: bool,
}

/// One result.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SearchResult {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The part; absent where the subject or the customer matched.
    pub part_id: Option<PartId>,
    /// The customer.
    pub contact_id: ContactId,
    /// The customer's name, where it is known.
    pub contact_name: Option<String>,
    /// Who wrote it.
    pub author: AuthorType,
    /// The teammate who wrote it, if one did.
    pub author_admin_id: Option<TeammateId>,
    /// Where the conversation stands.
    pub state: ConversationState,
    /// Whether the conversation goes first.
    pub priority: Priority,
    /// When it was written.
    pub created_at: Timestamp,
    /// The words around the match as plain text.
    pub excerpt: String,
}

// Words between people and names never reach a log, whoever prints this.
impl std::fmt::Debug for SearchResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchResult")
            .field("conversation_id", &self.conversation_id)
            .finish_non_exhaustive()
    }
}
