//! A running server with people on it, and a client that trusts it.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recado_protocol::error::{ApiError, ErrorCode};
use recado_protocol::identity::{
    Device, RefreshRequest, Session, SignInRequest, SignInStep, TotpRequest,
};
use recado_protocol::{ConversationAccess, Role, Timestamp};
use recado_server::backend::{Database, NewTeammate};
use recado_server::clock::{Clock, SystemClock};
use recado_server::http::EdgeLimits;
use recado_server::identity::sealed::SecretsSource;
use recado_server::identity::token::{Secret, TokenKind};
use recado_server::serve::{RunningServer, ServeSettings};
use reqwest::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Totp};
use uuid::Uuid;

/// A clock that stands still until it is moved.
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    fn new() -> Self {
        // On a step of the second factor, so that a few seconds later it is still the same one.
        let now = SystemClock.now().as_seconds();
        Self(AtomicI64::new((now - now % 30) * 1_000_000))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Both engines, each with an empty database.
pub(crate) fn databases() -> [Database; 2] {
    let url = std::env::var("RECADO_TEST_POSTGRES").expect(
        "RECADO_TEST_POSTGRES is not set; `cargo xtask test` starts a PostgreSQL server for the tests",
    );
    let schema = format!("edge_{}", Uuid::new_v4().simple());
    [Database::InDataDirectory, Database::PostgresSchema { url, schema }]
}

/// A running server.
pub(crate) struct TestServer {
    pub(crate) running: RunningServer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) client: reqwest::Client,
    pub(crate) data: tempfile::TempDir,
    settings: ServeSettings,
}

/// Somebody who can sign in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) totp: Totp,
    pub(crate) device: Device,
}

/// Somebody who has signed in.
#[derive(Clone)]
pub(crate) struct SignedIn {
    pub(crate) session: Session,
    pub(crate) refresh: Secret,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_on(Database::Memory).await
    }

    pub(crate) async fn start_on(database: Database) -> Self {
        Self::start_with(database, |_| {}).await
    }

    /// A server with a workspace of this name.
    pub(crate) async fn start_named(workspace: &str) -> Self {
        let name = workspace.to_owned();
        Self::start_with(Database::Memory, |settings| settings.backend.workspace_name = name).await
    }

    /// Another node on a database, with the secrets of the first.
    pub(crate) async fn start_node(database: Database, secrets: &Path) -> Self {
        let secrets = SecretsSource::ProvidedFile(secrets.to_owned());
        Self::start_with(database, |settings| settings.backend.secrets = secrets).await
    }

    /// A server that takes on no more than `limits`.
    pub(crate) async fn start_limited(limits: EdgeLimits) -> Self {
        Self::start_with(Database::Memory, |settings| settings.limits = limits).await
    }

    /// A server whose identity providers may live on this machine's loopback.
    pub(crate) async fn start_sso(database: Database) -> Self {
        Self::start_with(database, |settings| settings.backend.sso.loopback_without_tls = true)
            .await
    }

    /// The same server, stopped and started again with other settings.
    pub(crate) async fn restarted(self, change: impl FnOnce(&mut ServeSettings)) -> Self {
        let Self { running, clock, data, mut settings, .. } = self;
        running.stop().await;
        change(&mut settings);
        Self::run(settings, clock, data).await
    }

    async fn start_with(database: Database, change: impl FnOnce(&mut ServeSettings)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new());
        let mut settings = ServeSettings::new(data.path().join("data"));
        settings.backend.database = database;
        settings.backend.password_cost = 4;
        settings.backend.clock = clock.clone();
        change(&mut settings);
        Self::run(settings, clock, data).await
    }

    async fn run(
        settings: ServeSettings,
        clock: Arc<ManualClock>,
        data: tempfile::TempDir,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let running =
            RunningServer::start(settings.clone(), listener).await.expect("the server starts");
        let client = client_of(&running, false);
        Self { running, clock, client, data, settings }
    }

    pub(crate) fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.running.address())
    }

    pub(crate) async fn add(&self, name: &str, role: Role) -> Person {
        self.add_with(name, role, ConversationAccess::all()).await
    }

    pub(crate) async fn add_with(
        &self,
        name: &str,
        role: Role,
        access: ConversationAccess,
    ) -> Person {
        let new = NewTeammate {
            email: format!("{name}@inbox.example"),
            name: name.to_owned(),
            role,
            access,
            teams: Vec::new(),
            password: None,
        };
        let added = self.running.backend().add_teammate(new).await.expect("a teammate");
        let secret =
            totp_rs::Secret::try_from_base32(&added.credentials.totp_secret).expect("a secret");
        Person {
            email: added.teammate.email,
            password: added.credentials.password.expect("a made-up password"),
            totp: Builder::new().with_secret(secret).build().expect("a generator"),
            device: new_device(),
        }
    }

    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Response {
        self.client.post(self.url(path)).json(body).send().await.expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Response {
        self.client.get(self.url(path)).bearer_auth(token).send().await.expect("an answer")
    }

    pub(crate) fn now_code(&self, person: &Person) -> String {
        let now = u64::try_from(self.clock.now().as_seconds()).unwrap();
        person.totp.generate(now).to_string()
    }

    /// The first step of signing in.
    pub(crate) async fn flow(&self, person: &Person) -> String {
        let step: SignInStep = body(self.post("/v1/sign-in", &person.request()).await).await;
        step.flow
    }

    /// Signs in, with the next code that was not used yet.
    pub(crate) async fn sign_in(&self, person: &Person) -> SignedIn {
        self.clock.advance(30);
        let flow = self.flow(person).await;
        let refresh = Secret::generate(TokenKind::Refresh).expect("random");
        let request = TotpRequest {
            flow,
            code: self.now_code(person),
            refresh_hash: refresh.hash().to_base64(),
        };
        let session = body(self.post("/v1/sign-in/totp", &request).await).await;
        SignedIn { session, refresh }
    }
}

