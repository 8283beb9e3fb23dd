//! Opening an account, closing it, and what is done when something on this machine stands in the
//! way.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use recado_protocol::host::{AppState, Empty, HostError, HostEvent, Phase, Problem, SecretStorage};
use recado_protocol::identity::Session as SessionAnswer;
use recado_protocol::{ErrorCode, SessionEndReason, SessionId, TeammateId};
use recado_store::{Store, Which};
use tokio::sync::mpsc;
use tracing::{error, warn};
use zeroize::Zeroizing;

use super::account::OpenAccount;
use super::repairing::{Repairs, open_or_repair};
use super::shared::{Gate, Shared, problem};
use crate::driver::Driver;
use crate::engine::{Link, StoreFailure};
use crate::error::failure;
use crate::keychain::{ItemKind, ItemName, KeychainError};
use crate::keys::KeyPlace;
use crate::profile::{Account, ProfileError};
use crate::session::{RefreshItem, Session, SessionParts};

/// How long the server is given to say what the teammate may see, before the cache is shown.
const ACCESS_CHECK_TIME: Duration = Duration::from_secs(1);

/// A session that has just begun, so that its first access token need not be asked for.
pub(super) struct Begun {
    pub(super) answer: SessionAnswer,
    pub(super) refresh: RefreshItem,
}

/// Whose databases are opened, and under which session.
struct Named<'a> {
    joined: &'a Account,
    teammate_id: TeammateId,
    session_id: SessionId,
    email: &'a str,
}

impl Shared {
    /// Shows what there is to show: joins, signs in or opens the account.
    pub(super) async fn start(self: &Arc<Self>) {
        let (account, damaged) = match self.profile.account() {
            Ok(account) => (account, None),
            Err(error @ ProfileError::Damaged(_)) => {
                (None, Some(problem(error.code(), error.to_string())))
            }
            Err(error) => return self.block(&error.into()),
        };
        if let Some(half_erased) = account.clone().filter(|account| account.erasing) {
            // A crash came in between. Nothing of it may open any more.
            match self.erase(half_erased).await {
                Ok(_) => self.tell_of_wipe(),
                Err(error) => return self.block(&error),
            }
            if let Err(error) = self.leave_forbidden() {
                self.block(&error);
            }
            return;
        }
        if account.as_ref().is_some_and(|account| self.require_joined(account).is_err()) {
            self.update(|facts| facts.joined = account);
            if let Err(error) = self.leave_forbidden() {
                self.block(&error);
            }
            return;
        }
        let signed_in = account.as_ref().is_some_and(|account| account.session_id.is_some());
        let app_lock = account.as_ref().is_some_and(|account| self.has_app_lock(account));
        let phase = match &account {
            None => Phase::Join,
            Some(_) if signed_in => Phase::Opening,
            Some(_) => Phase::SignIn,
        };
        self.update(|facts| {
            facts.app_lock = app_lock;
            facts.joined = account;
            facts.phase = phase;
            facts.problem = damaged;
            facts.repaired = false;
        });
        if signed_in {
            self.open(None).await;
        }
        tokio::spawn(Arc::clone(self).delete_leftovers());
    }

    /// Opens the account that signed in, unless it is open.
    pub(super) async fn open(self: &Arc<Self>, begun: Option<Begun>) {
        let _lifecycle = self.lifecycle.lock().await;
        self.open_unless_open(begun, None).await;
    }

