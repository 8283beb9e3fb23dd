//! A server, a provider, a browser and an app.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::{Device, Session};
use recado_protocol::sso::{SsoCompleteRequest, SsoFlow, SsoRequest};
use recado_protocol::{ProviderId, SessionId, TeammateId};
use recado_server::backend::{Database, NewProvider};
use recado_server::clock::Clock as _;
use recado_server::identity::token::{Secret, TokenKind};
use recado_server::storage::{DbError, session, sso};
use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::harness::{TestServer, body, client_of, error, new_device};
use crate::identity_provider::{
    CLIENT_ID, CLIENT_SECRET, Conduct, IdentityProvider, Subject, random_text,
};

/// Where the app would await its browser.
pub(super) const APP: &str = "http://127.0.0.1:49152/callback";

pub(super) struct Scene {
    pub(super) server: TestServer,
    pub(super) provider: IdentityProvider,
    pub(super) provider_id: ProviderId,
    browser: reqwest::Client,
}

/// An app that has begun a sign-in.
#[derive(Clone)]
pub(super) struct App {
    pub(super) flow: String,
    pub(super) url: String,
    pub(super) verifier: String,
    pub(super) state: String,
}

/// What an app's browser has brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Brought {
    Code(String),
    Error(String),
    /// The browser was not sent on to the app.
    Page(StatusCode, String),
}

impl Scene {
    /// Accounts are made for verified addresses of inbox.example.
    pub(super) async fn new() -> Self {
        Self::with(Database::Memory, |new| new.makes_accounts = true).await
    }

    pub(super) async fn with(database: Database, change: impl FnOnce(&mut NewProvider)) -> Self {
        let server = TestServer::start_sso(database).await;
        let provider = provider_of(&server, "sub-ana", "ana@inbox.example").await;
        let mut new = new_provider("Cactus ID", provider.issuer());
        change(&mut new);
        let added = server.running.backend().add_provider(new, &server.url("")).await;
        let provider_id = added.expect("a provider").id;
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(crate::harness::tls_of(&server.running))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        let browser = builder.build().expect("a browser");
        Self { server, provider, provider_id, browser }
    }

    /// Changes what the provider does.
    pub(super) fn told(&self, change: impl FnOnce(&mut Conduct)) {
        change(&mut self.provider.conduct());
    }

    pub(super) async fn begin_with(&self, change: impl FnOnce(&mut SsoRequest)) -> Response {
        let mut request = SsoRequest {
            provider_id: self.provider_id,
            device: new_device(),
            code_challenge: challenge_of("unused"),
            redirect_uri: APP.to_owned(),
            app_state: random_text(),
        };
        change(&mut request);
        self.server.post("/v1/sign-in/sso", &request).await
    }

    /// An app begins a sign-in.
    pub(super) async fn begin(&self) -> App {
        self.begin_at(self.provider_id, new_device()).await
    }

    pub(super) async fn begin_at(&self, provider_id: ProviderId, device: Device) -> App {
        let (verifier, state) = (random_text(), random_text());
        let begun = self
            .begin_with(|request| {
                request.provider_id = provider_id;
                request.code_challenge = challenge_of(&verifier);
                request.app_state = state.clone();
                request.device = device;
            })
            .await;
        let begun: SsoFlow = body(begun).await;
        App { flow: begun.flow, url: begun.authorization_url, verifier, state }
    }

    /// Follows the browser until it would leave for the app, or nobody sends it on.
    pub(super) async fn browse(&self, url: &str) -> Response {
        let mut url = url.to_owned();
        loop {
            let response = self.browser.get(&url).send().await.expect("an answer");
            match location(&response) {
                Some(next) if !next.starts_with(APP) => url = next,
                _ => return response,
            }
        }
    }

    /// Where the provider sends the browser, without following it there.
    pub(super) async fn at_provider(&self, url: &str) -> Url {
        let response = self.browser.get(url).send().await.expect("an answer");
        location(&response).expect("the way back").parse().expect("an address")
    }

    /// What the browser brings to the app.
    pub(super) async fn brought(&self, app: &App, url: &str) -> Brought {
        let response = self.browse(url).await;
        let Some(location) = location(&response) else {
            let status = response.status();
            return Brought::Page(status, response.text().await.expect("a page"));
        };
        let location: Url = location.parse().expect("an address");
        let field = |name: &str| {
            let mut found = location.query_pairs().filter(|(key, _)| key == name);
            found.next().map(|(_, value)| value.into_owned())
        };
        assert_eq!(field("state").as_deref(), Some(app.state.as_str()), "{location}");
        match (field("code"), field("error")) {
            (Some(code), None) => Brought::Code(code),
            (None, Some(error)) => Brought::Error(error),
            other => panic!("{other:?}"),
        }
    }

