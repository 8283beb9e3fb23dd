//! Rows of sign-ins under way, of sessions and of their access tokens.

use recado_protocol::identity::Device;
use recado_protocol::{SessionEndReason, SessionId, TeammateId, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{DbError, Row, Tx, params};
use crate::identity::refresh::{FamilyState, RefreshFamily};
use crate::identity::token::TokenHash;

/// What is kept of the device on which somebody signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDevice {
    /// SHA-256 of the installation's id. Only the installation knows the id itself.
    pub hash: [u8; 32],
    /// What its owner calls it.
    pub name: String,
    /// The operating system.
    pub system: String,
    /// The client's version.
    pub app_version: String,
}

impl StoredDevice {
    /// What is kept of a device as a client describes it.
    #[must_use]
    pub fn new(device: &Device) -> Self {
        Self {
            hash: Sha256::digest(device.id.as_bytes()).into(),
            name: device.name.clone(),
            system: device.system.clone(),
            app_version: device.app_version.clone(),
        }
    }

    fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            hash: row.get("device_hash")?,
            name: row.get("device_name")?,
            system: row.get("device_system")?,
            app_version: row.get("device_app_version")?,
        })
    }
}

/// A sign-in whose second factor is awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInFlow {
    /// Who signs in.
    pub teammate_id: TeammateId,
    /// Where.
    pub device: StoredDevice,
    /// Until when the second factor is awaited.
    pub expires_at: Timestamp,
}

/// Stores a sign-in whose second factor is awaited.
///
/// # Errors
/// [`DbError`].
pub async fn insert_flow(
    tx: &mut Tx,
    flow_hash: TokenHash,
    flow: &SignInFlow,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO sign_in_flow (flow_hash, teammate_id, device_hash, device_name, device_system, \
         device_app_version, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &params![
            flow_hash.as_bytes(),
            flow.teammate_id,
            &flow.device.hash,
            &flow.device.name,
            &flow.device.system,
            &flow.device.app_version,
            flow.expires_at,
        ],
    )
    .await?;
    Ok(())
}

/// The sign-in of that token, if it has not run out.
///
/// # Errors
/// [`DbError`].
pub async fn find_flow(
    tx: &mut Tx,
    flow_hash: TokenHash,
    now: Timestamp,
) -> Result<Option<SignInFlow>, DbError> {
    let row = tx
        .query_opt(
            "SELECT teammate_id, device_hash, device_name, device_system, device_app_version, expires_at \
             FROM sign_in_flow WHERE flow_hash = ?1 AND expires_at > ?2",
            &params![flow_hash.as_bytes(), now],
        )
        .await?;
    row.map(|row| {
        Ok(SignInFlow {
            teammate_id: row.get("teammate_id")?,
            device: StoredDevice::read(&row)?,
            expires_at: row.get("expires_at")?,
        })
    })
    .transpose()
}

/// Ends a sign-in, so that its token is good for nothing more. Of several requests one gets `true`.
///
/// # Errors
/// [`DbError`].
pub async fn delete_flow(tx: &mut Tx, flow_hash: TokenHash) -> Result<bool, DbError> {
    let deleted = tx
        .execute("DELETE FROM sign_in_flow WHERE flow_hash = ?1", &params![flow_hash.as_bytes()])
        .await?;
    Ok(deleted == 1)
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Its owner signed out.
    SignedOut,
    /// It was not used for too long.
    Idle,
    /// It was as old as a session may become.
    TooOld,
    /// A refresh secret turned out to have a second holder.
    RefreshReused,
    /// The account was suspended or removed.
    AccountDisabled,
    /// The password or the second factor was changed.
    CredentialsChanged,
    /// Its owner ended it from another session.
    EndedElsewhere,
    /// An admin ended it.
    EndedByAdmin,
    /// It was ended for good: its machine is to erase its copy.
    Wiped,
    /// The identity provider, which vouched for it, has ended it.
    ProviderEnded,
    /// It began with a password, and single sign-on has become the only way in.
    SsoRequired,
}

