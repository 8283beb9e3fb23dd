//! Filling the cache and keeping it in step.

use recado_protocol::live::{LiveFrame, LiveRequest};
use recado_protocol::sync::{Change, MAX_ENTRIES};
use recado_protocol::*;
use recado_store::HeadsProgress;

use super::super::*;
use super::harness::*;

#[test]
fn a_new_cache_gets_its_heads_first_then_goes_live_and_loads_the_bodies() {
    let mut harness = Harness::new();
    harness.input(Input::Start);
    let (request, ask) = harness.ask();
    assert_eq!(ask, Ask::Bootstrap);
    let bootstrap = harness.bootstrap(10, access(1, ConversationAccess::all()));
    harness.answer_to(request, bootstrap);

    let mut asked = Vec::new();
    for _ in 0..20 {
        if let Some((live, _)) = harness.streams.pop() {
            harness.input(Input::LiveOpened { live });
        }
        let Some((request, ask)) = harness.sent.pop_front() else { break };
        let answer = match &ask {
            Ask::Heads(query) => match (query.state, query.after.as_deref()) {
                (ConversationState::Open, None) => harness.heads(10, &[head(2, 5)], Some("two")),
                (ConversationState::Open, _) => harness.heads(10, &[head(1, 5)], None),
                _ => harness.heads(10, &[], None),
            },
            Ask::Sync { cursor, .. } => Answer::Sync(harness.page(*cursor, 10, Vec::new())),
            Ask::Digest => harness.digest(10, &[head(1, 5), head(2, 5)]),
            Ask::LiveTicket => Harness::ticket(),
            Ask::Fetch(_) => harness.bodies(10, &[head(1, 5), head(2, 5)]),
            other => panic!("{other:?}"),
        };
        asked.push(match ask {
            Ask::Heads(query) => format!("{:?} {:?}", query.state, query.after),
            Ask::Fetch(ids) => format!("Fetch {}", ids.len()),
            Ask::Sync { .. } => "Sync".to_owned(),
            other => format!("{other:?}"),
        });
        harness.answer_to(request, answer);
    }
    asked.retain(|ask| !ask.starts_with("Fetch"));
    assert_eq!(
        asked,
        ["Open None", "Open Some(\"two\")", "Snoozed None", "Sync", "Digest", "LiveTicket"]
    );
    assert_eq!(harness.state(), ConnectionState::Online);
    assert_eq!(harness.said, [LiveRequest::Hello { log_id: log(1), cursor: 10 }]);
    assert_eq!(harness.store.wanted_bodies(10).expect("readable"), []);
    assert!(harness.told.iter().any(|notice| matches!(notice, Notice::AccessChecked)));
    assert_eq!(harness.engine.link().bootstrap, None, "the progress is no longer shown");
    let lease = harness.told.iter().find(|notice| matches!(notice, Notice::Lease { holds: false }));
    assert!(lease.is_none(), "a cache that was just begun has no lease to end");
}

#[test]
fn a_listing_that_was_cut_off_goes_on_where_it_was_and_is_compared() {
    let mut harness = Harness::new();
    harness.input(Input::Start);
    let (request, _) = harness.ask();
    let bootstrap = harness.bootstrap(10, access(1, ConversationAccess::all()));
    harness.answer_to(request, bootstrap);
    let (request, _) = harness.ask();
    let first = harness.heads(10, &[head(2, 5)], Some("two"));
    harness.answer_to(request, first);

    let mut again = Harness::on(harness.store);
    again.input(Input::Start);
    let (request, ask) = again.ask();
    assert_eq!(
        ask,
        Ask::Sync { log_id: log(1), cursor: 10, limit: MAX_ENTRIES },
        "evictions come first"
    );
    let page = again.page(10, 10, Vec::new());
    again.answer_to(request, Answer::Sync(page));
    let (request, ask) = again.ask();
    assert!(matches!(&ask, Ask::Heads(query) if query.after.as_deref() == Some("two")), "{ask:?}");
    let second = again.heads(10, &[head(1, 5)], None);
    again.answer_to(request, second);
    again.serve(10, &[head(1, 5), head(2, 5)]);
    assert_eq!(again.state(), ConnectionState::Online);
    assert_eq!(again.store.meta().expect("readable").heads, HeadsProgress::Complete);
    assert!(again.jobs.iter().any(|job| job == "Digest"), "{:?}", again.jobs);
}

#[test]
fn a_pushed_page_is_stored_told_and_acknowledged() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let page = harness.page(10, 11, vec![change(head(2, 11))]);
    harness.push(page);
    assert_eq!(harness.cached(&[1, 2]), [1, 2]);
    assert_eq!(harness.said, [LiveRequest::Ack { cursor: 11 }]);
    assert!(harness.told.iter().any(|notice| matches!(
        notice,
        Notice::ConversationsChanged(ids) if ids == &[conversation(2)]
    )));
    assert!(harness.told.iter().any(|notice| matches!(notice, Notice::NewMessages(_))));
}

