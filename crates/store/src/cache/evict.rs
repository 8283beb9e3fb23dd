//! What leaves: rows, search and names, in the transaction that says so.

use std::collections::HashSet;

use recado_protocol::{
    ContactId, ConversationId, ConversationState, Planted, Timestamp, is_planted,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::tokens::{self, Words};
use super::{directory, parts, search};
use crate::batch::LeftConversation;
use crate::sql::{blob, id, number, unsigned};

/// Deletes conversations with everything of them. Returns those that were here.
pub(crate) fn conversations(
    connection: &Connection,
    keys: &[i64],
) -> rusqlite::Result<Vec<LeftConversation>> {
    let mut leaving = 0;
    for &key in keys {
        leaving += parts::doc_count(connection, key)?;
    }
    let rebuild = search::better_rebuilt(connection, leaving)?;
    let mut left = Vec::new();
    for &key in keys {
        let facts = connection
            .prepare_cached(
                "SELECT id, contact_name FROM conversations WHERE conversation_key = ?1",
            )?
            .query_row([key], |row| {
                Ok(LeftConversation { conversation_id: id(row, 0)?, contact_name: row.get(1)? })
            })
            .optional()?;
        let Some(facts) = facts else { continue };
        parts::remove_all(connection, key, rebuild)?;
        tokens::remove(connection, Words::Title, key)?;
        connection
            .prepare_cached("DELETE FROM conversations WHERE conversation_key = ?1")?
            .execute([key])?;
        left.push(facts);
    }
    if rebuild {
        search::start_again(connection)?;
    }
    Ok(left)
}

/// The keys of these conversations, as far as they are here and have not changed after `as_of`.
pub(crate) fn keys_of(
    connection: &Connection,
    ids: &[ConversationId],
    as_of: u64,
) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT conversation_key FROM conversations \
         WHERE id = ?1 AND (stale <> 0 OR version <= ?2)",
    )?;
    let mut keys = Vec::new();
    for &id in ids {
        let key = statement.query_row(params![blob(id), number(as_of)], |row| row.get::<_, i64>(0));
        keys.extend(key.optional()?);
    }
    Ok(keys)
}

/// The keys of closed conversations whose newest part is from before `before`, the oldest first,
/// without those in `kept`.
pub(crate) fn closed_before(
    connection: &Connection,
    before: Timestamp,
    kept: &HashSet<ConversationId>,
    limit: u32,
) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT conversation_key, id FROM conversations INDEXED BY conversations_closed \
         WHERE state = 'closed' AND last_part_at < ?1 ORDER BY last_part_at, id",
    )?;
    let mut rows = statement.query([before.as_micros()])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()?
        && keys.len() < limit as usize
    {
        if !kept.contains(&id(row, 1)?) {
            keys.push(row.get(0)?);
        }
    }
    Ok(keys)
}

/// The keys of the conversations in these states that a listing as of `as_of` should have named and
/// did not. What is newer than the listing is left alone.
pub(crate) fn unlisted(
    connection: &Connection,
    listed: &HashSet<ConversationId>,
    states: &[ConversationState],
    as_of: u64,
) -> rusqlite::Result<Vec<i64>> {
    let mut keys = Vec::new();
    for state in states {
        let mut statement = connection.prepare_cached(
            "SELECT conversation_key, id, version, stale FROM conversations WHERE state = ?1",
        )?;
        let mut rows = statement.query([state.name()])?;
        while let Some(row) = rows.next()? {
            let older = row.get::<_, bool>(3)?
                || unsigned(row, 2)? <= as_of
                || is_planted(Planted::ListingDropsNewer);
            if older && !listed.contains(&id::<ConversationId>(row, 1)?) {
                keys.push(row.get(0)?);
            }
        }
    }
    Ok(keys)
}

/// Deletes a contact that the server says is no longer visible, unless a conversation of theirs that
/// came later is here.
pub(crate) fn contact(connection: &Connection, contact_id: ContactId) -> rusqlite::Result<bool> {
    directory::remove_contact(connection, contact_id)
}
