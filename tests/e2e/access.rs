//! What somebody may not see reaches neither the wire nor the disk, before and after a move and a
//! change of role.

use anyhow::Context as _;
use recado_protocol::host::{SearchIn, View};
use recado_protocol::{Action, ConversationAccess, ErrorCode, Role};
use recado_server::backend::TeammateChange;
use recado_testkit::profile_scan::found_in;
use recado_testkit::{Channel, Engine, Person, TestClient, TestServer, Weather};

/// A text that stands in one conversation only. Its first letters differ from those of any other, so that an index
/// that stores only what is new about a word stores all of it.
fn canary(name: &str) -> String {
    format!("{name}canary")
}

struct House {
    server: TestServer,
    shop: Channel,
    admin: TestClient,
}

impl House {
    async fn build(engine: Engine) -> anyhow::Result<Self> {
        let server = TestServer::start(engine).await?;
        let ana = server.add("Ana Ruiz", Role::Admin, ConversationAccess::all(), &["Bank"]).await?;
        server.add("Kai", Role::Agent, ConversationAccess::all(), &["Rides"]).await?;
        let shop = server.channel("Web shop").await?;
        let admin = TestClient::start().await?;
        admin.sign_in(&server.join_link(), &ana).await?;
        Ok(Self { server, shop, admin })
    }

    async fn client_of(&self, person: &Person) -> anyhow::Result<TestClient> {
        let client = TestClient::start().await?;
        client.sign_in(&self.server.join_link(), person).await?;
        Ok(client)
    }
}

/// Neither the bytes that came over the network nor the opened cache hold the text. The client sees `control`.
async fn assert_unknown(client: &TestClient, text: &str, control: &str) -> anyhow::Result<()> {
    assert!(!client.network.has_received(text), "{text} came over the network");
    assert_not_held(client, text, control).await
}

/// The client shows the text, finds it here and on the server, and has it on its disk.
async fn assert_held(client: &TestClient, text: &str) -> anyhow::Result<()> {
    for search_in in [SearchIn::Cache, SearchIn::Server] {
        let found = client.search(text, search_in).await?;
        assert!(!found.results.is_empty(), "{text} is not found in {search_in:?}");
    }
    if cfg!(feature = "plain") {
        let stored = found_in(client.folder(), &[text.to_owned()])?;
        assert!(!stored.is_empty(), "the scan does not see {text}");
    }
    Ok(())
}

/// The opened cache does not hold the text, which is looked for where `control` is found.
async fn assert_not_held(client: &TestClient, text: &str, control: &str) -> anyhow::Result<()> {
    assert_held(client, control).await?;
    for view in [View::Mine, View::Unassigned, View::All, View::Snoozed, View::Closed] {
        for row in client.all_rows(view).await? {
            assert!(!row.head.preview.contains(text), "{text} is in the list {view:?}");
        }
    }
    for search_in in [SearchIn::Cache, SearchIn::Server] {
        let found = client.search(text, search_in).await?;
        assert!(found.results.is_empty(), "{text} is found in {search_in:?}");
    }
    // Without encryption the files say what the opened databases hold: bodies, contacts, the search index, the outbox,
    // deleted rows and the write-ahead log.
    if cfg!(feature = "plain") {
        client
            .until("no file holds it", async |client| {
                let stored = found_in(client.folder(), &[text.to_owned()])?;
                Ok(stored.is_empty().then_some(()))
            })
            .await
            .with_context(|| format!("{text} stays on the disk"))?;
    }
    Ok(())
}

