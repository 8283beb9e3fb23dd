//! Schema migrations: numbered files, each run once, in a transaction of its own.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Error, Which};

const CACHE: &[&str] = &[
    include_str!("migrations/cache/0001_schema.sql"),
    include_str!("migrations/cache/0002_owed.sql"),
    include_str!("migrations/cache/0003_search_pieces.sql"),
    include_str!("migrations/cache/0004_counts.sql"),
    include_str!("migrations/cache/0005_clock_seen.sql"),
    include_str!("migrations/cache/0006_fewer_writes.sql"),
];
const OUTBOX: &[&str] = &[
    include_str!("migrations/outbox/0001_schema.sql"),
    include_str!("migrations/outbox/0002_writes.sql"),
];

/// The migrations of a file, in order. The first one leads to version 1.
pub(crate) const fn of(which: Which) -> &'static [&'static str] {
    match which {
        Which::Cache => CACHE,
        Which::Outbox => OUTBOX,
    }
}

/// The schema's version; 0 for a new file.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Refuses a schema that only a newer program knows.
pub(crate) fn check(connection: &Connection, which: Which, steps: &[&str]) -> Result<(), Error> {
    let found = version(connection).map_err(|error| Error::sql(which, error))?;
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Error::TooNew { which, found, known });
    }
    Ok(())
}

/// Whether every step has been run.
pub(crate) fn is_present(connection: &Connection, steps: &[&str]) -> rusqlite::Result<bool> {
    Ok(usize::try_from(version(connection)?).is_ok_and(|done| done == steps.len()))
}

/// Brings the schema up to date. A step that fails or is interrupted leaves the version before it.
pub(crate) fn run(connection: &mut Connection, which: Which, steps: &[&str]) -> Result<(), Error> {
    let sql = |error| Error::sql(which, error);
    let done = usize::try_from(version(connection).map_err(sql)?).unwrap_or(0);
    for (reached, step) in (1_i64..).zip(steps).skip(done) {
        let tx =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
        tx.execute_batch(step).map_err(sql)?;
        tx.pragma_update(None, "user_version", reached).map_err(sql)?;
        tx.commit().map_err(sql)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(connection: &Connection) -> Vec<String> {
        connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .expect("the schema can be read")
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before_it_and_can_be_run_again() {
        let mut connection = Connection::open_in_memory().expect("a database in memory");
        let broken = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"];
        assert!(run(&mut connection, Which::Cache, &broken).is_err());
        assert_eq!(version(&connection).expect("a version"), 1);
        assert_eq!(schema(&connection), ["CREATE TABLE a (x)"]);

        let mended = ["CREATE TABLE a (x)", "CREATE TABLE b (x)"];
        run(&mut connection, Which::Cache, &mended).expect("the mended step runs");
        assert_eq!(version(&connection).expect("a version"), 2);
        assert_eq!(schema(&connection), mended);
    }

    #[test]
    fn running_again_changes_nothing() {
        for which in [Which::Cache, Which::Outbox] {
            let mut connection = Connection::open_in_memory().expect("a database in memory");
            run(&mut connection, which, of(which)).expect("the migrations run");
            let before = schema(&connection);
            run(&mut connection, which, of(which)).expect("the migrations run again");
            assert_eq!(schema(&connection), before);
        }
    }
}
