//! The real server in this process, filled, beside a bare one with the same TLS.
//!
//! Both run on threads of their own. The client runs on the measuring thread, so that the processor's time of the
//! process less that of the thread is the server's.

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use recado_client::transport::{Request, ServerAddress};
use recado_client::{HttpTransports, Transport, Transports};
use recado_protocol::identity::{Device, Session, SignInRequest, SignInStep, TotpRequest};
use recado_protocol::sync::{Bootstrap, HeadPage};
use recado_protocol::{ConversationAccess, ConversationId, Role, Timestamp};
use recado_server::identity::token::{Secret, TokenKind};
use recado_server::import::record::{From, Message, Record, Times};
use recado_server::import::{ImportOptions, ImportState, Importer, NumberedRecord};
use recado_server::storage::Db;
use recado_server::tls::{CertificateAuthority, ServerNames, ServerTls};
use recado_testkit::{Engine, TestServer};
use tokio::runtime::{Builder, Runtime};

use crate::generator::{Fixture, Scale};
use crate::measure::{process_cpu_micros, thread_cpu_micros};
use crate::progress::Progress;

/// How many conversations the server holds, with ten messages each.
const SCALE: Scale = Scale::QUICK;
/// How many are imported at once.
const BATCH: usize = 100;

pub(crate) struct World {
    /// Where the servers run.
    pub(super) servers: Runtime,
    /// Where the client runs: on the thread that asks.
    client: Runtime,
    server: TestServer,
    pub(super) recado: Arc<dyn Transport>,
    pub(super) bare: Arc<dyn Transport>,
    pub(super) bare_tls: ServerTls,
    pub(super) bootstrap: Bootstrap,
    pub(super) conversations: Vec<ConversationId>,
    pub(super) token: Arc<str>,
}

impl World {
    pub(super) fn start(engine: Engine) -> Result<Self> {
        let servers = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let client = Builder::new_current_thread().enable_all().build()?;
        let server = servers.block_on(filled(engine))?;
        // On PostgreSQL the least that an answer could do is to ask its server for one.
        let database =
            (engine == Engine::Postgres).then(|| server.running().backend().core().db().clone());
        let link = server.running().join_link().clone();
        let recado = connect(&ServerAddress { url: link.url, ca_der: link.ca_der })?;
        let folder = tempfile::tempdir()?;
        let now_us = Timestamp::from_seconds(now_s()?).as_micros();
        let authority = Arc::new(CertificateAuthority::generate(now_us)?);
        let bare_tls =
            ServerTls::load_or_create(folder.path(), authority, ServerNames::loopback(), now_us)?;
        let bare = connect(&serve_bare(&servers, &bare_tls, database)?)?;
        let all = ConversationAccess::all();
        let token =
            client.block_on(sign_in(&server, recado.as_ref(), "Bench", Role::Admin, all, &[]))?;
        let mut world = Self {
            bootstrap: client.block_on(ask(
                recado.as_ref(),
                Request::get("/v1/bootstrap"),
                &token,
            ))?,
            servers,
            client,
            server,
            recado,
            bare,
            bare_tls,
            conversations: Vec::new(),
            token: token.into(),
        };
        let heads = Request::get("/v1/conversations").with("state", "open").with("limit", 500);
        let page: HeadPage = world.run(ask(world.recado.as_ref(), heads, &world.token))?;
        world.conversations = page.heads.into_iter().map(|head| head.id).collect();
        ensure!(world.conversations.len() == 500, "the server does not hold what was imported");
        Ok(world)
    }

    /// Runs the client's work on this thread.
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.client.block_on(work)
    }

    /// A further connection to the server, as another machine has one.
    pub(super) fn connect_again(&self) -> Result<Arc<dyn Transport>> {
        let link = self.server.running().join_link().clone();
        connect(&ServerAddress { url: link.url, ca_der: link.ca_der })
    }

    /// Somebody else who is signed in.
    pub(super) fn agent(
        &self,
        name: &str,
        access: ConversationAccess,
        team: &str,
    ) -> Result<Arc<str>> {
        let transport = self.recado.as_ref();
        let teams = [team];
        let session = sign_in(&self.server, transport, name, Role::Agent, access, &teams);
        Ok(self.run(session)?.into())
    }

    /// A conversation of a team.
    pub(super) fn conversation_of(&self, team: &str) -> Result<ConversationId> {
        self.run(self.server.import("Targeted", team, 1))?;
        let heads = Request::get("/v1/conversations").with("state", "open").with("limit", 500);
        let mut page: HeadPage = self.run(ask(self.recado.as_ref(), heads, &self.token))?;
        page.heads.retain(|head| head.team_assignee_id.is_some());
        Ok(page.heads.first().context("the team has no conversation")?.id)
    }

    /// The request of somebody who is signed in.
    pub(super) fn signed(&self, mut request: Request) -> Request {
        request.access_token = Some(self.token.to_string().into());
        request
    }

    /// Where the change log ends.
    pub(super) async fn cursor(&self) -> Result<u64> {
        let bootstrap: Bootstrap =
            ask(self.recado.as_ref(), Request::get("/v1/bootstrap"), &self.token).await?;
        Ok(bootstrap.cursor)
    }

    /// The server's database.
    pub(super) fn database(&self) -> std::path::PathBuf {
        self.server.data_dir().join("recado.db")
    }

    /// How many microseconds of the processor the servers needed for `work`.
    pub(super) fn server_cpu(&self, work: impl FnOnce() -> Result<()>) -> Result<f64> {
        let (process, own) = (process_cpu_micros(), thread_cpu_micros());
        work()?;
        Ok((process_cpu_micros() - process) - (thread_cpu_micros() - own))
    }

    pub(super) fn stop(self) {
        let Self { servers, server, .. } = self;
        drop(server);
        servers.shutdown_background();
    }
}