impl EndReason {
    const ALL: &[Self] = &[
        Self::SignedOut,
        Self::Idle,
        Self::TooOld,
        Self::RefreshReused,
        Self::AccountDisabled,
        Self::CredentialsChanged,
        Self::EndedElsewhere,
        Self::EndedByAdmin,
        Self::Wiped,
        Self::ProviderEnded,
        Self::SsoRequired,
    ];

    /// The reason's name in SQL and in the audit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Idle => "idle",
            Self::TooOld => "too_old",
            Self::RefreshReused => "refresh_reused",
            Self::AccountDisabled => "account_disabled",
            Self::CredentialsChanged => "credentials_changed",
            Self::EndedElsewhere => "ended_elsewhere",
            Self::EndedByAdmin => "ended_by_admin",
            Self::Wiped => "wiped",
            Self::ProviderEnded => "provider_ended",
            Self::SsoRequired => "sso_required",
        }
    }

    /// What its holder is told of it; nothing where the holder knows, or hears it otherwise.
    #[must_use]
    pub const fn told(self) -> Option<SessionEndReason> {
        Some(match self {
            Self::SignedOut | Self::Wiped => return None,
            Self::Idle => SessionEndReason::Idle,
            Self::TooOld => SessionEndReason::TooOld,
            Self::RefreshReused => SessionEndReason::RefreshReused,
            Self::AccountDisabled => SessionEndReason::AccountDisabled,
            Self::CredentialsChanged => SessionEndReason::CredentialsChanged,
            Self::EndedElsewhere => SessionEndReason::EndedElsewhere,
            Self::EndedByAdmin => SessionEndReason::EndedByAdmin,
            Self::ProviderEnded => SessionEndReason::ProviderEnded,
            Self::SsoRequired => SessionEndReason::SsoRequired,
        })
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }
}

/// One sign-in on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// The session.
    pub id: SessionId,
    /// Who signed in.
    pub teammate_id: TeammateId,
    /// Where.
    pub device: StoredDevice,
    /// The network address that it was last refreshed from.
    pub address: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When the second factor was last shown in it.
    pub factor_at: Timestamp,
    /// Why it has ended, once it has.
    pub end_reason: Option<EndReason>,
    /// When its machine said that its copy is erased.
    pub erased_at: Option<Timestamp>,
    /// Whether it began where its account was not known, and its owner has not said yet that this was right.
    pub unseen: bool,
    /// Its refresh secrets; revoked once the session has ended.
    pub family: RefreshFamily,
}

/// Stores a new session.
///
/// # Errors
/// [`DbError`].
pub async fn insert(tx: &mut Tx, session: &StoredSession) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO session (id, teammate_id, device_hash, device_name, device_system, device_app_version, \
         created_at, last_used_at, current_hash, address, factor_at, unseen) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        &params![
            session.id,
            session.teammate_id,
            &session.device.hash,
            &session.device.name,
            &session.device.system,
            &session.device.app_version,
            session.created_at,
            session.last_used_at,
            session.family.current.as_bytes(),
            session.address.as_deref(),
            session.factor_at,
            session.unseen,
        ],
    )
    .await?;
    Ok(())
}

pub(super) const SESSION_COLUMNS: &str = "session.id, session.teammate_id, session.device_hash, session.device_name, \
     session.device_system, session.device_app_version, session.created_at, session.last_used_at, \
     session.current_hash, session.pending_hash, session.previous_hash, session.ended_at, \
     session.end_reason, session.address, session.factor_at, session.erased_at, session.unseen";

/// The session of that id, held until the transaction ends.
///
/// # Errors
/// [`DbError`].
pub async fn lock(tx: &mut Tx, id: SessionId) -> Result<Option<StoredSession>, DbError> {
    let sql =
        format!("SELECT {SESSION_COLUMNS} FROM session WHERE id = ?1{}", tx.engine().for_update());
    tx.query_opt(&sql, &params![id]).await?.as_ref().map(read).transpose()
}

