//! The full-text index over messages and notes: what it holds, what waits for it, and what leaves.
//!
//! A document's number grows with the time of writing, so the index's own order is "newest first".
//! New documents wait in a list and are indexed outside the commit that brought them; a search
//! reads the newest of those itself. The index keeps no text, so a document is taken out by naming
//! the tokens that it was put in with, which the part's text gives again.

use recado_protocol::{Planted, Timestamp, is_planted, text};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::place::Place;

/// How many documents the numbering has room for in one second before it borrows from the next.
const DOCS_PER_SECOND: i64 = 16;
/// From how many deletions on, and from which share of the index on (one in …), it is cheaper to
/// build the index anew than to take documents out one by one.
const REBUILD_FROM: u64 = 500;
const REBUILD_SHARE: u64 = 30;

/// How many words may stand for the beginning of one; with more the index merges what they are in.
const MAX_WORDS: usize = 48;
/// From how many bytes of text on a batch is full, so that nobody waits long for its transaction: the
/// time goes with the text.
const BATCH_BYTES: usize = 160 * 1024;
/// How many pages of the index one step of merging writes, for the same reason.
const MERGE_PAGES: i64 = 256;

fn indexed_text(body_text: &str) -> String {
    text::tokens(body_text).join(" ")
}

/// Numbers a message and puts it on the waiting list.
pub(crate) fn add(
    connection: &Connection,
    place: Place,
    created_at: Timestamp,
) -> rusqlite::Result<i64> {
    let wanted = created_at.as_seconds().saturating_mul(DOCS_PER_SECOND);
    let doc_id = first_free(connection, wanted)?;
    connection
        .prepare_cached("INSERT INTO search_pending (doc_id, place) VALUES (?1, ?2)")?
        .execute(params![doc_id, place])?;
    Ok(doc_id)
}

/// The first number from `wanted` on that is not taken.
fn first_free(connection: &Connection, wanted: i64) -> rusqlite::Result<i64> {
    let mut free = wanted;
    let mut statement = connection.prepare_cached(
        "SELECT doc_id FROM search_docs WHERE doc_id >= ?1 \
         UNION ALL SELECT doc_id FROM search_pending WHERE doc_id >= ?1 ORDER BY 1",
    )?;
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
    if waited == 0 && !is_planted(Planted::IndexKeepsEvicted) {
        connection
            .prepare_cached("INSERT INTO search (search, rowid, tokens) VALUES ('delete', ?1, ?2)")?
            .execute(params![doc_id, indexed_text(body_text)])?;
        connection
            .prepare_cached("DELETE FROM search_docs WHERE doc_id = ?1")?
            .execute([doc_id])?;
    }
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
         INSERT INTO search_pending (doc_id, place) SELECT doc_id, place FROM search_docs;
         DELETE FROM search_docs;",
    )
}

/// Indexes up to `limit` waiting documents, the newest first, or fewer where they are long. Returns
/// how many.
pub(crate) fn index_pending(connection: &Connection, limit: u32) -> rusqlite::Result<u32> {
    let mut batch: Vec<(i64, String)> = Vec::new();
    {
        let mut statement = connection.prepare_cached(
            "SELECT search_pending.doc_id, parts.body_text FROM search_pending \
             CROSS JOIN parts ON parts.place = search_pending.place \
             ORDER BY search_pending.doc_id DESC LIMIT ?1",
        )?;
        let mut rows = statement.query([limit])?;
        let mut bytes = 0;
        while bytes < BATCH_BYTES
            && let Some(row) = rows.next()?
        {
            let body_text: String = row.get(1)?;
            bytes += body_text.len();
            batch.push((row.get(0)?, body_text));
        }
    }
    let Some((lowest, _)) = batch.last() else { return Ok(0) };
    connection
        .prepare_cached(
            "INSERT INTO search_docs (doc_id, place) \
             SELECT doc_id, place FROM search_pending WHERE doc_id >= ?1",
        )?
        .execute([lowest])?;
    connection
        .prepare_cached("DELETE FROM search_pending WHERE doc_id >= ?1")?
        .execute([lowest])?;
    let mut insert =
        connection.prepare_cached("INSERT INTO search (rowid, tokens) VALUES (?1, ?2)")?;
    // The index takes ascending numbers without writing a segment for each.
    for (doc_id, body_text) in batch.iter().rev() {
        insert.execute(params![doc_id, indexed_text(body_text)])?;
    }
    Ok(u32::try_from(batch.len()).unwrap_or(u32::MAX))
}

/// Merges a little of what indexing in steps has left in pieces; each piece costs every search a few
/// pages. Returns whether there was anything to merge.
pub(crate) fn merge_a_little(connection: &Connection) -> rusqlite::Result<bool> {
    let before = connection.total_changes();
    connection
        .prepare_cached("INSERT INTO search (search, rank) VALUES ('merge', ?1)")?
        .execute([MERGE_PAGES])?;
    // The command itself counts as one change.
    Ok(connection.total_changes() - before > 1)
}

/// How many documents wait.
pub(crate) fn pending_count(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 = connection
        .prepare_cached("SELECT COUNT(*) FROM search_pending")?
        .query_row([], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The index's own language for "all of these terms"; nothing if the index lacks one of them. The
/// tokens hold letters and digits only, so quoting them is enough.
fn match_expression(
    connection: &Connection,
    terms: &[text::QueryTerm],
) -> rusqlite::Result<Option<String>> {
    let mut all = Vec::with_capacity(terms.len());
    for term in terms {
        let token = &term.token;
        if !term.prefix {
            all.push(format!("\"{token}\""));
            continue;
        }
        all.push(match words_beginning_with(connection, token)? {
            None => format!("\"{token}\"*"),
            Some(words) if words.is_empty() => return Ok(None),
            Some(words) => {
                let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("({})", quoted.join(" OR "))
            }
        });
    }
    Ok(Some(all.join(" AND ")))
}

/// The index's words that begin with `token`; nothing if they are too many to be named.
fn words_beginning_with(
    connection: &Connection,
    token: &str,
) -> rusqlite::Result<Option<Vec<String>>> {
    let mut next = connection.prepare_cached("SELECT term FROM search_terms WHERE term >= ?1")?;
    let mut words: Vec<String> = Vec::new();
    loop {
        // A space stands before every letter and digit, so this is the first word after the last.
        let from = words.last().map_or_else(|| token.to_owned(), |last| format!("{last} "));
        let word: Option<String> = next.query_row([from], |row| row.get(0)).optional()?;
        let Some(word) = word.filter(|word| word.starts_with(token)) else {
            return Ok(Some(words));
        };
        if words.len() == MAX_WORDS {
            return Ok(None);
        }
        words.push(word);
    }
}

/// Up to `limit` indexed documents that match every term, the newest first.
pub(crate) fn find_indexed(
    connection: &Connection,
    terms: &[text::QueryTerm],
    limit: u32,
) -> rusqlite::Result<Vec<i64>> {
    let Some(expression) = match_expression(connection, terms)? else { return Ok(Vec::new()) };
    connection
        .prepare_cached(
            "SELECT rowid FROM search WHERE search MATCH ?1 ORDER BY rowid DESC LIMIT ?2",
        )?
        .query_map(params![expression, limit], |row| row.get(0))?
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
         CROSS JOIN parts ON parts.place = search_pending.place \
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
        .prepare_cached(
            "SELECT place FROM search_docs WHERE doc_id = ?1 \
             UNION ALL SELECT place FROM search_pending WHERE doc_id = ?1",
        )?
        .query_row([doc_id], |row| Place::of_row(row, 0))
        .optional()
}
