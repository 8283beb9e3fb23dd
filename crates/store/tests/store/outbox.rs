//! The queue: order, predecessors, outcomes, and what survives.

use std::collections::HashMap;
use std::sync::{Arc, Barrier};

use recado_protocol::host::{Delivery, Draft, DraftKind, ListedRequest};
use recado_protocol::sync::Bootstrap;
use recado_protocol::*;
use recado_store::{CacheBatch, Error, Store};

use crate::world::*;

fn sendable(store: &Store) -> Vec<CommandId> {
    let commands = store.pending_to_send(100).expect("a read");
    commands.into_iter().map(|command| command.id).collect()
}

fn enqueue(store: &Store, n: u128, on: u128, after: Option<u128>) {
    let command = Command { after: after.map(command_id), ..command(n, on, reply("words")) };
    store.enqueue(&command).expect("it is stored");
}

fn confirm(store: &Store, n: u128, at: Timestamp) {
    store.acknowledge(&applied(command_id(n), 500), log_id(), at).expect("it is stored");
}

fn refuse(store: &Store, n: u128) {
    store.acknowledge(&refused(command_id(n)), log_id(), second(0)).expect("it is stored");
}

#[test]
fn each_conversation_sends_one_at_a_time_in_order() {
    let store = started();
    enqueue(&store, 1, 1, None);
    enqueue(&store, 2, 1, None);
    enqueue(&store, 3, 2, None);
    assert_eq!(sendable(&store), [command_id(1), command_id(3)]);
    store.mark_attempt(&[command_id(1)], second(0)).expect("it is stored");
    assert_eq!(sendable(&store), [command_id(3)]);
    store.mark_unsent(&[command_id(1)]).expect("it is stored");
    assert_eq!(sendable(&store), [command_id(1), command_id(3)]);
    confirm(&store, 1, second(0));
    assert_eq!(sendable(&store), [command_id(2), command_id(3)]);
    assert_eq!(store.pending_to_send(1).expect("a read").len(), 1);
}

#[test]
fn a_refused_one_stops_only_what_follows_it() {
    let store = started();
    enqueue(&store, 1, 1, None);
    enqueue(&store, 2, 1, Some(1));
    enqueue(&store, 3, 1, Some(2));
    enqueue(&store, 4, 1, None);
    refuse(&store, 1);
    assert_eq!(sendable(&store), [command_id(4)]);
    let counts = store.outbox_counts().expect("counts");
    assert_eq!((counts.queued, counts.refused), (1, 3));
    let entries = store.outbox_entries().expect("entries");
    assert!(matches!(
        entries[2].delivery,
        Delivery::Refused { code: ErrorCode::PredecessorNotApplied, .. }
    ));
}

#[test]
fn what_follows_waits_until_its_predecessor_is_confirmed() {
    let store = started();
    enqueue(&store, 1, 1, None);
    enqueue(&store, 2, 2, Some(1));
    assert_eq!(sendable(&store), [command_id(1)]);
    confirm(&store, 1, second(0));
    assert_eq!(sendable(&store), [command_id(2)]);
    store.prune(second(3 * 86_400)).expect("it is pruned");
    assert_eq!(sendable(&store), [command_id(2)]);
}

#[test]
fn trying_again_takes_a_new_id_and_what_follows_goes_along() {
    let store = started();
    enqueue(&store, 1, 1, None);
    enqueue(&store, 2, 1, Some(1));
    refuse(&store, 1);
    assert!(matches!(store.retry(command_id(9), command_id(8)), Err(Error::NoSuchEntry(_))));
    store.retry(command_id(1), command_id(7)).expect("it is queued");
    assert_eq!(sendable(&store), [command_id(7)]);
    confirm(&store, 7, second(0));
    let next = store.pending_to_send(10).expect("a read");
    assert_eq!((next[0].id, next[0].after), (command_id(2), Some(command_id(7))));
    assert!(matches!(store.retry(command_id(2), command_id(8)), Err(Error::NoSuchEntry(_))));
}

