//! Networks that fail.

use recado_protocol::sync::{MAX_ENTRIES, MAX_FETCH, MAX_HEADS};
use recado_protocol::*;

use super::super::*;
use super::harness::*;
use super::sync::refused;

#[test]
fn a_lost_answer_is_asked_for_again_within_the_bounds_of_the_backoff() {
    let mut harness = Harness::new();
    harness.input(Input::Start);
    for attempt in 1..=20_u32 {
        let (request, ask) = harness.ask();
        assert_eq!(ask, Ask::Bootstrap, "attempt {attempt}");
        harness.fail(request, TransportError::Unreachable);
        assert_eq!(harness.state(), ConnectionState::Offline);
        assert_eq!(harness.engine.link().reason, Some(ErrorCode::Unreachable));
        let next = harness.engine.link().next_attempt_at.expect("an attempt is planned");
        let wait_ms = next.as_millis() - harness.now.as_millis();
        let cap_ms = (SHORTEST_BACKOFF_MS << attempt.min(10)).min(LONGEST_BACKOFF_MS);
        assert!((SHORTEST_BACKOFF_MS..=cap_ms).contains(&wait_ms), "{attempt}: {wait_ms} ms");
        assert!(harness.sent.is_empty(), "nothing is sent before its time");
        harness.wake();
    }
    harness.serve(10, &[head(1, 5)]);
    assert_eq!(harness.state(), ConnectionState::Online);
    assert_eq!(harness.engine.link().reason, None);
}

#[test]
fn a_hint_about_the_network_ends_the_wait() {
    let mut harness = Harness::new();
    harness.input(Input::Start);
    let (request, _) = harness.ask();
    harness.fail(request, TransportError::Unreachable);
    assert!(harness.sent.is_empty());
    harness.input(Input::NetworkHint);
    assert_eq!(harness.ask().1, Ask::Bootstrap);
}

#[test]
fn an_answer_that_the_end_of_the_stream_has_overtaken_changes_nothing() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.pass(61);
    let (late, ask) = harness.ask();
    assert!(matches!(ask, Ask::Sync { .. }), "{ask:?}");
    let live = harness.live();
    harness.input(Input::LiveClosed { live, error: TransportError::Unreachable });
    harness.wake();
    let (request, _) = harness.ask();
    assert!(harness.sent.is_empty(), "one question at a time");
    let newer = harness.page(10, 12, vec![change(head(1, 12))]);
    harness.answer_to(request, Answer::Sync(newer));
    // Of the time before: taken, it would begin the cache anew at a number that it has passed.
    let bootstrap = harness.bootstrap(11, access(1, ConversationAccess::all()));
    harness.answer_to(late, bootstrap);
    assert_eq!(harness.store.meta().expect("readable").cursor, 12);
    harness.serve(12, &[head(1, 12)]);
    assert_eq!(harness.state(), ConnectionState::Online);
}

#[test]
fn every_reason_for_being_offline_is_told() {
    for error in [
        TransportError::Unreachable,
        TransportError::UntrustedCertificate,
        TransportError::Malformed,
        refused(ErrorCode::Overloaded),
        refused(ErrorCode::Internal),
        refused(ErrorCode::KeychainLocked),
    ] {
        let mut harness = Harness::online(10, &[head(1, 5)]);
        harness.pass(61);
        let (request, _) = harness.ask();
        harness.fail(request, error.clone());
        assert_eq!(harness.state(), ConnectionState::Offline);
        assert_eq!(harness.engine.link().reason, Some(error.code()));
        assert_eq!(harness.closed.len(), 1, "the live stream is closed as well");
    }
}

#[test]
fn a_stream_that_breaks_is_opened_again_after_what_was_missed() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let live = harness.live();
    harness.input(Input::LiveClosed { live, error: TransportError::Unreachable });
    assert_eq!(harness.state(), ConnectionState::Offline);
    harness.wake();
    let (request, ask) = harness.ask();
    assert_eq!(ask, Ask::Sync { log_id: log(1), cursor: 10, limit: MAX_ENTRIES });
    let page = harness.page(10, 11, vec![change(head(2, 11))]);
    harness.answer_to(request, Answer::Sync(page));
    harness.serve(11, &[head(1, 5), head(2, 11)]);
    assert_eq!(harness.state(), ConnectionState::Online);
    assert_ne!(harness.live(), live);
}

#[test]
fn what_a_closed_stream_still_says_is_ignored() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let live = harness.live();
    harness.input(Input::LiveClosed { live, error: TransportError::Unreachable });
    let page = harness.page(10, 11, vec![change(head(2, 11))]);
    let frame = recado_protocol::live::LiveFrame::Page { page };
    harness.input(Input::LiveFrame { live, frame });
    assert_eq!(harness.cached(&[2]), [0_u128; 0]);
    harness.input(Input::LiveOpened { live });
    assert_eq!(harness.state(), ConnectionState::Offline);
}

