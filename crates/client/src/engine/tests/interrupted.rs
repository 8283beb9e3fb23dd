//! A program that ends between two steps, and answers that do not come: nothing that is owed is
//! forgotten.

use std::sync::Arc;

use recado_protocol::host::OpenRequest;
use recado_protocol::*;

use super::super::*;
use super::harness::*;
use super::sync::refused;

fn closed(n: u128, version: u64) -> ConversationHead {
    ConversationHead { state: ConversationState::Closed, ..head(n, version) }
}

/// A cache with an open conversation and two closed ones, of which the second has left unnoticed:
/// the cursor is gone, and the new beginning is stored.
fn reconciling() -> Harness {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let page = harness.page(10, 12, vec![change(closed(4, 11)), change(closed(5, 12))]);
    harness.push(page);
    harness.pass(61);
    let (request, _) = harness.ask();
    harness.fail(request, refused(ErrorCode::CursorGone));
    let (request, _) = harness.ask();
    let bootstrap = harness.bootstrap(50, access(1, ConversationAccess::all()));
    harness.answer_to(request, bootstrap);
    harness
}

/// Answers everything but the question for closed conversations; gives that back.
fn serve_up_to_the_check(harness: &mut Harness) -> Option<Id> {
    let mut check = None;
    for _ in 0..50 {
        let asks_closed =
            |ask: &Ask| matches!(ask, Ask::Fetch(ids) if ids.contains(&conversation(5)));
        if let Some(place) = harness.sent.iter().position(|(_, ask)| asks_closed(ask)) {
            check = harness.sent.remove(place).map(|(request, _)| request);
        }
        if !harness.serve_one(50, &[head(1, 5), closed(4, 11)]) {
            break;
        }
    }
    check
}

#[test]
fn closed_conversations_are_asked_for_again_until_there_was_an_answer() {
    let mut harness = reconciling();
    let request = serve_up_to_the_check(&mut harness).expect("closed ones are asked for");
    harness.fail(request, TransportError::Unreachable);
    harness.wake();
    let again = serve_up_to_the_check(&mut harness).expect("they are asked for again");
    let bodies = harness.bodies(50, &[closed(4, 11)]);
    harness.answer_to(again, bodies);
    assert_eq!(harness.cached(&[1, 4, 5]), [1, 4]);
    assert_eq!(harness.store.meta().expect("readable").closed_check, None);
}

#[test]
fn the_check_of_closed_conversations_outlives_the_program() {
    for cut_off_at in ["Heads", "Reconcile", "ClosedIds", "Conversations", "Forget"] {
        let mut harness = reconciling();
        harness.cut_off_at = Some(cut_off_at);
        harness.serve(50, &[head(1, 5), closed(4, 11)]);
        let mut harness = Harness::on(Arc::clone(&harness.store));
        harness.input(Input::Start);
        harness.serve(50, &[head(1, 5), closed(4, 11)]);
        assert_eq!(harness.state(), ConnectionState::Online, "{cut_off_at}");
        assert_eq!(harness.cached(&[1, 4, 5]), [1, 4], "{cut_off_at}");
        let owed = harness.store.meta().expect("readable").closed_check;
        assert_eq!(owed, None, "{cut_off_at}");
    }
}

#[test]
fn what_was_confirmed_is_shown_until_its_conversation_has_followed_wherever_the_program_ends() {
    let server = [closed(1, 20), closed(4, 21)];
    for cut_off_at in ["Heads", "Reconcile", "ClosedIds", "Conversations", "Forget", "Digest"] {
        let mut harness = reconciling();
        let sent = [(command(70, 1, "One"), 20), (command(71, 4, "Four"), 21)];
        for (command, version) in &sent {
            harness.store.enqueue(command).expect("stored");
            let outcome = CommandOutcome::Applied { version: *version, part_id: None };
            let result = CommandResult { id: command.id, outcome };
            harness.store.acknowledge(&result, log(1), harness.now).expect("stored");
        }
        let judge = |harness: &Harness| {
            for (command, version) in &sent {
                let request = OpenRequest { conversation_id: command.conversation_id, limit: 200 };
                let view = harness.store.conversation_view(&request).expect("readable");
                let Some(view) = view else { continue };
                let words = command.action.body_text().expect("a reply");
                let is_shown = view.parts.iter().any(|part| part.part.body_text == words);
                assert!(is_shown || view.head.version >= *version, "{words}, {cut_off_at}");
            }
        };
        judge(&harness);
        harness.cut_off_at = Some(cut_off_at);
        while harness.serve_one(50, &server) {
            judge(&harness);
        }
        let mut harness = Harness::on(Arc::clone(&harness.store));
        harness.input(Input::Start);
        while harness.serve_one(50, &server) {
            judge(&harness);
        }
        assert_eq!(harness.state(), ConnectionState::Online, "{cut_off_at}");
        assert_eq!(harness.cached(&[1, 4, 5]), [4], "{cut_off_at}");
    }
}

