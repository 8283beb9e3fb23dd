//! macOS and Windows, through the store crates of `keyring`.
//!
//! The facade opens its store once and for all, so a keychain that was missing at the first call would
//! be missing until the program ends. Here it is opened for each call.

use keyring_core::api::CredentialStoreApi as _;
use keyring_core::{Entry, Error};
use tracing::warn;

use super::SERVICE;
use crate::keychain::{
    ItemName, Keychain, KeychainDescription, KeychainError, MAX_ITEM_BYTES, Secret,
};

/// The operating system's keychain.
#[derive(Debug, Default)]
pub struct SystemKeychain(());

impl SystemKeychain {
    fn entry(item: &ItemName) -> Result<Entry, KeychainError> {
        #[cfg(target_os = "macos")]
        let store = apple_native_keyring_store::keychain::Store::new();
        #[cfg(windows)]
        let store = windows_native_keyring_store::Store::new();
        store
            .and_then(|store| store.build(SERVICE, &item.to_string(), None))
            .map_err(|error| classify(&error))
    }
}

impl Keychain for SystemKeychain {
    fn read(&self, item: &ItemName) -> Result<Secret, KeychainError> {
        Self::entry(item)?.get_secret().map(Secret::new).map_err(|error| classify(&error))
    }

    fn write(&self, item: &ItemName, secret: &Secret) -> Result<(), KeychainError> {
        if secret.as_bytes().len() > MAX_ITEM_BYTES {
            return Err(KeychainError::TooLarge);
        }
        Self::entry(item)?.set_secret(secret.as_bytes()).map_err(|error| match classify(&error) {
            // An item that is not there is made by writing, so here it is its keychain that is
            // missing.
            KeychainError::NoItem => KeychainError::NoDefaultCollection,
            other => other,
        })
    }

    fn delete(&self, item: &ItemName) -> Result<(), KeychainError> {
        match Self::entry(item)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(classify(&error)),
        }
    }

    fn describe(&self) -> KeychainDescription {
        let (name, backend_id) = if cfg!(target_os = "macos") {
            ("macOS Keychain", "apple-keychain")
        } else {
            ("Windows Credential Manager", "windows-credential-manager")
        };
        KeychainDescription { name: name.to_owned(), backend_id: backend_id.to_owned() }
    }
}

/// Sorts a failure into what a person can do about it. The platforms' errors come as text inside
/// boxes, and the text of an item never is part of them.
fn classify(error: &Error) -> KeychainError {
    let class = match error {
        Error::NoEntry => return KeychainError::NoItem,
        Error::NoDefaultStore => KeychainError::NoService,
        Error::NoStorageAccess(_) => KeychainError::Locked,
        Error::PlatformFailure(cause) => {
            let text = format!("{cause} {cause:?}").to_lowercase();
            if text.contains("denied") || text.contains("not authorized") {
                KeychainError::Denied
            } else {
                KeychainError::Failed
            }
        }
        Error::BadEncoding(_)
        | Error::BadDataFormat(..)
        | Error::BadStoreFormat(_)
        | Error::Ambiguous(_) => KeychainError::Corrupt,
        Error::TooLong(..) => KeychainError::TooLarge,
        _ => KeychainError::Failed,
    };
    warn!(?class, "the keychain failed");
    class
}
