//! The databases' keys: wrapped in a small file beside them, under a key that only the keychain
//! holds. Without that file nothing here can be read, so there are two of it.
//!
//! A key is made only where there is neither a key file nor a database. Whatever else is missing or
//! does not fit is told, and everything stays as it is.
//!
//! Another key takes the place of the present one in steps (`rotation`), so that at each of them the
//! files that lie here open with an item that lies in the keychain.

use std::path::{Path, PathBuf};

use recado_protocol::{ErrorCode, TeammateId};
use recado_store::{StoreKeys, Which};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tracing::warn;
use zeroize::Zeroizing;

use crate::fail_point::{Step, reached};
use crate::keychain::{ItemName, KeychainError, KeychainWorker, Secret};
use crate::profile::{ProfileError, make_dir, write_atomically};
use crate::random::{NoRandomness, Random, secret};
use crate::sealed::{Key, Sealed};

mod rotation;

const FILE_NAME: &str = "keys.json";
/// The same once more, for when a disk damages the first.
const COPY_NAME: &str = "keys-copy.json";
const FORMAT: u32 = 1;
/// The format of a file that takes the app lock's passphrase as well, so that an older program leaves
/// it alone.
const LOCKED_FORMAT: u32 = 2;
/// What the key-check value seals.
const CHECK: &[u8; 32] = b"recado: this is the right key.\n\n";

/// Why the databases' keys are not to be had. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The keychain failed.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// The keychain's key does not belong to what lies here.
    #[error("the keychain's key does not open the data in {}: {reason}", dir.display())]
    Mismatch {
        /// The account's folder.
        dir: PathBuf,
        /// What exactly.
        reason: &'static str,
    },
    /// The disk failed, or a newer program wrote the file.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The app lock's passphrase has not been given.
    #[error("the app is locked; give its passphrase")]
    AppLocked,
    /// Nothing random could be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl KeysError {
    /// The code for programs.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Keychain(error) => error.code(),
            Self::Mismatch { .. } => ErrorCode::KeychainMismatch,
            Self::Profile(error) => error.code(),
            Self::AppLocked => ErrorCode::AppLocked,
            Self::NoRandomness(_) => ErrorCode::ClientFailed,
        }
    }
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct KeyFile {
    format: u32,
    /// Which keychain holds the key that opens this.
    backend_id: String,
    /// Whether the key behind the app lock's passphrase is needed as well.
    #[serde(default)]
    app_lock: bool,
    check: Sealed,
    cache: Sealed,
    outbox: Sealed,
}

/// What one seal is for, so that no two can be swapped.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Check,
    Cache,
    Outbox,
}

fn purpose(teammate_id: TeammateId, slot: Slot) -> String {
    format!("recado keys {FORMAT} {teammate_id} {slot:?}")
}

fn unseal(kek: &Key, teammate_id: TeammateId, slot: Slot, sealed: &Sealed) -> Option<Key> {
    let plain = sealed.open(kek, &purpose(teammate_id, slot))?;
    let mut key = Zeroizing::new([0_u8; 32]);
    (plain.len() == key.len()).then(|| key.copy_from_slice(&plain))?;
    Some(key)
}

/// The databases' keys.
pub(crate) struct OpenKeys {
    pub(crate) keys: StoreKeys,
    /// What the key files should hold, where one is missing or damaged, or tells of another keychain.
    unsettled: Option<KeyFile>,
}

/// Where an account's keys are.
pub(crate) struct KeyPlace<'a> {
    /// The account's folder.
    pub(crate) dir: &'a Path,
    /// Whose.
    pub(crate) teammate_id: TeammateId,
    /// The keychain's item.
    pub(crate) item: ItemName,
    /// The keychain.
    pub(crate) keychain: &'a KeychainWorker,
    /// For a new key.
    pub(crate) random: &'a dyn Random,
    /// The key behind the app lock's passphrase, where it was given.
    pub(crate) app_lock: Option<&'a Key>,
}

