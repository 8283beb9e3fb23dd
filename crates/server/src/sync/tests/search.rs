//! Search finds the same on every engine, and only what is in view.

use recado_protocol::channel::OpenConversation;
use recado_protocol::{ConversationId, ErrorCode};

use crate::core::Principal;
use crate::inbound;
use crate::sync;
use crate::testing::{World, assign_team, code, note, on_every_engine, opening};

on_every_engine!(
    words_are_found_whatever_their_case_accents_or_script,
    the_newest_messages_come_first,
    title_and_contact_are_found_and_a_new_name_replaces_the_old,
    nothing_is_found_in_what_is_out_of_view,
    a_query_of_punctuation_or_syntax_is_harmless,
    a_megabyte_of_different_words_can_be_indexed,
);

async fn found(world: &World, who: Principal, query: &str) -> Vec<ConversationId> {
    let page = sync::search(&world.core, who, query, 50).await.expect("a search");
    page.hits.iter().map(|hit| hit.conversation_id).collect()
}

async fn words_are_found_whatever_their_case_accents_or_script(world: &World) {
    let cafe = world.open("Mia", "The CAFÉ is late, order a7-42").await;
    let parcel = world.open("小雨", "订单A7号还没到").await;
    for query in ["café", "CAFE", "caf", "cafe is", "late caf", "a7 42", "order late cafe "] {
        assert_eq!(found(world, world.sam, query).await, [cafe], "{query}");
    }
    for query in ["订单", "单", "没到", "A7号"] {
        assert_eq!(found(world, world.sam, query).await, [parcel], "{query}");
    }
    for query in ["caf ", "cafes", "cafe parcel", "小雨 late"] {
        assert!(found(world, world.sam, query).await.is_empty(), "{query}");
    }
    let page = sync::search(&world.core, world.sam, "late", 50).await.expect("a search");
    assert_eq!(page.hits[0].excerpt, "The CAFÉ is late, order a7-42");
    assert_eq!((page.heads.len(), page.contacts.len()), (1, 1));
}

async fn the_newest_messages_come_first(world: &World) {
    let mut expected = Vec::new();
    for _ in 0..4 {
        expected.push(world.open("Mia", "parcel").await);
        world.advance_s(1);
    }
    world.does(world.sam, expected[0], note("a note about the parcel")).await;
    expected.push(expected[0]);
    expected.reverse();
    assert_eq!(found(world, world.sam, "parcel").await, expected);
    let page = sync::search(&world.core, world.sam, "parcel", 2).await.expect("a search");
    assert_eq!(page.hits.len(), 2);
    assert!(page.hits[0].part_id.is_some());
}

async fn title_and_contact_are_found_and_a_new_name_replaces_the_old(world: &World) {
    let request = OpenConversation { title: Some("Refund".to_owned()), ..opening("mia", "Hello?") };
    let mut request = request;
    request.contact.name = Some("Mia Möller".to_owned());
    let receipt = inbound::open_conversation(&world.core, world.channel, "one", &request).await;
    let id = receipt.expect("a conversation").conversation_id;
    for query in ["refund", "moller", "mia refund"] {
        assert_eq!(found(world, world.sam, query).await, [id], "{query}");
    }
    let page = sync::search(&world.core, world.sam, "refund", 5).await.expect("a search");
    assert_eq!(
        (page.hits[0].part_id, page.hits[0].excerpt.as_str()),
        (None, "Refund · Mia Möller")
    );

    request.contact.name = Some("Mia Schmidt".to_owned());
    let receipt = inbound::open_conversation(&world.core, world.channel, "two", &request).await;
    let second = receipt.expect("a conversation").conversation_id;
    assert!(found(world, world.sam, "moller").await.is_empty());
    let mut both = found(world, world.sam, "schmidt").await;
    both.sort_unstable();
    let mut expected = [id, second];
    expected.sort_unstable();
    assert_eq!(both, expected);
}

async fn nothing_is_found_in_what_is_out_of_view(world: &World) {
    let id = world.open("Mia", "parcel").await;
    world.does(world.ada, id, assign_team(Some(world.sales))).await;
    world.does(world.sofia, id, note("about the parcel")).await;
    assert_eq!(found(world, world.sofia, "parcel").await.len(), 2);
    for who in [world.sam, world.asif, world.lena] {
        for query in ["parcel", "mia"] {
            let page = sync::search(&world.core, who, query, 50).await.expect("a search");
            assert!(page.hits.is_empty() && page.heads.is_empty() && page.contacts.is_empty());
        }
    }
}

async fn a_query_of_punctuation_or_syntax_is_harmless(world: &World) {
    let id = world.open("Mia", "he said AND or NOT near").await;
    for query in ["", "  ", "\"", "*", "-", "(", ":*", "'", "\\", "\0", "%"] {
        assert!(found(world, world.sam, query).await.is_empty(), "{query:?}");
    }
    for query in ["AND", "\"said", "said*", "NOT near", "or:*", "said' | 'x", "said & said"] {
        let expected: &[_] = if query.contains('x') { &[] } else { &[id] };
        assert_eq!(found(world, world.sam, query).await, expected, "{query:?}");
    }
    let long = "word ".repeat(100);
    let refused = sync::search(&world.core, world.sam, &long, 5).await;
    assert_eq!(code(refused), Some(ErrorCode::InvalidRequest));
}

async fn a_megabyte_of_different_words_can_be_indexed(world: &World) {
    let words: String = (0..130_000).map(|number| format!("w{number} ")).collect();
    let id = world.open("Mia", &words[..900_000]).await;
    assert_eq!(found(world, world.sam, "w17").await, [id]);
}
