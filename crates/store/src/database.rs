//! Opening a file: the key, the settings of each connection, and what a failure means.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode as SqlCode, OpenFlags};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Which};
use crate::migrations;

/// SQLite before this can lose data when a write-ahead log is reset.
const OLDEST_SQLITE: (i32, &str) = (3_051_003, "SQLite 3.51.3");
#[cfg(not(feature = "plain"))]
const OLDEST_SQLCIPHER: (u32, u32, &str) = (4, 14, "SQLCipher 4.14");

/// How many pages of the write-ahead log are worth moving into the file when nobody waits.
const LONG_LOG_PAGES: i64 = 3_000;
/// How many pages a cache's log grows to before a change moves them itself.
const LONGEST_LOG_PAGES: i64 = 8_000;

/// How many statements a connection keeps prepared: more than there are.
const STATEMENT_CACHE: usize = 256;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one connection that writes.
    Writer,
    /// The one that the UI's reads use; it keeps more pages.
    Reader,
}

impl Error {
    /// Tells what a failure of SQLite means for this file.
    pub(crate) fn sql(which: Which, error: rusqlite::Error) -> Self {
        let detail = error.to_string();
        match error.sqlite_error_code() {
            Some(SqlCode::DatabaseCorrupt | SqlCode::NotADatabase) => {
                Self::Damaged { which, detail }
            }
            Some(SqlCode::DiskFull) => Self::DiskFull,
            Some(SqlCode::OperationInterrupted) => Self::Interrupted,
            Some(
                SqlCode::SystemIoFailure
                | SqlCode::CannotOpen
                | SqlCode::ReadOnly
                | SqlCode::PermissionDenied
                | SqlCode::DatabaseBusy
                | SqlCode::DatabaseLocked
                | SqlCode::FileLockingProtocolFailed,
            ) => Self::Io(detail),
            // A page whose HMAC does not fit comes up as a bare SQLITE_ERROR.
            _ if detail.contains("file is not a database") => Self::Damaged { which, detail },
            _ => Self::Internal { which, detail },
        }
    }

    /// A failure of the file system.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::DiskFull;
        }
        Self::Io(format!("{}: {error}", path.display()))
    }
}

/// The 16 bytes that a file of this key begins with. SQLCipher takes them as the salt; made from
/// the key, they tell a wrong key from a damaged file.
fn salt(key: &[u8; 32]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(b"recado store salt v1");
    hasher.update(key);
    let hash: [u8; 32] = hasher.finalize().into();
    let mut salt = [0; 16];
    salt.copy_from_slice(&hash[..16]);
    salt
}

#[cfg_attr(feature = "plain", expect(dead_code, reason = "without encryption there is no key"))]
fn key_pragma(key: &[u8; 32]) -> Zeroizing<String> {
    let mut pragma = Zeroizing::new(String::with_capacity(128));
    pragma.push_str("PRAGMA key = \"x'");
    for byte in key.iter().chain(&salt(key)) {
        // Writing to a string cannot fail.
        let _ = write!(pragma, "{byte:02x}");
    }
    pragma.push_str("'\";");
    pragma
}

/// The version of SQLCipher that is built in, or `none` where the encryption is switched off.
pub fn cipher_version() -> String {
    Connection::open_in_memory()
        .and_then(|connection| connection.query_row("PRAGMA cipher_version", [], |row| row.get(0)))
        .unwrap_or_else(|_| "none".to_owned())
}

/// Refuses libraries that are known to lose data.
fn check_library(connection: &Connection) -> Result<(), Error> {
    let (oldest, needed) = OLDEST_SQLITE;
    if rusqlite::version_number() < oldest {
        return Err(Error::LibraryTooOld { found: rusqlite::version().to_owned(), needed });
    }
    #[cfg(not(feature = "plain"))]
    {
        let (major, minor, needed) = OLDEST_SQLCIPHER;
        let found: String = connection
            .query_row("PRAGMA cipher_version", [], |row| row.get(0))
            .unwrap_or_else(|_| "none".to_owned());
        if parse_version(&found).is_none_or(|version| version < (major, minor)) {
            return Err(Error::LibraryTooOld { found, needed });
        }
    }
    #[cfg(feature = "plain")]
    let _ = connection;
    Ok(())
}

