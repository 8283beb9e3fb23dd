//! The vault: one file behind a passphrase, for a machine that has no keychain.
//!
//! It holds what a keychain would hold and nothing else. The passphrase becomes the file's key
//! through Argon2id, whose cost stands in the file; everything that is written is sealed under that
//! key, and the cost with it. A wrong passphrase changes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recado_protocol::ErrorCode;
use recado_protocol::host::{MAX_PASSPHRASE_BYTES, MIN_PASSPHRASE_CHARS};
use serde::{Deserialize, Serialize};
use tracing::warn;
use zeroize::{Zeroize as _, Zeroizing};

use super::{ItemName, Keychain, KeychainDescription, KeychainError, MAX_ITEM_BYTES, Secret};
use crate::profile::{ProfileError, write_atomically};
use crate::random::{NoRandomness, Random};
use crate::sealed::{Key, Sealed};

const FORMAT: u32 = 1;
/// What the value seals that tells a wrong passphrase from a damaged file.
const CHECK: &[u8] = b"recado: this is the right passphrase";
/// What [`Keychain::describe`] says, and what stands beside the databases' keys.
pub(crate) const BACKEND_ID: &str = "passphrase-file";

/// What one attempt at the passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// More than three times the memory that OWASP asks for at least.
    const USUAL: Self = Self { memory_kib: 64 * 1_024, passes: 3, lanes: 1 };
    /// A file that asks for more is damaged, or is meant to bring the machine to its knees.
    const HIGHEST: Self = Self { memory_kib: 1_024 * 1_024, passes: 16, lanes: 16 };

    fn key(self, passphrase: &str, salt: &[u8]) -> Option<Key> {
        let Self { memory_kib, passes, lanes } = self;
        let highest = Self::HIGHEST;
        if memory_kib > highest.memory_kib || passes > highest.passes || lanes > highest.lanes {
            return None;
        }
        let mut key = Zeroizing::new([0_u8; 32]);
        let params = Params::new(memory_kib, passes, lanes, Some(key.len())).ok()?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
            .ok()?;
        Some(key)
    }
}

/// How the passphrase becomes the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Derivation {
    algorithm: String,
    #[serde(flatten)]
    cost: Cost,
    salt: String,
}

impl Derivation {
    const ALGORITHM: &'static str = "argon2id";

    fn new(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut salt = [0_u8; 16];
        random.fill(&mut salt)?;
        let (algorithm, salt) = (Self::ALGORITHM.to_owned(), URL_SAFE_NO_PAD.encode(salt));
        Ok(Self { algorithm, cost: Cost::USUAL, salt })
    }

    fn key(&self, passphrase: &str) -> Option<Key> {
        let salt = URL_SAFE_NO_PAD.decode(&self.salt).ok()?;
        (self.algorithm == Self::ALGORITHM).then(|| self.cost.key(passphrase, &salt))?
    }

    /// What a seal is for. It names the cost, so that a file cannot be made cheaper.
    fn purpose(&self, slot: &str) -> String {
        let Self { algorithm, cost: Cost { memory_kib, passes, lanes }, salt } = self;
        format!("recado vault {FORMAT} {algorithm} {memory_kib} {passes} {lanes} {salt} {slot}")
    }
}

#[derive(Serialize, Deserialize)]
struct VaultFile {
    format: u32,
    derivation: Derivation,
    check: Sealed,
    items: Sealed,
}

/// The items by name, each as base64url, wiped from memory after use.
#[derive(Default, Clone, Serialize, Deserialize)]
struct Items(BTreeMap<String, String>);

impl Drop for Items {
    fn drop(&mut self) {
        for secret in self.0.values_mut() {
            secret.zeroize();
        }
    }
}

struct Open {
    derivation: Derivation,
    key: Key,
    items: Items,
}

enum State {
    /// There is no file.
    Absent,
    /// There is one, and the passphrase has not been given.
    Locked,
    Open(Open),
}

