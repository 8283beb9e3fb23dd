//! What is done where the system has no keychain: a passphrase, or nothing stored.

use std::sync::Arc;

use recado_protocol::ErrorCode;
use recado_protocol::host::{AppState, Empty, HostError, PassphraseRequest, Phase, SecretStorage};
use tracing::warn;
use zeroize::Zeroizing;

use super::shared::Shared;
use crate::error::failure;
use crate::fail_point::{Step, reached};
use crate::keychain::{
    ItemKind, ItemName, Keychain as _, KeychainError, KeychainWorker, VaultError, vault_backend_id,
};
use crate::keys::{self, KeyPlace};

impl Shared {
    /// Sets the passphrase of a new vault, where the choice is open.
    pub(super) async fn vault_create(
        self: &Arc<Self>,
        request: PassphraseRequest,
    ) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        self.check_undecided()?;
        self.with_vault(request, |shared, passphrase| shared.choice.vault.create(passphrase))
            .await?;
        self.choice.set_undecided(false);
        self.storage_changed();
        Ok(self.state())
    }

    /// Opens the vault, and with it what its lock has stopped.
    pub(super) async fn vault_unlock(
        self: &Arc<Self>,
        request: PassphraseRequest,
    ) -> Result<AppState, HostError> {
        {
            let _lifecycle = self.lifecycle.lock().await;
            if self.choice.storage() == SecretStorage::Vault {
                return Ok(self.state());
            }
            self.with_vault(request, |shared, passphrase| shared.choice.vault.unlock(passphrase))
                .await?;
            let moved = self.leave_forbidden_vault().await;
            self.storage_changed();
            moved?;
        }
        if self.facts().phase == Phase::Blocked {
            self.start().await;
        }
        Ok(self.state())
    }

    /// Moves what lies behind the passphrase into the system's keychain. The file stays what counts until
    /// all of it lies there.
    pub(super) async fn vault_leave(self: &Arc<Self>, _: Empty) -> Result<AppState, HostError> {
        {
            let _lifecycle = self.lifecycle.lock().await;
            if self.choice.storage() != SecretStorage::Vault {
                let message = "there is nothing behind a passphrase, or it has not been given";
                return Err(failure(ErrorCode::InvalidRequest, message));
            }
            self.require_system_keychain().await?;
            // A session that goes on would change what is being moved.
            self.close_account().await;
            let moved = self.move_to_system().await;
            self.storage_changed();
            if moved.is_ok() {
                self.change_moved_key().await;
            }
            if let Err(error) = moved {
                let shared = Arc::clone(self);
                tokio::spawn(async move { shared.start().await });
                return Err(error.into());
            }
        }
        self.start().await;
        Ok(self.state())
    }

    /// Moves what lies behind a passphrase that the organisation has forbidden meanwhile. Where that cannot be
    /// done, all of it stays there, closed.
    async fn leave_forbidden_vault(&self) -> Result<(), HostError> {
        if !self.requires_system_keychain() {
            return Ok(());
        }
        if let Err(error) = self.move_to_system().await {
            self.choice.vault.lock();
            return Err(error.into());
        }
        self.change_moved_key().await;
        Ok(())
    }

    /// Asks the system's keychain for something, so that nothing is closed where there is none.
    async fn require_system_keychain(&self) -> Result<(), KeychainError> {
        let Some(name) = self.choice.vault.names()?.into_iter().min() else { return Ok(()) };
        let system = KeychainWorker::new(self.choice.system(), self.options.keychain_slow_after);
        match system.in_time().read(name, || {}).await {
            Ok(_) | Err(KeychainError::NoItem | KeychainError::Corrupt) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn move_to_system(&self) -> Result<(), KeychainError> {
        let vault = &self.choice.vault;
        let system = KeychainWorker::new(self.choice.system(), self.options.keychain_slow_after);
        let system = system.in_time();
        reached(Step::Moving);
        let mut names = vault.names()?;
        // The keys first: without them a session is of no use.
        names.sort();
        for name in &names {
            let secret = vault.read(name)?;
            system.write_verified(name.clone(), secret, || {}).await?;
            reached(match name.kind {
                ItemKind::Refresh => Step::SessionMoved,
                ItemKind::KeyEncryptionKey | ItemKind::NextKey => Step::KeyMoved,
            });
        }
        vault.remove()?;
        reached(Step::VaultRemoved);
        Ok(())
    }

    /// Has the passphrase open nothing any more, with whatever copy of its file.
    async fn change_moved_key(&self) {
        let joined = self.facts().joined.clone();
        let holder = joined.and_then(|joined| Some((joined.teammate_id?, joined)));
        let Some((teammate_id, joined)) = holder else { return };
        let Some(email) = &joined.email else { return };
        let keychain = self.keychain.in_time();
        let place = KeyPlace {
            dir: &self.profile.account_dir(teammate_id),
            teammate_id,
            item: ItemName::new(ItemKind::KeyEncryptionKey, joined.workspace_id, email),
            keychain: &keychain,
            random: self.options.random.as_ref(),
            app_lock: None,
        };
        if let Err(error) = place.rotate(None, || {}).await {
            warn!(%error, "the key that was behind the passphrase stays in use");
        }
    }

    /// Goes on without storing anything.
    pub(super) async fn storage_decline(self: &Arc<Self>, _: Empty) -> Result<AppState, HostError> {
        let _lifecycle = self.lifecycle.lock().await;
        self.check_undecided()?;
        self.choice.set_undecided(false);
        self.choice.set_memory(true);
        self.storage_changed();
        Ok(self.state())
    }

    /// Notes what asking the keychain for a sign-in has shown. A choice is offered only where there is no
    /// keychain at all, or none that lasts, and nothing here that depends on one.
    pub(super) fn keychain_asked(&self, error: Option<KeychainError>) {
        let missing =
            matches!(error, Some(KeychainError::NoService | KeychainError::NoDefaultCollection));
        let offered = missing
            && !self.requires_system_keychain()
            && !keys::any_under_another(self.profile.dir(), vault_backend_id());
        self.choice.set_undecided(offered);
        self.storage_changed();
    }

    fn storage_changed(&self) {
        let storage = self.choice.storage();
        self.update(|facts| facts.secret_storage = storage);
    }

    fn check_undecided(&self) -> Result<(), HostError> {
        if self.choice.storage() == SecretStorage::Undecided {
            return Ok(());
        }
        Err(failure(ErrorCode::InvalidRequest, "there is no choice to be made"))
    }

    /// Off the asynchronous threads, since an attempt at a passphrase takes its time.
    async fn with_vault(
        self: &Arc<Self>,
        request: PassphraseRequest,
        work: impl FnOnce(&Self, &str) -> Result<(), VaultError> + Send + 'static,
    ) -> Result<(), HostError> {
        let passphrase = Zeroizing::new(request.passphrase);
        let shared = Arc::clone(self);
        match tokio::task::spawn_blocking(move || work(&shared, &passphrase)).await {
            Ok(outcome) => outcome.map_err(HostError::from),
            Err(_) => Err(failure(ErrorCode::ClientFailed, "the passphrase was not tried")),
        }
    }
}
