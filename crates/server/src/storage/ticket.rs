//! Rows of tickets: each opens the live stream once.

use recado_protocol::{SessionId, Timestamp};

use super::{DbError, Tx, params};
use crate::identity::token::TokenHash;

/// Stores a ticket.
///
/// # Errors
/// [`DbError`].
pub async fn insert(
    tx: &mut Tx,
    ticket_hash: TokenHash,
    session_id: SessionId,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO live_ticket (ticket_hash, session_id, expires_at) VALUES (?1, ?2, ?3)",
        &params![ticket_hash.as_bytes(), session_id, expires_at],
    )
    .await?;
    Ok(())
}

/// Uses a ticket up: gives the session that it stands for, once and only in its time.
///
/// # Errors
/// [`DbError`].
pub async fn redeem(
    tx: &mut Tx,
    ticket_hash: TokenHash,
    now: Timestamp,
) -> Result<Option<SessionId>, DbError> {
    let row = tx
        .query_opt(
            "DELETE FROM live_ticket WHERE ticket_hash = ?1 AND expires_at > ?2 RETURNING session_id",
            &params![ticket_hash.as_bytes(), now],
        )
        .await?;
    row.map(|row| row.get("session_id")).transpose()
}
