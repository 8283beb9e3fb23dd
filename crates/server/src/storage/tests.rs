//! One behaviour suite, run on a SQLite file, on SQLite in memory, and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::migrate::Migration;
use super::{Db, DbError, Engine, Row, Tx, Value, dialect, params, placeholders};

mod engines;
mod migration;
mod upgrade;

const FIRST: Migration = Migration {
    version: 1,
    name: "first",
    sql: "CREATE TABLE item (
              id {{blob}} NOT NULL PRIMARY KEY,
              name {{text}} NOT NULL UNIQUE,
              size {{int}},
              done {{bool}} NOT NULL DEFAULT FALSE,
              weight {{real}},
              data {{blob}}
          ) {{strict}};
          CREATE TABLE part (
              number {{serial_key}},
              item_id {{blob}} NOT NULL REFERENCES item (id),
              note {{text}}
          ) {{strict}};
          CREATE INDEX part_by_item ON part (item_id);
          CREATE {{unlogged}} TABLE presence (id {{blob}} NOT NULL PRIMARY KEY) {{clustered}};
          {{sqlite}}CREATE VIRTUAL TABLE words USING fts5 (tokens);{{end}}
          {{postgres}}CREATE TABLE words (tokens tsvector NOT NULL);{{end}}",
};
const SECOND: Migration =
    Migration { version: 2, name: "second", sql: "ALTER TABLE item ADD COLUMN colour {{text}};" };
const OLD: &[Migration] = &[FIRST];
const NEW: &[Migration] = &[FIRST, SECOND];

/// A database for one test, with what must outlive it.
struct Fixture {
    db: Db,
    _directory: Option<tempfile::TempDir>,
}

async fn sqlite_file() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let db = Db::open_sqlite_with(directory.path().join("recado.db"), OLD).await.unwrap();
    Fixture { db, _directory: Some(directory) }
}

async fn sqlite_memory() -> Fixture {
    Fixture { db: Db::open_sqlite_memory_with(OLD).unwrap(), _directory: None }
}

async fn postgres() -> Fixture {
    let db = Db::connect_postgres_with(&postgres_url(), Some(&new_schema()), OLD).await.unwrap();
    Fixture { db, _directory: None }
}

fn postgres_url() -> String {
    std::env::var("RECADO_TEST_POSTGRES").expect(
        "RECADO_TEST_POSTGRES is not set; `cargo xtask test` starts a PostgreSQL server for the tests, and \
         `cargo xtask postgres` starts one and prints its URL",
    )
}

fn new_schema() -> String {
    format!("test_{}", Uuid::new_v4().simple())
}

macro_rules! on_every_engine {
    ($($behaviour:ident),* $(,)?) => {
        on_every_engine!(@engine sqlite_file, $($behaviour),*);
        on_every_engine!(@engine sqlite_memory, $($behaviour),*);
        on_every_engine!(@engine postgres, $($behaviour),*);
    };
    (@engine $engine:ident, $($behaviour:ident),*) => {
        mod $engine {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $behaviour() {
                    let fixture = super::$engine().await;
                    super::$behaviour(&fixture.db).await;
                }
            )*
        }
    };
}

on_every_engine!(
    a_committed_row_is_there,
    an_error_takes_everything_back,
    a_panic_takes_everything_back_and_the_database_works_on,
    a_failed_statement_spoils_its_transaction_even_if_ignored,
    values_come_back_as_they_were,
    a_column_of_another_type_is_an_error,
    a_number_beyond_the_range_is_refused,
    a_wrong_number_of_parameters_is_refused,
    a_value_of_another_type_than_its_column_is_refused,
    constraint_violations_are_told_apart,
    a_read_sees_one_snapshot_and_cannot_write,
    a_write_goes_on_when_its_caller_has_gone,
    many_writers_succeed_beside_one_that_fails,
    one_row_is_asked_for_in_one_row_queries,
    text_is_ordered_by_its_bytes,
    sums_lists_and_generated_keys_work_in_one_text,
    full_text_search_finds_every_token_and_a_prefix,
    dialect_texts_are_valid_in_a_write,
);