    /// The same for who holds the lifecycle. `damaged` is put right before anything is opened.
    async fn open_unless_open(self: &Arc<Self>, begun: Option<Begun>, damaged: Option<Which>) {
        if self.account().is_some() {
            return;
        }
        let Some(joined) = self.facts().joined.clone() else { return };
        if let Err(error) = self.require_joined(&joined) {
            return self.block(&error);
        }
        let (Some(teammate_id), Some(session_id), Some(email)) =
            (joined.teammate_id, joined.session_id, joined.email.clone())
        else {
            return;
        };
        self.update(|facts| {
            facts.phase = Phase::Opening;
            facts.problem = None;
            facts.gate = Gate::default();
        });
        let named = Named { joined: &joined, teammate_id, session_id, email: &email };
        let opened = self.open_databases(named, begun, damaged).await;
        match opened {
            Ok(Some(repairs)) => {
                if let Some(told) = repairs.told() {
                    self.update(|facts| facts.problem = Some(told));
                }
            }
            Ok(None) => self.update(|facts| {
                // The session's secrets are gone from the keychain. What lies here stays, and is
                // there again after the next sign-in.
                facts.phase = Phase::SignIn;
                facts.problem = Some(problem(
                    ErrorCode::SessionEnded,
                    "the keychain no longer has this session; sign in again, nothing is lost",
                ));
            }),
            Err(error) if error.code == ErrorCode::AppLocked => {
                self.update(|facts| facts.phase = Phase::Locked);
            }
            Err(error) => {
                warn!(code = ?error.code, "the account cannot be opened");
                self.block(&error);
            }
        }
    }

    async fn open_databases(
        self: &Arc<Self>,
        named: Named<'_>,
        begun: Option<Begun>,
        damaged: Option<Which>,
    ) -> Result<Option<Repairs>, HostError> {
        let Named { joined, teammate_id, session_id, email } = named;
        let dir = self.profile.account_dir(teammate_id);
        if !dir.exists() {
            self.delete_leftover_keys(teammate_id).await?;
        }
        let lock_key = self.app_lock_key().filter(|_| self.has_app_lock(joined));
        let place = KeyPlace {
            dir: &dir,
            teammate_id,
            item: ItemName::new(ItemKind::KeyEncryptionKey, joined.workspace_id, email),
            keychain: &self.keychain,
            random: self.options.random.as_ref(),
            app_lock: lock_key.as_ref(),
        };
        // Where nothing is to be stored, the databases live in memory and need no keys.
        let opened = match self.choice.storage() {
            SecretStorage::Memory => None,
            _ => Some(place.open(|| self.keychain_is_slow()).await?),
        };
        let parts = SessionParts {
            transport: self.options.transports.connect(&joined.server())?,
            keychain: self.keychain.clone(),
            item: ItemName::new(ItemKind::Refresh, joined.workspace_id, email),
            random: Arc::clone(&self.options.random),
            clock: Arc::clone(&self.options.clock),
        };
        let session = match begun {
            Some(begun) => Session::begin(parts, begun.answer, begun.refresh),
            None => {
                let session = Session::resume(parts, session_id);
                match session.probe(|| self.keychain_is_slow()).await {
                    Ok(()) => session,
                    Err(KeychainError::NoItem | KeychainError::Corrupt) => return Ok(None),
                    Err(error) => return Err(error.into()),
                }
            }
        };
        // Both were had. Before that nothing here is touched.
        if let Some(opened) = &opened {
            place.settle(opened);
        }
        self.settle_app_lock(&dir);
        let keys = opened.map(|opened| opened.keys);
        // The keychain has answered, however long it took.
        self.update(|facts| {
            facts.phase = Phase::Opening;
            facts.problem = None;
        });
        let cache_key = keys.as_ref().map(|keys| Zeroizing::new(keys.cache));
        let account_dir = dir.clone();
        let opening = tokio::task::spawn_blocking(move || match keys {
            Some(keys) => open_or_repair(&account_dir, &keys, damaged),
            None => {
                let store = Store::in_memory().map_err(StoreFailure::from)?;
                Ok((store, Repairs::default()))
            }
        })
        .await;
        let (store, repairs) = opening
            .unwrap_or_else(|_| Err(failure(ErrorCode::ClientFailed, "opening the data failed")))?;
        let ended_well = store.ended_well();
        let account = self.start_engine(store, session)?;
        if let Some(key) = cache_key.filter(|_| !ended_well) {
            Self::check_cache(&account, &dir, *key);
        }
        Ok(Some(repairs))
    }

