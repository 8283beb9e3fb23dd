//! The outbox: in order, once, and nobody blocks anybody.

use recado_protocol::command::CommandsRequest;
use recado_protocol::host::Delivery;
use recado_protocol::*;

use super::super::*;
use super::harness::*;
use super::sync::refused;

fn applied(id: CommandId, version: u64) -> CommandResult {
    CommandResult { id, outcome: CommandOutcome::Applied { version, part_id: None } }
}

fn refusal(id: CommandId) -> CommandResult {
    let outcome = CommandOutcome::Refused {
        code: ErrorCode::PermissionDenied,
        message: "not allowed".to_owned(),
    };
    CommandResult { id, outcome }
}

fn submit(harness: &mut Harness, command: &Command) {
    harness.store.enqueue(command).expect("stored");
    harness.input(Input::Submitted);
}

fn commands(harness: &mut Harness) -> (Id, Vec<Command>) {
    let (request, ask) = harness.ask();
    let Ask::Commands(CommandsRequest { commands, .. }) = ask else { panic!("{ask:?}") };
    (request, commands)
}

fn numbers(commands: &[Command]) -> Vec<u128> {
    commands.iter().map(|command| command.id.uuid().as_u128()).collect()
}

#[test]
fn one_request_carries_one_command_of_each_conversation_and_their_order_holds() {
    let mut harness = Harness::online(10, &[head(1, 5), head(2, 6)]);
    for (n, on) in [(101, 1), (102, 1), (103, 2)] {
        harness.store.enqueue(&command(n, on, "Hello")).expect("stored");
    }
    harness.input(Input::Submitted);
    let (request, first) = commands(&mut harness);
    assert_eq!(numbers(&first), [101, 103]);
    assert!(harness.sent.is_empty(), "one request at a time");
    let answer = harness.results(vec![applied(first[0].id, 11), applied(first[1].id, 12)]);
    harness.answer_to(request, answer);
    let (request, second) = commands(&mut harness);
    assert_eq!(numbers(&second), [102]);
    let answer = harness.results(vec![applied(second[0].id, 13)]);
    harness.answer_to(request, answer);
    assert!(harness.sent.is_empty());
    assert_eq!(harness.store.outbox_counts().expect("readable").queued, 0);
}

#[test]
fn a_command_whose_answer_was_lost_is_sent_again_under_its_id() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let sent = command(101, 1, "Hello");
    submit(&mut harness, &sent);
    for attempt in 1..=5_u32 {
        let (request, commands) = commands(&mut harness);
        assert_eq!(commands, std::slice::from_ref(&sent), "attempt {attempt}");
        harness.fail(request, refused(ErrorCode::Internal));
        assert!(harness.sent.is_empty(), "the next attempt waits");
        while harness.sent.is_empty() {
            harness.wake();
            // The live stream's own questions are answered meanwhile.
            while matches!(harness.sent.front(), Some((_, Ask::Sync { .. }))) {
                let (request, _) = harness.ask();
                let page = harness.page(10, 10, Vec::new());
                harness.answer_to(request, Answer::Sync(page));
            }
        }
    }
    let (request, _) = commands(&mut harness);
    let answer = harness.results(vec![applied(sent.id, 11)]);
    harness.answer_to(request, answer);
    let entries = harness.store.outbox_entries().expect("readable");
    assert!(entries.is_empty(), "{entries:?}");
}

#[test]
fn a_refused_command_is_kept_with_its_reason_and_blocks_no_other() {
    let mut harness = Harness::online(10, &[head(1, 5), head(2, 6)]);
    for (n, on) in [(101, 1), (102, 2)] {
        harness.store.enqueue(&command(n, on, "Hello")).expect("stored");
    }
    harness.input(Input::Submitted);
    let (request, sent) = commands(&mut harness);
    let answer = harness.results(vec![refusal(sent[0].id), applied(sent[1].id, 11)]);
    harness.answer_to(request, answer);
    submit(&mut harness, &command(103, 2, "Another"));
    let (request, next) = commands(&mut harness);
    assert_eq!(numbers(&next), [103]);
    let answer = harness.results(vec![applied(next[0].id, 12)]);
    harness.answer_to(request, answer);
    let entries = harness.store.outbox_entries().expect("readable");
    assert_eq!(entries.len(), 1);
    assert!(matches!(
        &entries[0].delivery,
        Delivery::Refused { code: ErrorCode::PermissionDenied, .. }
    ));
}

