//! Rows of channels: customers' systems, their requests and the replies they are owed.

use recado_protocol::channel::{ChannelReceipt, ChannelReply};
use recado_protocol::{ChannelId, ConversationId, Timestamp, WorkspaceId};

use super::{DbError, Tx, params};
use crate::core::ChannelPrincipal;

/// Stores a new channel.
///
/// # Errors
/// [`DbError::UniqueViolation`] if id or key is taken.
pub async fn insert(
    tx: &mut Tx,
    channel: ChannelPrincipal,
    name: &str,
    key_hash: &[u8; 32],
    created_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO channel (workspace_id, id, name, key_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        &params![channel.workspace_id, channel.channel_id, name, key_hash, created_at],
    )
    .await?;
    Ok(())
}

/// The channel whose key has this SHA-256, unless it was revoked. The one query that looks across workspaces: the key
/// is what tells the workspace.
///
/// # Errors
/// [`DbError`].
pub async fn find_by_key_hash(
    tx: &mut Tx,
    key_hash: &[u8; 32],
) -> Result<Option<ChannelPrincipal>, DbError> {
    let row = tx
        .query_opt(
            "SELECT workspace_id, id FROM channel WHERE key_hash = ?1 AND revoked_at IS NULL",
            &params![key_hash],
        )
        .await?;
    row.map(|row| {
        Ok(ChannelPrincipal { workspace_id: row.get("workspace_id")?, channel_id: row.get("id")? })
    })
    .transpose()
}

/// Whether the channel may be used.
///
/// # Errors
/// [`DbError`].
pub async fn is_in_use(tx: &mut Tx, channel: ChannelPrincipal) -> Result<bool, DbError> {
    let row = tx
        .query_opt(
            "SELECT 1 FROM channel WHERE workspace_id = ?1 AND id = ?2 AND revoked_at IS NULL",
            &params![channel.workspace_id, channel.channel_id],
        )
        .await?;
    Ok(row.is_some())
}

/// The channel of that name, unless it was revoked; the oldest where several have it.
///
/// # Errors
/// [`DbError`].
pub async fn find_by_name(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    name: &str,
) -> Result<Option<ChannelId>, DbError> {
    let row = tx
        .query_opt(
            "SELECT id FROM channel WHERE workspace_id = ?1 AND name = ?2 AND revoked_at IS NULL
             ORDER BY created_at, id LIMIT 1",
            &params![workspace_id, name],
        )
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// What became of an earlier request with the same key: its content's hash and its answer.
///
/// # Errors
/// [`DbError`].
pub async fn find_request(
    tx: &mut Tx,
    channel: ChannelPrincipal,
    idempotency_key: &str,
) -> Result<Option<([u8; 32], ChannelReceipt)>, DbError> {
    let row = tx
        .query_opt(
            "SELECT content_hash, conversation_id, contact_id, part_id FROM channel_request
             WHERE workspace_id = ?1 AND channel_id = ?2 AND idempotency_key = ?3",
            &params![channel.workspace_id, channel.channel_id, idempotency_key],
        )
        .await?;
    row.map(|row| {
        let receipt = ChannelReceipt {
            conversation_id: row.get("conversation_id")?,
            contact_id: row.get("contact_id")?,
            part_id: row.get("part_id")?,
        };
        Ok((row.get("content_hash")?, receipt))
    })
    .transpose()
}

/// Keeps what became of a request.
///
/// # Errors
/// [`DbError::UniqueViolation`] if the key is taken.
pub async fn insert_request(
    tx: &mut Tx,
    channel: ChannelPrincipal,
    idempotency_key: &str,
    content_hash: &[u8; 32],
    receipt: &ChannelReceipt,
    at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO channel_request (workspace_id, channel_id, idempotency_key, content_hash, conversation_id,
             contact_id, part_id, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &params![
            channel.workspace_id,
            channel.channel_id,
            idempotency_key,
            content_hash,
            receipt.conversation_id,
            receipt.contact_id,
            receipt.part_id,
            at,
        ],
    )
    .await?;
    Ok(())
}

/// Forgets requests from before `kept_since`.
///
/// # Errors
/// [`DbError`].
pub async fn prune_requests(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    kept_since: Timestamp,
) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM channel_request WHERE workspace_id = ?1 AND at < ?2",
        &params![workspace_id, kept_since],
    )
    .await
}

/// Puts a reply into the channel's outgoing order.
///
/// # Errors
/// [`DbError`].
pub async fn insert_reply(
    tx: &mut Tx,
    channel: ChannelPrincipal,
    seq: u64,
    conversation_id: ConversationId,
    part_seq: u32,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO channel_reply (workspace_id, channel_id, seq, conversation_id, part_seq)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &params![channel.workspace_id, channel.channel_id, seq, conversation_id, part_seq],
    )
    .await?;
    Ok(())
}

/// The replies after a number, each with its own, at most `limit`.
///
/// # Errors
/// [`DbError`].
pub async fn replies(
    tx: &mut Tx,
    channel: ChannelPrincipal,
    after: u64,
    limit: u32,
) -> Result<Vec<(u64, ChannelReply)>, DbError> {
    let rows = tx
        .query(
            "SELECT r.seq, p.conversation_id, p.id, p.author_name, p.body, p.body_text, p.created_at
             FROM channel_reply r
             JOIN part p ON p.workspace_id = r.workspace_id AND p.conversation_id = r.conversation_id
                 AND p.seq = r.part_seq
             WHERE r.workspace_id = ?1 AND r.channel_id = ?2 AND r.seq > ?3
             ORDER BY r.seq LIMIT ?4",
            &params![channel.workspace_id, channel.channel_id, after, limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let reply = ChannelReply {
                conversation_id: row.get("conversation_id")?,
                part_id: row.get("id")?,
                author_name: row.get("author_name")?,
                body: row.get("body")?,
                body_text: row.get("body_text")?,
                created_at: row.get("created_at")?,
            };
            Ok((row.get("seq")?, reply))
        })
        .collect()
}
