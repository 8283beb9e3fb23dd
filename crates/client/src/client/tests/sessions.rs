//! Joining, signing in, restarting, signing out.

use std::sync::Arc;
use std::time::Duration;

use recado_protocol::host::{ConnectionState, HostEvent, Phase};
use recado_protocol::{ErrorCode, TeammateId};
use recado_store::{StoreKeys, Which};
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::*;
use crate::client::Client;
use crate::engine::StoreFailure;
use crate::keychain::KeychainError;
use crate::profile::{Leftover, Profile};

async fn refused(client: &Client, name: &str, request: Value) -> ErrorCode {
    client.invoke(name, request).await.expect_err("it is refused").code
}

#[tokio::test]
async fn somebody_joins_signs_in_reads_and_answers() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    let state = until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let account = state.account.expect("an account");
    assert_eq!(account.name.as_deref(), Some("Ana"));
    assert_eq!(state.workspace.expect("a workspace").host, "desk.example");

    let request =
        json!({ "view": { "type": "all" }, "sort": "newest", "after": null, "limit": 50 });
    let page = client.invoke("inbox_page", request).await.expect("a page");
    assert_eq!(page["rows"][0]["contact_name"], "Ben");

    let action = json!({ "type": "conversation_reply", "body_text": "Hi Ben", "last_seen_seq": 1 });
    let request = json!({ "conversation_id": conversation_id(), "action": action });
    let submitted = client.invoke("command_submit", request).await.expect("stored");
    until(&client, |state| state.connection.queued == 0).await;
    let sent = desk.server.state().commands.clone();
    assert_eq!(sent.len(), 1);
    assert_eq!(submitted["command_id"], sent[0].id.to_string());
}

#[tokio::test]
async fn what_was_written_offline_survives_a_restart_and_is_sent_once() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    desk.server.state().unreachable = true;
    client.shutdown().await;
    drop(client);

    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
    let action = json!({ "type": "conversation_note", "body_text": "Ask Ben" });
    let request = json!({ "conversation_id": conversation_id(), "action": action });
    client.invoke("command_submit", request).await.expect("stored");
    let state = until(&client, |state| state.connection.state == ConnectionState::Offline).await;
    assert_eq!(state.connection.reason, Some(ErrorCode::Unreachable));
    assert_eq!(state.connection.queued, 1);
    let discard = json!({ "discard_unsent": false });
    assert_eq!(refused(&client, "sign_out", discard).await, ErrorCode::InvalidRequest);
    client.shutdown().await;
    drop(client);

    desk.server.state().unreachable = false;
    let client = desk.start().await;
    until(&client, |state| {
        state.connection.state == ConnectionState::Online && state.connection.queued == 0
    })
    .await;
    assert_eq!(desk.server.state().commands.len(), 1);
}

#[tokio::test]
async fn wrong_passwords_codes_and_links_are_told_apart() {
    let desk = Desk::new();
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    let link = json!({ "link": "https://desk.example" });
    assert_eq!(refused(&client, "workspace_join", link).await, ErrorCode::InvalidJoinLink);
    let other =
        "recado://join?url=https://desk.example&workspace=wrk_00000000000000000000000000000002";
    let link = json!({ "link": other });
    assert_eq!(refused(&client, "workspace_join", link).await, ErrorCode::InvalidJoinLink);
    join(&client).await;
    let wrong = json!({ "email": "ana@example.com", "password": "wrong" });
    assert_eq!(refused(&client, "sign_in", wrong).await, ErrorCode::InvalidCredentials);
    password(&client).await;
    for code in ["", "12345", "abcdef", "654321"] {
        let code = json!({ "code": code });
        assert_eq!(refused(&client, "sign_in_code", code).await, ErrorCode::InvalidCode);
    }
    assert_eq!(client.state().phase, Phase::Code, "another code may be tried");
    desk.server.state().next_answers.push_back(ErrorCode::SignInExpired);
    let code = json!({ "code": CODE });
    assert_eq!(refused(&client, "sign_in_code", code).await, ErrorCode::SignInExpired);
    assert_eq!(client.state().phase, Phase::SignIn);
    sign_in(&client).await;
}

