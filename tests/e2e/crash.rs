//! Processes that die: what was stored arrives, and arrives once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use recado_protocol::host::{AppState, InboxPage, Outbox, Phase, Submitted};
use recado_protocol::{ConversationAccess, ConversationId, Role};
use recado_testkit::process::{ClientProcess, ServerProcess};
use recado_testkit::{Channel, Engine, TestClient, TestServer};
use serde_json::{Value, json};

/// How many times a process dies: a few in the quick run, the full count in the long one.
fn rounds() -> usize {
    if std::env::var_os("RECADO_LONG").is_some() { 200 } else { 10 }
}

/// How often each text stands in the channel's whole cursor.
async fn replies(shop: &Channel) -> anyhow::Result<BTreeMap<String, usize>> {
    let mut count = BTreeMap::new();
    for reply in shop.replies().await? {
        *count.entry(reply.body_text).or_default() += 1;
    }
    Ok(count)
}

#[tokio::test]
async fn a_server_that_dies_after_its_commit_and_before_its_answer_doubles_nothing()
-> anyhow::Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Hello?").await?;
    let a = TestClient::start().await?;
    a.sign_in(&server.join_link(), &ana).await?;
    a.until_shows(id, "Hello?").await?;
    let (folder, port) = server.stop().await;
    let data_dir = folder.path().join("server");

    let mut expected = BTreeMap::new();
    for round in 0..rounds() {
        let dying = ServerProcess::start(&data_dir, port, Some("commands:after-commit:1"))?;
        let text = format!("reply {round}");
        a.reply(id, &text).await?;
        tokio::task::spawn_blocking(move || dying.until_dead()).await??;
        let alive = ServerProcess::start(&data_dir, port, None)?;
        a.until_sent().await?;
        expected.insert(text, 1);
        assert_eq!(replies(&shop).await?, expected, "after round {round}");
        alive.kill()?;
    }
    Ok(())
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)) % bound
    }
}

fn reply(id: ConversationId, text: &str) -> Value {
    let action = json!({ "type": "conversation_reply", "body_text": text, "last_seen_seq": 0 });
    json!({ "conversation_id": id, "action": action })
}

fn inbox_request() -> Value {
    json!({ "view": { "type": "all" }, "sort": "newest", "after": null, "limit": 10 })
}

/// Asks until the probe gives something. Each question is answered by the client, so this is no
/// busier than the client is quick.
fn until<T>(
    client: &mut ClientProcess,
    mut probe: impl FnMut(&mut ClientProcess) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let patience = Instant::now();
    loop {
        if let Some(found) = probe(client)? {
            return Ok(found);
        }
        anyhow::ensure!(patience.elapsed().as_secs() < 30, "it did not happen in 30 seconds");
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_killed_at_any_moment_loses_nothing_that_it_took() -> anyhow::Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Hello?").await?;
    let folder = tempfile::tempdir()?;

    let mut client = ClientProcess::start(folder.path())?;
    let _: AppState = client.ask("workspace_join", json!({ "link": server.join_link() }))?;
    let password = json!({ "email": ana.email, "password": ana.password });
    let _: AppState = client.ask("sign_in", password)?;
    let _: AppState = client.ask("sign_in_code", json!({ "code": ana.code()? }))?;

    until(&mut client, |client| {
        let state: AppState = client.ask("app_state", json!({}))?;
        if state.phase != Phase::Ready {
            return Ok(None);
        }
        let page: InboxPage = client.ask("inbox_page", inbox_request())?;
        Ok((!page.rows.is_empty()).then_some(()))
    })?;

    let mut chance = Chance(7);
    let mut taken = Vec::new();
    let mut maybe = Vec::new();
    for round in 0..rounds() {
        let ready = |client: &mut ClientProcess| {
            let state: AppState = client.ask("app_state", json!({}))?;
            anyhow::ensure!(state.phase != Phase::SignIn, "the crash signed the agent out");
            Ok((state.phase == Phase::Ready).then_some(()))
        };
        until(&mut client, ready)?;
        // Between none and a few replies are under way when the process dies.
        let count = 1 + chance.below(4);
        for number in 0..count {
            client.send("command_submit", reply(id, &format!("reply {round}.{number}")))?;
        }
        let answered = chance.below(count + 1);
        for number in 0..count {
            let text = format!("reply {round}.{number}");
            if number < answered {
                client.answer::<Submitted>()?;
                taken.push(text);
            } else {
                maybe.push(text);
            }
        }
        // Nothing waits for this: it only picks the moment of the death.
        tokio::time::sleep(Duration::from_micros(chance.below(30_000))).await;
        client.kill()?;
        client = ClientProcess::start(folder.path())?;
    }

    until(&mut client, |client| {
        let state: AppState = client.ask("app_state", json!({}))?;
        if state.phase != Phase::Ready {
            return Ok(None);
        }
        let outbox: Outbox = client.ask("outbox", json!({}))?;
        Ok(outbox.entries.is_empty().then_some(()))
    })?;
    let replies = replies(&shop).await?;
    for text in &taken {
        assert_eq!(replies.get(text), Some(&1), "{text} was taken and has to be there once");
    }
    for (text, count) in &replies {
        assert_eq!(*count, 1, "{text} is there more than once");
        assert!(taken.contains(text) || maybe.contains(text), "{text} was never written");
    }
    drop(server);
    Ok(())
}
