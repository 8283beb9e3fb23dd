//! Rows of teammates and of what they may see.

use recado_protocol::access::AccessScope;
use recado_protocol::policy::Subject;
use recado_protocol::{
    ConversationAccess, Role, TeamId, Teammate, TeammateId, TeammateState, Visibility, WorkspaceId,
};

use super::visibility::{Viewer, scope_name};
use super::{DbError, Row, Tx, params};
use crate::core::Principal;

/// An address as it is compared: trimmed and in lower case.
fn fold(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Stores a new teammate with epoch 1, without any team.
///
/// # Errors
/// [`DbError::UniqueViolation`] if id or address is taken.
pub async fn insert(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    teammate: &Teammate,
    access: &ConversationAccess,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO teammate (workspace_id, id, name, email, email_folded, role, state, access_scope,
             access_unassigned, epoch, access_version, created_at, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?11, ?10, ?11)",
        &params![
            workspace_id,
            teammate.id,
            &teammate.name,
            &teammate.email,
            fold(&teammate.email),
            teammate.role.name(),
            teammate.state.name(),
            scope_name(&access.scope),
            access.unassigned,
            teammate.created_at,
            teammate.version,
        ],
    )
    .await?;
    replace_hidden_teams(tx, workspace_id, teammate.id, &access.scope).await
}

const COLUMNS: &str = "id, name, email, role, state, created_at, version";

fn read(row: &Row) -> Result<Teammate, DbError> {
    Ok(Teammate {
        id: row.get("id")?,
        name: row.get("name")?,
        email: row.get("email")?,
        role: read_role(row)?,
        state: read_state(row)?,
        created_at: row.get("created_at")?,
        version: row.get("version")?,
    })
}

fn read_role(row: &Row) -> Result<Role, DbError> {
    Role::from_name(&row.get::<String>("role")?)
        .ok_or(DbError::Decode { column: "role".to_owned(), expected: "role" })
}

fn read_state(row: &Row) -> Result<TeammateState, DbError> {
    TeammateState::from_name(&row.get::<String>("state")?)
        .ok_or(DbError::Decode { column: "state".to_owned(), expected: "state of a teammate" })
}

/// A teammate.
///
/// # Errors
/// [`DbError`].
pub async fn find(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: TeammateId,
) -> Result<Option<Teammate>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM teammate WHERE workspace_id = ?1 AND id = ?2");
    tx.query_opt(&sql, &params![workspace_id, id]).await?.as_ref().map(read).transpose()
}

/// The teammate with that address, however it is written.
///
/// # Errors
/// [`DbError`].
pub async fn find_by_email(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    email: &str,
) -> Result<Option<Teammate>, DbError> {
    let sql =
        format!("SELECT {COLUMNS} FROM teammate WHERE workspace_id = ?1 AND email_folded = ?2");
    tx.query_opt(&sql, &params![workspace_id, fold(email)]).await?.as_ref().map(read).transpose()
}

/// Every teammate, sorted by id.
///
/// # Errors
/// [`DbError`].
pub async fn all(tx: &mut Tx, workspace_id: WorkspaceId) -> Result<Vec<Teammate>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM teammate WHERE workspace_id = ?1 ORDER BY id");
    tx.query(&sql, &params![workspace_id]).await?.iter().map(read).collect()
}

/// Whether a teammate is in use.
///
/// # Errors
/// [`DbError`].
pub async fn state(tx: &mut Tx, id: TeammateId) -> Result<Option<TeammateState>, DbError> {
    let row = tx.query_opt("SELECT state FROM teammate WHERE id = ?1", &params![id]).await?;
    row.as_ref().map(read_state).transpose()
}

/// The same of a teammate that is held until the transaction ends: for a decision that is written. To be taken before
/// sessions and counters, as everybody does.
///
/// # Errors
/// [`DbError`].
pub async fn lock_state(tx: &mut Tx, id: TeammateId) -> Result<Option<TeammateState>, DbError> {
    let sql = format!("SELECT state FROM teammate WHERE id = ?1{}", tx.engine().for_update());
    tx.query_opt(&sql, &params![id]).await?.as_ref().map(read_state).transpose()
}