#[test]
fn a_command_that_cannot_be_read_is_found_refused_and_the_others_go_on() {
    let mut harness = Harness::online(10, &[head(1, 5), head(2, 6), head(3, 7)]);
    for (n, on) in [(101, 1), (102, 2), (103, 3)] {
        harness.store.enqueue(&command(n, on, "Hello")).expect("stored");
    }
    harness.input(Input::Submitted);
    let (request, all) = commands(&mut harness);
    assert_eq!(all.len(), 3);
    harness.fail(request, refused(ErrorCode::InvalidRequest));
    let mut alone = Vec::new();
    for _ in 0..3 {
        let (request, sent) = commands(&mut harness);
        assert_eq!(sent.len(), 1, "one by one");
        alone.extend(numbers(&sent));
        if sent[0].id == all[1].id {
            harness.fail(request, refused(ErrorCode::TooLarge));
        } else {
            let answer = harness.results(vec![applied(sent[0].id, 11)]);
            harness.answer_to(request, answer);
        }
    }
    assert_eq!(alone, [101, 102, 103]);
    let entries = harness.store.outbox_entries().expect("readable");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].command_id, all[1].id);
}

#[test]
fn an_answer_that_leaves_commands_out_does_not_lose_them() {
    let mut harness = Harness::online(10, &[head(1, 5), head(2, 6)]);
    for (n, on) in [(101, 1), (102, 2)] {
        harness.store.enqueue(&command(n, on, "Hello")).expect("stored");
    }
    harness.input(Input::Submitted);
    let (request, sent) = commands(&mut harness);
    let answer = harness.results(vec![applied(sent[0].id, 11)]);
    harness.answer_to(request, answer);
    let (_, again) = commands(&mut harness);
    assert_eq!(numbers(&again), [102]);
}

#[test]
fn what_was_on_its_way_when_the_engine_ended_is_sent_again_under_its_id() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let sent = command(101, 1, "Hello");
    submit(&mut harness, &sent);
    let _ = commands(&mut harness);
    let mut again = Harness::on(harness.store);
    again.input(Input::Start);
    let mut seen = Vec::new();
    while let Some((request, ask)) = again.sent.pop_front() {
        match ask {
            Ask::Commands(CommandsRequest { commands, .. }) => {
                seen.extend(commands.clone());
                let answer = again.results(vec![applied(commands[0].id, 11)]);
                again.answer_to(request, answer);
            }
            other => {
                again.sent.push_front((request, other));
                again.serve_one(10, &[head(1, 5)]);
            }
        }
    }
    assert_eq!(seen, [sent]);
}

#[test]
fn commands_wait_for_a_way_to_the_server() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let live = harness.live();
    harness.input(Input::LiveClosed { live, error: TransportError::Unreachable });
    submit(&mut harness, &command(101, 1, "Hello"));
    assert!(harness.sent.is_empty(), "nothing is tried while nothing can be reached");
    let entries = harness.store.outbox_entries().expect("readable");
    assert_eq!(entries[0].attempts, 0);
    harness.wake();
    let (request, ask) = harness.ask();
    assert!(matches!(ask, Ask::Sync { .. }));
    let page = harness.page(10, 10, Vec::new());
    harness.answer_to(request, Answer::Sync(page));
    assert!(harness.sent.iter().any(|(_, ask)| matches!(ask, Ask::Commands(_))));
}

#[test]
fn what_another_change_log_had_confirmed_is_sent_again_under_its_id() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let sent = command(101, 1, "Hello");
    submit(&mut harness, &sent);
    let (request, _) = commands(&mut harness);
    let answer = harness.results(vec![applied(sent.id, 11)]);
    harness.answer_to(request, answer);
    // The server was restored from a copy that did not have it.
    harness.log_id = log(2);
    let page = harness.page(4, 5, Vec::new());
    harness.push(page);
    let (request, ask) = harness.ask();
    assert_eq!(ask, Ask::Bootstrap);
    let bootstrap = harness.bootstrap(4, access(1, ConversationAccess::all()));
    harness.answer_to(request, bootstrap);
    let again = harness.sent.iter().find_map(|(_, ask)| match ask {
        Ask::Commands(request) => Some(request.commands.clone()),
        _ => None,
    });
    assert_eq!(again, Some(vec![sent]));
}

