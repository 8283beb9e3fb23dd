//! The files: keys, damage, quarantine, salvage.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use recado_protocol::*;
use recado_store::{Error, SalvageReport, Store, StoreKeys, Which};

use crate::world::*;

pub(crate) fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(dir)
        .expect("the folder")
        .map(|file| {
            let path = file.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("its bytes"))
        })
        .collect()
}

/// A closed store with one conversation, one waiting reply and one draft.
fn filled() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    start(&store);
    put(&store, (1..40).map(|n| whole(n, &["some words of a customer"; 20], 10)).collect());
    for n in 1..=60 {
        store.enqueue(&command(n, n, reply(&"a long answer ".repeat(20)))).expect("it is stored");
    }
    let draft = host::Draft {
        conversation_id: conversation(1),
        kind: host::DraftKind::Reply,
        body_text: "half an answer".into(),
    };
    store.save_draft(&draft, second(1)).expect("it is stored");
    drop(store);
    dir
}

fn flip(path: &Path, from: usize) {
    let mut bytes = fs::read(path).expect("the file");
    for byte in &mut bytes[from..from + 64] {
        *byte ^= 0xFF;
    }
    fs::write(path, bytes).expect("the file is written");
}

#[test]
fn nothing_readable_lies_in_the_files_and_plain_sqlite_cannot_open_them() {
    let dir = filled();
    for (name, bytes) in contents(dir.path()) {
        assert!(!bytes.starts_with(b"SQLite format 3"), "{name}");
        for word in [&b"customer"[..], b"a long answer", b"half an answer", b"CREATE TABLE"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word), "{name}");
        }
        let plain = rusqlite::Connection::open(dir.path().join(&name)).expect("a connection");
        let read =
            plain.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
        assert!(read.is_err(), "{name}");
    }
}

#[test]
fn a_wrong_key_is_told_apart_and_changes_no_byte() {
    let dir = filled();
    let before = contents(dir.path());
    let wrong_cache = StoreKeys { cache: [9; 32], ..keys() };
    let error = Store::open(dir.path(), wrong_cache).expect_err("the key does not fit");
    assert!(matches!(error, Error::WrongKey { which: Which::Cache }), "{error:?}");
    let wrong_outbox = StoreKeys { outbox: [9; 32], ..keys() };
    let error = Store::open(dir.path(), wrong_outbox).expect_err("the key does not fit");
    assert!(matches!(error, Error::WrongKey { which: Which::Outbox }), "{error:?}");
    assert_eq!(error.code(), ErrorCode::KeychainMismatch);
    assert_eq!(contents(dir.path()), before);
    open(dir.path());
}

#[test]
fn a_newer_schema_is_refused_and_changes_no_byte() {
    for which in [Which::Cache, Which::Outbox] {
        let dir = filled();
        let path = dir.path().join(which.file_name());
        let key = if which == Which::Cache { "11" } else { "22" }.repeat(32);
        let newer = rusqlite::Connection::open(&path).expect("a connection");
        // The salt stands in the file, so the key alone opens it.
        newer
            .execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA user_version = 99;"))
            .expect("a newer file");
        newer.close().expect("it closes");
        let before = contents(dir.path());
        let error = Store::open(dir.path(), keys()).expect_err("it is too new");
        assert!(matches!(error, Error::TooNew { found: 99, .. }), "{error:?}");
        // Its neighbours are as the newer program left them, too.
        let after = contents(dir.path());
        for (name, bytes) in before {
            assert_eq!(after.get(&name), Some(&bytes), "{name}");
        }
    }
}

#[test]
fn damage_anywhere_in_the_cache_is_told_and_a_new_one_can_be_made() {
    let pages = fs::metadata(filled().path().join("cache.db")).expect("the file").len() / 4096;
    assert!(pages > 20, "{pages}");
    for page in [0, 1, pages / 2, pages - 1] {
        let dir = filled();
        flip(&dir.path().join("cache.db"), usize::try_from(page).expect("small") * 4096 + 1000);
        let damaged = Store::open(dir.path(), keys()).and_then(|store| store.verify());
        let error = damaged.expect_err("the damage is seen");
        assert!(matches!(error, Error::Damaged { which: Which::Cache, .. }), "{page}: {error:?}");

        let aside =
            Store::quarantine_cache(dir.path()).expect("it is moved").expect("it was there");
        assert!(aside.exists());
        let store = open(dir.path());
        assert_eq!(store.meta().expect("meta").log_id, None);
        assert_eq!(store.outbox_counts().expect("counts").queued, 60);
        drop(store);
        Store::destroy(dir.path()).expect("all goes");
        assert!(contents(dir.path()).is_empty());
    }
}