/// What a teammate may do and see, in this transaction's snapshot.
///
/// # Errors
/// [`DbError`].
pub async fn viewer(tx: &mut Tx, who: Principal) -> Result<Option<Viewer>, DbError> {
    let Principal { workspace_id, teammate_id } = who;
    let row = tx
        .query_opt(
            "SELECT name, role, state, access_scope, access_unassigned, epoch, access_version FROM teammate
             WHERE workspace_id = ?1 AND id = ?2",
            &params![workspace_id, teammate_id],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let scope = match row.get::<String>("access_scope")?.as_str() {
        "all" => AccessScope::All,
        "all_except" => {
            let team_ids = hidden_teams(tx, workspace_id, teammate_id).await?;
            AccessScope::AllExcept { team_ids }
        }
        "own_teams" => AccessScope::OwnTeams,
        "assigned" => AccessScope::Assigned,
        _ => {
            return Err(DbError::Decode {
                column: "access_scope".to_owned(),
                expected: "scope of access",
            });
        }
    };
    let access = ConversationAccess { scope, unassigned: row.get("access_unassigned")? };
    let team_ids = super::team::of_teammate(tx, workspace_id, teammate_id).await?;
    Ok(Some(Viewer {
        workspace_id,
        name: row.get("name")?,
        epoch: row.get("epoch")?,
        access_version: row.get("access_version")?,
        subject: Subject {
            role: read_role(&row)?,
            state: read_state(&row)?,
            visibility: Visibility::new(teammate_id, access, team_ids),
        },
    }))
}

async fn hidden_teams(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    teammate_id: TeammateId,
) -> Result<Vec<TeamId>, DbError> {
    let rows = tx
        .query(
            "SELECT team_id FROM hidden_team WHERE workspace_id = ?1 AND teammate_id = ?2 ORDER BY team_id",
            &params![workspace_id, teammate_id],
        )
        .await?;
    rows.iter().map(|row| row.get(0)).collect()
}

async fn replace_hidden_teams(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    teammate_id: TeammateId,
    scope: &AccessScope,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM hidden_team WHERE workspace_id = ?1 AND teammate_id = ?2",
        &params![workspace_id, teammate_id],
    )
    .await?;
    if let AccessScope::AllExcept { team_ids } = scope {
        for team_id in team_ids {
            tx.execute(
                "INSERT INTO hidden_team (workspace_id, teammate_id, team_id) VALUES (?1, ?2, ?3)
                 ON CONFLICT (workspace_id, teammate_id, team_id) DO NOTHING",
                &params![workspace_id, teammate_id, *team_id],
            )
            .await?;
        }
    }
    Ok(())
}

/// Sets role, state and access. A teammate's public version moves only where role or state did.
///
/// # Errors
/// [`DbError`].
pub async fn set_access(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: TeammateId,
    role: Role,
    state: TeammateState,
    access: &ConversationAccess,
    version: u64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE teammate SET version = CASE WHEN role = ?3 AND state = ?4 THEN version ELSE ?5 END,
             role = ?3, state = ?4, access_scope = ?6, access_unassigned = ?7
         WHERE workspace_id = ?1 AND id = ?2",
        &params![
            workspace_id,
            id,
            role.name(),
            state.name(),
            version,
            scope_name(&access.scope),
            access.unassigned,
        ],
    )
    .await?;
    replace_hidden_teams(tx, workspace_id, id, &access.scope).await
}

/// Raises the epoch: what the teammate may do or see changed with this entry of the log.
///
/// # Errors
/// [`DbError`].
pub async fn raise_epoch(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: TeammateId,
    access_version: u64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE teammate SET epoch = epoch + 1, access_version = ?3 WHERE workspace_id = ?1 AND id = ?2",
        &params![workspace_id, id, access_version],
    )
    .await?;
    Ok(())
}

/// How many active admins there are beside this teammate.
///
/// # Errors
/// [`DbError`].
pub async fn other_active_admins(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: TeammateId,
) -> Result<u64, DbError> {
    tx.query_one(
        "SELECT COUNT(*) FROM teammate
         WHERE workspace_id = ?1 AND id <> ?2 AND role = 'admin' AND state = 'active'",
        &params![workspace_id, id],
    )
    .await?
    .get(0)
}
