//! The handle through which everything else reaches the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

#[cfg(feature = "simulation")]
use super::Contents;
use super::growth::Growth;
use super::migrate::{self, Migration};
use super::postgres::{Listener, Server};
use super::sqlite::{self, InlineStore, Readers, WriterThread};
use super::{DbError, Engine, Tx};

/// A database. Clones share one set of connections, which are closed with the last clone.
#[derive(Clone)]
pub struct Db {
    store: Arc<Store>,
    growth: Growth,
}

enum Store {
    File { writer: WriterThread, readers: Readers },
    Memory(Box<InlineStore>),
    Postgres(Box<Server>),
}

impl Db {
    /// Opens what the command line names: a `postgres://…` URL, or else the path of a SQLite file. Creates what is
    /// missing and migrates.
    ///
    /// # Errors
    /// See [`Db::open_sqlite`] and [`Db::connect_postgres`].
    pub async fn open(url_or_path: &str) -> Result<Self, DbError> {
        if url_or_path.starts_with("postgres://") || url_or_path.starts_with("postgresql://") {
            Self::connect_postgres(url_or_path, None).await
        } else {
            Self::open_sqlite(url_or_path).await
        }
    }

    /// Opens, and creates if missing, a SQLite file, and migrates it.
    ///
    /// # Errors
    /// [`DbError::OldSqlite`], [`DbError::NewerSchema`], [`DbError::Migration`], and [`DbError::Configuration`] if the
    /// file cannot be used.
    pub async fn open_sqlite(path: impl AsRef<Path>) -> Result<Self, DbError> {
        Self::open_sqlite_with(path.as_ref().to_owned(), migrate::migrations()).await
    }

    /// A new SQLite database in memory. Its transactions run on their caller's thread, without ever yielding, so a
    /// run with one thread is the same every time.
    ///
    /// # Errors
    /// [`DbError::OldSqlite`] and [`DbError::Migration`].
    pub async fn open_sqlite_memory() -> Result<Self, DbError> {
        Self::open_sqlite_memory_with(migrate::migrations())
    }

    /// Connects to a PostgreSQL database and migrates it. With `schema`, all tables lie in that schema, which is
    /// created if it is missing.
    ///
    /// `sslmode` in the URL may be `require`, `verify-ca` or `verify-full`; all three check certificate and name,
    /// against the CAs in the file `sslrootcert` or else the system's. A server on another machine is never reached
    /// without TLS.
    ///
    /// # Errors
    /// [`DbError::Configuration`], [`DbError::Unavailable`], [`DbError::NewerSchema`] and [`DbError::Migration`].
    pub async fn connect_postgres(url: &str, schema: Option<&str>) -> Result<Self, DbError> {
        Self::connect_postgres_with(url, schema, migrate::migrations()).await
    }

    pub(super) async fn open_sqlite_with(
        path: PathBuf,
        migrations: &'static [Migration],
    ) -> Result<Self, DbError> {
        let growth = Growth::default();
        let announced = growth.clone();
        let open = move || {
            let mut connection = sqlite::open_for_migration(&path)?;
            migrate::sqlite(&mut connection, migrations)?;
            Ok(Store::File {
                writer: WriterThread::start(connection, announced)?,
                readers: Readers::start(&path)?,
            })
        };
        let store = tokio::task::spawn_blocking(open).await.unwrap_or(Err(DbError::Panicked))?;
        Ok(Self { store: Arc::new(store), growth })
    }

    pub(super) fn open_sqlite_memory_with(
        migrations: &'static [Migration],
    ) -> Result<Self, DbError> {
        let mut connection = sqlite::open_memory_for_migration()?;
        migrate::sqlite(&mut connection, migrations)?;
        let growth = Growth::default();
        let store = Store::Memory(Box::new(InlineStore::new(connection, growth.clone())));
        Ok(Self { store: Arc::new(store), growth })
    }

    pub(super) async fn connect_postgres_with(
        url: &str,
        schema: Option<&str>,
        migrations: &'static [Migration],
    ) -> Result<Self, DbError> {
        let growth = Growth::default();
        let server = Server::connect(url, schema, migrations, growth.clone()).await?;
        Ok(Self { store: Arc::new(Store::Postgres(Box::new(server))), growth })
    }

