//! Stores in memory: what a disk holds of one after a crash, and one after the other on the same
//! connections.

use recado_protocol::ConversationId;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OptionalExtension as _};

use super::budget::Opened;
use super::writer;
use super::{Store, lock, write};
use crate::cache::{conversations, search};
use crate::database;
use crate::error::{Error, Which};
use crate::outbox::queue;
use crate::sql::{blob, unsigned};

/// What a disk shows of a cache after a power cut.
pub struct SyncedCache(Connection);

impl SyncedCache {
    /// The cache of a store as it is, forced to the disk.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if SQLite has no memory left.
    pub fn of(store: &Store) -> Result<Self, Error> {
        let mut synced = Self(database::empty_in_memory(Which::Cache)?);
        synced.renew(store)?;
        Ok(synced)
    }

    /// Forces the cache of a store to the disk as it is.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if SQLite has no memory left.
    pub fn renew(&mut self, store: &Store) -> Result<(), Error> {
        copy(lock(&store.writer).connection()?, &mut self.0)
    }
}

impl Store {
    /// Takes the cache back to what the disk shows of it, as a power cut does; the outbox is always
    /// on the disk. See [`Store::open_again`] for what comes next.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if SQLite has no memory left.
    pub fn lose_unsynced(&self, synced: &SyncedCache) -> Result<(), Error> {
        copy(&synced.0, lock(&self.writer).connection()?)
    }

    /// Makes a store in memory what [`Store::in_memory`] gives. What its connections have prepared
    /// stays prepared, so that this is far quicker.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn make_new(&self) -> Result<(), Error> {
        let mut writer = lock(&self.writer);
        let cache = writer.connection()?;
        write(cache, Which::Cache, |tx| {
            search::start_again(tx)?;
            empty(tx)
        })?;
        writer::prepare(cache)?;
        drop(writer);
        *lock(&self.opened) = Opened::default();
        self.write_outbox(|tx| empty(tx))
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

    /// The version of a conversation's read mark, if there is one.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn mark_version_of(&self, id: ConversationId) -> Result<Option<u64>, Error> {
        self.read_cache(|cache| {
            conversations::read_mark(cache, id)
                .map(|mark| mark.map(|mark| mark.version))
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
        *lock(&self.opened) = Opened::default();
        self.write_outbox(|tx| queue::mark_all_unsent(tx))
    }
}

/// Deletes every row outside of the full-text index, but for the count of writes, which goes on.
fn empty(connection: &Connection) -> rusqlite::Result<()> {
    let tables: Vec<String> = connection
        .prepare_cached(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
             AND name NOT IN ('sqlite_schema', 'sqlite_stat1', 'sqlite_stat4', 'writes')",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    // A conversation that goes is counted down in the counts, which go last.
    let (counts, others): (Vec<_>, Vec<_>) = tables.into_iter().partition(|name| name == "counts");
    for name in others.into_iter().chain(counts) {
        connection.prepare_cached(&format!("DELETE FROM {name}"))?.execute([])?;
    }
    Ok(())
}

fn copy(source: &Connection, target: &mut Connection) -> Result<(), Error> {
    let mut run = || Backup::new(source, target)?.step(-1).map(drop);
    run().map_err(|error| Error::sql(Which::Cache, error))
}
