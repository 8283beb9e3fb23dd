//! Opening, moving aside, destroying: the files as files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use zeroize::Zeroizing;

use super::writer::{self, Writer};
use super::{Store, lock, path_of, write};
use crate::cache::meta;
use crate::error::{Error, Which};
use crate::keys::StoreKeys;
use crate::outbox::{SalvageReport, queue, salvage};
use crate::{database, migrations};
use rusqlite::Connection;

/// What SQLite puts beside a file.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];
/// What a file that was moved aside has in its name.
const ASIDE: &str = "damaged";

impl Store {
    /// Opens both files in `dir`, and makes the folder and the files if they are missing.
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
        // A replacement was cut off between its two moves: the new outbox is whole.
        let replacement = ready(&outbox_path);
        if !outbox_path.exists() && replacement.exists() {
            fs::rename(&replacement, &outbox_path)
                .map_err(|error| Error::file(&replacement, &error))?;
        }
        // The outbox is made before the cache, so an empty one beside a cache has lost its content.
        if len(&outbox_path) == Some(0) && len(&cache_path).is_some_and(|len| len > 0) {
            return Err(Error::Damaged { which: Which::Outbox, detail: "it is empty".to_owned() });
        }
        let outbox = database::open_writer(&outbox_path, &keys.outbox, Which::Outbox)?;
        let (writer, reader) = match ready_reader(&cache_path, &keys.cache)? {
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
        };
        store.write_outbox(|tx| queue::mark_all_unsent(tx))?;
        Ok(store)
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
            outbox: Mutex::new(database::open_in_memory(Which::Outbox)?),
            cache_path: None,
        })
    }

    /// Moves a damaged cache aside, with its write-ahead log, so that [`Store::open`] makes a new
    /// one. Returns where it lies now, or nothing if there was none.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the folder cannot be written.
    pub fn quarantine_cache(dir: &Path) -> Result<Option<PathBuf>, Error> {
        move_aside(dir, Which::Cache)
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

    /// Puts an outbox with what was salvaged in the place of a damaged one, which is moved aside with
    /// its write-ahead log. Whenever the program ends meanwhile, [`Store::open`] finds the damaged
    /// outbox or the new one, and nothing is lost. Returns where the damaged one lies now.
    ///
    /// # Errors
    ///
    /// Those of opening and of any write; call again, after [`Store::salvage_outbox`].
    pub fn replace_outbox(
        dir: &Path,
        key: [u8; 32],
        salvaged: &SalvageReport,
    ) -> Result<Option<PathBuf>, Error> {
        let key = Zeroizing::new(key);
        let path = path_of(dir, Which::Outbox);
        let beside = ready(&path);
        for suffix in BESIDE.iter().rev() {
            // Left from an attempt that was cut off.
            let left = with_suffix(&beside, suffix);
            match fs::remove_file(&left) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::file(&left, &error));
                }
                _ => {}
            }
        }
        let mut connection = database::open_writer(&beside, &key, Which::Outbox)?;
        write(&mut connection, Which::Outbox, |tx| salvage::restore(tx, salvaged))?;
        // Nothing may be left in a log that would not move with its file.
        database::checkpoint(&connection, Which::Outbox)?;
        drop(connection);
        let aside = move_aside(dir, Which::Outbox)?;
        fs::rename(&beside, &path).map_err(|error| Error::file(&beside, &error))?;
        Ok(aside)
    }

    /// Moves a damaged outbox aside, with its write-ahead log, and puts nothing in its place.
    /// [`Store::salvage_outbox`] comes first.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the folder cannot be written.
    pub fn quarantine_outbox(dir: &Path) -> Result<Option<PathBuf>, Error> {
        move_aside(dir, Which::Outbox)
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

    /// Reads what can be read of a damaged outbox, item by item. Nothing may have it open, and
    /// nothing of it is changed.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read at all.
    pub fn salvage_outbox(dir: &Path, key: [u8; 32]) -> Result<SalvageReport, Error> {
        let key = Zeroizing::new(key);
        salvage::read(&path_of(dir, Which::Outbox), &key)
    }

    /// Puts salvaged items into this outbox, in one transaction. Repeating it changes nothing.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn restore_salvaged(&self, report: &SalvageReport) -> Result<(), Error> {
        self.write_outbox(|tx| salvage::restore(tx, report))
    }

    /// Reads both files whole and checks every page. Slow: for the background, after an unclean end.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] names the first file in which something is wrong.
    pub fn verify(&self) -> Result<(), Error> {
        // What a log holds has to be in the file to be checked with it.
        let outbox = lock(&self.outbox);
        database::checkpoint(&outbox, Which::Outbox)?;
        database::verify(&outbox, Which::Outbox)?;
        drop(outbox);
        let mut writer = lock(&self.writer);
        let writer = writer.connection()?;
        database::checkpoint(writer, Which::Cache)?;
        match &self.reader {
            Some(reader) => database::verify(&lock(reader), Which::Cache),
            None => database::verify(writer, Which::Cache),
        }
    }
}

/// The connection for reads of a cache that needs nothing done before it can be read.
fn ready_reader(path: &Path, key: &[u8; 32]) -> Result<Option<Connection>, Error> {
    if len(path).unwrap_or(0) == 0 {
        return Ok(None);
    }
    let reader = database::open_reader(path, key, Which::Cache)?;
    let steps = migrations::of(Which::Cache);
    migrations::check(&reader, Which::Cache, steps)?;
    let sql = |error| Error::sql(Which::Cache, error);
    let is_present = migrations::is_present(&reader, steps).map_err(sql)?
        && meta::is_ready(&reader).map_err(sql)?;
    Ok(is_present.then_some(reader))
}

/// Where a file's replacement is made.
fn ready(path: &Path) -> PathBuf {
    with_suffix(path, "-ready")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn len(path: &Path) -> Option<u64> {
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

fn move_aside(dir: &Path, which: Which) -> Result<Option<PathBuf>, Error> {
    let name = which.file_name();
    let free = (1_u32..)
        .map(|n| format!("{name}.{ASIDE}-{n}"))
        .find(|aside| BESIDE.iter().all(|suffix| !dir.join(format!("{aside}{suffix}")).exists()));
    let Some(aside) = free else { return Ok(None) };
    let mut moved = None;
    // The log goes first: the file without it is older, the log without its file is nothing.
    for suffix in BESIDE.iter().rev() {
        let from = dir.join(format!("{name}{suffix}"));
        let to = dir.join(format!("{aside}{suffix}"));
        match fs::rename(&from, &to) {
            Ok(()) if suffix.is_empty() => moved = Some(to),
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::file(&from, &error)),
        }
    }
    Ok(moved)
}