#[test]
fn what_is_tried_again_together_goes_in_the_order_in_which_it_was_done() {
    let store = started();
    // A reply, something between, and what waits for the reply.
    enqueue(&store, 1, 1, None);
    enqueue(&store, 2, 1, None);
    enqueue(&store, 3, 1, Some(1));
    refuse(&store, 1);
    refuse(&store, 2);
    let ids = HashMap::from([1, 2, 3, 9].map(|n| (command_id(n), command_id(10 + n))));
    let retried = store.retry_all(&ids).expect("they are queued");
    assert_eq!(retried.len(), 3, "the one that never was is passed over");
    for n in [11, 12, 13] {
        assert_eq!(sendable(&store), [command_id(n)]);
        let next = store.pending_to_send(1).expect("a read");
        assert_eq!(next[0].after, (n == 13).then(|| command_id(11)));
        confirm(&store, n, second(0));
    }
    assert!(sendable(&store).is_empty());
}

#[test]
fn a_waiting_one_can_go_on_without_its_refused_predecessor() {
    let store = started();
    enqueue(&store, 1, 1, None);
    enqueue(&store, 2, 1, Some(1));
    refuse(&store, 1);
    store.retry(command_id(2), command_id(7)).expect("it is queued");
    let next = store.pending_to_send(10).expect("a read");
    assert_eq!((next[0].id, next[0].after), (command_id(7), None));
}

#[test]
fn giving_one_up_leaves_what_follows_to_a_person() {
    let store = started();
    enqueue(&store, 1, 1, None);
    enqueue(&store, 2, 1, Some(1));
    store.discard(command_id(1)).expect("it is given up");
    assert!(sendable(&store).is_empty());
    assert_eq!(store.outbox_counts().expect("counts").refused, 1);
    store.discard(command_id(2)).expect("it is given up");
    assert!(store.outbox_entries().expect("entries").is_empty());
    assert!(matches!(store.discard(command_id(2)), Err(Error::NoSuchEntry(_))));
}

#[test]
fn giving_up_what_another_log_confirmed_leaves_what_followed_it_to_the_server() {
    let store = started();
    let other_log = LogId::from_uuid(uuid::Uuid::from_u128(2));
    enqueue(&store, 1, 1, None);
    enqueue(&store, 2, 1, Some(1));
    for n in [1, 2] {
        store.mark_attempt(&[command_id(n)], second(0)).expect("it is stored");
        confirm(&store, n, second(0));
    }
    enqueue(&store, 3, 1, Some(1));
    store.unacknowledge_for_new_log(other_log, second(1)).expect("a write");
    store.discard(command_id(1)).expect("it is given up");
    // The server may have kept both, so only it can say; what it never saw waits for a person.
    assert_eq!(sendable(&store), [command_id(2)]);
    assert_eq!(store.outbox_counts().expect("counts").refused, 1);
}

#[test]
fn what_is_on_its_way_cannot_be_given_up() {
    let store = started();
    enqueue(&store, 1, 1, None);
    store.mark_attempt(&[command_id(1)], second(0)).expect("it is stored");
    assert!(matches!(store.discard(command_id(1)), Err(Error::NoSuchEntry(_))));
}

#[test]
fn the_same_command_again_changes_nothing_and_another_under_its_id_is_an_error() {
    let store = started();
    enqueue(&store, 1, 1, None);
    enqueue(&store, 1, 1, None);
    assert_eq!(store.outbox_counts().expect("counts").queued, 1);
    let other = command(1, 2, Action::ConversationClose);
    assert!(matches!(store.enqueue(&other), Err(Error::CommandConflict(_))));
}

#[test]
fn a_confirmed_one_is_sent_again_to_a_server_that_lost_it_within_two_days() {
    let store = started();
    let other_log = LogId::from_uuid(uuid::Uuid::from_u128(2));
    for n in 1..=2 {
        enqueue(&store, n, n, None);
    }
    confirm(&store, 1, second(0));
    confirm(&store, 2, second(86_400));
    let now = second(2 * 86_400 + 10);
    assert_eq!(store.unacknowledge_for_new_log(log_id(), now).expect("a write"), 0);
    assert_eq!(store.unacknowledge_for_new_log(other_log, now).expect("a write"), 1);
    assert_eq!(sendable(&store), [command_id(2)]);
    assert_eq!(store.prune(now).expect("it is pruned"), 1);
    assert_eq!(
        store.acknowledge(&applied(command_id(1), 1), other_log, now).expect("a write"),
        None
    );
}

