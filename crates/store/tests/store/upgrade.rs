//! Files of earlier schemas open and are brought up to date.
//!
//! `tests/fixtures/schema-N` holds the files as the program wrote them when the cache's schema had
//! version N: the example of `filling`. A new migration adds the folder of the schema before it, which
//! `make` writes; where it adds a column, the example and [`SCHEMAS`] say so.

mod filling;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use recado_protocol::host::{self, SearchResult, View};
use recado_protocol::*;
use recado_store::{Error, Meta, Store, Which};

use crate::files::contents;
use crate::interrupted_upgrade::{connect, copy_of, steps};
use crate::world::*;
use filling::{CURSOR, fill, then};

/// The folder of an earlier schema and what its cache had room for.
struct Earlier {
    folder: &'static str,
    closed_check: bool,
    clock_seen: bool,
}

const SCHEMAS: &[Earlier] = &[
    Earlier { folder: "schema-1", closed_check: false, clock_seen: false },
    Earlier { folder: "schema-2", closed_check: true, clock_seen: false },
    Earlier { folder: "schema-3", closed_check: true, clock_seen: false },
    Earlier { folder: "schema-4", closed_check: true, clock_seen: false },
    Earlier { folder: "schema-5", closed_check: true, clock_seen: true },
];

impl Earlier {
    fn path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(self.folder)
    }

    fn copy(&self) -> tempfile::TempDir {
        copy_of(&self.path())
    }

    /// What is seen of the same example in new files, as far as this schema had room for it.
    fn expected(&self) -> Seen {
        let dir = tempfile::tempdir().expect("a folder");
        fill(dir.path());
        let store = open(dir.path());
        if !self.closed_check {
            store.set_closed_check(None).expect("it is stored");
        }
        let mut seen = see(&store);
        if !self.clock_seen {
            seen.meta.clock_seen = None;
        }
        seen
    }
}

#[test]
#[ignore = "makes the files of the present schema"]
fn make() {
    let to = PathBuf::from(std::env::var_os("RECADO_FIXTURE").expect("a folder"));
    fill(&to);
}

/// What the agent sees of it all.
#[derive(Debug, PartialEq)]
struct Seen {
    lists: Vec<(View, Vec<host::InboxRow>)>,
    opened: Vec<host::ConversationView>,
    gone: Option<host::ConversationView>,
    sidebar: host::Sidebar,
    directory: host::Directory,
    found: Vec<Vec<SearchResult>>,
    drafts: host::Drafts,
    outbox: Vec<host::OutboxEntry>,
    sent_next: Vec<Command>,
    meta: Meta,
    digest: recado_store::LocalDigest,
    wanted: Vec<ConversationId>,
}

fn see(store: &Store) -> Seen {
    let views = [
        View::Mine,
        View::Unassigned,
        View::All,
        View::Team { team_id: team(1) },
        View::Snoozed,
        View::Closed,
    ];
    let found = |words| store.search(words, 20).expect("a search").results;
    Seen {
        lists: views.map(|view| (view, page_of(store, view).rows)).to_vec(),
        opened: (1..=5).map(|n| view_of(store, n)).collect(),
        gone: try_view(store, 6),
        sidebar: store.sidebar().expect("the sidebar"),
        directory: store.directory().expect("the directory"),
        found: ["parcel ", "wait", "robin", "invoice ", "late waiting", "kim"].map(found).to_vec(),
        drafts: store.drafts(host::ListedRequest::default()).expect("the drafts"),
        outbox: store.outbox_entries().expect("the outbox"),
        sent_next: store.pending_to_send(20).expect("what is sent"),
        // What an earlier program did not know is asked for again, by this number.
        meta: Meta { revision: 0, ..store.meta().expect("where it stands") },
        digest: store.digest().expect("a digest"),
        wanted: store.wanted_bodies(50).expect("what is wanted"),
    }
}

