//! The API as a whole: its description, what each route needs, and what is not there.

use std::path::Path;

use recado_protocol::Role;
use recado_protocol::error::ErrorCode;
use recado_server::http::{Access, Api, api};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, body, code, error};

fn described(server: &TestServer) -> Api {
    api(server.running.edge().clone()).expect("an API")
}

/// A path with its parameters filled in.
fn concrete(path: &str) -> String {
    path.replace("{id}", "cnv_01970000000070008000000000000000")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_the_one_that_is_checked_in() {
    let server = TestServer::start().await;
    let served: Value = body(server.get("/openapi.json", "").await).await;
    assert_eq!(served["openapi"], "3.1.0");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, described(&server).description).expect("writable");
        return;
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let checked_in: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(
        served == checked_in,
        "the API has changed: look at the difference after `UPDATE_OPENAPI=1 cargo test -p recado-server --test edge`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_says_what_it_needs() {
    let server = TestServer::start().await;
    let api = described(&server);
    let description: Value = serde_json::from_str(&api.description).expect("JSON");
    assert!(api.routes.len() >= 20, "{:?}", api.routes);
    for route in api.routes.iter().filter(|route| route.path != "/openapi.json") {
        let operation = &description["paths"][&route.path][route.method.to_lowercase()];
        assert_eq!(operation["x-required-permission"], route.access.name(), "{route:?}");
        assert!(operation["summary"].is_string(), "{route:?} has no summary");
        assert!(operation["responses"]["default"].is_object(), "{route:?}");
    }
    let operations: usize = description["paths"]
        .as_object()
        .expect("paths")
        .values()
        .map(|path| path.as_object().expect("operations").len())
        .sum();
    assert_eq!(operations + 1, api.routes.len(), "a route is described that was not declared");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_but_what_is_public_answers() {
    let server = TestServer::start().await;
    for route in described(&server).routes {
        let method: Method = route.method.parse().expect("a method");
        for token in
            [None, Some("nonsense"), Some("rct_a_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
        {
            let mut request =
                server.client.request(method.clone(), server.url(&concrete(&route.path)));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let response = request.json(&json!({})).send().await.expect("an answer");
            match route.access {
                Access::Public => assert!(response.status().is_success(), "{route:?}"),
                Access::VerifiesSecret => {
                    let (status, _) = error(response).await;
                    assert!(status.is_client_error(), "{route:?} answered {status}");
                }
                Access::OwnSession | Access::OwnSecret | Access::Session(_) | Access::Channel => {
                    assert_eq!(response.headers()["www-authenticate"], "Bearer", "{route:?}");
                    let (status, error) = error(response).await;
                    assert_eq!(status, StatusCode::UNAUTHORIZED, "{route:?}");
                    assert!(
                        matches!(
                            error.code,
                            ErrorCode::SessionEnded
                                | ErrorCode::AccessTokenExpired
                                | ErrorCode::InvalidChannelKey
                        ),
                        "{route:?}: {error:?}"
                    );
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_does_not_open_what_a_channel_needs_nor_the_other_way_round() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Admin).await;
    let signed_in = server.sign_in(&ana).await;
    let key = crate::commands::channel(&server).await;
    for route in described(&server).routes {
        let token = match route.access {
            Access::Channel => signed_in.token(),
            Access::OwnSession | Access::OwnSecret | Access::Session(_) => &key,
            Access::Public | Access::VerifiesSecret => continue,
        };
        let method: Method = route.method.parse().expect("a method");
        let request = server.client.request(method, server.url(&concrete(&route.path)));
        let response = request.bearer_auth(token).json(&json!({})).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{route:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_and_what_is_not_taken_answer_in_the_same_form() {
    let server = TestServer::start().await;
    for path in ["/", "/v1", "/v1/nothing", "/v1/conversations/x/y", "/%2e%2e/etc/passwd"] {
        let (status, error) = error(server.get(path, "").await).await;
        assert_eq!((status, error.code), (StatusCode::NOT_FOUND, ErrorCode::NotFound), "{path}");
    }
    let response = server.client.delete(server.url("/v1/server")).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(code(response).await, ErrorCode::InvalidRequest);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_of_security() {
    let server = TestServer::start().await;
    for path in ["/v1/server", "/openapi.json", "/v1/bootstrap", "/nothing"] {
        let response = server.get(path, "").await;
        let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        let hsts = header("strict-transport-security");
        let seconds = hsts.strip_prefix("max-age=").and_then(|rest| rest.split(';').next());
        let seconds: u64 = seconds.and_then(|text| text.parse().ok()).expect("a time");
        assert!(seconds >= 31_536_000 && hsts.contains("includeSubDomains"), "{hsts}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert_eq!(header("cache-control"), "no-store");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_answers_without_tls() {
    let server = TestServer::start().await;
    let plain = format!("http://{}/v1/server", server.running.address());
    let outcome = server.client.get(plain).send().await;
    // Neither an answer nor a redirect: whoever asks in the clear has already told the network.
    assert!(outcome.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_that_it_is_healthy() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/healthz", "").await.status(), StatusCode::NO_CONTENT);
}
