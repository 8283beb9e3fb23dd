//! What can only be seen from inside: the settings of each connection, and a disk without room.

use recado_protocol::host::{Draft, DraftKind, ListedRequest};
use recado_protocol::sync::{Bootstrap, ConversationDelta, ConversationPage};
use recado_protocol::workspace::OwnAccess;
use recado_protocol::*;
use uuid::Uuid;

use super::*;
use crate::batch::CacheBatch;
use crate::keys::StoreKeys;
use crate::meta::HeadsProgress;

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
    let mut writer = lock(&store.writer);
    let (reader, outbox) = (lock(reader), lock(&store.outbox));
    let connections = [
        (&*writer.connection().expect("it opens"), "1", "-16384"),
        (&*reader, "1", "-16384"),
        (outbox.outbox(), "2", "-16384"),
    ];
    for (connection, synchronous, cache_size) in connections {
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
    let refused = reader.execute("DELETE FROM meta", []);
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
    let pages = pragma(lock(&store.outbox).outbox(), "page_count");
    lock(&store.outbox)
        .outbox()
        .execute_batch(&format!("PRAGMA max_page_count = {pages}"))
        .expect("a limit");
    let error = store.save_draft(&draft(2, "long ".repeat(100_000)), now).expect_err("no room");
    assert!(matches!(error, Error::DiskFull), "{error:?}");
    lock(&store.outbox)
        .outbox()
        .execute_batch("PRAGMA max_page_count = 100000")
        .expect("room again");
    let kept = store.drafts(ListedRequest::default()).expect("the drafts can be read").drafts;
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
    let reader = store.reader.as_ref().expect("a reader");
    let count =
        |sql: &str| -> i64 { lock(reader).query_row(sql, [], |row| row.get(0)).expect(sql) };
    assert_eq!(count("SELECT COUNT(*) FROM search WHERE search MATCH 'stale'"), 0);
    assert_eq!(count("SELECT COUNT(*) FROM search_pending"), 1);
    assert_eq!(count("SELECT tokens_version FROM meta"), 1);
}

#[test]
fn a_cache_that_an_older_program_filled_is_read_anew_and_stays_readable_meanwhile() {
    let (_dir, store) = opened();
    let log_id = LogId::from_uuid(Uuid::from_u128(1));
    store.apply(CacheBatch::bootstrap(bootstrap(log_id, 10))).expect("a beginning");
    store.apply(CacheBatch::conversations(whole(log_id, 10, PartType::Unknown))).expect("stored");
    store
        .write_cache(|tx| tx.execute_batch("UPDATE meta SET revision = 0"))
        .expect("an older program");
    assert_eq!(kinds(&store), [PartType::Unknown]);

    // The same page again, of the same version, says nothing new without a new beginning.
    store.apply(CacheBatch::conversations(whole(log_id, 10, PartType::Comment))).expect("stored");
    assert_eq!(kinds(&store), [PartType::Unknown]);
    store.apply(CacheBatch::bootstrap(bootstrap(log_id, 10))).expect("a new beginning");
    assert_eq!(kinds(&store), [PartType::Unknown], "it can still be read");
    let meta = store.meta().expect("meta");
    assert_eq!((meta.revision, meta.heads), (REVISION, HeadsProgress::Needed));
    store.apply(CacheBatch::conversations(whole(log_id, 10, PartType::Comment))).expect("stored");
    assert_eq!(kinds(&store), [PartType::Comment]);
}

#[test]
fn an_older_program_says_that_it_has_added_to_a_newer_ones_cache() {
    let dir = tempfile::tempdir().expect("a folder");
    let keys = || StoreKeys { cache: [1; 32], outbox: [2; 32] };
    let store = Store::open(dir.path(), keys()).expect("the store opens");
    store
        .write_cache(|tx| tx.execute_batch("UPDATE meta SET revision = 1000"))
        .expect("a newer program");
    drop(store);
    let store = Store::open(dir.path(), keys()).expect("the store opens");
    assert_eq!(store.meta().expect("meta").revision, REVISION);
}

fn kinds(store: &Store) -> Vec<PartType> {
    let conversation_id = ConversationId::from_uuid(Uuid::from_u128(7));
    let request = recado_protocol::host::OpenRequest { conversation_id, limit: 10 };
    let view = store.conversation_view(&request).expect("a view").expect("it is here");
    view.parts.iter().map(|entry| entry.part.part_type).collect()
}

