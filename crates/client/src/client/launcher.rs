//! Starting a client, and standing in for it where it cannot start.

use recado_protocol::host::{AppState, HostError, Phase, SecretStorage, Settings};
use recado_protocol::{ErrorCode, Timestamp};
use serde_json::Value;
use tokio::sync::watch;
use tracing::warn;

use super::shared::{Facts, problem};
use super::{Client, ClientOptions, StartError};
use crate::engine::Link;
use crate::error::failure;
use crate::profile::Profile;

/// Starts a client, and stands in for it where it cannot start: then the state says what is wrong,
/// and the command `problem_retry` tries again.
pub struct Launcher {
    options: ClientOptions,
    /// Held by the attempt that is under way.
    attempt: tokio::sync::Mutex<()>,
    standing: watch::Sender<Standing>,
}

#[derive(Clone)]
enum Standing {
    Running(Client),
    Stopped(Box<AppState>),
}

impl std::fmt::Debug for Launcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let dir = &self.options.data_dir;
        f.debug_struct("Launcher").field("data_dir", dir).finish_non_exhaustive()
    }
}

impl Launcher {
    /// Tries to start a client on the current tokio runtime.
    pub async fn start(options: ClientOptions) -> Self {
        let (standing, _) = watch::channel(attempt(&options).await);
        Self { options, attempt: tokio::sync::Mutex::default(), standing }
    }

    /// The client, where it runs.
    pub fn client(&self) -> Option<Client> {
        match &*self.standing.borrow() {
            Standing::Running(client) => Some(client.clone()),
            Standing::Stopped(_) => None,
        }
    }

    /// The client, as soon as it runs.
    pub async fn started(&self) -> Client {
        let mut standing = self.standing.subscribe();
        loop {
            if let Some(client) = self.client() {
                return client;
            }
            // The sender is part of this launcher, so the channel cannot end before.
            let _ = standing.changed().await;
        }
    }

    /// Answers a command of the host interface as [`Client::invoke`] does. Without a client there
    /// are two: `app_state` and `problem_retry`.
    ///
    /// # Errors
    ///
    /// Those of [`Client::invoke`]; what stops the client, for every other command without one.
    pub async fn invoke(&self, name: &str, request: Value) -> Result<Value, HostError> {
        if name == "problem_retry" && self.client().is_none() {
            self.retry().await;
            return self.answer("app_state", Value::Null).await;
        }
        self.answer(name, request).await
    }

    async fn answer(&self, name: &str, request: Value) -> Result<Value, HostError> {
        let standing = self.standing.borrow().clone();
        match standing {
            Standing::Running(client) => client.invoke(name, request).await,
            Standing::Stopped(state) if name == "app_state" => serde_json::to_value(state)
                .map_err(|error| failure(ErrorCode::ClientFailed, error.to_string())),
            Standing::Stopped(state) => Err(state.problem.map_or_else(
                || failure(ErrorCode::ClientFailed, "the program has not started"),
                |problem| failure(problem.code, problem.detail),
            )),
        }
    }

    async fn retry(&self) {
        let _attempt = self.attempt.lock().await;
        if self.client().is_none() {
            self.standing.send_replace(attempt(&self.options).await);
        }
    }
}

async fn attempt(options: &ClientOptions) -> Standing {
    match Client::start(options.clone()).await {
        Ok(client) => Standing::Running(client),
        Err(error) => {
            warn!(code = ?error.code(), "the client cannot start");
            let settings = Profile::settings_seen_in(&options.data_dir);
            Standing::Stopped(Box::new(stopped(&error, settings, options.clock.now())))
        }
    }
}

