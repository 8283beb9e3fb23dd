//! The app lock: a passphrase of this machine, without which the databases' keys cannot be had, even
//! by who has the keychain. While it is locked the databases are closed and no key is in memory.
//!
//! What the passphrase guards is a random key in a file of its own (`lock.json`, of the vault's
//! form), which is mixed into the key that the keychain holds. So another passphrase needs no other
//! keys, and neither the file nor the keychain opens anything alone.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use recado_protocol::ErrorCode;
use recado_protocol::host::{
    AppLockRequest, AppState, Empty, HostError, MAX_PASSPHRASE_BYTES, MIN_APP_LOCK_CHARS,
    PassphraseRequest, Phase, SecretStorage,
};
use tracing::warn;
use zeroize::Zeroizing;

use super::shared::Shared;
use crate::error::failure;
use crate::keychain::{
    ItemKind, ItemName, Keychain as _, KeychainWorker, Secret, Vault, VaultError,
};
use crate::keys::{self, KeyPlace};
use crate::profile::Account;
use crate::random::secret;
use crate::sealed::Key;

const FILE_NAME: &str = "lock.json";

/// Who has an account here, with what names its items.
struct Holder {
    dir: PathBuf,
    teammate_id: recado_protocol::TeammateId,
    item: ItemName,
}

impl Shared {
    /// Whether opening the account here takes a passphrase.
    pub(super) fn has_app_lock(&self, account: &Account) -> bool {
        let dir = account.teammate_id.map(|id| self.profile.account_dir(id));
        dir.is_some_and(|dir| dir.join(FILE_NAME).exists())
    }

    /// Notes whether the keys that have just been had take a passphrase. A file that a crash has left
    /// behind goes: nothing depends on it.
    pub(super) fn settle_app_lock(&self, dir: &Path) {
        let app_lock = keys::take_app_lock(dir);
        if !app_lock {
            self.set_app_lock_key(None);
            if dir.join(FILE_NAME).exists()
                && let Err(error) = std::fs::remove_file(dir.join(FILE_NAME))
            {
                warn!(%error, "the app lock's file stays");
            }
        }
        self.update(|facts| facts.app_lock = app_lock);
    }

    /// The key behind the app lock's passphrase, while it is known.
    pub(super) fn app_lock_key(&self) -> Option<Key> {
        self.app_lock.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_app_lock_key(&self, key: Option<Key>) {
        *self.app_lock.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// Sets the app lock's passphrase, or another in its place.
    pub(super) async fn app_lock_set(
        self: &Arc<Self>,
        request: AppLockRequest,
    ) -> Result<AppState, HostError> {
        let passphrase = Zeroizing::new(request.passphrase);
        let current = request.current.map(Zeroizing::new);
        let _lifecycle = self.lifecycle.lock().await;
        let holder = self.holder()?;
        // Before anything of the present one is touched.
        if passphrase.chars().count() < MIN_APP_LOCK_CHARS
            || passphrase.len() > MAX_PASSPHRASE_BYTES
        {
            return Err(VaultError::UnfitPassphrase.into());
        }
        if holder.dir.join(FILE_NAME).exists() {
            let current = current.ok_or_else(|| {
                failure(ErrorCode::WrongPassphrase, "the present passphrase is needed")
            })?;
            self.take_lock_away(&holder, current).await?;
        }
        let (key, vault) = (secret(self.options.random.as_ref())?, self.lock_file(&holder));
        let (item, stored) = (holder.item.clone(), Secret::new(key.to_vec()));
        let read_back = off_thread(move || {
            vault.create_with(&passphrase, MIN_APP_LOCK_CHARS)?;
            vault.write(&item, &stored)?;
            Ok(vault.read(&item)? == stored)
        })
        .await;
        // Only what can be read back may be what the keys depend on.
        let kept = read_back.and_then(|same| match same {
            true => Ok(()),
            false => Err(failure(ErrorCode::DiskFailed, "the passphrase was not kept")),
        });
        if let Err(error) = kept {
            self.remove_lock_file(&holder);
            return Err(error);
        }
        let keychain = self.keychain_in_time();
        let place = self.key_place(&keychain, &holder, None);
        if let Err(error) = place.rotate(Some(&key), || {}).await {
            // One of the files may depend on it by now. Where either opens without, both are made to.
            if let Ok(opened) = place.open(|| {}).await {
                place.settle(&opened);
                self.remove_lock_file(&holder);
            }
            return Err(error.into());
        }
        self.set_app_lock_key(Some(key));
        self.update(|facts| facts.app_lock = true);
        Ok(self.state())
    }

    /// Has the account open without a passphrase again.
    pub(super) async fn app_lock_remove(
        self: &Arc<Self>,
        request: PassphraseRequest,
    ) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        let holder = self.holder()?;
        if !holder.dir.join(FILE_NAME).exists() {
            return Ok(self.state());
        }
        self.take_lock_away(&holder, Zeroizing::new(request.passphrase)).await?;
        Ok(self.state())
    }

    /// Closes the databases and forgets every key, until the passphrase is given.
    pub(super) async fn app_lock(self: &Arc<Self>, _: Empty) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        let (phase, app_lock) = {
            let facts = self.facts();
            (facts.phase, facts.app_lock)
        };
        // Before the inbox there is nothing to hide.
        if !matches!(phase, Phase::Opening | Phase::Ready | Phase::Blocked) {
            return Ok(self.state());
        }
        if !app_lock {
            let message = "set a passphrase first, under Settings, Security";
            return Err(failure(ErrorCode::InvalidRequest, message));
        }
        self.update(|facts| {
            facts.phase = Phase::Locked;
            facts.meta = None;
            facts.problem = None;
        });
        self.close_account().await;
        self.set_app_lock_key(None);
        self.withdraw_notifications();
        Ok(self.state())
    }

