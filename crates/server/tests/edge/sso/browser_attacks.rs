//! What a browser, or whoever steers one, brings to the callback.

use recado_server::sso::FLOW_S;
use reqwest::StatusCode;

use super::scene::{APP, Brought, Scene, new_provider, provider_of};
use crate::harness::new_device;
use crate::identity_provider::IssParameter;

fn is_dead_end(brought: &Brought) {
    match brought {
        Brought::Page(status, text) => {
            assert_eq!(*status, StatusCode::BAD_REQUEST);
            assert!(text.contains("<html lang=\"en\">"), "{text}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_state_that_nobody_gave() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    for state in ["", "guess", "rct_o_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let path = format!("/v1/sso/{}/callback?code=c&state={state}", scene.provider_id);
        is_dead_end(&scene.brought(&app, &scene.server.url(&path)).await);
    }
    scene.no_session().await;
}

#[tokio::test]
async fn a_callback_without_a_state_or_with_two() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let back = scene.at_provider(&app.url).await;
    let query = back.query().expect("a query").to_owned();
    for query in ["code=c".to_owned(), format!("{query}&{query}")] {
        let path = format!("/v1/sso/{}/callback?{query}", scene.provider_id);
        is_dead_end(&scene.brought(&app, &scene.server.url(&path)).await);
    }
    scene.no_session().await;
}

#[tokio::test]
async fn the_same_callback_twice() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.takes_codes_twice = true);
    let app = scene.begin().await;
    let back = scene.at_provider(&app.url).await;
    let first = scene.brought(&app, back.as_str()).await;
    assert!(matches!(first, Brought::Code(_)), "{first:?}");
    is_dead_end(&scene.brought(&app, back.as_str()).await);
    scene.no_session().await;
}

#[tokio::test]
async fn the_same_callback_twice_at_once() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.takes_codes_twice = true);
    let app = scene.begin().await;
    let back = scene.at_provider(&app.url).await;
    let (one, other) =
        tokio::join!(scene.brought(&app, back.as_str()), scene.brought(&app, back.as_str()));
    let codes = [&one, &other].into_iter().filter(|it| matches!(it, Brought::Code(_))).count();
    assert_eq!(codes, 1, "{one:?} {other:?}");
}

#[tokio::test]
async fn a_code_that_was_traded_in_another_sign_in() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.takes_codes_twice = true);
    let (first, second) = (scene.begin().await, scene.begin().await);
    let back = scene.at_provider(&first.url).await;
    scene.brought(&first, back.as_str()).await;
    let code = back.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let mut replayed = scene.at_provider(&second.url).await;
    let pairs: Vec<(String, String)> = replayed.query_pairs().into_owned().collect();
    replayed.query_pairs_mut().clear().extend_pairs(pairs.into_iter().map(|(name, value)| {
        let value = if name == "code" { code.clone() } else { value };
        (name, value)
    }));
    let brought = scene.brought(&second, replayed.as_str()).await;
    assert_eq!(brought, Brought::Error("sso_failed".to_owned()));
    scene.no_session().await;
}

#[tokio::test]
async fn the_code_of_one_browser_under_the_state_of_another() {
    let scene = Scene::new().await;
    let (mine, theirs) = (scene.begin().await, scene.begin().await);
    let (my_way, their_way) =
        (scene.at_provider(&mine.url).await, scene.at_provider(&theirs.url).await);
    let field = |url: &url::Url, name: &str| {
        url.query_pairs().find(|(key, _)| key == name).expect("a field").1.into_owned()
    };
    let mut mixed = my_way.clone();
    mixed
        .query_pairs_mut()
        .clear()
        .append_pair("code", &field(&their_way, "code"))
        .append_pair("state", &field(&my_way, "state"))
        .append_pair("iss", &field(&my_way, "iss"));
    // Neither the verifier nor the nonce of the one fits the other.
    let brought = scene.brought(&mine, mixed.as_str()).await;
    assert_eq!(brought, Brought::Error("sso_failed".to_owned()));
    scene.no_session().await;
}

