//! Which keychain an installation uses: the system's; a file behind a passphrase, once one was set;
//! or the memory of this run, where the agent wants nothing stored.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use recado_protocol::host::SecretStorage;

use super::vault::Vault;
use super::{ItemName, Keychain, KeychainDescription, KeychainError, MemoryKeychain, Secret};
use crate::random::Random;

/// The installation's keychain.
///
/// A vault is used wherever it exists, so that a keychain that appears later strands nothing.
pub(crate) struct KeychainChoice {
    system: Arc<dyn Keychain>,
    /// The file behind a passphrase.
    pub(crate) vault: Vault,
    memory: Mutex<Option<MemoryKeychain>>,
    /// Whether there was no keychain when one was needed, and nothing was chosen yet.
    undecided: AtomicBool,
}

impl KeychainChoice {
    /// The keychain of the installation in `dir`.
    pub(crate) fn new(system: Arc<dyn Keychain>, dir: &Path, random: Arc<dyn Random>) -> Self {
        let vault = Vault::at(dir.join("vault.json"), random);
        Self { system, vault, memory: Mutex::default(), undecided: AtomicBool::new(false) }
    }

    /// The system's keychain, whichever is in use.
    pub(crate) fn system(&self) -> Arc<dyn Keychain> {
        Arc::clone(&self.system)
    }

    /// Where secrets lie now.
    pub(crate) fn storage(&self) -> SecretStorage {
        if self.memory().is_some() {
            SecretStorage::Memory
        } else if self.vault.is_locked() {
            SecretStorage::VaultLocked
        } else if self.vault.exists() {
            SecretStorage::Vault
        } else if self.undecided.load(Ordering::Relaxed) {
            SecretStorage::Undecided
        } else {
            SecretStorage::Keychain
        }
    }

    /// Notes that there is no keychain, or that there is one after all.
    pub(crate) fn set_undecided(&self, undecided: bool) {
        self.undecided.store(undecided, Ordering::Relaxed);
    }

    /// Keeps secrets in memory from now on, or no longer.
    pub(crate) fn set_memory(&self, in_memory: bool) {
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) =
            in_memory.then(MemoryKeychain::new);
    }

    fn memory(&self) -> Option<MemoryKeychain> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn current<T>(&self, ask: impl FnOnce(&dyn Keychain) -> T) -> T {
        match self.memory() {
            Some(memory) => ask(&memory),
            None if self.vault.exists() => ask(&self.vault),
            None => ask(self.system.as_ref()),
        }
    }
}

impl Keychain for KeychainChoice {
    fn read(&self, item: &ItemName) -> Result<Secret, KeychainError> {
        self.current(|keychain| keychain.read(item))
    }

    fn write(&self, item: &ItemName, secret: &Secret) -> Result<(), KeychainError> {
        self.current(|keychain| keychain.write(item, secret))
    }

    fn delete(&self, item: &ItemName) -> Result<(), KeychainError> {
        self.current(|keychain| keychain.delete(item))
    }

    fn describe(&self) -> KeychainDescription {
        self.current(|keychain| keychain.describe())
    }

    fn give_up(&self) -> bool {
        self.current(|keychain| keychain.give_up())
    }
}