    fn start_engine(
        self: &Arc<Self>,
        store: Store,
        session: Session,
    ) -> Result<Arc<OpenAccount>, HostError> {
        let (store, session) = (Arc::new(store), Arc::new(session));
        let (notices, queue) = mpsc::unbounded_channel();
        let own_notices = notices.downgrade();
        let driver = Driver::start(
            Arc::clone(&store),
            Arc::clone(&session),
            Arc::clone(&self.options.clock),
            Arc::clone(&self.options.random),
            notices,
        )
        .map_err(|error| failure(ErrorCode::ClientFailed, error.to_string()))?;
        let account = Arc::new(OpenAccount::new(store, session, own_notices, driver));
        self.set_account(Some(Arc::clone(&account)));
        let follower = Arc::clone(self).follow_notices(Arc::clone(&account), queue);
        account.followed_by(tokio::spawn(follower));
        // Neither the client nor the databases are kept for a timer's sake.
        let (shared, waited) = (Arc::downgrade(self), Arc::downgrade(&account));
        tokio::spawn(async move {
            tokio::time::sleep(ACCESS_CHECK_TIME).await;
            let (Some(shared), Some(account)) = (shared.upgrade(), waited.upgrade()) else {
                return;
            };
            if shared.is_open(&account) {
                shared.update(|facts| {
                    // A lease that has ended is not made good by waiting.
                    if facts.gate.lease_holds != Some(false) {
                        facts.gate.checked = true;
                        facts.settle();
                    }
                });
            }
        });
        Ok(account)
    }

    /// Checks the cache beside whoever uses it. Damage that it finds is put right like any other.
    fn check_cache(account: &Arc<OpenAccount>, dir: &Path, key: [u8; 32]) {
        let check = match Store::cache_check(dir, key) {
            Ok(check) => check,
            // Whatever it is, reading tells it.
            Err(error) => return warn!(%error, "the cache cannot be checked"),
        };
        account.checked_by(check.stop_handle());
        let account = Arc::downgrade(account);
        tokio::task::spawn_blocking(move || {
            let found = check.run();
            if let (Err(error), Some(account)) = (found, account.upgrade()) {
                account.found(&StoreFailure::from(error));
            }
        });
    }