#[tokio::test]
async fn a_browser_that_comes_too_late() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let back = scene.at_provider(&app.url).await;
    scene.server.clock.advance(FLOW_S.into());
    let brought = scene.brought(&app, back.as_str()).await;
    assert_eq!(brought, Brought::Error("sign_in_expired".to_owned()));
    scene.no_session().await;
}

#[tokio::test]
async fn a_browser_that_comes_from_another_provider() {
    let scene = Scene::new().await;
    let other = provider_of(&scene.server, "sub-ana", "ana@inbox.example").await;
    let new = new_provider("Other ID", other.issuer());
    let backend = scene.server.running.backend();
    let other_id = backend.add_provider(new, &scene.server.url("")).await.expect("added").id;
    let app = scene.begin().await;
    let back = scene.at_provider(&app.url).await;
    let mixed = back.as_str().replace(&scene.provider_id.to_string(), &other_id.to_string());
    let brought = scene.brought(&app, &mixed).await;
    assert_eq!(brought, Brought::Error("sso_failed".to_owned()));
    // The state is spent, so it does not go on at the right place either.
    is_dead_end(&scene.brought(&app, back.as_str()).await);
    assert_eq!(other.asked("token"), 0, "a code was given to the other provider");
    scene.no_session().await;
}

#[tokio::test]
async fn a_code_of_another_issuer() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.iss = IssParameter::Other("https://id.evil.example".to_owned()));
    scene.refused("sso_failed").await;
    assert_eq!(scene.provider.asked("token"), 0, "the code was traded all the same");
}

#[tokio::test]
async fn a_code_that_does_not_say_its_issuer_though_the_provider_always_does() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.iss = IssParameter::Withheld);
    scene.refused("sso_failed").await;
}

#[tokio::test]
async fn no_code() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let back = scene.at_provider(&app.url).await;
    let without = back.as_str().replace("code=", "kode=");
    let brought = scene.brought(&app, &without).await;
    assert_eq!(brought, Brought::Error("sso_failed".to_owned()));
    scene.no_session().await;
}

#[tokio::test]
async fn a_code_that_the_provider_never_gave() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let back = scene.at_provider(&app.url).await;
    let forged = back.as_str().replace("code=", "code=x");
    let brought = scene.brought(&app, &forged).await;
    assert_eq!(brought, Brought::Error("sso_failed".to_owned()));
    scene.no_session().await;
}

#[tokio::test]
async fn a_person_whom_the_provider_refuses() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.refusal = Some("access_denied"));
    scene.refused("sso_denied").await;
}

#[tokio::test]
async fn a_provider_that_cannot_serve_just_now() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.refusal = Some("temporarily_unavailable"));
    scene.refused("sso_unavailable").await;
}

#[tokio::test]
async fn an_error_that_nobody_knows() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.refusal = Some("</html><script>alert(1)</script>"));
    scene.refused("sso_failed").await;
}

#[tokio::test]
async fn a_thousand_guessed_states_are_limited() {
    let scene = Scene::new().await;
    let path = format!("/v1/sso/{}/callback?code=c&state=guess", scene.provider_id);
    let mut limited = false;
    for _ in 0..100 {
        let response = scene.browse(&scene.server.url(&path)).await;
        limited |= response.status() == StatusCode::TOO_MANY_REQUESTS;
    }
    assert!(limited, "the guesses were never limited");
}

#[tokio::test]
async fn the_page_runs_nothing_and_repeats_nothing() {
    let scene = Scene::new().await;
    let path = format!(
        "/v1/sso/{}/callback?code=c&state=%3Cscript%3E&error=%3Cscript%3E",
        scene.provider_id
    );
    let response = scene.browse(&scene.server.url(&path)).await;
    assert_eq!(
        response.headers()["content-security-policy"],
        "default-src 'none'; frame-ancestors 'none'"
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert!(!response.text().await.expect("a page").contains("script"));
}

#[tokio::test]
async fn the_way_to_the_app_and_to_the_provider_is_not_remembered() {
    let scene = Scene::new().await;
    let app = scene.begin_at(scene.provider_id, new_device()).await;
    let response = scene.browse(&app.url).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let to = response.headers()["location"].to_str().expect("an address");
    assert!(to.starts_with(APP) && !to.contains("eyJ"), "{to}");
}