/// Why a vault was not made or not opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The passphrase is shorter or longer than is taken.
    #[error("the passphrase is too short, or too long")]
    UnfitPassphrase,
    /// It is not this file's passphrase.
    #[error("this is not the passphrase that was set")]
    WrongPassphrase,
    /// There is a file already, or none.
    #[error("there is nothing that a passphrase could be set or given for")]
    NotNow,
    /// The file cannot be read as what it should be.
    #[error("the file behind the passphrase, {}, is damaged", .0.display())]
    Damaged(PathBuf),
    /// The disk failed, or a newer program wrote the file.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Nothing random could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl VaultError {
    /// The code for programs.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::UnfitPassphrase => ErrorCode::InvalidValue,
            Self::WrongPassphrase => ErrorCode::WrongPassphrase,
            Self::NotNow => ErrorCode::InvalidRequest,
            Self::Damaged(_) => ErrorCode::KeychainMismatch,
            Self::Profile(error) => error.code(),
            Self::NoRandomness(_) => ErrorCode::ClientFailed,
        }
    }
}

/// A keychain in one file behind a passphrase. That the file is there is the choice for it.
pub struct Vault {
    path: PathBuf,
    random: Arc<dyn Random>,
    state: Mutex<State>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Vault {
    /// The vault of the file at `path`, which need not exist.
    pub fn at(path: PathBuf, random: Arc<dyn Random>) -> Self {
        // What cannot be looked at is taken for a vault, so that nothing is put elsewhere.
        let state = match path.try_exists() {
            Ok(false) => State::Absent,
            Ok(true) | Err(_) => State::Locked,
        };
        Self { path, random, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is a file.
    pub fn exists(&self) -> bool {
        !matches!(*self.state(), State::Absent)
    }

    /// Whether there is a file, and its passphrase has not been given.
    pub fn is_locked(&self) -> bool {
        matches!(*self.state(), State::Locked)
    }

    /// Makes the file, empty, and leaves it open. It blocks for as long as an attempt costs.
    ///
    /// # Errors
    ///
    /// [`VaultError::NotNow`] if there is a file; [`VaultError::UnfitPassphrase`]; those of the disk.
    pub fn create(&self, passphrase: &str) -> Result<(), VaultError> {
        self.create_with(passphrase, MIN_PASSPHRASE_CHARS)
    }

    /// The same with a passphrase of at least `min_chars` characters, for what does not stand alone.
    ///
    /// # Errors
    ///
    /// As [`Vault::create`].
    pub fn create_with(&self, passphrase: &str, min_chars: usize) -> Result<(), VaultError> {
        if passphrase.chars().count() < min_chars || passphrase.len() > MAX_PASSPHRASE_BYTES {
            return Err(VaultError::UnfitPassphrase);
        }
        let mut state = self.state();
        if !matches!(*state, State::Absent) || self.path.exists() {
            return Err(VaultError::NotNow);
        }
        let derivation = Derivation::new(self.random.as_ref())?;
        let key = derivation.key(passphrase).ok_or(NoRandomness)?;
        let made = Open { derivation, key, items: Items::default() };
        self.store(&made, &made.items)?;
        // What was written is what counts from now on, so that is what is used.
        *state = State::Open(self.load(passphrase)?);
        Ok(())
    }

    /// Opens the file. It blocks for as long as an attempt costs.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrongPassphrase`]; [`VaultError::NotNow`] if there is no file or it is open;
    /// [`VaultError::Damaged`]; those of the disk.
    pub fn unlock(&self, passphrase: &str) -> Result<(), VaultError> {
        let mut state = self.state();
        if !matches!(*state, State::Locked) {
            return Err(VaultError::NotNow);
        }
        *state = State::Open(self.load(passphrase)?);
        Ok(())
    }

    /// Closes the file: the next use needs the passphrase again.
    pub fn lock(&self) {
        let mut state = self.state();
        if matches!(*state, State::Open(_)) {
            *state = State::Locked;
        }
    }

    /// What it holds.
    ///
    /// # Errors
    ///
    /// [`KeychainError::PassphraseNeeded`] where it is not open; [`KeychainError::Corrupt`] if an item has
    /// a name that is not known.
    pub fn names(&self) -> Result<Vec<ItemName>, KeychainError> {
        let state = self.state();
        let State::Open(open) = &*state else { return Err(KeychainError::PassphraseNeeded) };
        let names = open.items.0.keys().map(|name| ItemName::parse(name));
        names.collect::<Option<_>>().ok_or(KeychainError::Corrupt)
    }

    /// Removes the file with everything in it.
    ///
    /// # Errors
    ///
    /// [`KeychainError::Failed`] if it is still there.
    pub fn remove(&self) -> Result<(), KeychainError> {
        let mut state = self.state();
        remove(&self.path)?;
        *state = State::Absent;
        Ok(())
    }

    fn load(&self, passphrase: &str) -> Result<Open, VaultError> {
        let damaged = || VaultError::Damaged(self.path.clone());
        let bytes =
            std::fs::read(&self.path).map_err(|error| ProfileError::disk(&self.path, error))?;
        // The format is read first: a newer file may have no field that is known here.
        let format = serde_json::from_slice::<serde_json::Value>(&bytes)
            .ok()
            .and_then(|value| value.get("format").and_then(serde_json::Value::as_u64));
        if format.is_some_and(|format| format > u64::from(FORMAT)) {
            return Err(ProfileError::TooNew(self.path.clone()).into());
        }
        let file: VaultFile = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        let derivation = file.derivation;
        let key = derivation.key(passphrase).ok_or_else(damaged)?;
        if file.check.open(&key, &derivation.purpose("check")).is_none_or(|it| *it != CHECK) {
            return Err(VaultError::WrongPassphrase);
        }
        let items = file.items.open(&key, &derivation.purpose("items")).ok_or_else(damaged)?;
        let items = serde_json::from_slice(&items).map_err(|_| damaged())?;
        Ok(Open { derivation, key, items })
    }

    fn store(&self, open: &Open, items: &Items) -> Result<(), VaultError> {
        let plain = serde_json::to_vec(items).map(Zeroizing::new);
        let disk = |error| ProfileError::disk(&self.path, error);
        let plain = plain.map_err(|error| disk(error.into()))?;
        let seal = |slot, plain: &[u8]| {
            let purpose = open.derivation.purpose(slot);
            Sealed::new(&open.key, &purpose, plain, self.random.as_ref())
        };
        let file = VaultFile {
            format: FORMAT,
            derivation: open.derivation.clone(),
            check: seal("check", CHECK)?,
            items: seal("items", &plain)?,
        };
        let bytes = serde_json::to_vec_pretty(&file).map_err(|error| disk(error.into()))?;
        write_atomically(&self.path, &bytes).map_err(disk)?;
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut Items)) -> Result<(), KeychainError> {
        let mut state = self.state();
        let State::Open(open) = &mut *state else { return Err(KeychainError::PassphraseNeeded) };
        let mut items = open.items.clone();
        change(&mut items);
        if items.0.is_empty() {
            // Nothing is behind the passphrase any more: the next sign-in chooses anew.
            remove(&self.path)?;
            *state = State::Absent;
            return Ok(());
        }
        self.store(open, &items).map_err(|error| {
            warn!(%error, "the file behind the passphrase could not be written");
            KeychainError::Failed
        })?;
        open.items = items;
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), KeychainError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            warn!(%error, "the file behind the passphrase could not be removed");
            Err(KeychainError::Failed)
        }
        _ => Ok(()),
    }
}

