//! The workspace, its teammates and its teams.

use serde::{Deserialize, Serialize};

use crate::access::ConversationAccess;
use crate::id::{TeamId, TeammateId, WorkspaceId};
use crate::permission::Role;
use crate::time::Timestamp;

/// One customer of the product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Workspace {
    /// The workspace's id.
    pub id: WorkspaceId,
    /// The name that its teammates see.
    pub name: String,
    /// How long a cache may be read without asking the server, in seconds.
    pub offline_lease_s: u32,
    /// The change log's number of the newest change to this object.
    pub version: u64,
}

/// Whether an account is in use.
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
pub enum TeammateState {
    /// Asked to join, has not signed in yet.
    Invited,
    /// In use.
    Active,
    /// Kept, but may do nothing.
    Suspended,
    /// Gone; the name stays on what was written.
    Removed,
    /// A state of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

impl TeammateState {
    /// Every state that is known.
    pub const ALL: &'static [Self] = &[Self::Invited, Self::Active, Self::Suspended, Self::Removed];

    /// The state's name on the wire and in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
            Self::Unknown => "unknown",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.name() == name)
    }
}

/// One account of one person, as colleagues see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Teammate {
    /// The teammate's id.
    pub id: TeammateId,
    /// The name that colleagues and customers see.
    pub name: String,
    /// The address used to sign in.
    pub email: String,
    /// What the teammate may do.
    pub role: Role,
    /// Whether the account is in use.
    pub state: TeammateState,
    /// When the account was made.
    pub created_at: Timestamp,
    /// The change log's number of the newest change to this object.
    pub version: u64,
}

/// A group of teammates that conversations are assigned to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Team {
    /// The team's id.
    pub id: TeamId,
    /// The name that teammates see.
    pub name: String,
    /// Who belongs to it, sorted.
    pub admin_ids: Vec<TeammateId>,
    /// The change log's number of the newest change to this object.
    pub version: u64,
}

/// What the signed-in teammate may do and see: what the client's own checks and evictions use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct OwnAccess {
    /// Raised by every change of the teammate's role, teams or access.
    pub epoch: u64,
    /// The teammate's role.
    pub role: Role,
    /// Whether the account is in use.
    pub state: TeammateState,
    /// The teams that the teammate belongs to, sorted.
    pub team_ids: Vec<TeamId>,
    /// Which conversations the teammate may see.
    pub conversation_access: ConversationAccess,
}
