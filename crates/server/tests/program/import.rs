use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use recado_server::storage::{Db, DbError};

use super::{import, program, text};

/// How many lines the program stores together.
const BATCH: usize = 200;

fn lines(count: usize) -> String {
    (0..count)
        .map(|n| {
            format!(
                "{{\"id\":\"c{n}\",\"messages\":[{{\"from\":\"customer\",\"text\":\"Question {n}\"}},\
                 {{\"from\":\"agent\",\"text\":\"Answer {n}\"}}]}}\n"
            )
        })
        .collect()
}

/// How many conversations and parts there are.
async fn counts(data_dir: &Path) -> (usize, usize) {
    let db = Db::open_sqlite(data_dir.join("recado.db")).await.unwrap();
    db.read(async |tx| {
        let conversations = tx.query_one("SELECT COUNT(*) FROM conversation", &[]).await?.get(0)?;
        let parts = tx.query_one("SELECT COUNT(*) FROM part", &[]).await?.get(0)?;
        Ok::<_, DbError>((conversations, parts))
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn an_import_that_is_killed_leaves_whole_conversations_and_the_next_one_adds_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    std::fs::create_dir(&data_dir).unwrap();
    let file = directory.path().join("file.jsonl");
    std::fs::write(&file, lines(5 * BATCH)).unwrap();

    // The first is killed after its second batch, the others while they store one.
    for (fed, awaited) in [(2, 2), (3, 2), (4, 2)] {
        let mut child = program("import")
            .arg("-")
            .arg("--data-dir")
            .arg(&data_dir)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(lines(fed * BATCH).as_bytes()).unwrap();
        input.flush().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !data_dir.join("recado.db").exists()
            || counts_if_made(&data_dir).await.unwrap_or(0) < awaited * BATCH
        {
            assert!(Instant::now() < deadline, "the import does not get on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let (conversations, parts) = counts(&data_dir).await;
        assert!(conversations >= awaited * BATCH);
        assert_eq!(parts, 2 * conversations);
    }

    let before = counts(&data_dir).await.0;
    let outcome = import(&data_dir, &file, &[]);
    assert_eq!(outcome.status.code(), Some(0), "{}", text(&outcome.stderr));
    assert_eq!(counts(&data_dir).await, (5 * BATCH, 10 * BATCH));
    let said = text(&outcome.stdout);
    assert!(said.contains(&format!("Imported {} conversations", 5 * BATCH - before)), "{said}");
    assert!(said.contains(&format!("{before} conversations of the file had been")), "{said}");
}

/// As [`counts`], while the program may still be making its tables.
async fn counts_if_made(data_dir: &Path) -> Option<usize> {
    let path = data_dir.join("recado.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = rusqlite::Connection::open_with_flags(path, flags).ok()?;
    connection
        .query_row("SELECT COUNT(*) FROM conversation", [], |row| row.get::<_, i64>(0))
        .ok()
        .and_then(|count| usize::try_from(count).ok())
}

#[test]
fn how_an_import_ends_tells_whether_everything_is_in() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    std::fs::create_dir(&data_dir).unwrap();
    let file = directory.path().join("file.jsonl");

    std::fs::write(&file, lines(3)).unwrap();
    let complete = import(&data_dir, &file, &[]);
    assert_eq!(complete.status.code(), Some(0), "{}", text(&complete.stderr));
    let said = text(&complete.stdout);
    assert!(said.contains("Imported 3 conversations with 6 messages"), "{said}");
    assert!(said.contains("3 conversations had no times"), "{said}");

    let mut bad = lines(4).into_bytes();
    bad.extend_from_slice(b"{\"id\":\n\xFF\n");
    std::fs::write(&file, bad).unwrap();
    let report = directory.path().join("report.jsonl");
    let rejected = import(&data_dir, &file, &["--report", report.to_str().unwrap()]);
    assert_eq!(rejected.status.code(), Some(2), "{}", text(&rejected.stderr));
    let said = text(&rejected.stdout);
    assert!(said.contains("Imported 1 conversation with") && said.contains("line 6: "), "{said}");
    let report = std::fs::read_to_string(report).unwrap();
    let numbers: Vec<u64> = report
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|entry| entry["line"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [5, 6]);

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(lines(5).as_bytes()).unwrap();
    let whole = encoder.finish().unwrap();
    std::fs::write(&file, &whole[..whole.len() - 8]).unwrap();
    let early = import(&data_dir, &file, &[]);
    assert_eq!(early.status.code(), Some(1));
    let said = text(&early.stderr);
    assert!(said.contains("could not be read to its end"), "{said}");

    let missing = import(&data_dir, &directory.path().join("missing"), &[]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("cannot be read"));
    std::fs::write(&file, lines(1)).unwrap();
    let unknown = import(&data_dir, &file, &["--team", "Kitchen"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("there is no team \"Kitchen\""));
}
