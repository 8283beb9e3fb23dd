//! Where the cache stands: one row of facts about the whole of it.

use recado_protocol::host::ListKey;
use recado_protocol::{ConversationState, LogId, Teammate, Timestamp, Workspace, policy::Subject};
use recado_protocol::{Visibility, workspace::OwnAccess};
use serde::{Deserialize, Serialize};

/// Where the cache stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    /// The change log that `cursor` and every version belong to; absent before the first bootstrap.
    pub log_id: Option<LogId>,
    /// The change log's number that the cache has reached.
    pub cursor: u64,
    /// The access epoch of `access`.
    pub epoch: u64,
    /// What the signed-in teammate may do and see.
    pub access: Option<OwnAccess>,
    /// The signed-in teammate.
    pub me: Option<Teammate>,
    /// The workspace.
    pub workspace: Option<Workspace>,
    /// When the server last answered, by this machine's clock. The offline lease counts from it.
    pub last_contact_at: Option<Timestamp>,
    /// How far the machine's clock was seen since then.
    pub clock_seen: Option<ClockSeen>,
    /// How far the listing of heads is.
    pub heads: HeadsProgress,
    /// The check of the closed conversations, while one is owed.
    pub closed_check: Option<ClosedCheck>,
    /// The lowest [`recado_protocol::REVISION`] of the programs that filled the cache. What they did
    /// not know is missing from it.
    pub revision: u32,
}

impl Meta {
    /// Up to which of the change log's numbers every conversation here is as it was then. A
    /// reconciliation moves the cursor at once; the conversations only follow with the listing, and
    /// the closed ones with their check.
    pub fn complete_up_to(&self) -> u64 {
        let all_followed = self.heads == HeadsProgress::Complete && self.closed_check.is_none();
        if all_followed { self.cursor } else { 0 }
    }

    /// The signed-in teammate as the policy function wants it; absent before the first bootstrap.
    pub fn subject(&self) -> Option<Subject> {
        let (access, me) = (self.access.as_ref()?, self.me.as_ref()?);
        Some(Subject {
            role: access.role,
            state: access.state,
            visibility: Visibility::new(
                me.id,
                access.conversation_access.clone(),
                access.team_ids.iter().copied(),
            ),
        })
    }
}

/// How far the machine's clock was seen since the server last answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockSeen {
    /// When it was last looked at, by itself.
    pub at: Timestamp,
    /// How much of the time that passed it does not show because it was set back, in microseconds.
    pub lost_micros: i64,
}

/// The check of the closed conversations that follows a reconciliation: no listing names them, and
/// they may have left the teammate's view, so the server is asked for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClosedCheck {
    /// The last one that was asked for; absent at the beginning.
    pub after: Option<ListKey>,
}

/// How far the listing of the open and snoozed conversations' heads is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HeadsProgress {
    /// The heads must be listed, for the first time or because the access changed.
    #[default]
    Needed,
    /// The listing is under way and can go on from here.
    Listing {
        /// Where.
        listing: HeadListing,
    },
    /// Every open and snoozed head is here, so counts are right.
    Complete,
}

/// A place in the listing of heads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadListing {
    /// The state that is being listed.
    pub state: ConversationState,
    /// The `next` of the last stored page; absent at the beginning.
    pub after: Option<String>,
    /// The change log's number of the listing's first page.
    pub as_of: u64,
}
