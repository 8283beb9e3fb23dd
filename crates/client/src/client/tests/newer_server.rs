//! A client beside a server that says more than it knows.

use recado_protocol::ConversationId;
use recado_protocol::host::{ConnectionState, Phase};
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::*;

/// A head with kinds and fields that this program does not know.
fn head(id: ConversationId, state: &str, version: u64) -> Value {
    json!({
        "id": id, "contact_id": "cnt_00000000000000000000000000000007", "title": null,
        "state": state, "snoozed_until": null, "priority": "urgent", "admin_assignee_id": null,
        "team_assignee_id": null, "tags": [], "waiting_since": null, "created_at": 1_000_000,
        "last_part_at": 2_000_000, "preview": "Hello", "preview_author": "assistant",
        "preview_is_note": false, "part_count": 2, "contact_part_count": 1, "version": version,
        "sentiment": { "score": 0.7 },
    })
}

fn part(id: ConversationId, seq: u32, part_type: &str, version: u64) -> Value {
    json!({
        "id": format!("prt_{:032x}", 70 + seq), "conversation_id": id, "seq": seq,
        "part_type": part_type, "author": { "type": "assistant", "admin_id": null, "name": "Max" },
        "body": "Hello", "body_text": "Hello", "rich": false, "assigned_to_admin_id": null,
        "assigned_to_team_id": null, "snoozed_until": null, "priority": null, "tag": null,
        "command_id": null, "created_at": 2_000_000, "version": version, "reactions": ["+1"],
    })
}

#[tokio::test]
async fn a_newer_server_costs_an_older_client_only_what_it_does_not_know() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    until(&client, |state| state.connection.state == ConnectionState::Online).await;
    let other = ConversationId::from_uuid(Uuid::from_u128(8));
    let known = conversation_id();
    let parts = [part(known, 1, "comment", 12), part(known, 2, "voice_call", 12)];
    let changed =
        json!({ "head": head(known, "open", 12), "parts": parts, "complete_from_seq": 1 });
    let elsewhere =
        json!({ "head": head(other, "on_hold", 12), "parts": [], "complete_from_seq": 3 });
    let page = json!({
        "log_id": "log_00000000000000000000000000000001", "epoch": 1, "after": 10, "cursor": 12,
        "more": false, "server_time": 1, "region": "eu",
        "changes": [
            { "type": "macro", "macro": { "id": "mac_1" } },
            { "type": "conversation", "conversation": changed },
            { "type": "conversation", "conversation": elsewhere },
        ],
    });
    desk.server.state().instead.insert("/v1/sync", page);
    client.shutdown().await;
    drop(client);

    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
    let mut events = client.events();
    let view = loop {
        let request = json!({ "conversation_id": known, "limit": 10 });
        let view = client.invoke("conversation_open", request).await.expect("a conversation");
        if view["parts"].as_array().is_some_and(|parts| parts.len() == 2) {
            break view;
        }
        events.recv().await.expect("something changes");
    };
    assert_eq!(view["parts"][0]["part"]["part_type"], "comment");
    assert_eq!(view["parts"][1]["part"]["part_type"], "unknown");
    assert_eq!(view["parts"][1]["part"]["author"]["type"], "unknown");
    let account = client.shared.account().expect("an open account");
    let meta = account.read(recado_store::Store::meta).await.expect("meta");
    assert_eq!(meta.cursor, 12, "what is not known does not stop the log");
}
