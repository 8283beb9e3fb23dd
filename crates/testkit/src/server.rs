//! The real server in this process, on a free port, with people who have accounts on it.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, anyhow};
use recado_protocol::channel::{
    AddMessage, ChannelContact, ChannelMessage, ChannelReceipt, ChannelReply, OpenConversation,
    ReplyPage,
};
use recado_protocol::{
    ConversationAccess, ConversationId, ProviderId, Role, TeammateId, Timestamp,
};
use recado_server::backend::{Database, NewProvider, NewTeammate, TeammateChange};
use recado_server::clock::{Clock, SystemClock};
use recado_server::import::{Fate, ImportOptions, ImportState, Importer, NumberedRecord, Record};
use recado_server::serve::{RunningServer, ServeSettings};
use serde_json::json;
use totp_rs::{Builder, Secret};

use crate::identity_provider::{CLIENT_ID, CLIENT_SECRET, IdentityProvider};

/// The lowest cost that bcrypt knows: a test's passwords protect nothing.
const PASSWORD_COST: u32 = 4;
/// How long one code of an authenticator lasts.
const CODE_SECONDS: i64 = 30;

/// Which database the server runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in the server's folder.
    Sqlite,
    /// A fresh schema in the PostgreSQL that `RECADO_TEST_POSTGRES` names.
    Postgres,
}

/// The system's clock, which can be moved forward.
#[derive(Default)]
pub struct TestClock {
    ahead_us: AtomicI64,
}

impl TestClock {
    /// Moves the clock forward.
    pub fn advance_seconds(&self, seconds: i64) {
        self.ahead_us.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead_us.load(Ordering::SeqCst);
        Timestamp::from_micros(SystemClock.now().as_micros() + ahead)
    }
}

impl recado_client::Clock for TestClock {
    fn now(&self) -> Timestamp {
        Clock::now(self)
    }
}

/// Somebody with an account.
#[derive(Clone)]
pub struct Person {
    /// The account.
    pub id: TeammateId,
    /// The name.
    pub name: String,
    /// The address to sign in with.
    pub email: String,
    /// The password.
    pub password: String,
    /// The second factor's secret in base32.
    pub totp_secret: String,
    codes: Arc<Codes>,
}

/// Which codes were used: the server takes each only once.
struct Codes {
    clock: Arc<TestClock>,
    last_step: Mutex<i64>,
}

impl Person {
    /// A code that the server takes. Where the present one was used already, the server's clock
    /// moves on to the next.
    pub fn code(&self) -> anyhow::Result<String> {
        let mut last_step = self.codes.last_step.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = Clock::now(&*self.codes.clock).as_seconds();
        if now / CODE_SECONDS <= *last_step {
            self.codes.clock.advance_seconds((*last_step + 1) * CODE_SECONDS - now);
            now = Clock::now(&*self.codes.clock).as_seconds();
        }
        *last_step = now / CODE_SECONDS;
        self.code_at(now)
    }

    /// The code of a moment, in seconds since 1970.
    pub fn code_at(&self, unix_s: i64) -> anyhow::Result<String> {
        let secret = Secret::try_from_base32(&self.totp_secret)
            .map_err(|error| anyhow!("the second factor's secret is broken: {error}"))?;
        let totp = Builder::new()
            .with_secret(secret)
            .build()
            .map_err(|error| anyhow!("the second factor's secret is broken: {error}"))?;
        Ok(totp.generate(u64::try_from(unix_s)?).to_string())
    }
}

/// The real server in this process.
pub struct TestServer {
    running: RunningServer,
    settings: ServeSettings,
    clock: Arc<TestClock>,
    folder: tempfile::TempDir,
    people: Mutex<BTreeMap<String, Person>>,
}

impl TestServer {
    /// A server with an empty workspace on a free loopback port.
    pub async fn start(engine: Engine) -> anyhow::Result<Self> {
        if engine == Engine::Sqlite {
            return Self::start_on(Database::InDataDirectory).await;
        }
        let url = std::env::var("RECADO_TEST_POSTGRES").context(
            "RECADO_TEST_POSTGRES is not set: run `cargo xtask test`, or `cargo xtask postgres` beside this",
        )?;
        let schema = format!("e2e_{}", uuid::Uuid::new_v4().simple());
        Self::start_on(Database::PostgresSchema { url, schema }).await
    }

