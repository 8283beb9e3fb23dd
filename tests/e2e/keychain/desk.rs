//! An agent with a server, a profile and a keychain of their own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use recado_client::keychain::SLOW_AFTER;
use recado_client::links::NoOpener;
use recado_client::notification::NoNotifier;
use recado_client::{Client, ClientOptions, SystemKeychain};
use recado_protocol::host::{AppState, ConnectionState, HostError, Phase};
use recado_protocol::{ConversationAccess, ErrorCode, Role};
use recado_testkit::{Engine, Person, TestServer};
use serde_json::{Value, json};

use super::bus::Bus;
use super::faults::{Content, Deed};
use super::profile::{Fingerprints, change_backend, fingerprints};
use super::script::Stored;
use super::service::Service;

/// How long something is waited for that has to happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the keychain may take where it is known to take for ever.
const SHORT: Duration = Duration::from_millis(250);

pub(super) struct Desk {
    pub(super) server: TestServer,
    pub(super) person: Person,
    pub(super) bus: Bus,
    pub(super) service: Service,
    folder: tempfile::TempDir,
    /// The items as they were before something was done to them, and as that left them.
    touched: BTreeMap<&'static str, Touched>,
}

struct Touched {
    before: Vec<Stored>,
    after: Vec<Stored>,
}

impl Desk {
    /// Nobody has joined yet.
    pub(super) async fn new() -> anyhow::Result<Self> {
        let server = TestServer::start(Engine::Sqlite).await?;
        let person = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
        let shop = server.channel("Web shop").await?;
        shop.open("Tom", None, "Where is my order?").await?;
        let bus = Bus::start()?;
        let service = Service::start(bus.address()).await;
        let folder = tempfile::tempdir()?;
        Ok(Self { server, person, bus, service, folder, touched: BTreeMap::new() })
    }

    /// With an inbox that lies here, and nobody at it.
    pub(super) async fn set_up() -> anyhow::Result<Self> {
        let desk = Self::new().await?;
        let client = desk.start(false).await?;
        desk.join(&client).await?;
        desk.sign_in(&client).await?;
        desk.until_online(&client).await?;
        stop(client).await;
        Ok(desk)
    }

    pub(super) fn profile(&self) -> PathBuf {
        self.folder.path().join("profile")
    }

    pub(super) fn fingerprints(&self) -> anyhow::Result<Fingerprints> {
        fingerprints(&self.profile())
    }

    /// What a client stands on. Where the keychain hangs, it is not given the time that people are.
    pub(super) fn options(&self, hangs: bool) -> ClientOptions {
        let mut options = ClientOptions::for_system(
            self.profile(),
            env!("CARGO_PKG_VERSION"),
            Arc::new(NoNotifier),
            Arc::new(NoOpener),
        );
        options.keychain = Arc::new(SystemKeychain::on_bus(&self.bus.address()));
        options.keychain_slow_after = if hangs { SHORT } else { 4 * SLOW_AFTER };
        options.clock = self.server.clock().clone();
        options
    }

