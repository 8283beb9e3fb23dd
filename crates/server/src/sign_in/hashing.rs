//! Password hashing away from the threads that serve requests, and never more at once than the machine has cores.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::identity::password::{PasswordError, PasswordHasher};

/// How many requests may wait for their turn; the next ones are told that the server is busy. Fewer than there are places
/// for strangers' requests, so that those who wait here leave places for refreshes.
const MOST_WAITING: usize = 64;

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many requests wait already.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// The stored password, or the password itself, cannot be used.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The hashing thread panicked.
    #[error("the password check broke off")]
    BrokeOff,
}

/// Hashes passwords.
#[derive(Debug, Clone)]
pub struct HashingPool {
    hasher: Arc<PasswordHasher>,
    /// Those that run or wait.
    places: Arc<Semaphore>,
    /// Those that run.
    cores: Arc<Semaphore>,
}

impl HashingPool {
    /// A pool as wide as the machine, less one core for everything else.
    #[must_use]
    pub fn new(hasher: PasswordHasher) -> Self {
        let cores = std::thread::available_parallelism()
            .map_or(1, |cores| cores.get().saturating_sub(1).max(1));
        Self {
            hasher: Arc::new(hasher),
            places: Arc::new(Semaphore::new(cores + MOST_WAITING)),
            cores: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Whether `password` is the stored one. Without a stored one the same work is done for nothing, so that the time
    /// does not tell whether there is one.
    ///
    /// # Errors
    /// [`HashingError`].
    pub async fn verify(
        &self,
        password: zeroize::Zeroizing<String>,
        stored: Option<String>,
    ) -> Result<Verification, HashingError> {
        self.run(move |hasher| match stored {
            Some(stored) if hasher.verify(&password, &stored)? => {
                let renewed =
                    hasher.needs_rehash(&stored).then(|| hasher.hash(&password)).transpose()?;
                Ok(Verification::Right { renewed })
            }
            Some(_) => Ok(Verification::Wrong),
            None => {
                hasher.dummy_verify(&password);
                Ok(Verification::Wrong)
            }
        })
        .await
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`HashingError`].
    pub async fn hash(&self, password: zeroize::Zeroizing<String>) -> Result<String, HashingError> {
        self.run(move |hasher| Ok(hasher.hash(&password)?)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&PasswordHasher) -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| HashingError::Busy)?;
        let core = Arc::clone(&self.cores).acquire_owned().await.map_err(|_| HashingError::Busy)?;
        let hasher = Arc::clone(&self.hasher);
        tokio::task::spawn_blocking(move || {
            // Held by the work itself: a request that is dropped does not make room while its hash still runs.
            let _held = (place, core);
            work(&hasher)
        })
        .await
        .map_err(|_| HashingError::BrokeOff)?
    }
}

/// What a password turned out to be.
#[derive(Clone, PartialEq, Eq)]
pub enum Verification {
    /// It is the stored one.
    Right {
        /// A hash to store instead, where the old one was made by an older recipe.
        renewed: Option<String>,
    },
    /// It is not, or there is none.
    Wrong,
}
