//! The app lock: nothing opens without its passphrase, and nothing is lost by it.

use std::fs;

use recado_protocol::ErrorCode;
use recado_protocol::host::{ConnectionState, Phase};
use serde_json::{Value, json};

use super::server::*;
use crate::client::Client;
use crate::keychain::{Fault, ItemKind, ItemName, KeychainError};

const PASSPHRASE: &str = "wet cactus";

async fn ask(client: &Client, command: &str, request: Value) -> Result<Value, ErrorCode> {
    client.invoke(command, request).await.map_err(|error| error.code)
}

async fn set(client: &Client, passphrase: &str, current: Option<&str>) -> Result<Value, ErrorCode> {
    ask(client, "app_lock_set", json!({ "passphrase": passphrase, "current": current })).await
}

async fn unlock(client: &Client, passphrase: &str) -> Result<Value, ErrorCode> {
    ask(client, "app_unlock", json!({ "passphrase": passphrase })).await
}

/// A desk whose client has something in its outbox and an app lock.
async fn guarded() -> (Desk, Client) {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    desk.server.state().unreachable = true;
    let action = json!({ "type": "conversation_note", "body_text": "Ask Ben" });
    let request = json!({ "conversation_id": conversation_id(), "action": action });
    ask(&client, "command_submit", request).await.expect("stored");
    set(&client, PASSPHRASE, None).await.expect("set");
    assert!(client.state().app_lock);
    (desk, client)
}

async fn is_open_with_its_outbox(client: &Client) {
    until(client, |state| state.phase == Phase::Ready).await;
    let outbox = ask(client, "outbox", json!({})).await.expect("open");
    assert_eq!(outbox["entries"].as_array().map(Vec::len), Some(1));
}

fn key_files(desk: &Desk) -> [std::path::PathBuf; 2] {
    let dir = desk.dir().join("accounts").join(teammate_id().to_string());
    [dir.join("keys.json"), dir.join("keys-copy.json")]
}

#[tokio::test]
async fn while_it_is_locked_nothing_can_be_read_and_the_passphrase_brings_it_back() {
    let (_desk, client) = guarded().await;
    let state = ask(&client, "app_lock", json!({})).await.expect("locked");
    assert_eq!((&state["phase"], &state["account"]["name"]), (&json!("locked"), &Value::Null));
    for (command, request) in [
        ("sidebar", json!({})),
        ("outbox", json!({})),
        ("conversation_open", json!({ "conversation_id": conversation_id(), "limit": 1 })),
        ("account_security", json!({})),
    ] {
        assert_eq!(ask(&client, command, request).await, Err(ErrorCode::AppLocked), "{command}");
    }
    assert_eq!(unlock(&client, "dry cactus").await, Err(ErrorCode::WrongPassphrase));
    assert_eq!(client.state().phase, Phase::Locked);
    unlock(&client, PASSPHRASE).await.expect("unlocked");
    is_open_with_its_outbox(&client).await;
}

#[tokio::test]
async fn a_program_that_starts_asks_for_the_passphrase() {
    let (desk, client) = guarded().await;
    client.shutdown().await;
    drop(client);
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Locked).await;
    assert!(client.state().app_lock);
    unlock(&client, PASSPHRASE).await.expect("unlocked");
    is_open_with_its_outbox(&client).await;
}

#[tokio::test]
async fn another_passphrase_takes_the_place_of_the_present_one_and_of_nothing_else() {
    let (desk, client) = guarded().await;
    assert_eq!(set(&client, "dry cactus", None).await, Err(ErrorCode::WrongPassphrase));
    let wrong = Some("not the one");
    assert_eq!(set(&client, "dry cactus", wrong).await, Err(ErrorCode::WrongPassphrase));
    set(&client, "dry cactus", Some(PASSPHRASE)).await.expect("set");
    client.shutdown().await;
    drop(client);
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Locked).await;
    assert_eq!(unlock(&client, PASSPHRASE).await, Err(ErrorCode::WrongPassphrase));
    unlock(&client, "dry cactus").await.expect("unlocked");
    is_open_with_its_outbox(&client).await;
}

#[tokio::test]
async fn without_the_lock_it_opens_by_itself_again() {
    let (desk, client) = guarded().await;
    let wrong = json!({ "passphrase": "not the one" });
    assert_eq!(ask(&client, "app_lock_remove", wrong).await, Err(ErrorCode::WrongPassphrase));
    let right = json!({ "passphrase": PASSPHRASE });
    let state = ask(&client, "app_lock_remove", right).await.expect("removed");
    assert_eq!(state["app_lock"], false);
    assert_eq!(ask(&client, "app_lock", json!({})).await, Err(ErrorCode::InvalidRequest));
    client.shutdown().await;
    drop(client);
    is_open_with_its_outbox(&desk.start().await).await;
}

#[tokio::test]
async fn a_short_passphrase_is_refused_and_changes_nothing() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    let before = key_files(&desk).map(|path| fs::read(path).expect("there"));
    assert_eq!(set(&client, "seven c", None).await, Err(ErrorCode::InvalidValue));
    assert_eq!(key_files(&desk).map(|path| fs::read(path).expect("there")), before);
    assert!(!client.state().app_lock);
}

