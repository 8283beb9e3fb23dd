//! A server that dies, or loses its database, while it migrates: the next start finds everything and ends the work.

use std::path::Path;
use std::sync::mpsc;

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::*;
use crate::storage::migrate::{self, migrations};
use crate::storage::sqlite;

/// A row that the oldest schema takes.
const OF_BEFORE: &str = "INSERT INTO workspace (id, name, offline_lease_s, created_at, version) \
                         VALUES (?1, 'Lantern Bay', 86400, 1, 1)";

async fn keep_a_row(db: &Db) {
    let insert = async |tx: &mut Tx| tx.execute(OF_BEFORE, &params![Uuid::now_v7()]).await;
    db.write(insert).await.unwrap();
}

/// What a database holds after all migrations, whatever happened on the way.
async fn require_all(db: &Db, from: usize) {
    let names: Result<Vec<String>, DbError> = db
        .read(async |tx| {
            let rows = tx.query("SELECT name FROM workspace", &[]).await?;
            rows.iter().map(|row| row.get(0)).collect()
        })
        .await;
    let kept: &[&str] = if from == 0 { &[] } else { &["Lantern Bay"] };
    assert_eq!(names.unwrap(), kept, "from version {from}");
}

/// Every object's definition.
fn schema(path: &Path) -> Vec<String> {
    Connection::open(path)
        .unwrap()
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .unwrap()
}

/// A copy of what a process that is killed now leaves.
fn copy_of(path: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap();
        // The shared memory is made anew by whoever opens the file next.
        if !name.to_string_lossy().ends_with("-shm") {
            std::fs::copy(&path, copy.path().join(name)).unwrap();
        }
    }
    copy
}

/// Migrates, and copies the files whenever a statement begins to be compiled, which is when the one before it is done.
fn copies_while_migrating(path: &Path) -> Vec<tempfile::TempDir> {
    let mut connection = sqlite::open_for_migration(path).unwrap();
    // What is not committed goes to the file early, where a killed process would leave it.
    connection.execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1").unwrap();
    let (take, taken) = mpsc::channel();
    let place = path.to_owned();
    let hook = move |context: AuthContext<'_>| {
        // Each statement of a migration is a change, and this is the first that is asked about it.
        if matches!(
            context.action,
            AuthAction::CreateTable { .. }
                | AuthAction::CreateIndex { .. }
                | AuthAction::CreateVtable { .. }
                | AuthAction::AlterTable { .. }
                | AuthAction::DropTable { .. }
                | AuthAction::Transaction { .. }
        ) {
            take.send(copy_of(&place)).unwrap();
        }
        Authorization::Allow
    };
    connection.authorizer(Some(hook)).unwrap();
    migrate::sqlite(&mut connection, migrations()).unwrap();
    drop(connection);
    taken.into_iter().collect()
}

#[tokio::test]
async fn a_server_killed_at_any_statement_of_any_migration_loses_nothing_on_sqlite() {
    let fresh = tempfile::tempdir().unwrap();
    drop(Db::open_sqlite(fresh.path().join("recado.db")).await.unwrap());
    let wanted = schema(&fresh.path().join("recado.db"));
    let mut killed = 0;
    for from in 0..migrations().len() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("recado.db");
        if from > 0 {
            let older = Db::open_sqlite_with(path.clone(), &migrations()[..from]).await.unwrap();
            keep_a_row(&older).await;
        }
        for copy in copies_while_migrating(&path) {
            let path = copy.path().join("recado.db");
            require_all(&Db::open_sqlite(path.clone()).await.unwrap(), from).await;
            assert_eq!(schema(&path), wanted, "from version {from}");
            killed += 1;
        }
    }
    assert!(killed > 100, "{killed} statements");
}