    /// The same on a database of the caller's.
    pub async fn start_on(database: Database) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock = Arc::new(TestClock::default());
        let mut settings = ServeSettings::new(folder.path().join("server"));
        settings.backend.workspace_name = "Cactus Desk".to_owned();
        settings.backend.password_cost = PASSWORD_COST;
        settings.backend.clock = clock.clone();
        settings.backend.database = database;
        settings.backend.sso.loopback_without_tls = true;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        // The same port after a restart, as a real server has.
        let running = RunningServer::start(settings.clone(), listener).await?;
        Ok(Self { running, settings, clock, folder, people: Mutex::default() })
    }

    /// Stops the server and starts it anew on the same data and the same port.
    pub async fn restart(self) -> anyhow::Result<Self> {
        let Self { running, settings, clock, folder, people } = self;
        let address = running.address();
        running.stop().await;
        let listener = TcpListener::bind(address)?;
        let running = RunningServer::start(settings.clone(), listener).await?;
        Ok(Self { running, settings, clock, folder, people })
    }

    /// Stops the server and gives its folder and its port, for a process to go on with.
    pub async fn stop(self) -> (tempfile::TempDir, u16) {
        let port = self.running.address().port();
        self.running.stop().await;
        (self.folder, port)
    }

    /// The server itself.
    pub fn running(&self) -> &RunningServer {
        &self.running
    }

    /// The server's clock.
    pub fn clock(&self) -> &Arc<TestClock> {
        &self.clock
    }

    /// The folder of everything that the server keeps.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("server")
    }

    /// The link by which clients join.
    pub fn join_link(&self) -> String {
        self.running.join_link().to_string()
    }

    /// Adds somebody who can sign in at once.
    pub async fn add(
        &self,
        name: &str,
        role: Role,
        access: ConversationAccess,
        teams: &[&str],
    ) -> anyhow::Result<Person> {
        let email = format!("{}@cactus.example", name.to_lowercase().replace(' ', "."));
        let added = self
            .running
            .backend()
            .add_teammate(NewTeammate {
                email: email.clone(),
                name: name.to_owned(),
                role,
                access,
                teams: teams.iter().map(ToString::to_string).collect(),
                password: None,
            })
            .await?;
        let codes = Codes { clock: self.clock.clone(), last_step: Mutex::new(0) };
        let person = Person {
            id: added.teammate.id,
            name: name.to_owned(),
            email,
            password: added.credentials.password.context("a password is made up")?,
            totp_secret: added.credentials.totp_secret,
            codes: Arc::new(codes),
        };
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.insert(person.email.clone(), person.clone());
        Ok(person)
    }

    /// Lets people in whom this provider vouches for: those who are here by their verified addresses, and everybody else of
    /// cactus.example with a new account.
    pub async fn trust(
        &self,
        name: &str,
        provider: &IdentityProvider,
    ) -> anyhow::Result<ProviderId> {
        let clock = self.clock.clone();
        provider.conduct().clock = Box::new(move || Clock::now(&*clock).as_seconds());
        let new = NewProvider {
            name: name.to_owned(),
            issuer: provider.issuer().to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            ca_pem: None,
            domains: vec!["cactus.example".to_owned()],
            groups_claim: None,
            makes_accounts: true,
            link_by_verified_email: true,
        };
        Ok(self.running.backend().add_provider(new, "https://unused.example").await?.id)
    }

    /// What a browser does at a page: it follows every way on, to the app's own machine at the end.
    pub async fn browse(&self, page: &url::Url) -> anyhow::Result<String> {
        let link: recado_protocol::JoinLink = self.join_link().parse()?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_of(link.ca_der)?)
            .no_proxy()
            .build()?;
        Ok(http.get(page.clone()).send().await?.text().await?)
    }

    /// Imports a conversation of one customer, whose messages are `Message number 1.` and so on.
    pub async fn import(&self, customer: &str, team: &str, messages: u32) -> anyhow::Result<()> {
        let said: Vec<_> = (1..=messages)
            .map(
                |number| json!({ "from": "customer", "text": format!("Message number {number}.") }),
            )
            .collect();
        let line = json!({ "id": customer, "customer": { "name": customer }, "messages": said });
        self.import_lines(Some(team), &[line]).await
    }

    /// Imports conversations as `recado-server import` takes them, one a line. All are open.
    pub async fn import_lines(
        &self,
        team: Option<&str>,
        lines: &[serde_json::Value],
    ) -> anyhow::Result<()> {
        let now = Clock::now(&*self.clock);
        let records = (1..).zip(lines).map(|(line, said)| {
            let record = Record::parse(said.to_string().as_bytes(), "test", now);
            let record = record.map_err(|rejection| anyhow!("{rejection:?}"))?;
            Ok(NumberedRecord { line, record })
        });
        let records = records.collect::<anyhow::Result<Vec<_>>>()?;
        let backend = self.running.backend();
        let (state, team) = (Some(ImportState::Open), team.map(ToOwned::to_owned));
        let options = ImportOptions { state, team, link_authors: false };
        let importer = Importer::open(backend.core(), backend.workspace_id(), &options).await?;
        let fates = importer.store(records).await?;
        let all_imported = fates.iter().all(|fate| *fate == Fate::Imported);
        anyhow::ensure!(all_imported, "not all were imported: {fates:?}");
        Ok(())
    }

    /// Changes what somebody may do and see.
    pub async fn change(&self, person: &Person, change: TeammateChange) -> anyhow::Result<()> {
        self.running.backend().change_teammate(&person.email, change).await?;
        Ok(())
    }

    /// A customer's system with a key of its own.
    pub async fn channel(&self, name: &str) -> anyhow::Result<Channel> {
        let key = self.running.backend().add_channel(name).await?;
        Channel::new(&self.join_link(), key.expose())
    }
}

