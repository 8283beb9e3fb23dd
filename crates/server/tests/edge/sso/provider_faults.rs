//! Providers that are down, slow, endless, elsewhere or confused.

use std::time::Duration;

use recado_protocol::error::ErrorCode;
use serde_json::json;

use super::scene::{Scene, refused_with};
use crate::identity_provider::{Conduct, Manner};

/// The provider fails before the browser has gone there.
async fn cannot_begin(fault: impl FnOnce(&mut Conduct)) {
    let scene = Scene::new().await;
    scene.told(fault);
    refused_with(scene.begin_with(|_| {}).await, ErrorCode::SsoUnavailable).await;
    scene.no_session().await;
}

/// The provider fails once the browser has come back.
async fn cannot_end(fault: impl FnOnce(&mut Conduct), expected: &str) {
    let scene = Scene::new().await;
    scene.told(fault);
    scene.refused(expected).await;
}

#[tokio::test]
async fn a_provider_that_is_down() {
    let scene = Scene::new().await;
    let Scene { server, provider, provider_id, .. } = scene;
    drop(provider);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let request = json!({
        "provider_id": provider_id, "device": crate::harness::new_device(),
        "code_challenge": super::scene::challenge_of("v"), "redirect_uri": super::scene::APP,
        "app_state": "a".repeat(43),
    });
    let response = server.post("/v1/sign-in/sso", &request).await;
    refused_with(response, ErrorCode::SsoUnavailable).await;
}

#[tokio::test]
async fn a_description_that_takes_too_long() {
    cannot_begin(|conduct| conduct.discovery = Manner::Slow(Duration::from_secs(60))).await;
}

#[tokio::test]
async fn a_description_without_an_end() {
    cannot_begin(|conduct| conduct.discovery = Manner::Endless).await;
}

#[tokio::test]
async fn a_description_elsewhere() {
    cannot_begin(|conduct| {
        conduct.discovery = Manner::Redirect("https://evil.example/".to_owned());
    })
    .await;
}

#[tokio::test]
async fn a_description_that_is_no_json() {
    cannot_begin(|conduct| conduct.discovery = Manner::Plain(200, "<html>")).await;
}

#[tokio::test]
async fn a_description_of_another_type() {
    cannot_begin(|conduct| conduct.discovery = Manner::Mistyped).await;
}

#[tokio::test]
async fn a_description_that_is_missing() {
    cannot_begin(|conduct| conduct.discovery = Manner::Json(404, json!({ "error": "none" }))).await;
}

#[tokio::test]
async fn a_description_of_another_issuer() {
    cannot_begin(|conduct| {
        conduct.metadata = Some(Box::new(|it| {
            it.insert("issuer".to_owned(), json!("https://id.evil.example"));
        }));
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_sends_browsers_to_plain_http() {
    cannot_begin(|conduct| {
        conduct.metadata = Some(Box::new(|it| {
            it.insert("authorization_endpoint".to_owned(), json!("http://evil.example/a"));
        }));
    })
    .await;
}

#[tokio::test]
async fn a_provider_whose_keys_are_at_plain_http() {
    cannot_begin(|conduct| {
        conduct.metadata = Some(Box::new(|it| {
            drop(it.insert("jwks_uri".to_owned(), json!("http://192.0.2.1/k")))
        }));
    })
    .await;
}

#[tokio::test]
async fn keys_without_an_end() {
    cannot_begin(|conduct| conduct.jwks = Manner::Endless).await;
}

#[tokio::test]
async fn keys_elsewhere() {
    cannot_begin(|conduct| conduct.jwks = Manner::Redirect("https://evil.example/k".to_owned()))
        .await;
}

#[tokio::test]
async fn keys_that_are_none() {
    cannot_end(|conduct| conduct.jwks = Manner::Json(200, json!({ "keys": [{}] })), "sso_failed")
        .await;
}

#[tokio::test]
async fn tokens_that_take_too_long() {
    cannot_end(|conduct| conduct.token = Manner::Slow(Duration::from_secs(60)), "sso_unavailable")
        .await;
}

#[tokio::test]
async fn tokens_without_an_end() {
    cannot_end(|conduct| conduct.token = Manner::Endless, "sso_unavailable").await;
}

#[tokio::test]
async fn tokens_elsewhere() {
    let fault = Manner::Redirect("https://evil.example/token".to_owned());
    cannot_end(|conduct| conduct.token = fault, "sso_failed").await;
}

#[tokio::test]
async fn tokens_that_are_no_json() {
    cannot_end(|conduct| conduct.token = Manner::Plain(200, "tokens"), "sso_failed").await;
}

#[tokio::test]
async fn tokens_that_are_another_json() {
    cannot_end(|conduct| conduct.token = Manner::Json(200, json!([1, 2, 3])), "sso_failed").await;
}

#[tokio::test]
async fn an_error_in_the_place_of_tokens() {
    let fault = Manner::Json(400, json!({ "error": "invalid_grant" }));
    cannot_end(|conduct| conduct.token = fault, "sso_failed").await;
}

#[tokio::test]
async fn a_failure_in_the_place_of_tokens() {
    cannot_end(|conduct| conduct.token = Manner::Plain(500, "sorry"), "sso_failed").await;
}

#[tokio::test]
async fn what_is_said_about_the_person_is_about_another() {
    let lie = |conduct: &mut Conduct| {
        conduct.thin_tokens = true;
        conduct.userinfo =
            Some(Box::new(|claims| drop(claims.insert("sub".to_owned(), json!("sub-ben")))));
    };
    cannot_end(lie, "sso_failed").await;
}

#[tokio::test]
async fn what_is_said_about_the_person_names_nobody() {
    let lie = |conduct: &mut Conduct| {
        conduct.thin_tokens = true;
        conduct.userinfo = Some(Box::new(|claims| drop(claims.remove("sub"))));
    };
    cannot_end(lie, "sso_failed").await;
}

#[tokio::test]
async fn what_is_said_about_the_person_takes_too_long() {
    let fault = |conduct: &mut Conduct| {
        conduct.thin_tokens = true;
        conduct.about = Manner::Slow(Duration::from_secs(60));
    };
    cannot_end(fault, "sso_unavailable").await;
}
