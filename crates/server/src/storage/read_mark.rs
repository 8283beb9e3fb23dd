//! Rows of read marks: one per teammate and conversation.

use recado_protocol::{ConversationId, ReadMark};

use super::visibility::id_list;
use super::{DbError, Row, Tx, params};
use crate::core::Principal;

fn read(row: &Row) -> Result<ReadMark, DbError> {
    Ok(ReadMark {
        conversation_id: row.get("conversation_id")?,
        contact_parts_read: row.get("contact_parts_read")?,
        version: row.get("version")?,
    })
}

/// Moves a mark.
///
/// # Errors
/// [`DbError`].
pub async fn set(tx: &mut Tx, who: Principal, mark: &ReadMark) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO read_mark (workspace_id, teammate_id, conversation_id, contact_parts_read, version)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (workspace_id, teammate_id, conversation_id)
         DO UPDATE SET contact_parts_read = excluded.contact_parts_read, version = excluded.version",
        &params![
            who.workspace_id,
            who.teammate_id,
            mark.conversation_id,
            mark.contact_parts_read,
            mark.version
        ],
    )
    .await?;
    Ok(())
}

/// A teammate's marks on these conversations, sorted by conversation.
///
/// # Errors
/// [`DbError`].
pub async fn on(
    tx: &mut Tx,
    who: Principal,
    conversation_ids: &[ConversationId],
) -> Result<Vec<ReadMark>, DbError> {
    if conversation_ids.is_empty() {
        return Ok(Vec::new());
    }
    let (list, values) = id_list(3, conversation_ids);
    let sql = format!(
        "SELECT conversation_id, contact_parts_read, version FROM read_mark
         WHERE workspace_id = ?1 AND teammate_id = ?2 AND conversation_id IN ({list})
         ORDER BY conversation_id"
    );
    let mut params = params![who.workspace_id, who.teammate_id].to_vec();
    params.extend(values);
    tx.query(&sql, &params).await?.iter().map(read).collect()
}
