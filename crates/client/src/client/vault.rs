//! What is done where the system has no keychain: a passphrase, or nothing stored.

use std::sync::Arc;

use recado_protocol::ErrorCode;
use recado_protocol::host::{AppState, Empty, HostError, PassphraseRequest, Phase, SecretStorage};
use zeroize::Zeroizing;

use super::shared::Shared;
use crate::error::failure;
use crate::keychain::{KeychainError, VaultError, vault_backend_id};
use crate::keys;

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
            self.storage_changed();
        }
        if self.facts().phase == Phase::Blocked {
            self.start().await;
        }
        Ok(self.state())
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

    /// Notes what asking the keychain before a sign-in has shown. A choice is offered only where
    /// there is no keychain at all, and nothing here that depends on one.
    pub(super) fn keychain_asked(&self, error: Option<KeychainError>) {
        let offered = error == Some(KeychainError::NoService)
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