    /// The code of a sign-in that has to go well as far as the browser.
    pub(super) async fn code(&self, app: &App) -> String {
        match self.brought(app, &app.url).await {
            Brought::Code(code) => code,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn complete(&self, app: &App, code: &str) -> Response {
        self.complete_with(app, code, &app.verifier).await.0
    }

    pub(super) async fn complete_with(
        &self,
        app: &App,
        code: &str,
        verifier: &str,
    ) -> (Response, Secret) {
        let refresh = Secret::generate(TokenKind::Refresh).expect("random");
        let request = SsoCompleteRequest {
            flow: app.flow.clone(),
            code: code.to_owned(),
            code_verifier: verifier.to_owned(),
            refresh_hash: refresh.hash().to_base64(),
        };
        (self.server.post("/v1/sign-in/sso/complete", &request).await, refresh)
    }

    /// A whole sign-in that has to go well.
    pub(super) async fn sign_in(&self) -> Session {
        self.sign_in_keeping().await.0
    }

    pub(super) async fn sign_in_keeping(&self) -> (Session, Secret) {
        let app = self.begin().await;
        let code = self.code(&app).await;
        let (response, refresh) = self.complete_with(&app, &code, &app.verifier).await;
        (body(response).await, refresh)
    }

    /// A sign-in that has to come to nothing at the browser, with this error.
    pub(super) async fn refused(&self, expected: &str) {
        let app = self.begin().await;
        let brought = self.brought(&app, &app.url).await;
        assert_eq!(brought, Brought::Error(expected.to_owned()));
        self.no_session().await;
    }

    /// Nothing that any provider vouches for.
    pub(super) async fn no_session(&self) {
        assert_eq!(self.sessions().await, []);
    }

    /// The running sessions that a provider vouches for.
    pub(super) async fn sessions(&self) -> Vec<SessionId> {
        let workspace = self.server.running.edge().workspace_id;
        let core = self.server.running.backend().core();
        core.db()
            .read(async move |tx| {
                let mut found = Vec::new();
                for provider in sso::all(tx, workspace).await? {
                    found.extend(sso::link::sessions_of(tx, provider.id, None, None).await?);
                }
                Ok::<_, DbError>(found)
            })
            .await
            .expect("sessions")
    }

    /// Whether a session has ended.
    pub(super) async fn has_ended(&self, id: SessionId) -> bool {
        let core = self.server.running.backend().core();
        let found = core.db().read(async move |tx| session::find(tx, id).await).await;
        let found = found.expect("a database").expect("a session");
        found.family.state == recado_server::identity::refresh::FamilyState::Revoked
    }

    pub(super) async fn teammate(&self, email: &str) -> Option<TeammateId> {
        self.server.running.backend().teammate_id(email).await.ok()
    }

    /// What the bootstrap of a session says about its owner.
    pub(super) async fn access(&self, session: &Session) -> serde_json::Value {
        body(self.server.get("/v1/bootstrap", &session.access_token).await).await
    }
}

/// A provider whose clock is the server's.
pub(super) async fn provider_of(server: &TestServer, sub: &str, email: &str) -> IdentityProvider {
    let provider = IdentityProvider::start(Subject::new(sub, email)).await.expect("a provider");
    let clock = Arc::clone(&server.clock);
    provider.conduct().clock = Box::new(move || clock.now().as_seconds());
    provider
}

pub(super) fn new_provider(name: &str, issuer: &str) -> NewProvider {
    NewProvider {
        name: name.to_owned(),
        issuer: issuer.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned(),
        ca_pem: None,
        domains: vec!["inbox.example".to_owned()],
        groups_claim: None,
        makes_accounts: false,
        link_by_verified_email: false,
    }
}

pub(super) fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

fn location(response: &Response) -> Option<String> {
    Some(response.headers().get(LOCATION)?.to_str().expect("an address").to_owned())
}

/// An answer that has to be an error of this code.
pub(super) async fn refused_with(response: Response, expected: ErrorCode) {
    let (status, error) = error(response).await;
    assert_eq!(error.code, expected, "{status}: {error}");
}

/// A client of the same server that is somebody else's.
pub(super) fn other_client(server: &TestServer) -> reqwest::Client {
    client_of(&server.running, false)
}
