//! What a teammate may see, and when that changes.

use std::sync::Arc;

use recado_protocol::live::LiveRequest;
use recado_protocol::sync::Change;
use recado_protocol::*;

use super::super::*;
use super::harness::*;

fn narrowed(harness: &mut Harness) {
    harness.epoch = 2;
    let change = Change::Access { access: access(2, ConversationAccess::assigned()) };
    let page = harness.page(10, 11, vec![change]);
    harness.push(page);
}

#[test]
fn a_narrower_access_evicts_before_anything_else_and_is_listed_and_compared_again() {
    let mut harness = Harness::online(10, &[head(1, 5), of_somebody_else(2, 6)]);
    assert_eq!(harness.cached(&[1, 2]), [1, 2]);
    narrowed(&mut harness);
    assert_eq!(harness.cached(&[1, 2]), [1]);
    assert!(harness.told.iter().any(|notice| matches!(
        notice,
        Notice::ConversationLeft { conversation_id, .. } if *conversation_id == conversation(2)
    )));
    assert_eq!(harness.said, [LiveRequest::Ack { cursor: 11 }]);
    let emptied = harness.jobs.iter().position(|job| job == "FinishEviction");
    assert!(emptied.is_some(), "{:?}", harness.jobs);
    harness.jobs.clear();
    harness.serve(11, &[head(1, 5)]);
    assert!(harness.jobs.iter().any(|job| job == "Reconcile"), "{:?}", harness.jobs);
    assert!(harness.jobs.iter().any(|job| job == "Digest"), "{:?}", harness.jobs);
    assert_eq!(harness.state(), ConnectionState::Online);
}

#[test]
fn a_page_filtered_under_an_older_access_changes_nothing() {
    let mut harness = Harness::online(10, &[head(1, 5), of_somebody_else(2, 6)]);
    narrowed(&mut harness);
    harness.serve(11, &[head(1, 5)]);
    let mut late = harness.page(11, 12, vec![change(of_somebody_else(3, 12))]);
    late.epoch = 1;
    harness.push(late);
    assert_eq!(harness.cached(&[1, 2, 3]), [1]);
    let (request, ask) = harness.ask();
    assert!(matches!(ask, Ask::Sync { cursor: 11, .. }), "{ask:?}");
    let page = harness.page(11, 12, Vec::new());
    harness.answer_to(request, Answer::Sync(page));
    assert_eq!(harness.engine.cursor(), 12);
}

#[test]
fn a_demand_answered_under_an_older_access_is_asked_again() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let demand =
        Demand::Conversation { conversation_id: conversation(2), before_seq: None, limit: 9 };
    harness.input(Input::Demanded { demand_id: 1, demand });
    let (request, _) = harness.ask();
    let under_the_old = harness.bodies(10, &[of_somebody_else(2, 6)]);
    narrowed(&mut harness);
    let (listing, _) = harness.ask();
    harness.answer_to(request, under_the_old);
    assert_eq!(harness.cached(&[2]), [0_u128; 0]);
    let (again, ask) = harness.ask();
    assert!(matches!(ask, Ask::Conversation { .. }), "{ask:?}");
    let nothing = harness.bodies(11, &[]);
    harness.answer_to(again, nothing);
    assert!(
        harness
            .told
            .iter()
            .any(|notice| matches!(notice, Notice::Demanded { demand_id: 1, result: Ok(_) }))
    );
    let heads = harness.heads(11, &[head(1, 5)], None);
    harness.answer_to(listing, heads);
}

#[test]
fn a_wider_access_backfills() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.epoch = 2;
    let change = Change::Access { access: access(2, ConversationAccess::all()) };
    let page = harness.page(10, 11, vec![change]);
    harness.push(page);
    harness.serve(11, &[head(1, 5), of_somebody_else(2, 3)]);
    assert_eq!(harness.cached(&[1, 2]), [1, 2]);
    assert_eq!(harness.store.wanted_bodies(10).expect("readable"), []);
}

#[test]
fn a_session_that_the_server_ended_stops_the_engine_and_wipes_nothing() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.pass(61);
    let (request, _) = harness.ask();
    harness.fail(request, super::sync::refused(ErrorCode::SessionEnded));
    assert!(harness.told.iter().any(|notice| matches!(notice, Notice::SessionEnded { .. })));
    assert_eq!(harness.state(), ConnectionState::Idle);
    assert_eq!(harness.cached(&[1]), [1]);
    harness.pass(3_600);
    assert!(harness.sent.is_empty());
}

#[test]
fn a_stream_that_speaks_of_an_ended_session_is_checked_before_it_is_believed() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let live = harness.live();
    let error = ApiError::new(ErrorCode::SessionEnded, "ended");
    let frame = recado_protocol::live::LiveFrame::End { error };
    harness.input(Input::LiveFrame { live, frame });
    harness.wake();
    // It was a ticket that came too late.
    harness.serve(10, &[head(1, 5)]);
    assert_eq!(harness.state(), ConnectionState::Online);
    assert!(!harness.told.iter().any(|notice| matches!(notice, Notice::SessionEnded { .. })));

    let live = harness.live();
    let error = super::sync::refused(ErrorCode::SessionEnded);
    harness.input(Input::LiveClosed { live, error: error.clone() });
    harness.wake();
    let (request, ask) = harness.ask();
    assert!(matches!(ask, Ask::Sync { .. }), "{ask:?}");
    harness.fail(request, error);
    assert!(harness.told.iter().any(|notice| matches!(notice, Notice::SessionEnded { .. })));
}

#[test]
fn the_offline_lease_ends_without_the_server_and_holds_again_with_its_answer() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.pass(61);
    let (request, _) = harness.ask();
    harness.fail(request, TransportError::Unreachable);
    for _ in 0..20_000 {
        while let Some((request, _)) = harness.sent.pop_front() {
            harness.fail(request, TransportError::Unreachable);
        }
        if harness.told.iter().any(|notice| matches!(notice, Notice::Lease { holds: false })) {
            break;
        }
        harness.wake();
    }
    assert!(harness.told.iter().any(|notice| matches!(notice, Notice::Lease { holds: false })));
    harness.told.clear();
    while harness.sent.is_empty() {
        harness.wake();
    }
    let (request, ask) = harness.ask();
    let Ask::Sync { cursor, .. } = ask else { panic!("{ask:?}") };
    let page = harness.page(cursor, cursor, Vec::new());
    harness.answer_to(request, Answer::Sync(page));
    assert!(harness.told.iter().any(|notice| matches!(notice, Notice::Lease { holds: true })));
    let checked = harness.told.iter().any(|notice| matches!(notice, Notice::AccessChecked));
    assert!(checked, "the inbox opens again without a new start");
}

#[test]
fn a_start_says_whether_the_lease_holds_as_soon_as_the_cache_is_read() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    for (later_s, expected) in [(60, true), (2 * 86_400, false)] {
        let mut later = Harness::on(Arc::clone(&harness.store));
        later.now = harness.now.plus_seconds(later_s);
        later.input(Input::Start);
        let told = later.told.iter().find_map(|notice| match notice {
            Notice::Lease { holds } => Some(*holds),
            _ => None,
        });
        assert_eq!(told, Some(expected), "after {later_s} s");
        harness.store = later.store;
    }
}

#[test]
fn a_clock_that_was_turned_back_ends_the_offline_lease() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.pass(-299);
    assert!(!harness.told.iter().any(|notice| matches!(notice, Notice::Lease { holds: false })));
    harness.pass(-10);
    assert!(harness.told.iter().any(|notice| matches!(notice, Notice::Lease { holds: false })));
}
