//! Asking the keychain without waiting for it where nothing else may wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, oneshot, watch};
use tokio::time::Instant;

use super::{ItemName, Keychain, KeychainDescription, KeychainError, Secret};

#[cfg(test)]
mod tests;

/// After this time without an answer the person is told; the answer is awaited all the same, since
/// the keychain may be asking for its password.
pub const SLOW_AFTER: Duration = Duration::from_secs(5);

/// For so many times as long a question stays open that is only in the way of what has no time: long
/// enough to type a password.
const LEFT_OPEN: u32 = 12;

/// Asks a keychain, one call after the other, each on a thread of its own: whatever becomes of one,
/// the next one finds a sound thread. Clones share the turns.
///
/// A call that takes longer than it should is told and awaited for as long as nobody else needs the
/// keychain. Who does has it given up; who has no time leaves it some more.
#[derive(Clone)]
pub struct KeychainWorker {
    keychain: Arc<dyn Keychain>,
    slow_after: Duration,
    /// Whether an answer is awaited that has not come in time.
    waits: bool,
    turns: Arc<Turns>,
}

/// Whose turn it is.
struct Turns {
    turn: Arc<tokio::sync::Mutex<()>>,
    now: Mutex<Now>,
    /// The newest call that was given up.
    given_up: watch::Sender<u64>,
}

/// The newest call.
#[derive(Default)]
struct Now {
    number: u64,
    /// Until it has returned or was given up.
    turn: Option<OwnedMutexGuard<()>>,
    /// Since when it takes longer than it should.
    slow: Option<Instant>,
    /// Whether it changes nothing, however late it takes effect.
    only_reads: bool,
}

impl Turns {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, turn: OwnedMutexGuard<()>, only_reads: bool) -> u64 {
        let mut now = self.now();
        let number = now.number + 1;
        *now = Now { number, turn: Some(turn), slow: None, only_reads };
        number
    }

    fn is_slow(&self, number: u64) {
        let mut now = self.now();
        if now.number == number {
            now.slow = Some(Instant::now());
        }
    }

    fn end(&self, number: u64) {
        let mut now = self.now();
        if now.number == number {
            now.turn = None;
        }
    }
}

impl std::fmt::Debug for KeychainWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeychainWorker").field("keychain", &self.keychain.describe().name).finish()
    }
}

impl KeychainWorker {
    /// Asks `keychain`. A call that has not been answered after `slow_after` is told.
    pub fn new(keychain: Arc<dyn Keychain>, slow_after: Duration) -> Self {
        let turns = Arc::new(Turns {
            turn: Arc::default(),
            now: Mutex::default(),
            given_up: watch::Sender::new(0),
        });
        Self { keychain, slow_after, waits: true, turns }
    }

    /// The same, where nobody waits longer than that: [`KeychainError::Timeout`] is the answer then,
    /// and the call goes on by itself, for as long as it takes to answer what it asks.
    #[must_use]
    pub fn in_time(&self) -> Self {
        Self { waits: false, ..self.clone() }
    }

    /// Which keychain this is.
    pub fn description(&self) -> KeychainDescription {
        self.keychain.describe()
    }

    /// Reads an item; `slow` is called once if there is no answer in time.
    ///
    /// # Errors
    ///
    /// As [`Keychain::read`]; [`KeychainError::Timeout`] if it was given up.
    pub async fn read(
        &self,
        item: ItemName,
        slow: impl FnOnce() + Send,
    ) -> Result<Secret, KeychainError> {
        self.ask(true, move |keychain| keychain.read(&item), slow).await
    }

    /// Writes an item and reads it back, so that success means that it is there.
    ///
    /// # Errors
    ///
    /// As [`Keychain::write`]; [`KeychainError::Failed`] if something else was read back;
    /// [`KeychainError::Timeout`] if it was given up, and then it may have been written.
    pub async fn write_verified(
        &self,
        item: ItemName,
        secret: Secret,
        slow: impl FnOnce() + Send,
    ) -> Result<(), KeychainError> {
        let write_and_read = move |keychain: &dyn Keychain| {
            keychain.write(&item, &secret)?;
            match keychain.read(&item) {
                Ok(stored) if stored == secret => Ok(()),
                Ok(_) | Err(KeychainError::NoItem) => Err(KeychainError::Failed),
                Err(error) => Err(error),
            }
        };
        self.ask(false, write_and_read, slow).await
    }