#[test]
fn reading_a_damaged_page_is_an_error_and_never_a_wrong_answer() {
    let dir = filled();
    let path = dir.path().join("cache.db");
    let pages = fs::metadata(&path).expect("the file").len() / 4096;
    let whole = fs::read(&path).expect("the file");
    let good = view_of(&open(dir.path()), 7);
    fs::write(&path, &whole).expect("the file is written");
    let mut errors = 0;
    for page in 1..pages {
        fs::write(&path, &whole).expect("the file is written");
        flip(&path, usize::try_from(page).expect("small") * 4096 + 500);
        let read = Store::open(dir.path(), keys()).and_then(|store| {
            store.conversation_view(&host::OpenRequest {
                conversation_id: conversation(7),
                limit: 200,
            })
        });
        match read {
            Ok(view) => assert_eq!(view.as_ref(), Some(&good), "page {page}"),
            Err(Error::Damaged { which: Which::Cache, .. }) => errors += 1,
            Err(other) => panic!("page {page}: {other:?}"),
        }
        fs::remove_file(dir.path().join("cache.db-wal")).ok();
        fs::remove_file(dir.path().join("cache.db-shm")).ok();
    }
    assert!(errors > 0);
}

#[test]
fn a_damaged_outbox_gives_back_every_item_that_can_be_read() {
    let dir = filled();
    let path = dir.path().join("outbox.db");
    let mirror = dir.path().join("outbox.db-mirror");
    let hidden = dir.path().join("hidden");
    fs::rename(&mirror, &hidden).expect("moved");
    let pages = fs::metadata(&path).expect("the file").len() / 4096;
    let whole = fs::read(&path).expect("the file");
    for page in 1..pages {
        fs::write(&path, &whole).expect("the file is written");
        flip(&path, usize::try_from(page).expect("small") * 4096 + 500);
        let report = Store::salvage_outbox(dir.path(), [0x22; 32]).expect("a report");
        let found = report.commands.len() + report.unreadable as usize;
        assert!(found == 60 || report.incomplete, "page {page}: {found}");
        assert!(report.drafts.len() == 1 || report.incomplete, "page {page}");
        for command in &report.commands {
            assert_eq!(command.action, reply(&"a long answer ".repeat(20)));
        }
    }

    fs::rename(&hidden, &mirror).expect("moved back");
    fs::write(&path, &whole).expect("the file is written");
    let report = Store::salvage_outbox(dir.path(), [0x22; 32]).expect("a report");
    assert_eq!((report.commands.len(), report.unreadable, report.incomplete), (60, 0, false));
    assert!(report.from_mirror);
    // What an attempt that was cut off has left is in nobody's way.
    let beside = dir.path().join("outbox.db-making");
    fs::write(&beside, "half a file").expect("written");
    let report = SalvageReport { from_mirror: false, ..report };
    let aside = Store::replace_outbox(dir.path(), [0x22; 32], &report).expect("replaced");
    assert_eq!(fs::read(aside.expect("it is kept")).expect("readable"), whole);
    assert!(!beside.exists());
    let counts = open(dir.path()).outbox_counts().expect("counts");
    assert_eq!((counts.queued, counts.drafts), (60, 1));

    // Cut off before its moves, and between them: the new one is ready.
    let ready = dir.path().join("outbox.db-ready");
    fs::copy(&path, &ready).expect("copied");
    for damaged in [Some(b"damaged"), None] {
        match damaged {
            Some(bytes) => fs::write(&path, bytes).expect("written"),
            None => fs::rename(&path, &ready).expect("moved"),
        }
        let counts = open(dir.path()).outbox_counts().expect("counts");
        assert_eq!((counts.queued, counts.drafts), (60, 1));
        assert!(!ready.exists());
    }
}

/// What a killed program leaves of [`filled`]: the last thirty commands are in the log alone.
fn killed() -> tempfile::TempDir {
    let dir = filled();
    let copy = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    for n in 61..=90 {
        store.enqueue(&command(n, n, reply("a late answer"))).expect("it is stored");
    }
    for (name, bytes) in contents(dir.path()) {
        if !name.ends_with("-shm") {
            fs::write(copy.path().join(name), bytes).expect("copied");
        }
    }
    copy
}

/// What a disk does to a file.
type Loss = fn(&Path);

