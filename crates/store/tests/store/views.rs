//! Lists and counts with the outbox laid over them, against a model that knows no index.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use proptest::prelude::*;
use recado_protocol::host::{InboxRequest, Sort, View};
use recado_protocol::*;
use recado_store::{CacheBatch, Store};

use crate::world::*;

const VIEWS: [View; 6] = [
    View::Mine,
    View::Unassigned,
    View::All,
    View::Snoozed,
    View::Closed,
    View::Team { team_id: TeamId::from_uuid(uuid::Uuid::from_u128(0x7E << 96 | 1)) },
];

/// A conversation as the model keeps it.
#[derive(Debug, Clone)]
struct Model {
    head: ConversationHead,
    read: u32,
    /// Since when the customer went unanswered before the conversation was closed.
    unanswered: Option<Timestamp>,
}

fn arbitrary_head(n: u128) -> impl Strategy<Value = Model> {
    let who = prop_oneof![Just(None), Just(Some(me())), Just(Some(teammate(2)))];
    let team_of = prop_oneof![Just(None), Just(Some(team(1))), Just(Some(team(2)))];
    let state = prop_oneof![
        3 => Just(ConversationState::Open),
        1 => Just(ConversationState::Snoozed),
        1 => Just(ConversationState::Closed),
    ];
    (who, team_of, state, 0_i64..6, proptest::option::of(0_i64..4), 0_u32..3, 0_u32..3).prop_map(
        move |(admin, team, state, at, waiting, customers, read)| {
            let snoozed_until = (state == ConversationState::Snoozed).then(|| second(99_999));
            let head = ConversationHead {
                state,
                snoozed_until,
                admin_assignee_id: admin,
                team_assignee_id: team,
                last_part_at: second(at),
                waiting_since: waiting.filter(|_| state != ConversationState::Closed).map(second),
                contact_part_count: customers,
                part_count: customers,
                ..head(n)
            };
            let unanswered = head.waiting_since;
            Model { head, read: read.min(customers), unanswered }
        },
    )
}

fn arbitrary_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        "[a-z]{1,6}".prop_map(|text| reply(&text)),
        "[a-z]{1,6}".prop_map(|body_text| Action::ConversationNote { body_text }),
        prop_oneof![Just(None), Just(Some(me())), Just(Some(teammate(2)))]
            .prop_map(|admin_assignee_id| Action::ConversationAssign { admin_assignee_id }),
        prop_oneof![Just(None), Just(Some(team(1))), Just(Some(team(2)))]
            .prop_map(|team_assignee_id| Action::ConversationAssignTeam { team_assignee_id }),
        Just(Action::ConversationClose),
        Just(Action::ConversationOpen),
        Just(Action::ConversationSnooze { snoozed_until: second(50_000) }),
        Just(Action::ConversationPrioritize { priority: Priority::Priority }),
        "[ab]".prop_map(|tag| Action::ConversationTagAdd { tag }),
        "[ab]".prop_map(|tag| Action::ConversationTagRemove { tag }),
        (0_u32..4).prop_map(|contact_parts_read| Action::ConversationMark { contact_parts_read }),
    ]
}

/// What the server does with a command.
fn run(model: &mut Model, command: &Command) {
    let head = &mut model.head;
    let says = |head: &mut ConversationHead, text: &str, note: bool| {
        head.last_part_at = std::cmp::max(head.last_part_at, command.created_at);
        head.preview = text.to_owned();
        head.preview_author = AuthorType::Admin;
        head.preview_is_note = note;
    };
    match &command.action {
        Action::ConversationReply { body_text, .. } => {
            says(head, body_text, false);
            head.waiting_since = None;
            model.unanswered = None;
            model.read = head.contact_part_count;
        }
        Action::ConversationNote { body_text } => says(head, body_text, true),
        Action::ConversationAssign { admin_assignee_id } => {
            head.admin_assignee_id = *admin_assignee_id;
        }
        Action::ConversationAssignTeam { team_assignee_id } => {
            head.team_assignee_id = *team_assignee_id;
        }
        Action::ConversationClose | Action::ConversationOpen => {
            let open = command.action == Action::ConversationOpen;
            if !open {
                head.waiting_since = None;
            } else if head.state == ConversationState::Closed {
                head.waiting_since = model.unanswered;
            }
            head.state = if open { ConversationState::Open } else { ConversationState::Closed };
            head.snoozed_until = None;
        }
        Action::ConversationSnooze { snoozed_until } => {
            head.state = ConversationState::Snoozed;
            head.snoozed_until = Some(*snoozed_until);
        }
        Action::ConversationPrioritize { priority } => head.priority = *priority,
        Action::ConversationTagAdd { tag } => {
            head.tags.push(tag.clone());
            head.tags.sort();
            head.tags.dedup();
        }
        Action::ConversationTagRemove { tag } => head.tags.retain(|known| known != tag),
        Action::ConversationMark { contact_parts_read } => {
            model.read = (*contact_parts_read).min(head.contact_part_count);
        }
    }
}

