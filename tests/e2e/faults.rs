//! When things go wrong: a clear reason, and nothing is lost.

use std::path::PathBuf;

use anyhow::Context as _;
use recado_client::KeychainError;
use recado_protocol::host::{
    AppState, Delivery, Draft, DraftKind, Drafts, Outbox, Phase, Problem, View,
};
use recado_protocol::{Action, ConversationAccess, ErrorCode, Role};
use recado_testkit::profile_scan::files;
use recado_testkit::{Engine, Person, TestClient, TestServer, Weather};
use serde_json::json;

async fn state(client: &TestClient) -> anyhow::Result<AppState> {
    Ok(client.ask("app_state", json!({})).await?)
}

/// Waits until something keeps the inbox closed, and says what.
async fn until_blocked(client: &TestClient) -> anyhow::Result<Problem> {
    client
        .until("something is in the way", async |client| {
            let state = state(client).await?;
            Ok(if state.phase == Phase::Blocked { state.problem } else { None })
        })
        .await
}

async fn house() -> anyhow::Result<(TestServer, Person)> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    Ok((server, ana))
}

fn cache_file(client: &TestClient) -> anyhow::Result<PathBuf> {
    let files = files(&client.profile())?;
    files.into_iter().find(|path| path.ends_with("cache.db")).context("there is no cache.db")
}

#[tokio::test]
async fn a_server_with_another_authority_than_the_link_names_is_not_trusted() -> anyhow::Result<()>
{
    let (server, _) = house().await?;
    let (other, _) = house().await?;
    // The address of one server with the authority of another: what an attacker in between is.
    let mut link = server.running().join_link().clone();
    link.ca_der = other.running().join_link().ca_der.clone();
    let client = TestClient::start().await?;
    let refused = client
        .ask::<AppState>("workspace_join", json!({ "link": link.to_string() }))
        .await
        .expect_err("the certificate is not of this authority");
    assert_eq!(refused.code, ErrorCode::UntrustedCertificate);
    assert_eq!(state(&client).await?.phase, Phase::Join);
    Ok(())
}