#[test]
fn a_late_refusal_does_not_undo_a_confirmation() {
    let store = started();
    enqueue(&store, 1, 1, None);
    confirm(&store, 1, second(0));
    refuse(&store, 1);
    assert_eq!(store.outbox_counts().expect("counts").refused, 0);
}

#[test]
fn a_refused_read_mark_disappears() {
    let store = started();
    let read = Action::ConversationMark { contact_parts_read: 1 };
    store.enqueue(&command(1, 1, read)).expect("it is stored");
    refuse(&store, 1);
    assert!(sendable(&store).is_empty());
    assert!(matches!(store.retry(command_id(1), command_id(2)), Err(Error::NoSuchEntry(_))));
}

#[test]
fn sending_a_reply_removes_its_draft_and_leaves_the_note() {
    let store = started();
    for kind in [DraftKind::Reply, DraftKind::Note] {
        let draft = Draft { conversation_id: conversation(1), kind, body_text: "half".into() };
        store.save_draft(&draft, second(1)).expect("it is stored");
    }
    enqueue(&store, 1, 1, None);
    let drafts = store.drafts(ListedRequest::default()).expect("drafts").drafts;
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].draft.kind, DraftKind::Note);
    assert!(!drafts[0].reachable);
    let emptied = Draft { body_text: " \n".into(), ..drafts[0].draft.clone() };
    store.save_draft(&emptied, second(2)).expect("it is removed");
    assert!(store.drafts(ListedRequest::default()).expect("drafts").drafts.is_empty());
}

#[test]
fn the_outbox_is_the_same_after_the_program_died_without_closing() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    start(&store);
    enqueue(&store, 1, 1, None);
    enqueue(&store, 2, 1, None);
    store.mark_attempt(&[command_id(1)], second(0)).expect("it is stored");
    let draft =
        Draft { conversation_id: conversation(1), kind: DraftKind::Note, body_text: "half".into() };
    store.save_draft(&draft, second(1)).expect("it is stored");
    // A copy of the files as they lie is what a crash leaves.
    let crashed = tempfile::tempdir().expect("a folder");
    for file in std::fs::read_dir(dir.path()).expect("the folder") {
        let path = file.expect("a file").path();
        let to = crashed.path().join(path.file_name().expect("a name"));
        std::fs::copy(&path, to).expect("a copy");
    }
    drop(store);
    let again = open(crashed.path());
    assert_eq!(sendable(&again), [command_id(1)]);
    let entries = again.outbox_entries().expect("entries");
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].attempts, 1);
    assert_eq!(
        again.draft(conversation(1), DraftKind::Note).expect("a read").as_deref(),
        Some("half")
    );
    assert_eq!(again.meta().expect("meta").cursor, START);
}

#[test]
fn what_is_given_up_while_it_is_taken_out_is_either_gone_or_on_its_way() {
    let store = Arc::new(Store::in_memory().expect("a store"));
    for round in 0..200 {
        let id = command_id(round + 1);
        enqueue(&store, round + 1, round + 1, None);
        let start = Arc::new(Barrier::new(2));
        let discarding = {
            let (store, start) = (Arc::clone(&store), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                store.discard(id).is_ok()
            })
        };
        start.wait();
        let taken = store.take_to_send(10, 1_000, second(0)).expect("it is taken");
        let discarded = discarding.join().expect("the thread ends");
        assert_ne!(discarded, taken.iter().any(|command| command.id == id), "round {round}");
        store.mark_all_unsent().expect("stored");
        let _ = store.discard(id);
    }
}

#[test]
fn what_is_taken_out_fits_together_and_is_at_least_one() {
    let store = Store::in_memory().expect("a store");
    for n in 1..=3 {
        enqueue(&store, n, n, None);
    }
    assert_eq!(store.take_to_send(10, 0, second(0)).expect("taken").len(), 1);
    assert_eq!(store.take_to_send(10, 10_000, second(0)).expect("taken").len(), 2);
    assert_eq!(store.take_to_send(10, 10_000, second(0)).expect("taken").len(), 0);
}

