//! Filling it, and following the change log.

use anyhow::Result;
use recado_protocol::sync::{Change, ConversationDelta, ConversationPage, HeadPage, SyncPage};
use recado_protocol::{Contact, ConversationHead, ConversationId, Part, ReadMark};
use rusqlite::{Connection, OptionalExtension as _, params};

pub(super) fn set_cursor(connection: &Connection, cursor: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO meta (one, cursor) VALUES (1, ?1)")?
        .execute([cursor as i64])?;
    Ok(())
}

pub(super) fn heads(connection: &Connection, page: &HeadPage) -> rusqlite::Result<()> {
    let tx = connection.unchecked_transaction()?;
    beside(&tx, &page.contacts, &page.read_marks)?;
    for head in &page.heads {
        put_head(&tx, head)?;
    }
    tx.commit()
}

pub(super) fn conversations(
    connection: &Connection,
    page: &ConversationPage,
) -> rusqlite::Result<()> {
    let tx = connection.unchecked_transaction()?;
    beside(&tx, &page.contacts, &page.read_marks)?;
    for delta in &page.conversations {
        put(&tx, delta)?;
    }
    tx.commit()
}

pub(super) fn changes(connection: &Connection, page: &SyncPage) -> Result<()> {
    let tx = connection.unchecked_transaction()?;
    for change in &page.changes {
        match change {
            Change::Conversation { conversation } => put(&tx, conversation)?,
            other => anyhow::bail!("not among the measured changes: {other:?}"),
        }
    }
    set_cursor(&tx, page.cursor)?;
    Ok(tx.commit()?)
}

fn beside(
    connection: &Connection,
    contacts: &[Contact],
    marks: &[ReadMark],
) -> rusqlite::Result<()> {
    let mut put_contact = connection.prepare_cached(
        "INSERT INTO contacts (id, external_id, name, email, phone, language, created_at, version) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET \
         external_id = excluded.external_id, name = excluded.name, email = excluded.email, \
         phone = excluded.phone, language = excluded.language, created_at = excluded.created_at, \
         version = excluded.version WHERE excluded.version > contacts.version",
    )?;
    for contact in contacts {
        put_contact.execute(params![
            contact.id.uuid().as_bytes(),
            contact.external_id,
            contact.name,
            contact.email,
            contact.phone,
            contact.language,
            contact.created_at.as_micros(),
            contact.version as i64,
        ])?;
    }
    let mut put_mark = connection.prepare_cached(
        "INSERT OR REPLACE INTO read_marks (conversation_id, contact_parts_read) VALUES (?1, ?2)",
    )?;
    for mark in marks {
        put_mark
            .execute(params![mark.conversation_id.uuid().as_bytes(), mark.contact_parts_read])?;
    }
    Ok(())
}

