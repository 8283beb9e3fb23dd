//! Guesses at a link's secret and at the code that completes one pass the one limiter.

use recado_protocol::Role;
use recado_protocol::enrolment::MadeLink;
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::Session;
use recado_server::http::{Access, api};

use super::scene::{GOOD, Joining, invitation};
use crate::harness::{TestServer, body, code, new_device};

#[tokio::test(flavor = "multi_thread")]
async fn every_step_with_a_link_s_secret_is_declared_as_one_that_checks_a_secret() {
    let server = TestServer::start().await;
    let api = api(server.running.edge().clone()).expect("an API");
    let steps: Vec<_> =
        api.routes.iter().filter(|route| route.path.starts_with("/v1/enrolment")).collect();
    assert_eq!(steps.len(), 4);
    assert!(steps.iter().all(|route| route.access == Access::VerifiesSecret), "{steps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_wrong_codes_at_most_a_hundred_are_evaluated_and_the_right_one_still_counts()
{
    let server = TestServer::start().await;
    let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
    let agent = server.sign_in(&server.add("ana", Role::Agent).await).await;
    let made: MadeLink = body(server.try_reset(&admin, &agent, true).await).await;
    let mut opened = Joining::of(&made);
    opened.chose(&server, "ana", GOOD).await;
    let mut evaluated = 0;
    for _ in 0..1_000 {
        server.clock.advance(86);
        match code(opened.complete_with(&server, "000000").await).await {
            ErrorCode::InvalidCode => evaluated += 1,
            ErrorCode::TooManyAttempts => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((1..=100).contains(&evaluated), "{evaluated} guesses were evaluated");
    server.clock.advance(24 * 3_600);
    body::<Session>(opened.complete(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_secrets_are_stopped_by_their_address_and_a_right_one_costs_nothing() {
    let server = TestServer::start().await;
    let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
    let made = server.invite(&admin, &invitation("ana@inbox.example")).await;
    let ana = Joining::of(&made);
    for _ in 0..200 {
        ana.opened(&server).await;
    }
    let mut refused = 0;
    for _ in 0..200 {
        let wrong = Joining {
            secret: format!("rct_i_{}", "A".repeat(43)),
            device: new_device(),
            ..ana.clone()
        };
        match code(wrong.open(&server).await).await {
            ErrorCode::PersonalLinkInvalid => refused += 1,
            ErrorCode::TooManyAttempts => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((1..100).contains(&refused), "{refused} guesses were evaluated");
    assert_eq!(code(ana.open(&server).await).await, ErrorCode::TooManyAttempts);
}