#[test]
fn whatever_one_of_the_outbox_and_its_mirror_loses_is_in_the_other() {
    let names = ["outbox.db", "outbox.db-wal", "outbox.db-mirror", "outbox.db-mirror-wal"];
    let losses: [(&str, Loss); 5] = [
        ("gone", |path| fs::remove_file(path).expect("removed")),
        ("without its beginning", |path| {
            let mut bytes = fs::read(path).expect("readable");
            let beginning = bytes.len().min(4_096);
            bytes[..beginning].fill(0);
            fs::write(path, bytes).expect("written");
        }),
        ("empty", |path| fs::write(path, b"").expect("written")),
        ("half", |path| {
            let bytes = fs::read(path).expect("readable");
            fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
        }),
        // In a log SQLite takes this for its end.
        ("flipped", |path| {
            let len = fs::metadata(path).expect("there").len();
            flip(path, usize::try_from(len).expect("small") / 2);
        }),
    ];
    for name in names {
        for (loss, lose) in losses {
            let dir = killed();
            lose(&dir.path().join(name));
            let store = match Store::open(dir.path(), keys()) {
                Ok(store) => store,
                // Without its beginning a file looks like one of another key.
                Err(
                    Error::Damaged { which: Which::Outbox, .. }
                    | Error::WrongKey { which: Which::Outbox },
                ) => {
                    assert!(!name.contains("mirror"), "{name} {loss}: the outbox is sound");
                    let report = Store::salvage_outbox(dir.path(), [0x22; 32]).expect("a report");
                    assert!(report.from_mirror, "{name} {loss}: {report:?}");
                    Store::replace_outbox(dir.path(), [0x22; 32], &report).expect("replaced");
                    open(dir.path())
                }
                Err(error) => panic!("{name} {loss}: {error:?}"),
            };
            let counts = store.outbox_counts().expect("counts");
            assert_eq!((counts.queued, counts.drafts), (90, 1), "{name} {loss}");
            // And both go on together.
            store.enqueue(&command(91, 91, reply("one more"))).expect("it is stored");
            store.verify().expect("both are sound");
            drop(store);
            let report = Store::salvage_outbox(dir.path(), [0x22; 32]).expect("a report");
            assert!(report.from_mirror, "{name} {loss}: the mirror is behind");
            assert_eq!(report.commands.len(), 91, "{name} {loss}");
        }
    }
}

/// A file of the outbox as it was before the last command, in the place of the one with it.
fn set_back(name: &str) -> tempfile::TempDir {
    let dir = filled();
    let earlier = fs::read(dir.path().join(name)).expect("the file");
    let store = open(dir.path());
    store.enqueue(&command(61, 61, reply("a late answer"))).expect("it is stored");
    drop(store);
    fs::write(dir.path().join(name), earlier).expect("written");
    dir
}

#[test]
fn an_outbox_that_is_older_than_its_tally_is_found_at_the_start() {
    let dir = set_back("outbox.db");
    let error = Store::open(dir.path(), keys()).expect_err("something is missing");
    assert!(matches!(error, Error::Damaged { which: Which::Outbox, .. }), "{error:?}");
    let report = Store::salvage_outbox(dir.path(), [0x22; 32]).expect("a report");
    assert_eq!((report.commands.len(), report.from_mirror, report.incomplete), (61, true, false));
}

#[test]
fn an_outbox_without_a_tally_that_lost_its_end_is_found_by_the_first_write() {
    let dir = set_back("outbox.db");
    fs::remove_file(dir.path().join("outbox.db-count")).expect("removed");
    let store = open(dir.path());
    let error = store.enqueue(&command(62, 62, reply("lost"))).expect_err("something is missing");
    assert!(matches!(error, Error::Damaged { which: Which::Outbox, .. }), "{error:?}");
    drop(store);
    let report = Store::salvage_outbox(dir.path(), [0x22; 32]).expect("a report");
    assert!(report.from_mirror);
    assert_eq!(report.commands.len(), 61);
}

#[test]
fn what_the_outbox_and_its_mirror_have_both_lost_is_told_and_then_seen_to() {
    let logs = ["outbox.db-wal", "outbox.db-mirror-wal"];
    let files = ["outbox.db", "outbox.db-wal", "outbox.db-mirror", "outbox.db-mirror-wal"];
    for (gone, left) in [(&logs[..], 60), (&files[..], 0)] {
        let dir = killed();
        for name in gone {
            fs::remove_file(dir.path().join(name)).expect("removed");
        }
        let error = Store::open(dir.path(), keys()).expect_err("something is missing");
        assert!(matches!(error, Error::Damaged { which: Which::Outbox, .. }), "{error:?}");
        let report = Store::salvage_outbox(dir.path(), [0x22; 32]).expect("a report");
        assert_eq!((report.commands.len(), report.incomplete), (left, true));
        Store::replace_outbox(dir.path(), [0x22; 32], &report).expect("replaced");
        let store = open(dir.path());
        store.enqueue(&command(91, 91, reply("one more"))).expect("it is stored");
        drop(store);
        assert_eq!(open(dir.path()).outbox_counts().expect("counts").queued as usize, left + 1);
    }
}

