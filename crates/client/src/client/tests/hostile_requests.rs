//! Requests that no UI sends: whatever is asked, a command answers, refuses with a code, and the
//! client goes on.

use std::time::Duration;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use recado_protocol::ErrorCode;
use recado_protocol::host::Commands;
use serde_json::{Value, json};

use super::server::*;

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(60);

/// Names that requests of the interface have, and some that none has.
const FIELDS: &[&str] = &[
    "conversation_id",
    "command_id",
    "action",
    "type",
    "body_text",
    "last_seen_seq",
    "kind",
    "view",
    "sort",
    "after",
    "before_seq",
    "limit",
    "query",
    "search_in",
    "link",
    "email",
    "password",
    "code",
    "passphrase",
    "url",
    "discard_unsent",
    "language",
    "theme",
    "keys",
    "layout",
    "window_focused",
    "tag",
    "until",
    "__proto__",
    "",
];

/// Values that mean something in a request, and the edges of the others.
fn value() -> impl Strategy<Value = Value> {
    let known = select(vec![
        json!("conversation_reply"),
        json!("conversation_close"),
        json!("conversation_tag_add"),
        json!("reply"),
        json!("newest"),
        json!("cache"),
        json!("server"),
        json!({ "type": "mine" }),
        json!("00000000-0000-0000-0000-000000000007"),
        json!("00000000-0000-0000-0000-00000000000g"),
        json!("recado://join?url=https://other.example&workspace=1"),
        json!("file:///etc/passwd"),
        json!("\u{0}\u{202E}\u{FFFF}"),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(-0.5),
    ]);
    let leaf = prop_oneof![
        4 => known,
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        2 => any::<String>().prop_map(Value::from),
        1 => (1_usize..300_000).prop_map(|length| Value::from("x".repeat(length))),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..6).prop_map(Value::from),
            3 => btree_map(select(FIELDS).prop_map(str::to_owned), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn requests() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    vec((select(Commands::NAMES), value()), 1..60)
}

/// Asks them all, one after the other; the client must still know itself afterwards.
async fn ask_all(requests: Vec<(&'static str, Value)>, signed_in: bool) {
    let desk = Desk::new();
    let client = if signed_in { desk.signed_in().await } else { desk.start().await };
    for (name, request) in requests {
        let answer = tokio::time::timeout(PATIENCE, client.invoke(name, request.clone())).await;
        if let Err(error) = answer.unwrap_or_else(|_| panic!("{name} gave no answer")) {
            assert_ne!(error.code, ErrorCode::Unknown, "{name}");
            assert!(!error.message.is_empty(), "{name}");
        }
    }
    client.invoke("app_state", json!({})).await.expect("the client goes on");
    let nonsense = client.invoke("no_such_command", json!({})).await.expect_err("there is none");
    assert_eq!(nonsense.code, ErrorCode::InvalidRequest);
    client.shutdown().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_request_harms_a_client_that_nobody_has_joined_with(requests in requests()) {
        runtime().block_on(ask_all(requests, false));
    }

    #[test]
    fn no_request_harms_a_client_that_is_signed_in(requests in requests()) {
        runtime().block_on(ask_all(requests, true));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

#[tokio::test]
async fn each_command_refuses_what_is_no_request_of_its_own() {
    let desk = Desk::new();
    let client = desk.start().await;
    for name in Commands::NAMES {
        for wrong in [json!([1]), json!("text"), json!(7), json!(true)] {
            let refused = client.invoke(name, wrong.clone()).await.expect_err("no request");
            assert_eq!(refused.code, ErrorCode::InvalidRequest, "{name} {wrong}");
            assert!(!refused.message.contains("text"), "{name} repeats what was asked");
        }
    }
}
