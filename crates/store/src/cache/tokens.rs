//! Words of names and subjects: small tables of folded tokens, looked up by prefix.

use recado_protocol::text;
use rusqlite::{Connection, params};

/// Which table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Words {
    /// Contacts by name, e-mail address, telephone number and external id.
    Contact,
    /// Conversations by title.
    Title,
}

impl Words {
    const fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::Contact => ("contact_tokens", "contact_key"),
            Self::Title => ("title_tokens", "conversation_key"),
        }
    }
}

/// Replaces the words of one row.
pub(crate) fn set<'a>(
    connection: &Connection,
    words: Words,
    key: i64,
    texts: impl IntoIterator<Item = &'a str>,
) -> rusqlite::Result<()> {
    remove(connection, words, key)?;
    let (table, column) = words.table();
    let mut insert = connection.prepare_cached(&format!(
        "INSERT OR IGNORE INTO {table} (token, {column}) VALUES (?1, ?2)"
    ))?;
    for text in texts {
        for token in text::tokens(text) {
            insert.execute(params![token, key])?;
        }
    }
    Ok(())
}

/// Removes the words of one row.
pub(crate) fn remove(connection: &Connection, words: Words, key: i64) -> rusqlite::Result<()> {
    let (table, column) = words.table();
    connection
        .prepare_cached(&format!("DELETE FROM {table} WHERE {column} = ?1"))?
        .execute([key])?;
    Ok(())
}

/// The keys of up to `limit` rows that have a word for `term`.
pub(crate) fn find(
    connection: &Connection,
    words: Words,
    term: &text::QueryTerm,
    limit: u32,
) -> rusqlite::Result<Vec<i64>> {
    let (table, column) = words.table();
    // What begins with a token lies between it and itself followed by the last character there is.
    let to = if term.prefix { format!("{}\u{10FFFF}", term.token) } else { term.token.clone() };
    connection
        .prepare_cached(&format!(
            "SELECT DISTINCT {column} FROM {table} WHERE token >= ?1 AND token <= ?2 LIMIT ?3"
        ))?
        .query_map(params![term.token, to, limit], |row| row.get(0))?
        .collect()
}

/// Whether a row has a word for `term`.
pub(crate) fn has(
    connection: &Connection,
    words: Words,
    term: &text::QueryTerm,
    key: i64,
) -> rusqlite::Result<bool> {
    let (table, column) = words.table();
    let to = if term.prefix { format!("{}\u{10FFFF}", term.token) } else { term.token.clone() };
    connection
        .prepare_cached(&format!(
            "SELECT 1 FROM {table} WHERE {column} = ?3 AND token >= ?1 AND token <= ?2"
        ))?
        .exists(params![term.token, to, key])
}