#[tokio::test]
async fn a_wrong_code_on_a_wrong_clock_says_so() {
    let desk = Desk::new();
    desk.server.state().behind_s = 600;
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    join(&client).await;
    assert!((599..=601).contains(&client.state().connection.clock_ahead_s));
    password(&client).await;
    let error =
        client.invoke("sign_in_code", json!({ "code": "654321" })).await.expect_err("wrong");
    assert_eq!(error.code, ErrorCode::InvalidCode);
    assert!(error.message.contains("seconds ahead of"), "{}", error.message);
}

#[tokio::test]
async fn unknown_commands_and_unreadable_requests_are_refused() {
    let desk = Desk::new();
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    assert_eq!(refused(&client, "no_such_command", json!({})).await, ErrorCode::InvalidRequest);
    let request = json!({ "email": "hunter2", "password": 17 });
    let error = client.invoke("sign_in", request).await.expect_err("unreadable");
    assert_eq!(error.code, ErrorCode::InvalidRequest);
    assert!(!error.message.contains("hunter2"), "{}", error.message);
    assert_eq!(refused(&client, "sidebar", Value::Null).await, ErrorCode::SessionEnded);
}

#[tokio::test]
async fn a_session_that_the_server_ended_asks_to_sign_in_and_keeps_everything() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let draft = json!({
        "conversation_id": conversation_id(), "kind": "reply", "body_text": "Half a thought"
    });
    client.invoke("draft_save", draft).await.expect("kept");
    client.shutdown().await;
    drop(client);
    desk.server.state().ended = true;
    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::SignIn).await;
    assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::SessionEnded));
    sign_in(&client).await;
    let drafts = client.invoke("drafts", json!({})).await.expect("drafts");
    assert_eq!(drafts["drafts"][0]["draft"]["body_text"], "Half a thought");
}

#[tokio::test]
async fn signing_out_destroys_the_keys_and_then_the_files() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let state =
        client.invoke("sign_out", json!({ "discard_unsent": false })).await.expect("signed out");
    assert_eq!(state["phase"], "sign_in");
    assert!(desk.server.state().ended_by_client);
    assert!(desk.keychain.items().is_empty());
    let left: Vec<_> = std::fs::read_dir(desk.dir().join("accounts"))
        .expect("readable")
        .map(|entry| entry.expect("readable").path())
        .collect();
    assert_eq!(left, [] as [std::path::PathBuf; 0]);
    sign_in(&client).await;
}

#[tokio::test]
async fn a_damaged_cache_is_set_aside_and_loaded_again() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    client.shutdown().await;
    drop(client);
    let teammate_id = TeammateId::from_uuid(Uuid::from_u128(1));
    let cache =
        desk.dir().join("accounts").join(teammate_id.to_string()).join(Which::Cache.file_name());
    let mut bytes = std::fs::read(&cache).expect("a cache");
    for byte in bytes.iter_mut().skip(4_096).step_by(7) {
        *byte ^= 0x5A;
    }
    std::fs::write(&cache, bytes).expect("damaged");
    let client = desk.start().await;
    let state = until(&client, |state| state.connection.state == ConnectionState::Online).await;
    assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::CacheDamaged));
    let request =
        json!({ "view": { "type": "all" }, "sort": "newest", "after": null, "limit": 50 });
    let page = client.invoke("inbox_page", request).await.expect("a page");
    assert_eq!(page["rows"][0]["contact_name"], "Ben");
    client.invoke("problem_retry", json!({})).await.expect("seen");
    assert_eq!(client.state().problem, None);
}

/// Damages the cache under a running client, so that the next read of a page fails.
fn damage_cache(desk: &Desk) {
    let account =
        desk.dir().join("accounts").join(TeammateId::from_uuid(Uuid::from_u128(1)).to_string());
    let cache = account.join(Which::Cache.file_name());
    for name in [cache.clone(), cache.with_extension("db-wal")] {
        let Ok(mut bytes) = std::fs::read(&name) else { continue };
        for byte in bytes.iter_mut().skip(4_096).step_by(7) {
            *byte ^= 0x5A;
        }
        std::fs::write(&name, bytes).expect("damaged");
    }
}

fn quarantined(desk: &Desk) -> usize {
    let account =
        desk.dir().join("accounts").join(TeammateId::from_uuid(Uuid::from_u128(1)).to_string());
    std::fs::read_dir(account)
        .expect("readable")
        .filter(|entry| {
            let name = entry.as_ref().expect("readable").file_name();
            name.to_string_lossy().contains("damaged")
        })
        .count()
}

