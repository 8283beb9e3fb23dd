//! What the screens ask for.

use anyhow::Result;
use recado_protocol::{
    Author, AuthorType, Contact, ContactId, ConversationHead, ConversationId, ConversationState,
    Part, PartId, PartType, Priority, TeamId, TeammateId, Timestamp,
};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::cache::{Found, List, ListRow, Opened, PAGE_ROWS, PARTS, RESULTS, Search};
use crate::generator::Fixture;

const HEAD_COLUMNS: &str = "id, contact_id, title, state, snoozed_until, priority, \
     admin_assignee_id, team_assignee_id, tags, waiting_since, created_at, last_part_at, preview, \
     preview_author, preview_is_note, part_count, contact_part_count, version";

pub(super) fn first_page(connection: &Connection, list: List) -> rusqlite::Result<Vec<ListRow>> {
    let (index, condition) = match list {
        List::Mine => ("mine", "admin_assignee_id = ?1 AND"),
        List::All => ("everything_open", "?1 IS NOT NULL AND"),
    };
    connection
        .prepare_cached(&format!(
            "SELECT {HEAD_COLUMNS}, contact_name, unread FROM conversations INDEXED BY {index} \
             WHERE {condition} state = 'open' ORDER BY last_part_at DESC, id DESC LIMIT ?2"
        ))?
        .query_map(params![Fixture::me().uuid().as_bytes(), PAGE_ROWS], |row| {
            Ok(ListRow { head: read_head(row)?, contact_name: row.get(18)?, unread: row.get(19)? })
        })?
        .collect()
}

pub(super) fn counts(connection: &Connection) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(
        "SELECT state, admin_assignee_id, team_assignee_id, COUNT(*), SUM(unread > 0) \
         FROM conversations INDEXED BY counted WHERE state <> 'closed' \
         GROUP BY state, admin_assignee_id, team_assignee_id",
    )?;
    let mut rows = statement.query([])?;
    let mut open = 0;
    while let Some(row) = rows.next()? {
        let _unread: i64 = row.get(4)?;
        if row.get_ref(0)?.as_str()? == ConversationState::Open.name() {
            open += row.get::<_, i64>(3)?.unsigned_abs();
        }
    }
    Ok(open)
}

pub(super) fn conversation(connection: &Connection, id: ConversationId) -> Result<Opened> {
    let (key, head) = connection
        .prepare_cached(&format!(
            "SELECT {HEAD_COLUMNS}, conversation_key FROM conversations WHERE id = ?1"
        ))?
        .query_row([id.uuid().as_bytes()], |row| Ok((row.get::<_, i64>(18)?, read_head(row)?)))?;
    let contact = connection
        .prepare_cached(
            "SELECT id, external_id, name, email, phone, language, created_at, version \
             FROM contacts WHERE id = ?1",
        )?
        .query_row([head.contact_id.uuid().as_bytes()], read_contact)
        .optional()?;
    let mut parts: Vec<Part> = connection
        .prepare_cached(
            "SELECT id, place, part_type, author_type, author_admin_id, author_name, body, \
             body_text, rich, assigned_to_admin_id, assigned_to_team_id, snoozed_until, priority, \
             tag, command_id, created_at, version FROM parts \
             WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC LIMIT ?3",
        )?
        .query_map(params![key << 32, (key << 32) | i64::from(u32::MAX), PARTS], |row| {
            read_part(row, head.id)
        })?
        .collect::<rusqlite::Result<_>>()?;
    parts.reverse();
    let earlier = connection
        .prepare_cached(
            "SELECT id, title, preview, state, last_part_at FROM conversations \
             WHERE contact_id = ?1 AND id <> ?2 ORDER BY last_part_at DESC, id DESC LIMIT 10",
        )?
        .query_map(params![head.contact_id.uuid().as_bytes(), head.id.uuid().as_bytes()], |row| {
            let _title: Option<String> = row.get(1)?;
            let _preview: String = row.get(2)?;
            Ok(ConversationId::from_uuid(uuid(row, 0)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Opened { head, contact, parts, earlier })
}

pub(super) fn search(connection: &Connection, search: &Search<'_>) -> rusqlite::Result<Vec<Found>> {
    connection
        .prepare_cached(
            "SELECT parts.id, conversations.id, conversations.contact_id, conversations.state, \
             parts.author_type, parts.created_at, parts.body_text FROM \
             (SELECT rowid AS doc_id FROM search WHERE search MATCH ?1 \
              ORDER BY rowid DESC LIMIT ?2) AS newest \
             CROSS JOIN docs ON docs.doc_id = newest.doc_id \
             CROSS JOIN parts ON parts.place = docs.place \
             CROSS JOIN conversations ON conversations.conversation_key = docs.place >> 32",
        )?
        .query_map(params![search.expression, RESULTS], |row| {
            let _contact_id = uuid(row, 2)?;
            let _body_text: String = row.get(6)?;
            Ok(Found {
                part_id: PartId::from_uuid(uuid(row, 0)?),
                conversation_id: ConversationId::from_uuid(uuid(row, 1)?),
            })
        })?
        .collect()
}

fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    Ok(Uuid::from_bytes(row.get(column)?))
}

fn opt_uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Uuid>> {
    Ok(row.get::<_, Option<[u8; 16]>>(column)?.map(Uuid::from_bytes))
}

fn at(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp::from_micros(row.get(column)?))
}

fn opt_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_micros))
}

