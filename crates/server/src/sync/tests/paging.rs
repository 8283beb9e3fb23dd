//! Lists, long conversations, cursors.

use recado_protocol::sync::{Change, HeadQuery};
use recado_protocol::{Action, ConversationState, ErrorCode, LogId, Priority};

use super::cache::Cache;
use crate::inbound::{ImportedAuthor, ImportedContact, ImportedConversation, ImportedPart};
use crate::sanitize::Body;
use crate::testing::{START, World, code, note, on_every_engine};
use crate::{inbound, retention, sync};

on_every_engine!(
    a_list_is_paged_by_key_newest_first,
    a_list_can_be_narrowed_to_a_contact,
    a_key_that_no_page_gave_is_refused,
    a_conversation_of_ten_thousand_parts_comes_in_pieces,
    a_conversation_of_large_messages_comes_with_as_many_as_fit,
    a_page_stops_before_it_grows_too_large_and_loses_nothing,
    a_page_covers_no_more_entries_than_asked_for,
    a_conversation_that_changed_comes_with_its_contact_and_mark,
    a_cursor_of_another_log_or_out_of_reach_is_gone,
    the_digest_is_that_of_the_listed_heads,
);

async fn a_list_is_paged_by_key_newest_first(world: &World) {
    let mut expected = Vec::new();
    for number in 0..7 {
        // Pairs share a time, so that the id decides between them.
        world.advance_s(number % 2);
        expected.push(world.open("Mia", "Hello?").await);
    }
    world.does(world.ada, expected[3], Action::ConversationClose).await;
    let closed = expected.remove(3);
    let mut heads = Vec::new();
    for id in &expected {
        let head = world.head(*id).await;
        heads.push((head.last_part_at, head.id));
    }
    heads.sort_unstable_by(|a, b| b.cmp(a));
    let expected: Vec<_> = heads.into_iter().map(|(_, id)| id).collect();
    for limit in [1, 2, 3, 6, 500] {
        assert_eq!(world.list(world.ada, ConversationState::Open, limit).await, expected);
    }
    assert_eq!(world.list(world.sam, ConversationState::Closed, 2).await, [closed]);
    assert!(world.list(world.asif, ConversationState::Open, 2).await.is_empty());
}

async fn a_list_can_be_narrowed_to_a_contact(world: &World) {
    let mia = world.open("Mia", "Hello?").await;
    world.open("Noah", "Hello?").await;
    let second = world.open("Mia", "Again").await;
    let contact_id = Some(world.head(mia).await.contact_id);
    let state = ConversationState::Open;
    let query = HeadQuery { state, contact_id, after: None, limit: None };
    let page = sync::heads(&world.core, world.sam, &query).await.expect("a page");
    let mut ids: Vec<_> = page.heads.iter().map(|head| head.id).collect();
    ids.sort_unstable();
    let mut expected = [mia, second];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    assert_eq!(page.contacts.len(), 1);
}

async fn a_key_that_no_page_gave_is_refused(world: &World) {
    for after in ["", "x", "1", "1.cnv_1", "a.cnv_00000000000000000000000000000001"] {
        let query = HeadQuery {
            state: ConversationState::Open,
            contact_id: None,
            after: Some(after.to_owned()),
            limit: None,
        };
        let answer = sync::heads(&world.core, world.sam, &query).await;
        assert_eq!(code(answer), Some(ErrorCode::InvalidRequest), "{after:?}");
    }
    let state = ConversationState::Unknown;
    let query = HeadQuery { state, contact_id: None, after: None, limit: None };
    let answer = sync::heads(&world.core, world.sam, &query).await;
    assert_eq!(code(answer), Some(ErrorCode::InvalidRequest));
}