impl Person {
    pub(crate) fn request(&self) -> SignInRequest {
        self.request_with(&self.password)
    }

    pub(crate) fn request_with(&self, password: &str) -> SignInRequest {
        SignInRequest {
            email: self.email.clone(),
            password: password.to_owned(),
            device: self.device.clone(),
        }
    }
}

impl SignedIn {
    pub(crate) fn token(&self) -> &str {
        &self.session.access_token
    }

    pub(crate) fn refresh_with(&self, current: &Secret, next: &Secret) -> RefreshRequest {
        RefreshRequest {
            session_id: self.session.session_id,
            refresh: current.expose().to_owned(),
            next_hash: next.hash().to_base64(),
        }
    }
}

pub(crate) fn new_device() -> Device {
    Device {
        id: Uuid::new_v4().simple().to_string(),
        name: "Front desk".to_owned(),
        system: "Linux".to_owned(),
        app_version: "0.1.0".to_owned(),
    }
}

/// A client that trusts the server's own authority and nothing else.
pub(crate) fn client_of(running: &RunningServer, http1_only: bool) -> reqwest::Client {
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls_of(running)).no_proxy();
    let builder = if http1_only { builder.http1_only() } else { builder };
    builder.build().expect("a client")
}

/// TLS that trusts the server's own authority and nothing else.
pub(crate) fn tls_of(running: &RunningServer) -> rustls::ClientConfig {
    let der = running.join_link().ca_der.clone().expect("an own authority");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(der.into()).expect("a usable certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The body of an answer that has to be a success.
pub(crate) async fn body<T: DeserializeOwned>(response: Response) -> T {
    let status = response.status();
    let text = response.text().await.expect("a body");
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).expect("the expected body")
}

/// The error of an answer that has to be one.
pub(crate) async fn error(response: Response) -> (StatusCode, ApiError) {
    let status = response.status();
    let text = response.text().await.expect("a body");
    assert!(!status.is_success(), "{status}: {text}");
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("not an ApiError: {text}")))
}

/// The code of an answer that has to be an error.
pub(crate) async fn code(response: Response) -> ErrorCode {
    error(response).await.1.code
}

/// SHA-256 of a secret as the wire has it.
pub(crate) fn hash_of(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret))
}
