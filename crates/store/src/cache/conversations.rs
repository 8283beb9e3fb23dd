//! Conversations: a head and its parts, merged so that the order of arrival does not matter.

use recado_protocol::{
    ConversationHead, ConversationId, Part, Planted, ReadMark, TeammateId, Timestamp, is_planted,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::directory;
use super::parts::{self, Put};
use super::rows::{HEAD_COLUMNS, HeadRow};
use super::tokens::{self, Words};
use crate::sql::{blob, number, opt_blob, opt_id, opt_micros, to_json, unsigned};

/// What storing a conversation did.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// Whether the head or a part changed.
    pub(crate) changed: bool,
    /// The places in the given parts of those that are new here.
    pub(crate) inserted: Vec<usize>,
}

/// What is known of a conversation before it is stored.
struct Known {
    key: i64,
    version: u64,
    part_count: u32,
    last_part_at: Timestamp,
    complete_from_seq: u32,
    fetched: bool,
    stale: bool,
    preview_admin_id: Option<TeammateId>,
}

fn known(connection: &Connection, id: ConversationId) -> rusqlite::Result<Option<Known>> {
    connection
        .prepare_cached(
            "SELECT conversation_key, version, part_count, last_part_at, complete_from_seq, fetched, \
             stale, preview_admin_id FROM conversations WHERE id = ?1",
        )?
        .query_row([blob(id)], |row| {
            Ok(Known {
                key: row.get(0)?,
                version: unsigned(row, 1)?,
                part_count: row.get(2)?,
                last_part_at: Timestamp::from_micros(row.get(3)?),
                complete_from_seq: row.get(4)?,
                fetched: row.get(5)?,
                stale: row.get(6)?,
                preview_admin_id: opt_id(row, 7)?,
            })
        })
        .optional()
}

/// Whether the conversation left after this version.
pub(crate) fn left_after(
    connection: &Connection,
    head: &ConversationHead,
) -> rusqlite::Result<bool> {
    if is_planted(Planted::LeftForgotten) {
        return Ok(false);
    }
    connection
        .prepare_cached("SELECT 1 FROM evicted WHERE id = ?1 AND version > ?2")?
        .exists(params![blob(head.id), number(head.version)])
}

/// Remembers that the conversation left with the change `version`.
pub(crate) fn remember_left(
    connection: &Connection,
    id: ConversationId,
    version: u64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO evicted (id, version) VALUES (?1, ?2) \
             ON CONFLICT (id) DO UPDATE SET version = MAX(version, excluded.version)",
        )?
        .execute(params![blob(id), number(version)])?;
    Ok(())
}

/// The row of a conversation.
pub(crate) fn row(
    connection: &Connection,
    id: ConversationId,
) -> rusqlite::Result<Option<HeadRow>> {
    connection
        .prepare_cached(&format!("SELECT {HEAD_COLUMNS} FROM conversations WHERE id = ?1"))?
        .query_row([blob(id)], HeadRow::read)
        .optional()
}

/// The row with this key.
pub(crate) fn row_by_key(connection: &Connection, key: i64) -> rusqlite::Result<Option<HeadRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {HEAD_COLUMNS} FROM conversations WHERE conversation_key = ?1"
        ))?
        .query_row([key], HeadRow::read)
        .optional()
}

/// Lets any head of the present change log win, and takes no part for current.
pub(crate) fn mark_stale(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE conversations SET stale = 1", [])?;
    Ok(())
}

/// The key and the version of a conversation.
pub(crate) fn key_and_version(
    connection: &Connection,
    id: ConversationId,
) -> rusqlite::Result<Option<(i64, u64)>> {
    Ok(known(connection, id)?.map(|known| (known.key, known.version)))
}