async fn insert(tx: &mut Tx, id: Uuid, name: &str) -> Result<(), DbError> {
    tx.execute("INSERT INTO item (id, name) VALUES (?1, ?2)", &params![id, name]).await?;
    Ok(())
}

async fn names(db: &Db) -> Vec<String> {
    db.read(async |tx| {
        let rows = tx.query("SELECT name FROM item ORDER BY name", &[]).await?;
        rows.iter().map(|row| row.get(0)).collect::<Result<Vec<String>, DbError>>()
    })
    .await
    .unwrap()
}

async fn a_committed_row_is_there(db: &Db) {
    let id = Uuid::now_v7();
    db.write(async move |tx| insert(tx, id, "one").await).await.unwrap();
    assert_eq!(names(db).await, ["one"]);
}

async fn an_error_takes_everything_back(db: &Db) {
    let outcome: Result<(), DbError> = db
        .write(async |tx| {
            insert(tx, Uuid::now_v7(), "one").await?;
            Err(DbError::RowNotFound)
        })
        .await;
    assert_eq!(outcome, Err(DbError::RowNotFound));
    assert!(names(db).await.is_empty());
}

async fn a_panic_takes_everything_back_and_the_database_works_on(db: &Db) {
    for _ in 0..20 {
        let outcome: Result<(), DbError> = db
            .write(async |tx| {
                insert(tx, Uuid::now_v7(), "one").await?;
                panic!("on purpose")
            })
            .await;
        assert_eq!(outcome, Err(DbError::Panicked));
    }
    db.write(async |tx| insert(tx, Uuid::now_v7(), "two").await).await.unwrap();
    assert_eq!(names(db).await, ["two"]);
}

async fn a_failed_statement_spoils_its_transaction_even_if_ignored(db: &Db) {
    let outcome: Result<(), DbError> = db
        .write(async |tx| {
            insert(tx, Uuid::now_v7(), "one").await?;
            let twice = insert(tx, Uuid::now_v7(), "one").await;
            assert!(twice.is_err_and(|error| error.is_unique_violation()));
            assert_eq!(insert(tx, Uuid::now_v7(), "two").await, Err(DbError::Aborted));
            Ok(())
        })
        .await;
    assert!(outcome.is_err_and(|error| error.is_unique_violation()));
    assert!(names(db).await.is_empty());
    db.write(async |tx| insert(tx, Uuid::now_v7(), "three").await).await.unwrap();
    assert_eq!(names(db).await, ["three"]);
}

