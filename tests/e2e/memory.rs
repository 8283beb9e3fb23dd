//! Where secrets and messages could be found beside the keychain: in what the program was started with, in its log, its
//! profile and its temporary files, and, once the app is locked, in its memory, which is what a core dump would hold.
//! Of messages the memory that SQLite has given back may still hold some: `cipher_memory_security` is off.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use recado_protocol::host::{AppState, Draft, DraftKind, Phase, SearchIn, SearchRequest};
use recado_protocol::{Action, ConversationAccess, ConversationId, Role};
use recado_testkit::memory_scan::{needles_at_start, needles_in_memory};
use recado_testkit::process::{ClientProcess, Surroundings};
use recado_testkit::profile_scan::{Needle, needles_in};
use recado_testkit::{Engine, Person, TestServer};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(30);
const PASSPHRASE: &str = "seven wet cacti on a sill";
/// What every secret that the server gives begins with.
const SERVER_SECRETS: [&str; 4] = ["rct_a_", "rct_r_", "rct_s_", "rct_t_"];

/// Ten texts that stand nowhere else.
fn bodies() -> Vec<String> {
    (0..10).map(|number| format!("Canary{number:02}Mq9")).collect()
}

/// The secrets of the keychain, as they lie there and as they travel.
fn kept_in(keychain: &Path) -> anyhow::Result<Vec<Needle>> {
    let items: serde_json::Map<String, Value> = serde_json::from_slice(&std::fs::read(keychain)?)?;
    let mut needles = Vec::new();
    for (name, item) in items {
        let secret: Vec<u8> = serde_json::from_value(item)?;
        match serde_json::from_slice::<Value>(&secret) {
            Ok(session) => {
                let current = session["current"].as_str().context("no refresh secret")?;
                needles.push(Needle::secret("the refresh secret", current.as_bytes()));
            }
            Err(_) => needles.push(Needle::secret(&name, &secret)),
        }
    }
    ensure!(needles.len() == 2, "the keychain holds {} items", needles.len());
    Ok(needles)
}

/// Lets the pipe, whose buffer is this test's and not the program's, forget what went through it.
fn wash(client: &mut ClientProcess) -> anyhow::Result<()> {
    for _ in 0..8 {
        client.ask::<Value>("next_event", json!({ "filler": "-".repeat(100_000) }))?;
    }
    Ok(())
}

fn until(client: &mut ClientProcess, phase: Phase) -> anyhow::Result<()> {
    let begun = Instant::now();
    while client.ask::<AppState>("app_state", json!({}))?.phase != phase {
        ensure!(begun.elapsed() < PATIENCE, "the app does not come to {phase:?}");
        client.next_event()?;
    }
    Ok(())
}

fn sign_in(client: &mut ClientProcess, link: &str, person: &Person) -> anyhow::Result<String> {
    let _: AppState = client.ask("workspace_join", json!({ "link": link }))?;
    let password = json!({ "email": person.email, "password": person.password });
    let _: AppState = client.ask("sign_in", password)?;
    let code = person.code()?;
    let _: AppState = client.ask("sign_in_code", json!({ "code": code }))?;
    until(client, Phase::Ready)?;
    Ok(code)
}

/// Reads, searches, writes and half-writes.
fn work(client: &mut ClientProcess, id: ConversationId, bodies: &[String]) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        client.send("conversation_open", json!({ "conversation_id": id, "limit": 20 }));
        // Before the cache has it, the server is asked, which may be too early as well.
        let view = client.answer()?.context("the client died")?.unwrap_or_default().to_string();
        if bodies[..7].iter().all(|body| view.contains(body.as_str())) {
            break;
        }
        ensure!(begun.elapsed() < PATIENCE, "the conversation does not come");
        client.next_event()?;
    }
    let query = bodies[1].clone();
    let search = SearchRequest { query, search_in: SearchIn::Cache, limit: 10 };
    let _: Value = client.ask("search", serde_json::to_value(search)?)?;
    let reply = Action::ConversationReply { body_text: bodies[7].clone(), last_seen_seq: 7 };
    let note = Action::ConversationNote { body_text: bodies[8].clone() };
    for action in [reply, note] {
        let request = json!({ "conversation_id": id, "action": action });
        let _: Value = client.ask("command_submit", request)?;
    }
    let (kind, body_text) = (DraftKind::Note, bodies[9].clone());
    let draft = Draft { conversation_id: id, kind, body_text };
    client.ask::<Value>("draft_save", serde_json::to_value(draft)?).map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_stays_in_the_memory_of_a_locked_app_and_none_is_written_anywhere()
-> anyhow::Result<()> {
    let bodies = bodies();
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, &bodies[0]).await?;
    for body in &bodies[1..7] {
        shop.message(id, body).await?;
    }

    let folder = tempfile::tempdir()?;
    let temporary = folder.path().join("tmp");
    std::fs::create_dir(&temporary)?;
    let log = folder.path().join("log");
    // When all is well there is nothing to log; this is worth a line.
    std::fs::create_dir(folder.path().join("profile"))?;
    std::fs::write(folder.path().join("profile/settings.json"), "{")?;
    let surroundings = Surroundings { errors: Some(log.clone()), ..Surroundings::default() }
        .with("TMPDIR", &temporary)
        .with("RECADO_LOG", "trace,recado=trace");
    let mut client = ClientProcess::start(folder.path(), &surroundings)?;
    let code = sign_in(&mut client, &server.join_link(), &ana)?;
    work(&mut client, id, &bodies)?;
    let set = json!({ "passphrase": PASSPHRASE, "current": null });
    let _: AppState = client.ask("app_lock_set", set)?;

    let mut secrets = kept_in(&folder.path().join("keychain.json"))?;
    secrets.extend([&ana.password, &ana.totp_secret, PASSPHRASE].map(Needle::text));
    secrets.push(Needle::number(&code));
    secrets.extend(SERVER_SECRETS.map(Needle::text));
    let mut everything: Vec<Needle> = bodies.iter().map(|body| Needle::text(body)).collect();
    everything.extend(secrets.iter().cloned());
    assert_eq!(everything.len(), 20);

    // The scan sees what is there: while the app is open, its session and what it shows are.
    let open = needles_in_memory(client.id(), &everything)?;
    for there in ["rct_a_", "the refresh secret", &bodies[9]] {
        ensure!(open.contains(there), "{there} is not seen in {open:?}");
    }

    let _: AppState = client.ask("app_lock", json!({}))?;
    until(&mut client, Phase::Locked)?;
    wash(&mut client)?;
    let none = BTreeSet::new();
    let locked = needles_in_memory(client.id(), &secrets)?;
    assert_eq!(locked, none, "secrets in memory after the lock");
    let started = needles_at_start(client.id(), &everything)?;
    assert_eq!(started, none, "arguments and environment");
    client.kill()?;
    let logged = std::fs::read(&log)?;
    let logged = String::from_utf8_lossy(&logged);
    ensure!(logged.contains("recado_client"), "nothing was logged: {logged}");
    // The keychain of this test is a file; everything else is what the program leaves.
    std::fs::remove_file(folder.path().join("keychain.json"))?;
    let left = needles_in(folder.path(), &everything)?;
    assert_eq!(left, none, "profile, temporary files and log");
    Ok(())
}
