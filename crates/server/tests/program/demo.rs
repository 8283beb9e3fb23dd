use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{import, program, text};

#[test]
fn a_demo_is_announced_once_it_can_be_used_takes_an_import_and_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let announce = directory.path().join("demo.json");
    let mut child = program("demo")
        .args(["--quiet", "--announce"])
        .arg(&announce)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while !announce.exists() {
        assert!(Instant::now() < deadline && child.try_wait().unwrap().is_none(), "no demo");
        std::thread::sleep(Duration::from_millis(20));
    }
    let written = std::fs::read(&announce).unwrap();
    let announced: serde_json::Value = serde_json::from_slice(&written).unwrap();
    let socket = PathBuf::from(announced["admin_socket"].as_str().unwrap());
    let data_dir = socket.parent().unwrap().to_owned();

    // The import goes through the running server, which holds the data.
    let file = directory.path().join("file.jsonl");
    let line =
        r#"{"id":"1","messages":[{"from":"agent","text":"x","author":"ben@cactus.example"}]}"#;
    std::fs::write(&file, line).unwrap();
    for said in ["Imported 1 conversation with 1 message", "Imported nothing new."] {
        let outcome = import(&data_dir, &file, &["--team", "Bank", "--link-authors"]);
        assert_eq!(outcome.status.code(), Some(0), "{}", text(&outcome.stderr));
        assert!(text(&outcome.stdout).contains(said), "{}", text(&outcome.stdout));
    }

    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(child.wait().unwrap().success());
    assert!(!data_dir.exists());
}

#[test]
fn a_demo_refuses_to_be_reached_from_elsewhere() {
    let outcome = program("demo").args(["--listen", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(outcome.status.code(), Some(1));
    assert!(text(&outcome.stderr).contains("for this machine alone"), "{}", text(&outcome.stderr));
}