fn key_and_version(
    connection: &Connection,
    id: ConversationId,
) -> rusqlite::Result<Option<(i64, i64)>> {
    connection
        .prepare_cached("SELECT conversation_key, version FROM conversations WHERE id = ?1")?
        .query_row([id.uuid().as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Stores a head unless the same or a newer one is here; returns its key.
fn put_head(connection: &Connection, head: &ConversationHead) -> rusqlite::Result<i64> {
    let known = key_and_version(connection, head.id)?;
    if let Some((key, version)) = known
        && version >= head.version as i64
    {
        return Ok(key);
    }
    let read: u32 = connection
        .prepare_cached("SELECT contact_parts_read FROM read_marks WHERE conversation_id = ?1")?
        .query_row([head.id.uuid().as_bytes()], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    let sql = match known {
        None => {
            "INSERT INTO conversations (conversation_key, id, contact_id, title, state, \
             snoozed_until, priority, admin_assignee_id, team_assignee_id, tags, waiting_since, \
             created_at, last_part_at, preview, preview_author, preview_is_note, part_count, \
             contact_part_count, version, unread, contact_name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \
             ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, \
             (SELECT name FROM contacts WHERE id = ?3))"
        }
        Some(_) => {
            "UPDATE conversations SET id = ?2, contact_id = ?3, title = ?4, state = ?5, \
             snoozed_until = ?6, priority = ?7, admin_assignee_id = ?8, team_assignee_id = ?9, \
             tags = ?10, waiting_since = ?11, created_at = ?12, last_part_at = ?13, \
             preview = ?14, preview_author = ?15, preview_is_note = ?16, part_count = ?17, \
             contact_part_count = ?18, version = ?19, unread = ?20, \
             contact_name = (SELECT name FROM contacts WHERE id = ?3) WHERE conversation_key = ?1"
        }
    };
    connection.prepare_cached(sql)?.execute(params![
        known.map(|(key, _)| key),
        head.id.uuid().as_bytes(),
        head.contact_id.uuid().as_bytes(),
        head.title,
        head.state.name(),
        head.snoozed_until.map(|at| at.as_micros()),
        head.priority.name(),
        head.admin_assignee_id.map(|id| id.uuid().into_bytes()),
        head.team_assignee_id.map(|id| id.uuid().into_bytes()),
        head.tags.join(" "),
        head.waiting_since.map(|at| at.as_micros()),
        head.created_at.as_micros(),
        head.last_part_at.as_micros(),
        head.preview,
        head.preview_author.name(),
        head.preview_is_note,
        head.part_count,
        head.contact_part_count,
        head.version as i64,
        head.contact_part_count.saturating_sub(read),
    ])?;
    Ok(known.map_or_else(|| connection.last_insert_rowid(), |(key, _)| key))
}

fn put(connection: &Connection, delta: &ConversationDelta) -> rusqlite::Result<()> {
    let key = put_head(connection, &delta.head)?;
    let mut put_part = connection.prepare_cached(
        "INSERT INTO parts (place, id, part_type, author_type, author_admin_id, \
         author_name, body, body_text, rich, assigned_to_admin_id, assigned_to_team_id, \
         snoozed_until, priority, tag, command_id, created_at, version) VALUES (?1, ?2, ?3, ?4, \
         ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) \
         ON CONFLICT DO NOTHING",
    )?;
    let mut put_doc =
        connection.prepare_cached("INSERT INTO docs (doc_id, place) VALUES (?1, ?2)")?;
    let mut put_pending = connection.prepare_cached("INSERT INTO pending (doc_id) VALUES (?1)")?;
    for part in &delta.parts {
        let place = (key << 32) | i64::from(part.seq);
        let new = put_part.execute(params![
            place,
            part.id.uuid().as_bytes(),
            part.part_type.name(),
            part.author.author_type.name(),
            part.author.admin_id.map(|id| id.uuid().into_bytes()),
            part.author.name,
            Some(&part.body).filter(|body| **body != part.body_text),
            part.body_text,
            part.rich,
            part.assigned_to_admin_id.map(|id| id.uuid().into_bytes()),
            part.assigned_to_team_id.map(|id| id.uuid().into_bytes()),
            part.snoozed_until.map(|at| at.as_micros()),
            part.priority.map(|priority| priority.name()),
            part.tag,
            part.command_id.map(|id| id.uuid().into_bytes()),
            part.created_at.as_micros(),
            part.version as i64,
        ])?;
        if new > 0 && part.part_type.is_message() {
            let doc_id = doc_id(part);
            put_doc.execute([doc_id, place])?;
            put_pending.execute([doc_id])?;
        }
    }
    Ok(())
}

fn doc_id(part: &Part) -> i64 {
    part.created_at.as_micros()
}

/// Indexes the newest of what waits; returns how many it took and whether more wait.
pub(super) fn index(connection: &Connection, limit: u32) -> rusqlite::Result<(u32, bool)> {
    let tx = connection.unchecked_transaction()?;
    let lowest: Option<i64> = tx
        .prepare_cached(
            "SELECT MIN(doc_id) FROM (SELECT doc_id FROM pending ORDER BY doc_id DESC LIMIT ?1)",
        )?
        .query_row([limit], |row| row.get(0))?;
    let Some(lowest) = lowest else { return Ok((0, false)) };
    let indexed = tx
        .prepare_cached(
            "INSERT INTO search (rowid, body_text) \
             SELECT pending.doc_id, parts.body_text FROM pending \
             CROSS JOIN docs ON docs.doc_id = pending.doc_id \
             CROSS JOIN parts ON parts.place = docs.place \
             WHERE pending.doc_id >= ?1 ORDER BY pending.doc_id",
        )?
        .execute([lowest])?;
    tx.prepare_cached("DELETE FROM pending WHERE doc_id >= ?1")?.execute([lowest])?;
    let more = tx.prepare_cached("SELECT 1 FROM pending")?.exists([])?;
    tx.commit()?;
    Ok((u32::try_from(indexed).unwrap_or(u32::MAX), more))
}