#[test]
fn an_answer_that_comes_twice_is_taken_once() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.pass(61);
    let (request, _) = harness.ask();
    let page = harness.page(10, 11, vec![change(head(2, 11))]);
    harness.answer_to(request, Answer::Sync(page.clone()));
    harness.jobs.clear();
    harness.answer_to(request, Answer::Sync(page));
    assert!(!harness.jobs.iter().any(|job| job == "Page"), "{:?}", harness.jobs);
}

#[test]
fn the_clocks_difference_is_told() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.pass(61);
    let (request, _) = harness.ask();
    let mut page = harness.page(10, 10, Vec::new());
    page.server_time = harness.now.plus_seconds(-600);
    harness.answer_to(request, Answer::Sync(page));
    assert_eq!(harness.engine.link().clock_ahead_s, 600);
}

#[test]
fn a_demand_without_a_network_is_answered_at_once() {
    let mut harness = Harness::new();
    let demand =
        Demand::Conversation { conversation_id: conversation(1), before_seq: None, limit: 9 };
    harness.input(Input::Demanded { demand_id: 1, demand });
    assert!(harness.told.iter().any(|notice| matches!(
        notice,
        Notice::Demanded { demand_id: 1, result: Err(TransportError::Unreachable) }
    )));
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.now = harness.now.plus_seconds(-3_600);
    harness.input(Input::Tick);
    assert!(matches!(harness.ask().1, Ask::Sync { .. }), "the log is pulled at once");
}

/// The next question of this kind. Others are answered for a server that has these heads.
fn next_ask<T>(
    harness: &mut Harness,
    heads: &[ConversationHead],
    of: impl Fn(&Ask) -> Option<T>,
) -> (Id, T) {
    for _ in 0..40 {
        if let Some(found) = harness.sent.front().and_then(|(_, ask)| of(ask)) {
            let (request, _) = harness.ask();
            return (request, found);
        }
        if !harness.serve_one(10, heads) {
            harness.pass(31);
        }
    }
    panic!("it is not asked");
}

#[test]
fn what_is_asked_for_at_once_is_less_after_each_answer_that_breaks_off() {
    let mut harness = Harness::new();
    harness.input(Input::Start);
    let (request, _) = harness.ask();
    let bootstrap = harness.bootstrap(10, access(1, ConversationAccess::all()));
    harness.answer_to(request, bootstrap);
    let limit = |ask: &Ask| match ask {
        Ask::Heads(query) => query.limit,
        _ => None,
    };
    let (request, whole) = next_ask(&mut harness, &[], limit);
    assert_eq!(whole, MAX_HEADS);
    harness.fail(request, TransportError::BrokenOff);
    let (request, ask) = {
        harness.pass(31);
        harness.ask()
    };
    assert!(matches!(ask, Ask::Sync { limit, .. } if limit == MAX_ENTRIES), "{ask:?}");
    harness.fail(request, TransportError::BrokenOff);
    let (request, half) = next_ask(&mut harness, &[], limit);
    assert_eq!(half, MAX_HEADS / 2, "pages of the log say nothing of pages of heads");
    harness.fail(request, TransportError::Unreachable);
    let (_, as_before) = next_ask(&mut harness, &[], limit);
    assert_eq!(as_before, MAX_HEADS / 2, "who is not reached says nothing of how much arrives");
}

#[test]
fn bodies_are_asked_for_in_smaller_portions_after_answers_that_break_off() {
    let heads: Vec<_> = (1..=60).map(|n| head(n, 5)).collect();
    let mut harness = Harness::new();
    harness.input(Input::Start);
    let asked = |ask: &Ask| match ask {
        Ask::Fetch(ids) => Some(ids.clone()),
        _ => None,
    };
    let mut sizes = Vec::new();
    for _ in 0..7 {
        let (request, ids) = next_ask(&mut harness, &heads, asked);
        sizes.push(ids.len());
        harness.fail(request, TransportError::BrokenOff);
    }
    assert_eq!(sizes, [MAX_FETCH, 25, 12, 6, 3, 1, 1]);
    let (request, ids) = next_ask(&mut harness, &heads, asked);
    assert_eq!(ids.len(), 1);
    let arrives: Vec<_> = heads.iter().filter(|head| ids.contains(&head.id)).cloned().collect();
    let bodies = harness.bodies(10, &arrives);
    harness.answer_to(request, bodies);
    let (_, ids) = next_ask(&mut harness, &heads, asked);
    assert_eq!(ids.len(), 1, "50 halved five times");
}
