//! Personal links, from the pasted link to the inbox.

use recado_protocol::ErrorCode;
use recado_protocol::enrolment::EnrolmentKind;
use recado_protocol::host::{AppState, EnrolmentStage, HostEvent, Phase};
use serde_json::{Value, json};

use super::server::{CODE, Desk, SECRET, join, password, until, workspace_id};
use crate::Client;
use crate::keychain::KeychainError;

fn link() -> Value {
    let workspace = workspace_id();
    let text =
        format!("recado://join?url=https://desk.example&workspace={workspace}&invitation={SECRET}");
    json!({ "link": text })
}

async fn refused(client: &Client, name: &str, request: Value) -> ErrorCode {
    client.invoke(name, request).await.expect_err("it is refused").code
}

async fn invoke(client: &Client, name: &str, request: Value) -> Value {
    client.invoke(name, request).await.unwrap_or_else(|error| panic!("{name}: {error:?}"))
}

fn stage(client: &Client) -> Option<EnrolmentStage> {
    client.state().enrolment.map(|enrolment| enrolment.stage)
}

async fn opened(desk: &Desk) -> Client {
    let client = desk.start().await;
    until(&client, |state| state.phase != Phase::Opening).await;
    invoke(&client, "workspace_join", link()).await;
    client
}

async fn chosen(client: &Client) {
    let request = json!({ "name": " Ana Ruiz ", "password": "otter violin gravel" });
    invoke(client, "enrolment_password", request).await;
}

fn code(digits: &str) -> Value {
    json!({ "code": digits, "recovery": false })
}

#[tokio::test]
async fn one_link_leads_from_a_new_machine_to_the_inbox() {
    let desk = Desk::new();
    let client = opened(&desk).await;
    let state = client.state();
    assert_eq!(state.phase, Phase::Enrol);
    let shown = state.enrolment.expect("a link");
    assert_eq!((shown.stage, shown.invited_by.as_deref()), (EnrolmentStage::Password, Some("Mia")));
    assert_eq!(state.account.expect("an account").email, "ana@example.com");
    let judged = invoke(&client, "password_check", json!({ "password": "password" })).await;
    assert_eq!(judged["issues"][0]["issue"], "common");

    chosen(&client).await;
    assert_eq!(stage(&client), Some(EnrolmentStage::Authenticator));
    let asked = desk.server.state().enrolment["/v1/enrolment/password"].clone();
    assert_eq!((&asked["name"], &asked["device"]["name"]), (&json!("Ana Ruiz"), &json!("Desk")));
    let picture = invoke(&client, "authenticator_setup", json!({})).await;
    assert_eq!(picture["secret"], "GEZDGNBVGY3TQOJQ");
    assert!(picture["rows"].as_array().is_some_and(|rows| rows.len() > 20));
    invoke(&client, "enrolment_back", json!({})).await;
    assert_eq!(stage(&client), Some(EnrolmentStage::Password));
    chosen(&client).await;
    for wrong in ["12345", "abcdef", "654321"] {
        assert_eq!(refused(&client, "enrolment_code", code(wrong)).await, ErrorCode::InvalidCode);
    }
    invoke(&client, "enrolment_code", code("123 456")).await;
    assert_eq!(
        (client.state().phase, stage(&client)),
        (Phase::Enrol, Some(EnrolmentStage::RecoveryCodes))
    );
    // However often they are asked for, they are the ones that were made.
    for _ in 0..2 {
        let codes = invoke(&client, "recovery_codes_make", json!({})).await;
        assert_eq!(codes["codes"], json!(["abcd-2345"]));
    }
    let saved = invoke(&client, "recovery_codes_save", json!({ "codes": ["abcd-2345"] })).await;
    let text = std::fs::read_to_string(saved["path"].as_str().expect("a path")).expect("saved");
    assert!(text.contains("Example") && text.contains("ana@example.com"), "{text}");
    invoke(&client, "enrolment_cancel", json!({})).await;
    assert_eq!(client.state().phase, Phase::Enrol, "the account is taken");
    invoke(&client, "enrolment_finish", json!({})).await;
    let state = until(&client, |state| state.phase == Phase::Ready).await;
    assert_eq!(state.enrolment, None);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again() {
    let desk = Desk::new();
    let client = opened(&desk).await;
    chosen(&client).await;
    desk.server.state().lost = Some("/v1/enrolment/complete");
    assert_eq!(refused(&client, "enrolment_code", code(CODE)).await, ErrorCode::Unreachable);
    assert_eq!(stage(&client), Some(EnrolmentStage::Authenticator));
    invoke(&client, "enrolment_code", code("000000")).await;
    assert_eq!(stage(&client), Some(EnrolmentStage::RecoveryCodes));
    // The codes' own answer is lost as well.
    invoke(&client, "enrolment_finish", json!({})).await;
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn whoever_closes_the_app_goes_on_with_the_same_link() {
    let desk = Desk::new();
    let client = opened(&desk).await;
    chosen(&client).await;
    client.shutdown().await;
    drop(client);
    // The secret was kept nowhere, the server was.
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::SignIn).await;
    invoke(&client, "workspace_join", link()).await;
    assert_eq!(stage(&client), Some(EnrolmentStage::Authenticator));
    invoke(&client, "enrolment_code", code(CODE)).await;
    client.shutdown().await;
    drop(client);
    // The account is the person's, so the next start opens it, and the link is good for nothing more.
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Ready).await;
    assert_eq!(refused(&client, "workspace_join", link()).await, ErrorCode::InvalidRequest);
}

