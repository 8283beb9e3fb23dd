//! The thread on which the keychain is asked.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::sync::oneshot;

use super::{ItemName, Keychain, KeychainDescription, KeychainError, Secret};

/// After this time without an answer the person is told; the answer is awaited all the same, since
/// the keychain may be asking for its password.
pub const SLOW_AFTER: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce(&dyn Keychain) + Send>;

/// Asks a keychain on a thread of its own, one call after the other. Dropping it ends the thread
/// once the call in progress has returned.
#[derive(Clone)]
pub struct KeychainWorker {
    jobs: mpsc::Sender<Job>,
    keychain: Arc<dyn Keychain>,
}

impl std::fmt::Debug for KeychainWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeychainWorker").field("keychain", &self.keychain.describe().name).finish()
    }
}

impl KeychainWorker {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// The system's error if it gives no thread.
    pub fn start(keychain: Arc<dyn Keychain>) -> std::io::Result<Self> {
        let asked = Arc::clone(&keychain);
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::Builder::new().name("keychain".to_owned()).spawn(move || {
            for job in queue {
                job(asked.as_ref());
            }
        })?;
        Ok(Self { jobs, keychain })
    }

    /// Which keychain this is.
    pub fn description(&self) -> KeychainDescription {
        self.keychain.describe()
    }

    /// Reads an item; `slow` is called once if there is no answer within [`SLOW_AFTER`].
    ///
    /// # Errors
    ///
    /// As [`Keychain::read`].
    pub async fn read(
        &self,
        item: ItemName,
        slow: impl FnOnce() + Send,
    ) -> Result<Secret, KeychainError> {
        self.ask(move |keychain| keychain.read(&item), slow).await
    }

    /// Writes an item and reads it back, so that success means that it is there.
    ///
    /// # Errors
    ///
    /// As [`Keychain::write`]; [`KeychainError::Failed`] if something else was read back.
    pub async fn write_verified(
        &self,
        item: ItemName,
        secret: Secret,
        slow: impl FnOnce() + Send,
    ) -> Result<(), KeychainError> {
        self.ask(
            move |keychain| {
                keychain.write(&item, &secret)?;
                match keychain.read(&item) {
                    Ok(stored) if stored == secret => Ok(()),
                    Ok(_) | Err(KeychainError::NoItem) => Err(KeychainError::Failed),
                    Err(error) => Err(error),
                }
            },
            slow,
        )
        .await
    }

    /// Removes an item.
    ///
    /// # Errors
    ///
    /// As [`Keychain::delete`].
    pub async fn delete(
        &self,
        item: ItemName,
        slow: impl FnOnce() + Send,
    ) -> Result<(), KeychainError> {
        self.ask(move |keychain| keychain.delete(&item), slow).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Keychain) -> Result<T, KeychainError> + Send + 'static,
        slow: impl FnOnce() + Send,
    ) -> Result<T, KeychainError> {
        let (reply, mut answer) = oneshot::channel();
        let job: Job = Box::new(move |keychain| {
            // Nobody waits any more when the client was shut down; the call has been made.
            let _ = reply.send(call(keychain));
        });
        self.jobs.send(job).map_err(|_| KeychainError::Failed)?;
        let outcome = tokio::select! {
            outcome = &mut answer => outcome,
            () = tokio::time::sleep(SLOW_AFTER) => {
                slow();
                answer.await
            }
        };
        outcome.unwrap_or(Err(KeychainError::Failed))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use recado_protocol::WorkspaceId;
    use uuid::Uuid;

    use super::*;
    use crate::keychain::{Fault, ItemKind, MemoryKeychain};

    fn item() -> ItemName {
        let workspace_id = WorkspaceId::from_uuid(Uuid::from_u128(1));
        ItemName::new(ItemKind::KeyEncryptionKey, workspace_id, "Ana@Example.com")
    }

    #[tokio::test(start_paused = true)]
    async fn a_keychain_that_does_not_answer_is_told_after_five_seconds_and_still_awaited() {
        let keychain = MemoryKeychain::new();
        keychain.put(item(), Secret::new(vec![1, 2, 3]));
        keychain.script([Fault::Hangs]);
        let worker = KeychainWorker::start(Arc::new(keychain.clone())).expect("a thread");
        let told = AtomicBool::new(false);
        let started = tokio::time::Instant::now();
        let secret = worker
            .read(item(), || {
                assert!(started.elapsed() >= SLOW_AFTER);
                told.store(true, Ordering::SeqCst);
                keychain.release();
            })
            .await;
        assert!(told.load(Ordering::SeqCst));
        assert_eq!(secret, Ok(Secret::new(vec![1, 2, 3])));
    }

    #[tokio::test]
    async fn a_write_that_got_lost_is_not_called_a_success() {
        let keychain = MemoryKeychain::new();
        keychain.script([Fault::LosesWrite]);
        let worker = KeychainWorker::start(Arc::new(keychain)).expect("a thread");
        let written = worker.write_verified(item(), Secret::new(vec![1]), || {}).await;
        assert_eq!(written, Err(KeychainError::Failed));
    }

    #[tokio::test]
    async fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::new(b"hunter2".to_vec())), "Secret(…)");
        assert_eq!(item().to_string(), format!("key ana@example.com {}", item().workspace_id));
    }
}