    /// The engine behind this handle.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match *self.store {
            Store::File { .. } | Store::Memory(_) => Engine::Sqlite,
            Store::Postgres(_) => Engine::Postgres,
        }
    }

    /// Asks the database whether it answers.
    ///
    /// # Errors
    /// [`DbError`] if it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.read(async |tx| tx.query_one("SELECT 1", &[]).await.map(drop)).await
    }

    /// Changes whenever a change log may have grown: at each commit here that appended to one, and on word from another
    /// node. The number means nothing; a follower reads its own page.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.growth.follow()
    }

    /// Wakes the followers of the change log on word from another node.
    pub fn announce_change(&self) {
        self.growth.announce();
    }

    /// Runs `body` in one write transaction: `Ok` commits, `Err` and a panic take everything back. A commit that has
    /// appended to a change log wakes its followers, whether or not the caller is still there.
    ///
    /// The body awaits nothing but its [`Tx`], has no effect outside it, and may run more than once: on PostgreSQL a
    /// transaction that collides with another one is run again up to three times. It goes on when the caller's future
    /// is dropped. It cannot start another transaction.
    ///
    /// # Errors
    /// The body's own, or what kept the transaction from committing.
    pub async fn write<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &*self.store {
            Store::File { writer, .. } => writer.write(body).await,
            Store::Memory(store) => store.write(body),
            Store::Postgres(server) => server.write(body).await,
        }
    }

    /// Runs `body` on one consistent snapshot, in which it cannot write.
    ///
    /// # Errors
    /// The body's own, or what kept the transaction from running.
    pub async fn read<T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &*self.store {
            Store::File { readers, .. } => readers.read(body).await,
            Store::Memory(store) => store.read(body),
            Store::Postgres(server) => server.read(body).await,
        }
    }

    /// Hears what other nodes say on `channel`, a plain name; see [`dialect::notify`](super::dialect::notify). `None` on
    /// SQLite, which has no other nodes.
    ///
    /// # Errors
    /// [`DbError::Unavailable`].
    pub async fn listen(&self, channel: &'static str) -> Result<Option<Listener>, DbError> {
        match &*self.store {
            Store::File { .. } | Store::Memory(_) => Ok(None),
            Store::Postgres(server) => server.listen(channel).await.map(Some),
        }
    }

    /// A copy of a database in memory, as a backup of this moment. `None` of another engine.
    ///
    /// # Errors
    /// [`DbError`].
    #[cfg(feature = "simulation")]
    pub fn copy_memory(&self) -> Result<Option<Self>, DbError> {
        let Store::Memory(store) = &*self.store else { return Ok(None) };
        let mut connection = sqlite::open_memory_for_migration()?;
        store.copy_into(&mut connection)?;
        connection.execute_batch("PRAGMA foreign_keys = ON").map_err(sqlite::error)?;
        let growth = Growth::default();
        let copy = Store::Memory(Box::new(InlineStore::new(connection, growth.clone())));
        Ok(Some(Self { store: Arc::new(copy), growth }))
    }

    /// Every row of a database in memory. `None` of another engine.
    ///
    /// # Errors
    /// [`DbError`].
    #[cfg(feature = "simulation")]
    pub fn contents(&self) -> Result<Option<Contents>, DbError> {
        let Store::Memory(store) = &*self.store else { return Ok(None) };
        store.contents().map(Some)
    }

    /// Replaces every row of a database in memory, which is far quicker than to make another one. Does nothing on
    /// another engine.
    ///
    /// # Errors
    /// [`DbError`].
    #[cfg(feature = "simulation")]
    pub fn refill(&self, contents: &Contents) -> Result<(), DbError> {
        let Store::Memory(store) = &*self.store else { return Ok(()) };
        store.refill(contents)
    }

    /// Lets the disk under a database in memory take nothing from now on, or everything again. Does nothing on another
    /// engine.
    #[cfg(feature = "simulation")]
    pub fn fill_disk(&self, is_full: bool) {
        if let Store::Memory(store) = &*self.store {
            store.fill_disk(is_full);
        }
    }

    /// Whether transactions exclude each other, so that a test cannot have two at once.
    #[cfg(test)]
    pub(super) fn is_in_memory(&self) -> bool {
        matches!(*self.store, Store::Memory(_))
    }
}
