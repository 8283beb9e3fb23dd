//! Opening, checking, moving aside, destroying: the files as files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

use zeroize::Zeroizing;

use super::mirror::{Mirrored, mirror_of};
use super::writer::{self, Writer};
use super::{Store, lock, path_of, salvaging};
use crate::cache::meta;
use crate::error::{Error, Which};
use crate::keys::StoreKeys;
use crate::outbox::queue;
use crate::{database, migrations};
use rusqlite::{Connection, InterruptHandle};

/// What SQLite puts beside a file.
pub(super) const BESIDE: [&str; 3] = ["", "-wal", "-shm"];
/// What a file that was moved aside has in its name.
const ASIDE: &str = "damaged";

impl Store {
    /// Opens both files in `dir`, and makes the folder and the files if they are missing. After an
    /// unclean end the outbox is checked first; the cache can be checked meanwhile, see
    /// [`Store::cache_check`].
    ///
    /// # Errors
    ///
    /// [`Error::WrongKey`], [`Error::TooNew`] and [`Error::LibraryTooOld`] come before anything is
    /// written. After [`Error::Damaged`] see [`Store::quarantine_cache`] and
    /// [`Store::salvage_outbox`].
    pub fn open(dir: &Path, keys: StoreKeys) -> Result<Self, Error> {
        make_private_dir(dir)?;
        let cache_path = path_of(dir, Which::Cache);
        let outbox_path = path_of(dir, Which::Outbox);
        salvaging::finish(dir)?;
        // The outbox is made before the cache, so an empty one beside a cache has lost its content.
        if len(&outbox_path) == Some(0) && len(&cache_path).is_some_and(|len| len > 0) {
            return Err(Error::Damaged { which: Which::Outbox, detail: "it is empty".to_owned() });
        }
        // Closing a file in good order removes its log.
        let ended_well =
            ![&cache_path, &outbox_path].iter().any(|path| with_suffix(path, "-wal").exists());
        // Looked at before the outbox is brought up to date: if a newer program has had the cache, the
        // outbox stays as that one left it.
        let cache = match look_at_cache(&cache_path, &keys.cache) {
            Err(newer @ Error::TooNew { .. }) => return Err(newer),
            looked_at => looked_at,
        };
        let outbox = match Mirrored::open(&outbox_path, &keys.outbox, ended_well) {
            Ok(outbox) => outbox,
            Err(error) => {
                // A log that the look has begun is empty, and goes with the connection.
                if ended_well && let Ok(Some(cache)) = &cache {
                    let _ = database::accept_reader(cache, Which::Cache);
                }
                return Err(error);
            }
        };
        let (writer, reader) = match cache?.map(ready_reader).transpose()?.flatten() {
            Some(reader) => {
                let key = Zeroizing::new(keys.cache);
                (Writer::Closed { path: cache_path.clone(), key }, reader)
            }
            None => {
                let writer = Writer::open(&cache_path, &keys.cache)?;
                (writer, database::open_reader(&cache_path, &keys.cache, Which::Cache)?)
            }
        };
        let store = Self {
            writer: Mutex::new(writer),
            reader: Some(Mutex::new(reader)),
            outbox: Mutex::new(outbox),
            cache_path: Some(cache_path),
            ended_well,
            unmerged_steps: AtomicU32::default(),
            opened: Mutex::default(),
            #[cfg(feature = "simulation")]
            failing: Mutex::default(),
        };
        store.write_outbox(|tx| queue::mark_all_unsent(tx))?;
        Ok(store)
    }

    /// Whether the files were closed in good order before this store opened them. If not, the cache
    /// should be checked.
    pub const fn ended_well(&self) -> bool {
        self.ended_well
    }

    /// Whether these keys open any of the files in `dir`. Nothing is changed.
    pub fn any_opens(dir: &Path, keys: &StoreKeys) -> bool {
        let outbox = path_of(dir, Which::Outbox);
        database::fits(&path_of(dir, Which::Cache), &keys.cache, Which::Cache)
            || database::fits(&outbox, &keys.outbox, Which::Outbox)
            || database::fits(&mirror_of(&outbox), &keys.outbox, Which::Outbox)
    }

    /// A check of the cache in `dir`, which may be open meanwhile.
    ///
    /// # Errors
    ///
    /// Those of opening.
    pub fn cache_check(dir: &Path, key: [u8; 32]) -> Result<CacheCheck, Error> {
        let key = Zeroizing::new(key);
        let connection = database::open_reader(&path_of(dir, Which::Cache), &key, Which::Cache)?;
        Ok(CacheCheck { connection })
    }

    /// A store in memory, for simulations. Nothing survives it and nothing is encrypted.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if SQLite has no memory left.
    pub fn in_memory() -> Result<Self, Error> {
        let mut cache = database::open_in_memory(Which::Cache)?;
        writer::prepare(&mut cache)?;
        Ok(Self {
            writer: Mutex::new(Writer::Open(cache)),
            reader: None,
            outbox: Mutex::new(Mirrored::alone(database::open_in_memory(Which::Outbox)?)),
            cache_path: None,
            ended_well: true,
            unmerged_steps: AtomicU32::default(),
            opened: Mutex::default(),
            #[cfg(feature = "simulation")]
            failing: Mutex::default(),
        })
    }