fn in_view(view: View, head: &ConversationHead) -> bool {
    match view {
        View::Snoozed => head.state == ConversationState::Snoozed,
        View::Closed => head.state == ConversationState::Closed,
        _ if head.state != ConversationState::Open => false,
        View::Mine => head.admin_assignee_id == Some(me()),
        View::Unassigned => head.admin_assignee_id.is_none(),
        View::All => true,
        View::Team { team_id } => head.team_assignee_id == Some(team_id),
    }
}

fn expected(models: &BTreeMap<ConversationId, Model>, view: View, sort: Sort) -> Vec<Model> {
    let held = |model: &&Model| in_view(view, &model.head);
    let mut rows: Vec<Model> = models.values().filter(held).cloned().collect();
    rows.sort_by_key(|model| Reverse((model.head.last_part_at, model.head.id)));
    if sort == Sort::LongestWaiting {
        let (mut waiting, rest): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|model| model.head.waiting_since.is_some());
        waiting.sort_by_key(|model| (model.head.waiting_since, model.head.id));
        waiting.extend(rest);
        return waiting;
    }
    rows
}

/// Walks a whole list in pages of `limit`.
fn walk(store: &Store, view: View, sort: Sort, limit: u32) -> Vec<(ConversationHead, u32)> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = store.inbox_page(&InboxRequest { view, sort, after, limit }).expect("a page");
        assert!(page.rows.len() <= limit as usize);
        rows.extend(page.rows.into_iter().map(|row| (row.head, row.unread)));
        match page.next {
            Some(next) => after = Some(next),
            None => return rows,
        }
    }
}

fn filled(models: &[Model]) -> Store {
    let store = started();
    let mut page = heads(models.iter().map(|model| model.head.clone()).collect());
    page.read_marks = models
        .iter()
        .map(|model| conversation::ReadMark {
            conversation_id: model.head.id,
            contact_parts_read: model.read,
            version: 5,
        })
        .collect();
    store.apply(CacheBatch::heads(page)).expect("the heads are stored");
    store
}

