//! A whole shift without a network: everything is kept, shown and sent once it is back, and no longer
//! readable once the workspace's lease has ended.

use std::collections::BTreeMap;

use recado_protocol::host::{
    AppState, Delivery, Draft, DraftKind, Drafts, Outbox, Phase, SearchIn, View,
};
use recado_protocol::{
    Action, ConversationAccess, ConversationId, ConversationState, ErrorCode, PartType, Priority,
    Role,
};
use recado_testkit::{Engine, TestClient, TestServer, Weather};
use serde_json::json;

/// How many actions a shift has, and how many conversations they are about.
const ACTIONS: usize = 1_000;
const CONVERSATIONS: usize = 40;
/// How long the shift lasts, in seconds.
const SHIFT_S: i64 = 9 * 3600;
/// A request carries at most one command of a conversation, so draining takes as many requests as the busiest has
/// commands. Some more are needed for tokens, pages and the bodies that changed meanwhile.
const REQUESTS: usize = ACTIONS / CONVERSATIONS + 30;

async fn state(client: &TestClient) -> anyhow::Result<AppState> {
    Ok(client.ask("app_state", json!({})).await?)
}

fn action(round: usize, number: usize, now: recado_protocol::Timestamp) -> Action {
    match round % 10 {
        0 | 5 => Action::ConversationReply {
            body_text: format!("reply {round} to {number}"),
            last_seen_seq: 1,
        },
        1 => Action::ConversationNote { body_text: format!("note {round} on {number}") },
        2 => Action::ConversationPrioritize {
            priority: if round == 12 { Priority::NotPriority } else { Priority::Priority },
        },
        3 => Action::ConversationTagAdd { tag: format!("round-{round}") },
        4 => Action::ConversationClose,
        6 => Action::ConversationOpen,
        7 => Action::ConversationSnooze { snoozed_until: now.plus_seconds(7 * 86_400) },
        8 => Action::ConversationOpen,
        _ => Action::ConversationTagRemove { tag: format!("round-{}", round - 6) },
    }
}

#[tokio::test]
async fn a_shift_of_a_thousand_actions_is_kept_and_drains_in_few_requests() -> anyhow::Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let mut ids = Vec::new();
    for number in 0..CONVERSATIONS {
        ids.push(shop.open(&format!("Customer {number}"), None, "Where is my order?").await?);
    }
    let client = TestClient::start().await?;
    client.sign_in(&server.join_link(), &ana).await?;
    client.until_shows(ids[CONVERSATIONS - 1], "Where is my order?").await?;

    client.network.set_weather(Weather::Cut);
    for round in 0..ACTIONS / CONVERSATIONS {
        for (number, id) in ids.iter().enumerate() {
            let now = recado_client::Clock::now(&*client.clock);
            client.submit(*id, action(round, number, now)).await?;
        }
        // The shift goes on: the access token has run out, and timers have long been due.
        let round_s = SHIFT_S / (ACTIONS / CONVERSATIONS) as i64;
        server.clock().advance_seconds(round_s);
        client.clock.advance_seconds(round_s);
    }
    let client = client.restart().await?;
    client.until_shows(ids[0], "Where is my order?").await?;
    let outbox: Outbox = client.ask("outbox", json!({})).await?;
    assert_eq!((outbox.waiting as usize, outbox.refused), (ACTIONS, 0));
    assert!(outbox.entries.iter().all(|e| matches!(e.delivery, Delivery::Queued { .. })));
    assert!(shop.replies().await?.is_empty());

    let before = client.network.requests();
    client.network.set_weather(Weather::Fair);
    client.until_online().await?;
    client.until_sent().await?;
    let needed = client.network.requests() - before;
    assert!(needed <= REQUESTS, "{needed} requests were needed");

    // Each reply once, and in each conversation in the order in which they were written.
    let mut texts: BTreeMap<ConversationId, Vec<String>> = BTreeMap::new();
    for reply in shop.replies().await? {
        texts.entry(reply.conversation_id).or_default().push(reply.body_text);
    }
    for (number, id) in ids.iter().enumerate() {
        let written = (0..ACTIONS / CONVERSATIONS).filter(|round| round.is_multiple_of(5));
        let written: Vec<_> = written.map(|round| format!("reply {round} to {number}")).collect();
        assert_eq!(texts.remove(id), Some(written));
    }
    let last_round = client
        .until("the server's own parts are in the cache", async |client| {
            let view = client.open(ids[0]).await?;
            let sent = view.parts.iter().all(|part| part.delivery == Delivery::Sent);
            Ok(sent.then_some(view))
        })
        .await?;
    let tags: Vec<_> = last_round.head.tags.iter().map(String::as_str).collect();
    assert_eq!(tags, ["round-23"], "tags of earlier rounds were taken off again");
    assert_eq!(last_round.head.state, ConversationState::Closed);
    let notes = last_round.parts.iter().filter(|part| part.part.part_type == PartType::Note);
    assert_eq!(notes.count(), 3);
    Ok(())
}

