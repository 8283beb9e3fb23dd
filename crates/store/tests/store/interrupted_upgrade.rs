//! A process that is killed while it brings the files up to date: whatever it leaves opens, and nothing is lost.

use std::fs;
use std::path::Path;

use recado_store::{Store, Which};
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::{Batch, Connection};

use crate::world::*;

/// The migrations of a file, in order.
pub(crate) fn steps(which: Which) -> Vec<String> {
    let folder = if which == Which::Cache { "cache" } else { "outbox" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/migrations").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|file| file.expect("a file").path())
        .collect();
    files.sort_unstable();
    files.iter().map(|file| fs::read_to_string(file).expect("readable")).collect()
}

/// A connection past the store. Nothing is kept in memory that could be in the file.
pub(crate) fn connect(dir: &Path, which: Which) -> Connection {
    let connection = Connection::open(dir.join(which.file_name())).expect("a connection");
    let key = if which == Which::Cache { "11" } else { "22" }.repeat(32);
    connection
        .execute_batch(&format!(
            "PRAGMA key = \"x'{key}'\"; PRAGMA journal_mode = WAL; PRAGMA cache_size = 1;
             PRAGMA cache_spill = 1;"
        ))
        .expect("its settings");
    connection
}

/// The files as the program wrote them when both schemas had version 1.
fn oldest() -> tempfile::TempDir {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema-1");
    copy_of(&fixture)
}

/// A copy of what a process that is killed now leaves.
pub(crate) fn copy_of(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    for file in fs::read_dir(dir).expect("the folder") {
        let path = file.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if !name.ends_with("-shm") {
            fs::copy(&path, copy.path().join(name)).expect("copied");
        }
    }
    copy
}

fn run(connection: &Connection, reached: usize, step: &str) {
    let sql = format!("BEGIN IMMEDIATE; {step}; PRAGMA user_version = {reached}; COMMIT;");
    connection.execute_batch(&sql).expect("a step");
}

/// Every object's definition, and the version.
fn schema(dir: &Path, which: Which) -> (Vec<String>, i64) {
    let connection = connect(dir, which);
    let version = |row: &rusqlite::Row<'_>| row.get(0);
    let definitions = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .expect("the schema");
    (definitions, connection.query_row("PRAGMA user_version", [], version).expect("a version"))
}

/// What opening makes of files that an interrupted migration left.
fn require_all(left: &tempfile::TempDir, fresh: &Path, what: &str) {
    let dir = left.path();
    let store = Store::open(dir, keys()).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let counts = store.outbox_counts().expect("counts");
    assert_eq!((counts.queued, counts.refused, counts.drafts), (2, 2, 2), "{what}");
    assert_eq!(store.cache_stats().expect("stats").heads, 5, "{what}");
    store.verify().unwrap_or_else(|error| panic!("{what}: {error:?}"));
    drop(store);
    for which in [Which::Cache, Which::Outbox] {
        assert_eq!(schema(dir, which), schema(fresh, which), "{what}");
    }
}

#[test]
fn a_process_killed_at_any_statement_of_any_migration_loses_nothing() {
    let fresh = tempfile::tempdir().expect("a folder");
    drop(open(fresh.path()));
    let mut kills = 0;
    for which in [Which::Cache, Which::Outbox] {
        let steps = steps(which);
        for reached in 1..steps.len() {
            let dir = oldest();
            let connection = connect(dir.path(), which);
            for (done, step) in steps.iter().enumerate().take(reached).skip(1) {
                run(&connection, done + 1, step);
            }
            let from = format!("{which} of version {reached}");
            require_all(&copy_of(dir.path()), fresh.path(), &from);
            connection.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
            let mut batch = Batch::new(&connection, &steps[reached]);
            while let Some(mut statement) = batch.next().expect("a statement") {
                let mut rows = statement.raw_query();
                while rows.next().expect("it runs").is_some() {}
                drop(rows);
                kills += 1;
                let what = format!("{from}, killed after statement {kills}");
                require_all(&copy_of(dir.path()), fresh.path(), &what);
            }
        }
    }
    assert!(kills >= 10, "{kills} statements");
}
