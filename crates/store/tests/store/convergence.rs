//! Pages may arrive in any order and more than once; the cache ends up the same.

use proptest::prelude::*;
use recado_protocol::host::{OpenRequest, View};
use recado_protocol::sync::{Change, ConversationDelta};
use recado_protocol::*;
use recado_store::{CacheBatch, Store};

use crate::world::*;

/// A conversation's history: the delta of each change in turn, as a client that asks after each one
/// would get it. The version is the number of parts.
fn history(n: u128, kinds: &[u8]) -> Vec<ConversationDelta> {
    let mut head = head(n);
    let mut deltas = Vec::new();
    for (seq, kind) in (1_u32..).zip(kinds) {
        let version = u64::from(seq);
        let mut new = part(n, seq, &format!("words {seq}"), version);
        match kind % 4 {
            0 => head.contact_part_count += 1,
            1 => {
                new.author.author_type = AuthorType::Admin;
                new.author.admin_id = Some(me());
            }
            2 => {
                new.part_type = PartType::Close;
                new.body_text = String::new();
                head.state = ConversationState::Closed;
            }
            _ => {
                new.part_type = PartType::Open;
                new.body_text = String::new();
                head.state = ConversationState::Open;
            }
        }
        if new.part_type == PartType::Comment {
            head.last_part_at = new.created_at;
            head.preview = new.body_text.clone();
        }
        head.part_count = seq;
        head.version = version;
        deltas.push(ConversationDelta {
            head: head.clone(),
            parts: vec![new],
            complete_from_seq: seq,
        });
    }
    deltas
}

/// Everything that can be seen of a store.
fn seen(store: &Store, conversations: u128) -> (Vec<String>, String, Vec<ConversationId>, usize) {
    let views = (1..=conversations)
        .map(|n| {
            let request = OpenRequest { conversation_id: conversation(n), limit: 200 };
            format!("{:?}", store.conversation_view(&request).expect("it can be read"))
        })
        .collect();
    let found = store.search("words", 50).expect("a search").results.len();
    let sidebar = format!("{:?}", store.sidebar().expect("a sidebar"));
    (views, sidebar, store.wanted_bodies(50).expect("wanted"), found)
}

fn one_page(delta: ConversationDelta, read: Option<u32>) -> CacheBatch {
    let n = delta.head.id;
    let mut page = conversations(vec![delta]);
    page.read_marks = read
        .map(|read| conversation::ReadMark {
            conversation_id: n,
            contact_parts_read: read,
            version: u64::from(read),
        })
        .into_iter()
        .collect();
    CacheBatch::conversations(page)
}

/// How many orders of pages are tried.
fn orders() -> u32 {
    if std::env::var_os("RECADO_LONG").is_some() { 100_000 } else { 200 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(orders()))]

    #[test]
    fn shuffled_and_doubled_pages_give_the_same_cache(
        kinds in proptest::collection::vec(any::<u8>(), 1..10),
        other in proptest::collection::vec(any::<u8>(), 1..6),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
        read in 0_u32..4,
    ) {
        let pages: Vec<CacheBatch> = history(1, &kinds)
            .into_iter()
            .map(|delta| one_page(delta, Some(read)))
            .chain(history(2, &other).into_iter().map(|delta| one_page(delta, None)))
            .collect();

        let straight = started();
        for page in &pages {
            straight.apply(page.clone()).expect("it is stored");
        }
        let shuffled = started();
        let mut left = pages.clone();
        for index in &order {
            // Some come more than once, in any order …
            shuffled.apply(index.get(&pages).clone()).expect("it is stored");
            if !left.is_empty() {
                let place = index.index(left.len());
                shuffled.apply(left.remove(place)).expect("it is stored");
            }
        }
        // … and none is lost.
        for page in left.into_iter().rev() {
            shuffled.apply(page).expect("it is stored");
        }
        prop_assert_eq!(seen(&shuffled, 2), seen(&straight, 2));
        prop_assert_eq!(
            shuffled.digest().expect("a digest"),
            straight.digest().expect("a digest")
        );
        // Twice is once.
        for page in &pages {
            let applied = shuffled.apply(page.clone()).expect("it is stored");
            prop_assert!(applied.conversations.is_empty());
        }
    }
}

#[test]
fn a_gap_in_the_parts_is_told_and_closes_when_the_rest_arrives() {
    let store = started();
    let deltas = history(1, &[0; 9]);
    put(
        &store,
        vec![ConversationDelta {
            parts: deltas[..3].iter().flat_map(|delta| delta.parts.clone()).collect(),
            ..deltas[2].clone()
        }],
    );
    put_heads(&store, vec![deltas[5].head.clone()]);
    assert_eq!(store.wanted_bodies(10).expect("wanted"), [conversation(1)]);
    for (n, delta) in (1..).zip(&deltas[6..]) {
        let conversation = delta.clone();
        let change = Change::Conversation { conversation };
        sync(&store, page(START + n - 1, START + n, vec![change]));
    }
    let view = view_of(&store, 1);
    let seqs: Vec<_> = view.parts.iter().map(|view| view.part.seq).collect();
    assert_eq!(seqs, [7, 8, 9]);
    assert!(view.partial && view.has_older);
    assert_eq!(store.wanted_bodies(10).expect("wanted"), [conversation(1)]);
    for delta in &deltas[3..6] {
        put(&store, vec![delta.clone()]);
    }
    let view = view_of(&store, 1);
    assert_eq!(view.parts.len(), 9);
    assert!(!view.partial && !view.has_older);
    assert!(store.wanted_bodies(10).expect("wanted").is_empty());
    assert_eq!(list(&store, View::All), [conversation(1)]);
}
