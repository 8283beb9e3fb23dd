//! A machine without a keychain: a passphrase, or nothing stored; never anything weaker.

use recado_protocol::ErrorCode;
use recado_protocol::host::{ConnectionState, Phase, SecretStorage};
use serde_json::{Value, json};

use super::keychain_faults::fingerprints;
use super::server::*;
use crate::client::Client;
use crate::keychain::{ItemKind, KeychainError};

const PASSPHRASE: &str = "a horse, a battery and a staple";

/// A client without a keychain whose agent has just been told so.
async fn undecided(desk: &Desk) -> Client {
    desk.keychain.fail_always(Some(KeychainError::NoService));
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    join(&client).await;
    let request = json!({ "email": "ana@example.com", "password": PASSWORD });
    let error = client.invoke("sign_in", request).await.expect_err("nothing can be kept");
    assert_eq!(error.code, ErrorCode::KeychainMissing);
    assert_eq!(client.state().secret_storage, SecretStorage::Undecided);
    client
}

async fn give(client: &Client, command: &str, passphrase: &str) -> Result<Value, ErrorCode> {
    let request = json!({ "passphrase": passphrase });
    client.invoke(command, request).await.map_err(|error| error.code)
}

#[tokio::test]
async fn a_passphrase_takes_the_place_of_the_keychain_and_opens_everything_at_the_next_start() {
    let desk = Desk::new();
    let client = undecided(&desk).await;
    assert_eq!(give(&client, "vault_create", "too short").await, Err(ErrorCode::InvalidValue));
    give(&client, "vault_create", PASSPHRASE).await.expect("set");
    assert_eq!(client.state().secret_storage, SecretStorage::Vault);
    sign_in(&client).await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let draft = json!({
        "conversation_id": conversation_id(), "kind": "reply", "body_text": "Half a thought"
    });
    client.invoke("draft_save", draft).await.expect("kept");
    client.shutdown().await;
    drop(client);
    assert!(desk.keychain.items().is_empty());

    // A keychain that is there now strands nothing: what is here lies behind the passphrase.
    desk.keychain.fail_always(None);
    let before = fingerprints(desk.dir());
    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::Blocked).await;
    assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::VaultLocked));
    assert_eq!(state.secret_storage, SecretStorage::VaultLocked);
    let wrong = give(&client, "vault_unlock", "a horse, a battery and a stable").await;
    assert_eq!(wrong, Err(ErrorCode::WrongPassphrase));
    assert_eq!(give(&client, "vault_create", PASSPHRASE).await, Err(ErrorCode::InvalidRequest));
    assert_eq!(fingerprints(desk.dir()), before);
    give(&client, "vault_unlock", PASSPHRASE).await.expect("opened");
    until(&client, |state| state.phase == Phase::Ready).await;
    let drafts = client.invoke("drafts", json!({})).await.expect("drafts");
    assert_eq!(drafts["drafts"][0]["draft"]["body_text"], "Half a thought");

    // Nothing is left behind the passphrase, and the next sign-in uses the keychain.
    client.invoke("sign_out", json!({ "discard_unsent": true })).await.expect("signed out");
    assert_eq!(client.state().secret_storage, SecretStorage::Keychain);
    assert!(!desk.dir().join("vault.json").exists());
    sign_in(&client).await;
    assert_eq!(desk.keychain.items().len(), 2);
}

#[tokio::test]
async fn what_lies_behind_a_passphrase_moves_into_a_keychain_that_is_there_by_now() {
    let desk = Desk::new();
    let client = undecided(&desk).await;
    give(&client, "vault_create", PASSPHRASE).await.expect("set");
    sign_in(&client).await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;

    // There is none yet.
    let missing = client.invoke("vault_leave", json!({})).await.expect_err("there is no keychain");
    assert_eq!(missing.code, ErrorCode::KeychainMissing);
    let state = until(&client, |state| state.phase == Phase::Ready).await;
    assert_eq!(state.secret_storage, SecretStorage::Vault);
    assert!(desk.dir().join("vault.json").exists());

    desk.keychain.fail_always(None);
    let former = std::fs::read(desk.dir().join("vault.json")).expect("there");
    client.invoke("vault_leave", json!({})).await.expect("moved");
    let state = until(&client, |state| state.phase == Phase::Ready).await;
    assert_eq!(state.secret_storage, SecretStorage::Keychain);
    assert!(!desk.dir().join("vault.json").exists());
    assert_eq!(desk.keychain.items().len(), 2);
    client.shutdown().await;
    drop(client);
    let client = desk.start().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    client.shutdown().await;
    drop(client);

    // A copy of the file opens nothing, even for who knows the passphrase.
    std::fs::write(desk.dir().join("vault.json"), former).expect("written");
    let client = desk.start().await;
    until(&client, |state| state.secret_storage == SecretStorage::VaultLocked).await;
    give(&client, "vault_unlock", PASSPHRASE).await.expect("opened");
    let state = until(&client, |state| state.phase == Phase::Blocked).await;
    assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::KeychainMismatch));
}