/// The session of that id.
///
/// # Errors
/// [`DbError`].
pub async fn find(tx: &mut Tx, id: SessionId) -> Result<Option<StoredSession>, DbError> {
    let sql = format!("SELECT {SESSION_COLUMNS} FROM session WHERE id = ?1");
    tx.query_opt(&sql, &params![id]).await?.as_ref().map(read).transpose()
}

/// Stores what a refresh has changed.
///
/// # Errors
/// [`DbError`].
pub async fn store_refresh(
    tx: &mut Tx,
    id: SessionId,
    family: &RefreshFamily,
    address: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE session SET current_hash = ?2, pending_hash = ?3, previous_hash = ?4, last_used_at = ?5, \
         address = ?6 WHERE id = ?1",
        &params![
            id,
            family.current.as_bytes(),
            family.pending.map(|hash| *hash.as_bytes()),
            family.previous.map(|hash| *hash.as_bytes()),
            now,
            address,
        ],
    )
    .await?;
    Ok(())
}

/// Remembers a refresh secret that was replaced by the next one, as long as its session runs.
///
/// # Errors
/// [`DbError`].
pub async fn remember_used(tx: &mut Tx, id: SessionId, secret: TokenHash) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO used_refresh_secret (session_id, secret_hash) VALUES (?1, ?2) \
         ON CONFLICT (session_id, secret_hash) DO NOTHING",
        &params![id, secret.as_bytes()],
    )
    .await?;
    Ok(())
}

/// Whether a running session has used this refresh secret before its current one.
///
/// # Errors
/// [`DbError`].
pub async fn was_used(tx: &mut Tx, id: SessionId, secret: TokenHash) -> Result<bool, DbError> {
    let row = tx
        .query_opt(
            "SELECT 1 FROM used_refresh_secret WHERE session_id = ?1 AND secret_hash = ?2",
            &params![id, secret.as_bytes()],
        )
        .await?;
    Ok(row.is_some())
}

/// Notes that a session is in use.
///
/// # Errors
/// [`DbError`].
pub async fn touch(tx: &mut Tx, id: SessionId, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE session SET last_used_at = ?2 WHERE id = ?1", &params![id, now]).await?;
    Ok(())
}

/// Ends a session. `true` if it had not ended before. Its access tokens stay until they run out, so that they answer
/// that the session has ended.
///
/// # Errors
/// [`DbError`].
pub async fn end(
    tx: &mut Tx,
    id: SessionId,
    reason: EndReason,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "UPDATE session SET ended_at = ?2, end_reason = ?3 WHERE id = ?1 AND ended_at IS NULL",
            &params![id, now, reason.name()],
        )
        .await?;
    tx.execute("DELETE FROM live_ticket WHERE session_id = ?1", &params![id]).await?;
    tx.execute("DELETE FROM used_refresh_secret WHERE session_id = ?1", &params![id]).await?;
    tx.execute("DELETE FROM sso_session WHERE session_id = ?1", &params![id]).await?;
    Ok(changed == 1)
}

/// Ends every session of a teammate but one that is excepted, and answers which. Sign-ins under way end with them.
///
/// # Errors
/// [`DbError`].
pub async fn end_all_of(
    tx: &mut Tx,
    teammate_id: TeammateId,
    except: Option<SessionId>,
    reason: EndReason,
    now: Timestamp,
) -> Result<Vec<SessionId>, DbError> {
    let rows = tx
        .query(
            "SELECT id FROM session WHERE teammate_id = ?1 AND ended_at IS NULL",
            &params![teammate_id],
        )
        .await?;
    let mut ended = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.get("id")?;
        if Some(id) != except && end(tx, id, reason, now).await? {
            ended.push(id);
        }
    }
    tx.execute("DELETE FROM sign_in_flow WHERE teammate_id = ?1", &params![teammate_id]).await?;
    tx.execute("DELETE FROM sso_code WHERE teammate_id = ?1", &params![teammate_id]).await?;
    Ok(ended)
}