async fn an_own_teams_agent_sees_what_enters_and_loses_what_leaves(
    engine: Engine,
) -> anyhow::Result<()> {
    let house = House::build(engine).await?;
    let ben = house
        .server
        .add("Ben Okafor", Role::Agent, ConversationAccess::own_teams(), &["Bank"])
        .await?;
    let bank = house.shop.open("Tom", Some("Bank"), &canary("bank")).await?;
    let ride = house.shop.open("Lena", Some("Rides"), &canary("ride")).await?;
    let b = house.client_of(&ben).await?;
    b.until_shows(bank, &canary("bank")).await?;
    house.admin.until_shows(ride, &canary("ride")).await?;
    assert_unknown(&b, &canary("ride"), &canary("bank")).await?;
    assert_unknown(&b, "lena@customer.example", &canary("bank")).await?;
    let refused = b.open(ride).await.expect_err("it does not exist for Ben");
    assert_eq!(refused.code, ErrorCode::NotFound);

    // Live: a message in a hidden conversation stays hidden; the fence behind it does not.
    house.shop.message(ride, &canary("live")).await?;
    house.shop.message(bank, &canary("fence")).await?;
    b.until_shows(bank, &canary("fence")).await?;
    assert_unknown(&b, &canary("live"), &canary("fence")).await?;

    // A move into the team brings the whole conversation, a move out takes it away.
    let directory: recado_protocol::host::Directory =
        house.admin.ask("directory", serde_json::json!({})).await?;
    let team = |name: &str| directory.teams.iter().find(|team| team.name == name).map(|t| t.id);
    let team_assignee_id = team("Bank");
    assert!(team_assignee_id.is_some(), "the team exists");
    house.admin.submit(ride, Action::ConversationAssignTeam { team_assignee_id }).await?;
    b.until_shows(ride, &canary("live")).await?;
    assert_eq!(b.until_shows(ride, &canary("ride")).await?, 1, "the older message came along");
    assert_held(&b, &canary("ride")).await?;

    let team_assignee_id = team("Rides");
    house.admin.submit(ride, Action::ConversationAssignTeam { team_assignee_id }).await?;
    b.until("the conversation is gone", async |b| Ok(b.open(ride).await.err().map(|_| ()))).await?;
    for text in [canary("ride"), canary("live"), "lena@customer.example".to_owned()] {
        assert_not_held(&b, &text, &canary("bank")).await?;
    }
    house.shop.message(ride, &canary("afterwards")).await?;
    house.shop.message(bank, &canary("second")).await?;
    b.until_shows(bank, &canary("second")).await?;
    assert_unknown(&b, &canary("afterwards"), &canary("second")).await
}

#[tokio::test]
async fn an_own_teams_agent_sees_what_enters_and_loses_what_leaves_on_sqlite() -> anyhow::Result<()>
{
    an_own_teams_agent_sees_what_enters_and_loses_what_leaves(Engine::Sqlite).await
}

#[tokio::test]
async fn an_own_teams_agent_sees_what_enters_and_loses_what_leaves_on_postgresql()
-> anyhow::Result<()> {
    an_own_teams_agent_sees_what_enters_and_loses_what_leaves(Engine::Postgres).await
}

