//! Secret Service, which GNOME Keyring, KWallet and KeePassXC offer.
//!
//! `secret-service` is what `keyring` itself stands on here. It is used without the layers above it
//! because they keep one connection for as long as the program runs, so a service that was missing or
//! was started again would stay away until then, and because a call can be given up only by who has
//! its connection.
//!
//! Each call has a connection and an exchange of its own. A service that was replaced, restarted or
//! locked in between is so met afresh, and nothing of a call that failed is left.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secret_service::blocking::{Collection, Item, SecretService};
use secret_service::{EncryptionType, Error};
use session_bus::blocking::{Connection, connection};
use tracing::{debug, warn};

use super::SERVICE;
use crate::keychain::{
    ItemName, Keychain, KeychainDescription, KeychainError, MAX_ITEM_BYTES, Secret,
};

mod classify;

use classify::classify;

/// What an item is said to hold.
const CONTENT_TYPE: &str = "application/octet-stream";

/// The operating system's keychain.
#[derive(Debug, Default)]
pub struct SystemKeychain {
    /// Where the bus listens, if it is not the session's.
    address: Option<String>,
    calls: Arc<Mutex<Calls>>,
}

/// The calls in progress.
#[derive(Debug, Default)]
struct Calls {
    begun: u64,
    /// The newest of those that were given up.
    given_up: u64,
    open: BTreeMap<u64, Connection>,
}

/// A call in progress.
struct Call {
    number: u64,
    calls: Arc<Mutex<Calls>>,
}

fn locked(calls: &Mutex<Calls>) -> MutexGuard<'_, Calls> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Call {
    fn begin(calls: &Arc<Mutex<Calls>>) -> Self {
        let mut state = locked(calls);
        state.begun += 1;
        Self { number: state.begun, calls: Arc::clone(calls) }
    }

    /// Has the connection closed when the call is given up, which ends whatever waits on it.
    fn over(&self, bus: &Connection) -> Result<(), KeychainError> {
        let mut state = locked(&self.calls);
        if state.given_up >= self.number {
            return Err(KeychainError::Timeout);
        }
        state.open.insert(self.number, bus.clone());
        Ok(())
    }

    fn was_given_up(&self) -> bool {
        locked(&self.calls).given_up >= self.number
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        locked(&self.calls).open.remove(&self.number);
    }
}

impl SystemKeychain {
    /// The keychain on another bus than the session's, at a D-Bus address. For tests, which have a bus
    /// of their own.
    pub fn on_bus(address: &str) -> Self {
        Self { address: Some(address.to_owned()), calls: Arc::default() }
    }

    fn ask<T>(
        &self,
        question: impl for<'s> FnOnce(&'s SecretService<'s>) -> Result<T, KeychainError>,
    ) -> Result<T, KeychainError> {
        let call = Call::begin(&self.calls);
        let outcome = self.connect().and_then(|bus| {
            call.over(&bus)?;
            let service = SecretService::connect_with_existing(EncryptionType::Dh, bus);
            let service = service.map_err(|error| classify(&error, KeychainError::NoService))?;
            question(&service)
        });
        match outcome {
            // What it failed of is then that its connection was closed.
            Err(_) if call.was_given_up() => Err(KeychainError::Timeout),
            outcome => outcome,
        }
    }

    fn connect(&self) -> Result<Connection, KeychainError> {
        let bus = match &self.address {
            Some(address) => connection::Builder::address(address.as_str()),
            None => connection::Builder::session(),
        };
        bus.and_then(connection::Builder::build).map_err(|error| {
            // Whatever it is, without a bus there is no keychain on it.
            warn!(%error, "there is no session bus");
            KeychainError::NoService
        })
    }
}

/// The items of this name, unlocked.
fn find<'s>(
    service: &'s SecretService<'s>,
    item: &ItemName,
) -> Result<Vec<Item<'s>>, KeychainError> {
    let failed = |error: Error| classify(&error, KeychainError::NoItem);
    let user = item.to_string();
    let found = service.search_items(attributes(&user)).map_err(failed)?;
    if !found.locked.is_empty() {
        let locked: Vec<&Item<'_>> = found.locked.iter().collect();
        service.unlock_all(&locked).map_err(failed)?;
    }
    let mut items = Vec::new();
    for item in found.unlocked.into_iter().chain(found.locked) {
        // Nobody's secret is taken for another's, whatever the service makes of the question.
        let said = item.get_attributes().map_err(failed)?;
        let same = |(name, value): (&str, &str)| said.get(name).is_some_and(|said| said == value);
        if attributes(&user).into_iter().all(same) {
            items.push(item);
        } else {
            warn!("the keychain answered with an item that was not asked for");
        }
    }
    Ok(items)
}

