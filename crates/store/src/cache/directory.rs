//! Teammates, teams and contacts.

use recado_protocol::{Contact, ContactId, Team, Teammate};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::tokens::{self, Words};
use crate::sql::{at, blob, id, json, number, to_json, unsigned};

/// A teammate's or a team's table. Both hold an id, a version and the wire's JSON.
fn put(
    connection: &Connection,
    table: &str,
    id: [u8; 16],
    version: u64,
    value: &str,
) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached(&format!(
            "INSERT INTO {table} (id, version, value) VALUES (?1, ?2, ?3) \
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, value = excluded.value \
             WHERE excluded.version > {table}.version"
        ))?
        .execute(params![id, number(version), value])?;
    Ok(changed > 0)
}

/// Stores a teammate unless a newer version is here. Returns whether something changed.
pub(crate) fn put_teammate(connection: &Connection, teammate: &Teammate) -> rusqlite::Result<bool> {
    put(connection, "teammates", blob(teammate.id), teammate.version, &to_json(teammate)?)
}

/// Stores a team unless a newer version is here. Returns whether something changed.
pub(crate) fn put_team(connection: &Connection, team: &Team) -> rusqlite::Result<bool> {
    put(connection, "teams", blob(team.id), team.version, &to_json(team)?)
}

pub(crate) fn teammates(connection: &Connection) -> rusqlite::Result<Vec<Teammate>> {
    connection
        .prepare_cached("SELECT value FROM teammates")?
        .query_map([], |row| json(row, 0))?
        .collect()
}

pub(crate) fn teams(connection: &Connection) -> rusqlite::Result<Vec<Team>> {
    connection
        .prepare_cached("SELECT value FROM teams")?
        .query_map([], |row| json(row, 0))?
        .collect()
}

/// Lets any version from the present change log win. Read marks go: the server sends those that are left
/// with their conversations, and none for what was marked in the part that is lost.
pub(crate) fn forget_versions(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "UPDATE teammates SET version = -1;
         UPDATE teams SET version = -1;
         DELETE FROM read_marks;",
    )?;
    forget_contact_versions(connection)
}

/// Lets any version of a contact win. One of whom nothing comes any more goes with the next listing.
pub(crate) fn forget_contact_versions(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("UPDATE contacts SET version = -1;")
}

/// Stores a contact unless a newer version is here, with the copies of its name. Returns whether
/// something changed.
pub(crate) fn put_contact(connection: &Connection, contact: &Contact) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached(
            "INSERT INTO contacts (contact_key, \
             id, external_id, name, email, phone, language, created_at, version) VALUES \
             ((SELECT IFNULL(MAX(contact_key), 0) + 1 FROM contacts), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
             ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id, \
             name = excluded.name, email = excluded.email, phone = excluded.phone, \
             language = excluded.language, created_at = excluded.created_at, \
             version = excluded.version \
             WHERE excluded.version > contacts.version",
        )?
        .execute(params![
            blob(contact.id),
            contact.external_id,
            contact.name,
            contact.email,
            contact.phone,
            contact.language,
            contact.created_at.as_micros(),
            number(contact.version),
        ])?;
    if changed == 0 {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "UPDATE conversations SET contact_name = ?2 \
             WHERE contact_id = ?1 AND contact_name IS NOT ?2",
        )?
        .execute(params![blob(contact.id), contact.name])?;
    let key: i64 = connection
        .prepare_cached("SELECT contact_key FROM contacts WHERE id = ?1")?
        .query_row([blob(contact.id)], |row| row.get(0))?;
    tokens::set(connection, Words::Contact, key, searchable(contact))?;
    Ok(true)
}

/// What a contact is found by.
fn searchable(contact: &Contact) -> impl Iterator<Item = &str> {
    [&contact.name, &contact.email, &contact.phone, &contact.external_id]
        .into_iter()
        .filter_map(Option::as_deref)
}

pub(crate) fn contact(
    connection: &Connection,
    contact_id: ContactId,
) -> rusqlite::Result<Option<Contact>> {
    connection
        .prepare_cached(
            "SELECT id, external_id, name, email, phone, language, created_at, version \
             FROM contacts WHERE id = ?1",
        )?
        .query_row([blob(contact_id)], |row| {
            Ok(Contact {
                id: id(row, 0)?,
                external_id: row.get(1)?,
                name: row.get(2)?,
                email: row.get(3)?,
                phone: row.get(4)?,
                language: row.get(5)?,
                created_at: at(row, 6)?,
                version: unsigned(row, 7)?,
            })
        })
        .optional()
}

/// The stored name of a contact.
pub(crate) fn contact_name(
    connection: &Connection,
    contact_id: ContactId,
) -> rusqlite::Result<Option<String>> {
    let name = connection
        .prepare_cached("SELECT name FROM contacts WHERE id = ?1")?
        .query_row([blob(contact_id)], |row| row.get::<_, Option<String>>(0))
        .optional()?;
    Ok(name.flatten())
}

/// Whether a conversation of the contact is here.
pub(crate) fn has_conversation(
    connection: &Connection,
    contact_id: ContactId,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM conversations WHERE contact_id = ?1")?
        .exists([blob(contact_id)])
}

/// Deletes a contact of whom no conversation is here. Returns whether there was one.
pub(crate) fn remove_contact(
    connection: &Connection,
    contact_id: ContactId,
) -> rusqlite::Result<bool> {
    if has_conversation(connection, contact_id)? {
        return Ok(false);
    }
    let key: Option<i64> = connection
        .prepare_cached("SELECT contact_key FROM contacts WHERE id = ?1")?
        .query_row([blob(contact_id)], |row| row.get(0))
        .optional()?;
    let Some(key) = key else { return Ok(false) };
    tokens::remove(connection, Words::Contact, key)?;
    connection.prepare_cached("DELETE FROM contacts WHERE contact_key = ?1")?.execute([key])?;
    Ok(true)
}

/// Which contacts go when no conversation of theirs is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Orphans {
    /// All.
    All,
    /// Those of whom only a part of the log has told that is lost, or that was passed over: nothing says
    /// how they are by now.
    Untold,
}

/// Deletes contacts of whom no conversation is here.
pub(crate) fn remove_orphans(connection: &Connection, which: Orphans) -> rusqlite::Result<bool> {
    let orphans: Vec<ContactId> = connection
        .prepare_cached(
            "SELECT id FROM contacts WHERE (?1 OR version < 0) AND NOT EXISTS \
             (SELECT 1 FROM conversations WHERE contact_id = contacts.id)",
        )?
        .query_map([which == Orphans::All], |row| id(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    for contact_id in &orphans {
        remove_contact(connection, *contact_id)?;
    }
    Ok(!orphans.is_empty())
}

/// Fills the words of contacts and titles anew.
pub(crate) fn rebuild_words(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DELETE FROM contact_tokens; DELETE FROM title_tokens;")?;
    let contacts: Vec<(i64, ContactId)> = connection
        .prepare("SELECT contact_key, id FROM contacts")?
        .query_map([], |row| Ok((row.get(0)?, id(row, 1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (key, contact_id) in contacts {
        if let Some(contact) = contact(connection, contact_id)? {
            tokens::set(connection, Words::Contact, key, searchable(&contact))?;
        }
    }
    let titles: Vec<(i64, String)> = connection
        .prepare("SELECT conversation_key, title FROM conversations WHERE title IS NOT NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (key, title) in titles {
        tokens::set(connection, Words::Title, key, [title.as_str()])?;
    }
    Ok(())
}