fn named<T>(
    row: &Row<'_>,
    column: usize,
    from_name: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    from_name(row.get_ref(column)?.as_str()?).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, "unknown name".into())
    })
}

fn read_head(row: &Row<'_>) -> rusqlite::Result<ConversationHead> {
    Ok(ConversationHead {
        id: ConversationId::from_uuid(uuid(row, 0)?),
        contact_id: ContactId::from_uuid(uuid(row, 1)?),
        title: row.get(2)?,
        state: named(row, 3, ConversationState::from_name)?,
        snoozed_until: opt_at(row, 4)?,
        priority: named(row, 5, Priority::from_name)?,
        admin_assignee_id: opt_uuid(row, 6)?.map(TeammateId::from_uuid),
        team_assignee_id: opt_uuid(row, 7)?.map(TeamId::from_uuid),
        tags: row.get_ref(8)?.as_str()?.split_whitespace().map(str::to_owned).collect(),
        waiting_since: opt_at(row, 9)?,
        created_at: at(row, 10)?,
        last_part_at: at(row, 11)?,
        preview: row.get(12)?,
        preview_author: named(row, 13, AuthorType::from_name)?,
        preview_is_note: row.get(14)?,
        part_count: row.get(15)?,
        contact_part_count: row.get(16)?,
        version: row.get::<_, i64>(17)?.unsigned_abs(),
    })
}

fn read_contact(row: &Row<'_>) -> rusqlite::Result<Contact> {
    Ok(Contact {
        id: ContactId::from_uuid(uuid(row, 0)?),
        external_id: row.get(1)?,
        name: row.get(2)?,
        email: row.get(3)?,
        phone: row.get(4)?,
        language: row.get(5)?,
        created_at: at(row, 6)?,
        version: row.get::<_, i64>(7)?.unsigned_abs(),
    })
}

fn read_part(row: &Row<'_>, conversation_id: ConversationId) -> rusqlite::Result<Part> {
    let body_text: String = row.get(7)?;
    let body: Option<String> = row.get(6)?;
    let priority = match row.get_ref(12)?.as_str_or_null()? {
        None => None,
        Some(_) => Some(named(row, 12, Priority::from_name)?),
    };
    Ok(Part {
        id: PartId::from_uuid(uuid(row, 0)?),
        conversation_id,
        seq: (row.get::<_, i64>(1)? & i64::from(u32::MAX)) as u32,
        part_type: named(row, 2, PartType::from_name)?,
        author: Author {
            author_type: named(row, 3, AuthorType::from_name)?,
            admin_id: opt_uuid(row, 4)?.map(TeammateId::from_uuid),
            name: row.get(5)?,
        },
        body: body.unwrap_or_else(|| body_text.clone()),
        body_text,
        rich: row.get(8)?,
        assigned_to_admin_id: opt_uuid(row, 9)?.map(TeammateId::from_uuid),
        assigned_to_team_id: opt_uuid(row, 10)?.map(TeamId::from_uuid),
        snoozed_until: opt_at(row, 11)?,
        priority,
        tag: row.get(13)?,
        command_id: opt_uuid(row, 14)?.map(recado_protocol::CommandId::from_uuid),
        created_at: at(row, 15)?,
        version: row.get::<_, i64>(16)?.unsigned_abs(),
    })
}
