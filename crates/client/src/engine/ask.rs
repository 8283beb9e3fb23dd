//! What the engine asks the server, and what the server answers.

use recado_protocol::command::{CommandsRequest, CommandsResponse};
use recado_protocol::live::LiveTicket;
use recado_protocol::sync::{
    Bootstrap, ConversationPage, FetchRequest, HeadPage, HeadQuery, ScopeDigest, SyncPage,
};
use recado_protocol::{ConversationId, LogId, Timestamp};

use crate::transport::{Request, Response, TransportError};

/// A question to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// What a cache starts from.
    Bootstrap,
    /// The change log after a cursor.
    Sync {
        /// The change log that the cursor belongs to.
        log_id: LogId,
        /// What the cache has reached.
        cursor: u64,
        /// How many entries of the log the page may cover.
        limit: u32,
    },
    /// A page of heads.
    Heads(HeadQuery),
    /// One conversation, or older parts of it.
    Conversation {
        /// Which.
        conversation_id: ConversationId,
        /// Only parts with a lower `seq`.
        before_seq: Option<u32>,
        /// How many parts at most.
        limit: u32,
    },
    /// Whole conversations.
    Fetch(Vec<ConversationId>),
    /// A digest of what the teammate may see.
    Digest,
    /// Runs commands.
    Commands(CommandsRequest),
    /// A ticket for the live stream.
    LiveTicket,
}

impl Ask {
    /// The question as a request, without an access token.
    ///
    /// # Errors
    ///
    /// [`TransportError::Malformed`] if it cannot be written.
    pub fn to_request(&self) -> Result<Request, TransportError> {
        Ok(match self {
            Self::Bootstrap => Request::get("/v1/bootstrap"),
            Self::Sync { log_id, cursor, limit } => Request::get("/v1/sync")
                .with("log_id", log_id)
                .with("cursor", cursor)
                .with("limit", limit),
            Self::Heads(query) => {
                let mut request =
                    Request::get("/v1/conversations").with("state", query.state.name());
                if let Some(contact_id) = query.contact_id {
                    request = request.with("contact_id", contact_id);
                }
                if let Some(after) = &query.after {
                    request = request.with("after", after);
                }
                if let Some(limit) = query.limit {
                    request = request.with("limit", limit);
                }
                request
            }
            Self::Conversation { conversation_id, before_seq, limit } => {
                let path = format!("/v1/conversations/{conversation_id}");
                let request = Request::get(path).with("limit", limit);
                match before_seq {
                    Some(seq) => request.with("before_seq", seq),
                    None => request,
                }
            }
            Self::Fetch(ids) => {
                let body = FetchRequest { conversation_ids: ids.clone() };
                Request::post("/v1/conversations/fetch", &body)?
            }
            Self::Digest => Request::get("/v1/digest"),
            Self::Commands(commands) => Request::post("/v1/commands", commands)?,
            Self::LiveTicket => Request::post("/v1/live/ticket", &serde_json::json!({}))?,
        })
    }

    /// Reads the answer to this question.
    ///
    /// # Errors
    ///
    /// As [`Response::read`].
    pub fn read(&self, response: &Response) -> Result<Answer, TransportError> {
        Ok(match self {
            Self::Bootstrap => Answer::Bootstrap(response.read()?),
            Self::Sync { .. } => Answer::Sync(response.read()?),
            Self::Heads(_) => Answer::Heads(response.read()?),
            Self::Conversation { .. } | Self::Fetch(_) => Answer::Conversations(response.read()?),
            Self::Digest => Answer::Digest(response.read()?),
            Self::Commands(_) => Answer::Commands(response.read()?),
            Self::LiveTicket => Answer::LiveTicket(response.read()?),
        })
    }
}

/// An answer of the server.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Ask::Bootstrap`].
    Bootstrap(Box<Bootstrap>),
    /// To [`Ask::Sync`].
    Sync(SyncPage),
    /// To [`Ask::Heads`].
    Heads(HeadPage),
    /// To [`Ask::Conversation`] and [`Ask::Fetch`].
    Conversations(ConversationPage),
    /// To [`Ask::Digest`].
    Digest(ScopeDigest),
    /// To [`Ask::Commands`].
    Commands(CommandsResponse),
    /// To [`Ask::LiveTicket`].
    LiveTicket(LiveTicket),
}

impl Answer {
    /// The server's clock, where the answer tells it.
    pub const fn server_time(&self) -> Option<Timestamp> {
        match self {
            Self::Bootstrap(bootstrap) => Some(bootstrap.server_time),
            Self::Sync(page) => Some(page.server_time),
            _ => None,
        }
    }
}

// Answers carry messages and tickets, which never reach a log.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bootstrap(_) => "Bootstrap",
            Self::Sync(_) => "Sync",
            Self::Heads(_) => "Heads",
            Self::Conversations(_) => "Conversations",
            Self::Digest(_) => "Digest",
            Self::Commands(_) => "Commands",
            Self::LiveTicket(_) => "LiveTicket",
        })
    }
}
