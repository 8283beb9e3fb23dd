//! Rows of who a provider's subjects are, and of the sessions that a provider has vouched for.

use recado_protocol::{ProviderId, SessionId, TeammateId, Timestamp};

use super::flow::{joined, split};
use crate::identity::sealer::Sealed;
use crate::storage::{DbError, Row, Tx, params};

/// The teammate whom a provider calls by this subject.
///
/// # Errors
/// [`DbError`].
pub async fn teammate_of(
    tx: &mut Tx,
    provider_id: ProviderId,
    subject: &str,
) -> Result<Option<TeammateId>, DbError> {
    let row = tx
        .query_opt(
            "SELECT teammate_id FROM sso_identity WHERE provider_id = ?1 AND subject = ?2",
            &params![provider_id, subject],
        )
        .await?;
    row.map(|row| row.get("teammate_id")).transpose()
}

/// Whether the provider calls this teammate by some subject already.
///
/// # Errors
/// [`DbError`].
pub async fn is_linked(
    tx: &mut Tx,
    provider_id: ProviderId,
    teammate_id: TeammateId,
) -> Result<bool, DbError> {
    let row = tx
        .query_opt(
            "SELECT 1 FROM sso_identity WHERE provider_id = ?1 AND teammate_id = ?2 LIMIT 1",
            &params![provider_id, teammate_id],
        )
        .await?;
    Ok(row.is_some())
}

/// Remembers whom a provider calls by this subject.
///
/// # Errors
/// [`DbError::UniqueViolation`] if the subject is somebody's already.
pub async fn insert(
    tx: &mut Tx,
    provider_id: ProviderId,
    subject: &str,
    teammate_id: TeammateId,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO sso_identity (provider_id, subject, teammate_id, created_at) VALUES (?1, ?2, ?3, ?4)",
        &params![provider_id, subject, teammate_id, now],
    )
    .await?;
    Ok(())
}

/// A running session that a provider has vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoSession {
    /// The session.
    pub session_id: SessionId,
    /// Who vouches for it.
    pub provider_id: ProviderId,
    /// What the provider calls its person.
    pub subject: String,
    /// What the provider calls its own session.
    pub provider_session: Option<String>,
    /// The provider's refresh token.
    pub refresh: Option<Sealed>,
    /// When the provider was last asked.
    pub checked_at: Timestamp,
}

/// Remembers who vouches for a session.
///
/// # Errors
/// [`DbError`].
pub async fn insert_session(tx: &mut Tx, session: &SsoSession) -> Result<(), DbError> {
    let (refresh_key, refresh) = split(session.refresh.as_ref());
    tx.execute(
        "INSERT INTO sso_session (session_id, provider_id, subject, provider_session, refresh_key_id, \
         refresh_sealed, checked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &params![
            session.session_id,
            session.provider_id,
            &session.subject,
            session.provider_session.clone(),
            refresh_key,
            refresh,
            session.checked_at,
        ],
    )
    .await?;
    Ok(())
}

/// Who vouches for a session, if a provider does.
///
/// # Errors
/// [`DbError`].
pub async fn session(tx: &mut Tx, id: SessionId) -> Result<Option<SsoSession>, DbError> {
    let row = tx
        .query_opt(
            "SELECT session_id, provider_id, subject, provider_session, refresh_key_id, refresh_sealed, \
             checked_at FROM sso_session WHERE session_id = ?1",
            &params![id],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

/// Whether a provider vouches for a session.
///
/// # Errors
/// [`DbError`].
pub async fn is_vouched_for(tx: &mut Tx, session_id: SessionId) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM sso_session WHERE session_id = ?1";
    Ok(tx.query_opt(sql, &params![session_id]).await?.is_some())
}

/// The sessions with a refresh token whose provider was last asked at `before` or earlier, at most `limit`, those that
/// wait longest first.
///
/// # Errors
/// [`DbError`].
pub async fn due(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<Vec<SsoSession>, DbError> {
    let rows = tx
        .query(
            "SELECT session_id, provider_id, subject, provider_session, refresh_key_id, refresh_sealed, \
             checked_at FROM sso_session WHERE refresh_sealed IS NOT NULL AND checked_at <= ?1 \
             ORDER BY checked_at, session_id LIMIT ?2",
            &params![before, limit],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// Takes it upon this node to ask the provider about a session. `false` if another one has, or the session has ended.
///
/// # Errors
/// [`DbError`].
pub async fn claim(tx: &mut Tx, session: &SsoSession, now: Timestamp) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "UPDATE sso_session SET checked_at = ?3 WHERE session_id = ?1 AND checked_at = ?2",
            &params![session.session_id, session.checked_at, now],
        )
        .await?;
    Ok(changed == 1)
}

/// Stores the refresh token that follows the former one.
///
/// # Errors
/// [`DbError`].
pub async fn store_refresh(
    tx: &mut Tx,
    session_id: SessionId,
    refresh: &Sealed,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE sso_session SET refresh_key_id = ?2, refresh_sealed = ?3 WHERE session_id = ?1",
        &params![session_id, &refresh.key_id, &refresh.ciphertext],
    )
    .await?;
    Ok(())
}

/// The running sessions of a provider's own session, or of everything of one of its persons. With both, only those that
/// are of both.
///
/// # Errors
/// [`DbError`].
pub async fn sessions_of(
    tx: &mut Tx,
    provider_id: ProviderId,
    subject: Option<&str>,
    provider_session: Option<&str>,
) -> Result<Vec<SessionId>, DbError> {
    let rows = tx
        .query(
            "SELECT session_id FROM sso_session WHERE provider_id = ?1 \
             AND (?2 = '' OR subject = ?2) AND (?3 = '' OR provider_session = ?3) ORDER BY session_id",
            &params![
                provider_id,
                subject.unwrap_or_default(),
                provider_session.unwrap_or_default()
            ],
        )
        .await?;
    rows.iter().map(|row| row.get("session_id")).collect()
}

/// The running sessions for which no provider vouches, except those of one teammate.
///
/// # Errors
/// [`DbError`].
pub async fn sessions_without_provider(
    tx: &mut Tx,
    except: TeammateId,
) -> Result<Vec<SessionId>, DbError> {
    let rows = tx
        .query(
            "SELECT id FROM session WHERE ended_at IS NULL AND teammate_id <> ?1 \
             AND NOT EXISTS (SELECT 1 FROM sso_session WHERE sso_session.session_id = session.id) ORDER BY id",
            &params![except],
        )
        .await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// Notes that a logout token is being obeyed. `false` if it was obeyed before.
///
/// # Errors
/// [`DbError`].
pub async fn note_logout(
    tx: &mut Tx,
    token_hash: [u8; 32],
    expires_at: Timestamp,
) -> Result<bool, DbError> {
    let inserted = tx
        .execute(
            "INSERT INTO sso_logout (token_hash, expires_at) VALUES (?1, ?2) \
             ON CONFLICT (token_hash) DO NOTHING",
            &params![&token_hash, expires_at],
        )
        .await?;
    Ok(inserted == 1)
}

fn read(row: &Row) -> Result<SsoSession, DbError> {
    Ok(SsoSession {
        session_id: row.get("session_id")?,
        provider_id: row.get("provider_id")?,
        subject: row.get("subject")?,
        provider_session: row.get("provider_session")?,
        refresh: joined(row)?,
        checked_at: row.get("checked_at")?,
    })
}
