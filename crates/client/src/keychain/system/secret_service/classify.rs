//! What a failure of Secret Service means to a person.

use secret_service::Error;
use session_bus::DBusError as _;
use tracing::warn;

use crate::keychain::KeychainError;

/// Sorts a failure. `missing` is what it means here that an object does not exist.
pub(super) fn classify(error: &Error, missing: KeychainError) -> KeychainError {
    let class = match error {
        // A question that was dismissed leaves it locked.
        Error::Locked | Error::Prompt => KeychainError::Locked,
        Error::NoResult => KeychainError::NoDefaultCollection,
        Error::Unavailable => KeychainError::NoService,
        Error::Crypto(_) => KeychainError::Corrupt,
        Error::Zbus(error) => bus(error, missing),
        Error::ZbusFdo(error) => standard(error, missing),
        _ => KeychainError::Failed,
    };
    // The texts of D-Bus name objects and never hold what lies in them.
    warn!(?class, %error, "the keychain failed");
    class
}

fn bus(error: &session_bus::Error, missing: KeychainError) -> KeychainError {
    use std::io::ErrorKind;
    match error {
        session_bus::Error::MethodError(name, ..) => named(name.as_str(), missing),
        session_bus::Error::FDO(error) => standard(error, missing),
        session_bus::Error::InputOutput(error) if error.kind() == ErrorKind::TimedOut => {
            KeychainError::Timeout
        }
        _ => KeychainError::Failed,
    }
}

fn standard(error: &session_bus::fdo::Error, missing: KeychainError) -> KeychainError {
    match error {
        session_bus::fdo::Error::ZBus(error) => bus(error, missing),
        error => named(error.name().as_str(), missing),
    }
}

/// Sorts by the name of the error, which is what a service promises; its text is for people.
fn named(name: &str, missing: KeychainError) -> KeychainError {
    const STANDARD: &str = "org.freedesktop.DBus.Error.";
    const SECRET: &str = "org.freedesktop.Secret.Error.";
    if let Some(name) = name.strip_prefix(SECRET) {
        return match name {
            "IsLocked" => KeychainError::Locked,
            "NoSuchObject" => missing,
            _ => KeychainError::Failed,
        };
    }
    match name.strip_prefix(STANDARD).unwrap_or_default() {
        "ServiceUnknown" | "NameHasNoOwner" | "NoServer" | "NoNetwork" | "Disconnected" => {
            KeychainError::NoService
        }
        // The bus could not start it.
        name if name.starts_with("Spawn.") => KeychainError::NoService,
        "NoReply" | "Timeout" | "TimedOut" => KeychainError::Timeout,
        "AccessDenied" | "AuthFailed" | "InteractiveAuthorizationRequired" => KeychainError::Denied,
        "UnknownObject" => missing,
        _ => KeychainError::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_of_an_error_has_its_class() {
        for (name, class) in [
            ("org.freedesktop.DBus.Error.ServiceUnknown", KeychainError::NoService),
            ("org.freedesktop.DBus.Error.NameHasNoOwner", KeychainError::NoService),
            ("org.freedesktop.DBus.Error.Spawn.ChildExited", KeychainError::NoService),
            ("org.freedesktop.DBus.Error.NoReply", KeychainError::Timeout),
            ("org.freedesktop.DBus.Error.Timeout", KeychainError::Timeout),
            ("org.freedesktop.DBus.Error.TimedOut", KeychainError::Timeout),
            ("org.freedesktop.DBus.Error.AccessDenied", KeychainError::Denied),
            ("org.freedesktop.DBus.Error.AuthFailed", KeychainError::Denied),
            ("org.freedesktop.DBus.Error.UnknownObject", KeychainError::NoItem),
            ("org.freedesktop.Secret.Error.IsLocked", KeychainError::Locked),
            ("org.freedesktop.Secret.Error.NoSuchObject", KeychainError::NoItem),
            ("org.freedesktop.Secret.Error.NoSession", KeychainError::Failed),
            ("org.freedesktop.DBus.Error.NoMemory", KeychainError::Failed),
            // A name is compared as a whole: this one says nothing of a lock.
            ("org.example.Error.Blocked", KeychainError::Failed),
        ] {
            assert_eq!(named(name, KeychainError::NoItem), class, "{name}");
        }
        let dismissed = classify(&Error::Prompt, KeychainError::NoItem);
        assert_eq!(dismissed, KeychainError::Locked);
        assert_eq!(
            classify(&Error::Crypto("message decryption failed"), KeychainError::NoItem),
            KeychainError::Corrupt
        );
    }
}