#[tokio::test]
async fn a_link_that_is_no_good_joins_all_the_same_and_says_why() {
    let desk = Desk::new();
    desk.server
        .state()
        .enrolment
        .insert("/v1/enrolment/complete".to_owned(), json!({ "used": true }));
    let client = opened(&desk).await;
    let spent = |state: &AppState| {
        (state.phase, state.problem.as_ref().map(|problem| problem.code))
            == (Phase::SignIn, Some(ErrorCode::PersonalLinkInvalid))
    };
    assert!(spent(&client.state()), "{:?}", client.state());
    // At the sign-in it is told to whoever has pasted it.
    assert_eq!(refused(&client, "workspace_join", link()).await, ErrorCode::PersonalLinkInvalid);
    password(&client).await;
}

#[tokio::test]
async fn a_link_that_ends_halfway_leads_to_the_sign_in() {
    let desk = Desk::new();
    let client = opened(&desk).await;
    chosen(&client).await;
    desk.server.state().next_answers.push_back(ErrorCode::SignInExpired);
    assert_eq!(refused(&client, "enrolment_code", code(CODE)).await, ErrorCode::SignInExpired);
    assert_eq!(stage(&client), Some(EnrolmentStage::Password), "it was begun anew elsewhere");
    desk.server.state().next_answers.push_back(ErrorCode::PersonalLinkInvalid);
    let request = json!({ "name": "Ana", "password": "otter violin gravel" });
    let ended = refused(&client, "enrolment_password", request).await;
    assert_eq!(ended, ErrorCode::PersonalLinkInvalid);
    let state = client.state();
    assert_eq!((state.phase, state.enrolment), (Phase::SignIn, None));
}

#[tokio::test]
async fn a_present_authenticator_stays_with_its_recovery_codes() {
    let desk = Desk::new();
    desk.server.state().keeps_authenticator = true;
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    join(&client).await;
    invoke(&client, "workspace_join", link()).await;
    chosen(&client).await;
    assert_eq!(stage(&client), Some(EnrolmentStage::Code));
    assert_eq!(refused(&client, "authenticator_setup", json!({})).await, ErrorCode::InvalidRequest);
    let request = json!({ "code": CODE, "recovery": true });
    invoke(&client, "enrolment_code", request).await;
    until(&client, |state| state.phase == Phase::Ready).await;
    assert!(desk.server.state().enrolment.contains_key("/v1/enrolment/complete"));
}

#[tokio::test]
async fn a_keychain_that_does_not_work_is_found_out_before_the_password_is_sent() {
    let desk = Desk::new();
    let client = opened(&desk).await;
    desk.keychain.fail_always(Some(KeychainError::Locked));
    let request = json!({ "name": "Ana", "password": "otter violin gravel" });
    assert_eq!(refused(&client, "enrolment_password", request).await, ErrorCode::KeychainLocked);
    assert!(!desk.server.state().enrolment.contains_key("/v1/enrolment/password"));
    desk.keychain.fail_always(None);
    chosen(&client).await;
}

