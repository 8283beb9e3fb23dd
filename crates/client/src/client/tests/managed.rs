//! A machine on which the organisation has fixed something.

use recado_protocol::host::{
    ConnectionState, LinkText, LoginMethod, ManagedPolicy, ManagedServer, Phase, SecretStorage,
};
use recado_protocol::{ErrorCode, WorkspaceId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::*;
use crate::client::Client;
use crate::keychain::KeychainError;
use crate::profile::Profile;

const PASSPHRASE: &str = "a horse, a battery and a staple";

fn link_to(host: &str) -> String {
    format!("recado://join?url=https://{host}&workspace={}", workspace_id())
}

fn only(host: &str) -> ManagedPolicy {
    let server = ManagedServer { name: "Support".into(), link: LinkText(link_to(host)) };
    ManagedPolicy { servers: vec![server], server_list_locked: true, ..ManagedPolicy::default() }
}

fn ways(methods: &[LoginMethod]) -> ManagedPolicy {
    ManagedPolicy { login_methods: Some(methods.to_vec()), ..ManagedPolicy::default() }
}

fn keychain_required() -> ManagedPolicy {
    ManagedPolicy { require_system_keychain: true, ..ManagedPolicy::default() }
}

async fn ask(client: &Client, command: &str, request: Value) -> Result<Value, ErrorCode> {
    client.invoke(command, request).await.map_err(|error| error.code)
}

#[tokio::test]
async fn a_locked_list_lets_only_its_own_servers_be_joined() {
    let mut desk = Desk::new();
    desk.policy = only("desk.example");
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    assert_eq!(client.state().managed, desk.policy);
    for other in ["desk.example:8443", "elsewhere.example"] {
        let refused = ask(&client, "workspace_join", json!({ "link": link_to(other) })).await;
        assert_eq!(refused, Err(ErrorCode::PolicyForbids), "{other}");
    }
    // Another authority for the same address is another server.
    let own_authority = format!("{}&ca={}", link_to("desk.example"), "A".repeat(86));
    let other_workspace = WorkspaceId::from_uuid(Uuid::from_u128(9)).to_string();
    let another = link_to("desk.example").replace(&workspace_id().to_string(), &other_workspace);
    for link in [own_authority, another] {
        let refused = ask(&client, "workspace_join", json!({ "link": link })).await;
        assert_eq!(refused, Err(ErrorCode::PolicyForbids), "{link}");
    }
    assert_eq!(client.state().phase, Phase::Join);
    join(&client).await;
}

#[tokio::test]
async fn a_server_that_was_joined_before_is_not_opened_and_stays_as_it_is() {
    let mut desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    client.shutdown().await;
    drop(client);
    let items = desk.keychain.items().len();

    desk.policy = only("elsewhere.example");
    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::Blocked).await;
    let problem = state.problem.expect("a problem");
    assert_eq!(problem.code, ErrorCode::PolicyForbids);
    assert!(problem.detail.contains("desk.example") && !problem.can_reset_cache, "{problem:?}");
    assert!(client.invoke("sidebar", json!({})).await.is_err(), "nothing of it is shown");
    let reset = ask(&client, "cache_reset", json!({})).await;
    assert_eq!(reset, Err(ErrorCode::PolicyForbids), "and nothing of it is deleted");
    assert_eq!(desk.keychain.items().len(), items);
    client.shutdown().await;
    drop(client);

    desk.policy = ManagedPolicy::default();
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn once_it_puts_the_list_right_another_try_opens_what_was_there() {
    let mut desk = Desk::new();
    let client = desk.signed_in().await;
    client.shutdown().await;
    drop(client);
    let folder = tempfile::tempdir().expect("a folder");
    let list = |host: &str| {
        let server = json!({ "name": "Support", "join_link": link_to(host) });
        let text = json!({ "Servers": [server], "ServerListLocked": true }).to_string();
        std::fs::write(folder.path().join("a.json"), text).expect("written");
    };
    list("elsewhere.example");
    desk.policy_folder = Some(folder.path().to_owned());
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Blocked).await;
    std::fs::write(folder.path().join("a.json"), "{").expect("written");
    ask(&client, "problem_retry", json!({})).await.expect("tried");
    let problem = client.state().problem.expect("a problem");
    assert_eq!((problem.code, problem.can_retry), (ErrorCode::PolicyInvalid, true));
    list("desk.example");
    ask(&client, "problem_retry", json!({})).await.expect("tried");
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn a_forbidden_server_of_which_nothing_lies_here_is_left() {
    let mut desk = Desk::new();
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    join(&client).await;
    client.shutdown().await;
    drop(client);
    desk.policy = only("elsewhere.example");
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    client.shutdown().await;
    drop(client);

    // The same for a copy whose owner gives it up, and for one whose erasing a crash has cut off.
    for half_erased in [false, true] {
        let mut desk = Desk::new();
        let client = desk.signed_in().await;
        client.shutdown().await;
        drop(client);
        desk.policy = only("elsewhere.example");
        if half_erased {
            let profile = Profile::open(desk.dir()).expect("a profile");
            let account = profile.account().expect("readable").expect("an account");
            profile.save_account(&account.to_be_erased()).expect("written");
        }
        let client = desk.start().await;
        if !half_erased {
            until(&client, |state| state.phase == Phase::Blocked).await;
            let discard = json!({ "discard_unsent": true });
            ask(&client, "sign_out", discard).await.expect("erased");
        }
        until(&client, |state| state.phase == Phase::Join).await;
        let request = json!({ "email": "ana@example.com", "password": PASSWORD });
        assert!(ask(&client, "sign_in", request).await.is_err());
        assert!(desk.keychain.items().is_empty());
    }
}

#[tokio::test]
async fn only_the_ways_to_sign_in_that_are_left_open_are_offered_and_taken() {
    let mut desk = Desk::new();
    desk.policy = ways(&[LoginMethod::Oidc]);
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    let personal = format!("{}&invitation=rct_i_{}", link_to("desk.example"), "a".repeat(43));
    let refused = ask(&client, "workspace_join", json!({ "link": personal })).await;
    assert_eq!(refused, Err(ErrorCode::PolicyForbids), "it would set a password");
    join(&client).await;
    let found = ask(&client, "sign_in_ways", json!({ "email": "ana@example.com" })).await;
    assert_eq!(found.expect("ways")["password"], false);
    let request = json!({ "email": "ana@example.com", "password": PASSWORD });
    assert_eq!(ask(&client, "sign_in", request).await, Err(ErrorCode::PolicyForbids));
    client.shutdown().await;
    drop(client);

    desk.policy = ways(&[LoginMethod::Password]);
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::SignIn).await;
    let provider = json!({ "id": PROVIDER, "name": "Cactus ID" });
    let request = json!({ "provider": provider, "email": "ana@example.com" });
    assert_eq!(ask(&client, "sso_begin", request).await, Err(ErrorCode::PolicyForbids));
    assert!(desk.pages.opened().is_empty());
    sign_in(&client).await;
}