fn bootstrap(log_id: LogId, cursor: u64) -> Bootstrap {
    let me = Teammate {
        id: TeammateId::from_uuid(Uuid::from_u128(1)),
        name: "Ana".to_owned(),
        email: "ana@example.com".to_owned(),
        role: Role::Agent,
        state: TeammateState::Active,
        created_at: Timestamp::from_seconds(1),
        version: 1,
    };
    let access = OwnAccess {
        epoch: 1,
        role: me.role,
        state: me.state,
        team_ids: Vec::new(),
        conversation_access: ConversationAccess::all(),
    };
    let workspace = Workspace {
        id: WorkspaceId::from_uuid(Uuid::from_u128(1)),
        name: "Example".to_owned(),
        offline_lease_s: 60,
        version: 1,
    };
    let (teammates, teams) = (Vec::new(), Vec::new());
    let server_time = Timestamp::from_seconds(1);
    Bootstrap { log_id, cursor, server_time, workspace, me, access, teammates, teams }
}

/// A conversation with one part of this kind.
fn whole(log_id: LogId, cursor: u64, part_type: PartType) -> ConversationPage {
    let at = Timestamp::from_seconds(2);
    let head = ConversationHead {
        id: ConversationId::from_uuid(Uuid::from_u128(7)),
        contact_id: ContactId::from_uuid(Uuid::from_u128(7)),
        title: None,
        state: ConversationState::Open,
        snoozed_until: None,
        priority: Priority::NotPriority,
        admin_assignee_id: None,
        team_assignee_id: None,
        tags: Vec::new(),
        waiting_since: None,
        created_at: at,
        last_part_at: at,
        preview: "Hello".to_owned(),
        preview_author: AuthorType::Contact,
        preview_is_note: false,
        part_count: 1,
        contact_part_count: 1,
        version: 5,
    };
    let part = Part {
        id: PartId::from_uuid(Uuid::from_u128(70)),
        conversation_id: head.id,
        seq: 1,
        part_type,
        author: Author { author_type: AuthorType::Contact, admin_id: None, name: None },
        body: "Hello".to_owned(),
        body_text: "Hello".to_owned(),
        rich: false,
        assigned_to_admin_id: None,
        assigned_to_team_id: None,
        snoozed_until: None,
        priority: None,
        tag: None,
        command_id: None,
        created_at: at,
        version: 5,
    };
    let conversations = vec![ConversationDelta { head, parts: vec![part], complete_from_seq: 1 }];
    let (contacts, read_marks) = (Vec::new(), Vec::new());
    ConversationPage { log_id, epoch: 1, cursor, conversations, contacts, read_marks }
}

#[test]
fn a_store_that_is_up_to_date_opens_for_writing_at_the_first_write() {
    let (dir, store) = opened();
    store.set_last_contact(Timestamp::from_seconds(5)).expect("it can be written");
    drop(store);
    let keys = StoreKeys { cache: [1; 32], outbox: [2; 32] };
    let store = Store::open(dir.path(), keys).expect("the store opens");
    assert_eq!(
        store.meta().expect("meta can be read").last_contact_at,
        Some(Timestamp::from_seconds(5))
    );
    assert!(matches!(*lock(&store.writer), Writer::Closed { .. }));
    store.set_last_contact(Timestamp::from_seconds(6)).expect("it can be written");
    assert!(matches!(*lock(&store.writer), Writer::Open(_)));
    assert_eq!(
        store.meta().expect("meta can be read").last_contact_at,
        Some(Timestamp::from_seconds(6))
    );
}

#[test]
fn a_long_log_is_moved_into_the_file_in_a_quiet_moment() {
    let (_dir, store) = opened();
    let waiting = || -> i64 {
        let mut writer = lock(&store.writer);
        let connection = writer.connection().expect("it opens");
        let row = |row: &rusqlite::Row<'_>| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?);
        connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], row).expect("the log's length")
    };
    let fill = |times: i64| {
        for n in 0..times {
            store.set_last_contact(Timestamp::from_seconds(n)).expect("it can be written");
        }
    };
    fill(300);
    assert!(!store.index_pending(10).expect("it is indexed").more);
    assert!(waiting() >= 300, "a short log stays");
    fill(3_500);
    assert!(waiting() >= 3_500, "no change has moved it");
    assert!(!store.index_pending(10).expect("it is indexed").more);
    assert_eq!(waiting(), 0);
}
