//! Rows of parts.

use std::collections::BTreeMap;

use recado_protocol::{
    Author, AuthorType, ConversationId, Part, PartType, Priority, Timestamp, WorkspaceId,
};

use super::conversation::named;
use super::rows::{in_batches, values_list};
use super::visibility::id_list;
use super::{DbError, Row, Tx, Value, params};

const COLUMNS: &str = "p.id, p.conversation_id, p.seq, p.version, p.part_type, p.author_type, p.author_id,
    p.author_name, p.rich, p.assigned_to_admin_id, p.assigned_to_team_id, p.snoozed_until, p.priority, p.tag,
    p.command_id, p.created_at, p.body_text, p.body";

fn read(row: &Row) -> Result<Part, DbError> {
    let priority: Option<String> = row.get("priority")?;
    Ok(Part {
        id: row.get("id")?,
        conversation_id: row.get("conversation_id")?,
        seq: row.get("seq")?,
        part_type: named(row, "part_type", PartType::from_name)?,
        author: Author {
            author_type: named(row, "author_type", AuthorType::from_name)?,
            admin_id: row.get("author_id")?,
            name: row.get("author_name")?,
        },
        body: row.get("body")?,
        body_text: row.get("body_text")?,
        rich: row.get("rich")?,
        assigned_to_admin_id: row.get("assigned_to_admin_id")?,
        assigned_to_team_id: row.get("assigned_to_team_id")?,
        snoozed_until: row.get("snoozed_until")?,
        priority: priority
            .map(|name| {
                Priority::from_name(&name).ok_or(DbError::Decode {
                    column: "priority".to_owned(),
                    expected: "known name",
                })
            })
            .transpose()?,
        tag: row.get("tag")?,
        command_id: row.get("command_id")?,
        created_at: row.get("created_at")?,
        version: row.get("version")?,
    })
}

/// How many parts one statement stores.
const BATCH: usize = 32;
const INSERT_COLUMNS: &str = "workspace_id, id, conversation_id, seq, version, body_bytes, part_type, author_type,
    author_id, author_name, rich, assigned_to_admin_id, assigned_to_team_id, snoozed_until, priority, tag, command_id,
    created_at, body_text, body";

/// Stores new parts.
///
/// # Errors
/// [`DbError::UniqueViolation`] if an id or a place is taken.
pub async fn insert(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    parts: &[&Part],
) -> Result<(), DbError> {
    for batch in in_batches(parts, BATCH) {
        let rows: Vec<_> = batch.iter().map(|part| row(workspace_id, part)).collect();
        let (values, params) = values_list(rows);
        let sql = format!("INSERT INTO part ({INSERT_COLUMNS}) VALUES {values}");
        tx.execute(&sql, &params).await?;
    }
    Ok(())
}

fn row(workspace_id: WorkspaceId, part: &Part) -> Vec<Value> {
    params![
        workspace_id,
        part.id,
        part.conversation_id,
        part.seq,
        part.version,
        part.body.len() + part.body_text.len(),
        part.part_type.name(),
        part.author.author_type.name(),
        part.author.admin_id,
        part.author.name.as_deref(),
        part.rich,
        part.assigned_to_admin_id,
        part.assigned_to_team_id,
        part.snoozed_until,
        part.priority.map(Priority::name),
        part.tag.as_deref(),
        part.command_id,
        part.created_at,
        &part.body_text,
        &part.body,
    ]
    .to_vec()
}

/// How much of one conversation an answer takes.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// At most so many parts.
    pub parts: u32,
    /// No further part once the bodies have so many bytes. The newest part is always taken.
    pub bytes: u64,
}