fn check(store: &Store, models: &BTreeMap<ConversationId, Model>, limit: u32) {
    for view in VIEWS {
        for sort in [Sort::Newest, Sort::LongestWaiting] {
            let expected: Vec<_> = expected(models, view, sort)
                .into_iter()
                .map(|model| {
                    let unread = model.head.contact_part_count - model.read;
                    (model.head, unread)
                })
                .collect();
            assert_eq!(walk(store, view, sort, limit), expected, "{view:?} {sort:?}");
        }
    }
    for counted in store.sidebar().expect("a sidebar").views {
        let rows = expected(models, counted.view, Sort::Newest);
        if counted.view == View::Closed {
            assert_eq!(counted.count, None);
            continue;
        }
        let unread = rows.iter().filter(|model| model.head.contact_part_count > model.read).count();
        assert_eq!(counted.count.map(|count| count as usize), Some(rows.len()), "{counted:?}");
        assert_eq!(counted.unread as usize, unread, "{counted:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_page_of_every_view_is_the_models(
        models in (1_u128..14).prop_flat_map(|count| {
            (1..=count).map(arbitrary_head).collect::<Vec<_>>()
        }),
        commands in proptest::collection::vec((1_u128..14, arbitrary_action(), 0_u8..5), 0..12),
        limit in 1_u32..5,
    ) {
        let store = filled(&models);
        let mut by_id: BTreeMap<_, _> =
            models.into_iter().map(|model| (model.head.id, model)).collect();
        check(&store, &by_id, limit);
        for (n, (on, action, fate)) in (1..).zip(commands) {
            let command = command(n, on, action);
            store.enqueue(&command).expect("it is stored");
            match fate {
                // Refused: nothing of it is seen.
                0 => {
                    let result = refused(command.id);
                    store.acknowledge(&result, log_id(), second(0)).expect("it is stored");
                    continue;
                }
                // On its way, confirmed but not yet in the cache, or waiting: all the same to see.
                1 => store.mark_attempt(&[command.id], second(0)).expect("it is stored"),
                2 => {
                    let result = applied(command.id, START + 50);
                    store.acknowledge(&result, log_id(), second(0)).expect("it is stored");
                }
                _ => {}
            }
            if let Some(model) = by_id.get_mut(&command.conversation_id) {
                run(model, &command);
            }
        }
        check(&store, &by_id, limit);
    }

    #[test]
    fn undoing_gives_back_what_was_there(
        model in arbitrary_head(1),
        first in arbitrary_action(),
        action in arbitrary_action(),
    ) {
        let store = filled(std::slice::from_ref(&model));
        store.enqueue(&command(1, 1, first)).expect("it is stored");
        let before = (view_of(&store, 1).head, view_of(&store, 1).unread);
        let undo = store.undo_for(conversation(1), &action).expect("an answer");
        store.enqueue(&command(2, 1, action.clone())).expect("it is stored");
        let after = (view_of(&store, 1).head, view_of(&store, 1).unread);
        match undo {
            None => prop_assert!(action.body_text().is_some() || after == before),
            Some(undo) => {
                prop_assert_ne!(&after, &before);
                store.enqueue(&command(3, 1, undo)).expect("it is stored");
                let mut undone = (view_of(&store, 1).head, view_of(&store, 1).unread);
                // Putting a closed conversation aside again does not bring the wait back.
                if before.0.state == ConversationState::Snoozed {
                    undone.0.waiting_since = before.0.waiting_since;
                }
                prop_assert_eq!(undone, before);
            }
        }
    }
}

#[test]
fn a_conversation_assigned_out_of_view_leaves_the_lists_at_once() {
    let store = started();
    let narrow = access(EPOCH + 1, ConversationAccess::assigned());
    let change = sync::Change::Access { access: narrow };
    sync(&store, page(START, 101, vec![change]));
    let mut listed = heads(vec![ConversationHead { admin_assignee_id: Some(me()), ..head(1) }]);
    listed.epoch = EPOCH + 1;
    store.apply(CacheBatch::heads(listed)).expect("it is stored");
    assert_eq!(list(&store, View::All), [conversation(1)]);
    let away = Action::ConversationAssign { admin_assignee_id: Some(teammate(2)) };
    store.enqueue(&command(1, 1, away)).expect("it is stored");
    assert!(list(&store, View::All).is_empty());
    let all = store.sidebar().expect("a sidebar").views.remove(2);
    assert_eq!((all.view, all.count), (View::All, Some(0)));
}

#[test]
fn rows_tell_of_waiting_and_refused_work_and_of_drafts() {
    let store = started();
    put_heads(&store, vec![head(1), head(2), head(3)]);
    store.enqueue(&command(1, 1, Action::ConversationClose)).expect("it is stored");
    store.enqueue(&command(2, 2, reply("hi"))).expect("it is stored");
    store.acknowledge(&refused(command_id(2)), log_id(), second(0)).expect("it is stored");
    let draft = host::Draft {
        conversation_id: conversation(3),
        kind: host::DraftKind::Note,
        body_text: "half".into(),
    };
    store.save_draft(&draft, second(0)).expect("it is stored");
    let closed = page_of(&store, View::Closed).rows.remove(0);
    assert!(closed.queued && !closed.refused && !closed.has_draft);
    let open = page_of(&store, View::All).rows;
    assert!(open[0].has_draft && !open[0].queued);
    assert!(open[1].refused && !open[1].queued);
    let sidebar = store.sidebar().expect("a sidebar");
    assert_eq!((sidebar.queued, sidebar.refused, sidebar.drafts), (1, 1, 1));
}

#[test]
fn a_waiting_read_mark_clears_the_unread_and_is_not_counted_as_work() {
    let store = started();
    put(&store, vec![whole(1, &["a", "b"], 10)]);
    let read = Action::ConversationMark { contact_parts_read: 2 };
    store.enqueue(&command(1, 1, read)).expect("it is stored");
    let row = page_of(&store, View::All).rows.remove(0);
    assert_eq!((row.unread, row.queued), (0, false));
    assert_eq!(store.outbox_counts().expect("counts").queued, 0);
    assert!(store.outbox_entries().expect("entries").is_empty());
}

#[test]
fn the_newest_message_is_mine_when_i_wrote_it() {
    let store = started();
    let mut delta = whole(1, &["question", "answer"], 10);
    delta.parts[1].author =
        Author { author_type: AuthorType::Admin, admin_id: Some(me()), name: None };
    put(&store, vec![delta]);
    put_heads(&store, vec![ConversationHead { last_part_at: second(1), ..head(2) }]);
    let mine: Vec<_> =
        page_of(&store, View::All).rows.into_iter().map(|row| row.preview_is_mine).collect();
    assert_eq!(mine, [true, false]);
    store.enqueue(&command(1, 2, reply("hi"))).expect("it is stored");
    assert!(page_of(&store, View::All).rows[0].preview_is_mine);
}
