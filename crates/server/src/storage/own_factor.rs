//! Whom a workspace asks for an authenticator that they have set up themselves, and until when.

use recado_protocol::{Role, TeammateId, Timestamp, WorkspaceId};

use super::{DbError, Tx, params};

/// What a role is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnFactorRule {
    /// Whom.
    pub role: Role,
    /// For how many days after [`OwnFactorRule::set_at`], or after the account was made, the one that was handed over does.
    pub grace_days: u32,
    /// Since when it is asked.
    pub set_at: Timestamp,
}

/// Every rule, by role.
///
/// # Errors
/// [`DbError`].
pub async fn rules(tx: &mut Tx, workspace_id: WorkspaceId) -> Result<Vec<OwnFactorRule>, DbError> {
    let sql = "SELECT role, grace_days, set_at FROM own_factor_rule WHERE workspace_id = ?1 ORDER BY role";
    let rows = tx.query(sql, &params![workspace_id]).await?;
    rows.iter()
        .map(|row| {
            let role: String = row.get("role")?;
            Ok(OwnFactorRule {
                role: Role::from_name(&role)
                    .ok_or(DbError::Decode { column: "role".to_owned(), expected: "role" })?,
                grace_days: row.get("grace_days")?,
                set_at: row.get("set_at")?,
            })
        })
        .collect()
}

/// Sets a role's rule, in place of a former one.
///
/// # Errors
/// [`DbError`].
pub async fn set(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    rule: OwnFactorRule,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO own_factor_rule (workspace_id, role, grace_days, set_at) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (workspace_id, role) DO UPDATE SET grace_days = excluded.grace_days, set_at = excluded.set_at",
        &params![workspace_id, rule.role.name(), rule.grace_days, rule.set_at],
    )
    .await?;
    Ok(())
}

/// Asks a role no more.
///
/// # Errors
/// [`DbError`].
pub async fn remove(tx: &mut Tx, workspace_id: WorkspaceId, role: Role) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM own_factor_rule WHERE workspace_id = ?1 AND role = ?2",
        &params![workspace_id, role.name()],
    )
    .await?;
    Ok(())
}

/// Until when a teammate may go on with the authenticator that was handed over; `None` where it is not asked for another,
/// or has its own.
///
/// # Errors
/// [`DbError`].
pub async fn due(tx: &mut Tx, teammate_id: TeammateId) -> Result<Option<Timestamp>, DbError> {
    let row = tx
        .query_opt(
            "SELECT rule.grace_days, rule.set_at, teammate.created_at FROM teammate \
             JOIN account ON account.teammate_id = teammate.id \
             JOIN own_factor_rule rule ON rule.workspace_id = teammate.workspace_id AND rule.role = teammate.role \
             WHERE teammate.id = ?1 AND account.totp_since IS NULL",
            &params![teammate_id],
        )
        .await?;
    row.map(|row| {
        let (set_at, created_at): (Timestamp, Timestamp) =
            (row.get("set_at")?, row.get("created_at")?);
        let days: i64 = row.get("grace_days")?;
        Ok(set_at.max(created_at).plus_seconds(days * 86_400))
    })
    .transpose()
}