    /// Moves a damaged cache aside, with its write-ahead log, so that [`Store::open`] makes a new
    /// one. Returns where it lies now, or nothing if there was none.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the folder cannot be written.
    pub fn quarantine_cache(dir: &Path) -> Result<Option<PathBuf>, Error> {
        move_aside(&path_of(dir, Which::Cache))
    }

    /// Deletes the cache, and what was moved aside of it. Nothing may have it open; [`Store::open`]
    /// makes a new one.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a file cannot be deleted; call again.
    pub fn remove_cache(dir: &Path) -> Result<(), Error> {
        remove_all(dir, &[Which::Cache])
    }

    /// Deletes both files and those that were moved aside. The keys must be destroyed first; then a
    /// copy that is missed here says nothing any more.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a file cannot be deleted; call again.
    pub fn destroy(dir: &Path) -> Result<(), Error> {
        remove_all(dir, &[Which::Cache, Which::Outbox])
    }

    /// Reads both files whole and checks every page. Slow: for the background, after an unclean end.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] names the first file in which something is wrong.
    pub fn verify(&self) -> Result<(), Error> {
        // What a log holds has to be in the file to be checked with it.
        lock(&self.outbox).verify()?;
        let mut writer = lock(&self.writer);
        let writer = writer.connection()?;
        database::checkpoint(writer, Which::Cache)?;
        // Not by the reader: its search tables may still know the index's former pieces, whose check does not
        // look whether they are the present ones, and tells of damage where they have been merged.
        database::verify(writer, Which::Cache)
    }
}

/// A connection to the cache, if there is one, before anything is written.
fn look_at_cache(path: &Path, key: &[u8; 32]) -> Result<Option<Connection>, Error> {
    if len(path).unwrap_or(0) == 0 {
        return Ok(None);
    }
    database::look_at(path, key, Which::Cache).map(Some)
}

/// The connection for reads of a cache that needs nothing done before it can be read.
fn ready_reader(reader: Connection) -> Result<Option<Connection>, Error> {
    database::accept_reader(&reader, Which::Cache)?;
    let sql = |error| Error::sql(Which::Cache, error);
    let is_present = migrations::is_present(&reader, migrations::of(Which::Cache)).map_err(sql)?
        && meta::is_ready(&reader).map_err(sql)?;
    Ok(is_present.then_some(reader))
}

/// A check of every page of a cache that is in use, beside whoever uses it. For the background, after
/// an unclean end.
#[derive(Debug)]
pub struct CacheCheck {
    connection: Connection,
}

impl CacheCheck {
    /// What ends the check early, from another thread.
    pub fn stop_handle(&self) -> StopCheck {
        StopCheck(self.connection.get_interrupt_handle())
    }

    /// Checks. One that is stopped has found nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if something is wrong; those of any read.
    pub fn run(self) -> Result<(), Error> {
        match database::look_through(&self.connection, Which::Cache) {
            Err(Error::Interrupted) => Ok(()),
            outcome => outcome,
        }
    }
}

/// Ends a [`CacheCheck`].
pub struct StopCheck(InterruptHandle);

impl StopCheck {
    /// Ends it, if it is still running.
    pub fn stop(&self) {
        self.0.interrupt();
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn len(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.len())
}

fn make_private_dir(dir: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(dir).map_err(|error| Error::file(dir, &error))
}

/// Deletes everything whose name begins with one of these files'.
fn remove_all(dir: &Path, files: &[Which]) -> Result<(), Error> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| Error::file(dir, &error))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::file(dir, &error))?.path();
        let ours = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| files.iter().any(|which| name.starts_with(which.file_name())));
        if ours {
            paths.push(path);
        }
    }
    // A file goes after what lies beside it: a log that outlived its file could be taken for a new
    // one's.
    paths.sort_unstable_by(|a, b| b.cmp(a));
    for path in paths {
        fs::remove_file(&path).map_err(|error| Error::file(&path, &error))?;
    }
    Ok(())
}

/// Moves a file aside with what SQLite put beside it. Returns where it lies now, if there was one.
pub(super) fn move_aside(path: &Path) -> Result<Option<PathBuf>, Error> {
    let free = (1_u32..)
        .map(|n| with_suffix(path, &format!(".{ASIDE}-{n}")))
        .find(|aside| BESIDE.iter().all(|suffix| !with_suffix(aside, suffix).exists()));
    let Some(aside) = free else { return Ok(None) };
    let mut moved = None;
    // The log goes first: the file without it is older, the log without its file is nothing.
    for suffix in BESIDE.iter().rev() {
        let (from, to) = (with_suffix(path, suffix), with_suffix(&aside, suffix));
        match fs::rename(&from, &to) {
            Ok(()) if suffix.is_empty() => moved = Some(to),
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::file(&from, &error)),
        }
    }
    Ok(moved)
}