#[tokio::test]
async fn the_end_of_the_lease_hides_everything_and_keeps_what_was_written() -> anyhow::Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Is it open on Sunday?").await?;
    let client = TestClient::start().await?;
    client.sign_in(&server.join_link(), &ana).await?;
    client.until_shows(id, "Sunday").await?;

    client.network.set_weather(Weather::Cut);
    client.reply(id, "Yes, until six.").await?;
    let draft = Draft {
        conversation_id: id,
        kind: DraftKind::Note,
        body_text: "half a thought".to_owned(),
    };
    let _: serde_json::Value = client.ask("draft_save", serde_json::to_value(&draft)?).await?;
    client.clock.advance_seconds(23 * 3600);
    let client = client.restart().await?;
    client.until_shows(id, "Sunday").await?;
    client.clock.advance_seconds(3601);
    let client = client.restart().await?;
    let locked = async |client: &TestClient| -> anyhow::Result<Option<()>> {
        let state = state(client).await?;
        let code = state.problem.map(|problem| problem.code);
        let ended = state.phase == Phase::Blocked && code == Some(ErrorCode::LeaseEnded);
        Ok(ended.then_some(()))
    };
    client.until("the end of the lease locks the inbox", &locked).await?;
    for asked in [
        client
            .ask::<serde_json::Value>(
                "conversation_open",
                json!({ "conversation_id": id, "limit": 5 }),
            )
            .await,
        client
            .ask(
                "inbox_page",
                json!({ "view": View::All, "sort": "newest", "after": null, "limit": 5 }),
            )
            .await,
        client
            .ask("search", json!({ "query": "Sunday", "search_in": SearchIn::Cache, "limit": 5 }))
            .await,
        client.ask("drafts", json!({})).await,
        client.ask("outbox", json!({})).await,
    ] {
        assert!(asked.is_err(), "something is shown after the lease: {asked:?}");
    }
    // Neither time nor another start opens it.
    let client = client.restart().await?;
    client.until("it is still locked after another start", &locked).await?;

    client.network.set_weather(Weather::Fair);
    let _: AppState = client.ask("problem_retry", json!({})).await?;
    client.until_online().await?;
    client.until_sent().await?;
    assert_eq!(shop.replies().await?.len(), 1);
    let drafts: Drafts = client.ask("drafts", json!({})).await?;
    assert_eq!(drafts.drafts[0].draft, draft);
    Ok(())
}

#[tokio::test]
async fn a_clock_set_back_during_the_day_ends_the_lease_and_a_start_does_not_forget_it()
-> anyhow::Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Is it open on Sunday?").await?;
    let client = TestClient::start().await?;
    client.sign_in(&server.join_link(), &ana).await?;
    client.until_shows(id, "Sunday").await?;

    client.network.set_weather(Weather::Cut);
    client.clock.advance_seconds(20 * 3600);
    // A start looks at the clock, and so does everything that is done.
    let client = client.restart().await?;
    client.until_shows(id, "Sunday").await?;
    client.reply(id, "Yes, until six.").await?;
    client.clock.advance_seconds(-10 * 3600);
    let ended = async |client: &TestClient| -> anyhow::Result<Option<()>> {
        let code = state(client).await?.problem.map(|problem| problem.code);
        Ok((code == Some(ErrorCode::LeaseEnded)).then_some(()))
    };
    // The next look at the clock is the next attempt to connect, at most half a minute away.
    let _: serde_json::Value = client.ask("connection_retry", json!({})).await?;
    client.until("the clock's way back ends the lease", &ended).await?;
    let client = client.restart().await?;
    client.until("another start does not begin it anew", &ended).await?;
    client.network.set_weather(Weather::Fair);
    let _: AppState = client.ask("problem_retry", json!({})).await?;
    client.until_online().await?;
    client.until_sent().await?;
    assert_eq!(client.until_shows(id, "Yes, until six.").await?, 1);
    Ok(())
}
