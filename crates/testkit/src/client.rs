//! A headless client with a folder, a keychain and a network of its own.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use recado_client::{
    Client, ClientOptions, Keychain, MemoryKeychain, Notifier, Opener, StartError,
};
use recado_protocol::host::{
    AppState, ConnectionState, ConversationView, HostError, InboxPage, InboxRow, Outbox, Phase,
    SearchIn, SearchResults, Sidebar, Sort, Submitted, View,
};
use recado_protocol::{Action, ConversationId, ErrorCode};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::recording::RecordingTransports;
use crate::server::{Person, TestClock};

/// How long a test waits for something that has to happen. It is never how long something takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A headless client with a folder, a keychain and a network of its own.
pub struct TestClient {
    client: Client,
    folder: Arc<tempfile::TempDir>,
    /// The keychain, whose failures can be scripted.
    pub keychain: MemoryKeychain,
    /// The network, which can be cut, and what came over it.
    pub network: RecordingTransports,
    /// The clock, which can be moved forward.
    pub clock: Arc<TestClock>,
    note_held_s: i64,
    /// What was notified, as (title, body).
    pub notifications: Arc<Notifications>,
    /// The pages that a browser would be sent to.
    pub pages: Arc<Pages>,
}

/// What outlives a client: its folder and everything around it.
#[derive(Clone)]
struct Machine {
    folder: Arc<tempfile::TempDir>,
    keychain: MemoryKeychain,
    network: RecordingTransports,
    clock: Arc<TestClock>,
    note_held_s: i64,
}

impl Machine {
    fn new(note_held_s: i64) -> anyhow::Result<Self> {
        Ok(Self {
            folder: Arc::new(tempfile::tempdir()?),
            keychain: MemoryKeychain::new(),
            network: RecordingTransports::default(),
            clock: Arc::default(),
            note_held_s,
        })
    }
}

/// Keeps notifications instead of showing them.
#[derive(Default)]
pub struct Notifications {
    shown: Mutex<Vec<(Option<ConversationId>, String, String)>>,
}

impl Notifications {
    /// What was shown and not taken away.
    pub fn shown(&self) -> Vec<(Option<ConversationId>, String, String)> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Notifier for Notifications {
    fn show(&self, conversation_id: Option<ConversationId>, title: &str, body: &str) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.retain(|(id, ..)| *id != conversation_id);
        shown.push((conversation_id, title.to_owned(), body.to_owned()));
    }

    fn close(&self, conversation_id: Option<ConversationId>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.retain(|(id, ..)| *id != conversation_id);
    }
}

/// Keeps the pages that a browser would be sent to instead of opening one.
#[derive(Default)]
pub struct Pages {
    opened: Mutex<Vec<url::Url>>,
}

impl Pages {
    /// The newest of them.
    pub fn newest(&self) -> Option<url::Url> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }
}

impl Opener for Pages {
    fn open(&self, url: &url::Url) -> Result<(), String> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(url.clone());
        Ok(())
    }
}