    /// Removes an item.
    ///
    /// # Errors
    ///
    /// As [`Keychain::delete`]; [`KeychainError::Timeout`] if it was given up, and then it may be gone.
    pub async fn delete(
        &self,
        item: ItemName,
        slow: impl FnOnce() + Send,
    ) -> Result<(), KeychainError> {
        self.ask(false, move |keychain| keychain.delete(&item), slow).await
    }

    /// Gives up a call that has been told to be slow. Whoever waits for it gets
    /// [`KeychainError::Timeout`].
    pub fn give_up_slow(&self) {
        self.give_up_slow_for(Duration::ZERO);
    }

    fn give_up_slow_for(&self, time: Duration) {
        let slow = self.turns.now().slow;
        if slow.is_some_and(|since| since.elapsed() >= time) {
            self.give_up();
        }
    }

    /// Gives up the call in progress, if there is one.
    pub fn give_up(&self) {
        let (number, only_reads) = {
            let now = self.turns.now();
            if now.turn.is_none() {
                return;
            }
            (now.number, now.only_reads)
        };
        // First, so that a thread that has not begun yet does not.
        self.turns.given_up.send_if_modified(|newest| {
            let newer = *newest < number;
            *newest = (*newest).max(number);
            newer
        });
        // A write that cannot be stopped has to return before anything else is asked: it must not
        // take effect after what comes later.
        if self.keychain.give_up() || only_reads {
            self.turns.end(number);
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        only_reads: bool,
        call: impl FnOnce(&dyn Keychain) -> Result<T, KeychainError> + Send + 'static,
        slow: impl FnOnce() + Send,
    ) -> Result<T, KeychainError> {
        let mut slow = Some(slow);
        let turn = {
            let waiting = Arc::clone(&self.turns.turn).lock_owned();
            tokio::pin!(waiting);
            let left = if self.waits { Duration::ZERO } else { self.slow_after * LEFT_OPEN };
            self.give_up_slow_for(left);
            tokio::select! {
                biased;
                turn = &mut waiting => turn,
                () = tokio::time::sleep(self.slow_after) => {
                    if let Some(slow) = slow.take() {
                        slow();
                    }
                    if !self.waits {
                        return Err(KeychainError::Timeout);
                    }
                    self.give_up();
                    waiting.await
                }
            }
        };
        let number = self.turns.begin(turn, only_reads);
        let (reply, mut answer) = oneshot::channel();
        let (keychain, turns) = (Arc::clone(&self.keychain), Arc::clone(&self.turns));
        let thread = std::thread::Builder::new().name("keychain".to_owned()).spawn(move || {
            let _ended = OnDrop(|| turns.end(number));
            // A thread may come late to what was given up before it began.
            if *turns.given_up.borrow() >= number {
                return;
            }
            // Nobody waits any more when the client was shut down; the call has been made.
            let _ = reply.send(call(keychain.as_ref()));
        });
        if let Err(error) = thread {
            tracing::warn!(%error, "the system gives no thread for the keychain");
            self.turns.end(number);
            return Err(KeychainError::Failed);
        }
        let mut given_up = self.turns.given_up.subscribe();
        let deadline = tokio::time::sleep(self.slow_after);
        tokio::pin!(deadline);
        let mut in_time = true;
        loop {
            tokio::select! {
                biased;
                // A call that panicked answers nothing.
                outcome = &mut answer => return outcome.unwrap_or(Err(KeychainError::Failed)),
                _ = given_up.wait_for(|newest| *newest >= number) => {
                    return Err(KeychainError::Timeout);
                }
                () = &mut deadline, if in_time => {
                    in_time = false;
                    self.turns.is_slow(number);
                    if let Some(slow) = slow.take() {
                        slow();
                    }
                    if !self.waits {
                        return Err(KeychainError::Timeout);
                    }
                }
            }
        }
    }
}

/// Does something when it goes, however that comes about.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
