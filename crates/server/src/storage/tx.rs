//! One transaction, the same on both engines.

use super::dialect::Engine;
use super::postgres::Session;
use super::value::{Row, Value};
use super::{DbError, sqlite};

/// One open transaction.
///
/// After a statement has failed, every later one answers [`DbError::Aborted`] and the transaction is rolled back,
/// whatever its body returns: PostgreSQL works so, and SQLite is held to the same. Where a conflict is expected, write
/// `ON CONFLICT`. Dropping a `Tx` rolls it back.
pub struct Tx {
    backend: Backend,
    failure: Option<DbError>,
    log_grew: bool,
    /// Whether a statement that writes is refused here, for a connection that could.
    reads_only: bool,
}

enum Backend {
    Sqlite(rusqlite::Connection),
    Postgres(Session),
}

impl Tx {
    pub(super) fn sqlite(connection: rusqlite::Connection) -> Self {
        Self::new(Backend::Sqlite(connection))
    }

    pub(super) fn postgres(session: Session) -> Self {
        Self::new(Backend::Postgres(session))
    }

    const fn new(backend: Backend) -> Self {
        Self { backend, failure: None, log_grew: false, reads_only: false }
    }

    /// Has statements that write refused, or no longer, on a SQLite connection that serves reads as well as writes. The
    /// pragma for it would have every prepared statement of the connection compiled anew.
    pub(super) const fn set_reads_only(&mut self, reads_only: bool) {
        self.reads_only = reads_only;
    }

    /// The engine, for what [`dialect`](super::dialect) covers.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a statement that returns no rows and says how many it changed.
    ///
    /// # Errors
    /// [`DbError`]; the transaction can then only be rolled back.
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        self.require_sound()?;
        #[cfg(feature = "fail-points")]
        crate::fail_point::reached(crate::fail_point::Place::Statement);
        let outcome = match &mut self.backend {
            Backend::Sqlite(connection) => {
                sqlite::execute(connection, sql, params, self.reads_only)
            }
            Backend::Postgres(session) => session.execute(sql, params).await,
        };
        self.remember_failure(outcome)
    }

    /// Runs a statement and returns all of its rows.
    ///
    /// # Errors
    /// [`DbError`]; the transaction can then only be rolled back.
    pub async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        self.require_sound()?;
        #[cfg(feature = "fail-points")]
        crate::fail_point::reached(crate::fail_point::Place::Statement);
        let outcome = match &mut self.backend {
            Backend::Sqlite(connection) => sqlite::query(connection, sql, params, self.reads_only),
            Backend::Postgres(session) => session.query(sql, params).await,
        };
        self.remember_failure(outcome)
    }

    /// Runs a statement that returns one row or none.
    ///
    /// # Errors
    /// [`DbError::TooManyRows`] for more than one row, else as [`Tx::query`].
    pub async fn query_opt(&mut self, sql: &str, params: &[Value]) -> Result<Option<Row>, DbError> {
        let mut rows = self.query(sql, params).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            _ => Err(DbError::TooManyRows),
        }
    }

    /// Runs a statement that returns exactly one row.
    ///
    /// # Errors
    /// [`DbError::RowNotFound`] without a row, else as [`Tx::query_opt`].
    pub async fn query_one(&mut self, sql: &str, params: &[Value]) -> Result<Row, DbError> {
        self.query_opt(sql, params).await?.ok_or(DbError::RowNotFound)
    }

    fn require_sound(&self) -> Result<(), DbError> {
        match self.failure {
            None => Ok(()),
            Some(_) => Err(DbError::Aborted),
        }
    }

    fn remember_failure<T>(&mut self, outcome: Result<T, DbError>) -> Result<T, DbError> {
        if let Err(error) = &outcome {
            self.failure = Some(error.clone());
        }
        outcome
    }

    /// Takes the first failed statement's error, which makes the `Tx` usable again.
    pub(super) fn take_failure(&mut self) -> Option<DbError> {
        self.failure.take()
    }

    /// Notes that a change log has another entry, so that its followers are woken once this is committed.
    pub(super) fn note_growth(&mut self) {
        self.log_grew = true;
    }

    /// Whether a change log has grown since this was asked before.
    pub(super) fn take_growth(&mut self) -> bool {
        std::mem::take(&mut self.log_grew)
    }

    /// The SQLite connection; `None` on PostgreSQL.
    pub(super) fn connection(&self) -> Option<&rusqlite::Connection> {
        match &self.backend {
            Backend::Sqlite(connection) => Some(connection),
            Backend::Postgres(_) => None,
        }
    }

    /// The PostgreSQL session; `None` on SQLite.
    pub(super) fn into_session(self) -> Option<Session> {
        match self.backend {
            Backend::Sqlite(_) => None,
            Backend::Postgres(session) => Some(session),
        }
    }
}