/// Stores a head with some of its parts. A head replaces an older one only; parts are kept whatever
/// the order in which they arrive. `is_fetch` says that the parts are as many of the newest as one
/// answer holds.
pub(crate) fn store(
    connection: &Connection,
    head: &ConversationHead,
    new_parts: &[Part],
    is_fetch: bool,
) -> rusqlite::Result<Stored> {
    if left_after(connection, head)? {
        return Ok(Stored::default());
    }
    let mut known = known(connection, head.id)?;
    let replaces = !is_planted(Planted::OldPartsKept);
    if let Some(known) = known.as_mut().filter(|known| known.stale && replaces) {
        // Under another change log the same numbers can mean other parts, also below a head that looks
        // the same, and an older program has left out what it did not know.
        parts::remove_all(connection, known.key, false)?;
        known.complete_from_seq = known.part_count.saturating_add(1);
        known.fetched = false;
    }
    let key = match &known {
        Some(known) => known.key,
        None => connection
            .prepare_cached("SELECT COALESCE(MAX(conversation_key), 0) + 1 FROM conversations")?
            .query_row([], |row| row.get(0))?,
    };

    let mut stored = Stored::default();
    let mut lowest_new = None;
    // The first load of a conversation need not ask for each part whether it is here.
    let ascend = new_parts.is_sorted_by(|a, b| a.seq < b.seq);
    let are_new = ascend && (known.is_none() || !parts::any(connection, key)?);
    for (place, part) in new_parts.iter().enumerate() {
        match parts::put(connection, key, part, are_new)? {
            Put::Inserted => {
                stored.inserted.push(place);
                lowest_new = Some(lowest_new.map_or(part.seq, |seq: u32| seq.min(part.seq)));
            }
            Put::Replaced => {}
            Put::Kept => continue,
        }
        stored.changed = true;
    }

    let wins = known.as_ref().is_none_or(|known| known.stale || head.version > known.version)
        || is_planted(Planted::VersionIgnored);
    let part_count = match &known {
        Some(known) if !wins => known.part_count,
        _ => head.part_count,
    };
    let joined = still_joined(connection, key, part_count, known.as_ref())?;
    let complete_from_seq = complete_from(connection, key, part_count, joined, lowest_new)?;
    let reaches_end = new_parts.last().is_some_and(|part| part.seq == part_count);
    let was_fetched = known.as_ref().is_some_and(|known| known.fetched);
    let fetched = (is_fetch && reaches_end) || (was_fetched && joined.is_some());
    let last_part_at = match &known {
        Some(known) if !wins => known.last_part_at,
        _ => head.last_part_at,
    };
    let preview_admin_id = parts::newest_message(connection, key)?
        .filter(|(_, at)| *at == last_part_at)
        .and_then(|(admin_id, _)| admin_id);
    if wins {
        write(connection, key, head, preview_admin_id, (complete_from_seq, fetched))?;
        let title = head.title.as_deref();
        tokens::set(connection, Words::Title, key, title)?;
        stored.changed = true;
    } else if known.as_ref().is_some_and(|known| known.preview_admin_id == preview_admin_id) {
        // The indices that lists read hold nothing of this, and so are left alone.
        let differs = known.as_ref().is_some_and(|known| {
            known.complete_from_seq != complete_from_seq || known.fetched != fetched
        });
        if differs {
            connection
                .prepare_cached(
                    "UPDATE conversations SET complete_from_seq = ?2, fetched = ?3 \
                     WHERE conversation_key = ?1",
                )?
                .execute(params![key, complete_from_seq, fetched])?;
        }
    } else if stored.changed || fetched != was_fetched {
        connection
            .prepare_cached(
                "UPDATE conversations SET complete_from_seq = ?2, preview_admin_id = ?3, \
                 fetched = ?4 WHERE conversation_key = ?1",
            )?
            .execute(params![key, complete_from_seq, opt_blob(preview_admin_id), fetched])?;
    }
    Ok(stored)
}

/// Where the parts that were joined to the end before begin, if nothing between the end before and
/// the end now is missing.
fn still_joined(
    connection: &Connection,
    key: i64,
    part_count: u32,
    known: Option<&Known>,
) -> rusqlite::Result<Option<u32>> {
    let Some(known) = known.filter(|known| known.part_count <= part_count) else {
        return Ok(None);
    };
    let between = parts::count_between(connection, key, known.part_count, part_count)?;
    let joined =
        between == part_count - known.part_count || is_planted(Planted::MissingPartsUnnoticed);
    Ok(joined.then_some(known.complete_from_seq))
}

/// From where on the parts are here without a gap, reading no more rows than it takes to tell.
fn complete_from(
    connection: &Connection,
    key: i64,
    part_count: u32,
    joined: Option<u32>,
    lowest_new: Option<u32>,
) -> rusqlite::Result<u32> {
    let from = match joined {
        Some(from) => from,
        None => parts::joined_down_to(connection, key, part_count)?,
    };
    if from > 1 && lowest_new.is_some_and(|seq| seq < from) {
        return parts::joined_down_to(connection, key, from - 1);
    }
    Ok(from)
}