#[tokio::test]
async fn wrong_secrets_say_which_step_to_repeat_and_not_who_exists() -> anyhow::Result<()> {
    let (server, ana) = house().await?;
    let client = TestClient::start().await?;
    let _: AppState = client.ask("workspace_join", json!({ "link": server.join_link() })).await?;
    let sign_in = async |email: &str, password: &str| {
        client.ask::<AppState>("sign_in", json!({ "email": email, "password": password })).await
    };
    let wrong = sign_in(&ana.email, "not the password at all").await.expect_err("wrong password");
    let nobody = sign_in("nobody@cactus.example", "whatever it may be").await.expect_err("nobody");
    assert_eq!((wrong.code, wrong.message), (nobody.code, nobody.message));
    assert_eq!(wrong.code, ErrorCode::InvalidCredentials);

    // A failed attempt delays the next one by a second, which the server's clock can skip.
    server.clock().advance_seconds(5);
    let step = sign_in(&ana.email, &ana.password).await?;
    assert_eq!(step.phase, Phase::Code);
    let good = ana.code()?;
    let bad = if good == "000000" { "000001" } else { "000000" };
    let code =
        async |code: &str| client.ask::<AppState>("sign_in_code", json!({ "code": code })).await;
    assert_eq!(code(bad).await.expect_err("a wrong code").code, ErrorCode::InvalidCode);
    assert_eq!(state(&client).await?.phase, Phase::Code, "the password need not be typed again");
    server.clock().advance_seconds(5);
    assert!(matches!(code(&ana.code()?).await?.phase, Phase::Opening | Phase::Ready));
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_ten_minutes_off_is_said_and_keeps_nobody_out() -> anyhow::Result<()> {
    let (server, ana) = house().await?;
    server.clock().advance_seconds(600);
    let client = TestClient::start().await?;
    // The code is the server's, as a telephone with the right time would show it.
    client.sign_in(&server.join_link(), &ana).await?;
    let ahead_s = state(&client).await?.connection.clock_ahead_s;
    assert!((-660..=-590).contains(&ahead_s), "{ahead_s}");
    Ok(())
}

#[tokio::test]
async fn without_the_server_a_start_shows_the_cache_and_takes_work() -> anyhow::Result<()> {
    let (server, ana) = house().await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Is it open on Sunday?").await?;
    let client = TestClient::start().await?;
    client.sign_in(&server.join_link(), &ana).await?;
    client.until_shows(id, "Sunday").await?;

    client.network.set_weather(Weather::Cut);
    let client = client.restart().await?;
    client.until_shows(id, "Sunday").await?;
    assert_eq!(client.inbox(View::All).await?.rows.len(), 1);
    client.reply(id, "written without a server").await?;
    let outbox: Outbox = client.ask("outbox", json!({})).await?;
    assert!(matches!(outbox.entries[0].delivery, Delivery::Queued { .. }));

    client.network.set_weather(Weather::Fair);
    client.until_online().await?;
    client.until_sent().await?;
    assert_eq!(shop.replies().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_offline_lease_closes_the_inbox_and_loses_nothing_that_was_written()
-> anyhow::Result<()> {
    let (server, ana) = house().await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Is it open on Sunday?").await?;
    let client = TestClient::start().await?;
    client.sign_in(&server.join_link(), &ana).await?;
    client.until_shows(id, "Sunday").await?;
    client.network.set_weather(Weather::Cut);
    client.reply(id, "written before the lease ended").await?;
    let (kind, body_text) = (DraftKind::Note, "half written".to_owned());
    let draft = serde_json::to_value(Draft { conversation_id: id, kind, body_text })?;
    let _: serde_json::Value = client.ask("draft_save", draft).await?;

    // A minute less than a day is nothing; a minute more is the end, also for a program that is started anew.
    client.clock.advance_seconds(24 * 3_600 - 60);
    let client = client.restart().await?;
    client.until_shows(id, "Sunday").await?;
    client.clock.advance_seconds(120);
    client.client().network_changed();
    assert_eq!(until_blocked(&client).await?.code, ErrorCode::LeaseEnded);
    client.open(id).await.expect_err("nothing is read any more");
    let client = client.restart().await?;
    assert_eq!(until_blocked(&client).await?.code, ErrorCode::LeaseEnded);

    client.network.set_weather(Weather::Fair);
    client.client().network_changed();
    client.until_online().await?;
    client.until_sent().await?;
    assert_eq!(shop.replies().await?.len(), 1);
    let kept: Drafts = client.ask("drafts", json!({})).await?;
    let kept: Vec<_> = kept.drafts.iter().map(|kept| kept.draft.body_text.as_str()).collect();
    assert_eq!(kept, ["half written"]);
    Ok(())
}

#[tokio::test]
async fn a_note_can_be_taken_back_until_it_is_sent() -> anyhow::Result<()> {
    let (server, ana) = house().await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Hello?").await?;
    // Nobody waits for so long: what lets a note go here is the next thing that is done.
    let client = TestClient::start_holding_notes(3_600).await?;
    client.sign_in(&server.join_link(), &ana).await?;
    client.until_shows(id, "Hello?").await?;
    let note = async |text: &str| {
        client.submit(id, Action::ConversationNote { body_text: text.to_owned() }).await
    };
    let take_back = async |command_id| {
        let request = json!({ "command_id": command_id });
        client.ask::<serde_json::Value>("outbox_discard", request).await
    };
    let withdrawn = note("to nobody").await?;
    let shown = client.open(id).await?.parts.pop().context("the note is shown")?;
    assert_eq!(shown.part.body_text, "to nobody");
    assert!(matches!(shown.delivery, Delivery::Queued { sending: false, .. }));
    take_back(withdrawn.command_id).await?;

    let sent = note("to everybody").await?;
    client.reply(id, "an answer").await?;
    client.until_sent().await?;
    let refused = take_back(sent.command_id).await.expect_err("the team has it");
    assert_eq!(refused.code, ErrorCode::NotFound);

    let colleague = TestClient::start().await?;
    colleague.sign_in(&server.join_link(), &ana).await?;
    colleague.until_shows(id, "an answer").await?;
    let texts: Vec<_> =
        colleague.open(id).await?.parts.into_iter().map(|view| view.part.body_text).collect();
    assert_eq!(texts, ["Hello?", "to everybody", "an answer"], "in the order in which it was done");
    Ok(())
}

#[tokio::test]
async fn a_keychain_that_fails_blocks_and_changes_nothing_until_it_works_again()
-> anyhow::Result<()> {
    let (server, ana) = house().await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Hello?").await?;
    let mut client = TestClient::start().await?;
    client.sign_in(&server.join_link(), &ana).await?;
    client.until_shows(id, "Hello?").await?;
    client.network.set_weather(Weather::Cut);
    client.reply(id, "kept through all of it").await?;

    for (failure, code) in [
        (KeychainError::Locked, ErrorCode::KeychainLocked),
        (KeychainError::NoService, ErrorCode::KeychainMissing),
        (KeychainError::Denied, ErrorCode::KeychainDenied),
    ] {
        client.keychain.fail_always(Some(failure));
        client = client.restart().await?;
        let problem = until_blocked(&client).await?;
        assert_eq!(problem.code, code);
        assert!(problem.can_retry);
        client.keychain.fail_always(None);
        let _: AppState = client.ask("problem_retry", json!({})).await?;
        client.until_shows(id, "kept through all of it").await?;
    }
    client.network.set_weather(Weather::Fair);
    client.until_sent().await?;
    assert_eq!(shop.replies().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_damaged_cache_is_built_anew_and_the_outbox_stays() -> anyhow::Result<()> {
    let (server, ana) = house().await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open("Tom", None, "Hello?").await?;
    let client = TestClient::start().await?;
    client.sign_in(&server.join_link(), &ana).await?;
    client.until_shows(id, "Hello?").await?;
    client.network.set_weather(Weather::Cut);
    client.reply(id, "written before the damage").await?;
    let path = cache_file(&client)?;
    // The folder outlives the client, which gives up its files first.
    client.client().shutdown().await;
    let mut bytes = std::fs::read(&path)?;
    for byte in bytes.iter_mut().skip(4_096).step_by(97) {
        *byte ^= 0x55;
    }
    std::fs::write(&path, bytes)?;

    let client = client.restart().await?;
    client.network.set_weather(Weather::Fair);
    client.until_online().await?;
    client.until_sent().await?;
    assert_eq!(client.until_shows(id, "Hello?").await?, 1);
    assert_eq!(client.until_shows(id, "written before the damage").await?, 1);
    assert_eq!(shop.replies().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_second_instance_on_the_same_folder_is_refused() -> anyhow::Result<()> {
    let client = TestClient::start().await?;
    let second = client.start_second().await.err().context("two clients on one folder")?;
    assert!(second.to_string().contains("already"), "{second}");
    Ok(())
}
