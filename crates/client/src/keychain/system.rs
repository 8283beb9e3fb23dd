//! The operating system's keychain, through `keyring`.

use keyring::{Entry, Error};
use tracing::warn;

use super::{ItemName, Keychain, KeychainDescription, KeychainError, MAX_ITEM_BYTES, Secret};

const SERVICE: &str = "Recado";

/// The operating system's keychain: Secret Service on Linux, Keychain on macOS, Credential Manager
/// on Windows. There is no weaker store behind it: where it is missing, that is said.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemKeychain;

impl SystemKeychain {
    fn entry(item: &ItemName) -> Result<Entry, KeychainError> {
        Entry::new(SERVICE, &item.to_string()).map_err(|error| {
            // The facade keeps why the store could not be opened to itself and says only that
            // there is none.
            match (&error, Entry::store_status()) {
                (Error::NoDefaultStore, Err(cause)) => classify(cause),
                _ => classify(&error),
            }
        })
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
            // An item that is not there is made by writing, so here it is its collection that is
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
        } else if cfg!(target_os = "windows") {
            ("Windows Credential Manager", "windows-credential-manager")
        } else {
            ("Secret Service", "secret-service")
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
        Error::NoStorageAccess(cause) => {
            let text = chain(cause.as_ref());
            if text.contains("no result") || text.contains("nosuchobject") {
                KeychainError::NoDefaultCollection
            } else {
                KeychainError::Locked
            }
        }
        Error::PlatformFailure(cause) => classify_platform(&chain(cause.as_ref())),
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

fn classify_platform(text: &str) -> KeychainError {
    const SIGNS: &[(&[&str], KeychainError)] = &[
        (&["islocked", "is locked", "locked"], KeychainError::Locked),
        (&["accessdenied", "access denied", "not authorized", "denied"], KeychainError::Denied),
        (&["timeout", "timed out", "noreply"], KeychainError::Timeout),
        (&["nosuchobject", "no such object"], KeychainError::NoDefaultCollection),
        (&["decrypt", "crypto"], KeychainError::Corrupt),
        (
            &[
                "serviceunknown",
                "namehasnoowner",
                "nosession",
                "secret service",
                "unavailable",
                "no such file",
                "connection refused",
                "dbus_session_bus_address",
                "address",
            ],
            KeychainError::NoService,
        ),
    ];
    SIGNS
        .iter()
        .find(|(words, _)| words.iter().any(|word| text.contains(word)))
        .map_or(KeychainError::Failed, |(_, class)| *class)
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = format!("{error} {error:?}").to_lowercase();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push(' ');
        text.push_str(&cause.to_string().to_lowercase());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Error {
        Error::PlatformFailure(Box::new(std::io::Error::other(text.to_owned())))
    }

    #[test]
    fn each_failure_of_the_platform_has_its_class() {
        for (text, class) in [
            (
                "org.freedesktop.DBus.Error.ServiceUnknown: The name org.freedesktop.secrets was \
                 not provided by any .service files",
                KeychainError::NoService,
            ),
            ("I/O error: No such file or directory (os error 2)", KeychainError::NoService),
            ("org.freedesktop.Secret.Error.IsLocked", KeychainError::Locked),
            ("org.freedesktop.Secret.Error.NoSuchObject", KeychainError::NoDefaultCollection),
            ("org.freedesktop.DBus.Error.AccessDenied: rejected", KeychainError::Denied),
            ("org.freedesktop.DBus.Error.NoReply", KeychainError::Timeout),
            ("something else altogether", KeychainError::Failed),
            // The keychain was there a moment ago.
            ("Input/output error (os error 5)", KeychainError::Failed),
            ("the connection was disconnected", KeychainError::Failed),
        ] {
            assert_eq!(classify(&platform(text)), class, "{text}");
        }
        assert_eq!(classify(&Error::NoEntry), KeychainError::NoItem);
        assert_eq!(classify(&Error::NoDefaultStore), KeychainError::NoService);
        assert_eq!(classify(&Error::BadEncoding(Vec::new())), KeychainError::Corrupt);
        let dismissed = Error::NoStorageAccess(Box::new(std::io::Error::other("prompt dismissed")));
        assert_eq!(classify(&dismissed), KeychainError::Locked);
    }

    #[test]
    fn an_item_that_is_too_large_is_never_written() {
        use crate::keychain::ItemKind;
        let workspace_id = recado_protocol::WorkspaceId::from_uuid(uuid::Uuid::from_u128(1));
        let item = ItemName::new(ItemKind::Refresh, workspace_id, "ana@example.com");
        let secret = Secret::new(vec![7; MAX_ITEM_BYTES + 1]);
        assert_eq!(SystemKeychain.write(&item, &secret), Err(KeychainError::TooLarge));
    }
}
