//! Rows of accounts: what a person signs in with.

use recado_protocol::{TeammateId, TeammateState, Timestamp, WorkspaceId};

use super::{DbError, Row, Tx, params};
use crate::identity::totp::SealedSeed;

/// What a person signs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose account it is.
    pub teammate_id: TeammateId,
    /// Whether it is in use.
    pub state: TeammateState,
    /// The address as it is compared.
    pub email_folded: String,
    /// The stored password.
    pub password_hash: String,
    /// The seed of the second factor, sealed.
    pub totp_seed: SealedSeed,
    /// The newest step of the second factor that was accepted.
    pub totp_last_step: Option<u64>,
    /// When its owner last changed the password.
    pub password_changed_at: Option<Timestamp>,
    /// When its owner set up the second factor.
    pub totp_since: Option<Timestamp>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("teammate_id", &self.teammate_id).finish_non_exhaustive()
    }
}

const COLUMNS: &str = "account.teammate_id, teammate.state, teammate.email_folded, account.password_hash, \
     account.totp_key_id, account.totp_sealed, account.totp_last_step, account.password_changed_at, \
     account.totp_since";

/// An address as it is compared.
#[must_use]
pub fn fold_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// That the owner of an account has chosen its password and set up its second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenByOwner {
    /// When.
    pub at: Timestamp,
    /// The step whose code has shown the second factor, and is used up.
    pub step: u64,
}

/// Gives a teammate a password and a second factor, in place of any former ones. Without `chosen` they are handed over.
///
/// # Errors
/// [`DbError`].
pub async fn put(
    tx: &mut Tx,
    teammate_id: TeammateId,
    password_hash: &str,
    totp_seed: &SealedSeed,
    chosen: Option<ChosenByOwner>,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO account (teammate_id, password_hash, totp_key_id, totp_sealed, totp_last_step, \
         password_changed_at, totp_since) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) \
         ON CONFLICT (teammate_id) DO UPDATE SET password_hash = excluded.password_hash, \
         totp_key_id = excluded.totp_key_id, totp_sealed = excluded.totp_sealed, \
         totp_last_step = excluded.totp_last_step, \
         password_changed_at = excluded.password_changed_at, totp_since = excluded.totp_since",
        &params![
            teammate_id,
            password_hash,
            &totp_seed.key_id,
            &totp_seed.ciphertext,
            chosen.map(|chosen| chosen.step),
            chosen.map(|chosen| chosen.at),
        ],
    )
    .await?;
    Ok(())
}

/// The account of an address.
///
/// # Errors
/// [`DbError`].
pub async fn find_by_email(
    tx: &mut Tx,
    workspace_id: WorkspaceId,
    email: &str,
) -> Result<Option<Account>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM teammate JOIN account ON account.teammate_id = teammate.id \
         WHERE teammate.workspace_id = ?1 AND teammate.email_folded = ?2"
    );
    tx.query_opt(&sql, &params![workspace_id, fold_email(email)])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// The account of a teammate.
///
/// # Errors
/// [`DbError`].
pub async fn find(tx: &mut Tx, teammate_id: TeammateId) -> Result<Option<Account>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM account JOIN teammate ON teammate.id = account.teammate_id \
         WHERE account.teammate_id = ?1"
    );
    tx.query_opt(&sql, &params![teammate_id]).await?.as_ref().map(read).transpose()
}

/// The account of a teammate, held with its teammate until the transaction ends: for a decision that is written. To be
/// taken before sessions and counters, as everybody does.
///
/// # Errors
/// [`DbError`].
pub async fn lock(tx: &mut Tx, teammate_id: TeammateId) -> Result<Option<Account>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM account JOIN teammate ON teammate.id = account.teammate_id \
         WHERE account.teammate_id = ?1{}",
        tx.engine().for_update()
    );
    tx.query_opt(&sql, &params![teammate_id]).await?.as_ref().map(read).transpose()
}

/// Stores the same password under another hash, unless there is another password by now.
///
/// # Errors
/// [`DbError`].
pub async fn renew_password_hash(
    tx: &mut Tx,
    teammate_id: TeammateId,
    former: &str,
    renewed: &str,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE account SET password_hash = ?3 WHERE teammate_id = ?1 AND password_hash = ?2",
        &params![teammate_id, former, renewed],
    )
    .await?;
    Ok(())
}

/// Stores a password that its owner has chosen, unless the hash is another than `former` by now.
///
/// # Errors
/// [`DbError`].
pub async fn change_password(
    tx: &mut Tx,
    teammate_id: TeammateId,
    former: &str,
    chosen: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "UPDATE account SET password_hash = ?3, password_changed_at = ?4 \
             WHERE teammate_id = ?1 AND password_hash = ?2",
            &params![teammate_id, former, chosen, now],
        )
        .await?;
    Ok(changed == 1)
}

/// Uses up a step of the second factor. One statement checks and writes, so of any number of requests with the same
/// code one gets `true`.
///
/// # Errors
/// [`DbError`].
pub async fn accept_totp_step(
    tx: &mut Tx,
    teammate_id: TeammateId,
    step: u64,
) -> Result<bool, DbError> {
    let changed = tx
        .execute(
            "UPDATE account SET totp_last_step = ?2 \
             WHERE teammate_id = ?1 AND (totp_last_step IS NULL OR totp_last_step < ?2)",
            &params![teammate_id, step],
        )
        .await?;
    Ok(changed == 1)
}

/// Whether the account has signed in on this device before.
///
/// # Errors
/// [`DbError`].
pub async fn is_known_device(
    tx: &mut Tx,
    teammate_id: TeammateId,
    device_hash: &[u8; 32],
) -> Result<bool, DbError> {
    let row = tx
        .query_opt(
            "SELECT 1 FROM known_device WHERE teammate_id = ?1 AND device_hash = ?2",
            &params![teammate_id, device_hash],
        )
        .await?;
    Ok(row.is_some())
}

/// Remembers that the account has signed in on this device.
///
/// # Errors
/// [`DbError`].
pub async fn remember_device(
    tx: &mut Tx,
    teammate_id: TeammateId,
    device_hash: &[u8; 32],
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO known_device (teammate_id, device_hash, last_used_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (teammate_id, device_hash) DO UPDATE SET last_used_at = excluded.last_used_at",
        &params![teammate_id, device_hash, now],
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Result<Account, DbError> {
    let state: String = row.get("state")?;
    Ok(Account {
        teammate_id: row.get("teammate_id")?,
        // A state that this server does not know must not open anything.
        state: TeammateState::from_name(&state).unwrap_or(TeammateState::Suspended),
        email_folded: row.get("email_folded")?,
        password_hash: row.get("password_hash")?,
        totp_seed: SealedSeed {
            key_id: row.get("totp_key_id")?,
            ciphertext: row.get("totp_sealed")?,
        },
        totp_last_step: row.get("totp_last_step")?,
        password_changed_at: row.get("password_changed_at")?,
        totp_since: row.get("totp_since")?,
    })
}

#[cfg(test)]
mod tests;
