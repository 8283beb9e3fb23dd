//! A keychain in memory, whose failures can be scripted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{ItemName, Keychain, KeychainDescription, KeychainError, MAX_ITEM_BYTES, Secret};

/// What was asked of the keychain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// An item was read.
    Read(ItemName),
    /// An item was written.
    Write(ItemName),
    /// An item was deleted.
    Delete(ItemName),
}

/// What goes wrong at one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: the call works.
    None,
    /// The call fails and has no effect.
    Fails(KeychainError),
    /// The call takes effect and fails nevertheless.
    FailsAfterwards(KeychainError),
    /// The call reports success and has no effect.
    LosesWrite,
    /// The call waits until [`MemoryKeychain::release`], or until it is given up.
    Hangs,
}

#[derive(Default)]
struct State {
    items: BTreeMap<ItemName, Secret>,
    faults: VecDeque<Fault>,
    always: Option<KeychainError>,
    log: Vec<Operation>,
    releases: u32,
    given_up: u32,
    backend_id: Option<String>,
}

/// Keeps the items in memory. Clones share them, so that a test can start a client anew on the same
/// keychain.
#[derive(Clone, Default)]
pub struct MemoryKeychain {
    state: Arc<(Mutex<State>, Condvar)>,
}

impl std::fmt::Debug for MemoryKeychain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryKeychain").finish_non_exhaustive()
    }
}

impl MemoryKeychain {
    /// An empty keychain in which everything works.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what goes wrong at the next calls, in order.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults = faults.into_iter().collect();
    }

    /// Makes every call fail, or with `None` work again. A scripted fault goes before it.
    pub fn fail_always(&self, error: Option<KeychainError>) {
        self.state().always = error;
    }

    /// Lets one call that hangs go on.
    pub fn release(&self) {
        self.state().releases += 1;
        self.state.1.notify_all();
    }

    /// Pretends that another kind of keychain answers.
    pub fn change_backend(&self, backend_id: &str) {
        self.state().backend_id = Some(backend_id.to_owned());
    }

    /// The items' names and contents.
    pub fn items(&self) -> BTreeMap<ItemName, Secret> {
        self.state().items.clone()
    }

    /// Replaces the content of an item, as something outside could.
    pub fn put(&self, item: ItemName, secret: Secret) {
        self.state().items.insert(item, secret);
    }

    /// Removes an item, as something outside could.
    pub fn lose(&self, item: &ItemName) {
        self.state().items.remove(item);
    }

    /// What was asked so far.
    pub fn log(&self) -> Vec<Operation> {
        self.state().log.clone()
    }

    fn call<T>(
        &self,
        operation: Operation,
        effect: impl FnOnce(&mut State) -> Result<T, KeychainError>,
        lost: impl FnOnce() -> Option<T>,
    ) -> Result<T, KeychainError> {
        let mut state = self.state();
        state.log.push(operation);
        let fault = match (state.faults.pop_front(), state.always) {
            (Some(fault), _) => fault,
            (None, Some(error)) => Fault::Fails(error),
            (None, None) => Fault::None,
        };
        match fault {
            Fault::None => effect(&mut state),
            Fault::Fails(error) => Err(error),
            Fault::FailsAfterwards(error) => {
                effect(&mut state)?;
                Err(error)
            }
            Fault::LosesWrite => match lost() {
                Some(nothing) => Ok(nothing),
                None => effect(&mut state),
            },
            Fault::Hangs => {
                let given_up = state.given_up;
                while state.releases == 0 {
                    state = self.state.1.wait(state).unwrap_or_else(PoisonError::into_inner);
                    if state.given_up != given_up {
                        return Err(KeychainError::Timeout);
                    }
                }
                state.releases -= 1;
                effect(&mut state)
            }
        }
    }
}

impl Keychain for MemoryKeychain {
    fn read(&self, item: &ItemName) -> Result<Secret, KeychainError> {
        self.call(
            Operation::Read(item.clone()),
            |state| state.items.get(item).cloned().ok_or(KeychainError::NoItem),
            || None,
        )
    }

    fn write(&self, item: &ItemName, secret: &Secret) -> Result<(), KeychainError> {
        if secret.as_bytes().len() > MAX_ITEM_BYTES {
            return Err(KeychainError::TooLarge);
        }
        self.call(
            Operation::Write(item.clone()),
            |state| {
                state.items.insert(item.clone(), secret.clone());
                Ok(())
            },
            || Some(()),
        )
    }

    fn delete(&self, item: &ItemName) -> Result<(), KeychainError> {
        self.call(
            Operation::Delete(item.clone()),
            |state| {
                state.items.remove(item);
                Ok(())
            },
            || Some(()),
        )
    }

    fn describe(&self) -> KeychainDescription {
        let backend_id = self.state().backend_id.clone().unwrap_or_else(|| "memory".to_owned());
        KeychainDescription { name: "Memory".to_owned(), backend_id }
    }

    fn give_up(&self) -> bool {
        self.state().given_up += 1;
        self.state.1.notify_all();
        true
    }
}
