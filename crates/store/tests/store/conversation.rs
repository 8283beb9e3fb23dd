//! One conversation: paging, what waits for it, what may be done.

use recado_protocol::host::{Delivery, OpenRequest, PartsRequest, View};
use recado_protocol::policy::Denial;
use recado_protocol::sync::{Change, ConversationDelta};
use recado_protocol::*;
use recado_store::CacheBatch;

use crate::world::*;

#[test]
fn ten_thousand_parts_are_paged_to_the_first_without_a_gap() {
    let store = started();
    let count = 10_000;
    let parts: Vec<Part> = (1..=count).map(|seq| part(1, seq, "words", 10)).collect();
    let head = ConversationHead { part_count: count, ..head(1) };
    put(&store, vec![ConversationDelta { head, parts, complete_from_seq: 1 }]);
    let request = OpenRequest { conversation_id: conversation(1), limit: 50 };
    let view = store.conversation_view(&request).expect("it is read").expect("it is here");
    assert_eq!(view.parts.len(), 50);
    assert_eq!(view.parts[49].part.seq, count);
    assert!(view.has_older && !view.partial);

    let mut before_seq = view.parts[0].part.seq;
    let mut pages = 0;
    while before_seq > 1 {
        let page = store
            .parts_before(&PartsRequest {
                conversation_id: conversation(1),
                before_seq,
                limit: 200,
            })
            .expect("a page");
        assert!(!page.partial);
        let seqs: Vec<_> = page.parts.iter().map(|view| view.part.seq).collect();
        let expected: Vec<_> = (seqs[0]..before_seq).collect();
        assert_eq!(seqs, expected);
        before_seq = seqs[0];
        assert_eq!(page.has_older, before_seq > 1);
        pages += 1;
    }
    assert_eq!(pages, 50);
}

#[test]
fn older_parts_that_are_not_here_have_to_be_asked_for() {
    let store = started();
    let mut delta = whole(1, &["a", "b", "c", "d"], 10);
    let older = delta.parts.drain(..2).collect();
    put(&store, vec![delta.clone()]);
    let view = view_of(&store, 1);
    assert_eq!(view.parts.len(), 2);
    assert!(view.has_older && view.partial);
    delta.parts = older;
    put(&store, vec![delta]);
    let view = view_of(&store, 1);
    assert_eq!(view.parts.len(), 4);
    assert!(!view.has_older && !view.partial);
}

#[test]
fn a_megabyte_and_a_nul_come_back_as_they_went_in() {
    let store = started();
    let long = "ñ".repeat(command::MAX_BODY_BYTES / 2);
    let odd = "before\0after 😀";
    put(&store, vec![whole(1, &[&long, odd], 10)]);
    let view = view_of(&store, 1);
    assert_eq!(view.parts[0].part.body_text, long);
    assert_eq!(view.parts[1].part.body_text, odd);
    assert_eq!(view.parts[1].part.body, format!("<p>{odd}</p>"));
    store.enqueue(&command(1, 1, reply(odd))).expect("it is stored");
    assert_eq!(view_of(&store, 1).parts[2].part.body_text, odd);
    store.index_pending(100).expect("it is indexed");
    assert_eq!(store.search("after", 10).expect("a search").results.len(), 1);
}

