//! Rows of conversations, their tags, and the lists over them.

use recado_protocol::{
    AuthorType, ChannelId, ContactId, ConversationHead, ConversationId, ConversationState,
    Priority, Timestamp, WorkspaceId,
};
use uuid::Uuid;

use recado_protocol::access::AccessScope;

use super::visibility::{VIEWER_PARAMS, VISIBLE, Viewer, id_list};
use super::{DbError, Row, Tx, Value, params};

/// Stands between tags that one column holds. No tag contains a control character.
const TAG_SEPARATOR: char = '\u{1F}';

/// The columns of a head, from a row `c` of `conversation`.
fn head_columns() -> String {
    format!(
        "c.id, c.contact_id, c.title, c.state, c.snoozed_until, c.priority, c.admin_assignee_id,
         c.team_assignee_id, c.waiting_since, c.created_at, c.last_part_at, c.preview, c.preview_author,
         c.preview_is_note, c.part_count, c.contact_part_count, c.version, c.channel_id,
         (SELECT string_agg(t.tag, '{TAG_SEPARATOR}' ORDER BY t.tag) FROM conversation_tag t
          WHERE t.workspace_id = c.workspace_id AND t.conversation_id = c.id) AS tags"
    )
}

fn read_head(row: &Row) -> Result<ConversationHead, DbError> {
    let tags: Option<String> = row.get("tags")?;
    Ok(ConversationHead {
        id: row.get("id")?,
        contact_id: row.get("contact_id")?,
        title: row.get("title")?,
        state: named(row, "state", ConversationState::from_name)?,
        snoozed_until: row.get("snoozed_until")?,
        priority: named(row, "priority", Priority::from_name)?,
        admin_assignee_id: row.get("admin_assignee_id")?,
        team_assignee_id: row.get("team_assignee_id")?,
        tags: tags
            .map_or_else(Vec::new, |tags| tags.split(TAG_SEPARATOR).map(str::to_owned).collect()),
        waiting_since: row.get("waiting_since")?,
        created_at: row.get("created_at")?,
        last_part_at: row.get("last_part_at")?,
        preview: row.get("preview")?,
        preview_author: named(row, "preview_author", AuthorType::from_name)?,
        preview_is_note: row.get("preview_is_note")?,
        part_count: row.get("part_count")?,
        contact_part_count: row.get("contact_part_count")?,
        version: row.get("version")?,
    })
}

/// A column that holds the name of one of a fixed set.
pub(super) fn named<T>(
    row: &Row,
    column: &'static str,
    from_name: fn(&str) -> Option<T>,
) -> Result<T, DbError> {
    from_name(&row.get::<String>(column)?)
        .ok_or(DbError::Decode { column: column.to_owned(), expected: "known name" })
}

/// A conversation with what only the server knows of it.
#[derive(Debug, Clone)]
pub struct StoredConversation {
    /// The head.
    pub head: ConversationHead,
    /// Where replies are delivered.
    pub channel_id: Option<ChannelId>,
}

/// A conversation, whoever may see it. For writers, who then ask the policy.
///
/// # Errors
/// [`DbError`].
pub async fn find(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: ConversationId,
) -> Result<Option<StoredConversation>, DbError> {
    let columns = head_columns();
    let sql =
        format!("SELECT {columns} FROM conversation c WHERE c.workspace_id = ?1 AND c.id = ?2");
    let row = tx.query_opt(&sql, &params![workspace_id, id]).await?;
    row.map(|row| {
        Ok(StoredConversation { head: read_head(&row)?, channel_id: row.get("channel_id")? })
    })
    .transpose()
}

/// These conversations, whoever may see them.
///
/// # Errors
/// [`DbError`].
pub(crate) async fn heads_of(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    ids: &[ConversationId],
) -> Result<Vec<ConversationHead>, DbError> {
    let mut heads = Vec::new();
    for id in ids {
        heads.extend(find(tx, workspace_id, *id).await?.map(|stored| stored.head));
    }
    Ok(heads)
}

/// Where an imported conversation came from.
#[derive(Debug, Clone, Copy)]
pub struct SourceRef<'a> {
    /// The source.
    pub source: &'a str,
    /// The conversation's id there.
    pub id: &'a str,
}

/// The conversation that was imported from there.
///
/// # Errors
/// [`DbError`].
pub async fn find_by_source(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    origin: SourceRef<'_>,
) -> Result<Option<ConversationId>, DbError> {
    let row = tx
        .query_opt(
            "SELECT id FROM conversation WHERE workspace_id = ?1 AND source = ?2 AND source_id = ?3",
            &params![workspace_id, origin.source, origin.id],
        )
        .await?;
    row.map(|row| row.get(0)).transpose()
}

