//! Rows of single sign-ons under way: those whose browser is with the provider, and those that their app may come for.

use recado_protocol::{ProviderId, SessionId, TeammateId, Timestamp};

use crate::identity::sealer::Sealed;
use crate::identity::token::TokenHash;
use crate::storage::session::StoredDevice;
use crate::storage::{DbError, Row, Tx, params};

/// A sign-in whose browser is with the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoFlow {
    /// The hash by which its app knows it.
    pub flow_hash: TokenHash,
    /// With whom.
    pub provider_id: ProviderId,
    /// The hash of the nonce that the ID token has to carry.
    pub nonce_hash: [u8; 32],
    /// The verifier that goes to the provider with its code.
    pub verifier: Sealed,
    /// SHA-256 of the app's own verifier.
    pub challenge: [u8; 32],
    /// Where the app awaits the browser.
    pub redirect_uri: String,
    /// What comes back to the app beside the code.
    pub app_state: String,
    /// The machine that the app runs on.
    pub device: StoredDevice,
    /// The session that runs already and whose person is to be there; absent for a sign-in.
    pub session_id: Option<SessionId>,
    /// Until when the browser is awaited.
    pub expires_at: Timestamp,
}

/// A sign-in that the provider has vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VouchedFor {
    /// The hash by which its app knows it.
    pub flow_hash: TokenHash,
    /// By whom.
    pub provider_id: ProviderId,
    /// For whom.
    pub teammate_id: TeammateId,
    /// What the provider calls that person.
    pub subject: String,
    /// What the provider calls its own session.
    pub provider_session: Option<String>,
    /// The provider's refresh token.
    pub refresh: Option<Sealed>,
    /// SHA-256 of the app's own verifier.
    pub challenge: [u8; 32],
    /// The machine that the app runs on.
    pub device: StoredDevice,
    /// The session whose person was there; absent for a sign-in.
    pub session_id: Option<SessionId>,
    /// When the person has shown to the provider who they are, where it said so.
    pub authenticated_at: Option<Timestamp>,
}

/// Stores a sign-in whose browser goes to the provider.
///
/// # Errors
/// [`DbError`].
pub async fn insert(tx: &mut Tx, state_hash: TokenHash, flow: &SsoFlow) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO sso_flow (state_hash, flow_hash, provider_id, nonce_hash, verifier_key_id, \
         verifier_sealed, challenge, redirect_uri, app_state, device_hash, device_name, device_system, \
         device_app_version, session_id, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        &params![
            state_hash.as_bytes(),
            flow.flow_hash.as_bytes(),
            flow.provider_id,
            &flow.nonce_hash,
            &flow.verifier.key_id,
            &flow.verifier.ciphertext,
            &flow.challenge,
            &flow.redirect_uri,
            &flow.app_state,
            &flow.device.hash,
            &flow.device.name,
            &flow.device.system,
            &flow.device.app_version,
            flow.session_id,
            flow.expires_at,
        ],
    )
    .await?;
    Ok(())
}

/// Forgets what a browser was sent for on behalf of a session that runs: the newest is the only one that counts.
///
/// # Errors
/// [`DbError`].
pub async fn forget_session(tx: &mut Tx, session_id: SessionId) -> Result<(), DbError> {
    tx.execute("DELETE FROM sso_flow WHERE session_id = ?1", &params![session_id]).await?;
    Ok(())
}

/// How many sign-ins wait for their browser.
///
/// # Errors
/// [`DbError`].
pub async fn count(tx: &mut Tx) -> Result<u64, DbError> {
    tx.query_one("SELECT COUNT(*) FROM sso_flow", &[]).await?.get(0)
}

/// Takes a sign-in by the state that the browser has brought, so that the state is good for nothing more.
///
/// # Errors
/// [`DbError`].
pub async fn take(tx: &mut Tx, state_hash: TokenHash) -> Result<Option<SsoFlow>, DbError> {
    let row = tx
        .query_opt(
            "DELETE FROM sso_flow WHERE state_hash = ?1 RETURNING flow_hash, provider_id, nonce_hash, \
             verifier_key_id, verifier_sealed, challenge, redirect_uri, app_state, device_hash, device_name, \
             device_system, device_app_version, session_id, expires_at",
            &params![state_hash.as_bytes()],
        )
        .await?;
    row.map(|row| {
        Ok(SsoFlow {
            flow_hash: TokenHash::from_bytes(row.get("flow_hash")?),
            provider_id: row.get("provider_id")?,
            nonce_hash: row.get("nonce_hash")?,
            verifier: Sealed {
                key_id: row.get("verifier_key_id")?,
                ciphertext: row.get("verifier_sealed")?,
            },
            challenge: row.get("challenge")?,
            redirect_uri: row.get("redirect_uri")?,
            app_state: row.get("app_state")?,
            device: device(&row)?,
            session_id: row.get("session_id")?,
            expires_at: row.get("expires_at")?,
        })
    })
    .transpose()
}

