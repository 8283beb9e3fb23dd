//! Parts: appended by the server, stored once, clustered by conversation.

use recado_protocol::{AuthorType, ConversationId, Part, TeammateId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::place::Place;
use super::rows::{PART_COLUMNS, read_part};
use super::search;
use crate::sql::{at, blob, number, open_named, opt_blob, opt_id, opt_micros, unsigned};

/// What storing a part did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    /// It is new here.
    Inserted,
    /// It replaced an older version.
    Replaced,
    /// The same or a newer version was here.
    Kept,
}

/// Stores a part unless the same or a newer version is here. `is_new` says that there is none.
pub(crate) fn put(
    connection: &Connection,
    key: i64,
    part: &Part,
    is_new: bool,
) -> rusqlite::Result<Put> {
    let place = Place::new(key, part.seq);
    let stored = if is_new { None } else { stored(connection, place)? };
    let put = match &stored {
        Some((version, ..)) if *version >= part.version => return Ok(Put::Kept),
        Some((_, doc_id, body_text)) => {
            if let Some(doc_id) = doc_id {
                search::remove(connection, *doc_id, body_text)?;
            }
            Put::Replaced
        }
        None => Put::Inserted,
    };
    let searchable = part.part_type.is_message() && !part.body_text.is_empty();
    let doc_id =
        if searchable { Some(search::add(connection, place, part.created_at)?) } else { None };
    let body = Some(&part.body).filter(|body| **body != part.body_text);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO parts (place, id, part_type, author_type, \
             author_admin_id, author_name, body, body_text, rich, assigned_to_admin_id, \
             assigned_to_team_id, snoozed_until, priority, tag, command_id, created_at, version, \
             doc_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, \
             ?16, ?17, ?18)",
        )?
        .execute(params![
            place,
            blob(part.id),
            part.part_type.name(),
            part.author.author_type.name(),
            opt_blob(part.author.admin_id),
            part.author.name,
            body,
            part.body_text,
            part.rich,
            opt_blob(part.assigned_to_admin_id),
            opt_blob(part.assigned_to_team_id),
            opt_micros(part.snoozed_until),
            part.priority.map(|priority| priority.name()),
            part.tag,
            opt_blob(part.command_id),
            part.created_at.as_micros(),
            number(part.version),
            doc_id,
        ])?;
    Ok(put)
}

/// The version, the document and the text of a part that is here.
fn stored(
    connection: &Connection,
    place: Place,
) -> rusqlite::Result<Option<(u64, Option<i64>, String)>> {
    connection
        .prepare_cached("SELECT version, doc_id, body_text FROM parts WHERE place = ?1")?
        .query_row([place], |row| Ok((unsigned(row, 0)?, row.get(1)?, row.get(2)?)))
        .optional()
}

/// Whether any of a conversation's parts is here.
pub(crate) fn any(connection: &Connection, key: i64) -> rusqlite::Result<bool> {
    let (first, last) = Place::whole(key);
    connection
        .prepare_cached("SELECT 1 FROM parts WHERE place BETWEEN ?1 AND ?2")?
        .exists([first, last])
}