/// A conversation with these messages, imported whole.
async fn import(
    world: &World,
    source_id: &str,
    texts: impl Iterator<Item = String>,
) -> recado_protocol::ConversationId {
    let parts = texts
        .enumerate()
        .map(|(index, text)| ImportedPart {
            author: ImportedAuthor::Contact(None),
            note: false,
            body: Body::from_text(&text).expect("a body"),
            at: START.plus_seconds(i64::try_from(index).expect("few parts")),
        })
        .collect();
    let imported = ImportedConversation {
        source: "test".to_owned(),
        source_id: source_id.to_owned(),
        channel_id: None,
        contact: ImportedContact::default(),
        title: None,
        closed: false,
        priority: Priority::NotPriority,
        admin_assignee_id: None,
        team_assignee_id: None,
        tags: Vec::new(),
        created_at: START,
        parts,
    };
    inbound::import_conversation(&world.core, world.workspace_id, imported)
        .await
        .expect("an import")
        .conversation_id
}

async fn a_conversation_of_ten_thousand_parts_comes_in_pieces(world: &World) {
    let id = import(world, "long", (1..=10_000).map(|number| format!("Message {number}"))).await;
    let delta = world.read(world.sam, id).await.expect("in view");
    assert_eq!(delta.head.part_count, 10_000);
    assert_eq!(delta.head.contact_part_count, 10_000);
    assert_eq!((delta.complete_from_seq, delta.parts.len()), (9_501, 500));
    let mut before = delta.complete_from_seq;
    let mut texts: Vec<String> = Vec::new();
    while before > 1 {
        let page = sync::parts_before(&world.core, world.sam, id, before, 500).await;
        let page = page.expect("older parts");
        let delta = &page.conversations[0];
        assert!(delta.parts.last().is_some_and(|part| part.seq == before - 1));
        before = delta.complete_from_seq;
        texts.splice(0..0, delta.parts.iter().map(|part| part.body_text.clone()));
    }
    assert_eq!(texts.len(), 9_500);
    assert_eq!((texts[0].as_str(), texts[9_499].as_str()), ("Message 1", "Message 9500"));
    let none = sync::parts_before(&world.core, world.sam, id, 1, 500).await.expect("an answer");
    assert!(none.conversations[0].parts.is_empty());
    assert_eq!(none.conversations[0].complete_from_seq, 1);
    let hidden = sync::parts_before(&world.core, world.asif, id, 5, 500).await;
    assert_eq!(code(hidden), Some(ErrorCode::NotFound));
}

async fn a_conversation_of_large_messages_comes_with_as_many_as_fit(world: &World) {
    let body = "word ".repeat(209_715);
    let id = import(world, "large", std::iter::repeat_n(body.clone(), 9)).await;
    let delta = world.read(world.sam, id).await.expect("in view");
    assert_eq!((delta.complete_from_seq, delta.parts.len()), (8, 2), "two megabytes a message");
    assert_eq!(delta.parts[1].body_text, body);
    let page = sync::parts_before(&world.core, world.sam, id, 8, 500).await.expect("older parts");
    assert_eq!(page.conversations[0].complete_from_seq, 6);
    let page = world.page(world.sam, 0).await;
    assert_eq!(serde_json::to_string(&page).expect("a page").matches("\"seq\":").count(), 1);
}

async fn a_page_stops_before_it_grows_too_large_and_loses_nothing(world: &World) {
    let start = world.bootstrap(world.sam).await.cursor;
    let mut cache = Cache::fill(&world.core, world.sam).await;
    let body = "word ".repeat(60_000);
    for number in 0..40 {
        import(world, &format!("large-{number}"), [body.clone()].into_iter()).await;
    }
    let page = world.page(world.sam, start).await;
    assert!(page.more, "forty large conversations are too much for one page");
    assert!(page.cursor < start + 40);
    let bytes = serde_json::to_vec(&page).expect("a page serialises").len();
    assert!(bytes < 24 * 1024 * 1024, "{bytes}");
    cache.pull(&world.core, 500, &mut |_| {}).await;
    let fresh = Cache::fill(&world.core, world.sam).await;
    assert_eq!(cache.conversations.len(), 40);
    assert!(cache.comparable() == fresh.comparable());
}

