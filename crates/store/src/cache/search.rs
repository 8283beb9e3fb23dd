//! The full-text index over messages and notes: what it holds, what waits for it, and what leaves.
//!
//! A document's number grows with the time of writing, so the index's own order is "newest first".
//! New documents wait in a list and are indexed outside the commit that brought them; a search
//! reads the newest of those itself. The index keeps no text, so a document is taken out by naming
//! the tokens that it was put in with, which the part's text gives again.

use recado_protocol::{Timestamp, text};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::place::Place;

/// How many documents the numbering has room for in one second before it borrows from the next.
const DOCS_PER_SECOND: i64 = 16;
/// From how many deletions on, and from which share of the index on (one in …), it is cheaper to
/// build the index anew than to take documents out one by one.
const REBUILD_FROM: u64 = 500;
const REBUILD_SHARE: u64 = 30;

fn indexed_text(body_text: &str) -> String {
    text::tokens(body_text).join(" ")
}

/// Numbers a message and puts it on the waiting list.
pub(crate) fn add(
    connection: &Connection,
    place: Place,
    created_at: Timestamp,
) -> rusqlite::Result<i64> {
    let mut doc_id = created_at.as_seconds().saturating_mul(DOCS_PER_SECOND);
    let mut insert = connection.prepare_cached(
        "INSERT INTO search_docs (doc_id, place) VALUES (?1, ?2) ON CONFLICT (doc_id) DO NOTHING",
    )?;
    if insert.execute(params![doc_id, place])? == 0 {
        doc_id = first_free(connection, doc_id)?;
        insert.execute(params![doc_id, place])?;
    }
    connection
        .prepare_cached("INSERT INTO search_pending (doc_id) VALUES (?1)")?
        .execute([doc_id])?;
    Ok(doc_id)
}

/// The first number from `wanted` on that is not taken.
fn first_free(connection: &Connection, wanted: i64) -> rusqlite::Result<i64> {
    let mut free = wanted;
    let mut statement = connection
        .prepare_cached("SELECT doc_id FROM search_docs WHERE doc_id >= ?1 ORDER BY doc_id")?;
    let mut rows = statement.query([wanted])?;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(0)? != free {
            break;
        }
        free += 1;
    }
    Ok(free)
}

/// Takes one document out, wherever it is. `body_text` is what it was put in with.
pub(crate) fn remove(
    connection: &Connection,
    doc_id: i64,
    body_text: &str,
) -> rusqlite::Result<()> {
    let waited = connection
        .prepare_cached("DELETE FROM search_pending WHERE doc_id = ?1")?
        .execute([doc_id])?;
    if waited == 0 {
        connection
            .prepare_cached("INSERT INTO search (search, rowid, tokens) VALUES ('delete', ?1, ?2)")?
            .execute(params![doc_id, indexed_text(body_text)])?;
    }
    connection.prepare_cached("DELETE FROM search_docs WHERE doc_id = ?1")?.execute([doc_id])?;
    Ok(())
}

/// Whether so many documents are to go that the index is better built anew.
pub(crate) fn better_rebuilt(connection: &Connection, leaving: u64) -> rusqlite::Result<bool> {
    if leaving < REBUILD_FROM {
        return Ok(false);
    }
    let all: i64 =
        connection.query_row("SELECT COUNT(*) FROM search_docs", [], |row| row.get(0))?;
    Ok(leaving.saturating_mul(REBUILD_SHARE) > u64::try_from(all).unwrap_or(0))
}

/// Empties the index and puts every document on the waiting list.
pub(crate) fn start_again(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "INSERT INTO search (search) VALUES ('delete-all');
         DELETE FROM search_pending;
         INSERT INTO search_pending (doc_id) SELECT doc_id FROM search_docs;",
    )
}

/// Indexes up to `limit` waiting documents, the newest first. Returns how many.
pub(crate) fn index_pending(connection: &Connection, limit: u32) -> rusqlite::Result<u32> {
    let mut batch: Vec<(i64, String)> = connection
        .prepare_cached(
            "SELECT search_pending.doc_id, parts.body_text FROM search_pending \
             CROSS JOIN search_docs ON search_docs.doc_id = search_pending.doc_id \
             JOIN parts ON parts.place = search_docs.place \
             ORDER BY search_pending.doc_id DESC LIMIT ?1",
        )?
        .query_map([limit], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    // The index takes ascending numbers without writing a segment for each.
    batch.reverse();
    let mut insert =
        connection.prepare_cached("INSERT INTO search (rowid, tokens) VALUES (?1, ?2)")?;
    let mut done = connection.prepare_cached("DELETE FROM search_pending WHERE doc_id = ?1")?;
    for (doc_id, body_text) in &batch {
        insert.execute(params![doc_id, indexed_text(body_text)])?;
        done.execute([doc_id])?;
    }
    Ok(u32::try_from(batch.len()).unwrap_or(u32::MAX))
}

/// How many documents wait.
pub(crate) fn pending_count(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 = connection
        .prepare_cached("SELECT COUNT(*) FROM search_pending")?
        .query_row([], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The index's own language for "all of these terms". The tokens hold letters and digits only, so
/// quoting them is enough.
fn match_expression(terms: &[text::QueryTerm]) -> String {
    let terms: Vec<_> = terms
        .iter()
        .map(|term| format!("\"{}\"{}", term.token, if term.prefix { "*" } else { "" }))
        .collect();
    terms.join(" AND ")
}

/// Up to `limit` indexed documents that match every term, the newest first.
pub(crate) fn find_indexed(
    connection: &Connection,
    terms: &[text::QueryTerm],
    limit: u32,
) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(
            "SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid DESC LIMIT ?2",
        )?
        .query_map(params![match_expression(terms), limit], |row| row.get(0))?
        .collect()
}

/// The same among the newest `scan` waiting documents.
pub(crate) fn find_pending(
    connection: &Connection,
    terms: &[text::QueryTerm],
    scan: u32,
    limit: u32,
) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT search_pending.doc_id, parts.body_text FROM search_pending \
         CROSS JOIN search_docs ON search_docs.doc_id = search_pending.doc_id \
         JOIN parts ON parts.place = search_docs.place \
         ORDER BY search_pending.doc_id DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([scan])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if found.len() >= limit as usize {
            break;
        }
        if matches_all(row.get_ref(1)?.as_str()?, terms) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

fn matches_all(body_text: &str, terms: &[text::QueryTerm]) -> bool {
    let tokens = text::tokens(body_text);
    terms.iter().all(|term| tokens.iter().any(|token| matches(token, term)))
}

/// Whether a token is what a term asks for.
pub(crate) fn matches(token: &str, term: &text::QueryTerm) -> bool {
    if term.prefix { token.starts_with(&term.token) } else { token == term.token }
}

/// Where a document stands.
pub(crate) fn place(connection: &Connection, doc_id: i64) -> rusqlite::Result<Option<Place>> {
    connection
        .prepare_cached("SELECT place FROM search_docs WHERE doc_id = ?1")?
        .query_row([doc_id], |row| Place::of_row(row, 0))
        .optional()
}