/// Stores a new conversation, with its tags.
///
/// # Errors
/// [`DbError::UniqueViolation`] if id or origin is taken.
pub async fn insert(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    head: &ConversationHead,
    channel_id: Option<ChannelId>,
    origin: Option<SourceRef<'_>>,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO conversation (workspace_id, id, contact_id, channel_id, title, state, snoozed_until, priority,
             admin_assignee_id, team_assignee_id, waiting_since, created_at, last_part_at, preview, preview_author,
             preview_is_note, part_count, contact_part_count, version, source, source_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        &params![
            workspace_id,
            head.id,
            head.contact_id,
            channel_id,
            head.title.as_deref(),
            head.state.name(),
            head.snoozed_until,
            head.priority.name(),
            head.admin_assignee_id,
            head.team_assignee_id,
            head.waiting_since,
            head.created_at,
            head.last_part_at,
            &head.preview,
            head.preview_author.name(),
            head.preview_is_note,
            head.part_count,
            head.contact_part_count,
            head.version,
            origin.map(|origin| origin.source),
            origin.map(|origin| origin.id),
        ],
    )
    .await?;
    for tag in &head.tags {
        add_tag(tx, workspace_id, head.id, tag).await?;
    }
    Ok(())
}

/// Stores what changes about a head. Tags have statements of their own.
///
/// # Errors
/// [`DbError`].
pub async fn update(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    head: &ConversationHead,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE conversation SET state = ?3, snoozed_until = ?4, priority = ?5, admin_assignee_id = ?6,
             team_assignee_id = ?7, waiting_since = ?8, last_part_at = ?9, preview = ?10, preview_author = ?11,
             preview_is_note = ?12, part_count = ?13, contact_part_count = ?14, version = ?15
         WHERE workspace_id = ?1 AND id = ?2",
        &params![
            workspace_id,
            head.id,
            head.state.name(),
            head.snoozed_until,
            head.priority.name(),
            head.admin_assignee_id,
            head.team_assignee_id,
            head.waiting_since,
            head.last_part_at,
            &head.preview,
            head.preview_author.name(),
            head.preview_is_note,
            head.part_count,
            head.contact_part_count,
            head.version,
        ],
    )
    .await?;
    Ok(())
}

/// Adds a tag.
///
/// # Errors
/// [`DbError`].
pub async fn add_tag(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: ConversationId,
    tag: &str,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO conversation_tag (workspace_id, conversation_id, tag) VALUES (?1, ?2, ?3)
         ON CONFLICT (workspace_id, conversation_id, tag) DO NOTHING",
        &params![workspace_id, id, tag],
    )
    .await?;
    Ok(())
}

/// Removes a tag.
///
/// # Errors
/// [`DbError`].
pub async fn remove_tag(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: ConversationId,
    tag: &str,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM conversation_tag WHERE workspace_id = ?1 AND conversation_id = ?2 AND tag = ?3",
        &params![workspace_id, id, tag],
    )
    .await?;
    Ok(())
}

/// Those of these conversations that the viewer sees, in no particular order.
///
/// # Errors
/// [`DbError`].
pub async fn visible(
    tx: &mut Tx,
    viewer: &Viewer,
    ids: &[ConversationId],
) -> Result<Vec<ConversationHead>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let columns = head_columns();
    let (list, values) = id_list(VIEWER_PARAMS + 1, ids);
    let sql = format!(
        "SELECT {columns} FROM conversation c WHERE {VISIBLE} AND c.workspace_id = ?1 AND c.id IN ({list})"
    );
    let mut params = viewer.params();
    params.extend(values);
    tx.query(&sql, &params).await?.iter().map(read_head).collect()
}

/// A conversation that a viewer does not see, with what an eviction has to name.
#[derive(Debug, Clone, Copy)]
pub struct HiddenConversation {
    /// The conversation.
    pub id: ConversationId,
    /// Its customer.
    pub contact_id: ContactId,
    /// Its version.
    pub version: u64,
}

