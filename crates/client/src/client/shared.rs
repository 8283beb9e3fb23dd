//! What every part of the client shares: the facts that the state is made of, and the events.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use recado_protocol::ErrorCode;
use recado_protocol::host::{
    AccountSummary, AppState, Connection, FocusRequest, HostError, HostEvent, ManagedPolicy, Phase,
    Problem, SecretStorage, Settings, WorkspaceSummary,
};
use recado_store::Meta;
use tokio::sync::broadcast;

use super::ClientOptions;
use super::account::OpenAccount;
use super::enrolment::Enrolling;
use super::sign_in::Flow;
use super::sso::BrowserSignIn;
use super::sso_step_up::AwaitedBrowser;
use crate::engine::Link;
use crate::error::failure;
use crate::keychain::{KeychainChoice, KeychainWorker};
use crate::notification::Notifications;
use crate::profile::{Account, Profile};
use crate::sealed::Key;

/// The facts that [`AppState`] is made of.
pub(super) struct Facts {
    pub(super) phase: Phase,
    pub(super) problem: Option<Problem>,
    pub(super) joined: Option<Account>,
    pub(super) flow: Option<Flow>,
    pub(super) browser: Option<BrowserSignIn>,
    /// The browser that is awaited for the session that runs.
    pub(super) step_up: Option<AwaitedBrowser>,
    pub(super) enrolling: Option<Enrolling>,
    pub(super) meta: Option<Meta>,
    pub(super) link: Link,
    pub(super) queued: u32,
    pub(super) refused: u32,
    pub(super) settings: Settings,
    pub(super) focus: FocusRequest,
    pub(super) gate: Gate,
    /// Whether damage that was found while the account was open has been put right already.
    pub(super) repaired: bool,
    pub(super) secret_storage: SecretStorage,
    /// Whether the account opens with a passphrase only.
    pub(super) app_lock: bool,
    /// What the organisation has fixed; it stays as it was at the start.
    pub(super) managed: ManagedPolicy,
}

/// What has to be known before cached content is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Gate {
    /// Whether the offline lease holds; `None` until the cache has said so, however long a slow disk takes.
    pub(super) lease_holds: Option<bool>,
    /// Whether the server has said what the teammate may see, or was given its time to.
    pub(super) checked: bool,
}

impl Facts {
    pub(super) fn new(settings: Settings, link: Link, secret_storage: SecretStorage) -> Self {
        Self {
            phase: Phase::Opening,
            problem: None,
            joined: None,
            flow: None,
            browser: None,
            step_up: None,
            enrolling: None,
            meta: None,
            link,
            queued: 0,
            refused: 0,
            settings,
            focus: FocusRequest { conversation_id: None, window_focused: false },
            gate: Gate::default(),
            repaired: false,
            secret_storage,
            app_lock: false,
            managed: ManagedPolicy::default(),
        }
    }