fn write(
    connection: &Connection,
    key: i64,
    head: &ConversationHead,
    preview_admin_id: Option<TeammateId>,
    (complete_from_seq, fetched): (u32, bool),
) -> rusqlite::Result<()> {
    let contact_name = directory::contact_name(connection, head.contact_id)?;
    let read = contact_parts_read(connection, head.id)?;
    connection
        .prepare_cached(
            "INSERT INTO conversations (conversation_key, id, contact_id, contact_name, title, \
             state, snoozed_until, priority, admin_assignee_id, team_assignee_id, tags, \
             waiting_since, created_at, last_part_at, preview, preview_author, preview_is_note, \
             preview_admin_id, part_count, contact_part_count, version, unread, \
             complete_from_seq, fetched, stale) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, \
             ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, 0) \
             ON CONFLICT (conversation_key) DO UPDATE SET contact_id = excluded.contact_id, \
             contact_name = excluded.contact_name, title = excluded.title, \
             state = excluded.state, snoozed_until = excluded.snoozed_until, \
             priority = excluded.priority, admin_assignee_id = excluded.admin_assignee_id, \
             team_assignee_id = excluded.team_assignee_id, tags = excluded.tags, \
             waiting_since = excluded.waiting_since, created_at = excluded.created_at, \
             last_part_at = excluded.last_part_at, preview = excluded.preview, \
             preview_author = excluded.preview_author, \
             preview_is_note = excluded.preview_is_note, \
             preview_admin_id = excluded.preview_admin_id, part_count = excluded.part_count, \
             contact_part_count = excluded.contact_part_count, version = excluded.version, \
             unread = excluded.unread, complete_from_seq = excluded.complete_from_seq, \
             fetched = excluded.fetched, stale = 0",
        )?
        .execute(params![
            key,
            blob(head.id),
            blob(head.contact_id),
            contact_name,
            head.title,
            head.state.name(),
            opt_micros(head.snoozed_until),
            head.priority.name(),
            opt_blob(head.admin_assignee_id),
            opt_blob(head.team_assignee_id),
            to_json(&head.tags)?,
            opt_micros(head.waiting_since),
            head.created_at.as_micros(),
            head.last_part_at.as_micros(),
            head.preview,
            head.preview_author.name(),
            head.preview_is_note,
            opt_blob(preview_admin_id),
            head.part_count,
            head.contact_part_count,
            number(head.version),
            head.contact_part_count.saturating_sub(read),
            complete_from_seq,
            fetched,
        ])?;
    Ok(())
}

/// The stored read mark.
fn contact_parts_read(connection: &Connection, id: ConversationId) -> rusqlite::Result<u32> {
    Ok(read_mark(connection, id)?.map_or(0, |mark| mark.contact_parts_read))
}

/// The stored read mark with its version.
pub(crate) fn read_mark(
    connection: &Connection,
    id: ConversationId,
) -> rusqlite::Result<Option<ReadMark>> {
    connection
        .prepare_cached(
            "SELECT contact_parts_read, version FROM read_marks WHERE conversation_id = ?1",
        )?
        .query_row([blob(id)], |row| {
            Ok(ReadMark {
                conversation_id: id,
                contact_parts_read: row.get(0)?,
                version: unsigned(row, 1)?,
            })
        })
        .optional()
}

/// Stores a read mark unless a newer one is here. Returns whether something changed. A mark may come
/// before its conversation, and stays when the conversation leaves: it holds no words.
pub(crate) fn put_read_mark(connection: &Connection, mark: &ReadMark) -> rusqlite::Result<bool> {
    if is_planted(Planted::MarkVersionIgnored) {
        connection.execute("UPDATE read_marks SET version = -1", [])?;
    }
    let changed = connection
        .prepare_cached(
            "INSERT INTO read_marks (conversation_id, contact_parts_read, version) \
             VALUES (?1, ?2, ?3) ON CONFLICT (conversation_id) DO UPDATE \
             SET contact_parts_read = excluded.contact_parts_read, version = excluded.version \
             WHERE excluded.version > read_marks.version",
        )?
        .execute(params![
            blob(mark.conversation_id),
            mark.contact_parts_read,
            number(mark.version)
        ])?;
    if changed == 0 {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "UPDATE conversations SET unread = MAX(contact_part_count - ?2, 0) WHERE id = ?1",
        )?
        .execute(params![blob(mark.conversation_id), mark.contact_parts_read])?;
    Ok(true)
}