#[tokio::test]
async fn where_the_keychain_is_required_no_passphrase_takes_its_place() {
    let mut desk = Desk::new();
    desk.policy = keychain_required();
    desk.keychain.fail_always(Some(KeychainError::NoService));
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    join(&client).await;
    let request = json!({ "email": "ana@example.com", "password": PASSWORD });
    assert_eq!(ask(&client, "sign_in", request).await, Err(ErrorCode::KeychainMissing));
    assert_eq!(client.state().secret_storage, SecretStorage::Keychain, "no choice is offered");
    let passphrase = json!({ "passphrase": PASSPHRASE });
    assert!(ask(&client, "vault_create", passphrase).await.is_err());
    assert!(ask(&client, "storage_decline", json!({})).await.is_err());
    assert!(!desk.dir().join("vault.json").exists());
    desk.keychain.fail_always(None);
    sign_in(&client).await;
}

#[tokio::test]
async fn what_lay_behind_a_passphrase_moves_into_the_keychain_once_that_is_required() {
    let mut desk = Desk::new();
    desk.keychain.fail_always(Some(KeychainError::NoService));
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    join(&client).await;
    let request = json!({ "email": "ana@example.com", "password": PASSWORD });
    assert_eq!(ask(&client, "sign_in", request).await, Err(ErrorCode::KeychainMissing));
    let passphrase = json!({ "passphrase": PASSPHRASE });
    ask(&client, "vault_create", passphrase.clone()).await.expect("set");
    sign_in(&client).await;
    client.shutdown().await;
    drop(client);

    // Without a keychain it neither opens nor is lost.
    desk.policy = keychain_required();
    let client = desk.start().await;
    until(&client, |state| state.secret_storage == SecretStorage::VaultLocked).await;
    let stays = ask(&client, "vault_unlock", passphrase.clone()).await;
    assert_eq!(stays, Err(ErrorCode::KeychainMissing));
    assert_eq!(client.state().secret_storage, SecretStorage::VaultLocked);
    assert!(desk.dir().join("vault.json").exists());

    desk.keychain.fail_always(None);
    ask(&client, "vault_unlock", passphrase).await.expect("moved");
    let state = until(&client, |state| state.phase == Phase::Ready).await;
    assert_eq!(state.secret_storage, SecretStorage::Keychain);
    assert!(!desk.dir().join("vault.json").exists());
    assert_eq!(desk.keychain.items().len(), 2);
}
