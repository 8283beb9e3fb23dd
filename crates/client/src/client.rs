//! The client as a host uses it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use recado_protocol::host::{AppState, HostError, HostEvent};
use recado_protocol::{ConversationId, ErrorCode};
use tokio::sync::broadcast;

mod account;
mod app_lock;
mod enrolment;
mod erasing;
mod inbox;
mod installation;
pub(crate) mod launcher;
mod managed;
mod notices;
mod opening;
pub(crate) mod outbox;
mod own_account;
mod personal_links;
mod repairing;
mod router;
mod shared;
mod sign_in;
mod sso;
mod sso_step_up;
#[cfg(test)]
mod tests;
mod vault;

use crate::clock::{Clock, SystemClock};
use crate::engine::Input;
use crate::keychain::{Keychain, KeychainChoice, KeychainWorker, SLOW_AFTER, SystemKeychain};
use crate::links::Opener;
use crate::notification::Notifier;
use crate::policy::{PolicyError, PolicySource};
use crate::profile::{Profile, ProfileError};
use crate::random::{Random, SystemRandom};
use crate::transport::{HttpTransports, Transports};
use shared::Shared;

/// How many events a receiver may be behind before it misses some.
const EVENTS_KEPT: usize = 1_024;

/// For how long a note can be taken back, in seconds.
const NOTE_HELD_S: i64 = 5;

/// What a client stands on.
#[derive(Clone)]
pub struct ClientOptions {
    /// The folder for everything that this installation keeps. It is made if it is missing.
    pub data_dir: PathBuf,
    /// What the organisation's IT has fixed on this machine.
    pub policy: Arc<dyn PolicySource>,
    /// Where the secrets lie.
    pub keychain: Arc<dyn Keychain>,
    /// How long the keychain may take before it is told that it does. Only tests set another.
    pub keychain_slow_after: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The way to servers.
    pub transports: Arc<dyn Transports>,
    /// Shows notifications.
    pub notifier: Arc<dyn Notifier>,
    /// Opens links outside.
    pub opener: Arc<dyn Opener>,
    /// Where files that somebody asks for are put; the data folder where the system names no such
    /// place.
    pub downloads_dir: PathBuf,
    /// Whether a sign-in's page may be on this machine without TLS. For tests only.
    pub pages_without_tls: bool,
    /// What the machine is called, for the list of sessions.
    pub device_name: String,
    /// For how long a note waits in the outbox, so that its author can take it back, in seconds.
    pub note_held_s: i64,
    /// The program's version.
    pub app_version: String,
}

impl ClientOptions {
    /// The real machine: system keychain, system clock, HTTPS.
    pub fn for_system(
        data_dir: PathBuf,
        app_version: &str,
        notifier: Arc<dyn Notifier>,
        opener: Arc<dyn Opener>,
    ) -> Self {
        Self {
            downloads_dir: data_dir.clone(),
            data_dir,
            policy: machine_policy(),
            keychain: Arc::new(SystemKeychain::default()),
            keychain_slow_after: SLOW_AFTER,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            transports: Arc::new(HttpTransports::new(app_version)),
            notifier,
            opener,
            pages_without_tls: false,
            note_held_s: NOTE_HELD_S,
            device_name: machine_name(),
            app_version: app_version.to_owned(),
        }
    }
}

/// Where the machine's policy lies; elsewhere than on Linux it is not read yet.
fn machine_policy() -> Arc<dyn PolicySource> {
    #[cfg(target_os = "linux")]
    return Arc::new(crate::policy::PolicyFolder::of_machine());
    #[cfg(not(target_os = "linux"))]
    return Arc::new(recado_protocol::host::ManagedPolicy::default());
}

/// What the machine is called, or its system where it has no name.
fn machine_name() -> String {
    let name = gethostname::gethostname().to_string_lossy().trim().to_owned();
    if name.is_empty() { std::env::consts::OS.to_owned() } else { name }
}

/// Why a client did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder cannot be used, or another client has it.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// What the organisation has fixed on this machine cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl StartError {
    /// The code for programs.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Profile(error) => error.code(),
            Self::Policy(error) => error.code(),
        }
    }
}

/// Recado without a window. Clones share one client.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("data_dir", &self.shared.profile.dir()).finish()
    }
}

impl Client {
    /// Starts a client on the current tokio runtime. It answers at once; where an account is signed
    /// in, it opens in the background, and events tell how far that is.
    ///
    /// # Errors
    ///
    /// [`StartError`]; its code is `already_running` where another client has the folder.
    pub async fn start(options: ClientOptions) -> Result<Self, StartError> {
        let profile = Profile::open(&options.data_dir)?;
        let policy = options.policy.read()?;
        let choice = Arc::new(KeychainChoice::new(
            Arc::clone(&options.keychain),
            profile.dir(),
            Arc::clone(&options.random),
        ));
        let keychain = KeychainWorker::new(
            Arc::clone(&choice) as Arc<dyn Keychain>,
            options.keychain_slow_after,
        );
        let events = broadcast::channel(EVENTS_KEPT).0;
        let shared = Arc::new(Shared::new(options, policy, profile, choice, keychain, events));
        let starting = Arc::clone(&shared);
        tokio::spawn(async move { starting.start().await });
        Ok(Self { shared })
    }

    /// Answers a command of the host interface. A request of `null` stands for an empty one.
    ///
    /// # Errors
    ///
    /// [`HostError`] with the code that the UI has a sentence for; `invalid_request` for an unknown
    /// name and for a request that cannot be read.
    pub async fn invoke(
        &self,
        name: &str,
        request: serde_json::Value,
    ) -> Result<serde_json::Value, HostError> {
        self.shared.invoke(name, request).await
    }

    /// What the program shows just now, as the command `app_state` answers it.
    pub fn state(&self) -> AppState {
        self.shared.state()
    }

    /// What happens from now on. A receiver that falls behind is told so, and its owner then reads
    /// everything again.
    pub fn events(&self) -> broadcast::Receiver<HostEvent> {
        self.shared.events()
    }

    /// Follows a `recado://` link that came from outside. It becomes an event for the UI and is
    /// never obeyed by itself.
    ///
    /// # Errors
    ///
    /// [`HostError`] with `link_refused` for everything that is not exactly such a link.
    pub fn open_link_from_outside(&self, link: &str) -> Result<(), HostError> {
        self.shared.open_link_from_outside(link)
    }

    /// Tells the UI to show a conversation, because its notification was clicked.
    pub fn open_conversation(&self, conversation_id: ConversationId) {
        self.shared.close_notification(conversation_id);
        self.shared.emit(HostEvent::OpenConversation { conversation_id });
    }

    /// Says that the network may be back, so that attempts are made at once.
    pub fn network_changed(&self) {
        if let Some(account) = self.shared.account() {
            account.tell(Input::NetworkHint);
        }
    }

    /// Stops the engine and closes the databases. The lock on the folder goes with the last clone
    /// of the client.
    pub async fn shutdown(&self) {
        // Who opens the account and waits for the keychain would be waited for.
        self.shared.keychain.give_up();
        let _lifecycle = self.shared.lifecycle.lock().await;
        self.shared.close_account().await;
    }
}
