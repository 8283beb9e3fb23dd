//! What can only be seen from inside: the settings of each connection, and a disk without room.

use recado_protocol::host::{Draft, DraftKind};
use recado_protocol::{ConversationId, Timestamp};
use uuid::Uuid;

use super::*;
use crate::keys::StoreKeys;

fn opened() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().expect("a folder");
    let keys = StoreKeys { cache: [1; 32], outbox: [2; 32] };
    let store = Store::open(dir.path(), keys).expect("the store opens");
    (dir, store)
}

fn pragma(connection: &Connection, name: &str) -> String {
    let text = |row: &rusqlite::Row<'_>| {
        let value: rusqlite::types::Value = row.get(0)?;
        Ok(match value {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        })
    };
    connection.query_row(&format!("PRAGMA {name}"), [], text).expect(name)
}

#[test]
fn every_connection_has_the_settings_that_protect_it() {
    let (_dir, store) = opened();
    let reader = store.reader.as_ref().expect("a reader");
    let connections = [
        (lock(&store.writer), "1", "-16384"),
        (lock(reader), "1", "-16384"),
        (lock(&store.outbox), "2", "-16384"),
    ];
    for (connection, synchronous, cache_size) in &connections {
        for (name, expected) in [
            ("journal_mode", "wal"),
            ("synchronous", synchronous),
            ("cache_size", cache_size),
            ("temp_store", "2"),
            ("trusted_schema", "0"),
            ("secure_delete", "1"),
            ("foreign_keys", "1"),
            ("page_size", "4096"),
        ] {
            assert_eq!(pragma(connection, name), expected, "{name}");
        }
        #[cfg(not(feature = "plain"))]
        for (name, expected) in [
            ("cipher_page_size", "4096"),
            ("cipher_use_hmac", "1"),
            ("cipher_memory_security", "0"),
            ("cipher_hmac_algorithm", "HMAC_SHA512"),
        ] {
            assert_eq!(pragma(connection, name), expected, "{name}");
        }
    }
    let refused = connections[1].0.execute("DELETE FROM meta", []);
    assert!(refused.is_err(), "the reader cannot write");
}

#[test]
fn a_full_disk_is_told_and_loses_nothing_that_was_stored() {
    let (_dir, store) = opened();
    let draft = |n: u128, body_text: String| Draft {
        conversation_id: ConversationId::from_uuid(Uuid::from_u128(n)),
        kind: DraftKind::Reply,
        body_text,
    };
    let now = Timestamp::from_seconds(1);
    store.save_draft(&draft(1, "short".into()), now).expect("there is room");
    let pages = pragma(&lock(&store.outbox), "page_count");
    lock(&store.outbox)
        .execute_batch(&format!("PRAGMA max_page_count = {pages}"))
        .expect("a limit");
    let error = store.save_draft(&draft(2, "long ".repeat(100_000)), now).expect_err("no room");
    assert!(matches!(error, Error::DiskFull), "{error:?}");
    lock(&store.outbox).execute_batch("PRAGMA max_page_count = 100000").expect("room again");
    let kept = store.drafts().expect("the drafts can be read").drafts;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].draft.body_text, "short");
}

#[test]
fn a_panic_inside_a_transaction_leaves_the_store_as_it_was() {
    let (_dir, store) = opened();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.write_cache(|tx| -> rusqlite::Result<()> {
            tx.execute("UPDATE meta SET cursor = 77", [])?;
            panic!("on purpose");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(store.meta().expect("meta can be read").cursor, 0);
    store.set_last_contact(Timestamp::from_seconds(5)).expect("it can be written");
}

#[test]
fn another_edition_of_the_tokeniser_fills_search_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let keys = || StoreKeys { cache: [1; 32], outbox: [2; 32] };
    let store = Store::open(dir.path(), keys()).expect("the store opens");
    store
        .write_cache(|tx| {
            tx.execute_batch(
                "INSERT INTO search_docs (doc_id, place) VALUES (5, 1);
                 INSERT INTO search (rowid, tokens) VALUES (5, 'stale');
                 UPDATE meta SET tokens_version = 0;",
            )
        })
        .expect("an older edition");
    drop(store);
    let store = Store::open(dir.path(), keys()).expect("the store opens");
    let count =
        |sql: &str| -> i64 { lock(&store.writer).query_row(sql, [], |row| row.get(0)).expect(sql) };
    assert_eq!(count("SELECT COUNT(*) FROM search WHERE search MATCH 'stale'"), 0);
    assert_eq!(count("SELECT COUNT(*) FROM search_pending"), 1);
    assert_eq!(count("SELECT tokens_version FROM meta"), 1);
}
