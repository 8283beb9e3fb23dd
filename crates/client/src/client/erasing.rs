//! Destroying what lies on this machine of an account: because somebody signs out, or because the
//! session was wiped from elsewhere. Once it has begun it is finished, if need be at the next start.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use recado_protocol::account::ErasedRequest;
use recado_protocol::host::{HostError, Phase, SecretStorage};
use recado_protocol::{ErrorCode, TeammateId};
use recado_store::Store;
use tracing::{info, warn};

use super::account::OpenAccount;
use super::shared::{Shared, problem};
use crate::error::failure;
use crate::keychain::{ItemKind, ItemName, KeychainError};
use crate::keys;
use crate::profile::{Account, Leftover};
use crate::session::RefreshItem;
use crate::transport::Request;

/// How long the server is given to hear that the copy is gone.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(10);

impl Shared {
    /// Destroys the account's copy: the keys first, so that nothing opens any more, then the files.
    /// What is left is the joined server.
    ///
    /// # Errors
    /// Those of the disk. The rest is destroyed at the next start.
    pub(super) async fn erase(&self, joined: Account) -> Result<Account, HostError> {
        if let (Some(teammate_id), Some(email)) = (joined.teammate_id, joined.email.clone()) {
            let workspace_id = joined.workspace_id;
            self.save_account(&joined.clone().to_be_erased())?;
            let dir = self.profile.account_dir(teammate_id);
            keys::destroy(&dir)?;
            self.keychain.give_up_slow();
            let own = Leftover { workspace_id, teammate_id, email };
            let is_gone = self.delete_items(&own, ItemKind::ALL).await;
            let destroyed = tokio::task::spawn_blocking(move || destroy_files(&dir)).await;
            destroyed.unwrap_or_else(|_| Err(failure(ErrorCode::ClientFailed, "not deleted")))?;
            // What lies behind a passphrase goes with its file.
            if is_gone.is_err() && self.choice.storage() == SecretStorage::Keychain {
                self.remember(own)?;
            }
        }
        // Whoever does not know the passphrase any more has nothing behind it that opens something.
        if self.choice.vault.is_locked() {
            self.choice.vault.remove()?;
        }
        self.withdraw_notifications();
        self.set_app_lock_key(None);
        let left = joined.without_teammate();
        self.save_account(&left)?;
        self.choice.set_memory(false);
        let secret_storage = self.choice.storage();
        self.update(|facts| {
            facts.joined = Some(left.clone());
            facts.flow = None;
            facts.browser = None;
            facts.enrolling = None;
            facts.app_lock = false;
            facts.meta = None;
            facts.problem = None;
            facts.phase = Phase::SignIn;
            facts.queued = 0;
            facts.refused = 0;
            facts.secret_storage = secret_storage;
        });
        Ok(left)
    }

    /// Deletes what the keychain holds of an account. The first refusal ends it: a keychain that is locked or
    /// does not answer is not asked again at once.
    async fn delete_items(&self, of: &Leftover, kinds: &[ItemKind]) -> Result<(), KeychainError> {
        for &kind in kinds {
            let item = ItemName::new(kind, of.workspace_id, &of.email);
            let deleted = self.keychain.in_time().delete(item, || {}).await;
            deleted.inspect_err(|error| warn!(%error, "an item stays in the keychain for now"))?;
        }
        Ok(())
    }

    /// Notes what the keychain would not delete: nothing here opens with it any more, but a copy of the
    /// files that somebody took before would.
    fn remember(&self, leftover: Leftover) -> Result<(), HostError> {
        let mut leftovers = self.profile.leftovers()?;
        if !leftovers.contains(&leftover) {
            leftovers.push(leftover);
        }
        Ok(self.profile.save_leftovers(leftovers)?)
    }

    /// Deletes the keys that were left behind of an account which is about to be on this machine again, so that
    /// it begins with new ones. What its new session has stored stays.
    ///
    /// # Errors
    /// Those of the keychain: nothing has begun then, and it can be tried again.
    pub(super) async fn delete_leftover_keys(&self, of: TeammateId) -> Result<(), HostError> {
        let (its, others): (Vec<_>, Vec<_>) =
            self.profile.leftovers()?.into_iter().partition(|leftover| leftover.teammate_id == of);
        if its.is_empty() || self.choice.storage() != SecretStorage::Keychain {
            return Ok(());
        }
        for leftover in &its {
            self.delete_items(leftover, &[ItemKind::KeyEncryptionKey, ItemKind::NextKey]).await?;
        }
        Ok(self.profile.save_leftovers(others)?)
    }

    /// Deletes what the keychain would not delete before, as far as it does now. An account that is on this
    /// machine again has other keys, under the same names.
    pub(super) async fn delete_leftovers(self: Arc<Self>) {
        let _lifecycle = self.lifecycle.lock().await;
        let mut left = match self.profile.leftovers() {
            Ok(leftovers) => leftovers,
            Err(error) => return warn!(%error, "what is left in the keychain is not known"),
        };
        if left.is_empty() || self.choice.storage() != SecretStorage::Keychain {
            return;
        }
        left.retain(|leftover| !self.profile.account_dir(leftover.teammate_id).exists());
        while let Some(leftover) = left.last() {
            if self.delete_items(leftover, ItemKind::ALL).await.is_err() {
                break;
            }
            left.pop();
        }
        if let Err(error) = self.profile.save_leftovers(left) {
            warn!(%error, "what is left in the keychain is asked for again at the next start");
        }
    }

    /// The session was wiped from elsewhere.
    pub(super) async fn session_wiped(self: Arc<Self>, account: Arc<OpenAccount>) {
        let _lifecycle = self.lifecycle.lock().await;
        if !self.is_open(&account) {
            return;
        }
        // Before it is destroyed: it proves to the server whose copy is gone.
        let last = account.session.last_refresh().await;
        drop(account);
        self.close_account().await;
        let Some(joined) = self.facts().joined.clone() else { return };
        if let Err(error) = self.erase(joined.clone()).await {
            return self.block(&error);
        }
        info!("this machine's copy was erased, as the server asked");
        self.tell_of_wipe();
        if let Some(last) = last {
            let shared = Arc::clone(&self);
            tokio::spawn(async move { shared.say_erased(&joined, &last).await });
        }
    }

    pub(super) fn tell_of_wipe(&self) {
        self.update(|facts| {
            facts.problem = Some(problem(
                ErrorCode::SessionWiped,
                "what lay on this machine was erased, because you or an admin asked for it",
            ));
        });
    }

    /// Tells the server that the copy is gone, as far as it can be reached.
    async fn say_erased(&self, joined: &Account, last: &RefreshItem) {
        let Some(session_id) = joined.session_id else { return };
        let body = ErasedRequest { session_id, refresh: last.current().to_owned() };
        let said = async {
            let transport = self.options.transports.connect(&joined.server())?;
            transport.send(Request::post("/v1/session/erased", &body)?).await
        };
        match tokio::time::timeout(FAREWELL_TIMEOUT, said).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => warn!(%error, "the server does not know that the copy is gone"),
            Err(_) => warn!("the server did not hear in time that the copy is gone"),
        }
    }
}

fn destroy_files(dir: &Path) -> Result<(), HostError> {
    Store::destroy(dir).map_err(crate::engine::StoreFailure::from)?;
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(crate::profile::ProfileError::disk(dir, error).into())
        }
        _ => Ok(()),
    }
}
