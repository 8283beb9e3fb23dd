//! Files of earlier schemas open and are brought up to date.
//!
//! `tests/fixtures/schema-N` holds both files as the program wrote them when the cache's schema had
//! version N: the example below. A new migration adds the folder of the schema before it.

use std::path::{Path, PathBuf};

use recado_protocol::host::{self, SearchResult, View};
use recado_protocol::sync::ConversationPage;
use recado_protocol::*;
use recado_store::{CacheBatch, Store};

use crate::world::*;

/// The folders of earlier schemas.
const SCHEMAS: &[&str] = &["schema-1", "schema-4"];

fn head_of(n: u128) -> ConversationHead {
    ConversationHead { part_count: 2, contact_part_count: 2, ..head(n) }
}

/// Five conversations: mine and unread, another's and read, snoozed, closed, and one of a team whose
/// last message search has yet to take in; a waiting reply and a draft.
fn fill(dir: &Path) {
    let store = open(dir);
    start(&store);
    let bodies = ["the parcel is late", "still waiting"];
    let deltas = [
        ConversationHead {
            admin_assignee_id: Some(me()),
            waiting_since: Some(second(1)),
            tags: vec!["parcel".into()],
            ..head_of(1)
        },
        ConversationHead { admin_assignee_id: Some(teammate(2)), ..head_of(2) },
        ConversationHead {
            state: ConversationState::Snoozed,
            snoozed_until: Some(second(9_000)),
            ..head_of(3)
        },
        ConversationHead { state: ConversationState::Closed, ..head_of(4) },
        ConversationHead {
            team_assignee_id: Some(team(1)),
            title: Some("An invoice".into()),
            ..head_of(5)
        },
    ]
    .map(|head| {
        let n = u128::from(head.id.uuid().as_bytes()[15]);
        sync::ConversationDelta { head, ..whole(n, &bodies, 10) }
    });
    let [.., last] = &deltas;
    let page = |deltas: Vec<sync::ConversationDelta>| ConversationPage {
        contacts: (1..=5).map(|n| contact(n, "Robin Example")).collect(),
        read_marks: vec![mark(2, 2, 11)],
        ..conversations(deltas)
    };
    let apply = |deltas| {
        store.apply(CacheBatch::conversations(page(deltas))).expect("they are stored");
    };
    apply(deltas[..4].to_vec());
    store.index_pending(1_000).expect("it is indexed");
    apply(vec![last.clone()]);
    store.enqueue(&command(1, 1, reply("on its way"))).expect("it is stored");
    let draft = host::Draft {
        conversation_id: conversation(5),
        kind: host::DraftKind::Note,
        body_text: "ask the warehouse".into(),
    };
    store.save_draft(&draft, second(1)).expect("it is stored");
}

#[test]
#[ignore = "makes the files of the present schema"]
fn make() {
    let to = PathBuf::from(std::env::var_os("RECADO_FIXTURE").expect("a folder"));
    fill(&to);
}

fn folder(schema: &str) -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(schema);
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["cache.db", "outbox.db"] {
        std::fs::copy(from.join(name), dir.path().join(name)).expect("the fixture");
    }
    dir
}

/// What the agent sees of it all.
#[derive(Debug, PartialEq)]
struct Seen {
    lists: Vec<(View, Vec<host::InboxRow>)>,
    opened: Vec<host::ConversationView>,
    sidebar: host::Sidebar,
    directory: host::Directory,
    found: Vec<Vec<SearchResult>>,
    drafts: host::Drafts,
    outbox: Vec<host::OutboxEntry>,
    meta: recado_store::Meta,
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
        sidebar: store.sidebar().expect("the sidebar"),
        directory: store.directory().expect("the directory"),
        found: ["parcel ", "wait", "robin", "invoice ", "late waiting"].map(found).to_vec(),
        drafts: store.drafts(host::ListedRequest::default()).expect("the drafts"),
        outbox: store.outbox_entries().expect("the outbox"),
        // What an earlier program did not know is asked for again, by this number.
        meta: recado_store::Meta { revision: 0, ..store.meta().expect("where it stands") },
        digest: store.digest().expect("a digest"),
        wanted: store.wanted_bodies(50).expect("what is wanted"),
    }
}

#[test]
fn files_of_an_earlier_schema_show_the_same_as_new_ones() {
    let fresh = tempfile::tempdir().expect("a folder");
    fill(fresh.path());
    let expected = see(&open(fresh.path()));
    for schema in SCHEMAS {
        let dir = folder(schema);
        let store = open(dir.path());
        assert_eq!(see(&store), expected, "{schema}");
        // And they go on like new ones.
        store.index_pending(1_000).expect("it is indexed");
        assert_eq!(see(&store).found, expected.found, "{schema}");
        let eviction = sync::Change::ConversationEvicted {
            conversation_id: conversation(1),
            version: START + 1,
        };
        sync(&store, page(START, START + 1, vec![eviction]));
        assert_eq!(store.search("parcel ", 20).expect("a search").results.len(), 4, "{schema}");
        store.finish_eviction().expect("the log is emptied");
        store.verify().expect("the files are whole");
    }
}
