//! What lies on the agent's disk is encrypted: none of what was read, written or typed stands in any
//! file. The same test with the feature `plain`, which switches the encryption off, finds it all,
//! so the scan looks in the right places.

use std::collections::BTreeSet;

use recado_protocol::channel::ChannelMessage;
use recado_protocol::host::{Draft, DraftKind};
use recado_protocol::{Action, ConversationAccess, Role};
use recado_testkit::profile_scan::{files, found_in};
use recado_testkit::{Engine, TestClient, TestServer};

/// Twenty texts that stand nowhere else.
fn canaries() -> Vec<String> {
    (0..20).map(|number| format!("Canary{number:02}Qx7")).collect()
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
    client.sign_in(&server.join_link(), &ana).await?;
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
    let used = TestClient::restart(client).await?;
    used.client().shutdown().await;
    let ended = found_in(used.folder(), &canaries)?;
    let found: BTreeSet<_> = running.union(&ended).cloned().collect();

    let code = ana.code()?;
    let secrets = [ana.password.clone(), ana.totp_secret.clone(), code, "rct_".to_owned()];
    assert_eq!(found_in(used.folder(), &secrets)?, BTreeSet::new(), "no secret is ever stored");

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
