//! Single sign-on from the app through the browser and the provider back to the inbox.

use anyhow::Context as _;
use recado_protocol::host::{AppState, HostError, Phase};
use recado_protocol::sso::SignInWays;
use recado_protocol::{ConversationAccess, ErrorCode, Role};
use recado_testkit::identity_provider::{IdentityProvider, Refreshing, Subject};
use recado_testkit::{Engine, TestClient, TestServer};
use serde_json::json;

struct Scene {
    server: TestServer,
    provider: IdentityProvider,
    client: TestClient,
    email: String,
}

async fn scene() -> anyhow::Result<Scene> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let provider = IdentityProvider::start(Subject::new("ana", &ana.email)).await?;
    server.trust("Cactus ID", &provider).await?;
    let client = TestClient::start().await?;
    let _: AppState = client.ask("workspace_join", json!({ "link": server.join_link() })).await?;
    Ok(Scene { server, provider, client, email: ana.email })
}

impl Scene {
    async fn begin(&self) -> anyhow::Result<()> {
        let ways: SignInWays =
            self.client.ask("sign_in_ways", json!({ "email": self.email })).await?;
        let provider = ways.providers.first().context("a provider")?;
        let request = json!({ "provider": provider, "email": self.email });
        let state: AppState = self.client.ask("sso_begin", request).await?;
        assert_eq!(state.phase, Phase::Browser);
        Ok(())
    }

    async fn browse(&self) -> anyhow::Result<String> {
        let page = self.client.pages.newest().context("a page")?;
        self.server.browse(&page).await
    }

    async fn failure(&self) -> anyhow::Result<ErrorCode> {
        self.client
            .until("the sign-in has come to nothing", async |client| {
                let state: AppState = client.ask("app_state", json!({})).await?;
                Ok(state.browser.and_then(|browser| browser.failure))
            })
            .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_signs_in_by_the_browser_and_stays_signed_in() -> anyhow::Result<()> {
    let scene = scene().await?;
    scene.begin().await?;
    let page = scene.browse().await?;
    assert!(page.contains("You can go back to Recado"), "{page}");
    scene.client.until_online().await?;
    let state: AppState = scene.client.ask("app_state", json!({})).await?;
    assert_eq!(state.account.map(|account| account.email).as_deref(), Some(scene.email.as_str()));
    // The session outlives the program, as after a password.
    let client = scene.client.restart().await?;
    client.until_online().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_is_told_in_the_app() -> anyhow::Result<()> {
    let scene = scene().await?;
    scene.provider.conduct().refusal = Some("access_denied");
    scene.begin().await?;
    let page = scene.browse().await?;
    assert!(page.contains("You were not signed in"), "{page}");
    assert_eq!(scene.failure().await?, ErrorCode::SsoDenied);
    // And the next attempt goes well.
    scene.provider.conduct().refusal = None;
    scene.begin().await?;
    scene.browse().await?;
    scene.client.until_online().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_comes_back_twice_signs_nobody_in_twice() -> anyhow::Result<()> {
    let scene = scene().await?;
    scene.begin().await?;
    let page = scene.client.pages.newest().context("a page")?;
    scene.browse().await?;
    scene.client.until_online().await?;
    // The provider sends it back anew, but the app awaits nobody any more.
    let again = scene.server.browse(&page).await?;
    assert!(again.contains("This sign-in cannot go on"), "{again}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_was_given_up_lets_nobody_in() -> anyhow::Result<()> {
    let scene = scene().await?;
    scene.begin().await?;
    let state: AppState = scene.client.ask("sso_cancel", json!({})).await?;
    assert_eq!(state.phase, Phase::SignIn);
    assert!(scene.browse().await.is_err(), "somebody still listens");
    let again: Result<AppState, HostError> = scene.client.ask("sso_open_again", json!({})).await;
    assert_eq!(again.err().map(|error| error.code), Some(ErrorCode::SignInExpired));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_ends_the_grant_ends_the_app_s_session() -> anyhow::Result<()> {
    let scene = scene().await?;
    scene.provider.conduct().refreshing = Refreshing::Rotating;
    scene.begin().await?;
    scene.browse().await?;
    scene.client.until_online().await?;
    scene.provider.conduct().refreshing = Refreshing::InvalidGrant;
    scene.server.clock().advance_seconds(601);
    scene.server.running().backend().sso().check_sessions().await?;
    scene
        .client
        .until("the app asks to sign in again", async |client| {
            let state: AppState = client.ask("app_state", json!({})).await?;
            Ok((state.phase == Phase::SignIn).then_some(()))
        })
        .await
}
