//! Recado's contract: every id, wire type, permission, command and error code that
//! the server, the client and the UI share.
//!
//! Nothing here does I/O or knows a host. Types that cross the network are snapshotted and
//! exported to TypeScript; changing one is a change of the product's public format.

#![deny(missing_docs)]

pub mod access;
pub mod account;
pub mod channel;
pub mod checkup;
pub mod command;
pub mod contact;
pub mod conversation;
pub mod enrolment;
pub mod error;
pub mod host;
pub mod id;
pub mod identity;
pub mod join;
pub mod live;
pub mod permission;
pub mod planted;
pub mod policy;
pub mod search;
pub mod session_end;
pub mod sso;
pub mod sync;
pub mod text;
pub mod time;
pub mod workspace;

/// The edition of what a server may say. It is raised whenever a kind or a field is added, so that a
/// newer client knows which caches were filled by one that had to leave that out, and fills them anew.
pub const REVISION: u32 = 1;

pub use access::{AccessScope, ConversationAccess, ScopeFacts, Visibility};
pub use command::{Action, Command, CommandOutcome, CommandResult};
pub use contact::Contact;
pub use conversation::{
    Author, AuthorType, ConversationHead, ConversationState, Part, PartType, Priority, ReadMark,
};
pub use error::{ApiError, ErrorCode};
pub use id::{
    ChannelId, CommandId, ContactId, ConversationId, EnrolmentId, LogId, PartId, ProviderId,
    SessionId, TeamId, TeammateId, WorkspaceId,
};
pub use join::{JoinLink, LinkSecret};
pub use permission::{Permission, Role};
pub use planted::{Planted, is_planted};
pub use policy::{Decision, Denial, Subject, decide};
pub use session_end::SessionEndReason;
pub use time::Timestamp;
pub use workspace::{Team, Teammate, TeammateState, Workspace};