/// Deletes a conversation's parts with what search knows of them. With `keep_index` the full-text
/// index is left alone, because it is about to be built anew.
pub(crate) fn remove_all(
    connection: &Connection,
    key: i64,
    keep_index: bool,
) -> rusqlite::Result<()> {
    let (first, last) = Place::whole(key);
    if keep_index {
        for table in ["search_docs", "search_pending"] {
            connection
                .prepare_cached(&format!(
                    "DELETE FROM {table} WHERE doc_id IN (SELECT doc_id FROM parts \
                     WHERE place BETWEEN ?1 AND ?2 AND doc_id IS NOT NULL)"
                ))?
                .execute([first, last])?;
        }
    } else {
        let docs: Vec<(i64, String)> = connection
            .prepare_cached(
                "SELECT doc_id, body_text FROM parts \
                 WHERE place BETWEEN ?1 AND ?2 AND doc_id IS NOT NULL ORDER BY doc_id",
            )?
            .query_map([first, last], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (doc_id, body_text) in docs {
            search::remove(connection, doc_id, &body_text)?;
        }
    }
    connection
        .prepare_cached("DELETE FROM parts WHERE place BETWEEN ?1 AND ?2")?
        .execute([first, last])?;
    Ok(())
}

/// How many of a conversation's parts search knows.
pub(crate) fn doc_count(connection: &Connection, key: i64) -> rusqlite::Result<u64> {
    let (first, last) = Place::whole(key);
    let count: i64 = connection
        .prepare_cached("SELECT COUNT(doc_id) FROM parts WHERE place BETWEEN ?1 AND ?2")?
        .query_row([first, last], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// How many parts lie above `after` and not above `to`.
pub(crate) fn count_between(
    connection: &Connection,
    key: i64,
    after: u32,
    to: u32,
) -> rusqlite::Result<u32> {
    connection
        .prepare_cached("SELECT COUNT(*) FROM parts WHERE place > ?1 AND place <= ?2")?
        .query_row([Place::new(key, after), Place::new(key, to)], |row| row.get(0))
}

/// The lowest `seq` that is joined without a gap to `from`, itself included; `from + 1` if `from`
/// is not here.
pub(crate) fn joined_down_to(
    connection: &Connection,
    key: i64,
    from: u32,
) -> rusqlite::Result<u32> {
    let mut statement = connection.prepare_cached(
        "SELECT place FROM parts WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC",
    )?;
    let mut rows = statement.query([Place::new(key, 0), Place::new(key, from)])?;
    let mut lowest = from.saturating_add(1);
    while let Some(row) = rows.next()? {
        if Place::of_row(row, 0)?.seq != lowest - 1 {
            break;
        }
        lowest -= 1;
    }
    Ok(lowest)
}

/// The teammate who wrote the newest message that is here, and when.
pub(crate) fn newest_message(
    connection: &Connection,
    key: i64,
) -> rusqlite::Result<Option<(Option<TeammateId>, Timestamp)>> {
    let (first, last) = Place::whole(key);
    connection
        .prepare_cached(
            "SELECT author_admin_id, created_at FROM parts WHERE place BETWEEN ?1 AND ?2 \
             AND part_type IN ('comment', 'note') ORDER BY place DESC LIMIT 1",
        )?
        .query_row([first, last], |row| Ok((opt_id(row, 0)?, at(row, 1)?)))
        .optional()
}

/// Since when the customer's messages go unanswered, by the messages that are here.
pub(crate) fn unanswered_since(
    connection: &Connection,
    key: i64,
) -> rusqlite::Result<Option<Timestamp>> {
    let (first, last) = Place::whole(key);
    let mut statement = connection.prepare_cached(
        "SELECT author_type, created_at FROM parts WHERE place BETWEEN ?1 AND ?2 \
         AND part_type = 'comment' ORDER BY place DESC",
    )?;
    let mut rows = statement.query([first, last])?;
    let mut since: Option<Timestamp> = None;
    while let Some(row) = rows.next()? {
        match open_named(row, 0, AuthorType::from_name, AuthorType::Unknown)? {
            AuthorType::Contact => {
                let written = at(row, 1)?;
                since = Some(since.map_or(written, |since| since.min(written)));
            }
            AuthorType::Admin | AuthorType::Imported => break,
            AuthorType::Bot | AuthorType::Unknown => {}
        }
    }
    Ok(since)
}

/// Whether a part that this command made is here.
pub(crate) fn has_command(
    connection: &Connection,
    key: i64,
    command_id: recado_protocol::CommandId,
) -> rusqlite::Result<bool> {
    let (first, last) = Place::whole(key);
    connection
        .prepare_cached("SELECT 1 FROM parts WHERE command_id = ?1 AND place BETWEEN ?2 AND ?3")?
        .exists(params![blob(command_id), first, last])
}

/// Up to `limit` parts below `before_seq`, without a gap between them, by ascending `seq`.
pub(crate) fn newest_before(
    connection: &Connection,
    key: i64,
    conversation_id: ConversationId,
    before_seq: u32,
    limit: u32,
) -> rusqlite::Result<Vec<Part>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {PART_COLUMNS} FROM parts WHERE place >= ?1 AND place < ?2 \
         ORDER BY place DESC LIMIT ?3"
    ))?;
    let (first, end) = (Place::new(key, 0), Place::new(key, before_seq));
    let mut rows = statement.query(params![first, end, limit])?;
    let mut parts: Vec<Part> = Vec::new();
    while let Some(row) = rows.next()? {
        let part = read_part(row, conversation_id)?;
        if parts.last().is_some_and(|above| above.seq - 1 != part.seq) {
            break;
        }
        parts.push(part);
    }
    parts.reverse();
    Ok(parts)
}

/// One part of a conversation.
pub(crate) fn one(
    connection: &Connection,
    key: i64,
    conversation_id: ConversationId,
    seq: u32,
) -> rusqlite::Result<Option<Part>> {
    connection
        .prepare_cached(&format!("SELECT {PART_COLUMNS} FROM parts WHERE place = ?1"))?
        .query_row([Place::new(key, seq)], |row| read_part(row, conversation_id))
        .optional()
}
