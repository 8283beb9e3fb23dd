//! What says how well a workspace is protected.

use recado_protocol::{Role, TeammateId, TeammateState, Timestamp, WorkspaceId};

use super::session::EndReason;
use super::{DbError, Row, Tx, params};

/// An active teammate, as to how the account is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected {
    /// Who.
    pub id: TeammateId,
    /// The role, where it is known.
    pub role: Option<Role>,
    /// Password, authenticator and recovery codes, where the account has its own.
    pub own: Option<OwnFactors>,
}

/// What an account with a password of its own is protected by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnFactors {
    /// Whether its owner has chosen the password.
    pub password_chosen: bool,
    /// Whether its owner has set up the authenticator.
    pub authenticator_chosen: bool,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

/// Every active teammate of a workspace, in the order of their names.
///
/// # Errors
/// [`DbError`].
pub async fn people(tx: &mut Tx, workspace_id: WorkspaceId) -> Result<Vec<Protected>, DbError> {
    let rows = tx
        .query(
            "SELECT teammate.id, teammate.role, account.teammate_id AS account_id, \
             account.password_changed_at, account.totp_since, \
             (SELECT count(*) FROM recovery_code WHERE recovery_code.teammate_id = teammate.id) AS codes \
             FROM teammate LEFT JOIN account ON account.teammate_id = teammate.id \
             WHERE teammate.workspace_id = ?1 AND teammate.state = ?2 \
             ORDER BY teammate.name, teammate.id",
            &params![workspace_id, TeammateState::Active.name()],
        )
        .await?;
    rows.iter().map(protected).collect()
}

fn protected(row: &Row) -> Result<Protected, DbError> {
    let role: String = row.get("role")?;
    let account: Option<TeammateId> = row.get("account_id")?;
    let own = match account {
        None => None,
        Some(_) => Some(OwnFactors {
            password_chosen: row.get::<Option<Timestamp>>("password_changed_at")?.is_some(),
            authenticator_chosen: row.get::<Option<Timestamp>>("totp_since")?.is_some(),
            recovery_codes: row.get("codes")?,
        }),
    };
    Ok(Protected { id: row.get("id")?, role: Role::from_name(&role), own })
}

/// Whose machines may hold a copy, one entry for each machine, and whether it was last used before `before`. A machine that
/// is to erase its copy is no longer among them: what can be done about it has been done. Nor is one on which a later
/// session has ended with the copy.
///
/// # Errors
/// [`DbError`].
pub async fn copies(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    before: Timestamp,
) -> Result<Vec<(TeammateId, bool)>, DbError> {
    let rows = tx
        .query(
            "SELECT session.teammate_id, max(session.last_used_at) AS last_used_at FROM session \
             JOIN teammate ON teammate.id = session.teammate_id \
             WHERE teammate.workspace_id = ?1 AND session.erased_at IS NULL \
             AND (session.end_reason IS NULL OR session.end_reason NOT IN (?2, ?3)) \
             AND NOT EXISTS (SELECT 1 FROM session AS later \
             WHERE later.teammate_id = session.teammate_id AND later.device_hash = session.device_hash \
             AND later.created_at > session.created_at \
             AND (later.end_reason = ?2 OR later.erased_at IS NOT NULL)) \
             GROUP BY session.teammate_id, session.device_hash ORDER BY 2, 1",
            &params![workspace_id, EndReason::SignedOut.name(), EndReason::Wiped.name()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let last_used_at: Timestamp = row.get("last_used_at")?;
            Ok((row.get("teammate_id")?, last_used_at < before))
        })
        .collect()
}

/// Whose accounts were signed in to where they were not known, one entry for each time that nobody has answered for.
///
/// # Errors
/// [`DbError`].
pub async fn unseen(tx: &mut Tx, workspace_id: WorkspaceId) -> Result<Vec<TeammateId>, DbError> {
    let rows = tx
        .query(
            "SELECT session.teammate_id FROM session \
             JOIN teammate ON teammate.id = session.teammate_id \
             WHERE teammate.workspace_id = ?1 AND session.unseen ORDER BY session.created_at",
            &params![workspace_id],
        )
        .await?;
    rows.iter().map(|row| row.get("teammate_id")).collect()
}
