//! Which conversations a teammate may see.
//!
//! [`ConversationAccess`] is what an admin sets. Together with the teammate's teams it compiles to
//! one [`Visibility`], whose [`Visibility::matches`] is the truth that the SQL predicates of the
//! server and of the cache are tested against.

use serde::{Deserialize, Serialize};

use crate::id::{TeamId, TeammateId};
use crate::permission::Role;

/// The breadth of a teammate's view, before unassigned conversations are added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AccessScope {
    /// Every conversation of the workspace.
    All,
    /// Every conversation that is not assigned to one of these teams, and what is assigned to
    /// the teammate.
    AllExcept {
        /// The teams whose conversations stay hidden.
        team_ids: Vec<TeamId>,
    },
    /// What is assigned to the teammate or to one of the teammate's teams.
    OwnTeams,
    /// What is assigned to the teammate.
    Assigned,
    /// A breadth of a newer server that this program does not know. It is never sent, and taken for
    /// the narrowest.
    #[serde(other)]
    Unknown,
}

/// Which conversations a teammate may see, as an admin sets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ConversationAccess {
    /// The breadth of the view.
    pub scope: AccessScope,
    /// Whether conversations without an assigned teammate, and without a team or in one of the
    /// teammate's teams, are visible as well.
    pub unassigned: bool,
}

impl ConversationAccess {
    /// Everything in the workspace.
    pub const fn all() -> Self {
        Self { scope: AccessScope::All, unassigned: true }
    }

    /// Own teams, with the unassigned.
    pub const fn own_teams() -> Self {
        Self { scope: AccessScope::OwnTeams, unassigned: true }
    }

    /// What somebody of this role sees where nothing else is said.
    pub const fn usual(role: Role) -> Self {
        match role {
            Role::Admin => Self::all(),
            Role::Agent | Role::LightAgent | Role::Unknown => Self::own_teams(),
        }
    }

    /// Only what is assigned to the teammate.
    pub const fn assigned() -> Self {
        Self { scope: AccessScope::Assigned, unassigned: false }
    }
}

/// The facts about a conversation that visibility depends on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
pub struct ScopeFacts {
    /// The teammate the conversation is assigned to.
    pub admin_assignee_id: Option<TeammateId>,
    /// The team the conversation is assigned to.
    pub team_assignee_id: Option<TeamId>,
}

/// A teammate's compiled view: the access, the teammate and the teammate's teams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Visibility {
    /// Whose view this is.
    pub teammate_id: TeammateId,
    /// The teams that the teammate belongs to, sorted.
    pub team_ids: Vec<TeamId>,
    /// What an admin set.
    pub access: ConversationAccess,
}

impl Visibility {
    /// Compiles a view. The order of `team_ids` does not matter.
    pub fn new(
        teammate_id: TeammateId,
        access: ConversationAccess,
        team_ids: impl IntoIterator<Item = TeamId>,
    ) -> Self {
        let mut team_ids: Vec<_> = team_ids.into_iter().collect();
        team_ids.sort_unstable();
        team_ids.dedup();
        Self { teammate_id, team_ids, access }
    }

    /// Whether a conversation with these facts may be seen.
    pub fn matches(&self, facts: &ScopeFacts) -> bool {
        let mine = facts.admin_assignee_id == Some(self.teammate_id);
        let in_my_teams = |team: TeamId| self.team_ids.binary_search(&team).is_ok();
        let in_scope = match &self.access.scope {
            AccessScope::All => true,
            AccessScope::AllExcept { team_ids } => {
                mine || facts.team_assignee_id.is_none_or(|team| !team_ids.contains(&team))
            }
            AccessScope::OwnTeams => mine || facts.team_assignee_id.is_some_and(in_my_teams),
            AccessScope::Assigned | AccessScope::Unknown => mine,
        };
        let free_for_me = self.access.unassigned
            && facts.admin_assignee_id.is_none()
            && facts.team_assignee_id.is_none_or(in_my_teams);
        in_scope || free_for_me
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn teammate(n: u128) -> TeammateId {
        TeammateId::from_uuid(Uuid::from_u128(n))
    }

    fn team(n: u128) -> TeamId {
        TeamId::from_uuid(Uuid::from_u128(n))
    }

    /// One row of the truth table: who it is assigned to, and in which access it is visible:
    /// all, all except team 9, own teams, assigned; then the same four with unassigned.
    type Row = (Option<u128>, Option<u128>, [bool; 8]);

    const TRUTH_TABLE: &[Row] = &[
        // Assigned to me: always visible.
        (Some(1), None, [true; 8]),
        (Some(1), Some(5), [true; 8]),
        (Some(1), Some(9), [true; 8]),
        // Assigned to somebody else.
        (Some(2), None, [true, true, false, false, true, true, false, false]),
        (Some(2), Some(5), [true, true, true, false, true, true, true, false]),
        (Some(2), Some(8), [true, true, false, false, true, true, false, false]),
        (Some(2), Some(9), [true, false, false, false, true, false, false, false]),
        // Assigned to nobody.
        (None, None, [true, true, false, false, true, true, true, true]),
        (None, Some(5), [true, true, true, false, true, true, true, true]),
        (None, Some(8), [true, true, false, false, true, true, false, false]),
        (None, Some(9), [true, false, false, false, true, false, false, false]),
    ];

    #[test]
    fn visibility_follows_the_truth_table() {
        for (assignee, team_assignee, expected) in TRUTH_TABLE {
            let facts = ScopeFacts {
                admin_assignee_id: assignee.map(teammate),
                team_assignee_id: team_assignee.map(team),
            };
            for (column, expected) in expected.iter().enumerate() {
                let scope = match column % 4 {
                    0 => AccessScope::All,
                    1 => AccessScope::AllExcept { team_ids: vec![team(9)] },
                    2 => AccessScope::OwnTeams,
                    _ => AccessScope::Assigned,
                };
                let access = ConversationAccess { scope, unassigned: column >= 4 };
                let view = Visibility::new(teammate(1), access.clone(), [team(6), team(5)]);
                assert_eq!(view.matches(&facts), *expected, "{facts:?} under {access:?}");
            }
        }
    }
}
