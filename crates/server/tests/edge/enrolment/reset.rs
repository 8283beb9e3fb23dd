//! Resets: the path of who has lost something is no weaker than the one by which it was set up.

use recado_protocol::account::{EndSessionsRequest, SessionList};
use recado_protocol::enrolment::{EnrolmentKind, MadeLink, ShownFactor};
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::Session;
use recado_protocol::{Role, TeammateState};
use recado_server::backend::TeammateChange;

use super::scene::{GOOD, Joining, invitation};
use crate::harness::{Person, TestServer, body, code, databases};

#[tokio::test(flavor = "multi_thread")]
async fn another_password_takes_the_present_authenticator_and_ends_every_other_session() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
        let ana = server.add("ana", Role::Agent).await;
        let before = server.sign_in(&ana).await;
        let made: MadeLink = body(server.try_reset(&admin, &before, false).await).await;
        assert_eq!(made.enrolment.kind, EnrolmentKind::PasswordReset);
        assert!(made.letter.contains("mia") || made.letter.contains("contraseña"));

        let mut opened = Joining::of(&made);
        let chosen = opened.chose(&server, "Somebody Else", GOOD).await;
        assert!(chosen.authenticator.is_none() && chosen.name == "ana");
        // The link alone is one factor less.
        let refused = opened.complete_with(&server, "000000").await;
        assert_eq!(code(refused).await, ErrorCode::InvalidCode);
        assert!(server.get("/v1/bootstrap", before.token()).await.status().is_success());
        server.clock.advance(30);
        let session: Session =
            body(opened.complete_with(&server, &server.now_code(&ana)).await).await;
        assert_eq!(session.teammate_id, before.session.teammate_id);
        let ended = server.get("/v1/bootstrap", before.token()).await;
        assert_eq!(code(ended).await, ErrorCode::SessionEnded);
        server.clock.advance(30);
        let old = server.post("/v1/sign-in", &ana.request()).await;
        assert_eq!(code(old).await, ErrorCode::InvalidCredentials);
        server.clock.advance(30);
        server.sign_in(&Person { password: GOOD.to_owned(), ..ana.clone() }).await;
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_stands_for_the_present_authenticator_once() {
    let server = TestServer::start().await;
    let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
    let ana = server.add("ana", Role::Agent).await;
    let before = server.sign_in(&ana).await;
    let codes = server.recovery_codes(&before).await;
    let by = |code: &str| ShownFactor::RecoveryCode { code: code.to_owned() };
    let made: MadeLink = body(server.try_reset(&admin, &before, false).await).await;
    let mut opened = Joining::of(&made);
    opened.chose(&server, "ana", GOOD).await;
    let refused = opened.complete_by(&server, by("abcd-abcd-abcd-abcd-abcd-abcd-abcd")).await;
    assert_eq!(code(refused).await, ErrorCode::InvalidCode);
    server.clock.advance(30);
    body::<Session>(opened.complete_by(&server, by(&codes[0])).await).await;
    let made: MadeLink = body(server.try_reset(&admin, &before, false).await).await;
    let mut opened = Joining::of(&made);
    opened.chose(&server, "ana", GOOD).await;
    let again = opened.complete_by(&server, by(&codes[0])).await;
    assert_eq!(code(again).await, ErrorCode::InvalidCode);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_lost_both_sets_up_both_and_what_was_lost_is_good_for_nothing() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
        let ana = server.add("ana", Role::Agent).await;
        let before = server.sign_in(&ana).await;
        let codes = server.recovery_codes(&before).await;
        let made: MadeLink = body(server.try_reset(&admin, &before, true).await).await;
        let mut opened = Joining::of(&made);
        opened.chose(&server, "ana", GOOD).await;
        // Neither the lost authenticator nor its codes complete it.
        let refused = opened.complete_with(&server, &server.now_code(&ana)).await;
        assert_eq!(code(refused).await, ErrorCode::InvalidCode);
        server.clock.advance(30);
        let lost = ShownFactor::RecoveryCode { code: codes[0].clone() };
        assert_eq!(code(opened.complete_by(&server, lost).await).await, ErrorCode::InvalidCode);
        server.clock.advance(30);
        body::<Session>(opened.complete(&server).await).await;
        let ended = server.get("/v1/bootstrap", before.token()).await;
        assert_eq!(code(ended).await, ErrorCode::SessionEnded);

        server.clock.advance(30);
        let person = opened.person(&ana.email);
        let flow = server.flow(&person).await;
        let request = recado_protocol::account::RecoveryRequest {
            flow,
            code: codes[1].clone(),
            refresh_hash: crate::harness::hash_of("a secret"),
        };
        let refused = server.post("/v1/sign-in/recovery", &request).await;
        assert_eq!(code(refused).await, ErrorCode::InvalidCode);
        server.clock.advance(30);
        server.sign_in(&person).await;
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_resets_themselves_and_nobody_who_is_not_in_use_is_reset() {
    let server = TestServer::start().await;
    let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
    let ana = server.add("ana", Role::Agent).await;
    let agent = server.sign_in(&ana).await;
    let own = server.try_reset(&admin, &admin, true).await;
    assert_eq!(code(own).await, ErrorCode::PermissionDenied);
    let made: MadeLink = body(server.try_reset(&admin, &agent, true).await).await;
    let mut opened = Joining::of(&made);
    opened.chose(&server, "ana", GOOD).await;
    let suspended =
        TeammateChange { state: Some(TeammateState::Suspended), ..TeammateChange::default() };
    server.running.backend().change_teammate(&ana.email, suspended).await.expect("suspended");
    assert_eq!(code(opened.complete(&server).await).await, ErrorCode::PersonalLinkInvalid);
    let refused = server.try_reset(&admin, &agent, true).await;
    assert_eq!(code(refused).await, ErrorCode::InvalidValue);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_takes_the_place_of_an_older_one_and_sessions_run_until_it_is_complete() {
    let server = TestServer::start().await;
    let mia = server.add("mia", Role::Admin).await;
    let admin = server.sign_in(&mia).await;
    let agent = server.sign_in(&server.add("ana", Role::Agent).await).await;
    let first: MadeLink = body(server.try_reset(&admin, &agent, true).await).await;
    let second: MadeLink = body(server.try_reset(&admin, &agent, false).await).await;
    let refused = Joining::of(&first).open(&server).await;
    assert_eq!(code(refused).await, ErrorCode::PersonalLinkInvalid);
    Joining::of(&second).opened(&server).await;
    let listed: SessionList = body(server.get("/v1/sessions", agent.token()).await).await;
    assert_eq!(listed.sessions.len(), 1);
    let request = EndSessionsRequest { session_ids: Vec::new(), wipe: false };
    assert!(server.post_as(&agent, "/v1/sessions/end", &request).await.status().is_success());
    // An invitation has an address of its own, so it leaves the reset alone.
    server.invite(&admin, &invitation("ben@inbox.example")).await;
    Joining::of(&second).opened(&server).await;
}
