//! The search index: token text on its way in, documents on their way out. Both engines split the token text at spaces
//! and at nothing else, so they find the same.

use std::collections::BTreeSet;

use recado_protocol::text::QueryTerm;
use recado_protocol::{
    AuthorType, ConversationId, PartId, Planted, Timestamp, WorkspaceId, is_planted,
};

use super::conversation::named;
use super::rows::{in_batches, values_list};
use super::visibility::{VISIBLE, Viewer};
use super::{DbError, Engine, Tx, Value, params};

/// Bits of a document's number below the microsecond. Together with the time they fill 63 bits until the year 2255.
const NUMBER_BITS: u32 = 9;
const LATEST_MICROS: i64 = (1 << 53) - 1;

/// One document to index.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message or note; `None` for the conversation's title and contact.
    pub part_seq: Option<u32>,
    /// When it was written.
    pub at: Timestamp,
    /// Tells documents of one instant apart; any number will do.
    pub spread: u16,
    /// Its tokens, separated by spaces.
    pub tokens: &'a str,
}

/// How many documents one statement stores.
const BATCH: usize = 32;

/// Indexes documents.
///
/// # Errors
/// [`DbError`].
pub async fn add(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    documents: &[Document<'_>],
) -> Result<(), DbError> {
    for batch in in_batches(documents, BATCH) {
        let numbers = take_numbers(tx, workspace_id, batch).await?;
        let rows = batch.iter().zip(numbers);
        let rows = rows.map(|(document, number)| params![number, document.tokens].to_vec());
        insert_texts(tx, rows.collect()).await?;
    }
    Ok(())
}

/// Stores the documents without their tokens, each under the first free number at its time.
async fn take_numbers(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    documents: &[Document<'_>],
) -> Result<Vec<i64>, DbError> {
    let mut numbers: Vec<i64> = documents.iter().map(Document::number).collect();
    let mut waiting: Vec<usize> = (0..documents.len()).collect();
    while !waiting.is_empty() {
        let mut wanted = BTreeSet::new();
        for &index in &waiting {
            while !wanted.insert(numbers[index]) {
                numbers[index] += 1;
            }
        }
        let rows = waiting.iter().map(|&index| {
            let Document { conversation_id, part_seq, .. } = documents[index];
            params![numbers[index], workspace_id, conversation_id, part_seq].to_vec()
        });
        let (values, params) = values_list(rows.collect());
        let sql = format!(
            "INSERT INTO search_document (number, workspace_id, conversation_id, part_seq) VALUES {values}
             ON CONFLICT (number) DO NOTHING RETURNING number"
        );
        let rows = tx.query(&sql, &params).await?;
        let taken = rows.iter().map(|row| row.get(0)).collect::<Result<BTreeSet<i64>, _>>()?;
        waiting.retain(|&index| !taken.contains(&numbers[index]));
        for &index in &waiting {
            numbers[index] += 1;
        }
    }
    Ok(numbers)
}

async fn insert_texts(tx: &mut Tx, rows: Vec<Vec<Value>>) -> Result<(), DbError> {
    let values: Vec<_> = (0..rows.len())
        .map(|row| format!("(?{}, {})", 2 * row + 1, tx.engine().full_text_value(2 * row + 2)))
        .collect();
    let sql = format!("INSERT INTO search_text (rowid, tokens) VALUES {}", values.join(", "));
    let params: Vec<_> = rows.into_iter().flatten().collect();
    tx.execute(&sql, &params).await?;
    Ok(())
}

impl Document<'_> {
    /// The number that the document would like to have. The spread moves it by a tenth of a millisecond at most, which
    /// no order of search hits shows.
    fn number(&self) -> i64 {
        let micros = self.at.as_micros().clamp(0, LATEST_MICROS);
        (micros << NUMBER_BITS) + i64::from(self.spread)
    }
}

/// Replaces the tokens of a conversation's title and contact.
///
/// # Errors
/// [`DbError::RowNotFound`] if the conversation has no such document.
pub async fn retitle(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    conversation_id: ConversationId,
    tokens: &str,
) -> Result<(), DbError> {
    let number: i64 = tx
        .query_one(
            "SELECT number FROM search_document
             WHERE workspace_id = ?1 AND conversation_id = ?2 AND part_seq IS NULL",
            &params![workspace_id, conversation_id],
        )
        .await?
        .get(0)?;
    tx.execute("DELETE FROM search_text WHERE rowid = ?1", &params![number]).await?;
    insert_texts(tx, vec![params![number, tokens].to_vec()]).await
}

/// One document that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message or note; `None` where the title or the contact matched.
    pub part: Option<FoundPart>,
}

/// The message or note that was found.
#[derive(Clone)]
pub struct FoundPart {
    /// The part.
    pub id: PartId,
    /// Who wrote it.
    pub author: AuthorType,
    /// When it was written.
    pub created_at: Timestamp,
    /// What it says.
    pub body_text: String,
}

impl std::fmt::Debug for FoundPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FoundPart").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The documents in which every term occurs, in conversations that the viewer sees, newest first, at most `limit`.
///
/// # Errors
/// [`DbError`].
pub async fn find(
    tx: &mut Tx,
    viewer: &Viewer,
    terms: &[QueryTerm],
    limit: u32,
) -> Result<Vec<Found>, DbError> {
    let Some(query) = query(tx.engine(), terms) else { return Ok(Vec::new()) };
    let matches = tx.engine().full_text_match("search_text", "tokens", 5);
    let hidden = if is_planted(Planted::SearchUnfiltered) { "OR TRUE" } else { "" };
    let sql = format!(
        "SELECT d.conversation_id, p.id, p.author_type, p.created_at, p.body_text
         FROM search_text
         JOIN search_document d ON d.number = search_text.rowid
         JOIN conversation c ON c.workspace_id = d.workspace_id AND c.id = d.conversation_id
         LEFT JOIN part p ON p.workspace_id = d.workspace_id AND p.conversation_id = d.conversation_id
             AND p.seq = d.part_seq
         WHERE {matches} AND d.workspace_id = ?1 AND ({VISIBLE} {hidden})
         ORDER BY search_text.rowid DESC LIMIT ?6"
    );
    let mut params = viewer.params();
    params.extend(params![query, limit]);
    let rows = tx.query(&sql, &params).await?;
    rows.iter()
        .map(|row| {
            let part = match row.get::<Option<PartId>>("id")? {
                None => None,
                Some(id) => Some(FoundPart {
                    id,
                    author: named(row, "author_type", AuthorType::from_name)?,
                    created_at: row.get("created_at")?,
                    body_text: row.get("body_text")?,
                }),
            };
            Ok(Found { conversation_id: row.get("conversation_id")?, part })
        })
        .collect()
}

/// Every term, joined by AND.
fn query(engine: Engine, terms: &[QueryTerm]) -> Option<String> {
    let terms: Vec<String> = terms
        .iter()
        .filter_map(|term| engine.full_text_query(&[&term.token], term.prefix))
        .collect();
    let and = match engine {
        Engine::Sqlite => " AND ",
        Engine::Postgres => " & ",
    };
    (!terms.is_empty()).then(|| terms.join(and))
}
