//! Making workspaces, teammates, teams and channels.

use recado_protocol::access::AccessScope;
use recado_protocol::{
    ChannelId, ConversationAccess, ErrorCode, LogId, Role, Team, TeamId, Teammate, TeammateId,
    TeammateState, Timestamp, Workspace, WorkspaceId,
};
use serde_json::json;

use crate::core::{ChannelPrincipal, Core, CoreError, Principal};
use crate::ids::Ids;
use crate::storage::audit::{self, Actor, AuditEvent, AuditResult};
use crate::storage::change_log::{self, EntryKind, LogWriter, NewEntry};
use crate::storage::{DbError, Tx, channel, team, teammate, workspace};

/// For how long a cache may be read without asking the server, unless an admin says otherwise, in seconds.
pub const DEFAULT_OFFLINE_LEASE_S: u32 = 24 * 3600;
const MAX_NAME_CHARS: usize = 200;

/// A teammate to be made.
#[derive(Debug, Clone)]
pub struct NewTeammate {
    /// The name that colleagues and customers see.
    pub name: String,
    /// The address used to sign in.
    pub email: String,
    /// What the teammate may do.
    pub role: Role,
    /// Whether the account is in use at once.
    pub state: TeammateState,
    /// Which conversations the teammate may see.
    pub access: ConversationAccess,
    /// The teams that the teammate belongs to.
    pub team_ids: Vec<TeamId>,
}

/// Makes a workspace with an empty change log.
///
/// # Errors
/// [`CoreError::Invalid`] for an empty or long name, [`CoreError::Db`].
pub async fn create_workspace(core: &Core, name: &str) -> Result<Workspace, CoreError> {
    let name = valid_name(name)?;
    let now = core.now();
    let ids = core.ids(now);
    core.db()
        .write(async move |tx| {
            let mut ids = ids.clone();
            let workspace = Workspace {
                id: WorkspaceId::from_uuid(ids.next_id()),
                name: name.clone(),
                offline_lease_s: DEFAULT_OFFLINE_LEASE_S,
                version: 1,
            };
            workspace::insert(tx, &workspace, now).await?;
            change_log::create(tx, workspace.id, LogId::from_uuid(ids.next_id())).await?;
            let mut log = LogWriter::lock(tx, workspace.id).await?;
            let entry = NewEntry::unscoped(EntryKind::Workspace, workspace.id.uuid());
            log.append(tx, &entry, now).await?;
            let object = ("workspace", workspace.id.uuid());
            made(tx, &log, &mut ids, now, Actor::Console, "workspace_create", object).await?;
            Ok::<_, CoreError>(workspace)
        })
        .await
}

/// Makes a teammate. `actor` is whoever was found to be allowed to.
///
/// # Errors
/// [`CoreError::Invalid`] for a bad name or address, an address that is taken, or an unknown team; [`CoreError::Db`].
pub async fn create_teammate(
    core: &Core,
    workspace_id: WorkspaceId,
    new: NewTeammate,
    actor: Actor,
) -> Result<Teammate, CoreError> {
    let now = core.now();
    let ids = core.ids(now);
    let teammate = core
        .db()
        .write(async move |tx| {
            let mut log = LogWriter::lock(tx, workspace_id).await?;
            insert_teammate(tx, &mut log, &mut ids.clone(), now, &new, actor).await
        })
        .await?;
    Ok(teammate)
}

/// As [`create_teammate`], inside a transaction that makes more of the teammate.
///
/// # Errors
/// As [`create_teammate`].
pub async fn insert_teammate(
    tx: &mut Tx,
    log: &mut LogWriter,
    ids: &mut Ids,
    now: Timestamp,
    new: &NewTeammate,
    actor: Actor,
) -> Result<Teammate, CoreError> {
    let workspace_id = log.workspace_id();
    let email = valid_email(&new.email)?;
    if teammate::find_by_email(tx, workspace_id, &email).await?.is_some() {
        return Err(invalid("There is a teammate with this e-mail address already."));
    }
    let teammate = Teammate {
        id: TeammateId::from_uuid(ids.next_id()),
        name: valid_name(&new.name)?,
        email,
        role: new.role,
        state: new.state,
        created_at: now,
        version: log.next(),
    };
    require_teams(tx, workspace_id, &new.team_ids).await?;
    require_hidden_teams(tx, workspace_id, &new.access).await?;
    teammate::insert(tx, workspace_id, &teammate, &new.access).await?;
    let entry = NewEntry::unscoped(EntryKind::Teammate, teammate.id.uuid());
    log.append(tx, &entry, now).await?;
    for team_id in &new.team_ids {
        team::add_member(tx, workspace_id, *team_id, teammate.id).await?;
        team_changed(tx, log, *team_id, now).await?;
    }
    made(tx, log, ids, now, actor, "teammate_create", ("teammate", teammate.id.uuid())).await?;
    Ok(teammate)
}