#[test]
fn a_waiting_message_stands_after_the_cached_ones_until_the_cache_has_it() {
    let store = started();
    put(&store, vec![whole(1, &["question"], 10)]);
    store.enqueue(&command(1, 1, reply("answer"))).expect("it is stored");
    let note = Action::ConversationNote { body_text: "aside".into() };
    store.enqueue(&command(2, 1, note)).expect("it is stored");

    let view = view_of(&store, 1);
    let seqs: Vec<_> = view.parts.iter().map(|view| view.part.seq).collect();
    assert_eq!(seqs, [1, 2, 3]);
    assert_eq!(view.head.part_count, 1);
    assert_eq!(view.head.preview, "aside");
    assert_eq!(view.unread, 0);
    assert_eq!(view.parts[2].part.part_type, PartType::Note);
    let waiting = Delivery::Queued { command_id: command_id(1), sending: false };
    assert_eq!(view.parts[1].delivery, waiting);
    assert!(view.parts[1].mine && view.parts[1].part.version == 0);

    store.mark_attempt(&[command_id(1)], second(0)).expect("it is stored");
    let on_its_way = Delivery::Queued { command_id: command_id(1), sending: true };
    assert_eq!(view_of(&store, 1).parts[1].delivery, on_its_way);
    store.acknowledge(&applied(command_id(1), 101), log_id(), second(0)).expect("it is stored");
    assert_eq!(view_of(&store, 1).parts[1].delivery, Delivery::Sent);
    assert_eq!(view_of(&store, 1).parts.len(), 3);
    store.acknowledge(&refused(command_id(2)), log_id(), second(0)).expect("it is stored");
    assert!(matches!(view_of(&store, 1).parts[2].delivery, Delivery::Refused { .. }));
    assert_eq!(view_of(&store, 1).head.preview, "answer");

    // The server's part arrives: it is shown once.
    let mut delta = whole(1, &["question", "answer"], 101);
    delta.parts[1].command_id = Some(command_id(1));
    delta.parts.remove(0);
    sync(&store, page(START, 101, vec![Change::Conversation { conversation: delta }]));
    let view = view_of(&store, 1);
    let texts: Vec<_> = view.parts.iter().map(|view| view.part.body_text.as_str()).collect();
    assert_eq!(texts, ["question", "answer", "aside"]);
}

#[test]
fn a_message_whose_part_arrives_before_its_confirmation_is_shown_once() {
    let store = started();
    put(&store, vec![whole(1, &["question"], 10)]);
    store.enqueue(&command(1, 1, reply("answer"))).expect("it is stored");
    store.mark_attempt(&[command_id(1)], second(0)).expect("it is stored");
    let mut delta = whole(1, &["question", "answer"], 101);
    delta.parts[1].command_id = Some(command_id(1));
    sync(&store, page(START, 101, vec![Change::Conversation { conversation: delta }]));
    assert_eq!(view_of(&store, 1).parts.len(), 2);
    // Loaded beside the log, the cursor behind: still once.
    store.acknowledge(&applied(command_id(1), 150), log_id(), second(0)).expect("it is stored");
    assert_eq!(view_of(&store, 1).parts.len(), 2);
}

#[test]
fn a_confirmed_change_is_not_laid_over_a_head_that_has_passed_it() {
    let store = started();
    put_heads(&store, vec![head(1)]);
    store.enqueue(&command(1, 1, Action::ConversationClose)).expect("it is stored");
    store.acknowledge(&applied(command_id(1), 120), log_id(), second(0)).expect("it is stored");
    assert_eq!(list(&store, View::Closed), [conversation(1)]);
    // Reopened by the customer at 130; the head came from a listing while the cursor is behind.
    put_heads(&store, vec![ConversationHead { version: 130, ..head(1) }]);
    assert_eq!(list(&store, View::All), [conversation(1)]);
}

#[test]
fn reopening_goes_back_to_since_when_the_customer_waits() {
    let store = started();
    let mut delta = whole(1, &["asked", "answered", "asked again", "and again"], 10);
    delta.parts[1].author.author_type = AuthorType::Admin;
    delta.head.state = ConversationState::Closed;
    put(&store, vec![delta]);
    store.enqueue(&command(1, 1, Action::ConversationOpen)).expect("it is stored");
    assert_eq!(view_of(&store, 1).head.waiting_since, Some(second(3)));
    store.enqueue(&command(2, 1, Action::ConversationClose)).expect("it is stored");
    assert_eq!(view_of(&store, 1).head.waiting_since, None);
    store.enqueue(&command(3, 1, Action::ConversationOpen)).expect("it is stored");
    assert_eq!(view_of(&store, 1).head.waiting_since, Some(second(3)));
    store.enqueue(&command(4, 1, reply("here"))).expect("it is stored");
    store.enqueue(&command(5, 1, Action::ConversationClose)).expect("it is stored");
    store.enqueue(&command(6, 1, Action::ConversationOpen)).expect("it is stored");
    assert_eq!(view_of(&store, 1).head.waiting_since, None);
}