#[tokio::test]
async fn damage_found_while_the_account_is_open_is_set_aside_told_and_loaded_again() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let draft = json!({
        "conversation_id": conversation_id(), "kind": "reply", "body_text": "Half a thought"
    });
    client.invoke("draft_save", draft).await.expect("kept");
    let account = client.shared.account().expect("an open account");
    let failed = StoreFailure { code: ErrorCode::CacheDamaged, detail: "damaged".to_owned() };
    damage_cache(&desk);
    Arc::clone(&client.shared).store_failed(Arc::clone(&account), failed.clone()).await;
    let state = until(&client, |state| state.connection.state == ConnectionState::Online).await;
    assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::CacheDamaged));
    assert!(quarantined(&desk) > 0);
    let drafts = client.invoke("drafts", json!({})).await.expect("drafts");
    assert_eq!(drafts["drafts"][0]["draft"]["body_text"], "Half a thought");

    // What the former engine says late is not heard; what is damaged again needs a person.
    Arc::clone(&client.shared).store_failed(account, failed.clone()).await;
    assert_eq!(client.state().phase, Phase::Ready);
    let account = client.shared.account().expect("an open account");
    Arc::clone(&client.shared).store_failed(account, failed).await;
    assert_eq!(client.state().phase, Phase::Blocked);
    let state = client.invoke("cache_reset", json!({})).await.expect("reset");
    assert_eq!(state["problem"], Value::Null);
    assert_eq!(quarantined(&desk), 0, "nothing is left to look into");
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
}

#[tokio::test]
async fn a_damaged_outbox_found_while_the_account_is_open_keeps_what_can_be_read() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let draft = json!({
        "conversation_id": conversation_id(), "kind": "reply", "body_text": "Half a thought"
    });
    client.invoke("draft_save", draft).await.expect("kept");
    let account = client.shared.account().expect("an open account");
    let failed = StoreFailure { code: ErrorCode::OutboxDamaged, detail: "damaged".to_owned() };
    Arc::clone(&client.shared).store_failed(account, failed).await;
    let state = until(&client, |state| state.connection.state == ConnectionState::Online).await;
    assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::OutboxDamaged));
    assert!(quarantined(&desk) > 0);
    let drafts = client.invoke("drafts", json!({})).await.expect("drafts");
    assert_eq!(drafts["drafts"][0]["draft"]["body_text"], "Half a thought");
}

#[tokio::test]
async fn damage_found_while_reading_is_put_right() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let account = client.shared.account().expect("an open account");
    let damaged = || recado_store::Error::Damaged { which: Which::Cache, detail: String::new() };
    let error = account.read(move |_| Err::<(), _>(damaged())).await.expect_err("damaged");
    assert_eq!(error.code, ErrorCode::CacheDamaged);
    drop(account);
    until(&client, |state| {
        state.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::CacheDamaged)
            && state.connection.state == ConnectionState::Online
    })
    .await;
    assert!(quarantined(&desk) > 0);
}

#[tokio::test]
async fn what_a_former_account_says_late_does_not_sign_out_the_present_one() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let former = client.shared.account().expect("an open account");
    client.invoke("sign_out", json!({ "discard_unsent": false })).await.expect("signed out");
    sign_in(&client).await;
    Arc::clone(&client.shared).session_ended(former, None).await;
    let state = client.state();
    assert_eq!((state.phase, state.problem), (Phase::Ready, None));
}

#[tokio::test]
async fn links_from_outside_become_events_and_are_never_obeyed() {
    let desk = Desk::new();
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    let mut events = client.events();
    let link = format!("recado://join?url=https://evil.example&workspace={}", workspace_id());
    client.open_link_from_outside(&link).expect("a join link");
    assert!(matches!(events.recv().await, Ok(HostEvent::JoinLinkReceived { .. })));
    assert_eq!(client.state().phase, Phase::Join);
    assert!(client.open_link_from_outside("recado://elsewhere").is_err());
}

#[tokio::test]
async fn settings_are_told_and_survive() {
    let desk = Desk::new();
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    let mut events = client.events();
    client.invoke("settings_save", json!({ "theme": "dark" })).await.expect("stored");
    assert!(matches!(events.recv().await, Ok(HostEvent::StateChanged { .. })));
    client.shutdown().await;
    drop(client);
    let client = desk.start().await;
    assert_eq!(client.state().settings.theme, recado_protocol::host::Theme::Dark);
}

