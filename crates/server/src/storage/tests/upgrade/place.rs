//! Where a database of an earlier schema lies, and what stands in it, read past the server's own code.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::Connection;

use crate::storage::migrate::{Migration, expand};
use crate::storage::tests::{new_schema, postgres_url};
use crate::storage::{Db, DbError, Engine};

/// Where refinery keeps what it has done.
const HISTORY: &str = "schema_history";

/// What stands in each table.
pub(super) type Contents = BTreeMap<String, Table>;

/// Columns in their order, and the rows as text, sorted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<String>,
}

/// A database of a test's own.
pub(super) enum Place {
    Sqlite(tempfile::TempDir),
    Postgres { schema: String, client: tokio_postgres::Client },
}

impl Place {
    pub(super) async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(tempfile::tempdir().unwrap()),
            Engine::Postgres => {
                let (client, connection) =
                    tokio_postgres::connect(&postgres_url(), tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(connection);
                let schema = new_schema();
                let sql = format!("CREATE SCHEMA {schema}; SET search_path TO {schema}");
                client.batch_execute(&sql).await.unwrap();
                Self::Postgres { schema, client }
            }
        }
    }

    fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres { .. } => Engine::Postgres,
        }
    }

    /// The file of a SQLite database.
    pub(super) fn file(directory: &tempfile::TempDir) -> PathBuf {
        directory.path().join("recado.db")
    }

    /// Opens it as a server with these migrations does.
    pub(super) async fn open(&self, migrations: &'static [Migration]) -> Result<Db, DbError> {
        match self {
            Self::Sqlite(directory) => {
                Db::open_sqlite_with(Self::file(directory), migrations).await
            }
            Self::Postgres { schema, .. } => {
                Db::connect_postgres_with(&postgres_url(), Some(schema), migrations).await
            }
        }
    }

    /// Puts rows in: SQL with the placeholders of migrations, whose bytes are written `x'…'`.
    pub(super) async fn insert(&self, rows: &[&str]) {
        for rows in rows {
            self.run(&expand(self.engine(), rows).unwrap()).await;
        }
    }

    async fn run(&self, sql: &str) {
        match self {
            Self::Sqlite(directory) => {
                let connection = Connection::open(Self::file(directory)).unwrap();
                let sql = format!("PRAGMA foreign_keys = ON; BEGIN; {sql} COMMIT;");
                connection.execute_batch(&sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
            }
            Self::Postgres { client, .. } => {
                let sql = sql.replace(" x'", " '\\x").replace("(x'", "('\\x");
                let done = client.batch_execute(&format!("BEGIN; {sql} COMMIT;")).await;
                done.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
            }
        }
    }

    /// Has the history say that a server of a later version was here.
    pub(super) async fn pretend_newer(&self, version: i32) {
        let newer = format!(
            "INSERT INTO {HISTORY} (version, name, applied_on, checksum) \
             VALUES ({version}, 'later', '2030-01-01T00:00:00Z', '1');"
        );
        self.run(&newer).await;
    }

    /// As a server leaves it that has ended: a SQLite file alone, without a log.
    pub(super) fn left_behind(self) -> Self {
        let Self::Sqlite(directory) = self else { return self };
        let connection = Connection::open(Self::file(&directory)).unwrap();
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
            .unwrap();
        let alone = tempfile::tempdir().unwrap();
        std::fs::copy(Self::file(&directory), Self::file(&alone)).unwrap();
        Self::Sqlite(alone)
    }

    /// Every file of a SQLite database, byte for byte.
    pub(super) fn bytes(&self) -> BTreeMap<std::ffi::OsString, Vec<u8>> {
        let Self::Sqlite(directory) = self else { return BTreeMap::new() };
        let files = std::fs::read_dir(directory.path()).unwrap();
        let bytes = |file: std::io::Result<std::fs::DirEntry>| {
            let file = file.unwrap();
            (file.file_name(), std::fs::read(file.path()).unwrap())
        };
        files.map(bytes).collect()
    }

    /// What refinery has noted of each migration.
    pub(super) async fn checksums(&self) -> Vec<String> {
        self.texts(&format!("SELECT checksum FROM {HISTORY} ORDER BY version")).await
    }

    /// Every table with all of its columns and rows. Full-text tables of SQLite keep no rows that could be read.
    pub(super) async fn contents(&self) -> Contents {
        let names = match self {
            Self::Sqlite(_) => {
                "SELECT list.name || ' ' || info.name FROM pragma_table_list AS list, \
                 pragma_table_info(list.name) AS info WHERE list.schema = 'main' \
                 AND list.type = 'table' AND list.name NOT LIKE 'sqlite_%' ORDER BY list.name, info.cid"
            }
            Self::Postgres { .. } => {
                "SELECT table_name || ' ' || column_name FROM information_schema.columns \
                 WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
            }
        };
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in self.texts(names).await {
            let (table, column) = name.split_once(' ').unwrap();
            if table != HISTORY {
                columns.entry(table.to_owned()).or_default().push(column.to_owned());
            }
        }
        let mut contents = Contents::new();
        for (table, columns) in columns {
            let rows = self.rows(&table, &columns).await;
            contents.insert(table, Table { columns, rows });
        }
        contents
    }

    /// The same tables and columns as `known`, as they are now.
    pub(super) async fn contents_of(&self, known: &Contents) -> Contents {
        let mut contents = Contents::new();
        for (table, Table { columns, .. }) in known {
            let rows = self.rows(table, columns).await;
            contents.insert(table.clone(), Table { columns: columns.clone(), rows });
        }
        contents
    }

    async fn rows(&self, table: &str, columns: &[String]) -> Vec<String> {
        let row = match self {
            Self::Sqlite(_) => {
                let quoted: Vec<_> = columns.iter().map(|name| format!("quote({name})")).collect();
                quoted.join(" || ', ' || ")
            }
            Self::Postgres { .. } => format!("CAST(ROW({}) AS text)", columns.join(", ")),
        };
        self.texts(&format!("SELECT {row} FROM {table} ORDER BY 1")).await
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(directory) => {
                let connection = Connection::open(Self::file(directory)).unwrap();
                let mut statement = connection.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.collect::<Result<_, _>>().unwrap()
            }
            Self::Postgres { client, .. } => {
                let rows = client.query(sql, &[]).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }
}