    /// Gives the passphrase.
    pub(super) async fn app_unlock(
        self: &Arc<Self>,
        request: PassphraseRequest,
    ) -> Result<AppState, HostError> {
        {
            let _lifecycle = self.lifecycle.lock().await;
            if self.facts().phase != Phase::Locked {
                return Ok(self.state());
            }
            let holder = self.holder()?;
            let key = self.lock_key(&holder, Zeroizing::new(request.passphrase)).await?;
            self.set_app_lock_key(Some(key));
        }
        self.start().await;
        Ok(self.state())
    }

    async fn take_lock_away(
        self: &Arc<Self>,
        holder: &Holder,
        passphrase: Zeroizing<String>,
    ) -> Result<(), HostError> {
        let key = self.lock_key(holder, passphrase).await?;
        let keychain = self.keychain_in_time();
        self.key_place(&keychain, holder, Some(&key)).rotate(None, || {}).await?;
        self.remove_lock_file(holder);
        self.set_app_lock_key(None);
        self.update(|facts| facts.app_lock = false);
        Ok(())
    }

    fn holder(&self) -> Result<Holder, HostError> {
        let facts = self.facts();
        if facts.secret_storage != SecretStorage::Keychain {
            let message = "without the system's keychain there is no app lock";
            return Err(failure(ErrorCode::InvalidRequest, message));
        }
        let joined = facts.joined.as_ref();
        let found = joined.and_then(|joined| {
            let (teammate_id, email) = (joined.teammate_id?, joined.email.as_ref()?);
            let item = ItemName::new(ItemKind::KeyEncryptionKey, joined.workspace_id, email);
            Some(Holder { dir: self.profile.account_dir(teammate_id), teammate_id, item })
        });
        found.ok_or_else(|| failure(ErrorCode::SessionEnded, "nobody is signed in"))
    }

    fn lock_file(&self, holder: &Holder) -> Vault {
        Vault::at(holder.dir.join(FILE_NAME), Arc::clone(&self.options.random))
    }

    /// The keychain for who is not to wait for it.
    fn keychain_in_time(&self) -> KeychainWorker {
        self.keychain.give_up_slow();
        self.keychain.in_time()
    }

    fn key_place<'a>(
        &'a self,
        keychain: &'a KeychainWorker,
        holder: &'a Holder,
        app_lock: Option<&'a Key>,
    ) -> KeyPlace<'a> {
        KeyPlace {
            dir: &holder.dir,
            teammate_id: holder.teammate_id,
            item: holder.item.clone(),
            keychain,
            random: self.options.random.as_ref(),
            app_lock,
        }
    }

    /// The key behind a passphrase, if it is the one that was set.
    async fn lock_key(
        &self,
        holder: &Holder,
        passphrase: Zeroizing<String>,
    ) -> Result<Key, HostError> {
        let (vault, item) = (self.lock_file(holder), holder.item.clone());
        let stored = off_thread(move || {
            vault.unlock(&passphrase)?;
            Ok(vault.read(&item)?)
        })
        .await?;
        let mut key = Zeroizing::new([0_u8; 32]);
        if stored.as_bytes().len() != key.len() {
            return Err(failure(ErrorCode::KeychainMismatch, "the app lock's file is damaged"));
        }
        key.copy_from_slice(stored.as_bytes());
        Ok(key)
    }

    fn remove_lock_file(&self, holder: &Holder) {
        if let Err(error) = std::fs::remove_file(holder.dir.join(FILE_NAME)) {
            // Nothing depends on it any more.
            warn!(%error, "the app lock's file stays");
        }
    }
}

/// An attempt at a passphrase takes its time.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HostError> + Send + 'static,
) -> Result<T, HostError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(failure(ErrorCode::ClientFailed, "the passphrase was not tried")),
    }
}