#[test]
fn commands_name_the_log_and_a_server_with_another_one_is_reconciled_with_first() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    submit(&mut harness, &command(101, 1, "Hello"));
    let (request, ask) = harness.ask();
    let Ask::Commands(CommandsRequest { log_id, .. }) = ask else { panic!("{ask:?}") };
    assert_eq!(log_id, Some(log(1)));
    harness.fail(request, refused(ErrorCode::CursorGone));
    let asked: Vec<_> = harness.sent.iter().map(|(_, ask)| ask.clone()).collect();
    assert_eq!(
        asked,
        [Ask::Bootstrap],
        "nothing newer goes before what the lost log had confirmed"
    );
}

#[test]
fn commands_that_were_read_before_another_log_began_go_after_what_the_lost_one_had_confirmed() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let confirmed = command(101, 1, "Hello");
    submit(&mut harness, &confirmed);
    let (request, _) = commands(&mut harness);
    let answer = harness.results(vec![applied(confirmed.id, 11)]);
    harness.answer_to(request, answer);
    let page = harness.page(14, 15, Vec::new());
    harness.push(page);
    let (request, ask) = harness.ask();
    assert!(matches!(ask, Ask::Sync { .. }), "{ask:?}");
    // The next command is being read when a restored server says that it knows nothing of this log.
    harness.slow = Some("NextCommands");
    submit(&mut harness, &command(102, 1, "And this"));
    harness.log_id = log(2);
    harness.fail(request, refused(ErrorCode::CursorGone));
    let (request, ask) = harness.ask();
    assert_eq!(ask, Ask::Bootstrap);
    let bootstrap = harness.bootstrap(4, access(1, ConversationAccess::all()));
    harness.answer_to(request, bootstrap);
    harness.run_slow_job();
    let sent: Vec<_> = harness
        .sent
        .iter()
        .filter_map(|(_, ask)| match ask {
            Ask::Commands(request) => Some((request.log_id, numbers(&request.commands))),
            _ => None,
        })
        .collect();
    assert_eq!(sent, [(Some(log(2)), vec![101])]);
}

#[test]
fn what_can_be_taken_back_waits_for_its_time_or_for_the_next_thing_that_is_done() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    let hold = |harness: &mut Harness, n: u128| {
        harness.store.enqueue(&command(n, 1, "A note")).expect("stored");
        harness.input(Input::Held { until: harness.now.plus_seconds(5) });
        assert!(harness.sent.is_empty(), "it can still be taken back");
    };
    let take = |harness: &mut Harness, version: u64| {
        let (request, taken) = commands(harness);
        let results = taken.iter().map(|command| applied(command.id, version)).collect();
        harness.answer_to(request, harness.results(results));
        numbers(&taken)
    };

    hold(&mut harness, 101);
    // Looking at something lets nothing go.
    harness.input(Input::Held { until: harness.now });
    harness.pass(4);
    assert!(harness.sent.is_empty());
    harness.wake();
    assert_eq!(take(&mut harness, 11), [101]);

    hold(&mut harness, 102);
    harness.store.discard(command(102, 1, "").id).expect("it was not sent");
    harness.wake();
    assert!(harness.sent.is_empty(), "what was taken back is never sent");

    hold(&mut harness, 103);
    harness.store.enqueue(&command(104, 1, "An answer")).expect("stored");
    harness.input(Input::Submitted);
    assert_eq!(take(&mut harness, 12), [103]);
    assert_eq!(take(&mut harness, 13), [104]);

    hold(&mut harness, 105);
    harness.pass(-3_600);
    // It also asks at once for what is new.
    assert!(harness.serve_one(13, &[head(1, 13)]));
    assert_eq!(take(&mut harness, 14), [105], "a clock that is set back holds nothing up");
}

#[test]
fn a_clock_that_is_set_back_prolongs_no_wait_that_the_server_asked_for() {
    let mut harness = Harness::online(10, &[head(1, 5)]);
    harness.store.enqueue(&command(101, 1, "An answer")).expect("stored");
    harness.input(Input::Submitted);
    let (request, _) = commands(&mut harness);
    harness.fail(request, refused(ErrorCode::Overloaded));
    harness.pass(-3_600);
    // It also asks at once for what is new.
    assert!(harness.serve_one(10, &[head(1, 5)]));
    harness.pass(31);
    assert_eq!(numbers(&commands(&mut harness).1), [101]);
}
