//! Single sign-on, with a browser that the test plays.

use std::time::Duration;

use recado_protocol::ErrorCode;
use recado_protocol::host::{AppState, HostError, Phase};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use super::server::{Desk, PROVIDER, join, password, until};
use crate::Client;
use crate::keychain::KeychainError;

fn begin_request() -> Value {
    json!({ "provider": { "id": PROVIDER, "name": "Cactus ID" }, "email": " ana@example.com " })
}

async fn begin(client: &Client) -> Result<Value, HostError> {
    client.invoke("sso_begin", begin_request()).await
}

/// A client that has joined, and whose browser is awaited.
async fn awaiting(desk: &Desk) -> Client {
    let client = joined(desk).await;
    let state = begin(&client).await.expect("begun");
    assert_eq!(state["phase"], "browser");
    assert_eq!(state["browser"]["provider"]["name"], "Cactus ID");
    assert_eq!(state["account"]["email"], "ana@example.com");
    client
}

async fn joined(desk: &Desk) -> Client {
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    join(&client).await;
    client
}

/// What the browser does: it comes to where the app said, with these fields and the app's state.
async fn comes_back(desk: &Desk, fields: &str) -> Option<String> {
    let (redirect, state) = {
        let facts = desk.server.state();
        let field = |name: &str| facts.sso[name].as_str().expect("a field").to_owned();
        (field("redirect_uri"), field("app_state"))
    };
    comes_to(&redirect, &format!("{fields}&state={state}")).await
}

async fn comes_to(redirect: &str, query: &str) -> Option<String> {
    let url: Url = redirect.parse().expect("an address");
    let port = url.port().expect("a port");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!("GET {}?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n", url.path());
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}

fn failure(state: &AppState) -> Option<ErrorCode> {
    state.browser.as_ref().and_then(|browser| browser.failure)
}

async fn fails_with(client: &Client, expected: ErrorCode) {
    let state = until(client, |state| failure(state).is_some()).await;
    assert_eq!((failure(&state), state.phase), (Some(expected), Phase::Browser));
}

