//! Permissions and the roles that bundle them.

use serde::{Deserialize, Serialize};

/// One thing that a teammate may be allowed to do. Whatever is not listed in the teammate's role
/// is denied.
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
pub enum Permission {
    /// Read the conversations that the teammate's access covers.
    #[serde(rename = "conversation.read")]
    ConversationRead,
    /// Send the customer a reply.
    #[serde(rename = "conversation.reply")]
    ConversationReply,
    /// Write an internal note.
    #[serde(rename = "conversation.note")]
    ConversationNote,
    /// Assign to a teammate or a team.
    #[serde(rename = "conversation.assign")]
    ConversationAssign,
    /// Close and reopen.
    #[serde(rename = "conversation.close")]
    ConversationClose,
    /// Put aside until a time.
    #[serde(rename = "conversation.snooze")]
    ConversationSnooze,
    /// Set the priority.
    #[serde(rename = "conversation.prioritize")]
    ConversationPrioritize,
    /// Add and remove tags.
    #[serde(rename = "conversation.tag")]
    ConversationTag,
    /// See contacts of whom no conversation is visible.
    #[serde(rename = "contact.list")]
    ContactList,
    /// See, end and wipe the sessions of other teammates.
    #[serde(rename = "session.manage")]
    SessionManage,
    /// See how well the workspace is protected.
    #[serde(rename = "security.manage")]
    SecurityManage,
    /// Invite new teammates.
    #[serde(rename = "teammate.invite")]
    TeammateInvite,
    /// Let a teammate set password and authenticator anew.
    #[serde(rename = "teammate.reset")]
    TeammateReset,
}

impl Permission {
    /// Every permission, in the order in which an admin reads them.
    pub const ALL: &'static [Self] = &[
        Self::ConversationRead,
        Self::ConversationReply,
        Self::ConversationNote,
        Self::ConversationAssign,
        Self::ConversationClose,
        Self::ConversationSnooze,
        Self::ConversationPrioritize,
        Self::ConversationTag,
        Self::ContactList,
        Self::SessionManage,
        Self::SecurityManage,
        Self::TeammateInvite,
        Self::TeammateReset,
    ];

    /// The permission's name, `resource.action`, as it stands on the wire and in the API's
    /// description.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConversationRead => "conversation.read",
            Self::ConversationReply => "conversation.reply",
            Self::ConversationNote => "conversation.note",
            Self::ConversationAssign => "conversation.assign",
            Self::ConversationClose => "conversation.close",
            Self::ConversationSnooze => "conversation.snooze",
            Self::ConversationPrioritize => "conversation.prioritize",
            Self::ConversationTag => "conversation.tag",
            Self::ContactList => "contact.list",
            Self::SessionManage => "session.manage",
            Self::SecurityManage => "security.manage",
            Self::TeammateInvite => "teammate.invite",
            Self::TeammateReset => "teammate.reset",
        }
    }
}

/// A built-in role.
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
pub enum Role {
    /// Everything.
    Admin,
    /// Answers customers.
    Agent,
    /// Reads, and writes notes.
    LightAgent,
    /// A role of a newer server that this program does not know. It is never sent, and allows
    /// nothing.
    #[serde(other)]
    Unknown,
}

impl Role {
    /// Every built-in role that is known.
    pub const ALL: &'static [Self] = &[Self::Admin, Self::Agent, Self::LightAgent];

    /// The role's name on the wire and in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::LightAgent => "light_agent",
            Self::Unknown => "unknown",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }

    /// What the role allows.
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Admin => Permission::ALL,
            Self::Agent => &[
                Permission::ConversationRead,
                Permission::ConversationReply,
                Permission::ConversationNote,
                Permission::ConversationAssign,
                Permission::ConversationClose,
                Permission::ConversationSnooze,
                Permission::ConversationPrioritize,
                Permission::ConversationTag,
            ],
            Self::LightAgent => &[Permission::ConversationRead, Permission::ConversationNote],
            Self::Unknown => &[],
        }
    }

    /// Whether whoever has this role may give somebody `other`: it allows nothing that this one does not.
    pub fn may_give(self, other: Self) -> bool {
        other != Self::Unknown && other.permissions().iter().all(|it| self.allows(*it))
    }

    /// Whether the role allows `permission`.
    pub fn allows(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }
}