#[test]
fn a_waiting_action_names_what_a_colleague_did_since() {
    let store = started();
    let by = |seq: u32, admin: TeammateId, part_type: PartType, at: i64| Part {
        part_type,
        author: Author {
            author_type: AuthorType::Admin,
            admin_id: Some(admin),
            name: Some("Ben".to_owned()),
        },
        body: String::new(),
        body_text: String::new(),
        created_at: second(at),
        ..part(1, seq, "", 10)
    };
    let mut delta = whole(1, &["hello", "", "", ""], 10);
    delta.parts[1] = by(2, teammate(7), PartType::Close, 10_050);
    delta.parts[2] = by(3, teammate(7), PartType::TagAdded, 10_060);
    delta.parts[3] = by(4, me(), PartType::Open, 10_070);
    put(&store, vec![delta]);
    let seen = |last_seen_seq| Action::ConversationReply { body_text: "x".into(), last_seen_seq };
    for (n, action) in [
        (1, seen(1)),
        (2, seen(2)),
        (3, Action::ConversationClose),
        (60, Action::ConversationClose),
    ] {
        store.enqueue(&command(n, 1, action)).expect("it is stored");
    }
    store.enqueue(&command(61, 2, reply("elsewhere"))).expect("it is stored");
    let entries = store.outbox_entries().expect("entries");
    let told: Vec<_> = entries
        .iter()
        .map(|entry| entry.meanwhile.as_ref().map(|meanwhile| meanwhile.part_type))
        .collect();
    let close = Some(PartType::Close);
    assert_eq!(told, [close, None, close, None, None]);
    assert_eq!(entries[0].meanwhile.as_ref().and_then(|it| it.author_name.as_deref()), Some("Ben"));
}

#[test]
fn a_waiting_change_names_a_colleagues_change_of_the_same_thing_alone() {
    let store = started();
    let mut delta = whole(1, &["hello", "", "", "", "", ""], 10);
    let changed = |seq: u32, part_type: PartType| Part {
        part_type,
        author: Author {
            author_type: AuthorType::Admin,
            admin_id: Some(teammate(7)),
            name: Some("Ben".to_owned()),
        },
        body: String::new(),
        body_text: String::new(),
        created_at: second(10_050 + i64::from(seq)),
        ..part(1, seq, "", 10)
    };
    let to = |n| Some(teammate(n));
    delta.parts[1] = Part { assigned_to_admin_id: to(7), ..changed(2, PartType::Assignment) };
    delta.parts[2] =
        Part { assigned_to_team_id: Some(team(2)), ..changed(3, PartType::Assignment) };
    delta.parts[3] = Part { tag: Some("vip".to_owned()), ..changed(4, PartType::TagRemoved) };
    delta.parts[4] =
        Part { priority: Some(Priority::Priority), ..changed(5, PartType::PriorityChanged) };
    delta.parts[5] = changed(6, PartType::Snoozed);
    put(&store, vec![delta]);
    let assign = Action::ConversationAssign { admin_assignee_id: Some(me()) };
    let move_to = Action::ConversationAssignTeam { team_assignee_id: Some(team(1)) };
    let tag = |tag: &str| Action::ConversationTagAdd { tag: tag.to_owned() };
    let prioritize = Action::ConversationPrioritize { priority: Priority::NotPriority };
    let later = Action::ConversationSnooze { snoozed_until: second(99_999) };
    for (n, action) in [
        (1, assign),
        (2, move_to),
        (3, tag("vip")),
        (4, tag("other")),
        (5, prioritize),
        (6, Action::ConversationClose),
        (7, Action::ConversationOpen),
        (8, later),
        (9, reply("words")),
    ] {
        store.enqueue(&command(n, 1, action)).expect("it is stored");
    }
    let entries = store.outbox_entries().expect("entries");
    let told: Vec<_> = entries
        .iter()
        .map(|entry| entry.meanwhile.as_ref().map(|meanwhile| meanwhile.part_type))
        .collect();
    let stands = Some(PartType::Snoozed);
    assert_eq!(
        told,
        [
            Some(PartType::Assignment),
            Some(PartType::Assignment),
            Some(PartType::TagRemoved),
            None,
            Some(PartType::PriorityChanged),
            stands,
            stands,
            stands,
            stands,
        ]
    );
    let of = |n: usize| entries[n].meanwhile.clone().expect("something was done");
    assert_eq!(of(0).assigned_to_admin_id, to(7));
    assert_eq!(of(1).assigned_to_team_id, Some(team(2)));
    assert_eq!(of(2).tag.as_deref(), Some("vip"));
    assert_eq!(of(4).priority, Some(Priority::Priority));
}

