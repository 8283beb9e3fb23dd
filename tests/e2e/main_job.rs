//! The main job: a customer writes, an agent answers, the customer gets the answer once, and a
//! colleague sees it happen.

use recado_protocol::host::{Delivery, Sidebar, View};
use recado_protocol::{Action, ConversationAccess, ConversationState, PartType, Role};
use recado_testkit::{Engine, TestClient, TestServer, Weather};

fn count(sidebar: &Sidebar, view: View) -> Option<u32> {
    sidebar.views.iter().find(|count| count.view == view).and_then(|count| count.count)
}

async fn a_reply_reaches_the_customer_once_and_a_colleague_live(
    engine: Engine,
) -> anyhow::Result<()> {
    let server = TestServer::start(engine).await?;
    let ana = server.add("Ana Ruiz", Role::Admin, ConversationAccess::all(), &[]).await?;
    let ben = server.add("Ben Okafor", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Marta Téllez", None, "¿Podría reservar una mesa?").await?;

    let a = TestClient::start().await?;
    a.sign_in(&server.join_link(), &ana).await?;
    let b = TestClient::start().await?;
    b.sign_in(&server.join_link(), &ben).await?;

    shop.message(id, "Para seis personas, por favor.").await?;
    a.until_shows(id, "Para seis personas").await?;
    b.until_shows(id, "Para seis personas").await?;

    a.reply(id, "¡Claro! ¿A qué hora?").await?;
    assert_eq!(b.until_shows(id, "¿A qué hora?").await?, 1);
    a.until_sent().await?;
    assert_eq!(a.until_shows(id, "¿A qué hora?").await?, 1);

    let replies = shop.replies().await?;
    assert_eq!(replies.len(), 1, "the customer's side has the reply exactly once");
    assert_eq!(replies[0].body_text, "¡Claro! ¿A qué hora?");
    assert_eq!(replies[0].author_name.as_deref(), Some("Ana Ruiz"));

    // A note never leaves the house.
    let body_text = "Mesa 4 está libre".to_owned();
    a.submit(id, Action::ConversationNote { body_text }).await?;
    b.until_shows(id, "Mesa 4").await?;
    assert_eq!(shop.replies().await?.len(), 1);

    // Closing moves it out of the open views of both; the customer's next message brings it back.
    a.submit(id, Action::ConversationClose).await?;
    b.until("the colleague sees it closed", async |b| {
        Ok((b.open(id).await?.head.state == ConversationState::Closed).then_some(()))
    })
    .await?;
    assert_eq!(count(&b.sidebar().await?, View::All), Some(0));
    shop.message(id, "A las dos.").await?;
    a.until_shows(id, "A las dos").await?;
    let view = a.open(id).await?;
    assert_eq!(view.head.state, ConversationState::Open);
    assert!(view.parts.iter().any(|view| view.part.part_type == PartType::Open));
    assert_eq!(view.unread, 1);
    Ok(())
}

#[tokio::test]
async fn a_reply_reaches_the_customer_once_and_a_colleague_live_on_sqlite() -> anyhow::Result<()> {
    a_reply_reaches_the_customer_once_and_a_colleague_live(Engine::Sqlite).await
}

#[tokio::test]
async fn a_reply_reaches_the_customer_once_and_a_colleague_live_on_postgresql() -> anyhow::Result<()>
{
    a_reply_reaches_the_customer_once_and_a_colleague_live(Engine::Postgres).await
}

#[tokio::test]
async fn what_is_done_without_a_network_is_shown_as_queued_and_arrives_once() -> anyhow::Result<()>
{
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Is it open on Sunday?").await?;
    let a = TestClient::start().await?;
    a.sign_in(&server.join_link(), &ana).await?;
    a.until_shows(id, "Sunday").await?;

    // The first answer is lost on its way back, then nothing passes at all.
    a.network.set_weather(Weather::AnswersLost);
    a.reply(id, "Yes, until six.").await?;
    a.submit(id, Action::ConversationClose).await?;
    let view = a.open(id).await?;
    let last = view.parts.iter().rfind(|view| view.part.body_text.contains("until six"));
    assert!(matches!(last.map(|view| &view.delivery), Some(Delivery::Queued { .. })));
    assert_eq!(view.head.state, ConversationState::Closed, "the close is laid over the cache");

    a.network.set_weather(Weather::Cut);
    let a = a.restart().await?;
    assert_eq!(a.until_shows(id, "until six").await?, 1, "it survived the restart");

    a.network.set_weather(Weather::Fair);
    a.until_online().await?;
    a.until_sent().await?;
    assert_eq!(a.until_shows(id, "until six").await?, 1);
    assert_eq!(shop.replies().await?.len(), 1);
    assert_eq!(a.open(id).await?.head.state, ConversationState::Closed);
    Ok(())
}

#[tokio::test]
async fn a_server_that_restarts_loses_nobody_and_nothing() -> anyhow::Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Hello?").await?;
    let a = TestClient::start().await?;
    a.sign_in(&server.join_link(), &ana).await?;
    a.until_shows(id, "Hello?").await?;

    a.reply(id, "before the restart").await?;
    let server = server.restart().await?;
    a.reply(id, "after the restart").await?;
    a.until_sent().await?;
    let texts: Vec<_> = shop.replies().await?.into_iter().map(|reply| reply.body_text).collect();
    assert_eq!(texts, ["before the restart", "after the restart"]);
    drop(server);
    Ok(())
}