#[test]
fn files_of_an_earlier_schema_show_the_same_as_new_ones() {
    for schema in SCHEMAS {
        let name = schema.folder;
        let expected = schema.expected();
        let kept = expected.outbox.len();
        let to_do = (kept, expected.drafts.drafts.len(), expected.sent_next.len());
        assert_eq!(to_do, (4, 2, 3));
        assert!(expected.lists.iter().all(|(_, rows)| !rows.is_empty()) && expected.gone.is_none());
        // No message has the two words of one of the searches.
        assert_eq!(expected.found.iter().filter(|found| found.is_empty()).count(), 1);
        let dir = schema.copy();
        let store = open(dir.path());
        assert_eq!(see(&store), expected, "{name}");
        // And they go on like new ones.
        store.index_pending(1_000).expect("it is indexed");
        assert_eq!(see(&store).found, expected.found, "{name}");
        let version = CURSOR + 1;
        let evicted =
            sync::Change::ConversationEvicted { conversation_id: conversation(1), version };
        sync(&store, page(CURSOR, version, vec![evicted]));
        assert_eq!(store.search("parcel ", 20).expect("a search").results.len(), 4, "{name}");
        store.finish_eviction().expect("the log is emptied");
        // What was confirmed is still known, for a server that has lost it.
        let lost = LogId::from_uuid(uuid::Uuid::from_u128(2));
        assert_eq!(store.unacknowledge_for_new_log(lost, then()).expect("queued"), 1, "{name}");
        let counts = store.outbox_counts().expect("counts");
        assert_eq!((counts.queued, counts.refused, counts.drafts), (3, 2, 2), "{name}");
        store.verify().expect("the files are whole");
    }
}

#[test]
fn the_outbox_of_an_earlier_schema_has_its_mirror_after_the_first_write() {
    for schema in SCHEMAS {
        let name = schema.folder;
        let dir = schema.copy();
        let store = open(dir.path());
        store.enqueue(&command(7, 4, reply("one more"))).expect("it is stored");
        drop(store);
        fs::remove_file(dir.path().join("outbox.db")).expect("the disk loses it");
        let report = Store::salvage_outbox(dir.path(), [0x22; 32]).expect("a report");
        assert!(report.from_mirror, "{name}");
        Store::replace_outbox(dir.path(), [0x22; 32], &report).expect("replaced");
        let counts = open(dir.path()).outbox_counts().expect("counts");
        assert_eq!((counts.queued, counts.refused, counts.drafts), (3, 2, 2), "{name}");
    }
}

/// The tables in which something stands, and all of them. The index of words is not read as a table.
fn filled_tables(dir: &Path, which: Which) -> (BTreeSet<String>, BTreeSet<String>) {
    let connection = connect(dir, which);
    let sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
               AND name NOT LIKE 'sqlite_%'";
    let names: BTreeSet<String> = connection
        .prepare(sql)
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .expect("the tables");
    let filled = |name: &&String| {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {name})");
        connection.query_row(&sql, [], |row| row.get(0)).expect("a table")
    };
    (names.iter().filter(filled).cloned().collect(), names)
}

fn version_of(dir: &Path, which: Which) -> usize {
    let version: i64 = connect(dir, which)
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .expect("a version");
    usize::try_from(version).expect("small")
}

#[test]
fn every_earlier_schema_has_files_with_something_in_each_table() {
    let mut versions = [BTreeSet::new(), BTreeSet::new()];
    for schema in SCHEMAS {
        let name = schema.folder;
        let dir = schema.copy();
        let cache = version_of(dir.path(), Which::Cache);
        assert_eq!(name, format!("schema-{cache}"));
        versions[0].insert(cache);
        versions[1].insert(version_of(dir.path(), Which::Outbox));
        for which in [Which::Cache, Which::Outbox] {
            let (filled, all) = filled_tables(dir.path(), which);
            assert!(all.len() >= 2, "{name}: {all:?}");
            assert_eq!(filled, all, "{name}, {which}");
        }
    }
    for (which, versions) in [Which::Cache, Which::Outbox].into_iter().zip(versions) {
        let earlier: BTreeSet<usize> = (1..steps(which).len()).collect();
        assert!(versions.is_superset(&earlier), "{which}: {versions:?} of {earlier:?}");
    }
}

#[test]
fn an_earlier_programs_files_are_refused_untouched_once_a_newer_one_has_had_them() {
    for schema in SCHEMAS {
        for which in [Which::Cache, Which::Outbox] {
            let dir = schema.copy();
            connect(dir.path(), which)
                .execute_batch("PRAGMA user_version = 99")
                .expect("a newer file");
            let before = contents(dir.path());
            let error = Store::open(dir.path(), keys()).expect_err("it is too new");
            assert!(matches!(error, Error::TooNew { found: 99, .. }), "{error:?}");
            let after = contents(dir.path());
            for (name, bytes) in before {
                assert_eq!(after.get(&name), Some(&bytes), "{name} of {}", schema.folder);
            }
        }
    }
}
