//! How sessions go on and end.

use recado_protocol::Role;
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::Session;
use recado_server::backend::TeammateChange;
use recado_server::identity::token::{Secret, TokenKind};
use reqwest::StatusCode;

use crate::harness::{SignedIn, TestServer, body, code, databases};

fn secret() -> Secret {
    Secret::generate(TokenKind::Refresh).expect("random")
}

async fn refresh(
    server: &TestServer,
    signed_in: &SignedIn,
    current: &Secret,
    next: &Secret,
) -> Result<Session, ErrorCode> {
    let response = server.post("/v1/session/refresh", &signed_in.refresh_with(current, next)).await;
    if response.status().is_success() {
        Ok(body(response).await)
    } else {
        Err(code(response).await)
    }
}

async fn bootstrap(server: &TestServer, token: &str) -> Result<(), ErrorCode> {
    let response = server.get("/v1/bootstrap", token).await;
    if response.status() == StatusCode::OK { Ok(()) } else { Err(code(response).await) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_runs_out_and_a_refresh_brings_the_next() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let signed_in = server.sign_in(&ana).await;
        assert_eq!(signed_in.session.expires_in_s, 300);
        bootstrap(&server, signed_in.token()).await.expect("signed in");
        server.clock.advance(300);
        assert_eq!(bootstrap(&server, signed_in.token()).await, Err(ErrorCode::AccessTokenExpired));
        let renewed =
            refresh(&server, &signed_in, &signed_in.refresh, &secret()).await.expect("renewed");
        bootstrap(&server, &renewed.access_token).await.expect("renewed");
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_repaired_by_the_same_request() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let signed_in = server.sign_in(&ana).await;
        let (first, second, third) = (signed_in.refresh.clone(), secret(), secret());
        // The answer is lost any number of times; the client has stored both secrets.
        for _ in 0..3 {
            refresh(&server, &signed_in, &first, &second).await.expect("repeated");
        }
        let renewed = refresh(&server, &signed_in, &second, &third).await.expect("goes on");
        bootstrap(&server, &renewed.access_token).await.expect("goes on");
        // A repetition that was overtaken on the way ends nothing.
        assert_eq!(
            refresh(&server, &signed_in, &first, &second).await,
            Err(ErrorCode::IdempotencyConflict)
        );
        bootstrap(&server, &renewed.access_token).await.expect("still goes on");
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_holder_of_a_secret_ends_the_session_for_both() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let signed_in = server.sign_in(&ana).await;
        let (stolen, next) = (signed_in.refresh.clone(), secret());
        let renewed = refresh(&server, &signed_in, &stolen, &next).await.expect("the owner's");
        assert_eq!(
            refresh(&server, &signed_in, &stolen, &secret()).await,
            Err(ErrorCode::SessionEnded)
        );
        for token in [signed_in.token(), &renewed.access_token] {
            assert_eq!(bootstrap(&server, token).await, Err(ErrorCode::SessionEnded));
        }
        assert_eq!(
            refresh(&server, &signed_in, &next, &secret()).await,
            Err(ErrorCode::SessionEnded)
        );
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let idle = server.sign_in(&ana).await;
    server.clock.advance(12 * 3_600);
    assert_eq!(
        refresh(&server, &idle, &idle.refresh, &secret()).await,
        Err(ErrorCode::SessionEnded)
    );

    let old = server.sign_in(&ana).await;
    let mut current = old.refresh.clone();
    for _ in 0..66 {
        let next = secret();
        refresh(&server, &old, &current, &next).await.expect("in use");
        current = next;
        server.clock.advance(11 * 3_600);
    }
    // Thirty days have passed, however much it was used.
    assert_eq!(refresh(&server, &old, &current, &secret()).await, Err(ErrorCode::SessionEnded));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_and_being_suspended_end_every_token_at_once() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let signed_out = server.sign_in(&ana).await;
        let other = server.sign_in(&ana).await;
        let answer = server
            .client
            .delete(server.url("/v1/session"))
            .bearer_auth(signed_out.token())
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(bootstrap(&server, signed_out.token()).await, Err(ErrorCode::SessionEnded));
        assert_eq!(
            refresh(&server, &signed_out, &signed_out.refresh, &secret()).await,
            Err(ErrorCode::SessionEnded)
        );

        bootstrap(&server, other.token()).await.expect("the other session goes on");
        let change = TeammateChange {
            state: Some(recado_protocol::TeammateState::Suspended),
            ..TeammateChange::default()
        };
        server.running.backend().change_teammate(&ana.email, change).await.expect("suspended");
        assert_eq!(bootstrap(&server, other.token()).await, Err(ErrorCode::SessionEnded));
        assert_eq!(
            refresh(&server, &other, &other.refresh, &secret()).await,
            Err(ErrorCode::SessionEnded)
        );
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_unknown_sessions_are_limited() {
    let server = TestServer::start().await;
    let ana = server.add("ana", Role::Agent).await;
    let mut foreign = server.sign_in(&ana).await;
    let mut evaluated = 0;
    for n in 0..1_000_u128 {
        foreign.session.session_id =
            recado_protocol::SessionId::from_uuid(uuid::Uuid::from_u128(n));
        match refresh(&server, &foreign, &secret(), &secret()).await {
            Err(ErrorCode::SessionEnded) => evaluated += 1,
            Err(ErrorCode::TooManyAttempts) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((1..=100).contains(&evaluated), "{evaluated} guesses were evaluated");
}

#[tokio::test(flavor = "multi_thread")]
async fn cleaning_ends_what_is_stale_and_leaves_what_is_in_use() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let stale = server.sign_in(&ana).await;
        server.clock.advance(6 * 3_600);
        let used = server.sign_in(&ana).await;
        server.clock.advance(7 * 3_600);
        let sessions = server.running.backend().sessions();
        sessions.end_stale().await.expect("cleaned");
        sessions.delete_expired().await.expect("cleaned");
        assert!(!sessions.is_running(stale.session.session_id).await.expect("an answer"));
        assert!(sessions.is_running(used.session.session_id).await.expect("an answer"));
        refresh(&server, &used, &used.refresh, &secret()).await.expect("in use");

        // Everything that was kept for a while goes in the end, with nothing left that refers to it.
        server.clock.advance(200 * 86_400);
        sessions.end_stale().await.expect("cleaned");
        sessions.delete_expired().await.expect("cleaned");
        server.clock.advance(200 * 86_400);
        sessions.delete_expired().await.expect("cleaned");
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knows_a_session_only_by_its_id_cannot_end_it() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let signed_in = server.sign_in(&ana).await;
        let mut refused = 0;
        for _ in 0..200 {
            match refresh(&server, &signed_in, &secret(), &secret()).await {
                Err(ErrorCode::SessionEnded) => {}
                Err(ErrorCode::TooManyAttempts) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(refused > 100, "{refused} guesses were not evaluated");
        bootstrap(&server, signed_in.token()).await.expect("it goes on");
        let renewed = refresh(&server, &signed_in, &signed_in.refresh, &secret()).await;
        bootstrap(&server, &renewed.expect("goes on").access_token).await.expect("it goes on");
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_any_former_time_shows_a_second_holder() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        for stolen in 0..4 {
            let signed_in = server.sign_in(&ana).await;
            let mut secrets = vec![signed_in.refresh.clone()];
            for _ in 0..6 {
                let next = secret();
                let current = secrets.last().expect("one");
                refresh(&server, &signed_in, current, &next).await.expect("goes on");
                secrets.push(next);
            }
            let outcome = refresh(&server, &signed_in, &secrets[stolen], &secret()).await;
            assert_eq!(outcome, Err(ErrorCode::SessionEnded));
            let ended = bootstrap(&server, signed_in.token()).await;
            assert_eq!(ended, Err(ErrorCode::SessionEnded), "{stolen}");
        }
        server.running.stop().await;
    }
}