impl KeyPlace<'_> {
    /// The databases' keys, made now if the account has never been on this machine. `slow` is
    /// called if the keychain takes its time.
    ///
    /// # Errors
    ///
    /// [`KeysError`]; nothing was changed then, or only an item was written that nothing depends on
    /// yet.
    pub(crate) async fn open(&self, slow: impl Fn() + Send + Sync) -> Result<OpenKeys, KeysError> {
        let stored = match self.keychain.read(self.item.clone(), &slow).await {
            Ok(stored) => Some(stored),
            Err(KeychainError::NoItem) => None,
            Err(error) => return Err(error.into()),
        };
        let files = self.read_files()?;
        let opened = match (stored, &files[..]) {
            (Some(stored), [_, ..]) => kek(&stored).and_then(|kek| self.unwrap_any(&kek, &files)),
            (None, [file, ..]) if file.backend_id != self.keychain.description().backend_id => {
                Err(KeychainError::BackendChanged.into())
            }
            (None, [_, ..]) => Err(self.mismatch("the keychain has no key for it")),
            (_, []) if self.has_database() => return Err(self.mismatch("its key file is missing")),
            // A key without anything that depends on it is left from a creation that was cut off.
            (Some(stored), []) => return self.create_file(&kek(&stored)?),
            (None, []) => {
                reached(Step::Creating);
                let kek = secret(self.random)?;
                let stored = Secret::new(kek.to_vec());
                self.keychain.write_verified(self.item.clone(), stored, &slow).await?;
                reached(Step::Created);
                return self.create_file(&kek);
            }
        };
        match opened {
            Ok(opened) => Ok(opened),
            Err(KeysError::AppLocked) => Err(KeysError::AppLocked),
            Err(error) => self.open_with_next(&files, error, &slow).await,
        }
    }

    fn paths(&self) -> [PathBuf; 2] {
        [FILE_NAME, COPY_NAME].map(|name| self.dir.join(name))
    }

    fn mismatch(&self, reason: &'static str) -> KeysError {
        KeysError::Mismatch { dir: self.dir.to_owned(), reason }
    }

    fn has_database(&self) -> bool {
        [Which::Cache, Which::Outbox].iter().any(|which| self.dir.join(which.file_name()).exists())
    }

    /// The key files that can be read. One that is damaged counts only where there is no other.
    fn read_files(&self) -> Result<Vec<KeyFile>, KeysError> {
        let (mut files, mut damaged) = (Vec::new(), None);
        for path in self.paths() {
            match self.read_file(path) {
                Ok(file) => files.extend(file),
                Err(error @ KeysError::Mismatch { .. }) => damaged = Some(error),
                Err(error) => return Err(error),
            }
        }
        match damaged {
            Some(error) if files.is_empty() => Err(error),
            _ => Ok(files),
        }
    }

    fn read_file(&self, path: PathBuf) -> Result<Option<KeyFile>, KeysError> {
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ProfileError::disk(&path, error).into()),
        };
        // The format is read first: a newer file may have no field that is known here.
        let format = serde_json::from_slice::<serde_json::Value>(&bytes)
            .ok()
            .and_then(|value| value.get("format").and_then(serde_json::Value::as_u64));
        match format {
            Some(format) if format > u64::from(LOCKED_FORMAT) => {
                Err(ProfileError::TooNew(path).into())
            }
            _ => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|_| self.mismatch("its key file is damaged")),
        }
    }

    /// Writes the files as they should be, as [`OpenKeys`] says. They open either way.
    pub(crate) fn settle(&self, opened: &OpenKeys) {
        let Some(file) = &opened.unsettled else { return };
        reached(Step::Settling);
        if let Err(error) = self.write(file) {
            warn!(%error, "the key file has no copy until the next start");
        }
    }

    fn unwrap(&self, kek: &Key, file: &KeyFile) -> Result<StoreKeys, KeysError> {
        let kek = &match (file.app_lock, self.app_lock) {
            (false, _) => kek.clone(),
            (true, Some(app_lock)) => under(app_lock, kek),
            (true, None) => return Err(KeysError::AppLocked),
        };
        let open = |slot, sealed| unseal(kek, self.teammate_id, slot, sealed);
        match open(Slot::Check, &file.check) {
            Some(check) if *check == *CHECK => {}
            _ => return Err(self.mismatch("it was made under another key")),
        }
        match (open(Slot::Cache, &file.cache), open(Slot::Outbox, &file.outbox)) {
            (Some(cache), Some(outbox)) => Ok(StoreKeys { cache: *cache, outbox: *outbox }),
            _ => Err(self.mismatch("its key file is damaged")),
        }
    }

    /// The keys from the first file that the key opens. What the other holds is of no use if it differs.
    fn unwrap_any(&self, kek: &Key, files: &[KeyFile]) -> Result<OpenKeys, KeysError> {
        let backend_id = self.keychain.description().backend_id;
        let mut refused = None;
        for file in files {
            match self.unwrap(kek, file) {
                Ok(keys) => {
                    let same = files.iter().filter(|other| *other == file).count();
                    let settled = same == self.paths().len() && file.backend_id == backend_id;
                    let unsettled = (!settled).then(|| KeyFile { backend_id, ..file.clone() });
                    return Ok(OpenKeys { keys, unsettled });
                }
                Err(KeysError::AppLocked) => refused = Some(KeysError::AppLocked),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        Err(refused.unwrap_or_else(|| self.mismatch("its key file is missing")))
    }

    fn create_file(&self, kek: &Key) -> Result<OpenKeys, KeysError> {
        // An account begins without an app lock, whoever's key is known.
        let without = KeyPlace { app_lock: None, item: self.item.clone(), ..*self };
        let file = without.seal(kek, &secret(self.random)?, &secret(self.random)?)?;
        make_dir(self.dir)?;
        self.write(&file)?;
        // What was written is what counts from now on, so that is what is used.
        self.unwrap_any(kek, &self.read_files()?)
    }

    fn seal(&self, kek: &Key, cache: &Key, outbox: &Key) -> Result<KeyFile, KeysError> {
        let kek = &self.app_lock.map_or_else(|| kek.clone(), |app_lock| under(app_lock, kek));
        let seal = |slot, plain: &[u8; 32]| {
            Sealed::new(kek, &purpose(self.teammate_id, slot), plain, self.random)
        };
        let app_lock = self.app_lock.is_some();
        Ok(KeyFile {
            format: if app_lock { LOCKED_FORMAT } else { FORMAT },
            backend_id: self.keychain.description().backend_id,
            app_lock,
            check: seal(Slot::Check, CHECK)?,
            cache: seal(Slot::Cache, cache)?,
            outbox: seal(Slot::Outbox, outbox)?,
        })
    }

    fn write(&self, file: &KeyFile) -> Result<(), KeysError> {
        for path in self.paths() {
            serde_json::to_vec_pretty(file)
                .map_err(std::io::Error::other)
                .and_then(|bytes| write_atomically(&path, &bytes))
                .map_err(|error| ProfileError::disk(&path, error))?;
            reached(if path.ends_with(FILE_NAME) { Step::FirstFile } else { Step::BothFiles });
        }
        Ok(())
    }
}

/// Whether an account of the installation in `dir` has keys that another keychain than this one
/// opens. What cannot be read counts as such.
pub(crate) fn any_under_another(dir: &Path, backend_id: &str) -> bool {
    let accounts = match std::fs::read_dir(dir.join("accounts")) {
        Ok(accounts) => accounts,
        Err(error) => return error.kind() != std::io::ErrorKind::NotFound,
    };
    for account in accounts {
        let Ok(account) = account else { return true };
        match std::fs::read(account.path().join(FILE_NAME)) {
            Ok(bytes) => {
                let file = serde_json::from_slice::<KeyFile>(&bytes);
                if file.map_or(true, |file| file.backend_id != backend_id) {
                    return true;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return true,
        }
    }
    false
}

/// Whether the keys in `dir` take the app lock's passphrase.
pub(crate) fn take_app_lock(dir: &Path) -> bool {
    [FILE_NAME, COPY_NAME].iter().any(|name| {
        let file = std::fs::read(dir.join(name)).unwrap_or_default();
        serde_json::from_slice::<KeyFile>(&file).is_ok_and(|file| file.app_lock)
    })
}

/// Destroys the wrapped keys in `dir`. Without them nothing else there can be read any more.
pub(crate) fn destroy(dir: &Path) -> Result<(), ProfileError> {
    for name in [FILE_NAME, COPY_NAME] {
        let path = dir.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(ProfileError::disk(&path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The key that wraps while there is an app lock. Both keys are random and as long as the hash.
fn under(app_lock: &Key, kek: &Key) -> Key {
    let mut hasher = Sha256::new_with_prefix(b"recado app lock 1");
    hasher.update(kek.as_slice());
    hasher.update(app_lock.as_slice());
    Zeroizing::new(hasher.finalize().into())
}

fn kek(stored: &Secret) -> Result<Key, KeysError> {
    let mut kek = Zeroizing::new([0_u8; 32]);
    if stored.as_bytes().len() != kek.len() {
        return Err(KeychainError::Corrupt.into());
    }
    kek.copy_from_slice(stored.as_bytes());
    Ok(kek)
}