/// What is shown in place of a client that did not start.
fn stopped(error: &StartError, settings: Settings, now: Timestamp) -> AppState {
    let mut facts = Facts::new(settings, Link::idle(now, 0), SecretStorage::Undecided);
    facts.phase = Phase::Blocked;
    facts.problem = Some(problem(error.code(), error.to_string()));
    facts.app_state()
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};
    use std::path::Path;
    use std::sync::Arc;

    use recado_protocol::host::{Commands, Language};
    use serde_json::json;

    use super::*;
    use crate::keychain::MemoryKeychain;
    use crate::links::NoOpener;
    use crate::notification::NoNotifier;
    use crate::profile::ProfileError;

    fn options(dir: &Path) -> ClientOptions {
        let mut options = ClientOptions::for_system(
            dir.to_owned(),
            "0.0.0",
            Arc::new(NoNotifier),
            Arc::new(NoOpener),
        );
        options.keychain = Arc::new(MemoryKeychain::new());
        options
    }

    async fn state(launcher: &Launcher, command: &str) -> AppState {
        let answer = launcher.invoke(command, json!({})).await.expect("a state");
        serde_json::from_value(answer).expect("a state")
    }

    #[tokio::test]
    async fn a_client_that_cannot_start_says_why_and_starts_once_that_is_put_right() {
        let folder = tempfile::tempdir().expect("a folder");
        let in_the_way = folder.path().join("file");
        std::fs::write(&in_the_way, "").expect("a file");
        let launcher = Launcher::start(options(&in_the_way.join("profile"))).await;
        assert!(launcher.client().is_none());
        for command in ["app_state", "problem_retry"] {
            let state = state(&launcher, command).await;
            assert_eq!(state.phase, Phase::Blocked);
            let problem = state.problem.expect("a problem");
            assert_eq!(problem.code, ErrorCode::DiskFailed);
            assert!(problem.can_retry && problem.detail.contains("profile"), "{problem:?}");
        }
        for name in Commands::NAMES {
            if !["app_state", "problem_retry"].contains(name) {
                let refused =
                    launcher.invoke(name, json!({})).await.expect_err("it has not started");
                assert_eq!(refused.code, ErrorCode::DiskFailed, "{name}");
            }
        }

        std::fs::remove_file(&in_the_way).expect("removed");
        assert_eq!(state(&launcher, "problem_retry").await.problem, None);
        assert!(launcher.client().is_some());
        // The client answers for itself from here on.
        assert_eq!(state(&launcher, "problem_retry").await.problem, None);
    }

    #[tokio::test]
    async fn a_folder_that_another_client_has_is_told_in_the_chosen_language_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Launcher::start(options(folder.path())).await;
        let settings = Settings { language: Language::Es, ..Settings::default() };
        let chosen = serde_json::to_value(&settings).expect("JSON");
        first.invoke("settings_save", chosen).await.expect("saved");

        let second = Launcher::start(options(folder.path())).await;
        let told = state(&second, "app_state").await;
        assert_eq!(told.problem.map(|problem| problem.code), Some(ErrorCode::AlreadyRunning));
        assert_eq!(told.settings.language, Language::Es);
        std::fs::write(folder.path().join("settings.json"), "{").expect("damaged");
        assert_eq!(state(&second, "problem_retry").await.settings, Settings::default());
        assert!(folder.path().join("settings.json").exists(), "only its holder puts it aside");

        let waiting = second.started();
        tokio::pin!(waiting);
        first.client().expect("it runs").shutdown().await;
        drop(first);
        let started = async {
            // The lock goes with the last task of the first client.
            while second.client().is_none() {
                second.retry().await;
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(waiting, started);
    }

    #[test]
    fn each_reason_has_a_code_and_is_worth_another_try() {
        let disk = |kind| ProfileError::disk(Path::new("x"), Error::from(kind));
        for (error, code) in [
            (disk(ErrorKind::StorageFull), ErrorCode::DiskFull),
            (disk(ErrorKind::QuotaExceeded), ErrorCode::DiskFull),
            (disk(ErrorKind::ReadOnlyFilesystem), ErrorCode::DiskFailed),
            (disk(ErrorKind::PermissionDenied), ErrorCode::DiskFailed),
            (ProfileError::AlreadyRunning("x".into()), ErrorCode::AlreadyRunning),
        ] {
            let state = stopped(&error.into(), Settings::default(), Timestamp::from_micros(0));
            let problem = state.problem.expect("a problem");
            assert_eq!((state.phase, problem.code), (Phase::Blocked, code));
            assert!(problem.can_retry && !problem.detail.is_empty());
        }
    }
}
