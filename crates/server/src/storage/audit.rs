//! The audit: who did what, with what came of it. Rows are written without a number; a chainer numbers and hashes them.

use recado_protocol::{ChannelId, TeammateId, Timestamp, WorkspaceId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{DbError, Tx, params};
use crate::ids::Ids;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A teammate.
    Teammate(TeammateId),
    /// A customer's system.
    Channel(ChannelId),
    /// Somebody at the server's console.
    Console,
    /// The server itself.
    Server,
}

impl Actor {
    const fn name(self) -> &'static str {
        match self {
            Self::Teammate(_) => "teammate",
            Self::Channel(_) => "channel",
            Self::Console => "console",
            Self::Server => "server",
        }
    }

    const fn id(self) -> Option<Uuid> {
        match self {
            Self::Teammate(id) => Some(id.uuid()),
            Self::Channel(id) => Some(id.uuid()),
            Self::Console | Self::Server => None,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditResult {
    /// It was done.
    Done,
    /// It was refused for lack of permission or because it is out of sight.
    Denied,
}

impl AuditResult {
    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Denied => "denied",
        }
    }
}

/// One row of the audit.
#[derive(Debug, Clone)]
pub struct AuditEvent<'a> {
    /// Who did it.
    pub actor: Actor,
    /// What was done, a fixed name.
    pub action: &'a str,
    /// The kind of object it was done to.
    pub object_type: &'static str,
    /// The object.
    pub object_id: Option<Uuid>,
    /// What came of it.
    pub result: AuditResult,
    /// More, as JSON; `Null` where there is nothing to add. Ids and settings only, never a message.
    pub detail: serde_json::Value,
}

/// The first conversation of which not as many rows tell as entries of the change log, with both numbers: none, as long
/// as no entry was forgotten.
///
/// # Errors
/// [`DbError`].
#[cfg(feature = "simulation")]
pub async fn unlike_the_log(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
) -> Result<Option<(Option<Uuid>, u64, u64)>, DbError> {
    let row = tx
        .query_opt(
            "SELECT object_id, SUM(audited) AS audited, SUM(logged) AS logged FROM (
                 SELECT object_id, 1 AS audited, 0 AS logged FROM audit_event
                     WHERE workspace_id = ?1 AND object_type = 'conversation' AND result = 'done'
                 UNION ALL
                 SELECT object_id, 0, 1 FROM change_log
                     WHERE workspace_id = ?1 AND kind = 'conversation')
             GROUP BY object_id HAVING SUM(audited) <> SUM(logged) ORDER BY object_id LIMIT 1",
            &params![workspace_id],
        )
        .await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).transpose()
}

/// How many rows tell of the end of a session.
///
/// # Errors
/// [`DbError`].
#[cfg(feature = "simulation")]
pub async fn count_of_ended_sessions(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
) -> Result<u64, DbError> {
    let row = tx
        .query_one(
            "SELECT COUNT(*) FROM audit_event WHERE workspace_id = ?1 AND action = 'session_end'",
            &params![workspace_id],
        )
        .await?;
    row.get(0)
}

/// Writes a row. The detail goes into a side row that can be erased; the row itself keeps its salted hash.
///
/// # Errors
/// [`DbError`].
pub async fn record(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    ids: &mut Ids,
    at: Timestamp,
    event: AuditEvent<'_>,
) -> Result<(), DbError> {
    let id = ids.next_id();
    let detail = (!event.detail.is_null()).then(|| (ids.salt(), event.detail.to_string()));
    let detail_hash = detail.as_ref().map(|(salt, text)| -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(salt);
        hasher.update(text);
        hasher.finalize().into()
    });
    tx.execute(
        "INSERT INTO audit_event (workspace_id, id, at, actor_type, actor_id, action, object_type, object_id, result,
             detail_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &params![
            workspace_id,
            id,
            at,
            event.actor.name(),
            event.actor.id(),
            event.action,
            event.object_type,
            event.object_id,
            event.result.name(),
            detail_hash,
        ],
    )
    .await?;
    if let Some((salt, text)) = detail {
        tx.execute(
            "INSERT INTO audit_detail (workspace_id, event_id, salt, detail) VALUES (?1, ?2, ?3, ?4)",
            &params![workspace_id, id, salt, text],
        )
        .await?;
    }
    Ok(())
}
