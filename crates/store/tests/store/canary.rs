//! What left leaves nothing behind. Without encryption, so that the scan sees what is there.

use std::fs;
use std::path::Path;

use recado_protocol::sync::Change;
use recado_protocol::*;
use recado_store::CacheBatch;

use crate::world::*;

const CANARY: &str = "zyzzyvacanary";
const NAME: &str = "quetzalperson";
const SUBJECT: &str = "xylophonesubject";

fn files_with(dir: &Path, word: &str) -> Vec<String> {
    let holds = |path: &Path| {
        let bytes = fs::read(path).expect("its bytes");
        bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    };
    fs::read_dir(dir)
        .expect("the folder")
        .map(|file| file.expect("a file").path())
        .filter(|path| holds(path))
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect()
}

fn evicted_without_a_trace(indexed: bool, neighbours: u128) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    start(&store);
    put(&store, (2..2 + neighbours).map(|n| whole(n, &["ordinary words"; 30], 10)).collect());
    let mut delta = whole(1, &[&format!("Dear {CANARY}, hello"), "more"], 10);
    delta.head.title = Some(SUBJECT.to_owned());
    delta.head.preview = CANARY.to_owned();
    let mut page_with_name = conversations(vec![delta]);
    page_with_name.contacts = vec![contact(1, NAME)];
    store.apply(CacheBatch::conversations(page_with_name)).expect("it is stored");
    if indexed {
        while store.index_pending(500).expect("it is indexed").more {}
        store.finish_eviction().expect("the log is emptied");
    }
    for word in [CANARY, NAME, SUBJECT] {
        assert!(!files_with(dir.path(), word).is_empty(), "the scan sees {word}");
    }
    let changes = vec![
        Change::ConversationEvicted { conversation_id: conversation(1), version: 101 },
        Change::ContactEvicted { contact_id: contact_id(1), version: 101 },
    ];
    assert!(sync(&store, page(START, 101, changes)).evicted);
    store.finish_eviction().expect("the log is emptied");
    for word in [CANARY, NAME, SUBJECT, "zyzzyva", "canary"] {
        assert_eq!(files_with(dir.path(), word), Vec::<String>::new(), "{word}");
    }
    store.verify().expect("the index is sound");
}

#[test]
fn an_evicted_conversation_that_was_indexed_leaves_no_trace() {
    evicted_without_a_trace(true, 30);
}

#[test]
fn an_evicted_conversation_that_waited_to_be_indexed_leaves_no_trace() {
    evicted_without_a_trace(false, 30);
}

#[test]
fn an_eviction_that_rebuilds_the_index_leaves_no_trace() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    start(&store);
    let body = format!("many {CANARY} words");
    let hidden = |n| {
        let mut delta = whole(n, &vec![body.as_str(); 60], 10);
        delta.head.admin_assignee_id = Some(teammate(2));
        delta
    };
    put(&store, (1..=10).map(hidden).collect());
    while store.index_pending(500).expect("it is indexed").more {}
    assert!(!files_with(dir.path(), CANARY).is_empty());
    let narrow = access(EPOCH + 1, ConversationAccess::assigned());
    sync(&store, page(START, 101, vec![Change::Access { access: narrow }]));
    store.finish_eviction().expect("the log is emptied");
    assert_eq!(files_with(dir.path(), CANARY), Vec::<String>::new());
}
