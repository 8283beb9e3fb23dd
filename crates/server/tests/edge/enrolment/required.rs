//! An authenticator of one's own, where the workspace asks for it: reminded within the days of grace, and after them the
//! only thing that can be done.

use recado_protocol::account::{
    AccountSecurity, AuthenticatorSetup, ConfirmAuthenticatorRequest, RecoveryCodes,
};
use recado_protocol::enrolment::MadeLink;
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::Session;
use recado_protocol::{Role, Timestamp};
use recado_server::clock::Clock as _;
use recado_server::http::{Access, api};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::scene::{GOOD, Joining, invitation};
use crate::harness::{Person, SignedIn, TestServer, body, code, databases, error};
use crate::own_account::go_on;

const DAY_S: i64 = 86_400;

impl TestServer {
    async fn require_own(&self, roles: &[Role], days: Option<u32>) {
        let backend = self.running.backend();
        backend.require_own_factor(roles.to_vec(), days).await.expect("set");
    }

    async fn security(&self, who: &SignedIn) -> AccountSecurity {
        body(self.get("/v1/account/security", who.token()).await).await
    }

    /// Sets up an authenticator of one's own, and gives who signs in by it.
    async fn set_up(&self, who: &SignedIn, person: &Person) -> Person {
        let answer = self.post_as(who, "/v1/account/authenticator", &json!({})).await;
        let setup: AuthenticatorSetup = body(answer).await;
        let secret = totp_rs::Secret::try_from_base32(&setup.secret).expect("a secret");
        let totp = totp_rs::Builder::new().with_secret(secret).build().expect("a generator");
        let person = Person { totp, ..person.clone() };
        let request = ConfirmAuthenticatorRequest { code: self.now_code(&person) };
        let path = "/v1/account/authenticator/confirm";
        body::<AccountSecurity>(self.post_as(who, path, &request).await).await;
        person
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn within_the_days_of_grace_there_is_a_date_and_after_them_nothing_but_setting_it_up() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let ana = server.add("ana", Role::Agent).await;
        let before = server.sign_in(&ana).await;
        assert_eq!(server.security(&before).await.authenticator_due, None);
        server.require_own(&[Role::Agent], Some(14)).await;
        let due = server.clock.now().plus_seconds(14 * DAY_S);
        assert_eq!(server.security(&before).await.authenticator_due, Some(due));
        assert!(!before.session.must_set_up_authenticator);
        assert!(server.get("/v1/bootstrap", before.token()).await.status().is_success());

        server.clock.advance(14 * DAY_S - 60);
        let late = server.sign_in(&ana).await;
        assert!(!late.session.must_set_up_authenticator);
        server.clock.advance(60);
        // Also a session that runs already comes to nothing more.
        let refused = server.get("/v1/bootstrap", late.token()).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert_eq!(code(refused).await, ErrorCode::AuthenticatorRequired);
        let id = late.session.session_id;
        let sessions = server.running.backend().sessions();
        assert!(!sessions.keep_in_use(id).await.expect("an answer"), "its stream ends");

        // The factors that there are, are asked for as before.
        let who = server.sign_in(&ana).await;
        assert!(who.session.must_set_up_authenticator);
        let ana = server.set_up(&who, &ana).await;
        assert!(server.get("/v1/bootstrap", who.token()).await.status().is_success());
        assert_eq!(server.security(&who).await.authenticator_due, None);
        let codes = server.post_as(&who, "/v1/account/recovery-codes", &json!({})).await;
        assert_eq!(body::<RecoveryCodes>(codes).await.codes.len(), 10);
        assert!(!server.sign_in(&ana).await.session.must_set_up_authenticator);
        server.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_to_set_it_up_comes_to_nothing_that_needs_a_permission() {
    let server = TestServer::start().await;
    let mia = server.add("mia", Role::Admin).await;
    server.require_own(Role::ALL, Some(0)).await;
    let mut who = server.sign_in(&mia).await;
    assert!(who.session.must_set_up_authenticator);
    let api = api(server.running.edge().clone()).expect("an API");
    for route in api.routes {
        if !matches!(route.access, Access::Session(_)) {
            continue;
        }
        let method: Method = route.method.parse().expect("a method");
        let path = route.path.replace("{id}", "cnv_01970000000070008000000000000000");
        let request = server.client.request(method, server.url(&path)).bearer_auth(who.token());
        let refused = request.json(&json!({})).send().await.expect("an answer");
        assert_eq!(error(refused).await.1.code, ErrorCode::AuthenticatorRequired, "{route:?}");
    }
    // A refreshed session is no freer.
    go_on(&server, &mut who).await;
    let refused = server.get("/v1/bootstrap", who.token()).await;
    assert_eq!(code(refused).await, ErrorCode::AuthenticatorRequired);
    server.require_own(Role::ALL, None).await;
    assert!(server.get("/v1/bootstrap", who.token()).await.status().is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_roles_that_are_asked_and_only_what_was_handed_over() {
    let server = TestServer::start().await;
    let mia = server.add("mia", Role::Admin).await;
    server.require_own(&[Role::Agent], Some(0)).await;
    let admin = server.sign_in(&mia).await;
    assert!(!admin.session.must_set_up_authenticator);
    // Whoever was invited has an authenticator of their own.
    let made = server.invite(&admin, &invitation("ana@inbox.example")).await;
    let mut ana = Joining::of(&made);
    ana.chose(&server, "Ana", GOOD).await;
    let session: Session = body(ana.complete(&server).await).await;
    assert!(!session.must_set_up_authenticator);
    assert!(server.get("/v1/bootstrap", &session.access_token).await.status().is_success());
    // An account that is made later has its own days of grace.
    server.require_own(&[Role::Agent], Some(2)).await;
    server.clock.advance(3 * DAY_S);
    let ben = server.add("ben", Role::Agent).await;
    let made_at: Timestamp = server.clock.now();
    let who = server.sign_in(&ben).await;
    let due = server.security(&who).await.authenticator_due;
    assert_eq!(due, Some(made_at.plus_seconds(2 * DAY_S)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_reset_leads_to_the_authenticator_that_is_due() {
    for database in databases() {
        let server = TestServer::start_on(database).await;
        let admin = server.sign_in(&server.add("mia", Role::Admin).await).await;
        let ana = server.add("ana", Role::Agent).await;
        let before = server.sign_in(&ana).await;
        server.require_own(&[Role::Agent], Some(0)).await;
        let made: MadeLink = body(server.try_reset(&admin, &before, false).await).await;
        let mut opened = Joining::of(&made);
        opened.chose(&server, "ana", GOOD).await;
        server.clock.advance(30);
        let code = server.now_code(&ana);
        // Also where the answer was lost and is asked for again.
        for _ in 0..2 {
            let session: Session = body(opened.complete_with(&server, &code).await).await;
            assert!(session.must_set_up_authenticator);
        }
        server.running.stop().await;
    }
}