/// Customer and version of these conversations, sorted by id.
///
/// # Errors
/// [`DbError`].
pub async fn hidden(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    ids: &[ConversationId],
) -> Result<Vec<HiddenConversation>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (list, values) = id_list(2, ids);
    let sql = format!(
        "SELECT id, contact_id, version FROM conversation WHERE workspace_id = ?1 AND id IN ({list}) ORDER BY id"
    );
    let mut params = vec![workspace_id.into()];
    params.extend(values);
    let rows = tx.query(&sql, &params).await?;
    rows.iter()
        .map(|row| {
            Ok(HiddenConversation {
                id: row.get("id")?,
                contact_id: row.get("contact_id")?,
                version: row.get("version")?,
            })
        })
        .collect()
}

/// Where a page of a list begins: after this conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListKey {
    /// Its `last_part_at`.
    pub last_part_at: Timestamp,
    /// Its id.
    pub id: ConversationId,
}

impl ListKey {
    /// Before everything.
    pub const START: Self = Self {
        last_part_at: Timestamp::from_micros(i64::MAX),
        id: ConversationId::from_uuid(Uuid::max()),
    };
}

/// The conversations in a state that the viewer sees, newest first, at most `limit`.
///
/// # Errors
/// [`DbError`].
pub async fn list(
    tx: &mut Tx,
    viewer: &Viewer,
    state: ConversationState,
    contact_id: Option<ContactId>,
    after: ListKey,
    limit: u32,
) -> Result<Vec<ConversationHead>, DbError> {
    let columns = head_columns();
    let access = &viewer.subject.visibility.access;
    // Says nothing that the predicate does not say, but lets the engine walk the index of one assignee.
    let by_assignee = if access.scope == AccessScope::Assigned && !access.unassigned {
        "AND c.admin_assignee_id = ?2"
    } else {
        ""
    };
    let by_contact = if contact_id.is_some() { "AND c.contact_id = ?9" } else { "" };
    let sql = format!(
        "SELECT {columns} FROM conversation c
         WHERE c.workspace_id = ?1 AND c.state = ?5 AND (c.last_part_at, c.id) < (?6, ?7)
             {by_assignee} {by_contact} AND {VISIBLE}
         ORDER BY c.last_part_at DESC, c.id DESC LIMIT ?8"
    );
    let mut params = viewer.params();
    params.extend(params![state.name(), after.last_part_at, after.id, limit]);
    params.extend(contact_id.map(Value::from));
    tx.query(&sql, &params).await?.iter().map(read_head).collect()
}

/// Id and version of every open and snoozed conversation that the viewer sees.
///
/// # Errors
/// [`DbError`].
pub async fn active_versions(
    tx: &mut Tx,
    viewer: &Viewer,
) -> Result<Vec<(ConversationId, u64)>, DbError> {
    let sql = format!(
        "SELECT c.id, c.version FROM conversation c
         WHERE c.workspace_id = ?1 AND c.state IN ('open', 'snoozed') AND {VISIBLE}"
    );
    let rows = tx.query(&sql, &viewer.params()).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Snoozed conversations whose time has come, the longest due first, at most `limit`.
///
/// # Errors
/// [`DbError`].
pub async fn due(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<ConversationId>, DbError> {
    let rows = tx
        .query(
            "SELECT id FROM conversation
             WHERE workspace_id = ?1 AND state = 'snoozed' AND snoozed_until <= ?2
             ORDER BY snoozed_until, id LIMIT ?3",
            &params![workspace_id, now, limit],
        )
        .await?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// The conversations of a contact, with their titles, sorted by id.
///
/// # Errors
/// [`DbError`].
pub async fn titles_of_contact(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    contact_id: ContactId,
) -> Result<Vec<(ConversationId, Option<String>)>, DbError> {
    let rows = tx
        .query(
            "SELECT id, title FROM conversation WHERE workspace_id = ?1 AND contact_id = ?2 ORDER BY id",
            &params![workspace_id, contact_id],
        )
        .await?;
    rows.iter().map(|row| Ok((row.get("id")?, row.get("title")?))).collect()
}

/// What every conversation's visibility depends on, sorted by id.
#[cfg(test)]
pub(crate) async fn scopes(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
) -> Result<Vec<(ConversationId, recado_protocol::ScopeFacts)>, DbError> {
    let rows = tx
        .query(
            "SELECT id, admin_assignee_id, team_assignee_id FROM conversation WHERE workspace_id = ?1 ORDER BY id",
            &params![workspace_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let facts = recado_protocol::ScopeFacts {
                admin_assignee_id: row.get("admin_assignee_id")?,
                team_assignee_id: row.get("team_assignee_id")?,
            };
            Ok((row.get("id")?, facts))
        })
        .collect()
}
