//! Somebody whom a provider vouches for shows anew that they are there, and nobody else does.

use recado_protocol::Role;
use recado_protocol::account::AccountSecurity;
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::Session;
use recado_protocol::sso::{SsoFlow, SsoStepUpCompleteRequest, SsoStepUpRequest};
use recado_server::backend::Database;
use recado_server::sso::CODE_S;
use reqwest::Response;
use serde::Serialize;
use serde_json::json;

use super::scene::{APP, App, Brought, Scene, challenge_of, refused_with};
use crate::harness::{body, databases};
use crate::identity_provider::random_text;

impl Scene {
    async fn post_as(&self, who: &Session, path: &str, body: &impl Serialize) -> Response {
        let request = self.server.client.post(self.server.url(path)).bearer_auth(&who.access_token);
        request.json(body).send().await.expect("an answer")
    }

    async fn ask_step_up(&self, who: &Session, verifier: &str, state: &str) -> Response {
        let request = SsoStepUpRequest {
            code_challenge: challenge_of(verifier),
            redirect_uri: APP.to_owned(),
            app_state: state.to_owned(),
        };
        self.post_as(who, "/v1/session/step-up/sso", &request).await
    }

    async fn begin_step_up(&self, who: &Session) -> App {
        let (verifier, state) = (random_text(), random_text());
        let begun: SsoFlow = body(self.ask_step_up(who, &verifier, &state).await).await;
        App { flow: begun.flow, url: begun.authorization_url, verifier, state }
    }

    async fn show(&self, who: &Session, app: &App, code: &str) -> Response {
        let request = SsoStepUpCompleteRequest {
            flow: app.flow.clone(),
            code: code.to_owned(),
            code_verifier: app.verifier.clone(),
        };
        self.post_as(who, "/v1/session/step-up/sso/complete", &request).await
    }

    /// Whether a session may do what is dangerous.
    async fn is_stepped_up(&self, who: &Session) -> bool {
        let answer = self.server.get("/v1/account/security", &who.access_token).await;
        body::<AccountSecurity>(answer).await.stepped_up_until > self.server.clock_now()
    }

    /// A browser that has to come back with this error, after which nothing dangerous may be done.
    async fn refused_at_browser(&self, who: &Session, expected: &str) {
        let app = self.begin_step_up(who).await;
        let brought = self.brought(&app, &app.url).await;
        assert_eq!(brought, Brought::Error(expected.to_owned()));
        assert!(!self.is_stepped_up(who).await);
    }
}

