//! What lies on the agent's disk is encrypted: none of what was read, written or typed stands in any
//! file. The same test with the feature `plain`, which switches the encryption off, finds it all,
//! so the scan looks in the right places.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recado_client::ItemKind;
use recado_protocol::channel::ChannelMessage;
use recado_protocol::host::{AppState, Draft, DraftKind};
use recado_protocol::{Action, ConversationAccess, Role};
use recado_testkit::profile_scan::{files, found_in, secrets_found_in};
use recado_testkit::{Engine, Person, TestClient, TestServer};
use serde_json::json;

/// Twenty texts that stand nowhere else.
fn canaries() -> Vec<String> {
    (0..20).map(|number| format!("Canary{number:02}Qx7")).collect()
}

/// Joins and signs in by hand. Gives the code that was typed.
async fn sign_in(client: &TestClient, link: &str, person: &Person) -> anyhow::Result<String> {
    let _: AppState = client.ask("workspace_join", json!({ "link": link })).await?;
    let password = json!({ "email": person.email, "password": person.password });
    let _: AppState = client.ask("sign_in", password).await?;
    let code = person.code()?;
    let _: AppState = client.ask("sign_in_code", json!({ "code": code })).await?;
    client.until_online().await?;
    Ok(code)
}

/// Every secret that the client was told by its server, or keeps in its keychain.
fn secrets_of(client: &TestClient) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let received = client.network.received();
    let received = String::from_utf8_lossy(&received);
    let mut secrets = BTreeMap::new();
    for field in ["access_token", "ticket"] {
        let before = format!("\"{field}\":\"");
        let values = received.split(before.as_str()).skip(1);
        let values: BTreeSet<&str> = values.filter_map(|rest| rest.split('"').next()).collect();
        anyhow::ensure!(!values.is_empty(), "the server gave no {field}");
        for (number, value) in values.into_iter().enumerate() {
            secrets.insert(format!("{field} {number}"), value.as_bytes().to_vec());
        }
    }
    for (item, secret) in client.keychain.items() {
        if item.kind == ItemKind::KeyEncryptionKey {
            secrets.insert("the key of the keys".to_owned(), secret.as_bytes().to_vec());
            continue;
        }
        let refresh: serde_json::Value = serde_json::from_slice(secret.as_bytes())?;
        let written = refresh["current"].as_str().context("there is no refresh secret")?;
        secrets.insert("refresh as it travels".to_owned(), written.as_bytes().to_vec());
        secrets.insert("refresh".to_owned(), URL_SAFE_NO_PAD.decode(written)?);
    }
    anyhow::ensure!(secrets.contains_key("the key of the keys"), "the keychain has no key");
    anyhow::ensure!(secrets.contains_key("refresh"), "the keychain has no refresh secret");
    Ok(secrets)
}

#[tokio::test]
async fn no_file_of_the_profile_holds_what_was_read_written_or_typed() -> anyhow::Result<()> {
    let canaries = canaries();
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    // The customer's name and messages, one of them as HTML.
    let id = shop.open(&canaries[0], None, &canaries[1]).await?;
    for text in &canaries[2..14] {
        shop.message(id, text).await?;
    }
    let body_html = Some(format!("<table><tr><td>{}</td></tr></table>", canaries[14]));
    shop.add(id, ChannelMessage { body_html, ..ChannelMessage::default() }).await?;

    let client = TestClient::start().await?;
    let code = sign_in(&client, &server.join_link(), &ana).await?;
    client.until_shows(id, &canaries[14]).await?;
    client.reply(id, &canaries[15]).await?;
    client.submit(id, Action::ConversationNote { body_text: canaries[16].clone() }).await?;
    client.submit(id, Action::ConversationTagAdd { tag: canaries[17].clone() }).await?;
    client.until_sent().await?;
    // What waits and what is half written lies in the other file.
    client.network.set_weather(recado_testkit::Weather::Cut);
    client.reply(id, &canaries[18]).await?;
    let (kind, body_text) = (DraftKind::Note, canaries[19].clone());
    let draft = Draft { conversation_id: id, kind, body_text };
    let _: serde_json::Value = client.ask("draft_save", serde_json::to_value(draft)?).await?;

    // Once while everything is open, with the write-ahead logs full, and once after the end.
    let running = found_in(client.folder(), &canaries)?;
    let mut secrets = secrets_of(&client)?;
    secrets.insert("password".to_owned(), ana.password.clone().into_bytes());
    secrets.insert("second factor".to_owned(), ana.totp_secret.clone().into_bytes());
    secrets.insert("the code that was typed".to_owned(), code.into_bytes());
    let stored = secrets_found_in(client.folder(), &secrets)?;
    assert_eq!(stored, BTreeSet::new(), "no secret is ever stored");
    let used = TestClient::restart(client).await?;
    used.client().shutdown().await;
    let ended = found_in(used.folder(), &canaries)?;
    let found: BTreeSet<_> = running.union(&ended).cloned().collect();

    let mut after_restart = secrets_of(&used)?;
    secrets.append(&mut after_restart);
    let stored = secrets_found_in(used.folder(), &secrets)?;
    assert_eq!(stored, BTreeSet::new(), "no secret is ever stored");

    if cfg!(feature = "plain") {
        assert_eq!(
            found,
            canaries.into_iter().collect(),
            "the scan must see what is not encrypted"
        );
        return Ok(());
    }
    assert_eq!(found, BTreeSet::new());
    let databases: Vec<_> = files(&used.profile())?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
        .collect();
    assert_eq!(databases.len(), 2, "the cache and the outbox: {databases:?}");
    for path in databases {
        let start = std::fs::read(&path)?;
        assert!(!start.starts_with(b"SQLite format 3"), "{} is plain", path.display());
        // The program that an attacker would use first.
        let opened = std::process::Command::new("sqlite3").arg(&path).arg(".schema").output()?;
        let said = String::from_utf8_lossy(&opened.stderr);
        assert!(said.contains("not a database"), "{} opened: {said}", path.display());
    }
    Ok(())
}