    /// Shows the inbox as soon as that is allowed, and hides it when it no longer is.
    pub(super) fn settle(&mut self) {
        let blocked_by_lease =
            self.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::LeaseEnded);
        if !matches!(self.phase, Phase::Opening | Phase::Ready) && !blocked_by_lease {
            return;
        }
        if self.gate.lease_holds == Some(false) {
            self.phase = Phase::Blocked;
            self.problem = Some(problem(
                ErrorCode::LeaseEnded,
                "this machine has been without a connection for longer than your workspace \
                 allows; connect to the network",
            ));
        } else {
            if blocked_by_lease {
                self.problem = None;
            }
            let shown = self.gate.checked && self.gate.lease_holds.is_some();
            self.phase = if shown { Phase::Ready } else { Phase::Opening };
        }
    }

    pub(super) fn connection(&self) -> Connection {
        Connection {
            state: self.link.state,
            since: self.link.since,
            reason: self.link.reason,
            next_attempt_at: self.link.next_attempt_at,
            queued: self.queued,
            refused: self.refused,
            bootstrap: self.link.bootstrap,
            clock_ahead_s: self.link.clock_ahead_s,
        }
    }

    pub(super) fn app_state(&self) -> AppState {
        AppState {
            phase: self.phase,
            workspace: self.workspace(),
            browser: self.browser.as_ref().map(|browser| browser.wait.clone()),
            enrolment: self.enrolling.as_ref().map(|enrolling| enrolling.state.clone()),
            account: self.account(),
            problem: self.problem.clone(),
            connection: self.connection(),
            settings: self.settings.clone(),
            secret_storage: self.secret_storage,
            app_lock: self.app_lock,
            managed: self.managed.clone(),
        }
    }

    fn workspace(&self) -> Option<WorkspaceSummary> {
        let joined = self.joined.as_ref()?;
        let workspace = self.meta.as_ref().and_then(|meta| meta.workspace.as_ref());
        let host = joined.url.host_str().unwrap_or_default();
        let host = match joined.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Some(WorkspaceSummary {
            id: joined.workspace_id,
            name: workspace.map_or(&joined.workspace_name, |workspace| &workspace.name).clone(),
            host,
            private_authority: joined.server().ca_der.is_some(),
        })
    }

    fn account(&self) -> Option<AccountSummary> {
        let joined = self.joined.as_ref()?;
        let email = match (&self.flow, &self.browser) {
            _ if self.enrolling.is_some() => self.enrolling.as_ref()?.state.email.clone(),
            (Some(flow), _) => flow.email.clone(),
            (None, Some(browser)) => browser.email.clone(),
            (None, None) => joined.email.clone()?,
        };
        let under_way = self.flow.is_some() || self.browser.is_some() || self.enrolling.is_some();
        let meta = self.meta.as_ref().filter(|_| !under_way);
        let me = meta.and_then(|meta| meta.me.as_ref());
        let role = meta.and_then(|meta| meta.access.as_ref()).map(|access| access.role);
        Some(AccountSummary {
            teammate_id: me.map(|me| me.id),
            name: me.map(|me| me.name.clone()),
            email: me.map_or(email, |me| me.email.clone()),
            role,
            permissions: role.map(|role| role.permissions().to_vec()).unwrap_or_default(),
        })
    }
}

/// What stops the program, with what can be done about it.
pub(super) fn problem(code: ErrorCode, detail: impl Into<String>) -> Problem {
    Problem {
        code,
        detail: detail.into(),
        can_retry: !matches!(code, ErrorCode::DataTooNew),
        can_reset_cache: matches!(
            code,
            ErrorCode::CacheDamaged | ErrorCode::ClientFailed | ErrorCode::DiskFull
        ),
        session_end: None,
    }
}

/// What every part of the client shares.
pub(super) struct Shared {
    pub(super) options: ClientOptions,
    pub(super) profile: Profile,
    pub(super) choice: Arc<KeychainChoice>,
    pub(super) keychain: KeychainWorker,
    pub(super) notifications: Mutex<Notifications>,
    pub(super) lifecycle: tokio::sync::Mutex<()>,
    events: broadcast::Sender<HostEvent>,
    facts: Mutex<Facts>,
    account: Mutex<Option<Arc<OpenAccount>>>,
    /// Held while what waits is counted and told.
    pub(super) counting: tokio::sync::Mutex<()>,
    /// The key behind the app lock's passphrase, while the app is unlocked.
    pub(super) app_lock: Mutex<Option<Key>>,
}