#[test]
fn a_draft_says_when_it_comes_and_goes() {
    let store = started();
    let save = |body_text: &str| {
        let kind = DraftKind::Reply;
        let draft = Draft { conversation_id: conversation(1), kind, body_text: body_text.into() };
        store.save_draft(&draft, second(1)).expect("it is stored")
    };
    assert_eq!(
        [save(" "), save("a"), save("ab"), save(""), save("")],
        [false, true, false, true, false]
    );
}

#[test]
fn what_was_confirmed_stays_on_the_screen_while_the_conversations_are_listed_anew() {
    let store = started();
    put(&store, vec![whole(1, &["Hello?"], 10)]);
    enqueue(&store, 7, 1, None);
    store.acknowledge(&applied(command_id(7), 120), log_id(), second(1)).expect("confirmed");
    let shown = || view_of(&store, 1).parts.len();
    assert_eq!(shown(), 2);
    // The change log no longer reached back, so the cursor passes the message before it is here.
    let again = Bootstrap { cursor: 150, ..bootstrap() };
    store.apply(CacheBatch::bootstrap(again)).expect("stored");
    assert_eq!(shown(), 2);
}

#[test]
fn a_long_outbox_is_read_page_by_page_what_was_refused_first() {
    let store = started();
    put(&store, vec![whole(1, &["Hello?"], 10)]);
    for n in 1..=1_000 {
        enqueue(&store, n, n, None);
    }
    let mark = Action::ConversationMark { contact_parts_read: 1 };
    store.enqueue(&command(1_001, 1, mark)).expect("it is stored");
    // One that waits for a refused one is refused as well, and stands with them.
    enqueue(&store, 1_002, 1, Some(700));
    refuse(&store, 700);
    refuse(&store, 30);
    let page = |skip, limit| store.outbox_page(ListedRequest { skip, limit }).expect("a page");
    let ids = |skip, limit| -> Vec<_> {
        page(skip, limit).entries.into_iter().map(|entry| entry.command_id).collect()
    };
    assert_eq!(ids(0, 4), [30, 700, 1_002, 1].map(command_id));
    assert_eq!(ids(30, 4), [28, 29, 31, 32].map(command_id));
    assert_eq!(ids(999, 9), [999, 1_000].map(command_id));
    assert_eq!(ids(1_001, 9), []);
    let first = page(0, u32::MAX);
    assert_eq!((first.refused, first.waiting, first.entries.len()), (3, 998, 200));
    assert!(first.entries[..3].iter().all(|e| matches!(e.delivery, Delivery::Refused { .. })));
    assert!(first.entries[3..].iter().all(|e| matches!(e.delivery, Delivery::Queued { .. })));
    assert_eq!(store.refused_ids().expect("a read"), [30, 700, 1_002].map(command_id));
}

#[test]
fn drafts_are_read_page_by_page_the_newest_first() {
    let store = started();
    for n in 1..=5 {
        let kind = DraftKind::Reply;
        let draft = Draft { conversation_id: conversation(n), kind, body_text: "half".into() };
        let at = second(i64::try_from(n).expect("a small number"));
        store.save_draft(&draft, at).expect("it is stored");
    }
    let page = store.drafts(ListedRequest { skip: 1, limit: 2 }).expect("a page");
    let shown: Vec<_> = page.drafts.iter().map(|kept| kept.draft.conversation_id).collect();
    assert_eq!((shown, page.count), (vec![conversation(4), conversation(3)], 5));
}

#[test]
fn a_reply_is_waited_for_until_it_is_sent_or_refused() {
    let store = started();
    let waiting = || store.waiting_reply(conversation(1)).expect("a read");
    enqueue(&store, 1, 1, None);
    enqueue(&store, 2, 1, None);
    enqueue(&store, 3, 2, None);
    store.enqueue(&command(4, 1, Action::ConversationClose)).expect("it is stored");
    assert_eq!(waiting(), Some(command_id(2)));
    refuse(&store, 2);
    assert_eq!(waiting(), Some(command_id(1)));
    store.mark_attempt(&[command_id(1)], second(0)).expect("it is stored");
    assert_eq!(waiting(), Some(command_id(1)));
    confirm(&store, 1, second(0));
    assert_eq!(waiting(), None);
}
