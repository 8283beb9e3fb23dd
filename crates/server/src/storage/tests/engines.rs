//! What one engine alone does, and how its databases are opened.

use super::*;

/// Opens the same SQLite file, with the server's own or a newer server's migrations.
async fn reopen(path: &std::path::Path, migrations: &'static [Migration]) -> Result<Db, DbError> {
    Db::open_sqlite_with(path.to_owned(), migrations).await
}

async fn add_item(db: Db) {
    db.write(async |tx| insert(tx, Uuid::now_v7(), "kept").await).await.unwrap();
}

#[tokio::test]
async fn a_sqlite_file_is_migrated_with_its_rows_and_refused_by_an_older_server() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("recado.db");
    add_item(reopen(&path, OLD).await.unwrap()).await;
    assert_eq!(names(&reopen(&path, NEW).await.unwrap()).await, ["kept"]);
    let refused = reopen(&path, OLD).await.err();
    assert_eq!(refused, Some(DbError::NewerSchema { found: 2, known: 1 }));
    let colours: Result<_, DbError> = reopen(&path, NEW)
        .await
        .unwrap()
        .read(async |tx| tx.query("SELECT colour FROM item", &[]).await)
        .await;
    assert_eq!(colours.unwrap().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_sqlite_file_can_be_read_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    add_item(reopen(&directory.path().join("recado.db"), OLD).await.unwrap()).await;
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
}

#[tokio::test]
async fn a_transaction_inside_a_transaction_is_an_error_and_not_a_deadlock() {
    let Fixture { db, .. } = sqlite_memory().await;
    let inner = db.clone();
    let nested = db.write(async move |_| inner.read(async |tx| count(tx).await).await).await;
    assert_eq!(nested, Err(DbError::Nested));

    let fixture = sqlite_file().await;
    let forever =
        fixture.db.write(async |_| std::future::pending::<Result<(), DbError>>().await).await;
    assert_eq!(forever, Err(DbError::Suspended));
    add_item(fixture.db.clone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_schema_is_migrated_once_by_servers_that_start_together() {
    let (url, schema) = (postgres_url(), new_schema());
    let mut servers = JoinSet::new();
    for _ in 0..4 {
        let (url, schema) = (url.clone(), schema.clone());
        servers.spawn(async move {
            Db::connect_postgres_with(&url, Some(&schema), OLD).await.map(drop)
        });
    }
    assert_eq!(servers.join_all().await, [Ok(()), Ok(()), Ok(()), Ok(())]);
    let open = |migrations| Db::connect_postgres_with(&url, Some(&schema), migrations);
    add_item(open(OLD).await.unwrap()).await;
    assert_eq!(names(&open(NEW).await.unwrap()).await, ["kept"]);
    assert_eq!(open(OLD).await.err(), Some(DbError::NewerSchema { found: 2, known: 1 }));
    open(NEW).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_that_deadlock_on_postgres_are_run_again() {
    let Fixture { db, .. } = postgres().await;
    db.write(async |tx| {
        insert(tx, Uuid::now_v7(), "a").await?;
        insert(tx, Uuid::now_v7(), "b").await
    })
    .await
    .unwrap();
    // On their first run both hold one row before either asks for the other one.
    let runs = Arc::new(AtomicU32::new(0));
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let mut tasks = JoinSet::new();
    for (mine, other) in [("a", "b"), ("b", "a")] {
        let (db, runs, both) = (db.clone(), Arc::clone(&runs), Arc::clone(&both));
        tasks.spawn(async move {
            let update = "UPDATE item SET size = coalesce(size, 0) + 1 WHERE name = ?1";
            db.write(async move |tx| {
                let run = runs.fetch_add(1, Ordering::SeqCst);
                tx.execute(update, &params![mine]).await?;
                if run < 2 {
                    both.wait().await;
                }
                tx.execute(update, &params![other]).await
            })
            .await
        });
    }
    assert_eq!(tasks.join_all().await, [Ok(1), Ok(1)]);
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    let sizes: Result<i64, DbError> =
        db.read(async |tx| tx.query_one("SELECT sum(size) FROM item", &[]).await?.get(0)).await;
    assert_eq!(sizes, Ok(4));
}

#[tokio::test]
async fn a_serialization_failure_on_postgres_is_retried_three_times() {
    let Fixture { db, .. } = postgres().await;
    let raise = "DO $$ BEGIN RAISE EXCEPTION 'collision' USING ERRCODE = '40001'; END $$";
    for failures in [3, 4] {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let outcome: Result<(), DbError> = db
            .write(async move |tx| {
                if counted.fetch_add(1, Ordering::SeqCst) < failures {
                    tx.execute(raise, &[]).await?;
                }
                Ok(())
            })
            .await;
        assert_eq!(outcome, if failures == 3 { Ok(()) } else { Err(DbError::Conflict) });
        assert_eq!(runs.load(Ordering::SeqCst), 4);
    }
}

#[tokio::test]
async fn a_write_on_postgres_ends_even_when_the_last_handle_is_dropped() {
    let (url, schema) = (postgres_url(), new_schema());
    let db = Db::connect_postgres_with(&url, Some(&schema), OLD).await.unwrap();
    let watcher = Db::connect_postgres_with(&url, Some(&schema), OLD).await.unwrap();
    let (reached, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (signal, wait) = (Arc::clone(&reached), Arc::clone(&go_on));
    let caller = tokio::spawn(async move {
        db.write(async move |tx| {
            insert(tx, Uuid::now_v7(), "one").await?;
            signal.notify_one();
            wait.notified().await;
            // A round trip, in which a task without its thread would be lost.
            insert(tx, Uuid::now_v7(), "two").await
        })
        .await
    });
    reached.notified().await;
    caller.abort();
    assert!(caller.await.is_err_and(|error| error.is_cancelled()));
    go_on.notify_one();
    let second = watcher.write(async |tx| insert(tx, Uuid::now_v7(), "one").await).await;
    assert!(second.is_err_and(|error| error.is_unique_violation()));
}

#[tokio::test]
async fn a_schema_name_that_is_not_plain_is_refused() {
    let refused =
        Db::connect_postgres("postgres://localhost/recado", Some("a; DROP TABLE item")).await;
    assert!(matches!(refused, Err(DbError::Configuration(_))));
    assert!(matches!(
        Db::open("postgres://db.example/x?sslmode=disable").await,
        Err(DbError::Configuration(_))
    ));
    assert_eq!(Db::open_sqlite_memory().await.map(|db| db.engine()).ok(), Some(Engine::Sqlite));
}
