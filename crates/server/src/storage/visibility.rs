//! The one SQL predicate of visibility, and whoever looks through it.

use recado_protocol::access::AccessScope;
use recado_protocol::policy::{Denial, Subject};
use recado_protocol::workspace::OwnAccess;
use recado_protocol::{
    Decision, Permission, ScopeFacts, TeammateId, Visibility, WorkspaceId, decide,
};

use super::Value;

/// Holds for a row `c` of `conversation` exactly where `Visibility::matches` does. Its parameters are ?1 to ?4, as
/// [`Viewer::params`] gives them; a query's own begin with ?5.
pub(crate) const VISIBLE: &str = "(c.workspace_id = ?1 AND (
    c.admin_assignee_id = ?2
    OR ?3 = 'all'
    OR (?3 = 'all_except' AND (c.team_assignee_id IS NULL OR NOT EXISTS (
        SELECT 1 FROM hidden_team h
        WHERE h.workspace_id = ?1 AND h.teammate_id = ?2 AND h.team_id = c.team_assignee_id)))
    OR (?3 = 'own_teams' AND c.team_assignee_id IS NOT NULL AND EXISTS (
        SELECT 1 FROM team_member m
        WHERE m.workspace_id = ?1 AND m.teammate_id = ?2 AND m.team_id = c.team_assignee_id))
    OR (?4 AND c.admin_assignee_id IS NULL AND (c.team_assignee_id IS NULL OR EXISTS (
        SELECT 1 FROM team_member m
        WHERE m.workspace_id = ?1 AND m.teammate_id = ?2 AND m.team_id = c.team_assignee_id)))))";

/// The number of parameters of [`VISIBLE`].
pub(crate) const VIEWER_PARAMS: usize = 4;

/// The scope's name in SQL.
pub(crate) const fn scope_name(scope: &AccessScope) -> &'static str {
    match scope {
        AccessScope::All => "all",
        AccessScope::AllExcept { .. } => "all_except",
        AccessScope::OwnTeams => "own_teams",
        AccessScope::Assigned | AccessScope::Unknown => "assigned",
    }
}

/// A teammate as one snapshot knows them: what they may do and see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The name that goes onto what the teammate writes.
    pub name: String,
    /// The access epoch.
    pub epoch: u64,
    /// The change log's number of the newest change of the access.
    pub access_version: u64,
    /// Role, state and view.
    pub subject: Subject,
}

impl Viewer {
    /// Who it is.
    #[must_use]
    pub const fn teammate_id(&self) -> TeammateId {
        self.subject.visibility.teammate_id
    }

    /// Whether conversations with these facts are in view.
    #[must_use]
    pub fn sees(&self, facts: &ScopeFacts) -> bool {
        self.subject.visibility.matches(facts)
    }

    /// Nothing, if the viewer may use `permission` in general.
    ///
    /// # Errors
    /// Why not.
    pub fn require(&self, permission: Permission) -> Result<(), Denial> {
        match decide(&self.subject, permission, None) {
            Decision::Allowed => Ok(()),
            Decision::Denied(denial) => Err(denial),
        }
    }

    /// The access as the client is told it.
    #[must_use]
    pub fn own_access(&self) -> OwnAccess {
        let Visibility { team_ids, access, .. } = self.subject.visibility.clone();
        OwnAccess {
            epoch: self.epoch,
            role: self.subject.role,
            state: self.subject.state,
            team_ids,
            conversation_access: access,
        }
    }

    /// The parameters of [`VISIBLE`], to which a query adds its own.
    pub(crate) fn params(&self) -> Vec<Value> {
        let access = &self.subject.visibility.access;
        vec![
            self.workspace_id.into(),
            self.teammate_id().into(),
            scope_name(&access.scope).into(),
            access.unassigned.into(),
        ]
    }
}

/// An `IN (…)` list of ids: its placeholders from `?first` on, and the ids as parameters. Lists are filled up to a power
/// of two by repeating the last id, so that a statement has few forms. An empty list is given no form; ask nothing then.
pub(crate) fn id_list<I: Copy + Into<Value>>(first: usize, ids: &[I]) -> (String, Vec<Value>) {
    let count = ids.len().next_power_of_two();
    let filler = ids.last().into_iter().copied().cycle();
    let values = ids.iter().copied().chain(filler).take(count).map(Into::into).collect();
    (super::placeholders(first, count), values)
}