#[test]
fn pushed_pages_that_come_twice_or_late_change_nothing() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let first = harness.page(10, 11, vec![change(head(2, 11))]);
    let second = harness.page(11, 12, vec![change(head(3, 12))]);
    harness.push(first.clone());
    harness.push(second.clone());
    harness.serve(12, &[head(1, 5), head(2, 11), head(3, 12)]);
    let before = harness.store.digest().expect("readable");
    harness.told.clear();
    harness.push(first);
    harness.push(second);
    assert_eq!(harness.store.digest().expect("readable"), before);
    assert_eq!(harness.engine.cursor(), 12);
    assert!(harness.sent.is_empty(), "{:?}", harness.sent);
    assert!(harness.told.is_empty(), "{:?}", harness.told);
}

#[test]
fn a_gap_in_what_is_pushed_is_pulled() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let late = harness.page(11, 12, vec![change(head(3, 12))]);
    harness.push(late);
    assert_eq!(harness.cached(&[3]), [0_u128; 0]);
    let (request, ask) = harness.ask();
    assert_eq!(ask, Ask::Sync { log_id: log(1), cursor: 10, limit: MAX_ENTRIES });
    let page = harness.page(10, 12, vec![change(head(2, 11)), change(head(3, 12))]);
    harness.answer_to(request, Answer::Sync(page));
    assert_eq!(harness.cached(&[2, 3]), [2, 3]);
    assert_eq!(harness.said, [LiveRequest::Ack { cursor: 12 }]);
}

#[test]
fn a_long_catch_up_is_pulled_page_by_page() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let live = harness.live();
    harness.input(Input::LiveFrame { live, frame: LiveFrame::Pull });
    for cursor in 11..=13_u64 {
        let (request, ask) = harness.ask();
        assert_eq!(ask, Ask::Sync { log_id: log(1), cursor: cursor - 1, limit: MAX_ENTRIES });
        let mut page =
            harness.page(cursor - 1, cursor, vec![change(head(u128::from(cursor), cursor))]);
        page.more = cursor < 13;
        harness.answer_to(request, Answer::Sync(page));
        harness.sent.retain(|(_, ask)| !matches!(ask, Ask::Fetch(_)));
    }
    assert_eq!(harness.cached(&[11, 12, 13]), [11, 12, 13]);
    assert!(harness.sent.is_empty(), "{:?}", harness.sent);
}

#[test]
fn a_silent_stream_is_asked_after_so_that_a_lost_wake_up_costs_one_interval() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.pass(61);
    let (request, ask) = harness.ask();
    assert_eq!(ask, Ask::Sync { log_id: log(1), cursor: 10, limit: MAX_ENTRIES });
    let page = harness.page(10, 11, vec![change(head(2, 11))]);
    harness.answer_to(request, Answer::Sync(page));
    assert_eq!(harness.cached(&[2]), [2]);
    assert_eq!(harness.state(), ConnectionState::Online);
}

#[test]
fn a_gone_cursor_reconciles_and_drops_only_what_the_server_no_longer_lists() {
    let mut harness = Harness::online(10, &[head(1, 5), head(2, 6), head(3, 7)]);
    let closed = ConversationHead { state: ConversationState::Closed, ..head(4, 11) };
    let also_closed = ConversationHead { state: ConversationState::Closed, ..head(5, 12) };
    let page = harness.page(10, 12, vec![change(closed.clone()), change(also_closed)]);
    harness.push(page);
    harness.pass(61);
    let (request, _) = harness.ask();
    harness.fail(request, refused(ErrorCode::CursorGone));
    let (request, ask) = harness.ask();
    assert_eq!(ask, Ask::Bootstrap);
    assert_eq!(harness.cached(&[1, 2, 3, 4, 5]), [1, 2, 3, 4, 5], "nothing is wiped");
    let bootstrap = harness.bootstrap(50, access(1, ConversationAccess::all()));
    harness.answer_to(request, bootstrap);
    // Three is gone, two has moved on, and of the closed ones only four may still be seen.
    harness.serve(50, &[head(1, 5), head(2, 40), closed]);
    assert_eq!(harness.state(), ConnectionState::Online);
    assert_eq!(harness.cached(&[1, 2, 3, 4, 5]), [1, 2, 4]);
    assert_eq!(harness.engine.cursor(), 50);
}

#[test]
fn a_server_that_keeps_losing_the_cursor_is_not_asked_in_a_tight_loop() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.pass(61);
    for _ in 0..2 {
        let (request, ask) = harness.ask();
        assert!(matches!(ask, Ask::Sync { .. }));
        harness.fail(request, refused(ErrorCode::CursorGone));
        if harness
            .engine
            .next_wake()
            .is_some_and(|at| harness.engine.link().next_attempt_at == Some(at))
        {
            return;
        }
        let (request, ask) = harness.ask();
        assert_eq!(ask, Ask::Bootstrap);
        let bootstrap = harness.bootstrap(10, access(1, ConversationAccess::all()));
        harness.answer_to(request, bootstrap);
        for _ in 0..2 {
            let (request, _) = harness.ask();
            let heads = harness.heads(10, &[], None);
            harness.answer_to(request, heads);
        }
    }
    panic!("the second loss in a row must wait");
}

