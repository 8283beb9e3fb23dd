//! A database in memory, on its caller's thread.

#[cfg(feature = "simulation")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

use rusqlite::Connection;
use tokio::sync::oneshot;

#[cfg(feature = "simulation")]
use super::contents::Contents;
use super::writer::{Body, Connected};
use crate::storage::growth::Growth;
use crate::storage::{DbError, Tx};

/// A database in memory. Every transaction runs on its caller's thread and ends before the caller's future yields, so
/// a run with one thread is the same every time.
pub(crate) struct InlineStore {
    writer: Mutex<Connected>,
    holder: Mutex<Option<ThreadId>>,
    /// Whether the disk takes nothing.
    #[cfg(feature = "simulation")]
    is_full: AtomicBool,
}

impl InlineStore {
    pub(crate) fn new(connection: Connection, growth: Growth) -> Self {
        Self {
            writer: Mutex::new(Connected::new(connection, growth)),
            holder: Mutex::new(None),
            #[cfg(feature = "simulation")]
            is_full: AtomicBool::new(false),
        }
    }

    pub(crate) fn write<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        #[cfg(feature = "simulation")]
        if self.is_full.load(Ordering::Relaxed) {
            return Err(DbError::Unavailable("the disk is full".to_owned()).into());
        }
        let (job, answer) = Body::new(body);
        self.with_writer(|writer| writer.write_group(job, || None))?;
        received(answer)
    }

    /// Lets the disk take nothing from now on, or everything again.
    #[cfg(feature = "simulation")]
    pub(crate) fn fill_disk(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::Relaxed);
    }

    /// The database as it is now, as another one.
    #[cfg(feature = "simulation")]
    pub(crate) fn copy_into(&self, target: &mut Connection) -> Result<(), DbError> {
        self.with_connection(|source| {
            let backup = rusqlite::backup::Backup::new(source, target)?;
            backup.step(-1).map(drop)
        })
    }

    /// Every row.
    #[cfg(feature = "simulation")]
    pub(crate) fn contents(&self) -> Result<Contents, DbError> {
        self.with_connection(Contents::read)
    }

    /// Replaces every row.
    #[cfg(feature = "simulation")]
    pub(crate) fn refill(&self, contents: &Contents) -> Result<(), DbError> {
        self.with_connection(|connection| contents.write(connection))
    }

    #[cfg(feature = "simulation")]
    fn with_connection<R>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<R>,
    ) -> Result<R, DbError> {
        self.with_writer(|writer| {
            let connection = writer.tx.connection().ok_or(DbError::Closed)?;
            work(connection).map_err(super::error)
        })?
    }

    pub(crate) fn read<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (job, answer) = Body::new(body);
        self.with_writer(|writer| {
            writer.tx.set_reads_only(true);
            writer.read(job);
            writer.tx.set_reads_only(false);
        })?;
        received(answer)
    }

    fn with_writer<R>(&self, work: impl FnOnce(&mut Connected) -> R) -> Result<R, DbError> {
        let this_thread = thread::current().id();
        if *self.holder.lock().unwrap_or_else(PoisonError::into_inner) == Some(this_thread) {
            return Err(DbError::Nested);
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        *self.holder.lock().unwrap_or_else(PoisonError::into_inner) = Some(this_thread);
        let result = work(&mut writer);
        *self.holder.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(result)
    }
}

fn received<T, E: From<DbError>>(mut answer: oneshot::Receiver<Result<T, E>>) -> Result<T, E> {
    answer.try_recv().unwrap_or_else(|_| Err(DbError::Closed.into()))
}