/// A customer's system: it opens conversations, adds messages and reads replies over HTTPS.
pub struct Channel {
    http: reqwest::Client,
    base: String,
    key: String,
}

impl Channel {
    /// A system that trusts the authority of the join link.
    pub fn new(join_link: &str, key: &str) -> anyhow::Result<Self> {
        let link: recado_protocol::JoinLink = join_link.parse()?;
        let tls = tls_of(link.ca_der)?;
        let http = reqwest::Client::builder().tls_backend_preconfigured(tls).build()?;
        let base = link.url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { http, base, key: key.to_owned() })
    }

    async fn write<T: serde::Serialize>(
        &self,
        path: &str,
        idempotency_key: &str,
        body: &T,
    ) -> anyhow::Result<ChannelReceipt> {
        let response = self
            .http
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.key)
            .header("Idempotency-Key", idempotency_key)
            .json(body)
            .send()
            .await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            anyhow::bail!("the channel API answered {status}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Opens a conversation of the customer `name` with a first message.
    pub async fn open(
        &self,
        name: &str,
        team: Option<&str>,
        body_text: &str,
    ) -> anyhow::Result<ConversationId> {
        let contact = ChannelContact {
            external_id: name.to_lowercase(),
            name: Some(name.to_owned()),
            email: Some(format!("{}@customer.example", name.to_lowercase().replace(' ', "."))),
            ..ChannelContact::default()
        };
        let message =
            ChannelMessage { body_text: Some(body_text.to_owned()), ..ChannelMessage::default() };
        let open =
            OpenConversation { contact, title: None, message, team: team.map(str::to_owned) };
        let key = uuid::Uuid::new_v4().to_string();
        Ok(self.write("/v1/channel/conversations", &key, &open).await?.conversation_id)
    }

    /// Adds a customer's message.
    pub async fn message(
        &self,
        id: ConversationId,
        body_text: &str,
    ) -> anyhow::Result<ChannelReceipt> {
        let message =
            ChannelMessage { body_text: Some(body_text.to_owned()), ..ChannelMessage::default() };
        self.add(id, message).await
    }

    /// Adds a customer's message of any kind.
    pub async fn add(
        &self,
        id: ConversationId,
        message: ChannelMessage,
    ) -> anyhow::Result<ChannelReceipt> {
        let path = format!("/v1/channel/conversations/{id}/messages");
        self.write(&path, &uuid::Uuid::new_v4().to_string(), &AddMessage { message }).await
    }

    /// Adds a customer's message under a key of the caller's, who may repeat it.
    pub async fn message_as(
        &self,
        idempotency_key: &str,
        id: ConversationId,
        body_text: &str,
    ) -> anyhow::Result<ChannelReceipt> {
        let message =
            ChannelMessage { body_text: Some(body_text.to_owned()), ..ChannelMessage::default() };
        let path = format!("/v1/channel/conversations/{id}/messages");
        self.write(&path, idempotency_key, &AddMessage { message }).await
    }

    /// Every reply from the first on.
    pub async fn replies(&self) -> anyhow::Result<Vec<ChannelReply>> {
        let mut replies = Vec::new();
        let mut after = 0;
        loop {
            let url = format!("{}/v1/channel/replies?after={after}&limit=100", self.base);
            let response = self.http.get(url).bearer_auth(&self.key).send().await?;
            let page: ReplyPage = response.error_for_status()?.json().await?;
            replies.extend(page.replies);
            after = page.cursor;
            if !page.more {
                return Ok(replies);
            }
        }
    }
}

/// TLS that trusts this authority and nothing else.
fn tls_of(ca_der: Option<Vec<u8>>) -> anyhow::Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    if let Some(der) = ca_der {
        roots.add(der.into())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// The folder of the built UI.
pub fn ui_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/dist")
}
