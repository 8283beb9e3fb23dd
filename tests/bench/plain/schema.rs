//! Settings and tables.

use std::path::Path;

use rusqlite::{Connection, Result};

/// Opens a file with the settings of Recado's own cache. `key` decides whether it is encrypted.
pub(crate) fn open(path: &Path, key: Option<&[u8; 32]>) -> Result<Connection> {
    let connection = Connection::open(path)?;
    if let Some(key) = key {
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        connection.execute_batch(&format!(
            "PRAGMA key = \"x'{hex}'\";
             PRAGMA cipher_page_size = 4096;
             PRAGMA cipher_use_hmac = ON;
             PRAGMA cipher_memory_security = OFF;
             PRAGMA secure_delete = ON;"
        ))?;
    }
    connection.execute_batch(
        "PRAGMA temp_store = MEMORY;
         PRAGMA foreign_keys = OFF;
         PRAGMA cache_size = -16384;",
    )?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// A table that costs the least there is: a number and the text.
pub(crate) fn make_floor(connection: &Connection) -> Result<()> {
    connection.execute_batch("CREATE TABLE floor (id INTEGER NOT NULL PRIMARY KEY, body TEXT)")
}

/// Reads the schema, which also shows whether the key fits, and makes it in a new file.
pub(super) fn make_if_missing(connection: &Connection, encrypted: bool) -> Result<()> {
    let tables: i64 =
        connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 {
        return Ok(());
    }
    connection.execute_batch(SCHEMA)?;
    if encrypted {
        // A leaf of the default length does not fit an encrypted page.
        connection.execute("INSERT INTO search (search, rank) VALUES ('pgsz', 3960)", [])?;
    }
    connection.execute("INSERT INTO search (search, rank) VALUES ('hashsize', 16777216)", [])?;
    connection.execute("INSERT INTO search (search, rank) VALUES ('automerge', 16)", [])?;
    Ok(())
}

/// The tables and the indices that the measured screens need, and no more.
const SCHEMA: &str = "
CREATE TABLE meta (one INTEGER NOT NULL PRIMARY KEY, cursor INTEGER NOT NULL) STRICT;

CREATE TABLE contacts (
    id BLOB NOT NULL PRIMARY KEY, external_id TEXT, name TEXT, email TEXT, phone TEXT,
    language TEXT, created_at INTEGER NOT NULL, version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
    conversation_key INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    contact_id BLOB NOT NULL,
    contact_name TEXT,
    title TEXT,
    state TEXT NOT NULL,
    snoozed_until INTEGER,
    priority TEXT NOT NULL,
    admin_assignee_id BLOB,
    team_assignee_id BLOB,
    tags TEXT NOT NULL,
    waiting_since INTEGER,
    created_at INTEGER NOT NULL,
    last_part_at INTEGER NOT NULL,
    preview TEXT NOT NULL,
    preview_author TEXT NOT NULL,
    preview_is_note INTEGER NOT NULL,
    part_count INTEGER NOT NULL,
    contact_part_count INTEGER NOT NULL,
    version INTEGER NOT NULL,
    unread INTEGER NOT NULL
) STRICT;

CREATE INDEX mine ON conversations (
    admin_assignee_id, last_part_at DESC, id DESC, contact_id, contact_name, title, state,
    snoozed_until, priority, team_assignee_id, tags, waiting_since, created_at, preview, preview_author,
    preview_is_note, part_count, contact_part_count, version, unread
) WHERE state = 'open';
CREATE INDEX everything_open ON conversations (
    last_part_at DESC, id DESC, contact_id, contact_name, title, state, snoozed_until, priority,
    admin_assignee_id, team_assignee_id, tags, waiting_since, created_at, preview, preview_author,
    preview_is_note, part_count, contact_part_count, version, unread
) WHERE state = 'open';
CREATE INDEX counted ON conversations (state, admin_assignee_id, team_assignee_id, unread)
    WHERE state <> 'closed';
CREATE INDEX of_contact ON conversations (contact_id, last_part_at DESC, id DESC);

-- Clustered by conversation: the place is its key times 2^32 plus the part's seq.
CREATE TABLE parts (
    place INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL,
    part_type TEXT NOT NULL,
    author_type TEXT NOT NULL,
    author_admin_id BLOB,
    author_name TEXT,
    body TEXT,
    body_text TEXT NOT NULL,
    rich INTEGER NOT NULL,
    assigned_to_admin_id BLOB,
    assigned_to_team_id BLOB,
    snoozed_until INTEGER,
    priority TEXT,
    tag TEXT,
    command_id BLOB,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE read_marks (
    conversation_id BLOB NOT NULL PRIMARY KEY, contact_parts_read INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE search USING fts5(
    body_text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
-- A message's number in the index is the time at which it was written, so that the index's own order
-- is the newest first.
CREATE TABLE docs (doc_id INTEGER NOT NULL PRIMARY KEY, place INTEGER NOT NULL) STRICT;
CREATE TABLE pending (doc_id INTEGER NOT NULL PRIMARY KEY) STRICT;
";
