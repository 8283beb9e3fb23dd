//! What an app, or whoever poses as one, asks for.

use recado_protocol::TeammateState;
use recado_protocol::error::ErrorCode;
use recado_protocol::sso::SsoCompleteRequest;
use recado_server::backend::TeammateChange;
use recado_server::sso::CODE_S;
use reqwest::StatusCode;

use super::scene::{Scene, other_client, refused_with};
use crate::harness::{code, hash_of};
use crate::identity_provider::random_text;

#[tokio::test]
async fn a_place_to_go_that_is_not_this_machine() {
    let scene = Scene::new().await;
    for wrong in [
        "https://evil.example/callback",
        "http://evil.example:49152/callback",
        "http://localhost:49152/callback",
        "http://127.0.0.1:49152@evil.example:1/callback",
        "http://127.0.0.1:49152/callback?next=https://evil.example",
        "http://127.0.0.1/callback",
        "recado://callback",
    ] {
        let response = scene.begin_with(|it| it.redirect_uri = wrong.to_owned()).await;
        refused_with(response, ErrorCode::InvalidValue).await;
    }
    scene.no_session().await;
}

#[tokio::test]
async fn a_challenge_or_a_state_that_is_none() {
    let scene = Scene::new().await;
    for wrong in ["", "plain", &"a".repeat(200)] {
        let response = scene.begin_with(|it| it.code_challenge = wrong.to_owned()).await;
        refused_with(response, ErrorCode::InvalidValue).await;
        let response = scene.begin_with(|it| it.app_state = wrong.to_owned()).await;
        refused_with(response, ErrorCode::InvalidValue).await;
    }
}

#[tokio::test]
async fn a_provider_that_does_not_exist() {
    let scene = Scene::new().await;
    let unknown = "idp_01970000000070008000000000000000".parse().expect("an id");
    let response = scene.begin_with(|it| it.provider_id = unknown).await;
    refused_with(response, ErrorCode::NotFound).await;
}

#[tokio::test]
async fn another_app_s_verifier() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let brought = scene.code(&app).await;
    let (response, _) = scene.complete_with(&app, &brought, &random_text()).await;
    refused_with(response, ErrorCode::SsoFailed).await;
    // And then the code is spent for the right one too.
    refused_with(scene.complete(&app, &brought).await, ErrorCode::SsoFailed).await;
    scene.no_session().await;
}

#[tokio::test]
async fn another_sign_in_s_code() {
    let scene = Scene::new().await;
    let (mine, theirs) = (scene.begin().await, scene.begin().await);
    let stolen = scene.code(&theirs).await;
    refused_with(scene.complete(&mine, &stolen).await, ErrorCode::SsoFailed).await;
    scene.no_session().await;
}

#[tokio::test]
async fn another_sign_in_s_name_with_the_right_code_and_verifier() {
    let scene = Scene::new().await;
    let (mine, mut mixed) = (scene.begin().await, scene.begin().await);
    let brought = scene.code(&mine).await;
    mixed.verifier.clone_from(&mine.verifier);
    refused_with(scene.complete(&mixed, &brought).await, ErrorCode::SsoFailed).await;
    scene.no_session().await;
}

#[tokio::test]
async fn a_code_twice() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let brought = scene.code(&app).await;
    assert_eq!(scene.complete(&app, &brought).await.status(), StatusCode::OK);
    refused_with(scene.complete(&app, &brought).await, ErrorCode::SsoFailed).await;
    assert_eq!(scene.sessions().await.len(), 1);
}

#[tokio::test]
async fn a_code_ten_times_at_once() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let brought = scene.code(&app).await;
    let tries = (0..10).map(|_| scene.complete(&app, &brought));
    let answers = futures_util::future::join_all(tries).await;
    let good = answers.iter().filter(|it| it.status().is_success()).count();
    assert_eq!(good, 1);
    assert_eq!(scene.sessions().await.len(), 1);
}

#[tokio::test]
async fn a_code_a_minute_later() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let brought = scene.code(&app).await;
    scene.server.clock.advance(CODE_S);
    refused_with(scene.complete(&app, &brought).await, ErrorCode::SsoFailed).await;
    scene.no_session().await;
}

#[tokio::test]
async fn the_provider_s_own_code_in_place_of_the_server_s() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let back = scene.at_provider(&app.url).await;
    let theirs =
        back.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    refused_with(scene.complete(&app, &theirs).await, ErrorCode::SsoFailed).await;
    scene.no_session().await;
}

#[tokio::test]
async fn the_state_in_place_of_the_code() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    scene.code(&app).await;
    let url: url::Url = app.url.parse().expect("an address");
    let state =
        url.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
    refused_with(scene.complete(&app, &state).await, ErrorCode::SsoFailed).await;
    scene.no_session().await;
}

#[tokio::test]
async fn guessed_codes_are_limited() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let mut limited = false;
    for _ in 0..100 {
        let guess = format!("rct_c_{}", random_text());
        let refused = code(scene.complete(&app, &guess).await).await;
        limited |= refused == ErrorCode::TooManyAttempts;
    }
    assert!(limited, "the guesses were never limited");
    scene.no_session().await;
}

#[tokio::test]
async fn somebody_who_is_suspended_between_the_browser_and_the_app() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let brought = scene.code(&app).await;
    let suspended =
        TeammateChange { state: Some(TeammateState::Suspended), ..TeammateChange::default() };
    let backend = scene.server.running.backend();
    backend.change_teammate("ana@inbox.example", suspended).await.expect("suspended");
    refused_with(scene.complete(&app, &brought).await, ErrorCode::SsoFailed).await;
    scene.no_session().await;
}

#[tokio::test]
async fn a_provider_that_is_removed_between_the_browser_and_the_app() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let brought = scene.code(&app).await;
    scene.server.running.backend().remove_provider("Cactus ID").await.expect("removed");
    refused_with(scene.complete(&app, &brought).await, ErrorCode::SsoFailed).await;
    scene.no_session().await;
}

#[tokio::test]
async fn a_hash_that_is_none() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let brought = scene.code(&app).await;
    let request = SsoCompleteRequest {
        flow: app.flow.clone(),
        code: brought.clone(),
        code_verifier: app.verifier.clone(),
        refresh_hash: "no hash".to_owned(),
    };
    let client = other_client(&scene.server);
    let path = scene.server.url("/v1/sign-in/sso/complete");
    let response = client.post(&path).json(&request).send().await.expect("an answer");
    refused_with(response, ErrorCode::InvalidValue).await;
    scene.no_session().await;
    // Nothing was used up by a request that could not be read.
    let request = SsoCompleteRequest { refresh_hash: hash_of("mine"), ..request };
    let response = client.post(&path).json(&request).send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn more_beginnings_from_one_address_than_an_office_makes_are_limited() {
    let scene = Scene::new().await;
    let mut limited = false;
    for _ in 0..100 {
        let response = scene.begin_with(|_| {}).await;
        limited |= response.status() == StatusCode::TOO_MANY_REQUESTS;
    }
    assert!(limited, "the beginnings were never limited");
}

#[tokio::test]
async fn an_office_that_signs_in_on_one_morning_is_not_limited() {
    let scene = Scene::new().await;
    for _ in 0..100 {
        scene.sign_in().await;
    }
}