impl Keychain for Vault {
    fn read(&self, item: &ItemName) -> Result<Secret, KeychainError> {
        let state = self.state();
        let State::Open(open) = &*state else { return Err(KeychainError::PassphraseNeeded) };
        let stored = open.items.0.get(&item.to_string()).ok_or(KeychainError::NoItem)?;
        URL_SAFE_NO_PAD.decode(stored).map(Secret::new).map_err(|_| KeychainError::Corrupt)
    }

    fn write(&self, item: &ItemName, secret: &Secret) -> Result<(), KeychainError> {
        if secret.as_bytes().len() > MAX_ITEM_BYTES {
            return Err(KeychainError::TooLarge);
        }
        self.change(|items| {
            items.0.insert(item.to_string(), URL_SAFE_NO_PAD.encode(secret.as_bytes()));
        })
    }

    fn delete(&self, item: &ItemName) -> Result<(), KeychainError> {
        self.change(|items| {
            if let Some(mut secret) = items.0.remove(&item.to_string()) {
                secret.zeroize();
            }
        })
    }

    fn describe(&self) -> KeychainDescription {
        let name = "A file behind your passphrase".to_owned();
        KeychainDescription { name, backend_id: BACKEND_ID.to_owned() }
    }
}

#[cfg(test)]
mod tests;