#[cfg(not(feature = "plain"))]
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(['.', ' ']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn set_up(connection: &Connection, key: &[u8; 32]) -> rusqlite::Result<()> {
    #[cfg(not(feature = "plain"))]
    {
        // The library's own log goes to standard error; every failure comes back as an error anyway.
        connection.execute_batch("PRAGMA cipher_log_level = NONE;")?;
        connection.execute_batch(&key_pragma(key))?;
        connection.execute_batch(
            "PRAGMA cipher_page_size = 4096;
             PRAGMA cipher_use_hmac = ON;
             PRAGMA cipher_memory_security = OFF;",
        )?;
    }
    #[cfg(feature = "plain")]
    let _ = key;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    set_up_statements(connection)?;
    connection.execute_batch(
        "PRAGMA temp_store = MEMORY;
         PRAGMA trusted_schema = OFF;
         PRAGMA secure_delete = ON;
         PRAGMA foreign_keys = ON;",
    )?;
    // A page of changes touches some thousand leaves of the lists' indices; whatever is not held is
    // read and deciphered again. It is only taken when it is needed.
    let cache_kib = 16 * 1024;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))
}

/// Has statements compiled once. A plan never depends on a parameter's value: otherwise a statement
/// is compiled anew whenever a parameter changes that a LIMIT or a partial index could make use of.
fn set_up_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(())
}

/// A connection to a file, keyed and set up, before anything was read or written.
pub(crate) fn connect(
    path: &Path,
    key: &[u8; 32],
    which: Which,
    role: Role,
) -> Result<Connection, Error> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if role == Role::Writer {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let sql = |error| Error::sql(which, error);
    let connection = Connection::open_with_flags(path, flags).map_err(sql)?;
    // Until the file is known to be ours, nothing of its log is moved into it, not even by closing.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(sql)?;
    set_up(&connection, key).map_err(sql)?;
    check_library(&connection)?;
    Ok(connection)
}

/// Whether the file begins with the salt of this key.
fn has_salt_of(path: &Path, key: &[u8; 32]) -> bool {
    let mut found = [0_u8; 16];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut found));
    read.is_ok() && found == salt(key)
}

fn synchronous(which: Which) -> &'static str {
    match which {
        Which::Cache => "NORMAL",
        Which::Outbox => "FULL",
    }
}

/// Whether the key opens the file. Nothing is written.
pub(crate) fn fits(path: &Path, key: &[u8; 32], which: Which) -> bool {
    path.exists() && connect_and_look(path, key, which, Role::Reader).is_ok()
}

/// Connects and reads the schema, which shows whether the key fits. Nothing is written.
fn connect_and_look(
    path: &Path,
    key: &[u8; 32],
    which: Which,
    role: Role,
) -> Result<Connection, Error> {
    connect(path, key, which, role)
        .and_then(|connection| {
            connection
                .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
                .map_err(|error| Error::sql(which, error))?;
            Ok(connection)
        })
        .map_err(|error| match error {
            Error::Damaged { .. } if !has_salt_of(path, key) => Error::WrongKey { which },
            other => other,
        })
}

/// Opens a file for writing, makes it if it is missing, and brings its schema up to date. A wrong
/// key and a newer schema are found before the first byte is written.
pub(crate) fn open_writer(path: &Path, key: &[u8; 32], which: Which) -> Result<Connection, Error> {
    let sql = |error| Error::sql(which, error);
    let mut connection = connect_and_look(path, key, which, Role::Writer)?;
    migrations::check(&connection, which, migrations::of(which))?;
    accept(&connection).map_err(sql)?;
    connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))
        .map_err(sql)?;
    connection.pragma_update(None, "synchronous", synchronous(which)).map_err(sql)?;
    if which == Which::Cache {
        connection.pragma_update(None, "wal_autocheckpoint", LONGEST_LOG_PAGES).map_err(sql)?;
    }
    migrations::run(&mut connection, which, migrations::of(which))?;
    Ok(connection)
}

/// Opens the outbox's mirror, which need not wait for the disk: what a power cut takes from it is in
/// the outbox.
pub(crate) fn open_mirror(path: &Path, key: &[u8; 32]) -> Result<Connection, Error> {
    let connection = open_writer(path, key, Which::Outbox)?;
    connection
        .pragma_update(None, "synchronous", "NORMAL")
        .map_err(|error| Error::sql(Which::Outbox, error))?;
    Ok(connection)
}

/// From here on the connection treats the file as its own.
fn accept(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map(drop)
}