#[tokio::test]
async fn a_sign_in_that_the_provider_remembers_is_no_factor_and_one_shown_anew_is() {
    for database in databases() {
        let scene = Scene::with(database, |new| new.makes_accounts = true).await;
        let session = scene.sign_in().await;
        assert!(!scene.is_stepped_up(&session).await, "nobody knows when the person was there");

        let app = scene.begin_step_up(&session).await;
        assert!(app.url.contains("prompt=login") && app.url.contains("max_age=0"), "{}", app.url);
        let code = scene.code(&app).await;
        let shown: AccountSecurity = body(scene.show(&session, &app, &code).await).await;
        assert!(shown.by_provider);
        assert!(scene.is_stepped_up(&session).await);
        // Nothing but that came of it.
        assert_eq!(scene.sessions().await, [session.session_id]);
        refused_with(scene.show(&session, &app, &code).await, ErrorCode::SsoFailed).await;
        scene.server.clock.advance(301);
        let again = scene.server.get("/v1/account/security", &session.access_token).await;
        assert_eq!(crate::harness::code(again).await, ErrorCode::AccessTokenExpired);
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn a_provider_that_says_when_the_person_signed_in_is_believed_from_the_start() {
    let scene = Scene::new().await;
    let now = scene.server.clock_now().as_seconds();
    scene.told(|conduct| {
        conduct.claims = Some(Box::new(move |claims| {
            claims.insert("auth_time".to_owned(), json!(now - 10));
        }));
    });
    let session = scene.sign_in().await;
    assert!(scene.is_stepped_up(&session).await);
}

#[tokio::test]
async fn a_password_that_is_left_over_changes_nothing_for_whom_the_provider_vouches() {
    let scene = Scene::with(Database::Memory, |new| new.link_by_verified_email = true).await;
    let ana = scene.server.add("ana", Role::Agent).await;
    scene
        .server
        .running
        .backend()
        .require_own_factor(vec![Role::Agent], Some(0))
        .await
        .expect("set");
    let session = scene.sign_in().await;
    let answer = scene.server.get("/v1/account/security", &session.access_token).await;
    let security: AccountSecurity = body(answer).await;
    assert!(!security.by_provider, "the account has a password of its own");
    assert!(security.steps_up_by_provider);
    assert_eq!(security.authenticator_due, None);
    let by_password = scene.server.sign_in(&ana).await;
    assert!(by_password.session.must_set_up_authenticator);
    let answer = scene.server.get("/v1/account/security", by_password.token()).await;
    let security: AccountSecurity = body(answer).await;
    assert!(!security.steps_up_by_provider && security.authenticator_due.is_some());
}

#[tokio::test]
async fn somebody_else_who_sits_there() {
    let scene = Scene::new().await;
    let session = scene.sign_in().await;
    scene.told(|conduct| conduct.subject.sub = "sub-ben".to_owned());
    scene.refused_at_browser(&session, "sso_denied").await;
}

#[tokio::test]
async fn a_provider_that_does_not_ask_anew() {
    let scene = Scene::new().await;
    let session = scene.sign_in().await;
    let now = scene.server.clock_now().as_seconds();
    scene.told(|conduct| {
        conduct.claims = Some(Box::new(|claims| {
            claims.remove("auth_time");
        }));
    });
    scene.refused_at_browser(&session, "sso_failed").await;
    for wrong in [now - 3_600, now - 61, now + 61] {
        scene.told(|conduct| {
            conduct.claims = Some(Box::new(move |claims| {
                claims.insert("auth_time".to_owned(), json!(wrong));
            }));
        });
        scene.refused_at_browser(&session, "sso_failed").await;
    }
}

#[tokio::test]
async fn a_code_for_one_purpose_or_session_that_is_shown_for_another() {
    let scene = Scene::new().await;
    let (first, second) = (scene.sign_in().await, scene.sign_in().await);
    // For a session of its own.
    let app = scene.begin_step_up(&first).await;
    let code = scene.code(&app).await;
    refused_with(scene.complete(&app, &code).await, ErrorCode::SsoFailed).await;
    // For another session of the same person.
    let app = scene.begin_step_up(&first).await;
    let code = scene.code(&app).await;
    refused_with(scene.show(&second, &app, &code).await, ErrorCode::SsoFailed).await;
    refused_with(scene.show(&first, &app, &code).await, ErrorCode::SsoFailed).await;
    // A sign-in's for a session that runs.
    let app = scene.begin().await;
    let code = scene.code(&app).await;
    refused_with(scene.show(&first, &app, &code).await, ErrorCode::SsoFailed).await;
    assert_eq!(scene.sessions().await.len(), 2);
    assert!(!scene.is_stepped_up(&first).await && !scene.is_stepped_up(&second).await);
}

#[tokio::test]
async fn a_code_that_is_late_or_another_app_s_or_of_a_browser_that_was_overtaken() {
    let scene = Scene::new().await;
    let session = scene.sign_in().await;
    let app = scene.begin_step_up(&session).await;
    let code = scene.code(&app).await;
    let other = App { verifier: random_text(), ..app };
    refused_with(scene.show(&session, &other, &code).await, ErrorCode::SsoFailed).await;

    let overtaken = scene.begin_step_up(&session).await;
    let app = scene.begin_step_up(&session).await;
    let page = scene.brought(&overtaken, &overtaken.url).await;
    assert!(matches!(page, Brought::Page(..)), "{page:?}");
    let code = scene.code(&app).await;
    scene.server.clock.advance(CODE_S);
    refused_with(scene.show(&session, &app, &code).await, ErrorCode::SsoFailed).await;
    assert!(!scene.is_stepped_up(&session).await);
}

#[tokio::test]
async fn whoever_signed_in_with_a_password_has_no_provider_to_ask() {
    let scene = Scene::new().await;
    let ana = scene.server.add("ana", Role::Agent).await;
    let signed_in = scene.server.sign_in(&ana).await;
    let response = scene.ask_step_up(&signed_in.session, &random_text(), &random_text()).await;
    refused_with(response, ErrorCode::NotFound).await;
}
