//! What comes in from customers, on every engine.

use recado_protocol::channel::{AddMessage, ChannelMessage, OpenConversation};
use recado_protocol::{
    Action, AuthorType, ConversationState, ErrorCode, PartType, Priority, Timestamp,
};

use super::{
    Imported, ImportedAuthor, ImportedContact, ImportedConversation, ImportedPart, MAX_REPLIES,
};
use crate::core::ChannelPrincipal;
use crate::inbound;
use crate::sanitize::Body;
use crate::seed;
use crate::snooze;
use crate::storage::audit::Actor;
use crate::testing::{START, World, code, message, note, on_every_engine, opening, reply};

on_every_engine!(
    a_conversation_is_opened_once_for_each_key,
    the_same_key_with_another_request_is_a_conflict,
    the_same_customer_is_one_contact_and_what_is_known_grows,
    two_channels_do_not_share_customers_or_conversations,
    a_conversation_goes_to_the_team_it_names,
    a_message_reopens_what_was_closed_or_put_aside,
    the_wait_begins_with_the_first_unanswered_message,
    a_message_is_never_from_the_future,
    html_is_sanitised_before_it_is_stored,
    replies_come_once_in_order_and_nothing_else_does,
    a_cursor_beyond_the_log_is_gone,
    a_channel_that_is_not_in_use_may_do_nothing,
    bad_requests_are_refused,
    a_due_snooze_wakes_once,
    an_import_happens_once_with_its_own_times_and_authors,
    an_imported_conversation_goes_on_over_its_channel,
    imported_customers_with_an_id_are_one_contact,
);

async fn a_conversation_is_opened_once_for_each_key(world: &World) {
    let request = opening("Mia", "Hello?");
    let open =
        async |key| inbound::open_conversation(&world.core, world.channel, key, &request).await;
    let first = open("one").await.expect("a receipt");
    let before = world.bootstrap(world.ada).await.cursor;
    world.advance_s(60);
    assert_eq!(open("one").await.expect("a receipt"), first);
    assert_eq!(world.bootstrap(world.ada).await.cursor, before);
    let second = open("two").await.expect("a receipt");
    assert_ne!(second.conversation_id, first.conversation_id);
    assert_eq!(second.contact_id, first.contact_id);

    let add = AddMessage { message: message("Anybody?") };
    let mut parts = Vec::new();
    for key in ["three", "three", "four"] {
        let id = first.conversation_id;
        let receipt = inbound::add_message(&world.core, world.channel, key, id, &add).await;
        parts.push(receipt.expect("a receipt").part_id);
    }
    assert_eq!(parts[0], parts[1]);
    assert_ne!(parts[1], parts[2]);
    assert_eq!(world.head(first.conversation_id).await.contact_part_count, 3);
}

async fn the_same_key_with_another_request_is_a_conflict(world: &World) {
    let (core, channel) = (&world.core, world.channel);
    let first = opening("Mia", "Hello?");
    let id = inbound::open_conversation(core, channel, "one", &first).await.expect("a receipt");
    let other = inbound::open_conversation(core, channel, "one", &opening("Mia", "Hi")).await;
    assert_eq!(code(other), Some(ErrorCode::IdempotencyConflict));
    let add = AddMessage { message: message("Hello?") };
    let other = inbound::add_message(core, channel, "one", id.conversation_id, &add).await;
    assert_eq!(code(other), Some(ErrorCode::IdempotencyConflict));
}

async fn the_same_customer_is_one_contact_and_what_is_known_grows(world: &World) {
    let mut request = opening("c-1", "Hello?");
    request.contact.name = Some("Mia".to_owned());
    let open = async |key: &str, request: &OpenConversation| {
        let receipt = inbound::open_conversation(&world.core, world.channel, key, request).await;
        receipt.expect("a receipt")
    };
    let first = open("one", &request).await;
    let before = world.bootstrap(world.sam).await.cursor;
    request.contact.name = None;
    request.contact.email = Some(" mia@example.com ".to_owned());
    let second = open("two", &request).await;
    assert_eq!(first.contact_id, second.contact_id);
    let page = crate::sync::conversations(&world.core, world.sam, &[first.conversation_id]).await;
    let contact = page.expect("a page").contacts.remove(0);
    assert_eq!(contact.name.as_deref(), Some("Mia"));
    assert_eq!(contact.email.as_deref(), Some("mia@example.com"));
    assert_eq!(contact.version, before + 1);
    assert_eq!(world.bootstrap(world.sam).await.cursor, before + 2, "contact, conversation");
}