#[tokio::test]
async fn a_forgotten_passphrase_costs_what_was_not_sent_and_nothing_else() {
    let desk = Desk::new();
    let client = undecided(&desk).await;
    give(&client, "vault_create", PASSPHRASE).await.expect("set");
    sign_in(&client).await;
    client.shutdown().await;
    drop(client);

    desk.keychain.fail_always(None);
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Blocked).await;
    client.invoke("sign_out", json!({ "discard_unsent": true })).await.expect("erased");
    let state = until(&client, |state| state.phase == Phase::SignIn).await;
    assert_eq!(state.secret_storage, SecretStorage::Keychain);
    assert!(!desk.dir().join("vault.json").exists());
    sign_in(&client).await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    assert_eq!(desk.keychain.items().len(), 2);
}

#[tokio::test]
async fn a_key_that_is_gone_for_good_is_given_up_on_request_only() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    client.shutdown().await;
    drop(client);
    let items = desk.keychain.items();
    let key = items.keys().find(|item| item.kind == ItemKind::KeyEncryptionKey);
    desk.keychain.lose(key.expect("the key"));
    let before = fingerprints(desk.dir());
    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::Blocked).await;
    assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::KeychainMismatch));
    assert_eq!(fingerprints(desk.dir()), before);
    client.invoke("sign_out", json!({ "discard_unsent": true })).await.expect("erased");
    sign_in(&client).await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
}

#[tokio::test]
async fn a_choice_is_offered_only_where_there_is_no_keychain_that_lasts() {
    for &fault in KeychainError::ALL {
        if matches!(fault, KeychainError::NoItem | KeychainError::Corrupt) {
            continue;
        }
        let desk = Desk::new();
        let client = desk.start().await;
        until(&client, |state| state.phase == Phase::Join).await;
        join(&client).await;
        desk.keychain.fail_always(Some(fault));
        let request = json!({ "email": "ana@example.com", "password": PASSWORD });
        client.invoke("sign_in", request).await.expect_err("it is refused");
        let offered = client.state().secret_storage == SecretStorage::Undecided;
        let missing =
            matches!(fault, KeychainError::NoService | KeychainError::NoDefaultCollection);
        assert_eq!(offered, missing, "{fault:?}");
        let created = give(&client, "vault_create", PASSPHRASE).await;
        assert_eq!(created.is_ok(), offered, "{fault:?}");
        assert_eq!(desk.dir().join("vault.json").exists(), offered, "{fault:?}");
    }
}

#[tokio::test]
async fn data_that_a_keychain_opens_is_never_stranded_behind_a_passphrase() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    client.shutdown().await;
    drop(client);
    desk.keychain.fail_always(Some(KeychainError::NoService));
    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::Blocked).await;
    assert_eq!(state.secret_storage, SecretStorage::Keychain);
    assert_eq!(give(&client, "vault_create", PASSPHRASE).await, Err(ErrorCode::InvalidRequest));
    client.shutdown().await;
    drop(client);

    // The session has ended meanwhile, so the sign-in is asked for; the data is here all the same.
    desk.keychain.fail_always(None);
    desk.server.state().ended = true;
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::SignIn).await;
    desk.keychain.fail_always(Some(KeychainError::NoService));
    let request = json!({ "email": "ana@example.com", "password": PASSWORD });
    client.invoke("sign_in", request).await.expect_err("it is refused");
    assert_eq!(client.state().secret_storage, SecretStorage::Keychain);
    let declined = client.invoke("storage_decline", json!({})).await.expect_err("not offered");
    assert_eq!(declined.code, ErrorCode::InvalidRequest);
}

#[tokio::test]
async fn who_wants_nothing_stored_works_and_leaves_nothing_behind() {
    let desk = Desk::new();
    let client = undecided(&desk).await;
    let before = fingerprints(desk.dir());
    client.invoke("storage_decline", json!({})).await.expect("chosen");
    sign_in(&client).await;
    let state = until(&client, |state| state.connection.state == ConnectionState::Online).await;
    assert_eq!(state.secret_storage, SecretStorage::Memory);
    let action = json!({ "type": "conversation_note", "body_text": "canary-note" });
    let request = json!({ "conversation_id": conversation_id(), "action": action });
    client.invoke("command_submit", request).await.expect("taken");
    until(&client, |state| state.connection.queued == 0).await;
    assert_eq!(desk.server.state().commands.len(), 1);
    client.shutdown().await;
    drop(client);
    let mut after = fingerprints(desk.dir());
    // The installation's id is no secret.
    after.retain(|path, _| !path.ends_with("device.json"));
    let mut before = before;
    before.retain(|path, _| !path.ends_with("device.json"));
    assert_eq!(after, before);
    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::SignIn).await;
    assert_eq!(state.account, None);
}
