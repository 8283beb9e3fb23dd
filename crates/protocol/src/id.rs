//! Ids. Each is a UUIDv7 inside and carries a prefix on the wire, so that a log line explains
//! itself and one kind of id can never be passed as another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, de};
use uuid::Uuid;

/// An id's text that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id like {expected}_0197…")]
pub struct InvalidId {
    /// The prefix that the id should have had.
    pub expected: &'static str,
}

fn parse(text: &str, prefix: &'static str) -> Result<Uuid, InvalidId> {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        // Only the 32-digit form is written, so only that one is read: an id has one spelling.
        .filter(|hex| hex.len() == 32 && !hex.bytes().any(|b| b.is_ascii_uppercase()))
        .and_then(|hex| Uuid::try_parse(hex).ok())
        .ok_or(InvalidId { expected: prefix })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ts_rs::TS, utoipa::ToSchema)]
        #[ts(type = "string")]
        #[schema(value_type = String)]
        pub struct $name(Uuid);

        impl $name {
            /// What the id's text starts with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that is known to name such an object.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text, $prefix).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// One customer of the product: a company with its teammates and conversations.
    WorkspaceId = "wrk";
    /// One account of one person in one workspace.
    TeammateId = "tmt";
    /// A group of teammates that conversations are assigned to.
    TeamId = "tem";
    /// A customer: somebody who writes to the workspace.
    ContactId = "cnt";
    /// One conversation with one contact.
    ConversationId = "cnv";
    /// One entry of a conversation: a reply, a note or an event.
    PartId = "prt";
    /// One action of an agent, made by the client before its first attempt.
    CommandId = "cmd";
    /// One sign-in on one device.
    SessionId = "ses";
    /// One incarnation of a workspace's change log; a restore makes a new one.
    LogId = "log";
    /// A customer's system that opens conversations and reads replies.
    ChannelId = "chn";
    /// A company's own sign-in, such as its directory, that lets teammates in by single sign-on.
    ProviderId = "idp";
    /// A personal link: an invitation, or a reset of what a teammate signs in with.
    EnrolmentId = "enr";
}
