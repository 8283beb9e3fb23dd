//! The channel API: what a customer's system uses. Each write carries the header
//! `Idempotency-Key`; the key of the channel is sent as `Authorization: Bearer …`.

use serde::{Deserialize, Serialize};

use crate::id::{ContactId, ConversationId, LogId, PartId};
use crate::time::Timestamp;

/// The customer, as the channel knows them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChannelContact {
    /// The customer's id in the channel's system. The same id is the same contact.
    pub external_id: String,
    /// The customer's name.
    #[serde(default)]
    pub name: Option<String>,
    /// The customer's e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// The customer's telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// The customer's language as a BCP 47 tag.
    #[serde(default)]
    pub language: Option<String>,
}

// Words between people and names never reach a log, whoever prints this.
impl std::fmt::Debug for ChannelContact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelContact").finish_non_exhaustive()
    }
}

/// A customer's message: plain text, HTML, or both.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChannelMessage {
    /// Plain text.
    #[serde(default)]
    pub body_text: Option<String>,
    /// HTML; the server sanitises it.
    #[serde(default)]
    pub body_html: Option<String>,
    /// When the customer wrote it; the time of arrival where it is absent.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

impl std::fmt::Debug for ChannelMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelMessage").finish_non_exhaustive()
    }
}

/// `POST /v1/channel/conversations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct OpenConversation {
    /// The customer.
    pub contact: ChannelContact,
    /// What it is about.
    #[serde(default)]
    pub title: Option<String>,
    /// The first message.
    pub message: ChannelMessage,
    /// The name of the team that it goes to.
    #[serde(default)]
    pub team: Option<String>,
}

/// Answer to the channel's writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChannelReceipt {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The customer.
    pub contact_id: ContactId,
    /// The part that the message became.
    pub part_id: PartId,
}

/// `POST /v1/channel/conversations/{id}/messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct AddMessage {
    /// The message.
    pub message: ChannelMessage,
}

/// One reply of the workspace, as the customer's side may see it. Notes and events never appear.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChannelReply {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The part.
    pub part_id: PartId,
    /// The name of who wrote it.
    pub author_name: Option<String>,
    /// Sanitised HTML.
    pub body: String,
    /// The same as plain text.
    pub body_text: String,
    /// When it was written.
    pub created_at: Timestamp,
}

// Words between people and names never reach a log, whoever prints this.
impl std::fmt::Debug for ChannelReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChannelReply").field("part_id", &self.part_id).finish_non_exhaustive()
    }
}

/// Answer to `GET /v1/channel/replies?after=…&limit=…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ReplyPage {
    /// The change log that the cursor belongs to.
    pub log_id: LogId,
    /// The replies in the order of the change log, each exactly once.
    pub replies: Vec<ChannelReply>,
    /// What to send as `after` next time.
    pub cursor: u64,
    /// Whether there is more to fetch at once.
    pub more: bool,
}