#[test]
fn a_tally_that_cannot_be_read_or_written_stops_nobody() {
    let spoil: [fn(&Path); 3] = [
        |path| fs::write(path, [7; 16]).expect("written"),
        |path| fs::write(path, [0xFF; 40]).expect("written"),
        |path| {
            fs::remove_file(path).expect("removed");
            fs::create_dir(path).expect("a folder in its place");
        },
    ];
    for spoil in spoil {
        let dir = killed();
        spoil(&dir.path().join("outbox.db-count"));
        let store = open(dir.path());
        store.enqueue(&command(91, 91, reply("one more"))).expect("it is stored");
        drop(store);
        assert_eq!(open(dir.path()).outbox_counts().expect("counts").queued, 91);
    }
}

#[test]
fn a_mirror_that_cannot_be_written_stops_nobody() {
    let dir = filled();
    let mirror = dir.path().join("outbox.db-mirror");
    fs::remove_file(&mirror).expect("removed");
    fs::create_dir(&mirror).expect("a folder in its place");
    let store = open(dir.path());
    store.enqueue(&command(61, 61, reply("a late answer"))).expect("it is stored");
    assert_eq!(store.outbox_counts().expect("counts").queued, 61);
}

#[test]
fn two_damaged_files_give_back_together_what_either_can_give() {
    let dir = filled();
    let (outbox, mirror) = (dir.path().join("outbox.db"), dir.path().join("outbox.db-mirror"));
    let pages = fs::metadata(&outbox).expect("the file").len() / 4096;
    let whole = [fs::read(&outbox).expect("the file"), fs::read(&mirror).expect("the file")];
    for page in 1..pages {
        fs::write(&outbox, &whole[0]).expect("written");
        fs::write(&mirror, &whole[1]).expect("written");
        flip(&outbox, usize::try_from(page).expect("small") * 4096 + 500);
        let other = if page + 1 < pages { page + 1 } else { 1 };
        flip(&mirror, usize::try_from(other).expect("small") * 4096 + 500);
        let report = Store::salvage_outbox(dir.path(), [0x22; 32]).expect("a report");
        assert!(!report.from_mirror, "page {page}");
        let found = report.commands.len() + report.unreadable as usize;
        assert!(found == 60 || report.incomplete, "page {page}: {found}");
    }
}

#[test]
fn a_newer_file_with_a_log_is_refused_and_its_log_stays() {
    let dir = killed();
    let path = dir.path().join("outbox.db");
    let newer = rusqlite::Connection::open(&path).expect("a connection");
    let key = "22".repeat(32);
    newer
        .execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA user_version = 99;"))
        .expect("a newer file");
    let copy = tempfile::tempdir().expect("a folder");
    for (name, bytes) in contents(dir.path()) {
        if !name.ends_with("-shm") {
            fs::write(copy.path().join(name), bytes).expect("copied");
        }
    }
    drop(newer);
    let before = contents(copy.path());
    let error = Store::open(copy.path(), keys()).expect_err("it is too new");
    assert!(matches!(error, Error::TooNew { found: 99, .. }), "{error:?}");
    let mut after = contents(copy.path());
    after.retain(|name, _| !name.ends_with("-shm"));
    assert!(!before["outbox.db-wal"].is_empty());
    assert_eq!(after, before);
}

#[test]
fn an_outbox_that_lost_its_content_is_not_taken_for_a_new_one() {
    let dir = filled();
    fs::write(dir.path().join("outbox.db"), b"").expect("the file is written");
    let error = Store::open(dir.path(), keys()).expect_err("something is missing");
    assert!(matches!(error, Error::Damaged { which: Which::Outbox, .. }), "{error:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file");
    fs::write(&file, b"").expect("a file");
    let error = Store::open(&file.join("inside"), keys()).expect_err("a file is no folder");
    assert_eq!(error.code(), ErrorCode::DiskFailed);
}

#[cfg(unix)]
#[test]
fn the_folder_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a folder");
    let account = dir.path().join("account");
    open(&account);
    let mode = fs::metadata(&account).expect("the folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_sound_store_verifies() {
    let dir = filled();
    let store = open(dir.path());
    store.verify().expect("nothing is wrong");
    store.finish_eviction().expect("the log is emptied");
    let log = fs::metadata(dir.path().join("cache.db-wal")).expect("the log").len();
    assert_eq!(log, 0);
    assert!(store.cache_stats().expect("stats").file_bytes > 4096);
}
