//! What can go wrong between a command and the database.

/// A failure of the storage layer, the same on both engines.
///
/// It is `Clone` because one failed commit may have to be told to every command that shared it. No variant carries
/// a value from a row or a parameter, so an error may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// A row with the same key exists already.
    #[error("a row with the same key exists already ({constraint})")]
    UniqueViolation {
        /// PostgreSQL's constraint name, or SQLite's list of columns.
        constraint: String,
    },
    /// A row refers to one that does not exist, or is still referred to.
    #[error("a reference between rows would be broken ({constraint})")]
    ForeignKeyViolation {
        /// PostgreSQL's constraint name; SQLite does not name it.
        constraint: String,
    },
    /// A NOT NULL, CHECK or column type rule refused a value.
    #[error("a value breaks a rule of its table ({constraint})")]
    CheckViolation {
        /// The constraint or column, as the engine names it.
        constraint: String,
    },
    /// Another transaction was in the way; running the whole transaction again may succeed.
    #[error("another transaction was in the way; try again")]
    Conflict,
    /// A write was tried inside a read transaction.
    #[error("a read transaction tried to write")]
    ReadOnly,
    /// [`Tx::query_one`](super::Tx::query_one) found nothing.
    #[error("a row that must exist was not found")]
    RowNotFound,
    /// More than one row where at most one may be.
    #[error("more than one row was found where at most one may be")]
    TooManyRows,
    /// A column does not hold what the code asked for.
    #[error("column {column} does not hold a value of type {expected}")]
    Decode {
        /// Name or position of the column.
        column: String,
        /// The Rust type that was asked for.
        expected: &'static str,
    },
    /// A parameter cannot be bound: too large for a 64-bit signed integer, or of a kind the column does not take.
    #[error("parameter cannot be bound: {0}")]
    Parameter(String),
    /// An earlier statement of this transaction failed, so it can only be rolled back.
    #[error("an earlier statement of this transaction failed; it can only be rolled back")]
    Aborted,
    /// The body of a transaction panicked; it was rolled back.
    #[error("the transaction was rolled back because its code panicked")]
    Panicked,
    /// The body of a transaction waited for something other than the database; it was rolled back.
    #[error(
        "the transaction was rolled back because its code waited for something other than the database"
    )]
    Suspended,
    /// A transaction was started from inside another one.
    #[error("a transaction was started inside another one")]
    Nested,
    /// SQLite gave up the whole transaction (disk full, input/output error); every command in it was rolled back.
    #[error("the database gave up the transaction; check free space and the disk's health")]
    TransactionLost,
    /// The database has been closed, or its thread has ended.
    #[error("the database is closed")]
    Closed,
    /// PostgreSQL cannot be reached, or no connection became free in time.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The database's address or TLS settings cannot be used.
    #[error("the database settings cannot be used: {0}")]
    Configuration(String),
    /// The SQLite library is too old to be trusted with data.
    #[error("SQLite {found} can damage a database in WAL mode; Recado needs 3.51.3 or newer")]
    OldSqlite {
        /// The version that was found.
        found: String,
    },
    /// A newer Recado server has migrated this database.
    #[error(
        "this database has schema version {found}, but this server knows only up to {known}; \
         install the newer server, or restore a backup from before the upgrade"
    )]
    NewerSchema {
        /// Version in the database.
        found: i64,
        /// Newest version this server knows.
        known: i64,
    },
    /// A migration failed; its changes were rolled back.
    #[error("the database could not be migrated: {0}")]
    Migration(String),
    /// Everything else that the engine refused.
    #[error("the database refused a statement ({code}): {message}")]
    Statement {
        /// SQLSTATE, or SQLite's extended result code.
        code: String,
        /// The engine's message.
        message: String,
    },
}

impl DbError {
    /// Whether the same transaction, run again from its start, may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Conflict)
    }

    /// Whether the error is a [`DbError::UniqueViolation`].
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::UniqueViolation { .. })
    }
}
