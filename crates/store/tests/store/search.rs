//! Search in the cache.

use recado_protocol::sync::{Change, ConversationDelta};
use recado_protocol::*;
use recado_store::{CacheBatch, Store};

use crate::world::*;

fn found(store: &Store, query: &str) -> Vec<(ConversationId, Option<PartId>)> {
    let results = store.search(query, 50).expect("a search").results;
    results.into_iter().map(|result| (result.conversation_id, result.part_id)).collect()
}

/// Runs a check before and after the messages are indexed: the answer must be the same.
fn both_ways(bodies: &[&str], check: impl Fn(&Store)) {
    let store = started();
    put(&store, vec![whole(1, bodies, 10)]);
    check(&store);
    let progress = store.index_pending(1_000).expect("it is indexed");
    assert_eq!((progress.indexed as usize, progress.more), (bodies.len(), true));
    check(&store);
}

#[test]
fn words_are_found_whatever_their_case_and_accents() {
    both_ways(&["Añadí un CAFÉ", "nothing here"], |store| {
        for query in ["cafe", "CAFÉ", "anadi", "caf", "un cafe"] {
            assert_eq!(found(store, query), [(conversation(1), Some(part_id(1, 1)))], "{query}");
        }
        assert!(found(store, "caf ").is_empty());
        assert!(found(store, "café nothing").is_empty());
        assert!(found(store, "").is_empty());
        assert!(found(store, "\"*(NEAR").is_empty());
    });
}

#[test]
fn scripts_without_spaces_are_found_by_any_pair_and_by_one_character() {
    both_ways(&["我的订单还没有到", "东京タワー"], |store| {
        for query in ["订单", "单还", "到", "我的订单"] {
            assert_eq!(found(store, query), [(conversation(1), Some(part_id(1, 1)))], "{query}");
        }
        assert_eq!(found(store, "タワ"), [(conversation(1), Some(part_id(1, 2)))]);
        assert!(found(store, "单订").is_empty());
    });
}

#[test]
fn what_is_newest_comes_first_even_if_half_of_it_waits_to_be_indexed() {
    let store = started();
    put(&store, vec![whole(1, &["apple", "apple", "apple"], 10)]);
    store.index_pending(2).expect("it is indexed");
    let mut late = whole(1, &["apple", "apple", "apple", "apple"], 20);
    late.parts.drain(..3);
    put(&store, vec![late]);
    let seqs: Vec<_> = found(&store, "apple").into_iter().map(|(_, part)| part).collect();
    assert_eq!(seqs, [4, 3, 2, 1].map(|seq| Some(part_id(1, seq))));
    assert_eq!(store.search("apple", 2).expect("a search").results.len(), 2);
}

#[test]
fn messages_of_one_second_are_all_found() {
    let store = started();
    let bodies = vec!["crowd"; 40];
    let mut delta = whole(1, &bodies, 10);
    for part in &mut delta.parts {
        part.created_at = second(5);
    }
    put(&store, vec![delta]);
    assert_eq!(found(&store, "crowd").len(), 40);
    store.index_pending(1_000).expect("it is indexed");
    assert_eq!(found(&store, "crowd").len(), 40);
}

#[test]
fn customers_and_subjects_are_found_by_their_words() {
    let store = started();
    let titled = ConversationHead { title: Some("Rückerstattung für März".into()), ..head(1) };
    let mut page = heads(vec![titled, head(2)]);
    let mut grace = contact(2, "Grace Hopper");
    grace.email = Some("grace@navy.example".into());
    page.contacts = vec![grace.clone()];
    store.apply(CacheBatch::heads(page)).expect("it is stored");
    assert_eq!(found(&store, "ruckerst"), [(conversation(1), None)]);
    assert_eq!(found(&store, "hopper grace"), [(conversation(2), None)]);
    assert_eq!(found(&store, "navy"), [(conversation(2), None)]);
    assert!(found(&store, "grace marz").is_empty());

    grace.name = Some("Amazing".into());
    grace.version = 2;
    sync(&store, crate::world::page(START, 101, vec![Change::Contact { contact: grace }]));
    assert!(found(&store, "hopper").is_empty());
    assert_eq!(found(&store, "amazing"), [(conversation(2), None)]);
}

#[test]
fn a_part_with_a_newer_version_is_found_by_its_new_words_only() {
    let store = started();
    put(&store, vec![whole(1, &["secret word"], 10)]);
    store.index_pending(10).expect("it is indexed");
    put(&store, vec![whole(1, &["redacted"], 11)]);
    assert!(found(&store, "secret").is_empty());
    assert_eq!(found(&store, "redacted").len(), 1);
    store.index_pending(10).expect("it is indexed");
    assert!(found(&store, "secret").is_empty());
    assert_eq!(found(&store, "redacted").len(), 1);
}

#[test]
fn what_left_is_not_found_indexed_or_not() {
    let store = started();
    put(&store, vec![whole(1, &["canary"], 10), whole(2, &["canary"], 10)]);
    store.index_pending(1).expect("it is indexed");
    store
        .forget_conversations(&[conversation(1), conversation(2)], u64::MAX)
        .expect("they are forgotten");
    assert!(found(&store, "canary").is_empty());
    store.verify().expect("the index is sound");
}

#[test]
fn evicting_most_of_it_leaves_an_index_of_the_rest() {
    let store = started();
    let bodies = vec!["shared words"; 60];
    let deltas: Vec<ConversationDelta> = (1..=20).map(|n| whole(n, &bodies, 10)).collect();
    put(&store, deltas);
    while store.index_pending(500).expect("it is indexed").more {}
    let gone: Vec<_> = (1..20).map(conversation).collect();
    store.forget_conversations(&gone, u64::MAX).expect("they are forgotten");
    assert!(found(&store, "shared").iter().all(|(id, _)| *id == conversation(20)));
    while store.index_pending(500).expect("it is indexed").more {}
    assert_eq!(found(&store, "shared").len(), 50);
    store.verify().expect("the index is sound");
}

#[test]
fn a_result_stands_as_the_agent_left_it() {
    let store = started();
    put(&store, vec![whole(1, &["broken lamp"], 10)]);
    store.enqueue(&command(1, 1, Action::ConversationClose)).expect("it is stored");
    let result = store.search("lamp", 10).expect("a search").results.remove(0);
    assert_eq!(result.state, ConversationState::Closed);
    assert_eq!(result.excerpt, "broken lamp");
    assert_eq!(result.author, AuthorType::Contact);
}