#[test]
fn closed_conversations_are_asked_for_whatever_the_outbox_lays_over_them() {
    let mut harness = reconciling();
    let mut reopened = command(70, 5, "");
    reopened.action = Action::ConversationOpen;
    harness.store.enqueue(&reopened).expect("stored");
    let outcome = CommandOutcome::Applied { version: 20, part_id: None };
    let result = CommandResult { id: reopened.id, outcome };
    harness.store.acknowledge(&result, log(1), harness.now).expect("stored");
    harness.serve(50, &[head(1, 5), closed(4, 11)]);
    assert_eq!(harness.cached(&[1, 4, 5]), [1, 4]);
}

#[test]
fn a_check_that_begins_anew_is_not_taken_further_by_the_answer_to_the_one_before() {
    let mut harness = reconciling();
    let from_before = serve_up_to_the_check(&mut harness).expect("closed ones are asked for");
    harness.pass(61);
    let (request, _) = harness.ask();
    harness.fail(request, refused(ErrorCode::CursorGone));
    let (request, ask) = harness.ask();
    assert_eq!(ask, Ask::Bootstrap);
    let bootstrap = harness.bootstrap(60, access(1, ConversationAccess::all()));
    harness.answer_to(request, bootstrap);
    let bodies = harness.bodies(50, &[closed(4, 11), closed(5, 12)]);
    harness.answer_to(from_before, bodies);
    assert!(harness.store.meta().expect("readable").closed_check.is_some(), "it is still owed");
    harness.serve(60, &[head(1, 5), closed(4, 11)]);
    assert_eq!(harness.cached(&[1, 4, 5]), [1, 4]);
}

#[test]
fn a_listing_whose_reconciliation_was_cut_off_is_compared_at_the_next_start() {
    let mut harness = Harness::online(10, &[head(1, 5), head(2, 6)]);
    harness.pass(61);
    let (request, _) = harness.ask();
    harness.fail(request, refused(ErrorCode::CursorGone));
    harness.cut_off_at = Some("Reconcile");
    harness.serve(50, &[head(1, 5)]);
    assert_eq!(harness.cached(&[1, 2]), [1, 2], "it was cut off");
    let mut harness = Harness::on(Arc::clone(&harness.store));
    harness.input(Input::Start);
    harness.serve(50, &[head(1, 5)]);
    assert_eq!(harness.state(), ConnectionState::Online);
    assert_eq!(harness.cached(&[1, 2]), [1]);
}

#[test]
fn every_start_finishes_what_a_deletion_and_a_new_log_have_left_to_do() {
    let harness = Harness::online(10, &[head(1, 5)]);
    harness.store.enqueue(&command(70, 1, "Hi")).expect("stored");
    let outcome = CommandOutcome::Applied { version: 9, part_id: None };
    let result = CommandResult { id: command(70, 1, "Hi").id, outcome };
    harness.store.acknowledge(&result, log(2), harness.now).expect("stored");
    let mut harness = Harness::on(Arc::clone(&harness.store));
    harness.input(Input::Start);
    assert_eq!(harness.jobs[..3], ["Load", "FinishEviction", "Resend"]);
    let (_, ask) = harness.ask();
    assert!(matches!(ask, Ask::Sync { .. }), "{ask:?}");
    let (_, ask) = harness.ask();
    assert!(matches!(ask, Ask::Commands(_)), "another log had confirmed it: {ask:?}");
}

