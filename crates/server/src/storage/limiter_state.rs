//! Rows of the limiter's counters.

use recado_protocol::Timestamp;

use super::{DbError, Row, Tx, params};
use crate::identity::limiter::{Decision, LimiterKey, LimiterPolicies, LimiterState};

/// Failures are forgotten a day after the lock that they led to.
const FORGOTTEN_AFTER_S: i64 = 86_400;

/// Reads the counters of `keys`, which must be sorted, and holds them until the transaction ends.
///
/// # Errors
/// [`DbError`].
pub async fn lock(tx: &mut Tx, keys: &[LimiterKey]) -> Result<Vec<LimiterState>, DbError> {
    let select = format!(
        "SELECT consecutive_failures, locked_until_us, budget_whole_at_us FROM limiter_state \
         WHERE limiter_key = ?1{}",
        tx.engine().for_update()
    );
    let mut states = Vec::with_capacity(keys.len());
    for key in keys {
        // A row that does not exist cannot be locked.
        tx.execute(
            "INSERT INTO limiter_state (limiter_key, consecutive_failures, locked_until_us, budget_whole_at_us) \
             VALUES (?1, 0, 0, 0) ON CONFLICT (limiter_key) DO NOTHING",
            &params![key.as_text()],
        )
        .await?;
        let row = tx.query_one(&select, &params![key.as_text()]).await?;
        states.push(read(&row)?);
    }
    Ok(states)
}

/// Asks counters without charging or holding them.
///
/// # Errors
/// [`DbError`].
pub async fn peek(
    tx: &mut Tx,
    policies: &LimiterPolicies,
    keys: &[LimiterKey],
    now: Timestamp,
) -> Result<Decision, DbError> {
    let mut decision = Decision::Allow;
    for key in keys {
        let row = tx
            .query_opt(
                "SELECT consecutive_failures, locked_until_us, budget_whole_at_us FROM limiter_state \
                 WHERE limiter_key = ?1",
                &params![key.as_text()],
            )
            .await?;
        if let Some(row) = row {
            decision = decision.and(read(&row)?.decide(policies.of(key), now.as_micros()));
        }
    }
    Ok(decision)
}

fn read(row: &Row) -> Result<LimiterState, DbError> {
    Ok(LimiterState {
        consecutive_failures: row.get("consecutive_failures")?,
        locked_until_us: row.get("locked_until_us")?,
        budget_whole_at_us: row.get("budget_whole_at_us")?,
    })
}

/// Writes one counter.
///
/// # Errors
/// [`DbError`].
pub async fn store(tx: &mut Tx, key: &LimiterKey, state: &LimiterState) -> Result<(), DbError> {
    tx.execute(
        "UPDATE limiter_state SET consecutive_failures = ?2, locked_until_us = ?3, budget_whole_at_us = ?4 \
         WHERE limiter_key = ?1",
        &params![
            key.as_text(),
            state.consecutive_failures,
            state.locked_until_us,
            state.budget_whole_at_us
        ],
    )
    .await?;
    Ok(())
}

/// Asks every counter and, if all allow, charges one guess to each.
///
/// # Errors
/// [`DbError`].
pub async fn charge(
    tx: &mut Tx,
    policies: &LimiterPolicies,
    keys: &[LimiterKey],
    now: Timestamp,
) -> Result<Decision, DbError> {
    let mut states = lock(tx, keys).await?;
    let decision = keys.iter().zip(&states).fold(Decision::Allow, |decision, (key, state)| {
        decision.and(state.decide(policies.of(key), now.as_micros()))
    });
    if decision == Decision::Allow {
        for (key, state) in keys.iter().zip(&mut states) {
            state.record_failure(policies.of(key), now.as_micros());
            store(tx, key, state).await?;
        }
    }
    Ok(decision)
}

/// Takes back the charge of a guess that was right.
///
/// # Errors
/// [`DbError`].
pub async fn refund(
    tx: &mut Tx,
    policies: &LimiterPolicies,
    keys: &[LimiterKey],
    now: Timestamp,
) -> Result<(), DbError> {
    let mut states = lock(tx, keys).await?;
    for (key, state) in keys.iter().zip(&mut states) {
        state.record_success(policies.of(key), now.as_micros());
        store(tx, key, state).await?;
    }
    Ok(())
}

/// Deletes the counters that say no more than a new one does, and answers how many.
///
/// # Errors
/// [`DbError`].
pub async fn delete_spent(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    tx.execute(
        "DELETE FROM limiter_state WHERE budget_whole_at_us <= ?1 AND locked_until_us <= ?1 \
         AND (consecutive_failures = 0 OR locked_until_us <= ?2)",
        &params![now, now.plus_seconds(-FORGOTTEN_AFTER_S)],
    )
    .await
}