#[tokio::test]
async fn a_narrowed_role_empties_the_cache_before_anything_else() -> anyhow::Result<()> {
    let house = House::build(Engine::Sqlite).await?;
    let ben = house.server.add("Ben Okafor", Role::Agent, ConversationAccess::all(), &[]).await?;
    let secret = house.shop.open("Tom", Some("Bank"), &canary("secret")).await?;
    let mine = house.shop.open("Lena", None, &canary("mine")).await?;
    let admin_assignee_id = Some(ben.id);
    house.admin.until_shows(mine, &canary("mine")).await?;
    house.admin.submit(mine, Action::ConversationAssign { admin_assignee_id }).await?;
    let b = house.client_of(&ben).await?;
    b.until_shows(secret, &canary("secret")).await?;
    b.until_shows(mine, &canary("mine")).await?;
    assert_held(&b, &canary("secret")).await?;

    // What was written before the change and arrives after it is refused by the server.
    b.network.set_weather(Weather::Cut);
    b.reply(mine, "I must not").await?;
    let change = TeammateChange {
        role: Some(Role::LightAgent),
        access: Some(ConversationAccess::assigned()),
        ..TeammateChange::default()
    };
    house.server.change(&ben, change).await?;
    b.network.set_weather(Weather::Fair);
    b.until("the conversation is gone", async |b| Ok(b.open(secret).await.err().map(|_| ())))
        .await?;
    b.until_shows(mine, &canary("mine")).await?;
    for text in [canary("secret"), "tom@customer.example".to_owned()] {
        assert_not_held(&b, &text, &canary("mine")).await?;
    }

    // The role binds the API as much as the screen.
    let view = b.open(mine).await?;
    assert!(view.denied.iter().any(|denied| denied.action == "conversation_reply"));
    assert!(view.denied.iter().all(|denied| denied.action != "conversation_note"));
    let refused = b.reply(mine, "neither now").await.expect_err("the role lacks the permission");
    assert!(format!("{refused:#}").contains("conversation.reply"), "{refused:#}");
    b.until("the reply is refused", async |b| {
        let outbox: recado_protocol::host::Outbox = b.ask("outbox", serde_json::json!({})).await?;
        let refused = outbox.entries.iter().any(|entry| {
            matches!(
                &entry.delivery,
                recado_protocol::host::Delivery::Refused { code: ErrorCode::PermissionDenied, .. }
            )
        });
        Ok(refused.then_some(()))
    })
    .await?;
    assert!(house.shop.replies().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_light_agent_with_assigned_access_receives_nothing_else() -> anyhow::Result<()> {
    let house = House::build(Engine::Sqlite).await?;
    let lia = house
        .server
        .add("Lia", Role::LightAgent, ConversationAccess::assigned(), &["Bank"])
        .await?;
    let hidden = house.shop.open("Tom", Some("Bank"), &canary("hidden")).await?;
    let mine = house.shop.open("Lena", None, &canary("mine")).await?;
    house.admin.until_shows(mine, &canary("mine")).await?;
    let admin_assignee_id = Some(lia.id);
    house.admin.submit(mine, Action::ConversationAssign { admin_assignee_id }).await?;
    let l = house.client_of(&lia).await?;
    l.until_shows(mine, &canary("mine")).await?;
    house.shop.message(hidden, &canary("later")).await?;
    house.shop.message(mine, &canary("fence")).await?;
    l.until_shows(mine, &canary("fence")).await?;
    for text in [canary("hidden"), canary("later"), "tom@customer.example".to_owned()] {
        assert_unknown(&l, &text, &canary("mine")).await?;
    }

    // A move to her and away, and a wider role and back, bring the conversation and take all of it.
    let gone = async |l: &TestClient| {
        l.until("it is gone", async |l| Ok(l.open(hidden).await.err().map(|_| ()))).await?;
        for text in [canary("hidden"), canary("later"), "tom@customer.example".to_owned()] {
            assert_not_held(l, &text, &canary("mine")).await?;
        }
        anyhow::Ok(())
    };
    let assign = async |admin_assignee_id| {
        house.admin.submit(hidden, Action::ConversationAssign { admin_assignee_id }).await
    };
    assign(Some(lia.id)).await?;
    l.until_shows(hidden, &canary("later")).await?;
    assert_held(&l, &canary("hidden")).await?;
    assign(None).await?;
    gone(&l).await?;
    let allow = async |access: ConversationAccess| {
        let change = TeammateChange { access: Some(access), ..TeammateChange::default() };
        house.server.change(&lia, change).await
    };
    allow(ConversationAccess::own_teams()).await?;
    l.until_shows(hidden, &canary("later")).await?;
    assert_held(&l, &canary("hidden")).await?;
    allow(ConversationAccess::assigned()).await?;
    gone(&l).await?;

    let body_text = "a note".to_owned();
    l.submit(mine, Action::ConversationNote { body_text }).await?;
    house.admin.until_shows(mine, "a note").await?;

    // A suspended account's session ends, and what lies on its disk stays closed.
    let change = TeammateChange {
        state: Some(recado_protocol::TeammateState::Suspended),
        ..TeammateChange::default()
    };
    house.server.change(&lia, change).await?;
    l.until("the session has ended", async |l| {
        let state: recado_protocol::host::AppState =
            l.ask("app_state", serde_json::json!({})).await?;
        Ok((state.phase != recado_protocol::host::Phase::Ready).then_some(()))
    })
    .await
}

#[tokio::test]
async fn what_is_not_cached_is_found_on_the_server_and_opened() -> anyhow::Result<()> {
    let house = House::build(Engine::Sqlite).await?;
    let old = house.shop.open("Tom", Some("Bank"), &canary("old")).await?;
    let fresh = house.shop.open("Lena", Some("Bank"), &canary("fresh")).await?;
    house.admin.until_shows(old, &canary("old")).await?;
    house.admin.submit(old, Action::ConversationClose).await?;
    house.admin.until_sent().await?;

    let ben = house.server.add("Ben Okafor", Role::Agent, ConversationAccess::all(), &[]).await?;
    let b = house.client_of(&ben).await?;
    b.until_shows(fresh, &canary("fresh")).await?;
    let here = b.search(&canary("old"), SearchIn::Cache).await?;
    assert!(here.results.is_empty(), "a new cache begins without what is closed");
    let there = b.search(&canary("old"), SearchIn::Server).await?;
    assert!(there.complete);
    let [found] = there.results.as_slice() else { panic!("{:?}", there.results) };
    assert_eq!(found.conversation_id, old);
    assert_eq!(found.contact_name.as_deref(), Some("Tom"));
    assert_eq!(b.until_shows(found.conversation_id, &canary("old")).await?, 1);
    Ok(())
}