#[tokio::test]
async fn what_is_secret_is_not_printed() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    let keys = StoreKeys { cache: [7; 32], outbox: [7; 32] };
    drop(keys);
    for printed in
        [format!("{client:?}"), format!("{:?}", client.state()), format!("{:?}", desk.keychain)]
    {
        assert!(!printed.contains("access-token") && !printed.contains(PASSWORD), "{printed}");
    }
}

#[tokio::test]
async fn a_wiped_session_erases_what_lies_here() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    desk.server.state().wiped = true;
    client.network_changed();
    let state =
        until(&client, |state| state.phase == Phase::SignIn && state.problem.is_some()).await;
    assert_eq!(state.problem.expect("told").code, ErrorCode::SessionWiped);
    assert_eq!(state.account, None);
    assert!(!desk.dir().join("accounts").join(teammate_id().to_string()).exists());
    assert!(desk.keychain.items().is_empty(), "the keychain holds nothing of it any more");
}

/// An account that was signed out while the keychain was locked, with the client that did it.
async fn signed_out_with_a_locked_keychain(desk: &Desk) -> Client {
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    desk.keychain.fail_always(Some(KeychainError::Locked));
    client.invoke("sign_out", json!({ "discard_unsent": true })).await.expect("erased");
    assert!(!desk.keychain.items().is_empty(), "a locked keychain deletes nothing");
    client
}

/// Waits until nothing is noted any more as left behind in the keychain.
async fn nothing_left_behind(desk: &Desk) {
    let noted = desk.dir().join("leftovers.json");
    let settled = async {
        while std::fs::read_to_string(&noted).expect("a file").contains("email") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), settled).await.expect("it is settled");
}

#[tokio::test]
async fn what_the_keychain_would_not_delete_goes_at_a_later_start() {
    let desk = Desk::new();
    let client = signed_out_with_a_locked_keychain(&desk).await;
    client.shutdown().await;
    drop(client);
    desk.keychain.fail_always(None);
    let client = desk.start().await;
    nothing_left_behind(&desk).await;
    assert!(desk.keychain.items().is_empty(), "the keychain holds nothing of it any more");
    client.shutdown().await;
}

#[tokio::test]
async fn whoever_signs_in_again_gets_other_keys_than_those_left_behind() {
    let desk = Desk::new();
    let client = signed_out_with_a_locked_keychain(&desk).await;
    let of_before = desk.keychain.items();
    desk.keychain.fail_always(None);
    sign_in(&client).await;
    let now = desk.keychain.items();
    let is_new = of_before.iter().all(|(name, secret)| now.get(name) != Some(secret));
    assert!(is_new, "nothing of before is left");
    client.shutdown().await;
    drop(client);

    // Whatever is still noted: an account that is on this machine keeps its keys, also while another server is
    // joined, or none.
    let profile = Profile::open(desk.dir()).expect("a profile");
    let account = profile.account().expect("readable").expect("joined");
    let leftover = Leftover {
        workspace_id: account.workspace_id,
        teammate_id: teammate_id(),
        email: account.email.clone().expect("an address").to_uppercase(),
    };
    profile.save_leftovers(vec![leftover]).expect("written");
    profile.remove_account().expect("removed");
    drop(profile);
    let client = desk.start().await;
    nothing_left_behind(&desk).await;
    client.shutdown().await;
    drop(client);
    assert_eq!(desk.keychain.items(), now);
    let profile = Profile::open(desk.dir()).expect("a profile");
    profile.save_account(&account).expect("written");
    drop(profile);
    let client = desk.start().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
}

#[tokio::test]
async fn what_a_crash_left_half_erased_is_erased_at_the_next_start() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    client.shutdown().await;
    drop(client);
    // As it lies there right after the decision: everything is still there.
    let profile = Profile::open(desk.dir()).expect("a profile");
    let account = profile.account().expect("readable").expect("joined");
    profile.save_account(&account.to_be_erased()).expect("written");
    drop(profile);

    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::SignIn).await;
    assert_eq!(state.problem.expect("told").code, ErrorCode::SessionWiped);
    assert!(!desk.dir().join("accounts").join(teammate_id().to_string()).exists());
    assert!(desk.keychain.items().is_empty(), "the keychain holds nothing of it any more");
    sign_in(&client).await;
}