async fn a_page_covers_no_more_entries_than_asked_for(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let log_id = world.bootstrap(world.sam).await.log_id;
    let after = world.bootstrap(world.sam).await.cursor;
    for number in 0..5 {
        world.does(world.sam, id, note(&format!("Note {number}"))).await;
    }
    let page = sync::page(&world.core, world.sam, log_id, after, 2).await.expect("a page");
    assert_eq!((page.cursor, page.more), (after + 2, true));
    let page = sync::page(&world.core, world.sam, log_id, after + 2, 3).await.expect("a page");
    assert_eq!((page.cursor, page.more), (after + 5, false));
    let page = sync::page(&world.core, world.sam, log_id, after + 5, 3).await.expect("a page");
    assert_eq!((page.cursor, page.more, page.changes.len()), (after + 5, false, 0));
}

/// A cache that is still being filled has a cursor and not yet the conversations below it. One that is closed before the
/// listing comes to it is named by nothing but the log.
async fn a_conversation_that_changed_comes_with_its_contact_and_mark(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let mark = Action::ConversationMark { contact_parts_read: 1 };
    world.does(world.sam, id, mark).await;
    let after = world.bootstrap(world.sam).await.cursor;
    world.does(world.sam, id, Action::ConversationClose).await;
    let head = world.head(id).await;
    let changes = world.page(world.sam, after).await.changes;
    let has = |wanted: &dyn Fn(&Change) -> bool| changes.iter().any(wanted);
    assert!(has(
        &|change| matches!(change, Change::Contact { contact } if contact.id == head.contact_id)
    ));
    assert!(has(
        &|change| matches!(change, Change::ReadMark { read_mark } if read_mark.contact_parts_read == 1)
    ));
}

async fn a_cursor_of_another_log_or_out_of_reach_is_gone(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let bootstrap = world.bootstrap(world.sam).await;
    let page =
        async |log_id, after| code(sync::page(&world.core, world.sam, log_id, after, 10).await);
    let other = LogId::from_uuid(uuid::Uuid::from_u128(1));
    assert_eq!(page(other, 0).await, Some(ErrorCode::CursorGone));
    assert_eq!(page(bootstrap.log_id, bootstrap.cursor + 1).await, Some(ErrorCode::CursorGone));
    assert_eq!(page(bootstrap.log_id, 0).await, None);

    world.advance_s(31 * 24 * 3600);
    world.does(world.sam, id, note("Later.")).await;
    retention::run(&world.core).await.expect("pruned");
    assert_eq!(page(bootstrap.log_id, 0).await, Some(ErrorCode::CursorGone));
    assert_eq!(page(bootstrap.log_id, bootstrap.cursor).await, None);
    let last = world.page(world.sam, bootstrap.cursor).await;
    assert_eq!((last.cursor, last.changes.is_empty()), (bootstrap.cursor + 1, false));
}

async fn the_digest_is_that_of_the_listed_heads(world: &World) {
    for number in 0..5 {
        let id = world.open("Mia", "Hello?").await;
        match number {
            0 => world.does(world.sam, id, Action::ConversationClose).await,
            1 => {
                let snoozed_until = world.core.now().plus_seconds(60);
                world.does(world.sam, id, Action::ConversationSnooze { snoozed_until }).await
            }
            _ => 0,
        };
    }
    let mut pairs = Vec::new();
    for state in [ConversationState::Open, ConversationState::Snoozed] {
        for id in world.list(world.sam, state, 10).await {
            pairs.push((id, world.head(id).await.version));
        }
    }
    let digest = sync::digest(&world.core, world.sam).await.expect("a digest");
    assert_eq!(digest.count, 4);
    assert_eq!(digest.digest, recado_protocol::sync::digest(pairs));
}
