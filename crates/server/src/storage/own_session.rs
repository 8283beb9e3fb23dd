//! Rows of sessions as their owner sees and ends them.

use recado_protocol::{SessionId, TeammateId, Timestamp};

use super::session::{EndReason, SESSION_COLUMNS, StoredSession, end, read};
use super::{DbError, Tx, params};

/// How many sessions one list holds.
const MAX_LISTED: u32 = 200;

/// The sessions of a teammate whose machines may hold a copy: those that run and those that ended otherwise than by
/// signing out, which erases it; and those that their owner has yet to hear of, however they ended. The one that was used
/// last comes first.
///
/// # Errors
/// [`DbError`].
pub async fn of_teammate(
    tx: &mut Tx,
    teammate_id: TeammateId,
) -> Result<Vec<StoredSession>, DbError> {
    let sql = format!(
        "SELECT {SESSION_COLUMNS} FROM session \
         WHERE teammate_id = ?1 AND (end_reason IS NULL OR end_reason <> ?2 OR unseen) \
         ORDER BY last_used_at DESC, id LIMIT ?3"
    );
    tx.query(&sql, &params![teammate_id, EndReason::SignedOut.name(), MAX_LISTED])
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Whether a teammate has had sessions, but none of them on this device that its owner knows of: a stranger's second
/// sign-in is as strange as the first.
///
/// # Errors
/// [`DbError`].
pub async fn is_elsewhere(
    tx: &mut Tx,
    teammate_id: TeammateId,
    device_hash: &[u8; 32],
) -> Result<bool, DbError> {
    let row = tx
        .query_one(
            "SELECT count(*) AS sessions, count(CASE WHEN device_hash = ?2 AND NOT unseen THEN 1 END) AS here \
             FROM session WHERE teammate_id = ?1",
            &params![teammate_id, device_hash],
        )
        .await?;
    Ok(row.get::<i64>("sessions")? > 0 && row.get::<i64>("here")? == 0)
}

/// Notes that the owner of a session knows of it. `true` the first time.
///
/// # Errors
/// [`DbError`].
pub async fn note_seen(tx: &mut Tx, id: SessionId) -> Result<bool, DbError> {
    let sql = "UPDATE session SET unseen = FALSE WHERE id = ?1 AND unseen";
    Ok(tx.execute(sql, &params![id]).await? == 1)
}

/// The sessions that began at `since` or later where their accounts were not known.
///
/// # Errors
/// [`DbError`].
pub async fn unseen_since(
    tx: &mut Tx,
    since: Timestamp,
) -> Result<Vec<(SessionId, TeammateId)>, DbError> {
    let sql = "SELECT id, teammate_id FROM session WHERE unseen AND created_at >= ?1";
    let rows = tx.query(sql, &params![since]).await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("teammate_id")?))).collect()
}

/// Ends a session for good, so that its machine erases its copy at its next contact; also one that has ended before.
/// `true` unless that was said before.
///
/// # Errors
/// [`DbError`].
pub async fn wipe(tx: &mut Tx, id: SessionId, now: Timestamp) -> Result<bool, DbError> {
    if end(tx, id, EndReason::Wiped, now).await? {
        return Ok(true);
    }
    let changed = tx
        .execute(
            "UPDATE session SET end_reason = ?2, ended_at = ?3 WHERE id = ?1 AND end_reason <> ?2",
            &params![id, EndReason::Wiped.name(), now],
        )
        .await?;
    Ok(changed == 1)
}

/// Notes that a session's machine has erased its copy. `true` the first time.
///
/// # Errors
/// [`DbError`].
pub async fn note_erased(tx: &mut Tx, id: SessionId, now: Timestamp) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "UPDATE session SET erased_at = ?2 WHERE id = ?1 AND erased_at IS NULL",
            &params![id, now],
        )
        .await?;
    Ok(changed == 1)
}

/// Notes that the second factor was shown in a session.
///
/// # Errors
/// [`DbError`].
pub async fn note_factor(tx: &mut Tx, id: SessionId, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE session SET factor_at = ?2 WHERE id = ?1", &params![id, now]).await?;
    Ok(())
}