/// Running sessions that were last used before `idle_before` or begun before `begun_before`, at most `limit`.
///
/// # Errors
/// [`DbError`].
pub async fn stale(
    tx: &mut Tx,
    idle_before: Timestamp,
    begun_before: Timestamp,
    limit: u32,
) -> Result<Vec<StoredSession>, DbError> {
    let sql = format!(
        "SELECT {SESSION_COLUMNS} FROM session \
         WHERE ended_at IS NULL AND (last_used_at <= ?1 OR created_at <= ?2) ORDER BY id LIMIT ?3{}",
        tx.engine().for_update_skip_locked()
    );
    tx.query(&sql, &params![idle_before, begun_before, limit]).await?.iter().map(read).collect()
}

/// The sessions that ended at `since` or later.
///
/// # Errors
/// [`DbError`].
pub async fn ended_since(tx: &mut Tx, since: Timestamp) -> Result<Vec<SessionId>, DbError> {
    let rows = tx.query("SELECT id FROM session WHERE ended_at >= ?1", &params![since]).await?;
    rows.iter().map(|row| row.get("id")).collect()
}

/// Stores an access token.
///
/// # Errors
/// [`DbError`].
pub async fn insert_access_token(
    tx: &mut Tx,
    token_hash: TokenHash,
    session_id: SessionId,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO access_token (token_hash, session_id, expires_at) VALUES (?1, ?2, ?3)",
        &params![token_hash.as_bytes(), session_id, expires_at],
    )
    .await?;
    Ok(())
}

/// The session of an access token, and until when the token is good.
///
/// # Errors
/// [`DbError`].
pub async fn find_by_access_token(
    tx: &mut Tx,
    token_hash: TokenHash,
) -> Result<Option<(StoredSession, Timestamp)>, DbError> {
    let sql = format!(
        "SELECT {SESSION_COLUMNS}, access_token.expires_at FROM access_token \
         JOIN session ON session.id = access_token.session_id WHERE access_token.token_hash = ?1"
    );
    let row = tx.query_opt(&sql, &params![token_hash.as_bytes()]).await?;
    row.map(|row| Ok((read(&row)?, row.get("expires_at")?))).transpose()
}

/// Deletes sign-ins and access tokens that ran out before `before`, and sessions that ended before `ended_before`.
///
/// # Errors
/// [`DbError`].
pub async fn delete_expired(
    tx: &mut Tx,
    before: Timestamp,
    ended_before: Timestamp,
) -> Result<(), DbError> {
    tx.execute("DELETE FROM access_token WHERE expires_at < ?1", &params![before]).await?;
    tx.execute("DELETE FROM live_ticket WHERE expires_at < ?1", &params![before]).await?;
    tx.execute("DELETE FROM sign_in_flow WHERE expires_at < ?1", &params![before]).await?;
    tx.execute("DELETE FROM session WHERE ended_at < ?1", &params![ended_before]).await?;
    Ok(())
}

pub(super) fn read(row: &Row) -> Result<StoredSession, DbError> {
    let hash = |bytes: [u8; 32]| TokenHash::from_bytes(bytes);
    let ended_at: Option<i64> = row.get("ended_at")?;
    let end_reason: Option<String> = row.get("end_reason")?;
    let created_at = row.get("created_at")?;
    Ok(StoredSession {
        id: row.get("id")?,
        teammate_id: row.get("teammate_id")?,
        device: StoredDevice::read(row)?,
        address: row.get("address")?,
        created_at,
        last_used_at: row.get("last_used_at")?,
        factor_at: row.get::<Option<_>>("factor_at")?.unwrap_or(created_at),
        // What a newer server has written ends a session all the same.
        end_reason: end_reason
            .map(|name| EndReason::from_name(&name).unwrap_or(EndReason::SignedOut)),
        erased_at: row.get("erased_at")?,
        unseen: row.get("unseen")?,
        family: RefreshFamily {
            current: hash(row.get("current_hash")?),
            pending: row.get::<Option<_>>("pending_hash")?.map(hash),
            previous: row.get::<Option<_>>("previous_hash")?.map(hash),
            state: if ended_at.is_some() { FamilyState::Revoked } else { FamilyState::Active },
        },
    })
}