#[test]
fn what_may_not_be_done_is_named_with_its_reason() {
    let store = started();
    put_heads(&store, vec![head(1)]);
    assert!(view_of(&store, 1).denied.is_empty());
    let light = workspace::OwnAccess {
        role: Role::LightAgent,
        ..access(EPOCH + 1, ConversationAccess::all())
    };
    sync(&store, page(START, 101, vec![Change::Access { access: light }]));
    let denied = view_of(&store, 1).denied;
    let names: Vec<_> = denied.iter().map(|denied| denied.action.as_str()).collect();
    assert!(names.contains(&"conversation_reply") && names.contains(&"conversation_close"));
    assert!(!names.contains(&"conversation_note") && !names.contains(&"conversation_mark"));
    let missing = Denial::MissingPermission { permission: Permission::ConversationReply };
    assert_eq!(denied[0].denial, missing);
}

#[test]
fn other_conversations_of_the_customer_are_named_the_newest_first() {
    let store = started();
    let same = |n| ConversationHead { contact_id: contact_id(1), ..head(n) };
    let titled = ConversationHead { title: Some("Invoice".into()), ..same(3) };
    put_heads(&store, vec![same(1), same(2), titled, head(4)]);
    store.enqueue(&command(1, 2, Action::ConversationClose)).expect("it is stored");
    let earlier = view_of(&store, 1).earlier;
    assert_eq!(earlier.len(), 2);
    assert_eq!(earlier[0].title, "Invoice");
    assert_eq!((earlier[1].title.as_str(), earlier[1].state), ("hello", ConversationState::Closed));
}

#[test]
fn a_conversation_opens_with_its_customer_and_its_drafts() {
    let store = started();
    let mut page = heads(vec![head(1)]);
    page.contacts = vec![contact(1, "Grace")];
    store.apply(CacheBatch::heads(page)).expect("it is stored");
    let draft = |kind, text: &str| host::Draft {
        conversation_id: conversation(1),
        kind,
        body_text: text.into(),
    };
    store.save_draft(&draft(host::DraftKind::Reply, "Dear"), second(0)).expect("it is stored");
    store.save_draft(&draft(host::DraftKind::Note, "psst"), second(1)).expect("it is stored");
    let view = view_of(&store, 1);
    assert_eq!(view.contact.and_then(|contact| contact.name).as_deref(), Some("Grace"));
    assert_eq!(view.reply_draft.as_deref(), Some("Dear"));
    assert_eq!(view.note_draft.as_deref(), Some("psst"));
    assert!(try_view(&store, 2).is_none());
}

