//! A keychain in a file, for processes that are killed and started again. It protects nothing and
//! stands in no release.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use recado_client::keychain::{ItemName, Keychain, KeychainDescription, KeychainError, Secret};

/// Keeps its items in one file, as plain text. While a file beside it ends in `.absent` instead, it is not
/// there.
pub struct FileKeychain {
    path: PathBuf,
    lock: Mutex<()>,
}

type Items = BTreeMap<String, Vec<u8>>;

impl FileKeychain {
    /// A keychain in the file at `path`, which is made when something is written.
    pub fn new(path: PathBuf) -> Self {
        Self { path, lock: Mutex::new(()) }
    }

    fn load(&self) -> Result<Items, KeychainError> {
        if self.path.with_extension("absent").exists() {
            return Err(KeychainError::NoService);
        }
        match std::fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| KeychainError::Corrupt),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Items::new()),
            Err(_) => Err(KeychainError::Failed),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Items)) -> Result<(), KeychainError> {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let mut items = self.load()?;
        change(&mut items);
        let folder = self.path.parent().ok_or(KeychainError::Failed)?;
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&serde_json::to_vec(&items)?)?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().map_err(|_| KeychainError::Failed)
    }
}

impl Keychain for FileKeychain {
    fn read(&self, item: &ItemName) -> Result<Secret, KeychainError> {
        let _held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.load()?.remove(&item.to_string());
        found.map(Secret::new).ok_or(KeychainError::NoItem)
    }

    fn write(&self, item: &ItemName, secret: &Secret) -> Result<(), KeychainError> {
        self.change(|items| {
            items.insert(item.to_string(), secret.as_bytes().to_vec());
        })
    }

    fn delete(&self, item: &ItemName) -> Result<(), KeychainError> {
        self.change(|items| {
            items.remove(&item.to_string());
        })
    }

    fn describe(&self) -> KeychainDescription {
        KeychainDescription { name: "Test file".to_owned(), backend_id: "test-file".to_owned() }
    }
}
