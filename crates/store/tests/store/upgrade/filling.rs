//! The example that every earlier schema's files hold: something in each table, in each state.

use std::path::Path;

use recado_protocol::host;
use recado_protocol::sync::{Change, ConversationDelta, ConversationPage};
use recado_protocol::*;
use recado_store::{CacheBatch, ClockSeen, ClosedCheck, Store};

use crate::world::*;

/// Where the cursor stands in the end.
pub(super) const CURSOR: u64 = START + 1;

/// When everything of the outbox happened.
pub(super) fn then() -> Timestamp {
    second(20_000)
}

pub(super) fn fill(dir: &Path) {
    let store = open(dir);
    start(&store);
    fill_cache(&store);
    fill_outbox(&store);
}

/// Six conversations: mine and unread, another's with a note and an assignment and read, snoozed, closed,
/// one of a team whose last message search has yet to take in, and one that has left. The closed ones
/// are being checked, and the clock was seen.
fn fill_cache(store: &Store) {
    let apply = |deltas| {
        store.apply(CacheBatch::conversations(page_of(deltas))).expect("they are stored");
    };
    let [mine, others, snoozed, closed, teams, leaving] = deltas();
    apply(vec![mine, others, snoozed, closed, leaving]);
    store.index_pending(1_000).expect("it is indexed");
    apply(vec![teams]);
    let left = Change::ConversationEvicted { conversation_id: conversation(6), version: CURSOR };
    sync(store, page(START, CURSOR, vec![left]));
    store.finish_eviction().expect("the log is emptied");
    store.set_last_contact(second(500)).expect("it is stored");
    store.set_closed_check(Some(&ClosedCheck { after: None })).expect("it is stored");
    store.set_clock_seen(ClockSeen { at: second(600), lost_micros: 7 }).expect("it is stored");
}

fn deltas() -> [ConversationDelta; 6] {
    let head_of = |n| ConversationHead { part_count: 2, contact_part_count: 2, ..head(n) };
    let mine = ConversationHead {
        admin_assignee_id: Some(me()),
        waiting_since: Some(second(1)),
        tags: vec!["parcel".into()],
        priority: Priority::Priority,
        ..head_of(1)
    };
    let others =
        ConversationHead { admin_assignee_id: Some(teammate(2)), part_count: 4, ..head_of(2) };
    let snoozed = ConversationHead {
        state: ConversationState::Snoozed,
        snoozed_until: Some(second(9_000)),
        ..head_of(3)
    };
    let closed = ConversationHead { state: ConversationState::Closed, ..head_of(4) };
    let teams = ConversationHead {
        team_assignee_id: Some(team(1)),
        title: Some("An invoice".into()),
        ..head_of(5)
    };
    [mine, others, snoozed, closed, teams, head_of(6)].map(|head| {
        let n = u128::from(head.id.uuid().as_bytes()[15]);
        let mut delta = whole(n, &["the parcel is late", "still waiting"], 10);
        if head.part_count == 4 {
            delta.parts.extend([note(n, 3), assignment(n, 4)]);
        }
        ConversationDelta { head, ..delta }
    })
}

fn of_teammate(part: Part) -> Part {
    let author_type = AuthorType::Admin;
    let author = Author { author_type, admin_id: Some(teammate(2)), name: Some("Bo".into()) };
    Part { author, ..part }
}

fn note(n: u128, seq: u32) -> Part {
    Part {
        part_type: PartType::Note,
        body: "<p>ask <b>Kim</b></p>".into(),
        rich: true,
        command_id: Some(command_id(90)),
        ..of_teammate(part(n, seq, "ask Kim", 10))
    }
}

fn assignment(n: u128, seq: u32) -> Part {
    Part {
        part_type: PartType::Assignment,
        body: String::new(),
        assigned_to_admin_id: Some(teammate(2)),
        assigned_to_team_id: Some(team(2)),
        ..of_teammate(part(n, seq, "", 10))
    }
}

fn page_of(deltas: Vec<ConversationDelta>) -> ConversationPage {
    let known = Contact {
        external_id: Some("customer-1".into()),
        email: Some("robin@example.com".into()),
        phone: Some("+49 30 1".into()),
        language: Some("de".into()),
        ..contact(1, "Robin Example")
    };
    let mut contacts = vec![known];
    contacts.extend((2..=6).map(|n| contact(n, "Robin Example")));
    ConversationPage { contacts, read_marks: vec![mark(2, 2, 11)], ..conversations(deltas) }
}

/// A reply that waits, one that was on its way, one that was applied, a note that was refused with what
/// waits for it, a read mark, and two drafts.
fn fill_outbox(store: &Store) {
    let note = Action::ConversationNote { body_text: "a note".into() };
    let read = Action::ConversationMark { contact_parts_read: 1 };
    let follower =
        Command { after: Some(command_id(3)), ..command(4, 3, Action::ConversationClose) };
    for command in [
        command(1, 1, reply("it has arrived")),
        command(2, 2, reply("still on its way")),
        command(3, 3, note),
        follower,
        command(5, 5, read),
    ] {
        store.enqueue(&command).expect("it is stored");
    }
    let ids = [1, 2, 3].map(command_id);
    store.mark_attempt(&ids, then()).expect("they are on their way");
    let applied = CommandOutcome::Applied { version: 50, part_id: Some(part_id(1, 3)) };
    let applied = CommandResult { id: command_id(1), outcome: applied };
    store.acknowledge(&applied, log_id(), then()).expect("it is stored");
    store.acknowledge(&refused(command_id(3)), log_id(), then()).expect("it is stored");
    store.enqueue(&command(6, 1, reply("on its way"))).expect("it is stored");
    for (kind, body_text) in
        [(host::DraftKind::Note, "ask the warehouse"), (host::DraftKind::Reply, "dear Robin")]
    {
        let draft =
            host::Draft { conversation_id: conversation(5), kind, body_text: body_text.into() };
        store.save_draft(&draft, then()).expect("it is stored");
    }
}