async fn two_channels_do_not_share_customers_or_conversations(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let made =
        seed::create_channel(&world.core, world.workspace_id, "CRM", [8; 32], Actor::Console);
    let other = made.await.expect("a channel");
    let request = opening("Mia", "Hello?");
    let receipt = inbound::open_conversation(&world.core, other, "one", &request).await;
    let receipt = receipt.expect("a receipt");
    assert_ne!(receipt.contact_id, world.head(id).await.contact_id);
    let add = AddMessage { message: message("Anybody?") };
    let foreign = inbound::add_message(&world.core, other, "two", id, &add).await;
    assert_eq!(code(foreign), Some(ErrorCode::NotFound));
    world.does(world.sam, id, reply("For the shop")).await;
    let page = inbound::replies(&world.core, other, 0, 10).await.expect("a page");
    assert!(page.replies.is_empty());
}

async fn a_conversation_goes_to_the_team_it_names(world: &World) {
    let mut request = opening("Mia", "Hello?");
    request.team = Some(" SALES ".to_owned());
    let receipt = inbound::open_conversation(&world.core, world.channel, "one", &request).await;
    let id = receipt.expect("a receipt").conversation_id;
    assert_eq!(world.head(id).await.team_assignee_id, Some(world.sales));
    request.team = Some("Nobody".to_owned());
    let refused = inbound::open_conversation(&world.core, world.channel, "two", &request).await;
    assert_eq!(code(refused), Some(ErrorCode::InvalidValue));
}

async fn a_message_reopens_what_was_closed_or_put_aside(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let snoozed_until = world.core.now().plus_seconds(3600);
    for action in [Action::ConversationClose, Action::ConversationSnooze { snoozed_until }] {
        world.does(world.sam, id, action).await;
        world.customer_says(id, "Still there?").await;
        let delta = world.read(world.sam, id).await.expect("in view");
        assert_eq!(delta.head.state, ConversationState::Open);
        assert_eq!(delta.head.snoozed_until, None);
        let [.., open, comment] = &delta.parts[..] else { panic!("too few parts") };
        assert_eq!((open.part_type, open.author.author_type), (PartType::Open, AuthorType::Bot));
        assert_eq!(comment.part_type, PartType::Comment);
        assert_eq!(comment.author.author_type, AuthorType::Contact);
        assert_eq!(open.version, comment.version, "one change");
    }
}

async fn the_wait_begins_with_the_first_unanswered_message(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let began = world.core.now();
    world.advance_s(60);
    world.customer_says(id, "Anybody?").await;
    assert_eq!(world.head(id).await.waiting_since, Some(began));
    world.does(world.sam, id, reply("Yes.")).await;
    world.advance_s(60);
    world.customer_says(id, "Good.").await;
    assert_eq!(world.head(id).await.waiting_since, Some(world.core.now()));
}

async fn a_message_is_never_from_the_future(world: &World) {
    let at = |at| ChannelMessage { created_at: Some(at), ..message("Hello?") };
    let mut request = opening("Mia", "");
    let now = world.core.now();
    for (key, given, stored) in [
        ("ahead", now.plus_seconds(3600), now),
        ("behind", now.plus_seconds(-3600), now.plus_seconds(-3600)),
        ("never", Timestamp::from_micros(i64::MAX), now),
    ] {
        request.message = at(given);
        let receipt = inbound::open_conversation(&world.core, world.channel, key, &request).await;
        let head = world.head(receipt.expect("a receipt").conversation_id).await;
        assert_eq!((head.last_part_at, head.created_at), (stored, stored), "{key}");
    }
}

async fn html_is_sanitised_before_it_is_stored(world: &World) {
    let mut request = opening("Mia", "");
    request.message = ChannelMessage {
        body_html: Some("<p onclick=x>Hi <b>you</b><script>alert(1)</script></p>\0".to_owned()),
        ..ChannelMessage::default()
    };
    let receipt = inbound::open_conversation(&world.core, world.channel, "one", &request).await;
    let delta = world.read(world.sam, receipt.expect("a receipt").conversation_id).await;
    let part = delta.expect("in view").parts.remove(0);
    assert_eq!(part.body, "<p>Hi <b>you</b></p>\u{FFFD}");
    assert_eq!(part.body_text, "Hi you\n\n\u{FFFD}");
    assert!(part.rich);
}

