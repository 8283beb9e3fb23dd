//! What has to go well.

use recado_protocol::Role;
use recado_protocol::sso::{SignInWays, SignInWaysRequest};
use recado_server::backend::Database;
use recado_server::clock::Clock as _;
use serde_json::json;

use super::scene::{Scene, new_provider, provider_of};
use crate::harness::{TestServer, body, databases};
use crate::identity_provider::{CLIENT_ID, IssParameter};

#[tokio::test]
async fn somebody_new_gets_an_account_and_a_session_that_works() {
    for database in databases() {
        let scene = Scene::with(database, |new| new.makes_accounts = true).await;
        let (session, _) = scene.sign_in_keeping().await;
        let bootstrap = scene.access(&session).await;
        assert_eq!(bootstrap["me"]["email"], "ana@inbox.example");
        assert_eq!(bootstrap["me"]["name"], "Ana Ruiz");
        assert_eq!(bootstrap["access"]["role"], "agent");
        assert_eq!(scene.sign_in().await.teammate_id, session.teammate_id);
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn a_session_without_a_password_goes_on_by_its_refresh() {
    for database in databases() {
        let scene = Scene::with(database, |new| new.makes_accounts = true).await;
        let (session, first) = scene.sign_in_keeping().await;
        let next = recado_server::identity::token::Secret::generate(
            recado_server::identity::token::TokenKind::Refresh,
        )
        .expect("random");
        let request = recado_protocol::identity::RefreshRequest {
            session_id: session.session_id,
            refresh: first.expose().to_owned(),
            next_hash: next.hash().to_base64(),
        };
        let response = scene.server.post("/v1/session/refresh", &request).await;
        let refreshed: recado_protocol::identity::Session = body(response).await;
        assert_eq!(refreshed.session_id, session.session_id);
        let sessions = scene.server.running.backend().sessions();
        assert!(sessions.keep_in_use(session.session_id).await.expect("a database"));
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn a_key_that_was_changed_a_moment_ago_is_asked_for_once() {
    let scene = Scene::new().await;
    scene.sign_in().await;
    let before = scene.provider.asked("jwks");
    scene.provider.rotate_key("second").expect("a key");
    scene.sign_in().await;
    assert_eq!(scene.provider.asked("jwks"), before + 1);
    scene.sign_in().await;
    assert_eq!(scene.provider.asked("jwks"), before + 1, "known keys are asked for again");
}

#[tokio::test]
async fn what_a_provider_says_about_itself_is_kept_for_a_time() {
    let scene = Scene::new().await;
    scene.sign_in().await;
    scene.sign_in().await;
    assert_eq!(scene.provider.asked("discovery"), 1);
    scene.server.clock.advance(601);
    scene.sign_in().await;
    assert_eq!(scene.provider.asked("discovery"), 2);
}

#[tokio::test]
async fn a_provider_that_says_less_in_its_tokens_is_asked_about_the_person() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.thin_tokens = true);
    let session = scene.sign_in().await;
    assert_eq!(scene.access(&session).await["me"]["email"], "ana@inbox.example");
    assert_eq!(scene.provider.asked("userinfo"), 1);
}

#[tokio::test]
async fn a_provider_that_never_says_who_it_is_may_leave_it_out() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.iss = IssParameter::Absent);
    scene.sign_in().await;
}

#[tokio::test]
async fn a_clock_that_differs_a_little_does_no_harm() {
    for ahead in [-50, 50] {
        let scene = Scene::new().await;
        let clock = std::sync::Arc::clone(&scene.server.clock);
        scene.told(|conduct| conduct.clock = Box::new(move || clock.now().as_seconds() + ahead));
        scene.sign_in().await;
    }
}

#[tokio::test]
async fn the_party_may_be_named_and_the_audience_be_a_list() {
    let scene = Scene::new().await;
    scene.told(|conduct| {
        conduct.claims = Some(Box::new(|claims| {
            claims.insert("azp".to_owned(), json!(CLIENT_ID));
            claims.insert("aud".to_owned(), json!([CLIENT_ID]));
        }));
    });
    scene.sign_in().await;
}

#[tokio::test]
async fn somebody_without_a_name_is_called_by_the_address() {
    let scene = Scene::new().await;
    scene.told(|conduct| conduct.subject.name = None);
    let session = scene.sign_in().await;
    assert_eq!(scene.access(&session).await["me"]["name"], "ana");
}

#[tokio::test]
async fn the_secret_goes_in_the_body_where_the_provider_wants_it_there() {
    let scene = Scene::new().await;
    scene.told(|conduct| {
        conduct.metadata = Some(Box::new(|it| {
            let methods = json!(["client_secret_post"]);
            it.insert("token_endpoint_auth_methods_supported".to_owned(), methods);
        }));
    });
    scene.sign_in().await;
}

#[tokio::test]
async fn the_provider_gets_what_the_standard_asks_for() {
    let scene = Scene::new().await;
    let app = scene.begin().await;
    let url: url::Url = app.url.parse().expect("an address");
    let field = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    assert_eq!(field("response_type"), "code");
    assert_eq!(field("code_challenge_method"), "S256");
    assert_eq!(field("code_challenge").len(), 43);
    assert!(field("nonce").len() >= 22 && field("state").len() >= 43);
    let own = scene.server.running.public_url().origin().ascii_serialization();
    let expected = format!("{own}/v1/sso/{}/callback", scene.provider_id);
    assert_eq!(field("redirect_uri"), expected);
    assert!(field("scope").split(' ').any(|scope| scope == "openid"));
}

async fn ways(server: &TestServer, email: &str) -> SignInWays {
    let request = SignInWaysRequest { email: email.to_owned() };
    body(server.post("/v1/sign-in/ways", &request).await).await
}

#[tokio::test]
async fn the_ways_follow_from_the_domain_and_tell_nothing_about_accounts() {
    for database in databases() {
        let scene = Scene::with(database, |_| {}).await;
        let ana = scene.server.add("ana", Role::Agent).await;
        let known = ways(&scene.server, &ana.email).await;
        assert!(known.password && known.has_providers);
        assert_eq!(known.providers[0].name, "Cactus ID");
        assert_eq!(ways(&scene.server, "nobody@inbox.example").await, known);
        assert_eq!(ways(&scene.server, "NOBODY@INBOX.EXAMPLE").await, known);
        let elsewhere = ways(&scene.server, "ana@elsewhere.example").await;
        assert_eq!((elsewhere.password, elsewhere.providers.len()), (true, 0));
        assert!(elsewhere.has_providers);
        // A provider without domains is for everybody.
        let other = provider_of(&scene.server, "sub", "x@y.example").await;
        let mut new = new_provider("Everybody", other.issuer());
        new.domains.clear();
        let backend = scene.server.running.backend();
        backend.add_provider(new, &scene.server.url("")).await.expect("added");
        assert_eq!(ways(&scene.server, "ana@elsewhere.example").await.providers.len(), 1);
        assert_eq!(ways(&scene.server, "").await.providers.len(), 1);
        assert_eq!(ways(&scene.server, &ana.email).await.providers.len(), 2);
        scene.server.running.stop().await;
    }
}

#[tokio::test]
async fn without_a_provider_there_is_nothing_to_ask() {
    let server = TestServer::start_on(Database::Memory).await;
    let expected = SignInWays { password: true, providers: Vec::new(), has_providers: false };
    assert_eq!(ways(&server, "ana@inbox.example").await, expected);
}
