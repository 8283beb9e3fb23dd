//! Rows of teams and of who belongs to them.

use std::collections::BTreeMap;

use recado_protocol::{Team, TeamId, TeammateId, WorkspaceId};

use super::{DbError, Tx, params};

/// A name as it is compared: trimmed and in lower case.
fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Stores a new team with its members.
///
/// # Errors
/// [`DbError::UniqueViolation`] if id or name is taken; [`DbError::ForeignKeyViolation`] for an unknown member.
pub async fn insert(tx: &mut Tx, workspace_id: WorkspaceId, team: &Team) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO team (workspace_id, id, name, name_folded, version) VALUES (?1, ?2, ?3, ?4, ?5)",
        &params![workspace_id, team.id, &team.name, fold(&team.name), team.version],
    )
    .await?;
    for teammate_id in &team.admin_ids {
        add_member(tx, workspace_id, team.id, *teammate_id).await?;
    }
    Ok(())
}

/// Makes a teammate a member.
///
/// # Errors
/// [`DbError::ForeignKeyViolation`] for an unknown team or teammate.
pub async fn add_member(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    team_id: TeamId,
    teammate_id: TeammateId,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO team_member (workspace_id, team_id, teammate_id) VALUES (?1, ?2, ?3)
         ON CONFLICT (workspace_id, team_id, teammate_id) DO NOTHING",
        &params![workspace_id, team_id, teammate_id],
    )
    .await?;
    Ok(())
}

/// Ends a membership.
///
/// # Errors
/// [`DbError`].
pub async fn remove_member(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    team_id: TeamId,
    teammate_id: TeammateId,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM team_member WHERE workspace_id = ?1 AND team_id = ?2 AND teammate_id = ?3",
        &params![workspace_id, team_id, teammate_id],
    )
    .await?;
    Ok(())
}

/// Notes that a team changed.
///
/// # Errors
/// [`DbError`].
pub async fn set_version(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: TeamId,
    version: u64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE team SET version = ?3 WHERE workspace_id = ?1 AND id = ?2",
        &params![workspace_id, id, version],
    )
    .await?;
    Ok(())
}

/// Whether there is such a team.
///
/// # Errors
/// [`DbError`].
pub async fn exists(tx: &mut Tx, workspace_id: WorkspaceId, id: TeamId) -> Result<bool, DbError> {
    let row = tx
        .query_opt(
            "SELECT 1 FROM team WHERE workspace_id = ?1 AND id = ?2",
            &params![workspace_id, id],
        )
        .await?;
    Ok(row.is_some())
}

/// The team of that name, however it is written.
///
/// # Errors
/// [`DbError`].
pub async fn find_by_name(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<Option<TeamId>, DbError> {
    let row = tx
        .query_opt(
            "SELECT id FROM team WHERE workspace_id = ?1 AND name_folded = ?2",
            &params![workspace_id, fold(name)],
        )
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// The teams that a teammate belongs to, sorted.
///
/// # Errors
/// [`DbError`].
pub async fn of_teammate(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    teammate_id: TeammateId,
) -> Result<Vec<TeamId>, DbError> {
    let rows = tx
        .query(
            "SELECT team_id FROM team_member WHERE workspace_id = ?1 AND teammate_id = ?2 ORDER BY team_id",
            &params![workspace_id, teammate_id],
        )
        .await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Every team with its members, sorted by id.
///
/// # Errors
/// [`DbError`].
pub async fn all(tx: &mut Tx, workspace_id: WorkspaceId) -> Result<Vec<Team>, DbError> {
    let members = tx
        .query(
            "SELECT team_id, teammate_id FROM team_member WHERE workspace_id = ?1
             ORDER BY team_id, teammate_id",
            &params![workspace_id],
        )
        .await?;
    let mut admin_ids: BTreeMap<TeamId, Vec<TeammateId>> = BTreeMap::new();
    for row in &members {
        admin_ids.entry(row.get("team_id")?).or_default().push(row.get("teammate_id")?);
    }
    let rows = tx
        .query(
            "SELECT id, name, version FROM team WHERE workspace_id = ?1 ORDER BY id",
            &params![workspace_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let id = row.get("id")?;
            Ok(Team {
                id,
                name: row.get("name")?,
                admin_ids: admin_ids.remove(&id).unwrap_or_default(),
                version: row.get("version")?,
            })
        })
        .collect()
}

/// A team's name.
///
/// # Errors
/// [`DbError`].
pub async fn name_of(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: TeamId,
) -> Result<Option<String>, DbError> {
    let row = tx
        .query_opt(
            "SELECT name FROM team WHERE workspace_id = ?1 AND id = ?2",
            &params![workspace_id, id],
        )
        .await?;
    row.map(|row| row.get("name")).transpose()
}