#[test]
fn an_answer_older_than_the_cache_takes_away_only_what_has_not_changed_since() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let page =
        harness.page(10, 12, vec![change(ConversationHead { part_count: 3, ..head(1, 12) })]);
    harness.push(page);
    let Some(place) = harness.sent.iter().position(|(_, ask)| matches!(ask, Ask::Fetch(_))) else {
        // All of its parts came with the change.
        return assert_eq!(harness.cached(&[1]), [1]);
    };
    let (request, _) = harness.sent.remove(place).expect("a request");
    let nothing = harness.bodies(11, &[]);
    harness.answer_to(request, nothing);
    assert_eq!(harness.cached(&[1]), [1]);
}

#[test]
fn a_comparison_that_is_lost_on_the_way_is_made_until_it_is_answered() {
    let mut harness = Harness::new();
    harness.input(Input::Start);
    let mut lost = 0;
    while lost < 20 {
        let Some(place) = harness.sent.iter().position(|(_, ask)| matches!(ask, Ask::Digest))
        else {
            assert!(harness.serve_one(10, &[head(1, 5)]), "after {lost} lost answers");
            continue;
        };
        let (request, _) = harness.sent.remove(place).expect("a request");
        harness.fail(request, TransportError::Unreachable);
        lost += 1;
        harness.pass(31);
    }
    let mut compared = false;
    while harness.state() != ConnectionState::Online {
        compared |= harness.sent.iter().any(|(_, ask)| matches!(ask, Ask::Digest));
        assert!(harness.serve_one(10, &[head(1, 5)]));
    }
    assert!(compared);
}

#[test]
fn what_was_asked_before_a_new_beginning_is_asked_again_and_its_answer_not_taken() {
    let mut harness = Harness::online(10, &[head(1, 5), head(2, 6)]);
    let demand =
        Demand::Conversation { conversation_id: conversation(2), before_seq: None, limit: 9 };
    harness.input(Input::Demanded { demand_id: 1, demand });
    let (of_before, _) = harness.ask();
    // It is closed while the log forgets how it came to it.
    let as_it_was = harness.bodies(11, &[head(2, 11)]);
    harness.pass(61);
    let (request, _) = harness.ask();
    harness.fail(request, refused(ErrorCode::CursorGone));
    let (request, _) = harness.ask();
    let bootstrap = harness.bootstrap(50, access(1, ConversationAccess::all()));
    harness.answer_to(request, bootstrap);
    let place = harness.sent.iter().position(|(_, ask)| matches!(ask, Ask::Conversation { .. }));
    let again = place.and_then(|place| harness.sent.remove(place)).expect("it is asked again");
    harness.serve(50, &[head(1, 5)]);
    harness.answer_to(of_before, as_it_was);
    assert_eq!(harness.cached(&[1, 2]), [1], "the state of before is not back");
    let as_it_is = harness.bodies(50, &[closed(2, 12)]);
    harness.answer_to(again.0, as_it_is);
    assert_eq!(harness.cached(&[1, 2]), [1, 2]);
    assert!(
        harness
            .told
            .iter()
            .any(|notice| matches!(notice, Notice::Demanded { demand_id: 1, result: Ok(_) }))
    );
}

#[test]
fn closed_conversations_leave_the_cache_when_they_are_old() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let page = harness.page(10, 12, vec![change(closed(4, 11)), change(closed(5, 12))]);
    harness.push(page);
    assert_eq!(harness.cached(&[1, 4, 5]), [1, 4, 5]);
    harness.told.clear();
    harness.pass(91 * 86_400);
    let (request, _) = harness.ask();
    harness.fail(request, TransportError::Unreachable);
    harness.wake();
    assert_eq!(harness.cached(&[1, 4, 5]), [1, 4, 5], "nothing could bring them back");
    harness.serve(12, &[head(1, 5)]);
    assert_eq!(harness.cached(&[1, 4, 5]), [1]);
    let tells = |notice: &Notice| match notice {
        Notice::ConversationsChanged(ids) => ids.contains(&conversation(4)),
        _ => false,
    };
    assert!(harness.told.iter().any(tells), "lists are read again");
    let left = |notice: &Notice| matches!(notice, Notice::ConversationLeft { .. });
    assert!(!harness.told.iter().any(left), "nobody is told that they left");
}