async fn replies_come_once_in_order_and_nothing_else_does(world: &World) {
    let (core, channel) = (&world.core, world.channel);
    let first = world.open("Mia", "Hello?").await;
    let second = world.open("Noah", "Hello?").await;
    let mut expected = Vec::new();
    for number in 0..7 {
        let (id, text) = (if number % 2 == 0 { first } else { second }, format!("Reply {number}"));
        world.does(world.sam, id, note("internal")).await;
        world.does(world.sam, id, reply(&text)).await;
        world.does(world.sam, id, Action::ConversationClose).await;
        world.customer_says(id, "Thanks").await;
        expected.push(text);
    }
    let mut cursor = 0;
    let mut texts = Vec::new();
    loop {
        let page = inbound::replies(core, channel, cursor, 2).await.expect("a page");
        assert!(page.replies.len() <= 2);
        texts.extend(page.replies.into_iter().map(|reply| {
            assert_eq!(reply.author_name.as_deref(), Some("sam"));
            reply.body_text
        }));
        cursor = page.cursor;
        if !page.more {
            break;
        }
    }
    assert_eq!(texts, expected);
    assert_eq!(cursor, world.bootstrap(world.ada).await.cursor);
    let page = inbound::replies(core, channel, cursor, MAX_REPLIES).await.expect("a page");
    assert_eq!((page.replies.len(), page.more, page.cursor), (0, false, cursor));
}

async fn a_cursor_beyond_the_log_is_gone(world: &World) {
    let head = world.bootstrap(world.ada).await.cursor;
    let gone = inbound::replies(&world.core, world.channel, head + 1, 10).await;
    assert_eq!(code(gone), Some(ErrorCode::CursorGone));
}

async fn a_channel_that_is_not_in_use_may_do_nothing(world: &World) {
    let channel_id = recado_protocol::ChannelId::from_uuid(uuid::Uuid::from_u128(5));
    let nobody = ChannelPrincipal { channel_id, ..world.channel };
    let request = opening("Mia", "Hello?");
    let open = inbound::open_conversation(&world.core, nobody, "one", &request).await;
    assert_eq!(code(open), Some(ErrorCode::NotFound));
    let replies = inbound::replies(&world.core, nobody, 0, 10).await;
    assert_eq!(code(replies), Some(ErrorCode::NotFound));
}

async fn bad_requests_are_refused(world: &World) {
    let open = async |key: &str, request: &OpenConversation| {
        code(inbound::open_conversation(&world.core, world.channel, key, request).await)
    };
    let good = opening("Mia", "Hello?");
    for key in ["", "a\nb", "x".repeat(256).as_str()] {
        assert_eq!(open(key, &good).await, Some(ErrorCode::InvalidRequest), "{key:?}");
    }
    let invalid = Some(ErrorCode::InvalidValue);
    assert_eq!(open("a", &opening(" ", "Hello?")).await, invalid);
    assert_eq!(open("b", &opening("Mia", " \n")).await, invalid);
    let mut request = good.clone();
    request.message = ChannelMessage::default();
    assert_eq!(open("c", &request).await, invalid);
    request.message.body_html = Some("<script>alert(1)</script>".to_owned());
    assert_eq!(open("d", &request).await, invalid);
    let huge = "x".repeat(recado_protocol::command::MAX_BODY_BYTES + 1);
    assert_eq!(open("e", &opening("Mia", &huge)).await, Some(ErrorCode::TooLarge));
    assert_eq!(open("e", &good).await, None, "a refused request has not used its key up");
    let id = recado_protocol::ConversationId::from_uuid(uuid::Uuid::from_u128(1));
    let add = AddMessage { message: message("Hello?") };
    let unknown = inbound::add_message(&world.core, world.channel, "f", id, &add).await;
    assert_eq!(code(unknown), Some(ErrorCode::NotFound));
}

async fn a_due_snooze_wakes_once(world: &World) {
    let id = world.open("Mia", "Hello?").await;
    let later = world.open("Noah", "Hello?").await;
    let now = world.core.now();
    for (id, seconds) in [(id, 60), (later, 600)] {
        let snoozed_until = now.plus_seconds(seconds);
        world.does(world.sam, id, Action::ConversationSnooze { snoozed_until }).await;
    }
    world.advance_s(59);
    assert_eq!(snooze::wake_due(&world.core).await, Ok(0));
    world.advance_s(1);
    assert_eq!(snooze::wake_due(&world.core).await, Ok(1));
    assert_eq!(snooze::wake_due(&world.core).await, Ok(0));
    let delta = world.read(world.sam, id).await.expect("in view");
    assert_eq!(delta.head.state, ConversationState::Open);
    assert_eq!(delta.head.snoozed_until, None);
    let last = delta.parts.last().expect("a part");
    assert_eq!(
        (last.part_type, last.author.author_type),
        (PartType::TimerUnsnooze, AuthorType::Bot)
    );
    assert_eq!(world.head(later).await.state, ConversationState::Snoozed);
    assert_eq!(world.audited("conversation_wake", "done").await, 1);
}

