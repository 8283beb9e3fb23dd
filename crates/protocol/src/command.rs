//! What an agent does, as it lies in the outbox and travels to the server.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::conversation::Priority;
use crate::error::ErrorCode;
use crate::id::{CommandId, ConversationId, PartId, TeamId, TeammateId};
use crate::permission::Permission;
use crate::time::Timestamp;

/// The longest message or note that is taken, in bytes of UTF-8.
pub const MAX_BODY_BYTES: usize = 1_048_576;
/// The longest tag that is taken, in characters.
pub const MAX_TAG_CHARS: usize = 64;
/// How many commands one request may carry.
pub const MAX_COMMANDS_PER_REQUEST: usize = 100;

/// One action of an agent on one conversation. The id is made and stored before the first attempt;
/// the server runs each id of an author at most once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Command {
    /// Made by the client, UUIDv7.
    pub id: CommandId,
    /// What it acts on.
    pub conversation_id: ConversationId,
    /// A command that must have been applied before this one. Where that one was refused, this one
    /// waits on the client for a person's decision.
    pub after: Option<CommandId>,
    /// What to do.
    pub action: Action,
    /// When the agent did it, by the agent's clock. For display while it waits; the server's own
    /// time stands in the result.
    pub created_at: Timestamp,
}

/// What a command does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// Sends the customer a message.
    ConversationReply {
        /// Plain text.
        body_text: String,
        /// The `seq` of the last part that the author had seen.
        last_seen_seq: u32,
    },
    /// Writes an internal note.
    ConversationNote {
        /// Plain text.
        body_text: String,
    },
    /// Assigns to a teammate, or to nobody.
    ConversationAssign {
        /// The teammate.
        admin_assignee_id: Option<TeammateId>,
    },
    /// Assigns to a team, or to none.
    ConversationAssignTeam {
        /// The team.
        team_assignee_id: Option<TeamId>,
    },
    /// Closes.
    ConversationClose,
    /// Reopens a closed or snoozed conversation.
    ConversationOpen,
    /// Puts aside until a time.
    ConversationSnooze {
        /// When it wakes.
        snoozed_until: Timestamp,
    },
    /// Sets the priority.
    ConversationPrioritize {
        /// The new priority.
        priority: Priority,
    },
    /// Adds a tag.
    ConversationTagAdd {
        /// The tag.
        tag: String,
    },
    /// Removes a tag.
    ConversationTagRemove {
        /// The tag.
        tag: String,
    },
    /// Moves the author's own read mark.
    ConversationMark {
        /// How many of the customer's messages count as read.
        contact_parts_read: u32,
    },
}

impl Action {
    /// The action's name on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConversationReply { .. } => "conversation_reply",
            Self::ConversationNote { .. } => "conversation_note",
            Self::ConversationAssign { .. } => "conversation_assign",
            Self::ConversationAssignTeam { .. } => "conversation_assign_team",
            Self::ConversationClose => "conversation_close",
            Self::ConversationOpen => "conversation_open",
            Self::ConversationSnooze { .. } => "conversation_snooze",
            Self::ConversationPrioritize { .. } => "conversation_prioritize",
            Self::ConversationTagAdd { .. } => "conversation_tag_add",
            Self::ConversationTagRemove { .. } => "conversation_tag_remove",
            Self::ConversationMark { .. } => "conversation_mark",
        }
    }

    /// The permission that the action needs.
    pub const fn permission(&self) -> Permission {
        match self {
            Self::ConversationReply { .. } => Permission::ConversationReply,
            Self::ConversationNote { .. } => Permission::ConversationNote,
            Self::ConversationAssign { .. } | Self::ConversationAssignTeam { .. } => {
                Permission::ConversationAssign
            }
            Self::ConversationClose | Self::ConversationOpen => Permission::ConversationClose,
            Self::ConversationSnooze { .. } => Permission::ConversationSnooze,
            Self::ConversationPrioritize { .. } => Permission::ConversationPrioritize,
            Self::ConversationTagAdd { .. } | Self::ConversationTagRemove { .. } => {
                Permission::ConversationTag
            }
            Self::ConversationMark { .. } => Permission::ConversationRead,
        }
    }

    /// The words that somebody wrote, for a reply or a note.
    pub fn body_text(&self) -> Option<&str> {
        match self {
            Self::ConversationReply { body_text, .. } | Self::ConversationNote { body_text } => {
                Some(body_text)
            }
            _ => None,
        }
    }
}

// Words between people never reach a log, whoever prints the command.
impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Command {
    /// SHA-256 over what the command does. The server keeps it with the id: a repeat must have the
    /// same hash. `created_at` is left out, since it has no effect.
    pub fn content_hash(&self) -> [u8; 32] {
        let content = (&self.conversation_id, &self.after, &self.action);
        // The three parts serialise without maps or floats, so this cannot fail; an empty text
        // would still hash to one stable value.
        let text = serde_json::to_vec(&content).unwrap_or_default();
        Sha256::digest(text).into()
    }
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct CommandResult {
    /// The command.
    pub id: CommandId,
    /// What became of it.
    pub outcome: CommandOutcome,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CommandOutcome {
    /// It took effect, now or at its first attempt.
    Applied {
        /// The change log's number of the effect. A cache whose cursor has reached it shows the
        /// effect itself.
        version: u64,
        /// The part that it made, if it made one.
        part_id: Option<PartId>,
    },
    /// It was refused and never took effect.
    Refused {
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people who read English; clients translate the code.
        message: String,
    },
    /// An outcome of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

/// `POST /v1/commands`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct CommandsRequest {
    /// The change log that the client follows. Where the server has begun another one since, nothing
    /// runs and the answer is `cursor_gone`: what the lost part had confirmed has to go first.
    #[serde(default)]
    pub log_id: Option<crate::id::LogId>,
    /// At most [`MAX_COMMANDS_PER_REQUEST`], run in this order, each in a transaction of its own.
    pub commands: Vec<Command>,
}

/// Answer to `POST /v1/commands`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct CommandsResponse {
    /// The change log that the versions belong to.
    pub log_id: crate::id::LogId,
    /// One result per command, in the order of the request.
    pub results: Vec<CommandResult>,
}