/// A crash between the two files leaves one of each kind.
#[tokio::test]
async fn a_crash_while_it_is_set_or_removed_loses_nothing() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let [_, copy] = key_files(&desk);
    let open = fs::read(&copy).expect("there");
    let kek = |kind| ItemName::new(kind, workspace_id(), "ana@example.com");
    let (key, next) = (kek(ItemKind::KeyEncryptionKey), kek(ItemKind::NextKey));
    let former = desk.keychain.items()[&key].clone();
    set(&client, PASSPHRASE, None).await.expect("set");
    let locked = fs::read(&copy).expect("there");
    assert_ne!(open, locked);
    client.shutdown().await;
    drop(client);

    // One file was written, and the next key lay beside the former.
    desk.keychain.put(next, desk.keychain.items()[&key].clone());
    desk.keychain.put(key, former);
    fs::write(&copy, &open).expect("written");
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
    assert!(!client.state().app_lock, "what did not come to its end was not set");
    client.shutdown().await;
    drop(client);

    fs::write(&copy, &locked).expect("written");
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
    set(&client, PASSPHRASE, None).await.expect("it can be set again");
}

#[tokio::test]
async fn a_change_of_the_key_that_cannot_be_finished_is_finished_before_the_next_one() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let denied = Fault::Fails(KeychainError::Denied);
    // The key is read twice, the next one is written and read back; then it cannot take its place.
    let works = std::iter::repeat_n(Fault::None, 4);
    desk.keychain.script(works.chain([denied]));
    set(&client, PASSPHRASE, None).await.expect("set, and all depends on the next key");
    // The key is read, and the next one; it cannot take its place again.
    desk.keychain.script([Fault::None, Fault::None, denied]);
    let remove = json!({ "passphrase": PASSPHRASE });
    let refused = ask(&client, "app_lock_remove", remove.clone()).await;
    assert_eq!(refused, Err(ErrorCode::KeychainMismatch), "the next key's place is not free");
    ask(&client, "app_lock_remove", remove).await.expect("it takes its place, and is followed");
    assert_eq!(desk.keychain.items().len(), 2);
    client.shutdown().await;
    drop(client);
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn a_copy_of_the_keys_from_before_it_was_set_opens_nothing() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let before = key_files(&desk).map(|path| fs::read(path).expect("there"));
    set(&client, PASSPHRASE, None).await.expect("set");
    client.shutdown().await;
    drop(client);
    for (path, bytes) in key_files(&desk).iter().zip(&before) {
        fs::write(path, bytes).expect("written");
    }
    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::Blocked).await;
    assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::KeychainMismatch));
}

#[tokio::test]
async fn a_lock_without_its_key_is_no_lock() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    client.shutdown().await;
    drop(client);
    let [keys, _] = key_files(&desk);
    fs::write(keys.with_file_name("lock.json"), b"{}").expect("a crash leaves it behind");
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
    assert!(!client.state().app_lock);
    set(&client, PASSPHRASE, None).await.expect("set");
}

#[tokio::test]
async fn an_unfit_passphrase_in_place_of_the_present_one_leaves_that() {
    let (_desk, client) = guarded().await;
    for unfit in ["seven c".to_owned(), "x".repeat(2_000)] {
        let refused = set(&client, &unfit, Some(PASSPHRASE)).await;
        assert_eq!(refused, Err(ErrorCode::InvalidValue));
    }
    ask(&client, "app_lock", json!({})).await.expect("locked");
    unlock(&client, PASSPHRASE).await.expect("unlocked");
    is_open_with_its_outbox(&client).await;
}

/// Whose session ended is asked for the passphrase after signing in; the next account is not locked by it.
#[tokio::test]
async fn the_lock_of_one_account_is_not_the_next_ones() {
    let (desk, client) = guarded().await;
    desk.server.state().unreachable = false;
    desk.server.state().ended = true;
    client.network_changed();
    until(&client, |state| state.phase == Phase::SignIn).await;
    desk.server.state().other = true;
    password(&client).await;
    ask(&client, "sign_in_code", json!({ "code": CODE })).await.expect("signed in");
    until(&client, |state| state.phase == Phase::Ready).await;
    assert!(!client.state().app_lock);
    client.shutdown().await;
    drop(client);
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn who_has_forgotten_it_erases_the_copy_and_signs_in_anew() {
    let (desk, client) = guarded().await;
    ask(&client, "app_lock", json!({})).await.expect("locked");
    let kept = json!({ "discard_unsent": false });
    assert_eq!(ask(&client, "sign_out", kept).await, Err(ErrorCode::InvalidRequest));
    ask(&client, "sign_out", json!({ "discard_unsent": true })).await.expect("erased");
    assert_eq!(client.state().phase, Phase::SignIn);
    assert!(!client.state().app_lock);
    assert!(!desk.dir().join("accounts").join(teammate_id().to_string()).exists());
    desk.server.state().unreachable = false;
    sign_in(&client).await;
}
