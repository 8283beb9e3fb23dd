//! Rows of second factors: recovery codes, and authenticators that are being set up.

use recado_protocol::{TeammateId, Timestamp};

use super::{DbError, Tx, params};
use crate::identity::token::TokenHash;
use crate::identity::totp::SealedSeed;

/// Gives a teammate these recovery codes in place of all former ones.
///
/// # Errors
/// [`DbError`].
pub async fn put_recovery_codes(
    tx: &mut Tx,
    teammate_id: TeammateId,
    codes: &[TokenHash],
) -> Result<(), DbError> {
    tx.execute("DELETE FROM recovery_code WHERE teammate_id = ?1", &params![teammate_id]).await?;
    for code in codes {
        tx.execute(
            "INSERT INTO recovery_code (teammate_id, code_hash) VALUES (?1, ?2)",
            &params![teammate_id, code.as_bytes()],
        )
        .await?;
    }
    Ok(())
}

/// Uses up a recovery code. Of any number of requests with the same code one gets `true`.
///
/// # Errors
/// [`DbError`].
pub async fn use_recovery_code(
    tx: &mut Tx,
    teammate_id: TeammateId,
    code: TokenHash,
) -> Result<bool, DbError> {
    let deleted = tx
        .execute(
            "DELETE FROM recovery_code WHERE teammate_id = ?1 AND code_hash = ?2",
            &params![teammate_id, code.as_bytes()],
        )
        .await?;
    Ok(deleted == 1)
}

/// How many recovery codes are left.
///
/// # Errors
/// [`DbError`].
pub async fn recovery_codes_left(tx: &mut Tx, teammate_id: TeammateId) -> Result<u32, DbError> {
    let sql = "SELECT COUNT(*) AS codes FROM recovery_code WHERE teammate_id = ?1";
    let row = tx.query_opt(sql, &params![teammate_id]).await?;
    row.map_or(Ok(0), |row| row.get("codes"))
}

/// An authenticator that is being set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpSetup {
    /// Its seed.
    pub seed: SealedSeed,
    /// Until when its first code is awaited.
    pub expires_at: Timestamp,
}

/// Stores an authenticator that is being set up, in place of another one.
///
/// # Errors
/// [`DbError`].
pub async fn put_setup(
    tx: &mut Tx,
    teammate_id: TeammateId,
    setup: &TotpSetup,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO totp_setup (teammate_id, totp_key_id, totp_sealed, expires_at) \
         VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (teammate_id) DO UPDATE SET totp_key_id = excluded.totp_key_id, \
         totp_sealed = excluded.totp_sealed, expires_at = excluded.expires_at",
        &params![teammate_id, &setup.seed.key_id, &setup.seed.ciphertext, setup.expires_at],
    )
    .await?;
    Ok(())
}

/// The authenticator that is being set up, if it has not run out.
///
/// # Errors
/// [`DbError`].
pub async fn find_setup(
    tx: &mut Tx,
    teammate_id: TeammateId,
    now: Timestamp,
) -> Result<Option<TotpSetup>, DbError> {
    let row = tx
        .query_opt(
            "SELECT totp_key_id, totp_sealed, expires_at FROM totp_setup \
             WHERE teammate_id = ?1 AND expires_at > ?2",
            &params![teammate_id, now],
        )
        .await?;
    row.map(|row| {
        Ok(TotpSetup {
            seed: SealedSeed {
                key_id: row.get("totp_key_id")?,
                ciphertext: row.get("totp_sealed")?,
            },
            expires_at: row.get("expires_at")?,
        })
    })
    .transpose()
}

/// Makes this seed the account's, whose codes up to `step` are used up.
///
/// # Errors
/// [`DbError`].
pub async fn replace_totp(
    tx: &mut Tx,
    teammate_id: TeammateId,
    seed: &SealedSeed,
    step: u64,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE account SET totp_key_id = ?2, totp_sealed = ?3, totp_last_step = ?4, totp_since = ?5 \
         WHERE teammate_id = ?1",
        &params![teammate_id, &seed.key_id, &seed.ciphertext, step, now],
    )
    .await?;
    tx.execute("DELETE FROM totp_setup WHERE teammate_id = ?1", &params![teammate_id]).await?;
    Ok(())
}

/// Deletes authenticators whose first code never came.
///
/// # Errors
/// [`DbError`].
pub async fn delete_expired_setups(tx: &mut Tx, now: Timestamp) -> Result<(), DbError> {
    tx.execute("DELETE FROM totp_setup WHERE expires_at <= ?1", &params![now]).await?;
    Ok(())
}
