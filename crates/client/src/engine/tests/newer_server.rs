//! A server that is newer than this program.

use recado_protocol::live::{LiveFrame, LiveRequest};
use recado_protocol::sync::Change;
use recado_protocol::*;

use super::super::*;
use super::harness::*;

#[test]
fn what_is_not_known_is_skipped_and_takes_nothing_else_with_it() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let live = harness.live();
    harness.input(Input::LiveFrame { live, frame: LiveFrame::Unknown });
    assert_eq!(harness.state(), ConnectionState::Online);
    let in_a_new_state = ConversationHead { state: ConversationState::Unknown, ..head(3, 12) };
    let page = harness.page(
        10,
        13,
        vec![Change::Unknown, change(head(2, 11)), change(in_a_new_state), Change::Unknown],
    );
    harness.push(page);
    assert_eq!(harness.cached(&[1, 2, 3]), [1, 2, 3]);
    assert_eq!(harness.engine.cursor(), 13);
    assert_eq!(harness.said, [LiveRequest::Ack { cursor: 13 }]);
    // The server's digest is over what it calls open and snoozed.
    assert_eq!(harness.store.digest().expect("a digest").count, 2);
}

#[test]
fn an_outcome_that_is_not_known_waits_for_a_person_and_is_not_sent_again() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.store.enqueue(&command(70, 1, "Hi")).expect("stored");
    harness.input(Input::Submitted);
    let (request, ask) = harness.ask();
    assert!(matches!(ask, Ask::Commands(_)), "{ask:?}");
    let id = command(70, 1, "Hi").id;
    let answer = harness.results(vec![CommandResult { id, outcome: CommandOutcome::Unknown }]);
    harness.answer_to(request, answer);
    assert!(harness.sent.is_empty(), "{:?}", harness.sent);
    let counts = harness.store.outbox_counts().expect("counts");
    assert_eq!((counts.queued, counts.refused), (0, 1));
}