    /// Stops the engine and closes the databases.
    pub(super) async fn close_account(&self) {
        if let Some(account) = self.set_account(None) {
            account.stop().await;
            // Reads that are under way end by themselves; the files are free after the last.
            let store = Arc::downgrade(&account.store);
            drop(account);
            for _ in 0..100 {
                if store.strong_count() == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        self.update(|facts| {
            facts.link = Link::idle(self.options.clock.now(), facts.link.clock_ahead_s);
        });
    }

    /// Tries again what a problem has stopped.
    pub(super) async fn problem_retry(self: &Arc<Self>, _: Empty) -> Result<AppState, HostError> {
        let (phase, code, signed_in) = {
            let facts = self.facts();
            let code = facts.problem.as_ref().map(|problem| problem.code);
            let joined = facts.joined.as_ref();
            (facts.phase, code, joined.is_some_and(|joined| joined.session_id.is_some()))
        };
        // Whoever waits for the keychain holds the lifecycle. What it asks is asked anew.
        self.keychain.give_up_slow();
        match (phase, code) {
            (Phase::Blocked, Some(ErrorCode::LeaseEnded)) => {
                if let Some(account) = self.account() {
                    account.tell(crate::engine::Input::NetworkHint);
                }
            }
            (Phase::Blocked, _) => {
                if matches!(code, Some(ErrorCode::PolicyForbids | ErrorCode::PolicyInvalid))
                    && let Err(error) = self.read_policy_again()
                {
                    self.block(&error);
                    return Ok(self.state());
                }
                {
                    let _lifecycle = self.lifecycle.lock().await;
                    self.close_account().await;
                }
                self.start_for_a_while().await;
            }
            // The keychain had lost the session; it may have it again.
            (Phase::SignIn, _) if signed_in => self.start_for_a_while().await,
            _ => self.update(|facts| facts.problem = None),
        }
        Ok(self.state())
    }

    /// Starts once more. It goes on by itself when the keychain takes its time, so that whoever asked
    /// for it can ask again.
    async fn start_for_a_while(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        let starting = tokio::spawn(async move { shared.start().await });
        // What comes of it is in the state.
        let _ = tokio::time::timeout(self.options.keychain_slow_after, starting).await;
    }

    /// Builds the cache anew.
    pub(super) async fn cache_reset(self: &Arc<Self>, _: Empty) -> Result<AppState, HostError> {
        let teammate_id = self.facts().joined.as_ref().and_then(|joined| joined.teammate_id);
        let Some(teammate_id) = teammate_id else {
            return Err(failure(ErrorCode::SessionEnded, "nobody is signed in"));
        };
        self.leave_forbidden()?;
        {
            let _lifecycle = self.lifecycle.lock().await;
            self.close_account().await;
            let dir = self.profile.account_dir(teammate_id);
            let reset = tokio::task::spawn_blocking(move || {
                // It was asked for, so there is nothing to look into later.
                Store::remove_cache(&dir).map_err(StoreFailure::from).map_err(HostError::from)
            });
            reset.await.unwrap_or_else(|_| Err(failure(ErrorCode::ClientFailed, "not reset")))?;
        }
        self.start().await;
        self.emit(HostEvent::ConversationsChanged { conversation_ids: Vec::new() });
        Ok(self.state())
    }

    /// The store failed under the running engine. Damage is put right once; what is damaged again
    /// after that needs a person.
    pub(super) async fn store_failed(
        self: Arc<Self>,
        account: Arc<OpenAccount>,
        failed: StoreFailure,
    ) {
        let _lifecycle = self.lifecycle.lock().await;
        if !self.is_open(&account) {
            return;
        }
        drop(account);
        self.close_account().await;
        error!(code = ?failed.code, "the store failed");
        let damaged = match failed.code {
            ErrorCode::CacheDamaged => Some(Which::Cache),
            ErrorCode::OutboxDamaged => Some(Which::Outbox),
            _ => None,
        };
        let repaired_before = self.update(|facts| {
            let before = facts.repaired;
            facts.repaired |= damaged.is_some();
            before
        });
        if damaged.is_some() && !repaired_before {
            self.open_unless_open(None, damaged).await;
            self.emit(HostEvent::ConversationsChanged { conversation_ids: Vec::new() });
        } else {
            self.block(&failed.into());
        }
    }

    /// The server ended the session. What lies here stays, and is there again after signing in.
    pub(super) async fn session_ended(
        self: Arc<Self>,
        account: Arc<OpenAccount>,
        reason: Option<SessionEndReason>,
    ) {
        let _lifecycle = self.lifecycle.lock().await;
        if !self.is_open(&account) {
            return;
        }
        drop(account);
        self.close_account().await;
        self.withdraw_notifications();
        // The next to sign in may be somebody else.
        self.set_app_lock_key(None);
        let joined = self.facts().joined.clone().map(Account::without_session);
        if let Some(joined) = &joined
            && let Err(error) = self.save_account(joined)
        {
            warn!(code = ?error.code, "the end of the session could not be written down");
        }
        self.update(|facts| {
            facts.joined = joined;
            facts.meta = None;
            facts.phase = Phase::SignIn;
            let ended = problem(
                ErrorCode::SessionEnded,
                "the server ended this session; sign in again, nothing is lost",
            );
            facts.problem = Some(Problem { session_end: reason, ..ended });
        });
    }
}
