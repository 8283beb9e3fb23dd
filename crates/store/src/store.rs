//! The door to both files.

mod budget;
mod cache;
#[cfg(feature = "simulation")]
mod fault;
mod files;
#[cfg(feature = "simulation")]
mod inspect;
#[cfg(feature = "simulation")]
mod memory;
mod mirror;
mod outbox;
mod reading;
mod salvaging;
mod tally;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{Error, Which};

use budget::Opened;
use mirror::Mirrored;
use writer::Writer;

#[cfg(feature = "simulation")]
pub use fault::DiskFault;
#[cfg(feature = "simulation")]
pub use memory::SyncedCache;

pub use budget::CacheBudget;
pub use cache::{CacheStats, FillProgress, IndexProgress, LocalDigest};
pub use files::{CacheCheck, StopCheck};

/// The cache and the outbox of one account.
///
/// Locks are taken in the order cache, reader, outbox, and each is held for one call only.
pub struct Store {
    /// The cache's only connection that writes.
    writer: Mutex<Writer>,
    /// The cache's connection for reads; a cache in memory has only the writer.
    reader: Option<Mutex<Connection>>,
    outbox: Mutex<Mirrored>,
    /// Where the cache lies, for its size.
    cache_path: Option<PathBuf>,
    /// Whether the files were closed in good order before.
    ended_well: bool,
    /// How many steps search has indexed since it last merged.
    unmerged_steps: AtomicU32,
    /// Which conversations were opened last.
    opened: Mutex<Opened>,
    /// How the disk fails, while it does.
    #[cfg(feature = "simulation")]
    failing: Mutex<Option<DiskFault>>,
}

// A connection says nothing that helps, and must never say its key.
impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("cache_path", &self.cache_path).finish_non_exhaustive()
    }
}

/// A panic while the lock was held has dropped its transaction, which rolled back; what the lock
/// guards is whole.
fn lock<T>(guarded: &Mutex<T>) -> MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` in one transaction that writes.
fn write<T>(
    connection: &mut Connection,
    which: Which,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T, Error> {
    let run = || {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&tx)?;
        tx.commit()?;
        Ok(value)
    };
    run().map_err(|error| Error::sql(which, error))
}

impl Store {
    fn write_cache<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        #[cfg(feature = "simulation")]
        self.disk_takes_it()?;
        write(lock(&self.writer).connection()?, Which::Cache, work)
    }

    fn write_outbox<T>(
        &self,
        work: impl Fn(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        #[cfg(feature = "simulation")]
        self.disk_takes_it()?;
        lock(&self.outbox).write(work)
    }

    /// Runs `work` on one consistent look at the cache.
    fn read_cache<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let run = |connection: &mut Connection| {
            let tx = connection
                .transaction_with_behavior(TransactionBehavior::Deferred)
                .map_err(|error| Error::sql(Which::Cache, error))?;
            work(&tx)
        };
        match &self.reader {
            Some(reader) => run(&mut lock(reader)),
            None => run(lock(&self.writer).connection()?),
        }
    }

    fn read_outbox<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        work(lock(&self.outbox).outbox()).map_err(|error| Error::sql(Which::Outbox, error))
    }
}

/// The path of a file in an account's folder.
fn path_of(dir: &Path, which: Which) -> PathBuf {
    dir.join(which.file_name())
}

#[cfg(test)]
mod tests;
