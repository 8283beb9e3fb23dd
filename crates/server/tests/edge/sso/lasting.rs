//! How long a session lasts that a provider vouches for.

use recado_protocol::ProviderId;
use recado_protocol::identity::Session;
use recado_server::backend::Database;
use recado_server::sso::ASKED_EVERY_S;
use reqwest::StatusCode;
use serde_json::{Map, Value, json};

use super::scene::{Scene, new_provider, provider_of};
use crate::harness::{databases, new_device};
use crate::identity_provider::{Conduct, Manner, Refreshing, Signature, Subject};

async fn refreshing_on(database: Database) -> Scene {
    let scene = Scene::with(database, |new| new.makes_accounts = true).await;
    scene.told(|conduct| conduct.refreshing = Refreshing::Rotating);
    scene
}

impl Scene {
    async fn time_passes(&self) {
        self.server.clock.advance(ASKED_EVERY_S + 1);
        self.server.running.backend().sso().check_sessions().await.expect("a database");
    }

    async fn logout_at(&self, provider_id: ProviderId, token: &str) -> StatusCode {
        let url = self.server.url(&format!("/v1/sso/{provider_id}/back-channel-logout"));
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("logout_token", token)
            .finish();
        let request = self.server.client.post(url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.expect("an answer").status()
    }

    async fn logout(&self, token: &str) -> StatusCode {
        self.logout_at(self.provider_id, token).await
    }
}

#[tokio::test]
async fn a_provider_is_asked_every_ten_minutes_and_its_token_is_kept_up_to_date() {
    for database in databases() {
        let scene = refreshing_on(database).await;
        let session = scene.sign_in().await;
        let asked = scene.provider.asked("token");
        scene.server.running.backend().sso().check_sessions().await.expect("a database");
        assert_eq!(scene.provider.asked("token"), asked, "it was asked at once");
        for round in 1..=3 {
            scene.time_passes().await;
            assert_eq!(scene.provider.asked("token"), asked + round);
            assert!(!scene.has_ended(session.session_id).await);
        }
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn a_grant_that_is_gone_ends_the_session() {
    for database in databases() {
        let scene = refreshing_on(database).await;
        let session = scene.sign_in().await;
        scene.told(|conduct| conduct.refreshing = Refreshing::InvalidGrant);
        scene.time_passes().await;
        assert!(scene.has_ended(session.session_id).await);
        let answer = scene.server.get("/v1/bootstrap", &session.access_token).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        scene.no_session().await;
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn a_provider_that_fails_ends_nothing() {
    let faults: [fn(&mut Conduct); 5] = [
        |conduct| conduct.refreshing = Refreshing::Failing,
        |conduct| conduct.token = Manner::Plain(500, "sorry"),
        |conduct| conduct.token = Manner::Plain(200, "no JSON"),
        |conduct| conduct.token = Manner::Redirect("https://evil.example".to_owned()),
        |conduct| conduct.discovery = Manner::Plain(503, "later"),
    ];
    for fault in faults {
        let scene = refreshing_on(Database::Memory).await;
        let session = scene.sign_in().await;
        scene.told(fault);
        scene.time_passes().await;
        assert!(!scene.has_ended(session.session_id).await);
    }
}

#[tokio::test]
async fn a_provider_without_refresh_tokens_is_not_asked() {
    let scene = Scene::new().await;
    let session = scene.sign_in().await;
    let asked = scene.provider.asked("token");
    scene.time_passes().await;
    assert_eq!(scene.provider.asked("token"), asked);
    assert!(!scene.has_ended(session.session_id).await);
}

#[tokio::test]
async fn a_logout_at_the_provider_ends_the_session() {
    for database in databases() {
        let scene = refreshing_on(database).await;
        let session = scene.sign_in().await;
        let token = scene.provider.logout_token(|_| {});
        assert_eq!(scene.logout(&token).await, StatusCode::NO_CONTENT);
        assert!(scene.has_ended(session.session_id).await);
        scene.no_session().await;
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn a_logout_of_a_person_ends_all_and_of_a_session_only_that() {
    let scene = Scene::new().await;
    let first = scene.sign_in().await;
    scene.told(|conduct| conduct.sid = "second".to_owned());
    let second = scene.sign_in().await;
    let of_session = scene.provider.logout_token(|claims| drop(claims.remove("sub")));
    assert_eq!(scene.logout(&of_session).await, StatusCode::NO_CONTENT);
    assert!(scene.has_ended(second.session_id).await && !scene.has_ended(first.session_id).await);
    let of_person = scene.provider.logout_token(|claims| drop(claims.remove("sid")));
    assert_eq!(scene.logout(&of_person).await, StatusCode::NO_CONTENT);
    assert!(scene.has_ended(first.session_id).await);
}

#[tokio::test]
async fn a_logout_ends_nobody_else_s_session() {
    let scene = Scene::new().await;
    scene.sign_in().await;
    scene.told(|conduct| {
        conduct.subject = Subject::new("sub-ben", "ben@inbox.example");
        conduct.sid = "of ben".to_owned();
    });
    let ben = scene.sign_in().await;
    let of_ana = scene.provider.logout_token(|claims| {
        claims.insert("sub".to_owned(), json!("sub-ana"));
        claims.remove("sid");
    });
    assert_eq!(scene.logout(&of_ana).await, StatusCode::NO_CONTENT);
    assert_eq!(scene.sessions().await, [ben.session_id]);
}

async fn ignored(change: impl Fn(&mut Map<String, Value>)) {
    let scene = Scene::new().await;
    let session: Session = scene.sign_in().await;
    let token = scene.provider.logout_token(change);
    assert_eq!(scene.logout(&token).await, StatusCode::BAD_REQUEST);
    assert!(!scene.has_ended(session.session_id).await);
}

#[tokio::test]
async fn a_logout_of_another_issuer() {
    ignored(|claims| drop(claims.insert("iss".to_owned(), json!("https://evil.example")))).await;
}

#[tokio::test]
async fn a_logout_for_another_client() {
    ignored(|claims| drop(claims.insert("aud".to_owned(), json!("another-client")))).await;
}

#[tokio::test]
async fn a_logout_without_the_event() {
    ignored(|claims| drop(claims.insert("events".to_owned(), json!({})))).await;
}

#[tokio::test]
async fn an_id_token_as_a_logout() {
    ignored(|claims| drop(claims.insert("nonce".to_owned(), json!("n")))).await;
}

#[tokio::test]
async fn a_logout_of_nobody() {
    ignored(|claims| {
        claims.remove("sub");
        claims.remove("sid");
    })
    .await;
    ignored(|claims| {
        claims.insert("sub".to_owned(), json!(""));
        claims.remove("sid");
    })
    .await;
}

#[tokio::test]
async fn a_logout_from_long_ago_from_the_future_or_that_has_run_out() {
    for (name, seconds) in [("iat", -3_600), ("iat", 3_600), ("exp", -3_600)] {
        ignored(|claims| {
            let now = claims["iat"].as_i64().expect("a time");
            claims.insert(name.to_owned(), json!(now + seconds));
        })
        .await;
    }
}

#[tokio::test]
async fn a_logout_that_the_provider_has_not_signed() {
    for signature in [
        Signature::None,
        Signature::Missing,
        Signature::Foreign,
        Signature::InHeader,
        Signature::HmacOfPublicKey,
        Signature::Tampered,
    ] {
        let scene = Scene::new().await;
        let session = scene.sign_in().await;
        scene.told(|conduct| conduct.signature = signature.clone());
        let token = scene.provider.logout_token(|claims| drop(claims.remove("sid")));
        assert_eq!(scene.logout(&token).await, StatusCode::BAD_REQUEST, "{signature:?}");
        assert!(!scene.has_ended(session.session_id).await, "{signature:?}");
    }
}

#[tokio::test]
async fn a_logout_that_was_obeyed_before_ends_no_newer_session() {
    for database in databases() {
        let scene = refreshing_on(database).await;
        scene.sign_in().await;
        let token = scene.provider.logout_token(|_| {});
        assert_eq!(scene.logout(&token).await, StatusCode::NO_CONTENT);
        let newer = scene.sign_in().await;
        assert_eq!(scene.logout(&token).await, StatusCode::BAD_REQUEST);
        assert!(!scene.has_ended(newer.session_id).await);
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn a_logout_told_at_another_provider_s_address() {
    let scene = Scene::new().await;
    let session = scene.sign_in().await;
    let other = provider_of(&scene.server, "sub-ana", "ana@inbox.example").await;
    let new = new_provider("Other ID", other.issuer());
    let backend = scene.server.running.backend();
    let other_id = backend.add_provider(new, &scene.server.url("")).await.expect("added").id;
    let token = other.logout_token(|_| {});
    assert_eq!(scene.logout_at(other_id, &token).await, StatusCode::NO_CONTENT);
    assert_eq!(scene.logout(&token).await, StatusCode::BAD_REQUEST);
    assert!(!scene.has_ended(session.session_id).await);
}

#[tokio::test]
async fn a_logout_by_a_key_that_was_changed_a_moment_ago_counts() {
    let scene = Scene::new().await;
    let session = scene.sign_in().await;
    scene.provider.rotate_key("second").expect("a key");
    let token = scene.provider.logout_token(|_| {});
    assert_eq!(scene.logout(&token).await, StatusCode::NO_CONTENT);
    assert!(scene.has_ended(session.session_id).await);
}

#[tokio::test]
async fn forged_logouts_are_limited_before_the_provider_is_asked_for_its_keys() {
    let scene = Scene::new().await;
    scene.sign_in().await;
    let before = scene.provider.asked("jwks");
    scene.told(|conduct| conduct.signature = Signature::Foreign);
    let mut limited = false;
    for _ in 0..100 {
        let token = scene.provider.logout_token(|_| {});
        limited |= scene.logout(&token).await == StatusCode::TOO_MANY_REQUESTS;
    }
    assert!(limited && scene.provider.asked("jwks") - before <= 60);
    assert_eq!(scene.sessions().await.len(), 1);
}

#[tokio::test]
async fn signing_out_here_forgets_the_provider_s_token() {
    let scene = refreshing_on(Database::Memory).await;
    let session = scene.sign_in().await;
    let url = scene.server.url("/v1/session");
    let request = scene.server.client.delete(url).bearer_auth(&session.access_token);
    assert_eq!(request.send().await.expect("an answer").status(), StatusCode::NO_CONTENT);
    let asked = scene.provider.asked("token");
    scene.time_passes().await;
    assert_eq!(scene.provider.asked("token"), asked);
    // And a device that is known by then is no obstacle to the next time.
    scene.begin_at(scene.provider_id, new_device()).await;
}
