//! Signing in.

use futures_util::future::join_all;
use recado_protocol::Role;
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::TotpRequest;
use recado_server::backend::TeammateChange;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;

use crate::harness::{Person, TestServer, body, code, databases, error, hash_of, new_device};

fn totp_request(flow: &str, code: &str) -> TotpRequest {
    TotpRequest {
        flow: flow.to_owned(),
        code: code.to_owned(),
        refresh_hash: hash_of("a secret of the client"),
    }
}

/// An answer's whole outside, without the date.
async fn outside(
    server: &TestServer,
    person: &Person,
    password: &str,
) -> (StatusCode, String, Vec<u8>) {
    let response = server.post("/v1/sign-in", &person.request_with(password)).await;
    let status = response.status();
    let mut headers = response.headers().clone();
    headers.remove("date");
    (status, format!("{headers:?}"), response.bytes().await.expect("a body").to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_address_wrong_password_and_suspended_account_get_the_same_bytes() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let ben = server.add("ben", Role::Agent).await;
        let change = TeammateChange {
            state: Some(recado_protocol::TeammateState::Suspended),
            ..TeammateChange::default()
        };
        server.running.backend().change_teammate(&ben.email, change).await.expect("suspended");
        let nobody = Person {
            email: "nobody@inbox.example".to_owned(),
            ..server.add("cy", Role::Agent).await
        };

        let wrong = outside(&server, &ana, "not the password").await;
        assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
        assert_eq!(outside(&server, &nobody, "not the password").await, wrong);
        assert_eq!(outside(&server, &ben, &ben.password).await, wrong);
        // And so do their limits: the second guess comes too soon for each of them.
        let limited = outside(&server, &ana, "not the password").await;
        assert_eq!(limited.0, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(outside(&server, &nobody, "not the password").await, limited);
        assert_eq!(outside(&server, &ben, &ben.password).await, limited);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_wrong_passwords_in_a_day_at_most_a_hundred_are_evaluated() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let mut evaluated = 0;
        for _ in 0..1_000 {
            server.clock.advance(86);
            let (status, error) =
                error(server.post("/v1/sign-in", &ana.request_with("wrong")).await).await;
            match error.code {
                ErrorCode::InvalidCredentials => evaluated += 1,
                ErrorCode::TooManyAttempts => {
                    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
                    assert!(error.retry_after_s.is_some_and(|seconds| seconds >= 1));
                }
                other => panic!("{other:?}"),
            }
        }
        assert!((1..=100).contains(&evaluated), "{evaluated} guesses were evaluated");
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_wrong_codes_in_a_day_at_most_a_hundred_are_evaluated() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let mut evaluated = 0;
    let mut flow = server.flow(&ana).await;
    for _ in 0..1_000 {
        server.clock.advance(86);
        let response = server.post("/v1/sign-in/totp", &totp_request(&flow, "000000")).await;
        match code(response).await {
            ErrorCode::InvalidCode => evaluated += 1,
            ErrorCode::TooManyAttempts => {}
            // Whoever knows the password begins anew. That must not bring fresh guesses.
            ErrorCode::SignInExpired => {
                let response = server.post("/v1/sign-in", &ana.request()).await;
                if response.status().is_success() {
                    flow = body::<recado_protocol::identity::SignInStep>(response).await.flow;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert!((1..=100).contains(&evaluated), "{evaluated} codes were evaluated");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_lock_a_known_device_out() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    server.sign_in(&ana).await;
    let stranger = Person { device: new_device(), ..server.add("cy", Role::Agent).await };
    let stranger = Person { email: ana.email.clone(), ..stranger };
    let mut limited = false;
    for _ in 0..40 {
        server.clock.advance(1);
        let response = server.post("/v1/sign-in", &stranger.request_with("wrong")).await;
        limited |= response.status() == StatusCode::TOO_MANY_REQUESTS;
    }
    assert!(limited, "the strangers were never limited");
    server.sign_in(&ana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_the_limiter_says_when_to_come_back() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    assert_eq!(
        code(server.post("/v1/sign-in", &ana.request_with("wrong")).await).await,
        ErrorCode::InvalidCredentials
    );
    let response = server.post("/v1/sign-in", &ana.request()).await;
    assert_eq!(response.headers()[RETRY_AFTER], "1");
    let (status, error) = error(response).await;
    assert_eq!((status, error.retry_after_s), (StatusCode::TOO_MANY_REQUESTS, Some(1)));
    server.clock.advance(1);
    server.flow(&ana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_accepted_once() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let (first, second) = (server.flow(&ana).await, server.flow(&ana).await);
        let used = server.now_code(&ana);
        let accepted = server.post("/v1/sign-in/totp", &totp_request(&first, &used)).await;
        assert_eq!(accepted.status(), StatusCode::OK);
        let again = server.post("/v1/sign-in/totp", &totp_request(&second, &used)).await;
        assert_eq!(code(again).await, ErrorCode::InvalidCode);
        let spent = server.post("/v1/sign-in/totp", &totp_request(&first, &used)).await;
        assert_eq!(code(spent).await, ErrorCode::SignInExpired);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_posts_of_one_code_at_once_exactly_one_succeeds() {
    let rounds = if std::env::var_os("RECADO_LONG").is_some() { 1_000 } else { 1 };
    // On a server of its own each time, since so many wrong codes make any server slow.
    for database in (0..rounds).flat_map(|_| databases()) {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let mut flows = Vec::new();
        for _ in 0..4 {
            flows.push(server.flow(&ana).await);
        }
        let used = server.now_code(&ana);
        let posts = (0..100).map(|n| {
            let request = totp_request(&flows[n % flows.len()], &used);
            let server = &server;
            async move { server.post("/v1/sign-in/totp", &request).await.status() }
        });
        let statuses = join_all(posts).await;
        let succeeded = statuses.iter().filter(|status| status.is_success()).count();
        assert_eq!(succeeded, 1, "{statuses:?}");
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_runs_out_and_foreign_tokens_begin_none() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let flow = server.flow(&ana).await;
    server.clock.advance(300);
    let late = totp_request(&flow, &server.now_code(&ana));
    assert_eq!(code(server.post("/v1/sign-in/totp", &late).await).await, ErrorCode::SignInExpired);
    for foreign in ["", "rct_s_", "rct_a_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "☃"] {
        let request = totp_request(foreign, "123456");
        let response = server.post("/v1/sign-in/totp", &request).await;
        assert_eq!(code(response).await, ErrorCode::SignInExpired, "{foreign:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_the_step_before_still_counts_and_an_older_one_does_not() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let early = server.now_code(&ana);
    server.clock.advance(60);
    let flow = server.flow(&ana).await;
    let refused = server.post("/v1/sign-in/totp", &totp_request(&flow, &early)).await;
    assert_eq!(code(refused).await, ErrorCode::InvalidCode);
    let previous = server.now_code(&ana);
    server.clock.advance(30);
    let accepted = server.post("/v1/sign-in/totp", &totp_request(&flow, &previous)).await;
    assert_eq!(accepted.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_stays_right_while_another_sign_in_renews_its_hash() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        // On devices that are known, since strangers have to wait for each other.
        let devices: Vec<_> =
            (0..6).map(|_| Person { device: new_device(), ..ana.clone() }).collect();
        for device in &devices {
            server.sign_in(device).await;
        }
        let server = server.restarted(|settings| settings.backend.password_cost = 5).await;
        // Each finds the hash made by the older recipe, and one of them replaces it.
        let flows = devices.iter().map(|device| server.flow(device));
        let flows = join_all(flows).await;
        assert_eq!(flows.len(), devices.len());
        server.running.stop().await;
    }
}
