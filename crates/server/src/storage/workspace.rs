//! Rows of workspaces.

use recado_protocol::{Timestamp, Workspace, WorkspaceId};

use super::{DbError, Tx, params};

/// Stores a new workspace.
///
/// # Errors
/// [`DbError::UniqueViolation`] if the id is taken.
pub async fn insert(
    tx: &mut Tx,
    workspace: &Workspace,
    created_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workspace (id, name, offline_lease_s, created_at, version) VALUES (?1, ?2, ?3, ?4, ?5)",
        &params![
            workspace.id,
            &workspace.name,
            workspace.offline_lease_s,
            created_at,
            workspace.version
        ],
    )
    .await?;
    Ok(())
}

/// A workspace.
///
/// # Errors
/// [`DbError::RowNotFound`] without such a workspace.
pub async fn get(tx: &mut Tx, id: WorkspaceId) -> Result<Workspace, DbError> {
    let row = tx
        .query_one(
            "SELECT name, offline_lease_s, version FROM workspace WHERE id = ?1",
            &params![id],
        )
        .await?;
    Ok(Workspace {
        id,
        name: row.get("name")?,
        offline_lease_s: row.get("offline_lease_s")?,
        version: row.get("version")?,
    })
}

/// Stores how long machines of a workspace may show their copies without the server.
///
/// # Errors
/// [`DbError::RowNotFound`] without such a workspace.
pub async fn set_offline_lease(
    tx: &mut Tx,
    id: WorkspaceId,
    offline_lease_s: u32,
    version: u64,
) -> Result<(), DbError> {
    let changed = tx
        .execute(
            "UPDATE workspace SET offline_lease_s = ?2, version = ?3 WHERE id = ?1",
            &params![id, offline_lease_s, version],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(DbError::RowNotFound) }
}

/// Every workspace, oldest first.
///
/// # Errors
/// [`DbError`].
pub async fn ids(tx: &mut Tx) -> Result<Vec<WorkspaceId>, DbError> {
    let rows = tx.query("SELECT id FROM workspace ORDER BY created_at, id", &[]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}
