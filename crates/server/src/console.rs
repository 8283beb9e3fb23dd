//! Console commands: they reach a running server through a socket in its data directory, which only its owner may open.
//! Where no server runs, the command takes the data directory's lock and works on the data itself.
//!
//! Over the socket go lines of JSON: a request, then its reply, as often as the command likes.

mod client;
mod dispatch;
mod listener;

use std::path::{Path, PathBuf};

use recado_protocol::{Role, SessionId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::backend::{
    AddedTeammate, BackendError, GroupMapping, LinkSettings, NewLink, NewProvider, NewTeammate,
    TeammateChange,
};
use crate::import::{ImportOptions, NumberedRecord};

pub use client::Console;
pub use dispatch::Desk;
pub(crate) use listener::Listener;

/// The longest line on the socket, in bytes. An import sends batches of conversations.
const MAX_LINE_BYTES: usize = 64 * 1_024 * 1_024;

/// Where a data directory's socket lies.
#[must_use]
pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("console.sock")
}

/// What a console command asks for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// The link by which a client joins.
    JoinLink,
    /// Adds a teammate.
    TeammateAdd {
        /// Who.
        new: NewTeammate,
    },
    /// Changes what a teammate may do and see.
    TeammateSet {
        /// The teammate's address.
        email: String,
        /// What changes.
        change: TeammateChange,
    },
    /// Makes a personal link.
    LinkMake {
        /// For whom.
        email: String,
        /// What for.
        new: NewLink,
        /// How long, and in which language.
        settings: LinkSettings,
    },
    /// Lists personal links.
    LinkList,
    /// Withdraws a personal link.
    LinkRevoke {
        /// For whom it is.
        email: String,
    },
    /// Asks roles for an authenticator of their own, or no more.
    OwnFactorSet {
        /// Whom.
        roles: Vec<Role>,
        /// After how many days of grace; absent: no more.
        grace_days: Option<u32>,
    },
    /// Whom the workspace asks for an authenticator of their own.
    OwnFactorShow,
    /// Sets for how long machines may show their copies without the server.
    OfflineLeaseSet {
        /// In hours.
        hours: u32,
    },
    /// For how long machines may show their copies without the server.
    OfflineLeaseShow,
    /// Lists a teammate's sessions.
    SessionList {
        /// The teammate's address.
        email: String,
    },
    /// Ends a teammate's sessions.
    SessionEnd {
        /// The teammate's address.
        email: String,
        /// Only this one.
        session_id: Option<SessionId>,
        /// Whether the machines erase their copies.
        wipe: bool,
    },
    /// Stores a batch of conversations from a file.
    Import {
        /// How.
        options: ImportOptions,
        /// The conversations.
        batch: Vec<NumberedRecord>,
    },
    /// Makes a channel.
    ChannelAdd {
        /// Its name.
        name: String,
    },
    /// Adds an identity provider.
    SsoAdd {
        /// Which.
        new: Box<NewProvider>,
    },
    /// Every identity provider.
    SsoList,
    /// Looks whether an identity provider can be used.
    SsoTest {
        /// Its name.
        name: String,
    },
    /// Removes an identity provider.
    SsoRemove {
        /// Its name.
        name: String,
    },
    /// Says what a group of an identity provider stands for.
    SsoMapGroup {
        /// The provider's name.
        name: String,
        /// The group and what it stands for.
        mapping: GroupMapping,
    },
    /// Makes single sign-on the only way in, or one among others.
    SsoOnly {
        /// Whose password counts all the same; absent: everybody's does.
        owner: Option<String>,
    },
}

/// The reply on the socket: what the request asked for, or a sentence why not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Done(serde_json::Value),
    Error(String),
}

/// A link by which a client joins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinLinkReply {
    /// The link; absent where the server's address is not known.
    pub join_link: String,
}

/// A channel that was made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedChannel {
    /// The key, shown this once.
    pub channel_key: String,
}

/// A group whose meaning was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedGroup {
    /// The names of the teams that were made for it.
    pub new_teams: Vec<String>,
}

/// Nothing to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}

/// A teammate that was added.
pub type TeammateAdded = AddedTeammate;

fn decode<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, BackendError> {
    serde_json::from_value(value).map_err(|error| {
        BackendError::Internal(format!("the server gave an answer that cannot be read: {error}"))
    })
}
