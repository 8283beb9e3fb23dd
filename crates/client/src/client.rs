//! The client as a host uses it.

use std::path::PathBuf;
use std::sync::Arc;

use recado_protocol::host::{HostError, HostEvent};
use recado_protocol::{ErrorCode, Timestamp};
use tokio::sync::broadcast;

use crate::clock::{Clock, SystemClock};
use crate::keychain::{Keychain, SystemKeychain};
use crate::links::Opener;
use crate::notification::Notifier;
use crate::random::{Random, SystemRandom};
use crate::transport::{HttpTransports, Transports};

/// What a client stands on.
#[derive(Clone)]
pub struct ClientOptions {
    /// The folder for everything that this installation keeps. It is made if it is missing.
    pub data_dir: PathBuf,
    /// Where the secrets lie.
    pub keychain: Arc<dyn Keychain>,
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
    /// What the machine is called, for the list of sessions.
    pub device_name: String,
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
            data_dir,
            keychain: Arc::new(SystemKeychain),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            transports: Arc::new(HttpTransports::new(app_version)),
            notifier,
            opener,
            device_name: std::env::consts::OS.to_owned(),
            app_version: app_version.to_owned(),
        }
    }
}

/// Why a client did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another client has the folder.
    #[error("Recado is already running on {}", .0.display())]
    AlreadyRunning(PathBuf),
}

/// Recado without a window. Clones share one client.
#[derive(Clone)]
pub struct Client {
    events: broadcast::Sender<HostEvent>,
}

impl Client {
    /// Starts a client. It answers at once; the account opens in the background.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub async fn start(options: ClientOptions) -> Result<Self, StartError> {
        let _: Timestamp = options.clock.now();
        Ok(Self { events: broadcast::channel(1_024).0 })
    }

    /// Answers a command of the host interface.
    ///
    /// # Errors
    ///
    /// [`HostError`] with the code that the UI has a sentence for.
    pub async fn invoke(
        &self,
        name: &str,
        request: serde_json::Value,
    ) -> Result<serde_json::Value, HostError> {
        let _ = request;
        Err(HostError {
            code: ErrorCode::InvalidRequest,
            message: format!("there is no command {name}"),
            retry_after_s: None,
        })
    }

    /// What happens from now on. A receiver that lags behind gets told so, and reads everything
    /// again.
    pub fn events(&self) -> broadcast::Receiver<HostEvent> {
        self.events.subscribe()
    }

    /// Follows a `recado://` link that came from outside.
    ///
    /// # Errors
    ///
    /// [`HostError`] with `link_refused`.
    pub fn open_link_from_outside(&self, link: &str) -> Result<(), HostError> {
        let _ = link;
        Ok(())
    }

    /// Ends everything: the live stream, the databases and the lock on the folder.
    pub async fn shutdown(&self) {}
}