fn now_s() -> Result<i64> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(i64::try_from(now.as_secs())?)
}

fn connect(address: &ServerAddress) -> Result<Arc<dyn Transport>> {
    Ok(HttpTransports::new("bench").connect(address)?)
}

/// The answer to a request of somebody who is signed in.
pub(super) async fn ask_as<T: serde::de::DeserializeOwned>(
    token: &str,
    transport: &dyn Transport,
    request: Request,
) -> Result<T> {
    ask(transport, request, token).await
}

async fn ask<T: serde::de::DeserializeOwned>(
    transport: &dyn Transport,
    mut request: Request,
    token: &str,
) -> Result<T> {
    request.access_token = Some(token.to_owned().into());
    Ok(transport.send(request).await?.read()?)
}

/// A server that answers every request with a short text, over the same TLS; with a database after a `SELECT 1` there.
fn serve_bare(servers: &Runtime, tls: &ServerTls, database: Option<Db>) -> Result<ServerAddress> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let answers = async |State(database): State<Option<Db>>| match database {
        Some(database) if database.ping().await.is_err() => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::OK,
    };
    let router = Router::new().route("/v1/bare", get(answers)).with_state(database);
    let _inside = servers.enter();
    let server = tls.bind(listener)?;
    servers.spawn(async move { server.serve(router.into_make_service()).await });
    let url = format!("https://127.0.0.1:{port}/").parse()?;
    Ok(ServerAddress { url, ca_der: tls.ca_der().map(|der| der.to_vec()) })
}

/// A server with the generator's conversations.
pub(crate) async fn filled(engine: Engine) -> Result<TestServer> {
    let server = TestServer::start(engine).await?;
    let backend = server.running().backend();
    let options = ImportOptions { state: Some(ImportState::Open), ..ImportOptions::default() };
    let importer = Importer::open(backend.core(), backend.workspace_id(), &options).await?;
    let fixture = Fixture::new(SCALE);
    let mut progress = Progress::new("conversations for the server", SCALE.conversations);
    for first in (0..SCALE.conversations).step_by(BATCH) {
        let records = (first..first + BATCH).map(|index| record(&fixture, index)).collect();
        importer.store(records).await?;
        progress.advance(BATCH);
    }
    Ok(server)
}

/// A conversation as an import brings it.
fn record(fixture: &Fixture, index: usize) -> NumberedRecord {
    let entry = fixture.entry(index);
    let parts = entry.delta.parts.into_iter().filter(|part| part.part_type.is_message());
    let messages = parts.map(|part| Message {
        from: if part.author.admin_id.is_some() { From::Agent } else { From::Customer },
        author: part.author.name,
        text: part.body_text,
        at: part.created_at,
    });
    let record = Record {
        source: "bench".to_owned(),
        source_id: index.to_string(),
        subject: None,
        customer_name: entry.contact.name,
        customer_email: entry.contact.email,
        tags: Vec::new(),
        messages: messages.collect(),
        times: Times::Known,
        blank_messages: 0,
    };
    NumberedRecord { line: index as u64 + 1, record }
}

async fn sign_in(
    server: &TestServer,
    transport: &dyn Transport,
    name: &str,
    role: Role,
    access: ConversationAccess,
    teams: &[&str],
) -> Result<String> {
    let person = server.add(name, role, access, teams).await?;
    let device = Device {
        id: "0".repeat(32),
        name: name.to_owned(),
        system: "Linux".to_owned(),
        app_version: "0.1.0".to_owned(),
    };
    let request =
        SignInRequest { email: person.email.clone(), password: person.password.clone(), device };
    let step: SignInStep = transport.send(Request::post("/v1/sign-in", &request)?).await?.read()?;
    let refresh = Secret::generate(TokenKind::Refresh)?;
    let request = TotpRequest {
        flow: step.flow,
        code: person.code()?,
        refresh_hash: refresh.hash().to_base64(),
    };
    let session: Session =
        transport.send(Request::post("/v1/sign-in/totp", &request)?).await?.read()?;
    Ok(session.access_token)
}
