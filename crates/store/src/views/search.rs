//! Search in the cache: messages by full text, conversations by subject and customer.

use std::collections::HashSet;

use recado_protocol::host::{SearchResult, SearchResults};
use recado_protocol::text::{self, QueryTerm};
use recado_protocol::{ConversationHead, PartId, Planted, is_planted};
use rusqlite::{Connection, params};

use super::snapshot::Snapshot;
use crate::cache::place::Place;
use crate::cache::rows::HeadRow;
use crate::cache::tokens::{self, Words};
use crate::cache::{conversations, parts, search};

/// How many results one answer holds at most.
const MAX_RESULTS: u32 = 50;
/// How many of the newest messages that are not indexed yet a search reads itself.
const PENDING_SCAN: u32 = 1_000;
/// How many candidates of a word among names and subjects are looked at.
const MAX_CANDIDATES: u32 = 2_000;
/// How long an excerpt is, in characters, and how much of it stands before the match.
const EXCERPT_CHARS: usize = 160;
const EXCERPT_BEFORE: usize = 50;

impl Snapshot<'_> {
    /// Searches the cache, the newest first.
    pub(crate) fn search(&self, query: &str, limit: u32) -> rusqlite::Result<SearchResults> {
        let limit = limit.clamp(1, MAX_RESULTS);
        let terms = text::query_terms(query);
        if terms.is_empty() {
            return Ok(SearchResults { results: Vec::new(), complete: false });
        }
        let mut results = self.messages(&terms, limit)?;
        let subjects = by_words(self.cache, &terms)?;
        for key in subjects {
            if let Some(row) = conversations::row_by_key(self.cache, key)? {
                results.push(self.subject(row));
            }
        }
        results.sort_by(|a, b| {
            (b.created_at, b.conversation_id, b.part_id).cmp(&(
                a.created_at,
                a.conversation_id,
                a.part_id,
            ))
        });
        results.truncate(limit as usize);
        // The cache never knows what it does not hold: older closed conversations are on the server.
        Ok(SearchResults { results, complete: false })
    }

    fn messages(&self, terms: &[QueryTerm], limit: u32) -> rusqlite::Result<Vec<SearchResult>> {
        let mut docs = search::find_indexed(self.cache, terms, limit)?;
        if !is_planted(Planted::PendingNotSearched) {
            docs.extend(search::find_pending(self.cache, terms, PENDING_SCAN, limit)?);
        }
        docs.sort_unstable_by(|a, b| b.cmp(a));
        docs.dedup();
        docs.truncate(limit as usize);
        let mut results = Vec::with_capacity(docs.len());
        for doc_id in docs {
            let Some(Place { key, seq }) = search::place(self.cache, doc_id)? else { continue };
            let Some(row) = conversations::row_by_key(self.cache, key)? else { continue };
            let Some(part) = parts::one(self.cache, key, row.head.id, seq)? else { continue };
            let contact_name = row.contact_name.clone();
            let head = self.see(row).head;
            let mut result = result(head, contact_name, Some(part.id));
            result.author = part.author.author_type;
            result.author_admin_id = part.author.admin_id;
            result.created_at = part.created_at;
            result.excerpt = excerpt(&part.body_text, terms);
            results.push(result);
        }
        Ok(results)
    }

    fn subject(&self, row: HeadRow) -> SearchResult {
        let contact_name = row.contact_name.clone();
        let laid = self.see(row);
        let author_admin_id = laid.preview_admin_id;
        let mut result = result(laid.head, contact_name, None);
        result.author_admin_id = author_admin_id;
        result
    }
}

fn result(
    head: ConversationHead,
    contact_name: Option<String>,
    part_id: Option<PartId>,
) -> SearchResult {
    SearchResult {
        conversation_id: head.id,
        part_id,
        contact_id: head.contact_id,
        contact_name,
        author: head.preview_author,
        author_admin_id: None,
        state: head.state,
        priority: head.priority,
        created_at: head.last_part_at,
        excerpt: head.title.unwrap_or(head.preview),
    }
}