fn attributes(user: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", SERVICE), ("username", user)])
}

/// The collection that keeps what is put into it.
fn lasting_collection<'s>(service: &'s SecretService<'s>) -> Result<Collection<'s>, KeychainError> {
    let failed = |error: Error| classify(&error, KeychainError::NoDefaultCollection);
    let collection = service.get_default_collection().map_err(failed)?;
    // One that is gone with the session would strand what depends on its keys.
    let ends = match service.get_collection_by_alias("session") {
        Ok(session) => session.collection_path == collection.collection_path,
        Err(Error::NoResult) => false,
        Err(error) => {
            debug!(%error, "the keychain does not tell which collection ends with the session");
            false
        }
    };
    if ends || collection.collection_path.ends_with("/session") {
        warn!("the keychain's default collection ends with the session");
        return Err(KeychainError::NoDefaultCollection);
    }
    if collection.is_locked().map_err(failed)? {
        collection.unlock().map_err(failed)?;
    }
    Ok(collection)
}

impl Keychain for SystemKeychain {
    fn read(&self, item: &ItemName) -> Result<Secret, KeychainError> {
        self.ask(|service| {
            let mut read: Option<Secret> = None;
            for item in find(service, item)? {
                let secret = item.get_secret().map_err(|error| match error {
                    // The answer is not what a secret looks like.
                    Error::Zvariant(_) | Error::Zbus(session_bus::Error::Variant(_)) => {
                        KeychainError::Corrupt
                    }
                    error => classify(&error, KeychainError::NoItem),
                })?;
                let secret = Secret::new(secret);
                // There may be several, by an import or by two programs at once. They count while
                // it does not matter which one is read.
                if read.as_ref().is_some_and(|read| *read != secret) {
                    warn!("the keychain has several items of one name, and they differ");
                    return Err(KeychainError::Corrupt);
                }
                read = Some(secret);
            }
            read.ok_or(KeychainError::NoItem)
        })
    }

    fn write(&self, item: &ItemName, secret: &Secret) -> Result<(), KeychainError> {
        if secret.as_bytes().len() > MAX_ITEM_BYTES {
            return Err(KeychainError::TooLarge);
        }
        let failed = |error: Error| classify(&error, KeychainError::NoDefaultCollection);
        self.ask(|service| {
            let items = find(service, item)?;
            // Each of several, so that they agree.
            for item in &items {
                item.set_secret(secret.as_bytes(), CONTENT_TYPE).map_err(failed)?;
            }
            if items.is_empty() {
                let user = item.to_string();
                lasting_collection(service)?
                    .create_item(
                        &format!("{SERVICE}: {user}"),
                        attributes(&user),
                        secret.as_bytes(),
                        true,
                        CONTENT_TYPE,
                    )
                    .map_err(failed)?;
            }
            Ok(())
        })
    }

    fn delete(&self, item: &ItemName) -> Result<(), KeychainError> {
        self.ask(|service| {
            for item in find(service, item)? {
                match item.delete().map_err(|error| classify(&error, KeychainError::NoItem)) {
                    Ok(()) | Err(KeychainError::NoItem) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })
    }

    fn describe(&self) -> KeychainDescription {
        KeychainDescription {
            name: "Secret Service".to_owned(),
            backend_id: "secret-service".to_owned(),
        }
    }

    fn give_up(&self) -> bool {
        let open = {
            let mut calls = locked(&self.calls);
            calls.given_up = calls.begun;
            std::mem::take(&mut calls.open)
        };
        for bus in open.into_values() {
            if let Err(error) = bus.close() {
                debug!(%error, "a connection to the bus was closed already");
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keychain::ItemKind;

    fn item() -> ItemName {
        let workspace_id = recado_protocol::WorkspaceId::from_uuid(uuid::Uuid::from_u128(1));
        ItemName::new(ItemKind::Refresh, workspace_id, "ana@example.com")
    }

    #[test]
    fn an_item_that_is_too_large_is_never_written() {
        let secret = Secret::new(vec![7; MAX_ITEM_BYTES + 1]);
        let keychain = SystemKeychain::on_bus("unix:path=/nonexistent/bus");
        assert_eq!(keychain.write(&item(), &secret), Err(KeychainError::TooLarge));
    }

    #[test]
    fn where_there_is_no_bus_there_is_no_keychain() {
        for address in ["unix:path=/nonexistent/bus", "nonsense", ""] {
            let keychain = SystemKeychain::on_bus(address);
            assert_eq!(keychain.read(&item()), Err(KeychainError::NoService), "{address:?}");
        }
    }
}