/// Ends the session that begins a statement of a definition, when as many have begun as the table says.
const ENDS_SESSIONS: &str = "
    CREATE SCHEMA ending;
    CREATE SEQUENCE ending.begun;
    CREATE TABLE ending.at (statement bigint NOT NULL);
    INSERT INTO ending.at VALUES (0);
    CREATE FUNCTION ending.count() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('ending.begun') = (SELECT statement FROM ending.at) THEN
            PERFORM pg_terminate_backend(pg_backend_pid());
        END IF;
    END $$;
    CREATE EVENT TRIGGER ends_sessions ON ddl_command_start EXECUTE FUNCTION ending.count();";

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Every column, index and constraint of the schema.
async fn postgres_schema(client: &tokio_postgres::Client) -> Vec<String> {
    let rows = client.query(EVERYTHING, &[&SCHEMA]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// A database of its own, since what ends sessions would end those of other tests.
async fn own_postgres() -> (String, tokio_postgres::Client) {
    let name = format!("migrating_{}", Uuid::new_v4().simple());
    let all = connect(&postgres_url()).await;
    all.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (server, _) =
        postgres_url().rsplit_once('/').map(|(a, b)| (a.to_owned(), b.len())).unwrap();
    let url = format!("{server}/{name}");
    let client = connect(&url).await;
    client.batch_execute(ENDS_SESSIONS).await.unwrap();
    (url, client)
}

const SCHEMA: &str = "recado";
const EVERYTHING: &str = "
    SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default, collation_name)
    FROM information_schema.columns WHERE table_schema = $1
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = $1
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = $1::regnamespace
    ORDER BY 1";
/// More statements than any migration has.
const MANY: i64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ended_at_any_statement_of_any_migration_loses_nothing_on_postgres() {
    let (url, control) = own_postgres().await;
    let end_at = async |statement: i64| {
        let sql = format!(
            "SELECT setval('ending.begun', 1, false); UPDATE ending.at SET statement = {statement}"
        );
        control.batch_execute(&sql).await.unwrap();
    };
    let mut ended = 0;
    end_at(0).await;
    drop(Db::connect_postgres(&url, Some(SCHEMA)).await.unwrap());
    let wanted = postgres_schema(&control).await;
    assert!(wanted.len() > 200, "{} parts", wanted.len());
    for from in 0..migrations().len() {
        end_at(0).await;
        control.batch_execute(&format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")).await.unwrap();
        if from > 0 {
            let older =
                Db::connect_postgres_with(&url, Some(SCHEMA), &migrations()[..from]).await.unwrap();
            keep_a_row(&older).await;
        }
        // Only the next version: those after it are begun from databases of their own.
        let next = &migrations()[..=from];
        for statement in 1.. {
            end_at(statement).await;
            match Db::connect_postgres_with(&url, Some(SCHEMA), next).await {
                Ok(db) => {
                    require_all(&db, from).await;
                    break;
                }
                Err(error) => {
                    assert!(statement < MANY, "it does not come through: {error}");
                    ended += 1;
                }
            }
            let (table, version) =
                (format!("{SCHEMA}.schema_history"), i32::try_from(from).unwrap());
            let has_history: bool = control
                .query_one("SELECT to_regclass($1) IS NOT NULL", &[&table])
                .await
                .unwrap()
                .get(0);
            assert!(has_history || from == 0);
            if has_history {
                let sql = format!("SELECT coalesce(max(version), 0) FROM {table}");
                let found: i32 = control.query_one(&sql, &[]).await.unwrap().get(0);
                assert_eq!(found, version, "statement {statement} of the migration after {from}");
            }
        }
        end_at(0).await;
        require_all(&Db::connect_postgres(&url, Some(SCHEMA)).await.unwrap(), from).await;
        assert_eq!(postgres_schema(&control).await, wanted, "from version {from}");
    }
    assert!(ended > 80, "{ended} statements");
    let (_, name) = url.rsplit_once('/').unwrap();
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    connect(&postgres_url()).await.batch_execute(&drop).await.unwrap();
}
