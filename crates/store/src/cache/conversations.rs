//! Conversations: a head and its parts, merged so that the order of arrival does not matter.

use recado_protocol::host::ListKey;
use recado_protocol::{
    ConversationHead, ConversationId, Part, Planted, ReadMark, TeammateId, Timestamp, is_planted,
};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use super::directory;
use super::parts::{self, Put};
use super::rows::{HEAD_COLUMNS, HeadRow};
use super::tokens::{self, Words};
use crate::sql::{at, blob, id, number, opt_blob, opt_micros, to_json, unsigned};

/// What storing a conversation did.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// Whether the head or a part changed.
    pub(crate) changed: bool,
    /// The places in the given parts of those that are new here.
    pub(crate) inserted: Vec<usize>,
    /// Whom the conversation was assigned to until then.
    pub(crate) assignee_before: Option<TeammateId>,
}

/// What is known of a conversation before it is stored.
struct Known {
    row: HeadRow,
    complete_from_seq: u32,
    fetched: bool,
    stale: bool,
}

impl Known {
    /// Whether the parts that are here are another change log's.
    fn has_other_parts(&self) -> bool {
        self.stale && !is_planted(Planted::OldPartsKept)
    }
}

fn known(connection: &Connection, id: ConversationId) -> rusqlite::Result<Option<Known>> {
    connection
        .prepare_cached(&format!(
            "SELECT {HEAD_COLUMNS}, complete_from_seq, fetched, stale FROM conversations WHERE id = ?1"
        ))?
        .query_row([blob(id)], |row| {
            Ok(Known {
                row: HeadRow::read(row)?,
                complete_from_seq: row.get(22)?,
                fetched: row.get(23)?,
                stale: row.get(24)?,
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

/// The keys of closed conversations, the newest first, as they are here: whatever waits in the outbox
/// for them changes nothing about what the server has to say.
pub(crate) fn closed(
    connection: &Connection,
    after: Option<&ListKey>,
    limit: u32,
) -> rusqlite::Result<Vec<ListKey>> {
    let (before, id_before) =
        after.map_or((i64::MAX, [0xff; 16]), |key| (key.at.as_micros(), blob(key.conversation_id)));
    connection
        .prepare_cached(
            "SELECT last_part_at, id FROM conversations INDEXED BY conversations_closed \
             WHERE state = 'closed' AND (last_part_at, id) < (?1, ?2) \
             ORDER BY last_part_at DESC, id DESC LIMIT ?3",
        )?
        .query_map(params![before, id_before, limit], |row| {
            Ok(ListKey { at: at(row, 0)?, waiting: false, conversation_id: id(row, 1)? })
        })?
        .collect()
}

/// The key and the version of a conversation.
pub(crate) fn key_and_version(
    connection: &Connection,
    id: ConversationId,
) -> rusqlite::Result<Option<(i64, u64)>> {
    connection
        .prepare_cached("SELECT conversation_key, version FROM conversations WHERE id = ?1")?
        .query_row([blob(id)], |row| Ok((row.get(0)?, unsigned(row, 1)?)))
        .optional()
}

/// Says anew which conversations are the agent's own: after another agent took the cache over.
pub(crate) fn set_mine(connection: &Connection, me: TeammateId) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE conversations SET mine = CASE WHEN admin_assignee_id IS NULL THEN 0 \
         WHEN admin_assignee_id = ?1 THEN 1 END",
        [blob(me)],
    )?;
    Ok(())
}

/// Stores a head with some of its parts. A head replaces an older one only; parts are kept whatever
/// the order in which they arrive. `is_fetch` says that the parts are as many of the newest as one
/// answer holds, `me` whose list the agent's own is.
pub(crate) fn store(
    connection: &Connection,
    head: &ConversationHead,
    new_parts: &[Part],
    is_fetch: bool,
    me: Option<TeammateId>,
) -> rusqlite::Result<Stored> {
    if left_after(connection, head)? {
        return Ok(Stored::default());
    }
    let known = known(connection, head.id)?;
    if let Some(known) = known.as_ref().filter(|known| known.has_other_parts()) {
        // Under another change log the same numbers can mean other parts, also below a head that looks
        // the same, and an older program has left out what it did not know.
        parts::remove_all(connection, known.row.key, false)?;
    }
    let key = match &known {
        Some(known) => known.row.key,
        None => connection
            .prepare_cached("SELECT COALESCE(MAX(conversation_key), 0) + 1 FROM conversations")?
            .query_row([], |row| row.get(0))?,
    };

    let assignee_before = known.as_ref().and_then(|known| known.row.head.admin_assignee_id);
    let mut stored = Stored { assignee_before, ..Stored::default() };
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

    let wins =
        known.as_ref().is_none_or(|known| known.stale || head.version > known.row.head.version)
            || is_planted(Planted::VersionIgnored);
    let stands = known.as_ref().filter(|_| !wins).map_or(head, |known| &known.row.head);
    let part_count = stands.part_count;
    let joined = still_joined(connection, key, part_count, known.as_ref())?;
    let complete_from_seq = complete_from(connection, key, part_count, joined, lowest_new)?;
    let reaches_end = new_parts.last().is_some_and(|part| part.seq == part_count);
    let was_fetched = known.as_ref().is_some_and(|known| known.fetched && !known.has_other_parts());
    let fetched = (is_fetch && reaches_end) || (was_fetched && joined.is_some());
    let preview_admin_id = parts::newest_message(connection, key)?
        .filter(|(_, at)| *at == stands.last_part_at)
        .and_then(|(admin_id, _)| admin_id);
    if wins {
        let row = HeadRow {
            key,
            contact_name: directory::contact_name(connection, head.contact_id)?,
            preview_admin_id,
            unread: head
                .contact_part_count
                .saturating_sub(contact_parts_read(connection, head.id)?),
            head: head.clone(),
        };
        let title_before = known.as_ref().map(|known| &known.row.head.title);
        if title_before != Some(&head.title) {
            tokens::set(connection, Words::Title, key, head.title.as_deref())?;
        }
        let fresh = Known { row, complete_from_seq, fetched, stale: false };
        write(connection, known.as_ref(), &fresh, me)?;
        stored.changed = true;
    } else if known.as_ref().is_some_and(|known| known.row.preview_admin_id == preview_admin_id) {
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
    let before = known.map(|known| known.row.head.part_count);
    let (Some(known), Some(before)) = (known, before.filter(|before| *before <= part_count)) else {
        return Ok(None);
    };
    let between = parts::count_between(connection, key, before, part_count)?;
    let joined = between == part_count - before || is_planted(Planted::MissingPartsUnnoticed);
    // Of another change log nothing is here any more.
    let none = before.saturating_add(1);
    let from = if known.has_other_parts() { none } else { known.complete_from_seq };
    Ok(joined.then_some(from))
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

/// Writes what differs from what stands there: SQLite writes every index that a named column is in,
/// whether its value changes or not.
fn write(
    connection: &Connection,
    before: Option<&Known>,
    after: &Known,
    me: Option<TeammateId>,
) -> rusqlite::Result<()> {
    let after_columns = columns(after, me)?;
    let Some(before) = before else {
        let (names, values): (Vec<_>, Vec<_>) = after_columns.into_iter().unzip();
        let places: Vec<_> = (2..names.len() + 2).map(|place| format!("?{place}")).collect();
        let sql = format!(
            "INSERT INTO conversations (conversation_key, {}) VALUES (?1, {})",
            names.join(", "),
            places.join(", ")
        );
        let values = std::iter::once(after.row.key.into()).chain(values);
        connection.prepare_cached(&sql)?.execute(params_from_iter(values))?;
        return Ok(());
    };
    let before_columns = columns(before, me)?;
    let mut values = vec![after.row.key.into()];
    let mut set = Vec::new();
    for ((name, value), (_, was)) in after_columns.into_iter().zip(before_columns) {
        if value != was {
            values.push(value);
            set.push(format!("{name} = ?{}", values.len()));
        }
    }
    if set.is_empty() {
        return Ok(());
    }
    let sql = format!("UPDATE conversations SET {} WHERE conversation_key = ?1", set.join(", "));
    connection.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

/// Every column but the key.
fn columns(known: &Known, me: Option<TeammateId>) -> rusqlite::Result<[(&'static str, Value); 25]> {
    let Known { row, complete_from_seq, fetched, stale } = known;
    let head = &row.head;
    let bytes = |id: [u8; 16]| Value::Blob(id.to_vec());
    let time = |at: Option<Timestamp>| Value::from(opt_micros(at));
    let mine = match head.admin_assignee_id {
        None => Some(0_i64),
        assignee if assignee == me => Some(1),
        Some(_) => None,
    };
    Ok([
        ("id", bytes(blob(head.id))),
        ("contact_id", bytes(blob(head.contact_id))),
        ("contact_name", row.contact_name.clone().into()),
        ("title", head.title.clone().into()),
        ("state", head.state.name().to_owned().into()),
        ("snoozed_until", time(head.snoozed_until)),
        ("priority", head.priority.name().to_owned().into()),
        ("admin_assignee_id", opt_blob(head.admin_assignee_id).map_or(Value::Null, bytes)),
        ("team_assignee_id", opt_blob(head.team_assignee_id).map_or(Value::Null, bytes)),
        ("mine", mine.into()),
        ("tags", to_json(&head.tags)?.into()),
        ("waiting_since", time(head.waiting_since)),
        ("created_at", head.created_at.as_micros().into()),
        ("last_part_at", head.last_part_at.as_micros().into()),
        ("preview", head.preview.clone().into()),
        ("preview_author", head.preview_author.name().to_owned().into()),
        ("preview_is_note", head.preview_is_note.into()),
        ("preview_admin_id", opt_blob(row.preview_admin_id).map_or(Value::Null, bytes)),
        ("part_count", head.part_count.into()),
        ("contact_part_count", head.contact_part_count.into()),
        ("version", number(head.version).into()),
        ("unread", row.unread.into()),
        ("complete_from_seq", (*complete_from_seq).into()),
        ("fetched", (*fetched).into()),
        ("stale", (*stale).into()),
    ])
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