    pub(super) async fn start(&self, hangs: bool) -> anyhow::Result<Client> {
        let options = self.options(hangs);
        let begun = Instant::now();
        loop {
            match Client::start(options.clone()).await {
                // Also a process that was being started by somebody else holds the lock for a moment.
                Err(error)
                    if error.code() == ErrorCode::AlreadyRunning && begun.elapsed() < PATIENCE =>
                {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                outcome => return Ok(outcome?),
            }
        }
    }

    pub(super) async fn join(&self, client: &Client) -> anyhow::Result<()> {
        until(client, "it asks for a server", |state| state.phase == Phase::Join).await?;
        client.invoke("workspace_join", json!({ "link": self.server.join_link() })).await?;
        Ok(())
    }

    /// Both steps of a sign-in. An error of the keychain is in what comes back, with how far it got.
    pub(super) async fn sign_in(&self, client: &Client) -> Result<(), HostError> {
        let password = json!({ "email": self.person.email, "password": self.person.password });
        client.invoke("sign_in", password).await?;
        let code = self.person.code().map_err(|error| HostError {
            code: ErrorCode::ClientFailed,
            message: error.to_string(),
            retry_after_s: None,
        })?;
        client.invoke("sign_in_code", json!({ "code": code })).await?;
        Ok(())
    }

    /// The same until it works; a machine that is busy may take longer than the keychain is given.
    pub(super) async fn sign_in_at_last(&self, client: &Client) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            match self.sign_in(client).await {
                Err(error)
                    if error.code == ErrorCode::KeychainTimeout && begun.elapsed() < PATIENCE => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Waits until everything works: the inbox is shown, and the session is good.
    pub(super) async fn until_online(&self, client: &Client) -> anyhow::Result<()> {
        let works = |state: &AppState| {
            state.phase == Phase::Ready
                && state.connection.state == ConnectionState::Online
                && state.connection.bootstrap.is_none_or(|progress| progress.heads_complete)
        };
        let begun = Instant::now();
        while !works(&client.state()) {
            anyhow::ensure!(begun.elapsed() < PATIENCE, "not online: {:?}", client.state());
            client.network_changed();
            // Some things change without an event.
            let _ = tokio::time::timeout(SHORT, client.events().recv()).await;
        }
        Ok(())
    }

    /// Has something go wrong.
    pub(super) async fn apply(&mut self, deeds: &[Deed]) -> anyhow::Result<()> {
        for deed in deeds {
            match *deed {
                Deed::On(call, act) => self.service.state().rules.push((call, act)),
                Deed::Locked(answer) => {
                    let mut state = self.service.state();
                    (state.locked, state.answer) = (true, answer);
                }
                Deed::Answers(answer) => self.service.state().answer = answer,
                Deed::Default(default) => self.service.state().default = default,
                Deed::Gone(kind) => self.touch(kind, |_| Vec::new()),
                Deed::Holds(kind, content) => self.touch(kind, |items| {
                    items.into_iter().map(|item| holding(item, content)).collect()
                }),
                Deed::Twice(kind, content) => self.touch(kind, |mut items| {
                    let another = items.first().cloned().map(|item| holding(item, content));
                    items.extend(another);
                    items
                }),
                Deed::OnlyOthers(kind) => {
                    self.touch(kind, |items| items.into_iter().map(of_somebody_else).collect());
                    self.service.state().finds_others = true;
                }
                Deed::AnotherBackend => change_backend(&self.profile())?,
                Deed::ServiceDies => self.service.die().await,
                Deed::BusDies => {
                    self.bus.die()?;
                    self.service.until_off().await;
                }
            }
        }
        Ok(())
    }

    fn touch(&mut self, kind: &'static str, change: impl FnOnce(Vec<Stored>) -> Vec<Stored>) {
        let before = self.take(kind);
        let after = change(before.clone());
        let mut state = self.service.state();
        for item in &after {
            state.put(item.clone());
        }
        drop(state);
        self.touched.insert(kind, Touched { before, after });
    }

    fn take(&self, kind: &str) -> Vec<Stored> {
        let mut state = self.service.state();
        let numbers = state.of_kind(kind);
        numbers.iter().filter_map(|number| state.items.remove(number)).collect()
    }

    /// Puts right what was done, except where somebody has written something since.
    pub(super) async fn heal(&mut self) -> anyhow::Result<()> {
        self.bus.come_back()?;
        self.service.state().heal();
        self.service.come_back().await;
        for (kind, touched) in std::mem::take(&mut self.touched) {
            let now = self.take(kind);
            let back = if now == touched.after { touched.before } else { now };
            let mut state = self.service.state();
            for item in back {
                state.put(item);
            }
        }
        self.service.release();
        Ok(())
    }

    /// What the keychain holds.
    pub(super) fn items(&self) -> Vec<Stored> {
        let mut items: Vec<Stored> = self.service.state().items.values().cloned().collect();
        items.sort_by(|a, b| (a.user(), &a.secret).cmp(&(b.user(), &b.secret)));
        items
    }
}

fn holding(mut item: Stored, content: Content) -> Stored {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let secret = &mut item.secret;
    match content {
        Content::Same => {}
        Content::SameAsText => item.content_type = "text/plain; charset=utf8".to_owned(),
        Content::Shorter => secret.truncate(secret.len() - 1),
        Content::Longer => secret.push(0),
        Content::Empty => secret.clear(),
        Content::Another => secret.iter_mut().for_each(|byte| *byte ^= 0x11),
        Content::Base64 => *secret = STANDARD.encode(&*secret).into_bytes(),
    }
    item
}

fn of_somebody_else(mut item: Stored) -> Stored {
    let user = item.user().replace("ana", "bob");
    item.attributes.insert("username".to_owned(), user);
    item
}

/// Ends a client.
pub(super) async fn stop(client: Client) {
    client.shutdown().await;
}

/// Waits until the state is as wanted.
pub(super) async fn until(
    client: &Client,
    what: &str,
    wanted: impl Fn(&AppState) -> bool,
) -> anyhow::Result<AppState> {
    let mut events = client.events();
    let begun = Instant::now();
    loop {
        let state = client.state();
        if wanted(&state) {
            return Ok(state);
        }
        anyhow::ensure!(
            begun.elapsed() < PATIENCE,
            "in vain until {what}: {:?} {:?} {:?}",
            state.phase,
            state.problem,
            state.connection
        );
        let _ = tokio::time::timeout(Duration::from_millis(50), events.recv()).await;
    }
}

/// Asks for something that has to work.
pub(super) async fn ask(client: &Client, command: &str, request: Value) -> anyhow::Result<Value> {
    client.invoke(command, request).await.with_context(|| format!("{command} was refused"))
}
