//! The embedded engine: one writer that commits in groups, and several readers.

#[cfg(feature = "simulation")]
mod contents;
mod inline;
mod readers;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Statement, ffi};

#[cfg(feature = "simulation")]
pub use contents::Contents;
pub(super) use inline::InlineStore;
pub(super) use readers::Readers;
pub(super) use writer::WriterThread;

use super::DbError;
use super::value::{Row, Value, storable};

/// Versions before this one can lose committed pages when a WAL file is reset at the wrong moment.
const OLDEST_SAFE_VERSION: i32 = 3_051_003;
/// How long a statement waits for another process, such as a backup, that holds the lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const STATEMENT_CACHE: usize = 256;

/// Opens the writing connection of a file, created readable by its owner only, without its foreign key checks,
/// which a migration that rebuilds a table needs to be off.
pub(super) fn open_for_migration(path: &Path) -> Result<Connection, DbError> {
    require_safe_version(rusqlite::version_number(), rusqlite::version())?;
    create_private_file(path)?;
    let connection = Connection::open(path).map_err(error)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(error)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(error)?;
    if mode != "wal" {
        return Err(DbError::Configuration(format!(
            "{} cannot be used in WAL mode; put the database on a local disk",
            path.display()
        )));
    }
    configure(&connection)?;
    Ok(connection)
}

/// Opens a database in memory, which lives as long as its one connection.
pub(super) fn open_memory_for_migration() -> Result<Connection, DbError> {
    require_safe_version(rusqlite::version_number(), rusqlite::version())?;
    let connection = Connection::open_in_memory().map_err(error)?;
    configure(&connection)?;
    Ok(connection)
}

/// Opens a further connection, which cannot write.
fn open_reader(path: &Path) -> Result<Connection, DbError> {
    let connection = Connection::open(path).map_err(error)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(error)?;
    configure(&connection)?;
    connection.execute_batch("PRAGMA query_only = ON").map_err(error)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<(), DbError> {
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; \
             PRAGMA temp_store = MEMORY;",
        )
        .map_err(error)?;
    for (option, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        // A plan never depends on a parameter's value. Without this a statement is compiled anew whenever a parameter
        // changes that a LIMIT or a partial index could make use of.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
        // A misspelt column in double quotes must be an error, as it is on PostgreSQL, and not a string.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        connection.set_db_config(option, on).map_err(error)?;
    }
    Ok(())
}

fn require_safe_version(number: i32, text: &str) -> Result<(), DbError> {
    if number < OLDEST_SAFE_VERSION {
        return Err(DbError::OldSqlite { found: text.to_owned() });
    }
    Ok(())
}

fn create_private_file(path: &Path) -> Result<(), DbError> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map(drop).map_err(|cause| {
        DbError::Configuration(format!("{} cannot be opened: {cause}", path.display()))
    })
}

/// Runs a statement without rows.
pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    params: &[Value],
    reads_only: bool,
) -> Result<u64, DbError> {
    let mut statement = prepare(connection, sql, params, reads_only)?;
    statement.raw_execute().map(|changed| changed as u64).map_err(error)
}

/// Runs a statement and collects its rows.
pub(super) fn query(
    connection: &Connection,
    sql: &str,
    params: &[Value],
    reads_only: bool,
) -> Result<Vec<Row>, DbError> {
    let mut statement = prepare(connection, sql, params, reads_only)?;
    let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
    let mut answer = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = answer.next().map_err(error)? {
        let values = (0..columns.len())
            .map(|index| {
                let value = row.get_ref(index).map_err(error)?;
                from_column(value).ok_or_else(|| DbError::Decode {
                    column: columns[index].clone(),
                    expected: "UTF-8 text",
                })
            })
            .collect::<Result<_, DbError>>()?;
        rows.push(Row::new(Arc::clone(&columns), values));
    }
    Ok(rows)
}

fn prepare<'c>(
    connection: &'c Connection,
    sql: &str,
    params: &[Value],
    reads_only: bool,
) -> Result<rusqlite::CachedStatement<'c>, DbError> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    if reads_only && !statement.readonly() {
        return Err(DbError::ReadOnly);
    }
    if statement.parameter_count() != params.len() {
        return Err(wrong_parameter_count(statement.parameter_count(), params.len()));
    }
    for (index, value) in params.iter().enumerate() {
        bind(&mut statement, index + 1, value)?;
    }
    Ok(statement)
}

/// The error for a statement that was given more or fewer parameters than it names.
pub(super) fn wrong_parameter_count(needed: usize, given: usize) -> DbError {
    DbError::Parameter(format!("the statement takes {needed} parameters but was given {given}"))
}

fn bind(statement: &mut Statement<'_>, position: usize, value: &Value) -> Result<(), DbError> {
    let text;
    let bound = match value {
        Value::Null => ValueRef::Null,
        Value::Integer(number) => ValueRef::Integer(*number),
        Value::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
        Value::Real(number) => ValueRef::Real(*number),
        Value::Blob(bytes) => ValueRef::Blob(bytes),
        Value::Text(raw) => {
            text = storable(raw);
            ValueRef::Text(text.as_bytes())
        }
        Value::OutOfRange(_) => return Err(out_of_range(position)),
    };
    statement.raw_bind_parameter(position, ToSqlOutput::Borrowed(bound)).map_err(error)
}

/// The error for a number that no column can hold.
pub(super) fn out_of_range(position: usize) -> DbError {
    DbError::Parameter(format!("?{position} is larger than a 64-bit signed integer"))
}

fn from_column(value: ValueRef<'_>) -> Option<Value> {
    Some(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => Value::Text(std::str::from_utf8(bytes).ok()?.to_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    })
}

/// The storage layer's word for an error of SQLite.
pub(super) fn error(cause: rusqlite::Error) -> DbError {
    let rusqlite::Error::SqliteFailure(failure, message) = &cause else {
        return DbError::Statement { code: "sqlite".to_owned(), message: cause.to_string() };
    };
    let message = message.clone().unwrap_or_else(|| failure.to_string());
    let constraint = || match message.split_once("failed: ") {
        Some((_, name)) => name.to_owned(),
        None => message.clone(),
    };
    match (failure.code, failure.extended_code) {
        (
            _,
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID,
        ) => DbError::UniqueViolation { constraint: constraint() },
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => {
            DbError::ForeignKeyViolation { constraint: constraint() }
        }
        (ErrorCode::ConstraintViolation, _) => DbError::CheckViolation { constraint: constraint() },
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => DbError::Conflict,
        (ErrorCode::ReadOnly, _) => DbError::ReadOnly,
        (_, code) => DbError::Statement { code: code.to_string(), message },
    }
}

#[cfg(test)]
mod tests {
    use super::{DbError, require_safe_version};

    #[test]
    fn an_unsafe_sqlite_is_refused() {
        assert_eq!(
            require_safe_version(3_051_002, "3.51.2"),
            Err(DbError::OldSqlite { found: "3.51.2".to_owned() })
        );
        assert_eq!(require_safe_version(3_051_003, "3.51.3"), Ok(()));
    }
}