async fn values_come_back_as_they_were(db: &Db) {
    let id = Uuid::now_v7();
    let row: Row = db
        .write(async move |tx| {
            tx.query_one(
                "INSERT INTO item (id, name, size, done, weight, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 RETURNING id, name, size, done, weight, data",
                &params![id, "a\0b?é", i64::MIN, true, 0.5, vec![0_u8, 255]],
            )
            .await
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
    assert_eq!(row.get::<Uuid>("id"), Ok(id));
    assert_eq!(row.get::<String>(1), Ok("a\u{FFFD}b?é".to_owned()));
    assert_eq!(row.get::<i64>("size"), Ok(i64::MIN));
    assert_eq!(row.get::<bool>(3), Ok(true));
    assert_eq!(row.get::<f64>("weight"), Ok(0.5));
    assert_eq!(row.get::<Vec<u8>>(5), Ok(vec![0, 255]));

    let id = Uuid::now_v7();
    let row: Result<Row, DbError> = db
        .write(async move |tx| {
            tx.execute(
                "INSERT INTO item (id, name, size, done, weight, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                &params![id, "", None::<i64>, false, None::<f64>, Value::Null],
            )
            .await?;
            let changed = tx.execute("UPDATE item SET size = ?2 WHERE id = ?1", &params![id, None::<String>]).await?;
            assert_eq!(changed, 1);
            // A parameter that is used twice is given once.
            tx.query_one(
                "SELECT * FROM item WHERE id = ?1 AND (size = ?2 OR ?2 IS NULL) AND name <> 'is it ?1'",
                &params![id, None::<i64>],
            )
            .await
        })
        .await;
    let row = row.unwrap();
    assert_eq!(row.get::<String>("name"), Ok(String::new()));
    assert_eq!(row.get::<Option<i64>>("size"), Ok(None));
    assert_eq!(row.get::<bool>("done"), Ok(false));
    assert_eq!(row.get::<Option<f64>>("weight"), Ok(None));
    assert_eq!(row.get::<Option<Vec<u8>>>("data"), Ok(None));
}

async fn a_column_of_another_type_is_an_error(db: &Db) {
    db.write(async |tx| insert(tx, Uuid::now_v7(), "one").await).await.unwrap();
    let row: Result<Row, DbError> =
        db.read(async |tx| tx.query_one("SELECT name, size, data FROM item", &[]).await).await;
    let row = row.unwrap();
    assert!(matches!(row.get::<i64>("name"), Err(DbError::Decode { .. })));
    assert!(matches!(row.get::<i64>("size"), Err(DbError::Decode { .. })), "NULL is no number");
    assert!(matches!(row.get::<i64>("missing"), Err(DbError::Decode { .. })));
    assert!(matches!(row.get::<i64>(3), Err(DbError::Decode { .. })));
    assert!(!format!("{row:?}").contains("one"), "Debug output shows contents");
}

async fn a_number_beyond_the_range_is_refused(db: &Db) {
    let largest = i64::MAX.unsigned_abs();
    let select = |number: u64| async move {
        db.read(async move |tx| {
            tx.query_one("SELECT size FROM item WHERE size = ?1", &params![number]).await.map(drop)
        })
        .await
    };
    assert_eq!(select(largest).await, Err(DbError::RowNotFound));
    assert!(matches!(select(largest + 1).await, Err(DbError::Parameter(_))));
}

async fn a_wrong_number_of_parameters_is_refused(db: &Db) {
    let outcome: Result<_, DbError> =
        db.read(async |tx| tx.query("SELECT name FROM item WHERE id = ?1", &[]).await).await;
    assert!(matches!(outcome, Err(DbError::Parameter(_))));
}

async fn a_value_of_another_type_than_its_column_is_refused(db: &Db) {
    let outcome = db
        .write(async |tx| {
            let sql = "INSERT INTO item (id, name, size) VALUES (?1, ?2, ?3)";
            tx.execute(sql, &params![Uuid::now_v7(), "one", "large"]).await
        })
        .await;
    // SQLite finds it when it stores the value, PostgreSQL's driver before it sends it.
    assert!(
        matches!(outcome, Err(DbError::CheckViolation { .. } | DbError::Parameter(_))),
        "{outcome:?}"
    );
    assert!(names(db).await.is_empty());
}

async fn constraint_violations_are_told_apart(db: &Db) {
    let id = Uuid::now_v7();
    db.write(async move |tx| insert(tx, id, "one").await).await.unwrap();
    let same_id = db.write(async move |tx| insert(tx, id, "two").await).await;
    assert!(matches!(same_id, Err(DbError::UniqueViolation { .. })), "{same_id:?}");
    let same_name = db.write(async |tx| insert(tx, Uuid::now_v7(), "one").await).await;
    assert!(matches!(same_name, Err(DbError::UniqueViolation { .. })), "{same_name:?}");
    let orphan = db
        .write(async |tx| {
            tx.execute("INSERT INTO part (item_id) VALUES (?1)", &params![Uuid::now_v7()]).await
        })
        .await;
    assert!(matches!(orphan, Err(DbError::ForeignKeyViolation { .. })), "{orphan:?}");
    let nameless = db
        .write(async |tx| {
            tx.execute(
                "INSERT INTO item (id, name) VALUES (?1, ?2)",
                &params![Uuid::now_v7(), None::<&str>],
            )
            .await
        })
        .await;
    assert!(matches!(nameless, Err(DbError::CheckViolation { .. })), "{nameless:?}");
    let misspelt: Result<_, DbError> =
        db.read(async |tx| tx.query("SELECT nmae FROM item", &[]).await).await;
    assert!(matches!(misspelt, Err(DbError::Statement { .. })), "{misspelt:?}");
}

async fn count(tx: &mut Tx) -> Result<i64, DbError> {
    tx.query_one("SELECT count(*) FROM item", &[]).await?.get(0)
}

async fn a_read_sees_one_snapshot_and_cannot_write(db: &Db) {
    let refused = db.read(async |tx| insert(tx, Uuid::now_v7(), "one").await).await;
    assert_eq!(refused, Err(DbError::ReadOnly));
    db.write(async |tx| insert(tx, Uuid::now_v7(), "one").await).await.unwrap();

    // Between its two looks the reader lets a writer commit. In memory there is one connection, so there the writer
    // waits until the reader has ended, and the reader must not wait for it.
    let (looked, may_write) = std::sync::mpsc::channel::<()>();
    let (written, may_look) = std::sync::mpsc::channel::<()>();
    let may_look = std::sync::Mutex::new(may_look);
    let parallel = !db.is_in_memory();
    let reader = db.clone();
    let reading = tokio::spawn(async move {
        reader
            .read(async move |tx| {
                let first = count(tx).await?;
                looked.send(()).unwrap();
                if parallel {
                    may_look.lock().unwrap().recv().unwrap();
                }
                Ok::<_, DbError>((first, count(tx).await?))
            })
            .await
    });
    tokio::task::spawn_blocking(move || may_write.recv().unwrap()).await.unwrap();
    db.write(async |tx| insert(tx, Uuid::now_v7(), "two").await).await.unwrap();
    written.send(()).ok();
    assert_eq!(reading.await.unwrap(), Ok((1, 1)));
    assert_eq!(names(db).await, ["one", "two"]);
}

async fn a_write_goes_on_when_its_caller_has_gone(db: &Db) {
    let (reached, inside) = std::sync::mpsc::channel::<()>();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let writer = db.clone();
    let parallel = !db.is_in_memory();
    let caller = tokio::spawn(async move {
        writer
            .write(async move |tx| {
                insert(tx, Uuid::now_v7(), "one").await?;
                reached.send(()).unwrap();
                if parallel {
                    may_go_on.lock().unwrap().recv().unwrap();
                }
                insert(tx, Uuid::now_v7(), "two").await
            })
            .await
    });
    tokio::task::spawn_blocking(move || inside.recv().unwrap()).await.unwrap();
    caller.abort();
    let ended = caller.await;
    assert!(
        !parallel || ended.is_err_and(|error| error.is_cancelled()),
        "the caller must be gone by now"
    );
    go_on.send(()).ok();
    // On SQLite this queues behind the abandoned write; on PostgreSQL it waits for its lock on the unique name.
    let third = db.write(async |tx| insert(tx, Uuid::now_v7(), "one").await).await;
    assert!(third.is_err_and(|error| error.is_unique_violation()));
    assert_eq!(names(db).await, ["one", "two"]);
}

async fn many_writers_succeed_beside_one_that_fails(db: &Db) {
    let mut tasks = JoinSet::new();
    for number in 0..100_u32 {
        let db = db.clone();
        tasks.spawn(async move {
            let outcome: Result<(), DbError> = db
                .write(async move |tx| {
                    insert(tx, Uuid::now_v7(), &format!("{number:03}")).await?;
                    if number == 50 { Err(DbError::RowNotFound) } else { Ok(()) }
                })
                .await;
            (number, outcome)
        });
    }
    while let Some(ended) = tasks.join_next().await {
        let (number, outcome) = ended.unwrap();
        assert_eq!(outcome.is_err(), number == 50, "{number}: {outcome:?}");
    }
    let expected: Vec<String> =
        (0..100).filter(|number| *number != 50).map(|number| format!("{number:03}")).collect();
    assert_eq!(names(db).await, expected);
}

async fn one_row_is_asked_for_in_one_row_queries(db: &Db) {
    let ask =
        || async { db.read(async |tx| tx.query_opt("SELECT name FROM item", &[]).await).await };
    assert!(ask().await.unwrap().is_none());
    let missing: Result<Row, DbError> =
        db.read(async |tx| tx.query_one("SELECT name FROM item", &[]).await).await;
    assert_eq!(missing.err(), Some(DbError::RowNotFound));
    db.write(async |tx| insert(tx, Uuid::now_v7(), "one").await).await.unwrap();
    assert!(ask().await.unwrap().is_some());
    db.write(async |tx| insert(tx, Uuid::now_v7(), "two").await).await.unwrap();
    assert_eq!(ask().await.err(), Some(DbError::TooManyRows));
}

async fn text_is_ordered_by_its_bytes(db: &Db) {
    db.write(async |tx| {
        for name in ["b", "é", "B", "a", "_"] {
            insert(tx, Uuid::now_v7(), name).await?;
        }
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
    assert_eq!(names(db).await, ["B", "_", "a", "b", "é"]);
}

async fn sums_lists_and_generated_keys_work_in_one_text(db: &Db) {
    let ids = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    db.write(async move |tx| {
        for (id, size) in ids.into_iter().zip([-70_000_i64, 20_000, 1_234_567_890_123]) {
            let name = id.to_string();
            tx.execute("INSERT INTO item (id, name, size) VALUES (?1, ?2, ?3)", &params![id, name, size]).await?;
            let part = "INSERT INTO part (item_id, note) SELECT id, ?2 FROM item WHERE id = ?1 RETURNING number";
            let number: i64 = tx.query_one(part, &params![id, "x"]).await?.get(0)?;
            assert!(number > 0);
        }
        let total = |row: Row| row.get::<Option<i64>>(0);
        let sum = "SELECT sum(size) FROM item WHERE size < ?1";
        assert_eq!(total(tx.query_one(sum, &params![0_i64]).await?), Ok(Some(-70_000)));
        assert_eq!(total(tx.query_one(sum, &params![20_001_i64]).await?), Ok(Some(-50_000)));
        assert_eq!(total(tx.query_one(sum, &params![i64::MAX]).await?), Ok(Some(1_234_567_840_123)));
        assert_eq!(total(tx.query_one(sum, &params![i64::MIN]).await?), Ok(None));
        let list = format!("SELECT id FROM item WHERE id IN ({}) ORDER BY id", placeholders(1, 2));
        assert_eq!(tx.query(&list, &params![ids[0], ids[2]]).await?.len(), 2);
        let page = "SELECT id FROM item WHERE size > ?1 ORDER BY size DESC NULLS LAST LIMIT ?2";
        assert_eq!(tx.query(page, &params![-70_000_i64, 1_i64]).await?[0].get::<Uuid>(0), Ok(ids[2]));
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
}

async fn full_text_search_finds_every_token_and_a_prefix(db: &Db) {
    let engine = db.engine();
    db.write(async move |tx| {
        let insert = format!("INSERT INTO words (tokens) VALUES ({})", engine.full_text_value(1));
        for text in ["refund for order 4711", "order arrived", "日本 本語"] {
            tx.execute(&insert, &params![text]).await?;
        }
        Ok::<_, DbError>(())
    })
    .await
    .unwrap();
    let found = |tokens: &'static [&'static str], prefix: bool| async move {
        let query = engine.full_text_query(tokens, prefix).unwrap();
        let sql = format!(
            "SELECT count(*) FROM words WHERE {}",
            engine.full_text_match("words", "tokens", 1)
        );
        db.read(async move |tx| tx.query_one(&sql, &params![query.as_str()]).await?.get::<i64>(0))
            .await
    };
    assert_eq!(found(&["order"], false).await, Ok(2));
    assert_eq!(found(&["order", "refund"], false).await, Ok(1));
    assert_eq!(found(&["order", "arr"], false).await, Ok(0));
    assert_eq!(found(&["order", "arr"], true).await, Ok(1));
    assert_eq!(found(&["本語"], false).await, Ok(1));
    assert_eq!(found(&["4711"], false).await, Ok(1));
    assert_eq!(found(&["it's", "\\", "\"odd"], true).await, Ok(0));
    assert_eq!(engine.full_text_query(&[], true), None);
}

async fn dialect_texts_are_valid_in_a_write(db: &Db) {
    db.write(async |tx| {
        insert(tx, Uuid::now_v7(), "one").await?;
        for suffix in [tx.engine().for_update(), tx.engine().for_update_skip_locked()] {
            assert_eq!(tx.query(&format!("SELECT id FROM item{suffix}"), &[]).await?.len(), 1);
        }
        dialect::notify(tx, "wake", "1").await
    })
    .await
    .unwrap();
}
