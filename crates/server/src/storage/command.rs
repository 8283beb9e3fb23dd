//! Rows of commands: what became of each, so that a repeat gets the same answer.

use recado_protocol::{CommandId, CommandOutcome, ErrorCode, PartId, Timestamp, WorkspaceId};

use super::{DbError, Row, Tx, params};
use crate::core::Principal;

/// A command that was heard before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCommand {
    /// The hash of what it did.
    pub content_hash: [u8; 32],
    /// What became of it.
    pub outcome: CommandOutcome,
}

/// An author's command.
///
/// # Errors
/// [`DbError`].
pub async fn find(
    tx: &mut Tx,
    author: Principal,
    id: CommandId,
) -> Result<Option<StoredCommand>, DbError> {
    let row = tx
        .query_opt(
            "SELECT content_hash, version, part_id, code, message FROM command
             WHERE workspace_id = ?1 AND author_id = ?2 AND id = ?3",
            &params![author.workspace_id, author.teammate_id, id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<StoredCommand, DbError> {
    let outcome = match row.get::<Option<String>>("code")? {
        Some(code) => {
            CommandOutcome::Refused { code: code_from_name(&code), message: row.get("message")? }
        }
        None => {
            CommandOutcome::Applied { version: row.get("version")?, part_id: row.get("part_id")? }
        }
    };
    Ok(StoredCommand { content_hash: row.get("content_hash")?, outcome })
}

/// Keeps what became of a command.
///
/// # Errors
/// [`DbError::UniqueViolation`] if the author has used the id.
pub async fn insert(
    tx: &mut Tx,
    author: Principal,
    id: CommandId,
    content_hash: &[u8; 32],
    outcome: &CommandOutcome,
    at: Timestamp,
) -> Result<(), DbError> {
    let (version, part_id, code, message): (Option<u64>, Option<PartId>, _, _) = match outcome {
        CommandOutcome::Applied { version, part_id } => (Some(*version), *part_id, None, None),
        CommandOutcome::Refused { code, message } => {
            (None, None, Some(code_name(*code)), Some(message.as_str()))
        }
        // Only clients read it; no command ends so here.
        CommandOutcome::Unknown => (None, None, Some(code_name(ErrorCode::Unknown)), Some("")),
    };
    tx.execute(
        "INSERT INTO command (workspace_id, author_id, id, content_hash, version, part_id, code, message, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &params![
            author.workspace_id,
            author.teammate_id,
            id,
            content_hash,
            version,
            part_id,
            code,
            message,
            at,
        ],
    )
    .await?;
    Ok(())
}

/// Forgets commands from before `kept_since`.
///
/// # Errors
/// [`DbError`].
pub async fn prune(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    kept_since: Timestamp,
) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM command WHERE workspace_id = ?1 AND at < ?2",
        &params![workspace_id, kept_since],
    )
    .await
}

/// A code's name on the wire, which is also its name in SQL.
fn code_name(code: ErrorCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(name)) => name,
        // A unit variant always serialises as its name.
        _ => String::new(),
    }
}

fn code_from_name(name: &str) -> ErrorCode {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).unwrap_or(ErrorCode::Unknown)
}