fn part(author: ImportedAuthor, text: &str, seconds: i64) -> ImportedPart {
    let body = Body::from_text(text).expect("a body");
    ImportedPart { author, note: false, body, at: START.plus_seconds(seconds) }
}

fn imported(source_id: &str) -> ImportedConversation {
    let name = |name: &str| Some(name.to_owned());
    ImportedConversation {
        source: "star".to_owned(),
        source_id: source_id.to_owned(),
        channel_id: None,
        contact: ImportedContact { name: name("Mia"), ..ImportedContact::default() },
        title: None,
        closed: false,
        priority: Priority::NotPriority,
        admin_assignee_id: None,
        team_assignee_id: None,
        tags: vec!["b".to_owned(), "a".to_owned(), "b".to_owned()],
        created_at: START.plus_seconds(-1000),
        parts: vec![
            part(ImportedAuthor::Contact(None), "Hello?", -1000),
            part(ImportedAuthor::Former(name("Old Agent")), "Hi", -900),
            part(ImportedAuthor::Bot(None), "A bot speaks", -800),
            part(ImportedAuthor::Contact(name("mia_nick")), "One more thing", -700),
            part(ImportedAuthor::Contact(None), "And another", -600),
        ],
    }
}

async fn an_import_happens_once_with_its_own_times_and_authors(world: &World) {
    let before = world.bootstrap(world.sam).await.cursor;
    let import = async |conversation| {
        inbound::import_conversation(&world.core, world.workspace_id, conversation).await
    };
    let first = import(imported("one")).await.expect("an import");
    assert!(first.created);
    let again = import(imported("one")).await.expect("an import");
    assert_eq!(again, Imported { created: false, ..first });
    assert_eq!(world.bootstrap(world.sam).await.cursor, before + 1, "one entry in the log");

    let delta = world.read(world.sam, first.conversation_id).await.expect("in view");
    assert_eq!((delta.head.part_count, delta.head.contact_part_count), (5, 3));
    assert_eq!(delta.head.tags, ["a", "b"]);
    assert_eq!(delta.head.created_at, START.plus_seconds(-1000));
    assert_eq!(delta.head.last_part_at, START.plus_seconds(-600));
    assert_eq!(delta.head.waiting_since, Some(START.plus_seconds(-700)));
    let authors: Vec<_> = delta
        .parts
        .iter()
        .map(|part| (part.author.author_type, part.author.name.as_deref()))
        .collect();
    assert_eq!(
        authors,
        [
            (AuthorType::Contact, Some("Mia")),
            (AuthorType::Imported, Some("Old Agent")),
            (AuthorType::Bot, None),
            (AuthorType::Contact, Some("mia_nick")),
            (AuthorType::Contact, Some("Mia")),
        ]
    );
    let mut closed = imported("two");
    closed.closed = true;
    let closed = import(closed).await.expect("an import");
    let head = world.head(closed.conversation_id).await;
    assert_eq!((head.state, head.waiting_since), (ConversationState::Closed, None));
    let found = crate::sync::search(&world.core, world.sam, "bot speaks", 5).await;
    assert_eq!(found.expect("a search").hits.len(), 2);
    let mut empty = imported("three");
    empty.parts.clear();
    assert_eq!(code(import(empty).await), Some(ErrorCode::InvalidValue));
}

async fn an_imported_conversation_goes_on_over_its_channel(world: &World) {
    let mut conversation = imported("one");
    conversation.channel_id = Some(world.channel.channel_id);
    let done = inbound::import_conversation(&world.core, world.workspace_id, conversation).await;
    let id = done.expect("an import").conversation_id;
    let replies =
        async || inbound::replies(&world.core, world.channel, 0, 10).await.expect("a page").replies;
    assert!(replies().await.is_empty(), "what was answered elsewhere is not delivered again");
    world.customer_says(id, "Hello again").await;
    world.does(world.sam, id, reply("Welcome back")).await;
    let replies = replies().await;
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].body_text, "Welcome back");
}

async fn imported_customers_with_an_id_are_one_contact(world: &World) {
    let mut contacts = Vec::new();
    for (source_id, external_id) in [("one", Some("c")), ("two", Some("c")), ("three", None)] {
        let mut conversation = imported(source_id);
        conversation.contact.external_id = external_id.map(str::to_owned);
        let done = inbound::import_conversation(&world.core, world.workspace_id, conversation);
        let id = done.await.expect("an import").conversation_id;
        contacts.push(world.head(id).await.contact_id);
    }
    assert_eq!(contacts[0], contacts[1]);
    assert_ne!(contacts[1], contacts[2]);
}