#[test]
fn a_cache_that_differs_from_the_server_is_listed_again() {
    let mut harness = Harness::new();
    harness.input(Input::Start);
    let (request, _) = harness.ask();
    let bootstrap = harness.bootstrap(10, access(1, ConversationAccess::all()));
    harness.answer_to(request, bootstrap);
    // The first listing brings one too many, as if a page had been read from a stale node.
    for heads in [vec![head(1, 5), head(2, 5)], Vec::new()] {
        let (request, _) = harness.ask();
        let heads = harness.heads(10, &heads, None);
        harness.answer_to(request, heads);
    }
    harness.serve(10, &[head(1, 5)]);
    assert_eq!(harness.state(), ConnectionState::Online);
    assert_eq!(harness.cached(&[1, 2]), [1]);
}

#[test]
fn what_the_person_opens_is_fetched_stored_and_told() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let demand =
        Demand::Conversation { conversation_id: conversation(7), before_seq: None, limit: 50 };
    harness.input(Input::Demanded { demand_id: 3, demand });
    let (request, ask) = harness.ask();
    assert!(matches!(ask, Ask::Conversation { before_seq: None, limit: 50, .. }));
    let closed = ConversationHead { state: ConversationState::Closed, ..head(7, 3) };
    let bodies = harness.bodies(10, &[closed]);
    harness.answer_to(request, bodies);
    assert_eq!(harness.cached(&[7]), [7]);
    assert!(
        harness
            .told
            .iter()
            .any(|notice| matches!(notice, Notice::Demanded { demand_id: 3, result: Ok(_) }))
    );
}

#[test]
fn an_answer_from_before_an_eviction_does_not_bring_the_conversation_back() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let demand =
        Demand::Conversation { conversation_id: conversation(1), before_seq: None, limit: 50 };
    harness.input(Input::Demanded { demand_id: 1, demand });
    let (request, _) = harness.ask();
    let from_before = harness.bodies(10, &[head(1, 5)]);
    let evicted = Change::ConversationEvicted { conversation_id: conversation(1), version: 11 };
    let page = harness.page(10, 11, vec![evicted]);
    harness.push(page);
    assert_eq!(harness.cached(&[1]), [0_u128; 0]);
    harness.answer_to(request, from_before);
    assert_eq!(harness.cached(&[1]), [0_u128; 0]);
}

#[test]
fn an_answer_without_what_was_asked_for_is_not_asked_for_in_a_tight_loop() {
    let mut harness = Harness::new();
    harness.input(Input::Start);
    let mut fetches = 0;
    for _ in 0..60 {
        let Some(place) = harness.sent.iter().position(|(_, ask)| matches!(ask, Ask::Fetch(_)))
        else {
            if !harness.serve_one(10, &[head(1, 5)]) {
                break;
            }
            continue;
        };
        let (request, _) = harness.sent.remove(place).expect("a request");
        fetches += 1;
        let Answer::Conversations(mut page) = harness.bodies(10, &[head(1, 5)]) else { panic!() };
        page.conversations[0].parts.clear();
        page.conversations[0].complete_from_seq = 3;
        harness.answer_to(request, Answer::Conversations(page));
    }
    assert_eq!(harness.state(), ConnectionState::Online);
    assert_eq!(fetches, 1, "the next attempt waits");
    harness.wake();
    assert!(harness.sent.iter().any(|(_, ask)| matches!(ask, Ask::Fetch(_))));
}

#[test]
fn a_failing_store_stops_everything_until_it_is_started_again() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.store_fails =
        Some(StoreFailure { code: ErrorCode::DiskFull, detail: "full".to_owned() });
    let page = harness.page(10, 11, vec![change(head(2, 11))]);
    harness.push(page);
    assert!(harness.told.iter().any(|notice| matches!(
        notice,
        Notice::StoreFailed(StoreFailure { code: ErrorCode::DiskFull, .. })
    )));
    assert_eq!(harness.state(), ConnectionState::Idle);
    assert_eq!(harness.said, [], "nothing is acknowledged that is not stored");
    harness.pass(3_600);
    assert!(harness.sent.is_empty());

    harness.input(Input::Start);
    let (request, ask) = harness.ask();
    assert_eq!(ask, Ask::Sync { log_id: log(1), cursor: 10, limit: MAX_ENTRIES });
    let page = harness.page(10, 11, vec![change(head(2, 11))]);
    harness.answer_to(request, Answer::Sync(page));
    assert_eq!(harness.cached(&[2]), [2]);
}

pub(super) fn refused(code: ErrorCode) -> TransportError {
    TransportError::Refused(ApiError::new(code, "no"))
}
