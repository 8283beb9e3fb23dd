//! What a newer server says reads as `unknown`, and takes nothing else with it.

use recado_protocol::live::LiveFrame;
use recado_protocol::sync::{Change, SyncPage};
use recado_protocol::workspace::OwnAccess;
use recado_protocol::*;
use serde_json::json;

fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("it is read")
}

#[test]
fn every_open_name_of_a_newer_server_reads_as_unknown() {
    let name = || json!("from_the_future");
    assert_eq!(read::<ConversationState>(name()), ConversationState::Unknown);
    assert_eq!(read::<Priority>(name()), Priority::Unknown);
    assert_eq!(read::<PartType>(name()), PartType::Unknown);
    assert_eq!(read::<AuthorType>(name()), AuthorType::Unknown);
    assert_eq!(read::<Role>(name()), Role::Unknown);
    assert_eq!(read::<TeammateState>(name()), TeammateState::Unknown);
    assert_eq!(read::<ErrorCode>(name()), ErrorCode::Unknown);
    let tagged = || json!({ "type": "from_the_future", "detail": { "n": [1] } });
    assert_eq!(read::<Change>(tagged()), Change::Unknown);
    assert_eq!(read::<LiveFrame>(tagged()), LiveFrame::Unknown);
    assert_eq!(read::<AccessScope>(tagged()), AccessScope::Unknown);
    assert_eq!(read::<CommandOutcome>(tagged()), CommandOutcome::Unknown);
}

#[test]
fn a_page_with_something_unknown_keeps_the_rest() {
    let page: SyncPage = read(json!({
        "log_id": "log_00000000000000000000000000000001",
        "epoch": 1, "after": 10, "cursor": 12, "more": false, "server_time": 5,
        "from_the_future": true,
        "changes": [
            { "type": "from_the_future", "thing": { "id": 7 } },
            {
                "type": "conversation_evicted",
                "conversation_id": "cnv_00000000000000000000000000000007",
                "version": 12,
                "from_the_future": [],
            },
        ],
    }));
    assert_eq!(page.changes[0], Change::Unknown);
    assert!(matches!(page.changes[1], Change::ConversationEvicted { version: 12, .. }));
}

#[test]
fn what_is_not_known_allows_nothing() {
    let access: OwnAccess = read(json!({
        "epoch": 2, "role": "supervisor", "state": "on_leave", "team_ids": [],
        "conversation_access": { "scope": { "type": "by_brand", "brands": [1] }, "unassigned": false },
    }));
    let me = TeammateId::from_uuid(uuid::Uuid::from_u128(1));
    let visibility = Visibility::new(me, access.conversation_access, access.team_ids);
    assert!(!visibility.matches(&ScopeFacts::default()));
    let mine = ScopeFacts { admin_assignee_id: Some(me), team_assignee_id: None };
    assert!(visibility.matches(&mine));
    for &permission in Permission::ALL {
        assert!(!access.role.allows(permission));
        let subject =
            Subject { role: Role::Admin, state: access.state, visibility: visibility.clone() };
        assert!(matches!(decide(&subject, permission, Some(&mine)), Decision::Denied(_)));
    }
}

/// Fails when a kind is added: raise [`REVISION`] together with this list, so that caches that were
/// filled without the new kind are filled anew.
#[test]
fn a_new_kind_raises_the_revision() {
    let names = [
        ConversationState::ALL.iter().map(|state| state.name()).collect::<Vec<_>>().join(" "),
        PartType::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" "),
        AuthorType::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" "),
        Role::ALL.iter().map(|role| role.name()).collect::<Vec<_>>().join(" "),
        TeammateState::ALL.iter().map(|state| state.name()).collect::<Vec<_>>().join(" "),
    ];
    let known = [
        "open snoozed closed",
        "comment note assignment close open snoozed timer_unsnooze priority_changed tag_added \
         tag_removed",
        "contact admin imported bot",
        "admin agent light_agent",
        "invited active suspended removed",
    ];
    assert_eq!((names.join("\n"), REVISION), (known.join("\n"), 1));
}