/// Opens another connection, for reading. A newer schema is refused before the first byte is
/// written.
pub(crate) fn open_reader(path: &Path, key: &[u8; 32], which: Which) -> Result<Connection, Error> {
    let connection = look_at(path, key, which)?;
    accept_reader(&connection, which)?;
    Ok(connection)
}

/// The same for a file that stays as it is, its log too, until [`accept_reader`]: something else may
/// still be in the way.
pub(crate) fn look_at(path: &Path, key: &[u8; 32], which: Which) -> Result<Connection, Error> {
    let connection = connect_and_look(path, key, which, Role::Reader)?;
    migrations::check(&connection, which, migrations::of(which))?;
    Ok(connection)
}

/// From here on the connection is one of those of an open store.
pub(crate) fn accept_reader(connection: &Connection, which: Which) -> Result<(), Error> {
    let sql = |error| Error::sql(which, error);
    accept(connection).map_err(sql)?;
    connection.pragma_update(None, "query_only", true).map_err(sql)?;
    connection.pragma_update(None, "synchronous", synchronous(which)).map_err(sql)
}

/// A database in memory without a schema.
pub(crate) fn empty_in_memory(which: Which) -> Result<Connection, Error> {
    let sql = |error| Error::sql(which, error);
    let connection = Connection::open_in_memory().map_err(sql)?;
    connection
        .execute_batch("PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")
        .map_err(sql)?;
    set_up_statements(&connection).map_err(sql)?;
    Ok(connection)
}

/// A database in memory with the same schema.
pub(crate) fn open_in_memory(which: Which) -> Result<Connection, Error> {
    let mut connection = empty_in_memory(which)?;
    migrations::run(&mut connection, which, migrations::of(which))?;
    Ok(connection)
}

/// Moves a long write-ahead log into the file, as far as no read needs it. For a moment in which
/// nobody waits: a change that finds the log at its longest does so itself, and waits for the disk.
pub(crate) fn shorten_log(connection: &Connection) -> rusqlite::Result<()> {
    let pages: i64 = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
        Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?)
    })?;
    if pages >= LONG_LOG_PAGES {
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    }
    Ok(())
}

/// Moves the write-ahead log into the file and empties it.
pub(crate) fn checkpoint(connection: &Connection, which: Which) -> Result<(), Error> {
    let busy: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(|error| Error::sql(which, error))?;
    if busy {
        return Err(Error::Io(format!("another program reads the {which}")));
    }
    Ok(())
}

/// Reads every page that is in use, and tells what does not fit together. An outbox is small enough
/// for its indices to be compared with its rows as well.
pub(crate) fn look_through(connection: &Connection, which: Which) -> Result<(), Error> {
    let check = match which {
        Which::Cache => "PRAGMA quick_check",
        Which::Outbox => "PRAGMA integrity_check",
    };
    no_complaints(connection, which, check)
}

/// Checks every page of a file, whose log must have been moved into it.
pub(crate) fn verify(connection: &Connection, which: Which) -> Result<(), Error> {
    // Reports pages whose HMAC does not fit, also where they are not in use.
    no_complaints(connection, which, "PRAGMA cipher_integrity_check")?;
    look_through(connection, which)
}

fn no_complaints(connection: &Connection, which: Which, check: &str) -> Result<(), Error> {
    let complaint = || -> rusqlite::Result<Option<String>> {
        let mut statement = connection.prepare(check)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let line: String = row.get(0)?;
            if line != "ok" {
                return Ok(Some(line));
            }
        }
        Ok(None)
    };
    match complaint().map_err(|error| Error::sql(which, error))? {
        None => Ok(()),
        Some(detail) => Err(Error::Damaged { which, detail }),
    }
}

#[cfg(test)]
#[cfg(not(feature = "plain"))]
mod tests {
    use super::*;

    #[test]
    fn library_versions_are_read_and_compared() {
        assert_eq!(parse_version("4.19.0 community"), Some((4, 19)));
        assert_eq!(parse_version("none"), None);
        let connection = Connection::open_in_memory().expect("a database in memory");
        check_library(&connection).expect("the linked library is new enough");
    }

    #[test]
    fn the_key_never_shows_in_its_salt() {
        let key = [7; 32];
        assert_ne!(salt(&key), key[..16]);
        assert_ne!(salt(&key), salt(&[8; 32]));
    }
}