/// Stores a sign-in that its app may come for until `expires_at`.
///
/// # Errors
/// [`DbError`].
pub async fn insert_code(
    tx: &mut Tx,
    code_hash: TokenHash,
    vouched: &VouchedFor,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    let (refresh_key, refresh) = split(vouched.refresh.as_ref());
    tx.execute(
        "INSERT INTO sso_code (code_hash, flow_hash, provider_id, teammate_id, subject, provider_session, \
         refresh_key_id, refresh_sealed, challenge, device_hash, device_name, device_system, \
         device_app_version, session_id, authenticated_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        &params![
            code_hash.as_bytes(),
            vouched.flow_hash.as_bytes(),
            vouched.provider_id,
            vouched.teammate_id,
            &vouched.subject,
            vouched.provider_session.clone(),
            refresh_key,
            refresh,
            &vouched.challenge,
            &vouched.device.hash,
            &vouched.device.name,
            &vouched.device.system,
            &vouched.device.app_version,
            vouched.session_id,
            vouched.authenticated_at,
            expires_at,
        ],
    )
    .await?;
    Ok(())
}

/// Uses a code up, whatever then becomes of it. Of several requests one gets the sign-in, and only in its time.
///
/// # Errors
/// [`DbError`].
pub async fn take_code(
    tx: &mut Tx,
    code_hash: TokenHash,
    now: Timestamp,
) -> Result<Option<VouchedFor>, DbError> {
    let row = tx
        .query_opt(
            "DELETE FROM sso_code WHERE code_hash = ?1 RETURNING flow_hash, provider_id, teammate_id, subject, \
             provider_session, refresh_key_id, refresh_sealed, challenge, device_hash, device_name, \
             device_system, device_app_version, session_id, authenticated_at, expires_at",
            &params![code_hash.as_bytes()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let expires_at: Timestamp = row.get("expires_at")?;
    if expires_at <= now {
        return Ok(None);
    }
    Ok(Some(VouchedFor {
        flow_hash: TokenHash::from_bytes(row.get("flow_hash")?),
        provider_id: row.get("provider_id")?,
        teammate_id: row.get("teammate_id")?,
        subject: row.get("subject")?,
        provider_session: row.get("provider_session")?,
        refresh: joined(&row)?,
        challenge: row.get("challenge")?,
        device: device(&row)?,
        session_id: row.get("session_id")?,
        authenticated_at: row.get("authenticated_at")?,
    }))
}

/// Deletes the sign-ins that are good for nothing any more.
///
/// # Errors
/// [`DbError`].
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<(), DbError> {
    for table in ["sso_flow", "sso_code", "sso_logout"] {
        let sql = format!("DELETE FROM {table} WHERE expires_at < ?1");
        tx.execute(&sql, &params![now]).await?;
    }
    Ok(())
}

fn device(row: &Row) -> Result<StoredDevice, DbError> {
    Ok(StoredDevice {
        hash: row.get("device_hash")?,
        name: row.get("device_name")?,
        system: row.get("device_system")?,
        app_version: row.get("device_app_version")?,
    })
}

/// The two columns of a refresh token that may be absent.
pub(super) fn split(refresh: Option<&Sealed>) -> (Option<String>, Option<Vec<u8>>) {
    refresh.map(|sealed| (sealed.key_id.clone(), sealed.ciphertext.clone())).unzip()
}

/// The inverse of [`split`].
pub(super) fn joined(row: &Row) -> Result<Option<Sealed>, DbError> {
    let key_id: Option<String> = row.get("refresh_key_id")?;
    let ciphertext: Option<Vec<u8>> = row.get("refresh_sealed")?;
    Ok(key_id.zip(ciphertext).map(|(key_id, ciphertext)| Sealed { key_id, ciphertext }))
}
