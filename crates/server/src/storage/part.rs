//! Rows of parts.

use recado_protocol::{
    Author, AuthorType, ConversationId, Part, PartType, Priority, Timestamp, WorkspaceId,
};

use super::conversation::named;
use super::visibility::id_list;
use super::{DbError, Row, Tx, params};

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

/// Stores a new part.
///
/// # Errors
/// [`DbError::UniqueViolation`] if its id or its place is taken.
pub async fn insert(tx: &mut Tx, workspace_id: WorkspaceId, part: &Part) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO part (workspace_id, id, conversation_id, seq, version, body_bytes, part_type, author_type,
             author_id, author_name, rich, assigned_to_admin_id, assigned_to_team_id, snoozed_until, priority, tag,
             command_id, created_at, body_text, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
        &params![
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
        ],
    )
    .await?;
    Ok(())
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
    let (list, values) = id_list(5, conversation_ids);
    let sql = format!(
        "SELECT {COLUMNS} FROM (
             SELECT q.conversation_id, q.seq,
                 SUM(q.body_bytes) OVER (PARTITION BY q.conversation_id ORDER BY q.seq DESC) - q.body_bytes AS newer
             FROM conversation c
             JOIN part q ON q.workspace_id = c.workspace_id AND q.conversation_id = c.id
             WHERE c.workspace_id = ?1 AND c.id IN ({list})
                 AND q.version > ?2 AND q.seq > c.part_count - ?3
         ) s
         JOIN part p ON p.workspace_id = ?1 AND p.conversation_id = s.conversation_id AND p.seq = s.seq
         WHERE s.newer < CAST(?4 AS BIGINT)
         ORDER BY p.conversation_id, p.seq"
    );
    let mut params = params![workspace_id, since, budget.parts, budget.bytes].to_vec();
    params.extend(values);
    tx.query(&sql, &params).await?.iter().map(read).collect()
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
    let sql = format!(
        "SELECT {COLUMNS} FROM (
             SELECT q.seq, SUM(q.body_bytes) OVER (ORDER BY q.seq DESC) - q.body_bytes AS newer
             FROM part q
             WHERE q.workspace_id = ?1 AND q.conversation_id = ?2 AND q.seq < ?3 AND q.seq >= ?3 - ?4
         ) s
         JOIN part p ON p.workspace_id = ?1 AND p.conversation_id = ?2 AND p.seq = s.seq
         WHERE s.newer < CAST(?5 AS BIGINT)
         ORDER BY p.seq"
    );
    let params = params![workspace_id, conversation_id, before_seq, budget.parts, budget.bytes];
    tx.query(&sql, &params).await?.iter().map(read).collect()
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
