//! Stores in memory that stand for what a disk holds after a crash.

use std::sync::Mutex;

use recado_protocol::ConversationId;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OptionalExtension as _};

use super::writer::{self, Writer};
use super::{Store, lock};
use crate::database;
use crate::error::{Error, Which};
use crate::outbox::queue;
use crate::sql::{blob, unsigned};

impl Store {
    /// A new store in memory as a disk may show it after a power cut: the cache as it was in
    /// `cache`, the outbox as it is in `outbox`. It has not been opened yet, see
    /// [`Store::open_again`].
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if SQLite has no memory left.
    pub fn recombined(cache: &Self, outbox: &Self) -> Result<Self, Error> {
        Ok(Self {
            writer: Mutex::new(Writer::Open(copy(
                lock(&cache.writer).connection()?,
                Which::Cache,
            )?)),
            reader: None,
            outbox: Mutex::new(copy(&lock(&outbox.outbox), Which::Outbox)?),
            cache_path: None,
        })
    }

    /// The version of a conversation, if it is here and belongs to the cache's own change log: what
    /// was kept from the log before has numbers that say nothing any more.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn version_of(&self, id: ConversationId) -> Result<Option<u64>, Error> {
        self.read_cache(|cache| {
            cache
                .prepare_cached("SELECT version FROM conversations WHERE id = ?1 AND NOT stale")
                .and_then(|mut statement| {
                    statement.query_row([blob(id)], |row| unsigned(row, 0)).optional()
                })
                .map_err(|error| Error::sql(Which::Cache, error))
        })
    }

    /// Does what opening does, as the program does when it starts.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn open_again(&self) -> Result<(), Error> {
        writer::prepare(lock(&self.writer).connection()?)?;
        self.write_outbox(|tx| queue::mark_all_unsent(tx))
    }
}

fn copy(source: &Connection, which: Which) -> Result<Connection, Error> {
    let sql = |error| Error::sql(which, error);
    let mut target = database::empty_in_memory(which)?;
    let backup = Backup::new(source, &mut target).map_err(sql)?;
    backup.step(-1).map_err(sql)?;
    drop(backup);
    Ok(target)
}
