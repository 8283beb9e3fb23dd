use std::path::Path;

use recado_server::backend::DataLock;
use recado_server::storage::{Db, DbError};

use super::{import, program, text};

/// The change log's id and its newest number.
async fn log(data_dir: &Path) -> (Vec<u8>, i64) {
    let db = Db::open_sqlite(data_dir.join("recado.db")).await.unwrap();
    db.read(async |tx| {
        let row = tx.query_one("SELECT log_id, seq FROM change_log_head", &[]).await?;
        Ok::<_, DbError>((row.get("log_id")?, row.get("seq")?))
    })
    .await
    .unwrap()
}

fn after_restore(data_dir: &Path) -> std::process::Output {
    program("after-restore").arg("--data-dir").arg(data_dir).output().unwrap()
}

#[tokio::test]
async fn a_restored_database_begins_a_new_log_and_goes_on_counting() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let file = directory.path().join("file.jsonl");
    std::fs::write(
        &file,
        "{\"id\":\"a\",\"messages\":[{\"from\":\"customer\",\"text\":\"Hello\"}]}",
    )
    .unwrap();
    std::fs::create_dir(&data_dir).unwrap();
    assert!(import(&data_dir, &file, &[]).status.success());
    let (old_id, old_seq) = log(&data_dir).await;

    let outcome = after_restore(&data_dir);
    assert!(outcome.status.success(), "{}", text(&outcome.stderr));
    assert!(text(&outcome.stdout).contains("A new change log has begun"));
    let (new_id, new_seq) = log(&data_dir).await;
    assert_ne!(new_id, old_id);
    assert!(new_seq >= old_seq, "no number is given twice: {new_seq} after {old_seq}");
}

#[tokio::test]
async fn it_works_on_nothing_that_is_in_use_or_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let outcome = after_restore(&missing);
    assert!(!outcome.status.success());
    assert!(text(&outcome.stderr).contains("restore the backup first"));
    assert!(!missing.exists());

    let data_dir = directory.path().join("data");
    let held = DataLock::try_take(&data_dir).unwrap().unwrap();
    let outcome = after_restore(&data_dir);
    assert!(!outcome.status.success());
    assert!(text(&outcome.stderr).contains("stop it first"), "{}", text(&outcome.stderr));
    drop(held);
}