#[test]
fn a_message_is_shown_exactly_once_at_every_moment_of_its_way() {
    let store = started_on_disk();
    let (store, count) = (&store.1, 60_u32);
    put(store, vec![whole(1, &["question"], 10)]);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            for n in 1..=count {
                let version = 100 + u64::from(n);
                let command = command(u128::from(n), 1, reply(&format!("answer {n}")));
                store.enqueue(&command).expect("it is stored");
                store.mark_attempt(&[command.id], second(0)).expect("it is stored");
                let confirm = || {
                    store
                        .acknowledge(&applied(command.id, version), log_id(), second(0))
                        .expect("it is stored");
                };
                let arrive = || {
                    let mut new = part(1, n + 1, &format!("answer {n}"), version);
                    new.command_id = Some(command.id);
                    new.created_at = command.created_at;
                    let head = ConversationHead { part_count: n + 1, version, ..head(1) };
                    let conversation =
                        ConversationDelta { head, parts: vec![new], complete_from_seq: n + 1 };
                    sync(
                        store,
                        page(version - 1, version, vec![Change::Conversation { conversation }]),
                    );
                };
                // The confirmation and the part come on two ways; either may be first.
                if n % 2 == 0 {
                    confirm();
                    arrive();
                } else {
                    arrive();
                    confirm();
                }
            }
        });
        let mut seen = 0;
        while !writer.is_finished() || seen < count as usize {
            let parts = view_of(store, 1).parts;
            let texts: Vec<_> = parts.iter().map(|view| view.part.body_text.clone()).collect();
            let expected: Vec<_> = std::iter::once("question".to_owned())
                .chain((1..texts.len()).map(|n| format!("answer {n}")))
                .collect();
            assert_eq!(texts, expected);
            assert!(texts.len() > seen, "a message that was shown is gone");
            seen = texts.len() - 1;
        }
        writer.join().expect("the writer ends well");
    });
}

fn started_on_disk() -> (tempfile::TempDir, recado_store::Store) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path());
    start(&store);
    (dir, store)
}

#[test]
fn changes_that_wait_or_were_refused_are_shown_where_they_were_made() {
    let store = started();
    put(&store, vec![whole(1, &["Hello?"], 10)]);
    let snooze = Action::ConversationSnooze { snoozed_until: second(99_999) };
    let tag = Action::ConversationTagAdd { tag: "vip".to_owned() };
    let actions = [
        Action::ConversationClose,
        // Nothing changes any more.
        Action::ConversationClose,
        snooze,
        Action::ConversationMark { contact_parts_read: 1 },
        tag,
        reply("words"),
    ];
    for (n, action) in (1..).zip(actions) {
        store.enqueue(&command(n, 1, action)).expect("it is stored");
    }
    let shown = || -> Vec<_> {
        let parts = view_of(&store, 1).parts;
        parts[1..].iter().map(|view| (view.part.part_type, view.part.seq, view.mine)).collect()
    };
    let expected = [PartType::Close, PartType::Snoozed, PartType::TagAdded, PartType::Comment];
    let numbered: Vec<_> = expected.into_iter().zip(2..).map(|(it, seq)| (it, seq, true)).collect();
    assert_eq!(shown(), numbered);
    let parts = view_of(&store, 1).parts;
    assert_eq!(parts[2].part.snoozed_until, Some(second(99_999)));
    assert_eq!(parts[3].part.tag.as_deref(), Some("vip"));
    assert!(parts[1..].iter().all(|view| view.part.version == 0 && view.heard_at.is_none()));

    store.acknowledge(&refused(command_id(1)), log_id(), second(1)).expect("it is stored");
    let closed = &view_of(&store, 1).parts[1];
    assert!(matches!(closed.delivery, Delivery::Refused { .. }), "{closed:?}");
    // The other one changes something now.
    assert_eq!(shown().iter().filter(|(it, ..)| *it == PartType::Close).count(), 2);
    // The server found that it changed nothing.
    store.acknowledge(&applied(command_id(2), 120), log_id(), second(1)).expect("it is stored");
    assert_eq!(shown().iter().filter(|(it, ..)| *it == PartType::Close).count(), 1);
}

#[test]
fn what_took_effect_says_when_that_was_heard() {
    let store = started();
    store.enqueue(&command(1, 1, reply("words"))).expect("it is stored");
    store.acknowledge(&applied(command_id(1), 120), log_id(), second(77)).expect("it is stored");
    let mut delta = whole(1, &["Hello?", "words"], 10);
    delta.parts[1].command_id = Some(command_id(1));
    delta.parts[1].author.author_type = AuthorType::Admin;
    delta.parts[1].author.admin_id = Some(me());
    put(&store, vec![delta]);
    let heard: Vec<_> = view_of(&store, 1).parts.iter().map(|view| view.heard_at).collect();
    assert_eq!(heard, [None, Some(second(77))]);
}