impl TestClient {
    /// A fresh installation.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_on(Machine::new(0)?).await
    }

    /// A fresh installation in which notes can be taken back for some seconds.
    pub async fn start_holding_notes(note_held_s: i64) -> anyhow::Result<Self> {
        Self::start_on(Machine::new(note_held_s)?).await
    }

    async fn start_on(machine: Machine) -> anyhow::Result<Self> {
        let Machine { folder, keychain, network, clock, note_held_s } = machine;
        let notifications = Arc::new(Notifications::default());
        let pages = Arc::new(Pages::default());
        let mut options = ClientOptions::for_system(
            folder.path().join("profile"),
            env!("CARGO_PKG_VERSION"),
            notifications.clone(),
            pages.clone(),
        );
        options.downloads_dir = folder.path().join("downloads");
        options.pages_without_tls = true;
        options.keychain = Arc::new(keychain.clone()) as Arc<dyn Keychain>;
        options.transports = Arc::new(network.clone());
        options.clock = clock.clone();
        options.note_held_s = note_held_s;
        let client = Client::start(options).await?;
        Ok(Self { client, folder, keychain, network, clock, note_held_s, notifications, pages })
    }

    fn machine(&self) -> Machine {
        Machine {
            folder: self.folder.clone(),
            keychain: self.keychain.clone(),
            network: self.network.clone(),
            clock: self.clock.clone(),
            note_held_s: self.note_held_s,
        }
    }

    /// Ends the client and starts it anew on the same folder, keychain and network.
    pub async fn restart(self) -> anyhow::Result<Self> {
        self.client.shutdown().await;
        let machine = self.machine();
        drop(self);
        // The folder's lock is free once nothing holds the file any more: also no process that was being started by
        // somebody else at that moment, which has a copy of every open file until its own program begins.
        let begun = Instant::now();
        loop {
            match Self::start_on(machine.clone()).await {
                Err(error) if is_still_held(&error) && begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// A client on another folder, which has a copy of this one's profile, with the same keychain and network.
    pub async fn start_on_copy(&self, folder: Arc<tempfile::TempDir>) -> anyhow::Result<Self> {
        Self::start_on(Machine { folder, ..self.machine() }).await
    }

    /// Ends the client, and gives its folder back.
    pub async fn stop(self) -> Arc<tempfile::TempDir> {
        self.client.shutdown().await;
        self.folder
    }

    /// Tries to start another client on the same folder while this one runs.
    pub async fn start_second(&self) -> anyhow::Result<Self> {
        Self::start_on(self.machine()).await
    }

    /// The client itself.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The folder of everything that the client keeps.
    pub fn profile(&self) -> PathBuf {
        self.folder.path().join("profile")
    }

    /// The folder around it, which lives as long as the client.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Asks the host interface.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        command: &str,
        request: serde_json::Value,
    ) -> Result<T, HostError> {
        let answer = self.client.invoke(command, request).await?;
        serde_json::from_value(answer).map_err(|error| HostError {
            code: recado_protocol::ErrorCode::ClientFailed,
            message: format!("{command} answered with something else: {error}"),
            retry_after_s: None,
        })
    }

    /// Joins, signs in with both factors and waits until the cache has reached the server.
    pub async fn sign_in(&self, join_link: &str, person: &Person) -> anyhow::Result<()> {
        self.begin_session(join_link, person).await?;
        self.until_online().await
    }

    /// Joins and signs in with both factors. The first load has only begun then.
    pub async fn begin_session(&self, join_link: &str, person: &Person) -> anyhow::Result<()> {
        let _: AppState = self.ask("workspace_join", json!({ "link": join_link })).await?;
        let password = json!({ "email": person.email, "password": person.password });
        let state: AppState = self.ask("sign_in", password).await?;
        if state.phase != Phase::Code {
            bail!("after the password the code is asked for, not {:?}", state.phase);
        }
        let code = json!({ "code": person.code()? });
        let _: AppState = self.ask("sign_in_code", code).await?;
        Ok(())
    }

    /// Waits until the inbox is open and the cache has reached the server.
    pub async fn until_online(&self) -> anyhow::Result<()> {
        self.until("the client is online and its heads are loaded", async |client| {
            let state: AppState = client.ask("app_state", json!({})).await?;
            let loaded = state.connection.bootstrap.is_none_or(|progress| progress.heads_complete);
            let online = state.connection.state == ConnectionState::Online;
            Ok((state.phase == Phase::Ready && online && loaded).then_some(()))
        })
        .await
    }

    /// Waits until `probe` gives something, asking again after each event of the client.
    ///
    /// # Errors
    /// When it has not happened after thirty seconds, or the probe fails.
    pub async fn until<T>(
        &self,
        what: &str,
        probe: impl AsyncFn(&Self) -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let mut events = self.client.events();
        let waiting = async {
            loop {
                if let Some(found) = probe(self).await? {
                    return Ok(found);
                }
                // Some things change without an event, so the probe is asked again in any case.
                let _ = tokio::time::timeout(Duration::from_millis(100), events.recv()).await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => {
                let state: AppState = self.ask("app_state", json!({})).await?;
                bail!("in vain until {what}: {:?} {:?}", state.phase, state.connection)
            }
        }
    }

    /// The first page of a view.
    pub async fn inbox(&self, view: View) -> anyhow::Result<InboxPage> {
        let request = json!({ "view": view, "sort": Sort::Newest, "after": null, "limit": 200 });
        Ok(self.ask("inbox_page", request).await?)
    }

    /// Every row of a view.
    pub async fn all_rows(&self, view: View) -> anyhow::Result<Vec<InboxRow>> {
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let request =
                json!({ "view": view, "sort": Sort::Newest, "after": after, "limit": 200 });
            let page: InboxPage = self.ask("inbox_page", request).await?;
            rows.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(rows),
            }
        }
    }

    /// A conversation with its newest 200 parts.
    pub async fn open(&self, id: ConversationId) -> Result<ConversationView, HostError> {
        self.ask("conversation_open", json!({ "conversation_id": id, "limit": 200 })).await
    }

    /// Does something.
    pub async fn submit(&self, id: ConversationId, action: Action) -> anyhow::Result<Submitted> {
        let request = json!({ "conversation_id": id, "action": action });
        self.ask("command_submit", request).await.context("the action was not taken")
    }

    /// Sends a reply.
    pub async fn reply(&self, id: ConversationId, body_text: &str) -> anyhow::Result<Submitted> {
        let body_text = body_text.to_owned();
        self.submit(id, Action::ConversationReply { body_text, last_seen_seq: 0 }).await
    }

    /// Waits until nothing is queued.
    pub async fn until_sent(&self) -> anyhow::Result<()> {
        self.until("the outbox is empty", async |client| {
            let outbox: Outbox = client.ask("outbox", json!({})).await?;
            Ok(outbox.entries.is_empty().then_some(()))
        })
        .await
    }

    /// Waits until a conversation shows a message with these words, and gives how often.
    pub async fn until_shows(&self, id: ConversationId, text: &str) -> anyhow::Result<usize> {
        self.until(&format!("the conversation shows {text:?}"), async |client| {
            let Ok(view) = client.open(id).await else { return Ok(None) };
            let count = view.parts.iter().filter(|view| view.part.body_text.contains(text)).count();
            Ok((count > 0).then_some(count))
        })
        .await
    }

    /// The sidebar.
    pub async fn sidebar(&self) -> anyhow::Result<Sidebar> {
        Ok(self.ask("sidebar", json!({})).await?)
    }

    /// Searches.
    pub async fn search(&self, query: &str, search_in: SearchIn) -> anyhow::Result<SearchResults> {
        let request = json!({ "query": query, "search_in": search_in, "limit": 50 });
        Ok(self.ask("search", request).await?)
    }
}

fn is_still_held(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<StartError>()
        .is_some_and(|error| error.code() == ErrorCode::AlreadyRunning)
}
