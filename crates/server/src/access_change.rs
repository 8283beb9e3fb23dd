//! Changing what a teammate may do and see.

use std::collections::BTreeSet;

use recado_protocol::workspace::OwnAccess;
use recado_protocol::{
    ConversationAccess, ErrorCode, Planted, Role, TeamId, TeammateState, Timestamp, is_planted,
};
use serde_json::json;

use crate::core::{Core, CoreError, Principal};
use crate::ids::Ids;
use crate::seed::{access_changed, require_hidden_teams, require_teams, team_changed};
use crate::storage::audit::{self, Actor, AuditEvent, AuditResult};
use crate::storage::change_log::{EntryKind, LogWriter, NewEntry};
use crate::storage::visibility::Viewer;
use crate::storage::{DbError, Tx, team, teammate};

/// What is to change; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct AccessChange {
    /// The role.
    pub role: Option<Role>,
    /// Whether the account is in use.
    pub state: Option<TeammateState>,
    /// Which conversations the teammate may see.
    pub conversation_access: Option<ConversationAccess>,
    /// All the teams that the teammate belongs to.
    pub team_ids: Option<Vec<TeamId>>,
}

/// Changes a teammate's access and raises the epoch. From the commit on nothing computed under the older access is
/// true; followers of the change log are woken. `actor` is whoever was found to be allowed to do this. A change of
/// nothing leaves the epoch.
///
/// Whoever ends an account's use also ends its sessions.
///
/// # Errors
/// [`CoreError::NotFound`] without such a teammate; [`CoreError::Invalid`] for an unknown team, and where no active
/// admin would be left; [`CoreError::Db`].
pub async fn apply(
    core: &Core,
    who: Principal,
    change: AccessChange,
    actor: Actor,
) -> Result<OwnAccess, CoreError> {
    let now = core.now();
    let ids = core.ids(now);
    let access = core
        .db()
        .write(async move |tx| {
            let mut log = LogWriter::lock(tx, who.workspace_id).await?;
            apply_in(tx, &mut log, &mut ids.clone(), now, who, &change, actor).await
        })
        .await?;
    Ok(access)
}

/// As [`apply`], inside a transaction that does more.
///
/// # Errors
/// As [`apply`].
pub async fn apply_in(
    tx: &mut Tx,
    log: &mut LogWriter,
    ids: &mut Ids,
    now: Timestamp,
    who: Principal,
    change: &AccessChange,
    actor: Actor,
) -> Result<OwnAccess, CoreError> {
    let before = teammate::viewer(tx, who).await?.ok_or(CoreError::NotFound)?;
    let role = change.role.unwrap_or(before.subject.role);
    let state = change.state.unwrap_or(before.subject.state);
    let own = before.own_access();
    let access = change.conversation_access.clone().unwrap_or(own.conversation_access);
    require_hidden_teams(tx, who.workspace_id, &access).await?;
    let old_teams: BTreeSet<TeamId> = own.team_ids.iter().copied().collect();
    let new_teams = change.team_ids.as_ref().map_or_else(
        || old_teams.clone(),
        |team_ids| team_ids.iter().copied().collect::<BTreeSet<TeamId>>(),
    );
    for added in new_teams.difference(&old_teams) {
        require_teams(tx, who.workspace_id, &[*added]).await?;
    }
    let was_admin =
        before.subject.role == Role::Admin && before.subject.state == TeammateState::Active;
    if was_admin
        && (role != Role::Admin || state != TeammateState::Active)
        && teammate::other_active_admins(tx, who.workspace_id, who.teammate_id).await? == 0
    {
        let message = "This is the last active admin; make somebody else an admin first.";
        return Err(CoreError::invalid(ErrorCode::InvalidValue, message));
    }

    let unchanged = (role, state) == (before.subject.role, before.subject.state)
        && access == before.subject.visibility.access
        && new_teams == old_teams;
    if unchanged {
        return Ok(before.own_access());
    }

    let public_change = (role, state) != (before.subject.role, before.subject.state);
    let version = log.next();
    teammate::set_access(tx, who.workspace_id, who.teammate_id, role, state, &access, version)
        .await?;
    if public_change {
        let entry = NewEntry::unscoped(EntryKind::Teammate, who.teammate_id.uuid());
        log.append(tx, &entry, now).await?;
    }
    for left in old_teams.difference(&new_teams) {
        team::remove_member(tx, who.workspace_id, *left, who.teammate_id).await?;
        team_changed(tx, log, *left, now).await?;
    }
    for joined in new_teams.difference(&old_teams) {
        team::add_member(tx, who.workspace_id, *joined, who.teammate_id).await?;
        team_changed(tx, log, *joined, now).await?;
    }
    let only_teams = !public_change && access == before.subject.visibility.access;
    if !(only_teams && is_planted(Planted::EpochNotRaised)) {
        access_changed(tx, log, who.teammate_id, now).await?;
    }

    let after = teammate::viewer(tx, who).await?.ok_or(CoreError::NotFound)?;
    record(tx, log, ids, now, &before, &after, actor).await?;
    Ok(after.own_access())
}

async fn record(
    tx: &mut Tx,
    log: &LogWriter,
    ids: &mut Ids,
    now: Timestamp,
    before: &Viewer,
    after: &Viewer,
    actor: Actor,
) -> Result<(), DbError> {
    let event = AuditEvent {
        actor,
        action: "teammate_access_change",
        object_type: "teammate",
        object_id: Some(after.teammate_id().uuid()),
        result: AuditResult::Done,
        detail: json!({ "before": before.own_access(), "after": after.own_access() }),
    };
    audit::record(tx, log.workspace_id(), ids, now, event).await
}