#[tokio::test]
async fn the_browser_brings_the_inbox() {
    let desk = Desk::new();
    let client = awaiting(&desk).await;
    assert_eq!(desk.pages.opened(), ["https://id.example/authorize?a=1"]);
    let answer = comes_back(&desk, "code=the-code").await.expect("an answer");
    assert!(answer.contains("You can go back to Recado"), "{answer}");
    let state = until(&client, |state| state.phase == Phase::Ready).await;
    assert_eq!(state.browser, None);
    // And it is there after the next start.
    client.shutdown().await;
    drop(client);
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn a_browser_that_never_comes_back() {
    let desk = Desk::new();
    desk.server.state().sso_for_s = Some(0);
    let client = awaiting(&desk).await;
    fails_with(&client, ErrorCode::SignInExpired).await;
    assert_eq!(comes_back(&desk, "code=the-code").await, None, "it still listens");
    let again = client.invoke("sso_open_again", json!({})).await.expect_err("it is over");
    assert_eq!(again.code, ErrorCode::SignInExpired);
    // The next attempt is an attempt of its own.
    desk.server.state().sso_for_s = None;
    begin(&client).await.expect("begun again");
    comes_back(&desk, "code=the-code").await.expect("an answer");
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn a_browser_that_comes_back_twice() {
    let desk = Desk::new();
    let client = awaiting(&desk).await;
    comes_back(&desk, "code=the-code").await.expect("an answer");
    assert_eq!(comes_back(&desk, "code=the-code").await, None, "it still listens");
    until(&client, |state| state.phase == Phase::Ready).await;
    assert_eq!(desk.server.state().sso_completed, 1);
}

#[tokio::test]
async fn another_program_that_comes_to_the_port() {
    let desk = Desk::new();
    let client = awaiting(&desk).await;
    let redirect = desk.server.state().sso["redirect_uri"].as_str().expect("it").to_owned();
    for query in ["code=evil&state=guess", "code=evil", "", "error=sso_denied&state="] {
        let answer = comes_to(&redirect, query).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    assert_eq!(client.state().phase, Phase::Browser);
    assert_eq!(failure(&client.state()), None);
    comes_back(&desk, "code=the-code").await.expect("an answer");
    until(&client, |state| state.phase == Phase::Ready).await;
    assert_eq!(desk.server.state().sso_completed, 1, "a foreign code was sent to the server");
}

#[tokio::test]
async fn giving_up_closes_the_port() {
    let desk = Desk::new();
    let client = awaiting(&desk).await;
    let state = client.invoke("sso_cancel", json!({})).await.expect("given up");
    assert_eq!((&state["phase"], &state["browser"]), (&json!("sign_in"), &Value::Null));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(comes_back(&desk, "code=the-code").await, None, "it still listens");
    assert_eq!(desk.server.state().sso_completed, 0);
    // Giving up what is not there changes nothing.
    let state = client.invoke("sso_cancel", json!({})).await.expect("nothing");
    assert_eq!(state["phase"], "sign_in");
}

#[tokio::test]
async fn a_second_attempt_ends_the_first() {
    let desk = Desk::new();
    let client = awaiting(&desk).await;
    let first = desk.server.state().sso.clone();
    begin(&client).await.expect("begun again");
    let state = first["app_state"].as_str().expect("a state");
    tokio::time::sleep(Duration::from_millis(20)).await;
    let redirect = first["redirect_uri"].as_str().expect("an address");
    let late = comes_to(redirect, &format!("code=the-code&state={state}")).await;
    assert_eq!(late, None, "the first still listens");
    assert_eq!(client.state().phase, Phase::Browser);
    comes_back(&desk, "code=the-code").await.expect("an answer");
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn a_password_in_place_of_the_browser() {
    let desk = Desk::new();
    let client = awaiting(&desk).await;
    password(&client).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(comes_back(&desk, "code=the-code").await, None, "it still listens");
    assert_eq!((client.state().phase, client.state().browser), (Phase::Code, None));
}

#[tokio::test]
async fn a_server_that_cannot_be_reached() {
    let desk = Desk::new();
    let client = joined(&desk).await;
    desk.server.state().unreachable = true;
    assert_eq!(begin(&client).await.expect_err("no way").code, ErrorCode::Unreachable);
    assert_eq!(client.state().phase, Phase::SignIn);
    assert_eq!(desk.pages.opened(), Vec::<String>::new());
    desk.server.state().unreachable = false;
    begin(&client).await.expect("begun");
    desk.server.state().unreachable = true;
    comes_back(&desk, "code=the-code").await.expect("an answer");
    fails_with(&client, ErrorCode::Unreachable).await;
}

#[tokio::test]
async fn what_the_browser_brings_in_place_of_a_code() {
    for (name, expected) in [
        ("sso_denied", ErrorCode::SsoDenied),
        ("sso_unavailable", ErrorCode::SsoUnavailable),
        ("sign_in_expired", ErrorCode::SignInExpired),
        ("something_newer", ErrorCode::SsoFailed),
        ("%3Cscript%3E", ErrorCode::SsoFailed),
    ] {
        let desk = Desk::new();
        let client = awaiting(&desk).await;
        let answer = comes_back(&desk, &format!("error={name}")).await.expect("an answer");
        assert!(!answer.contains("script"), "{answer}");
        fails_with(&client, expected).await;
    }
}

#[tokio::test]
async fn a_code_that_the_server_does_not_take() {
    let desk = Desk::new();
    let client = awaiting(&desk).await;
    comes_back(&desk, "code=another").await.expect("an answer");
    fails_with(&client, ErrorCode::SsoFailed).await;
    let state = client.invoke("sso_cancel", json!({})).await.expect("back");
    assert_eq!(state["phase"], "sign_in");
}

#[tokio::test]
async fn a_keychain_that_refuses_is_found_out_before_the_server_is_asked() {
    let desk = Desk::new();
    let client = joined(&desk).await;
    desk.keychain.fail_always(Some(KeychainError::Locked));
    assert_eq!(begin(&client).await.expect_err("locked").code, ErrorCode::KeychainLocked);
    assert_eq!(desk.server.state().sso, Value::Null);
    desk.keychain.fail_always(None);
    begin(&client).await.expect("begun");
    desk.keychain.fail_always(Some(KeychainError::Locked));
    comes_back(&desk, "code=the-code").await.expect("an answer");
    fails_with(&client, ErrorCode::KeychainLocked).await;
    assert_eq!(desk.server.state().sso_completed, 0, "a session began that nobody can keep");
}

#[tokio::test]
async fn a_page_that_is_not_https_is_not_opened() {
    for page in ["http://id.example/", "http://127.0.0.1:1/", "mailto:a@b.example", "file:///x"] {
        let desk = Desk::new();
        desk.server.state().sso_page = Some(page);
        let client = joined(&desk).await;
        assert_eq!(begin(&client).await.expect_err(page).code, ErrorCode::LinkRefused);
        assert_eq!(desk.pages.opened(), Vec::<String>::new());
        assert_eq!(client.state().phase, Phase::SignIn);
    }
}

#[tokio::test]
async fn the_page_can_be_opened_again() {
    let desk = Desk::new();
    let client = awaiting(&desk).await;
    client.invoke("sso_open_again", json!({})).await.expect("opened");
    assert_eq!(desk.pages.opened().len(), 2);
    assert_eq!(desk.pages.opened()[0], desk.pages.opened()[1]);
}

#[tokio::test]
async fn an_older_server_knows_passwords_only() {
    let desk = Desk::new();
    let client = joined(&desk).await;
    let request = json!({ "email": "ana@example.com" });
    let ways = client.invoke("sign_in_ways", request.clone()).await.expect("ways");
    assert_eq!(ways["providers"][0]["name"], "Cactus ID");
    desk.server.state().next_answers.push_back(ErrorCode::NotFound);
    let ways = client.invoke("sign_in_ways", request).await.expect("ways");
    assert_eq!(ways, json!({ "password": true, "providers": [], "has_providers": false }));
}
