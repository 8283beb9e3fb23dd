//! Rows of contacts.

use recado_protocol::{Contact, ContactId, WorkspaceId};

use super::visibility::{VIEWER_PARAMS, VISIBLE, Viewer, id_list};
use super::{DbError, Row, Tx, params};

const COLUMNS: &str =
    "k.id, k.external_id, k.name, k.email, k.phone, k.language, k.created_at, k.version";

fn read(row: &Row) -> Result<Contact, DbError> {
    Ok(Contact {
        id: row.get("id")?,
        external_id: row.get("external_id")?,
        name: row.get("name")?,
        email: row.get("email")?,
        phone: row.get("phone")?,
        language: row.get("language")?,
        created_at: row.get("created_at")?,
        version: row.get("version")?,
    })
}

/// Stores a new contact. `source` is the system that its external id belongs to.
///
/// # Errors
/// [`DbError::UniqueViolation`] if the id, or the external id in that source, is taken.
pub async fn insert(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    source: &str,
    contact: &Contact,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO contact (workspace_id, id, source, external_id, name, email, phone, language, created_at, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &params![
            workspace_id,
            contact.id,
            source,
            contact.external_id.as_deref(),
            contact.name.as_deref(),
            contact.email.as_deref(),
            contact.phone.as_deref(),
            contact.language.as_deref(),
            contact.created_at,
            contact.version,
        ],
    )
    .await?;
    Ok(())
}

/// Stores what is known about a contact.
///
/// # Errors
/// [`DbError`].
pub async fn update(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    contact: &Contact,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE contact SET name = ?3, email = ?4, phone = ?5, language = ?6, version = ?7
         WHERE workspace_id = ?1 AND id = ?2",
        &params![
            workspace_id,
            contact.id,
            contact.name.as_deref(),
            contact.email.as_deref(),
            contact.phone.as_deref(),
            contact.language.as_deref(),
            contact.version,
        ],
    )
    .await?;
    Ok(())
}

/// A contact.
///
/// # Errors
/// [`DbError`].
pub async fn find(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    id: ContactId,
) -> Result<Option<Contact>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM contact k WHERE k.workspace_id = ?1 AND k.id = ?2");
    tx.query_opt(&sql, &params![workspace_id, id]).await?.as_ref().map(read).transpose()
}

/// The contact with that id in a source.
///
/// # Errors
/// [`DbError`].
pub async fn find_by_external_id(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    source: &str,
    external_id: &str,
) -> Result<Option<Contact>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM contact k WHERE k.workspace_id = ?1 AND k.source = ?2 AND k.external_id = ?3"
    );
    tx.query_opt(&sql, &params![workspace_id, source, external_id])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// Those of the contacts of whom the viewer sees a conversation, sorted by id.
///
/// # Errors
/// [`DbError`].
pub async fn visible(
    tx: &mut Tx,
    viewer: &Viewer,
    ids: &[ContactId],
) -> Result<Vec<Contact>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (list, values) = id_list(VIEWER_PARAMS + 1, ids);
    let sql = format!(
        "SELECT {COLUMNS} FROM contact k WHERE k.workspace_id = ?1 AND k.id IN ({list})
         AND EXISTS (SELECT 1 FROM conversation c
             WHERE c.workspace_id = ?1 AND c.contact_id = k.id AND {VISIBLE})
         ORDER BY k.id"
    );
    let mut params = viewer.params();
    params.extend(values);
    tx.query(&sql, &params).await?.iter().map(read).collect()
}

/// The contacts with these ids, sorted by id, for whoever may see all.
///
/// # Errors
/// [`DbError`].
pub async fn by_ids(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    ids: &[ContactId],
) -> Result<Vec<Contact>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (list, values) = id_list(2, ids);
    let sql = format!(
        "SELECT {COLUMNS} FROM contact k WHERE k.workspace_id = ?1 AND k.id IN ({list}) ORDER BY k.id"
    );
    let mut params = vec![workspace_id.into()];
    params.extend(values);
    tx.query(&sql, &params).await?.iter().map(read).collect()
}
