//! Half-written replies and notes. They stay when their conversation leaves.

use std::collections::HashSet;

use recado_protocol::host::{Draft, DraftKind};
use recado_protocol::{ConversationId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::sql::{at, blob, id, named};

const fn kind_name(kind: DraftKind) -> &'static str {
    match kind {
        DraftKind::Reply => "reply",
        DraftKind::Note => "note",
    }
}

fn kind_from_name(name: &str) -> Option<DraftKind> {
    [DraftKind::Reply, DraftKind::Note].into_iter().find(|kind| kind_name(*kind) == name)
}

/// Keeps a draft; one without any visible character is removed. Tells whether it came or went.
pub(crate) fn save(
    connection: &Connection,
    draft: &Draft,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let was_kept = load(connection, draft.conversation_id, draft.kind)?.is_some();
    if draft.body_text.trim().is_empty() {
        remove(connection, draft.conversation_id, draft.kind)?;
        return Ok(was_kept);
    }
    connection
        .prepare_cached(
            "INSERT INTO drafts (conversation_id, kind, body_text, updated_at) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (conversation_id, kind) DO UPDATE \
             SET body_text = excluded.body_text, updated_at = excluded.updated_at",
        )?
        .execute(params![
            blob(draft.conversation_id),
            kind_name(draft.kind),
            draft.body_text,
            now.as_micros(),
        ])?;
    Ok(!was_kept)
}

pub(crate) fn remove(
    connection: &Connection,
    conversation_id: ConversationId,
    kind: DraftKind,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM drafts WHERE conversation_id = ?1 AND kind = ?2")?
        .execute(params![blob(conversation_id), kind_name(kind)])?;
    Ok(())
}

pub(crate) fn load(
    connection: &Connection,
    conversation_id: ConversationId,
    kind: DraftKind,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT body_text FROM drafts WHERE conversation_id = ?1 AND kind = ?2")?
        .query_row(params![blob(conversation_id), kind_name(kind)], |row| row.get(0))
        .optional()
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<(Draft, Timestamp)> {
    let draft = Draft {
        conversation_id: id(row, 0)?,
        kind: named(row, 1, kind_from_name)?,
        body_text: row.get(2)?,
    };
    Ok((draft, at(row, 3)?))
}

/// Some of the drafts, the newest first.
pub(crate) fn some(
    connection: &Connection,
    skip: u32,
    limit: u32,
) -> rusqlite::Result<Vec<(Draft, Timestamp)>> {
    connection
        .prepare_cached(
            "SELECT conversation_id, kind, body_text, updated_at FROM drafts \
             ORDER BY updated_at DESC, conversation_id DESC, kind LIMIT ?2 OFFSET ?1",
        )?
        .query_map([skip, limit], read)?
        .collect()
}

/// The conversations that have a draft.
pub(crate) fn conversations(connection: &Connection) -> rusqlite::Result<HashSet<ConversationId>> {
    connection
        .prepare_cached("SELECT DISTINCT conversation_id FROM drafts")?
        .query_map([], |row| id(row, 0))?
        .collect()
}

pub(crate) fn count(connection: &Connection) -> rusqlite::Result<u32> {
    connection.prepare_cached("SELECT COUNT(*) FROM drafts")?.query_row([], |row| row.get(0))
}
