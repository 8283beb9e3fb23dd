//! What the cache keeps of what is closed.

use recado_protocol::host::{Draft, DraftKind, OpenRequest};
use recado_protocol::*;
use recado_store::{CacheBudget, Store};

use crate::world::*;

const DAY: i64 = 86_400;

fn closed(store: &Store, n: u128, at_s: i64) {
    let mut delta = whole(n, &["words that take some room"], 50);
    delta.head.state = ConversationState::Closed;
    delta.head.last_part_at = second(at_s);
    put(store, vec![delta]);
}

fn gone(store: &Store, budget: CacheBudget, now_s: i64) -> Vec<ConversationId> {
    let mut gone = Vec::new();
    loop {
        let step = store.keep_to_budget(&budget, second(now_s)).expect("room is made");
        if step.is_empty() {
            return gone;
        }
        gone.extend(step);
    }
}

#[test]
fn closed_conversations_go_once_they_are_old_and_open_ones_stay() {
    let store = started();
    put(&store, vec![whole(1, &["open"], 40)]);
    for (n, at_s) in [(2, 0), (3, 10 * DAY), (4, 80 * DAY)] {
        closed(&store, n, at_s);
    }
    let budget = CacheBudget { closed_kept_s: 30 * DAY, ..CacheBudget::default() };
    assert_eq!(gone(&store, budget, 100 * DAY), [conversation(2), conversation(3)]);
    assert_eq!(store.cache_stats().expect("stats").heads, 2);
    assert!(gone(&store, budget, 100 * DAY).is_empty());
    // What is asked for again comes again.
    closed(&store, 2, 0);
    assert!(try_view(&store, 2).is_some());
}

#[test]
fn a_cache_that_is_too_large_drops_the_oldest_closed_ones_and_loads_nothing_ahead() {
    let store = started();
    for n in 2..=120 {
        closed(&store, n, n as i64);
    }
    let budget = CacheBudget { max_bytes: 1, ..CacheBudget::default() };
    assert!(store.is_full(&budget).expect("its size"));
    assert!(!store.is_full(&CacheBudget::default()).expect("its size"));
    assert!(gone(&store, CacheBudget::default(), DAY).is_empty());
    let first = store.keep_to_budget(&budget, second(DAY)).expect("room is made");
    assert_eq!(first.first(), Some(&conversation(2)), "the oldest first");
    assert!(first.len() < 119, "a step at a time");
    gone(&store, budget, DAY);
    assert_eq!(store.cache_stats().expect("stats").heads, 0);
}

#[test]
fn what_somebody_works_on_stays_whatever_its_age() {
    let store = started();
    for n in 2..=5 {
        closed(&store, n, 0);
    }
    store.enqueue(&command(1, 2, reply("words"))).expect("it is stored");
    let body_text = "half a sentence".to_owned();
    let draft = Draft { conversation_id: conversation(3), kind: DraftKind::Note, body_text };
    store.save_draft(&draft, second(0)).expect("it is kept");
    let request = OpenRequest { conversation_id: conversation(4), limit: 10 };
    store.conversation_view(&request).expect("it is read");
    assert_eq!(gone(&store, CacheBudget::default(), 1_000 * DAY), [conversation(5)]);
}