impl Shared {
    pub(super) fn new(
        options: ClientOptions,
        managed: ManagedPolicy,
        profile: Profile,
        choice: Arc<KeychainChoice>,
        keychain: KeychainWorker,
        events: broadcast::Sender<HostEvent>,
    ) -> Self {
        let link = Link::idle(options.clock.now(), 0);
        let facts = Facts { managed, ..Facts::new(profile.settings(), link, choice.storage()) };
        Self {
            options,
            profile,
            choice,
            keychain,
            notifications: Mutex::default(),
            lifecycle: tokio::sync::Mutex::default(),
            events,
            facts: Mutex::new(facts),
            account: Mutex::default(),
            counting: tokio::sync::Mutex::default(),
            app_lock: Mutex::default(),
        }
    }

    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes facts and tells what of the state changed with them.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Facts) -> T) -> T {
        // Held until the change is told, so that changes are told in their order.
        let mut facts = self.facts();
        let before = facts.app_state();
        let outcome = change(&mut facts);
        let after = facts.app_state();
        if (AppState { connection: after.connection.clone(), ..before.clone() }) != after {
            self.emit(HostEvent::StateChanged { state: Box::new(after) });
        } else if before.connection != after.connection {
            self.emit(HostEvent::ConnectionChanged { connection: after.connection });
        }
        outcome
    }

    pub(super) fn state(&self) -> AppState {
        self.facts().app_state()
    }

    pub(super) fn emit(&self, event: HostEvent) {
        // Without a listener there is nobody to tell.
        let _ = self.events.send(event);
    }

    pub(super) fn events(&self) -> broadcast::Receiver<HostEvent> {
        self.events.subscribe()
    }

    /// The account's databases and engine, where they are open.
    pub(super) fn account(&self) -> Option<Arc<OpenAccount>> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers the account, unless nothing is to be stored.
    pub(super) fn save_account(&self, account: &Account) -> Result<(), HostError> {
        if self.choice.storage() != SecretStorage::Memory {
            self.profile.save_account(account)?;
        }
        Ok(())
    }

    /// Whether this is the account that is open now.
    pub(super) fn is_open(&self, account: &Arc<OpenAccount>) -> bool {
        self.account().is_some_and(|current| Arc::ptr_eq(&current, account))
    }

    pub(super) fn set_account(
        &self,
        account: Option<Arc<OpenAccount>>,
    ) -> Option<Arc<OpenAccount>> {
        let mut slot = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *slot, account)
    }

    /// The account, while its content may be shown.
    pub(super) fn ready_account(&self) -> Result<Arc<OpenAccount>, HostError> {
        let (phase, problem) = {
            let facts = self.facts();
            (facts.phase, facts.problem.clone())
        };
        match (phase, self.account()) {
            (Phase::Ready, Some(account)) => Ok(account),
            (Phase::Blocked, _) => Err(problem.map_or_else(
                || failure(ErrorCode::ClientFailed, "something has to be put right first"),
                |problem| failure(problem.code, problem.detail),
            )),
            (Phase::Opening | Phase::Ready, _) => {
                Err(failure(ErrorCode::InvalidRequest, "the inbox is still being opened"))
            }
            (Phase::Locked, _) => Err(failure(ErrorCode::AppLocked, "the app is locked")),
            _ => Err(failure(ErrorCode::SessionEnded, "nobody is signed in")),
        }
    }

    pub(super) fn block(&self, error: &HostError) {
        self.update(|facts| {
            facts.phase = Phase::Blocked;
            facts.problem = Some(problem(error.code, error.message.clone()));
        });
    }

    /// Tells that the keychain takes its time. The call goes on.
    pub(super) fn keychain_is_slow(&self) {
        let error = crate::keychain::KeychainError::Timeout;
        self.update(|facts| {
            if facts.phase == Phase::Opening {
                facts.phase = Phase::Blocked;
            }
            facts.problem = Some(problem(error.code(), error.to_string()));
        });
    }
}

#[cfg(test)]
mod tests {
    use recado_protocol::Timestamp;

    use super::*;

    #[test]
    fn nothing_is_shown_before_the_cache_has_said_whether_its_lease_holds() {
        let link = Link::idle(Timestamp::from_seconds(0), 0);
        let mut facts = Facts::new(Settings::default(), link, SecretStorage::Keychain);
        // The server had its time, and a slow disk has not brought anything yet.
        facts.gate.checked = true;
        facts.settle();
        assert_eq!(facts.phase, Phase::Opening);
        facts.gate.lease_holds = Some(false);
        facts.settle();
        assert_eq!(facts.phase, Phase::Blocked);
        facts.gate.lease_holds = Some(true);
        facts.settle();
        assert_eq!(facts.phase, Phase::Ready);
    }
}
