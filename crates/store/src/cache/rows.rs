//! Heads and parts as rows.

use recado_protocol::{
    Author, AuthorType, ContactId, ConversationHead, ConversationId, ConversationState, Part,
    PartType, Priority, TeammateId,
};
use rusqlite::Row;

use super::place::Place;
use crate::sql::{at, id, json, open_named, opt_at, opt_id, unsigned};

/// The columns that a list shows: what [`HeadRow::read`] reads, in its order.
pub(crate) const HEAD_COLUMNS: &str = "conversation_key, id, contact_id, contact_name, title, \
     state, snoozed_until, priority, admin_assignee_id, team_assignee_id, tags, waiting_since, \
     created_at, last_part_at, preview, preview_author, preview_is_note, preview_admin_id, \
     part_count, contact_part_count, version, unread";

/// A conversation as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeadRow {
    pub(crate) key: i64,
    pub(crate) head: ConversationHead,
    pub(crate) contact_name: Option<String>,
    pub(crate) preview_admin_id: Option<TeammateId>,
    pub(crate) unread: u32,
}

impl HeadRow {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let head = ConversationHead {
            id: id::<ConversationId>(row, 1)?,
            contact_id: id::<ContactId>(row, 2)?,
            title: row.get(4)?,
            state: open_named(row, 5, ConversationState::from_name, ConversationState::Unknown)?,
            snoozed_until: opt_at(row, 6)?,
            priority: open_named(row, 7, Priority::from_name, Priority::Unknown)?,
            admin_assignee_id: opt_id(row, 8)?,
            team_assignee_id: opt_id(row, 9)?,
            tags: json(row, 10)?,
            waiting_since: opt_at(row, 11)?,
            created_at: at(row, 12)?,
            last_part_at: at(row, 13)?,
            preview: row.get(14)?,
            preview_author: open_named(row, 15, AuthorType::from_name, AuthorType::Unknown)?,
            preview_is_note: row.get(16)?,
            part_count: row.get(18)?,
            contact_part_count: row.get(19)?,
            version: unsigned(row, 20)?,
        };
        Ok(Self {
            key: row.get(0)?,
            head,
            contact_name: row.get(3)?,
            preview_admin_id: opt_id(row, 17)?,
            unread: row.get(21)?,
        })
    }
}

/// The columns of a part: what [`read_part`] reads, in its order.
pub(crate) const PART_COLUMNS: &str = "id, place, part_type, author_type, author_admin_id, \
     author_name, body, body_text, rich, assigned_to_admin_id, assigned_to_team_id, snoozed_until, \
     priority, tag, command_id, created_at, version";

pub(crate) fn read_part(row: &Row<'_>, conversation_id: ConversationId) -> rusqlite::Result<Part> {
    let body_text: String = row.get(7)?;
    let body: Option<String> = row.get(6)?;
    let priority = match row.get_ref(12)?.as_str_or_null()? {
        None => None,
        Some(_) => Some(open_named(row, 12, Priority::from_name, Priority::Unknown)?),
    };
    Ok(Part {
        id: id(row, 0)?,
        conversation_id,
        seq: Place::of_row(row, 1)?.seq,
        part_type: open_named(row, 2, PartType::from_name, PartType::Unknown)?,
        author: Author {
            author_type: open_named(row, 3, AuthorType::from_name, AuthorType::Unknown)?,
            admin_id: opt_id(row, 4)?,
            name: row.get(5)?,
        },
        body: body.unwrap_or_else(|| body_text.clone()),
        body_text,
        rich: row.get(8)?,
        assigned_to_admin_id: opt_id(row, 9)?,
        assigned_to_team_id: opt_id(row, 10)?,
        snoozed_until: opt_at(row, 11)?,
        priority,
        tag: row.get(13)?,
        command_id: opt_id(row, 14)?,
        created_at: at(row, 15)?,
        version: unsigned(row, 16)?,
    })
}