/// Makes a team. Its members' epochs are raised, since they see more now.
///
/// # Errors
/// [`CoreError::Invalid`] for a bad name, one that is taken, or an unknown member; [`CoreError::Db`].
pub async fn create_team(
    core: &Core,
    workspace_id: WorkspaceId,
    name: &str,
    members: &[TeammateId],
    actor: Actor,
) -> Result<Team, CoreError> {
    let name = valid_name(name)?;
    let now = core.now();
    let ids = core.ids(now);
    let mut admin_ids = members.to_vec();
    admin_ids.sort_unstable();
    admin_ids.dedup();
    let team = core
        .db()
        .write(async move |tx| {
            let mut log = LogWriter::lock(tx, workspace_id).await?;
            let mut ids = ids.clone();
            if team::find_by_name(tx, workspace_id, &name).await?.is_some() {
                return Err(invalid("There is a team with this name already."));
            }
            for teammate_id in &admin_ids {
                let who = Principal { workspace_id, teammate_id: *teammate_id };
                if teammate::viewer(tx, who).await?.is_none() {
                    return Err(invalid("There is no such teammate to put into the team."));
                }
            }
            let team = Team {
                id: TeamId::from_uuid(ids.next_id()),
                name: name.clone(),
                admin_ids: admin_ids.clone(),
                version: log.next(),
            };
            team::insert(tx, workspace_id, &team).await?;
            log.append(tx, &NewEntry::unscoped(EntryKind::Team, team.id.uuid()), now).await?;
            for teammate_id in &team.admin_ids {
                access_changed(tx, &mut log, *teammate_id, now).await?;
            }
            made(tx, &log, &mut ids, now, actor, "team_create", ("team", team.id.uuid())).await?;
            Ok::<_, CoreError>(team)
        })
        .await?;
    Ok(team)
}

/// Makes a channel whose key has this SHA-256.
///
/// # Errors
/// [`CoreError::Invalid`] for a bad name, [`CoreError::Db`].
pub async fn create_channel(
    core: &Core,
    workspace_id: WorkspaceId,
    name: &str,
    key_hash: [u8; 32],
    actor: Actor,
) -> Result<ChannelPrincipal, CoreError> {
    let name = valid_name(name)?;
    let now = core.now();
    let ids = core.ids(now);
    core.db()
        .write(async move |tx| {
            let log = LogWriter::lock(tx, workspace_id).await?;
            let mut ids = ids.clone();
            let channel_id = ChannelId::from_uuid(ids.next_id());
            let channel = ChannelPrincipal { workspace_id, channel_id };
            channel::insert(tx, channel, &name, &key_hash, now).await?;
            let object = ("channel", channel_id.uuid());
            made(tx, &log, &mut ids, now, actor, "channel_create", object).await?;
            Ok::<_, CoreError>(channel)
        })
        .await
}

/// Notes in the log that a team has other members.
pub(crate) async fn team_changed(
    tx: &mut Tx,
    log: &mut LogWriter,
    team_id: TeamId,
    now: Timestamp,
) -> Result<(), DbError> {
    team::set_version(tx, log.workspace_id(), team_id, log.next()).await?;
    log.append(tx, &NewEntry::unscoped(EntryKind::Team, team_id.uuid()), now).await?;
    Ok(())
}

/// Notes in the log that a teammate may do or see other things, and raises the epoch.
pub(crate) async fn access_changed(
    tx: &mut Tx,
    log: &mut LogWriter,
    teammate_id: TeammateId,
    now: Timestamp,
) -> Result<(), DbError> {
    let entry = NewEntry::unscoped(EntryKind::Access, teammate_id.uuid()).only_for(teammate_id);
    let seq = log.append(tx, &entry, now).await?;
    teammate::raise_epoch(tx, log.workspace_id(), teammate_id, seq).await
}

/// Nothing, if all of these teams exist.
pub(crate) async fn require_teams(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    team_ids: &[TeamId],
) -> Result<(), CoreError> {
    for team_id in team_ids {
        if !team::exists(tx, workspace_id, *team_id).await? {
            return Err(invalid("There is no such team; choose another one."));
        }
    }
    Ok(())
}

/// Nothing, if the teams that an access hides exist.
pub(crate) async fn require_hidden_teams(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    access: &ConversationAccess,
) -> Result<(), CoreError> {
    match &access.scope {
        AccessScope::AllExcept { team_ids } => require_teams(tx, workspace_id, team_ids).await,
        AccessScope::All | AccessScope::OwnTeams | AccessScope::Assigned | AccessScope::Unknown => {
            Ok(())
        }
    }
}

/// An address as it is kept: trimmed, of a form that can be one.
pub(crate) fn valid_email(email: &str) -> Result<String, CoreError> {
    let email = email.trim();
    let plausible = email.len() <= 320
        && !email.chars().any(|c| c.is_control() || c.is_whitespace())
        && email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !plausible {
        return Err(invalid("That is not an e-mail address; write it like name@example.com."));
    }
    Ok(email.to_owned())
}

/// A name as it is kept: trimmed, on one line, neither empty nor too long.
pub(crate) fn valid_name(name: &str) -> Result<String, CoreError> {
    let name = name.trim();
    let too_long = name.chars().count() > MAX_NAME_CHARS;
    if name.is_empty() || too_long || name.chars().any(char::is_control) {
        return Err(invalid("A name has 1 to 200 characters on one line."));
    }
    Ok(name.to_owned())
}

fn invalid(message: &str) -> CoreError {
    CoreError::invalid(ErrorCode::InvalidValue, message)
}

async fn made(
    tx: &mut Tx,
    log: &LogWriter,
    ids: &mut Ids,
    now: Timestamp,
    actor: Actor,
    action: &'static str,
    (object_type, object_id): (&'static str, uuid::Uuid),
) -> Result<(), DbError> {
    let event = AuditEvent {
        actor,
        action,
        object_type,
        object_id: Some(object_id),
        result: AuditResult::Done,
        detail: json!(null),
    };
    audit::record(tx, log.workspace_id(), ids, now, event).await
}
