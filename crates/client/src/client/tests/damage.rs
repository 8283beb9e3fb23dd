//! Files that a disk has damaged while nothing ran.

use std::path::PathBuf;

use recado_protocol::host::{ConnectionState, Phase};
use recado_protocol::{ErrorCode, TeammateId};
use recado_store::Which;
use serde_json::json;
use uuid::Uuid;

use super::server::*;
use crate::client::Client;

fn account_dir(desk: &Desk) -> PathBuf {
    desk.dir().join("accounts").join(TeammateId::from_uuid(Uuid::from_u128(1)).to_string())
}

/// A desk whose client was closed after it had kept a draft.
async fn closed_with_a_draft() -> Desk {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let draft = json!({
        "conversation_id": conversation_id(), "kind": "reply", "body_text": "Half a thought"
    });
    client.invoke("draft_save", draft).await.expect("kept");
    client.shutdown().await;
    desk
}

async fn require_draft(client: &Client) {
    let drafts = client.invoke("drafts", json!({})).await.expect("drafts");
    assert_eq!(drafts["drafts"][0]["draft"]["body_text"], "Half a thought");
}

#[tokio::test]
async fn a_file_whose_beginning_is_gone_is_not_taken_for_one_of_another_key() {
    for (which, code) in
        [(Which::Cache, ErrorCode::CacheDamaged), (Which::Outbox, ErrorCode::OutboxDamaged)]
    {
        let desk = closed_with_a_draft().await;
        let path = account_dir(&desk).join(which.file_name());
        let mut bytes = std::fs::read(&path).expect("readable");
        bytes[..4_096].fill(0);
        std::fs::write(&path, bytes).expect("damaged");
        let client = desk.start().await;
        let state = until(&client, |state| state.connection.state == ConnectionState::Online).await;
        assert_eq!(state.problem.map(|problem| problem.code), Some(code));
        require_draft(&client).await;
    }
}

#[tokio::test]
async fn databases_of_other_keys_are_told_and_left_alone() {
    let (desk, other) = (closed_with_a_draft().await, closed_with_a_draft().await);
    for entry in std::fs::read_dir(account_dir(&other)).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("a name").to_owned();
        if path.is_file() && !name.to_string_lossy().starts_with("keys") {
            std::fs::copy(&path, account_dir(&desk).join(name)).expect("copied");
        }
    }
    let before = super::keychain_faults::fingerprints(desk.dir());
    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::Blocked).await;
    assert_eq!(state.problem.map(|problem| problem.code), Some(ErrorCode::KeychainMismatch));
    client.shutdown().await;
    assert_eq!(super::keychain_faults::fingerprints(desk.dir()), before);
}

#[tokio::test]
async fn a_damaged_account_file_is_told_and_all_is_there_after_signing_in_again() {
    let desk = closed_with_a_draft().await;
    let path = desk.dir().join("account.json");
    let text = std::fs::read_to_string(&path).expect("readable");
    std::fs::write(&path, text.replace("desk.example", "desk.exbmple")).expect("damaged");
    let client = desk.start().await;
    let state = until(&client, |state| state.phase == Phase::Join).await;
    let detail = state.problem.expect("it is told").detail;
    assert!(detail.contains("was damaged"), "{detail}");
    join(&client).await;
    assert_eq!(client.state().problem, None);
    sign_in(&client).await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    require_draft(&client).await;
}