#[tokio::test]
async fn a_link_of_another_workspace_and_one_while_somebody_is_signed_in_are_refused() {
    let desk = Desk::new();
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    join(&client).await;
    let other = format!(
        "recado://join?url=https://desk.example&workspace=wrk_{:032}&invitation={SECRET}",
        2
    );
    let other = json!({ "link": other });
    assert_eq!(refused(&client, "workspace_join", other).await, ErrorCode::InvalidRequest);
    // A personal link that another server made up goes to the server that was joined.
    let evil = format!(
        "recado://join?url=https://evil.example&workspace={}&invitation={SECRET}",
        workspace_id()
    );
    invoke(&client, "workspace_join", json!({ "link": evil })).await;
    assert_eq!(client.state().workspace.expect("joined").host, "desk.example");
    invoke(&client, "enrolment_cancel", json!({})).await;
    assert_eq!(client.state().phase, Phase::SignIn);
}

#[tokio::test]
async fn a_link_from_outside_is_handed_on_whole_and_never_prints_its_secret() {
    let desk = Desk::new();
    let client = desk.start().await;
    let mut events = client.events();
    let text = link()["link"].as_str().expect("text").to_owned();
    client.open_link_from_outside(&text).expect("a link");
    loop {
        let event = events.recv().await.expect("an event");
        assert!(!format!("{event:?}").contains("rct_i_"));
        if let HostEvent::JoinLinkReceived { link } = event {
            assert!(link.0.contains(SECRET));
            break;
        }
    }
}

/// A client whose person has signed in and has to set up an authenticator of their own.
async fn led(desk: &Desk) -> Client {
    desk.server.state().must_set_up = true;
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::Join).await;
    join(&client).await;
    password(&client).await;
    invoke(&client, "sign_in_code", json!({ "code": CODE })).await;
    let shown = client.state().enrolment.expect("led there");
    assert_eq!(
        (shown.kind, shown.stage),
        (EnrolmentKind::OwnAuthenticator, EnrolmentStage::Authenticator)
    );
    client
}

#[tokio::test]
async fn who_has_to_set_up_an_authenticator_is_led_there_and_then_into_the_inbox() {
    let desk = Desk::new();
    let client = led(&desk).await;
    for _ in 0..2 {
        let picture = invoke(&client, "authenticator_setup", json!({})).await;
        assert_eq!(picture["secret"], "GEZDGNBVGY3TQOJQ");
    }
    assert_eq!(refused(&client, "enrolment_code", code("000000")).await, ErrorCode::InvalidCode);
    invoke(&client, "enrolment_code", code(CODE)).await;
    assert_eq!(stage(&client), Some(EnrolmentStage::RecoveryCodes));
    let codes = invoke(&client, "recovery_codes_make", json!({})).await;
    assert_eq!(codes["codes"], json!(["abcd-2345"]));
    invoke(&client, "enrolment_finish", json!({})).await;
    until(&client, |state| state.phase == Phase::Ready).await;
}

#[tokio::test]
async fn who_leaves_it_or_takes_too_long_signs_in_again_and_is_led_there_again() {
    let desk = Desk::new();
    let client = led(&desk).await;
    desk.server.state().next_answers.push_back(ErrorCode::StepUpRequired);
    let late = refused(&client, "authenticator_setup", json!({})).await;
    assert_eq!(late, ErrorCode::SignInExpired);
    let state = client.state();
    assert_eq!((state.phase, state.enrolment), (Phase::SignIn, None));
    password(&client).await;
    invoke(&client, "sign_in_code", json!({ "code": CODE })).await;
    invoke(&client, "enrolment_cancel", json!({})).await;
    assert_eq!(client.state().phase, Phase::SignIn);
    assert!(desk.server.state().ended_by_client);
    // Nothing of it was kept as a session that could be opened.
    client.shutdown().await;
    drop(client);
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::SignIn).await;
}

#[tokio::test]
async fn an_inbox_that_is_open_when_the_grace_ends_leads_to_the_sign_in() {
    let desk = Desk::new();
    let client = desk.signed_in().await;
    client.shutdown().await;
    drop(client);
    desk.server.state().must_set_up = true;
    let client = desk.start().await;
    until(&client, |state| state.phase == Phase::SignIn).await;
    password(&client).await;
    invoke(&client, "sign_in_code", json!({ "code": CODE })).await;
    assert_eq!(stage(&client), Some(EnrolmentStage::Authenticator));
}