/// The newest parts of each of these conversations, of those that changed after `since`, sorted by conversation and
/// `seq`.
///
/// # Errors
/// [`DbError`].
pub async fn newest(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    conversation_ids: &[ConversationId],
    since: u64,
    budget: Budget,
) -> Result<Vec<Part>, DbError> {
    if conversation_ids.is_empty() {
        return Ok(Vec::new());
    }
    let (list, values) = id_list(4, conversation_ids);
    let sql = format!("SELECT p.conversation_id, p.seq, p.body_bytes {}", newest_from(&list));
    let mut params = params![workspace_id, since, budget.parts].to_vec();
    params.extend(values);
    let mut sizes_of: BTreeMap<ConversationId, Vec<(u32, u64)>> = BTreeMap::new();
    for row in tx.query(&sql, &params).await? {
        sizes_of.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    let mut affordable = Vec::new();
    let mut parts = Vec::new();
    for (id, sizes) in sizes_of {
        let newest = sizes.iter().map(|(seq, _)| *seq).max().unwrap_or(0);
        match budget.cut(sizes) {
            None => affordable.push(id),
            Some(first) => parts.extend(range(tx, workspace_id, id, first, newest).await?),
        }
    }
    if !affordable.is_empty() {
        let (list, values) = id_list(4, &affordable);
        let sql = format!("SELECT {COLUMNS} {}", newest_from(&list));
        let mut params = params![workspace_id, since, budget.parts].to_vec();
        params.extend(values);
        for row in tx.query(&sql, &params).await? {
            parts.push(read(&row)?);
        }
    }
    parts.sort_unstable_by_key(|part| (part.conversation_id, part.seq));
    Ok(parts)
}

/// The newest ?3 parts of the conversations in `list`, of those that changed after ?2.
fn newest_from(list: &str) -> String {
    format!(
        "FROM conversation c JOIN part p ON p.workspace_id = c.workspace_id AND p.conversation_id = c.id
         WHERE c.workspace_id = ?1 AND c.id IN ({list}) AND p.version > ?2 AND p.seq > c.part_count - ?3"
    )
}

/// The parts of one conversation right before `before_seq`, sorted by `seq`.
///
/// # Errors
/// [`DbError`].
pub async fn before(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    conversation_id: ConversationId,
    before_seq: u32,
    budget: Budget,
) -> Result<Vec<Part>, DbError> {
    let last = before_seq.saturating_sub(1);
    let first = before_seq.saturating_sub(budget.parts);
    let rows = tx
        .query(
            "SELECT seq, body_bytes FROM part
             WHERE workspace_id = ?1 AND conversation_id = ?2 AND seq >= ?3 AND seq <= ?4",
            &params![workspace_id, conversation_id, first, last],
        )
        .await?;
    let sizes = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?)));
    let first = budget.cut(sizes.collect::<Result<_, DbError>>()?).unwrap_or(first);
    range(tx, workspace_id, conversation_id, first, last).await
}

async fn range(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    conversation_id: ConversationId,
    first: u32,
    last: u32,
) -> Result<Vec<Part>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM part p
         WHERE p.workspace_id = ?1 AND p.conversation_id = ?2 AND p.seq >= ?3 AND p.seq <= ?4 ORDER BY p.seq"
    );
    let params = params![workspace_id, conversation_id, first, last];
    tx.query(&sql, &params).await?.iter().map(read).collect()
}

impl Budget {
    /// Where one conversation's parts begin if not all of them, each with its bytes, are affordable.
    fn cut(self, mut sizes: Vec<(u32, u64)>) -> Option<u32> {
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let mut bytes = 0;
        let mut taken = None;
        for (seq, size) in sizes {
            if bytes >= self.bytes && taken.is_some() {
                return taken;
            }
            bytes += size;
            taken = Some(seq);
        }
        None
    }
}

/// When the customer began to wait, by the messages alone: the first of the customer's messages that no message of the
/// workspace follows.
///
/// # Errors
/// [`DbError`].
pub async fn waiting_since(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    conversation_id: ConversationId,
) -> Result<Option<Timestamp>, DbError> {
    tx.query_one(
        "SELECT MIN(created_at) FROM part
         WHERE workspace_id = ?1 AND conversation_id = ?2 AND part_type = 'comment' AND author_type = 'contact'
             AND seq > COALESCE((SELECT MAX(seq) FROM part
                 WHERE workspace_id = ?1 AND conversation_id = ?2 AND part_type = 'comment'
                     AND author_type IN ('admin', 'imported')), 0)",
        &params![workspace_id, conversation_id],
    )
    .await?
    .get(0)
}