/// The conversations whose subject, or whose customer, has a word for every term.
fn by_words(connection: &Connection, terms: &[QueryTerm]) -> rusqlite::Result<HashSet<i64>> {
    let mut keys: HashSet<i64> = all_terms(connection, Words::Title, terms)?.into_iter().collect();
    for contact_key in all_terms(connection, Words::Contact, terms)? {
        let of_contact = connection
            .prepare_cached(
                "SELECT conversation_key FROM conversations INDEXED BY conversations_by_contact \
                 WHERE contact_id = (SELECT id FROM contacts WHERE contact_key = ?1) \
                 ORDER BY created_at DESC, id DESC LIMIT ?2",
            )?
            .query_map(params![contact_key, MAX_RESULTS], |row| row.get::<_, i64>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        keys.extend(of_contact);
    }
    Ok(keys)
}

/// The rows that have a word for every term: those of the longest term, checked for the others.
fn all_terms(
    connection: &Connection,
    words: Words,
    terms: &[QueryTerm],
) -> rusqlite::Result<Vec<i64>> {
    let Some(rarest) = terms.iter().max_by_key(|term| term.token.len()) else {
        return Ok(Vec::new());
    };
    let mut keys = tokens::find(connection, words, rarest, MAX_CANDIDATES)?;
    for term in terms.iter().filter(|term| *term != rarest) {
        let mut kept = Vec::with_capacity(keys.len());
        for key in keys {
            if tokens::has(connection, words, term, key)? {
                kept.push(key);
            }
        }
        keys = kept;
    }
    Ok(keys)
}

/// The words around the first match, on one line.
fn excerpt(body_text: &str, terms: &[QueryTerm]) -> String {
    let words: Vec<&str> = body_text.split_whitespace().collect();
    let line = words.join(" ");
    let mut start = 0;
    for word in &words {
        if let Some(inside) = place_in_word(word, terms) {
            return cut(&line, start + inside);
        }
        start += word.chars().count() + 1;
    }
    cut(&line, 0)
}

/// Where in a word, in characters, the first match begins.
fn place_in_word(word: &str, terms: &[QueryTerm]) -> Option<usize> {
    let found = text::tokens(word)
        .iter()
        .any(|token| terms.iter().any(|term| search::matches(token, term)));
    if !found {
        return None;
    }
    // A script without spaces makes one long word of a sentence: look where in it.
    let folded: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let inside = terms.iter().filter_map(|term| {
        let wanted: Vec<char> = term.token.chars().collect();
        folded.windows(wanted.len().max(1)).position(|window| window == wanted.as_slice())
    });
    Some(inside.min().unwrap_or(0))
}

fn cut(line: &str, matched: usize) -> String {
    let from = matched.saturating_sub(EXCERPT_BEFORE);
    let mut rest = line.chars().skip(from);
    let mut excerpt = String::new();
    if from > 0 {
        excerpt.push('…');
    }
    excerpt.extend(rest.by_ref().take(EXCERPT_CHARS));
    if rest.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_match_with_what_stands_before_it() {
        let body = format!("{} needle {}", "word ".repeat(60), "tail ".repeat(60));
        let excerpt = excerpt(&body, &text::query_terms("NEEDLE"));
        assert!(excerpt.contains("word needle tail"), "{excerpt}");
        assert!(excerpt.starts_with('…') && excerpt.ends_with('…'), "{excerpt}");
    }

    #[test]
    fn an_excerpt_finds_its_place_in_a_script_without_spaces() {
        let body = format!("{}小雨{}", "前".repeat(200), "后".repeat(200));
        assert!(excerpt(&body, &text::query_terms("小雨")).contains("小雨"));
    }

    #[test]
    fn an_excerpt_of_a_short_text_is_the_text() {
        assert_eq!(excerpt(" one\n two ", &text::query_terms("absent")), "one two");
    }
}
