//! The outbox and its mirror: two files with the same rows, so that whatever one of them loses is in
//! the other.
//!
//! A write-ahead log whose end is gone looks like one that never had it, so a single file cannot tell
//! that it has lost its last transactions. Every transaction runs on the outbox first, which waits for
//! the disk, and then on the mirror, which does not. Both count them. The outbox is therefore never
//! behind its mirror unless it has lost something, and a mirror that is behind is made anew. What both have lost is told
//! by the tally beside them.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::backup::Backup;
use rusqlite::{Connection, Transaction};
use tracing::warn;
use zeroize::Zeroizing;

use super::tally::Tally;
use super::{files, write};
use crate::database::{self, Role};
use crate::error::{Error, Which};

/// Both files, as far as they are open.
pub(super) struct Mirrored {
    outbox: Connection,
    mirror: Mirror,
    beside: Option<Beside>,
}

/// What lies beside the outbox.
struct Beside {
    mirror: Place,
    tally: Tally,
}

/// What is there of the mirror.
enum Mirror {
    Open(Connection),
    /// Opened, or made, by the first write: a start that only shows what is there does not wait for it.
    Closed,
    /// There is none, or none any more until the next start.
    None,
}

/// Where the mirror lies, and what opens it.
struct Place {
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
}

/// The mirror of the outbox at `path`.
pub(super) fn mirror_of(path: &Path) -> PathBuf {
    files::with_suffix(path, "-mirror")
}

impl Mirrored {
    /// Opens the outbox, and makes it if it is missing. After an unclean end both files are checked;
    /// otherwise the mirror is looked at by the first write.
    pub(super) fn open(path: &Path, key: &[u8; 32], ended_well: bool) -> Result<Self, Error> {
        let mirror = Place { path: mirror_of(path), key: Zeroizing::new(*key) };
        let tally = Tally::of(path);
        let noted = tally.noted();
        if files::len(path).unwrap_or(0) == 0 && (mirror.exists() || noted.is_some()) {
            return Err(damaged("it is missing"));
        }
        let outbox = database::open_writer(path, key, Which::Outbox)?;
        let mut both =
            Self { outbox, mirror: Mirror::Closed, beside: Some(Beside { mirror, tally }) };
        if !ended_well {
            database::look_through(&both.outbox, Which::Outbox)?;
            both.open_mirror(count(&both.outbox)?, database::look_through)?;
        }
        if noted > Some(count(&both.outbox)?) {
            return Err(damaged("its last writes are missing"));
        }
        Ok(both)
    }

    /// An outbox without a mirror.
    pub(super) const fn alone(outbox: Connection) -> Self {
        Self { outbox, mirror: Mirror::None, beside: None }
    }

    /// The outbox.
    pub(super) const fn outbox(&self) -> &Connection {
        &self.outbox
    }

    /// Runs `work` in one transaction on the outbox and, if it changed something, again on the mirror;
    /// it must do the same both times. What counts is the outbox: a mirror that fails is given up until
    /// the next start.
    pub(super) fn write<T>(
        &mut self,
        work: impl Fn(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let counted = |tx: &Transaction<'_>| {
            let before = tx.total_changes();
            let value = work(tx)?;
            if tx.total_changes() == before {
                return Ok((value, None));
            }
            let count = tx
                .prepare_cached("UPDATE writes SET count = count + 1 RETURNING count")?
                .query_row([], |row| row.get::<_, i64>(0))?;
            Ok((value, Some(count)))
        };
        let (value, count) = write(&mut self.outbox, Which::Outbox, counted)?;
        let Some(count) = count else { return Ok(value) };
        if let Some(beside) = &mut self.beside {
            beside.tally.note(count);
        }
        if let Mirror::Closed = self.mirror {
            let made = self.open_mirror(count - 1, |_, _| Ok(()))?;
            if made {
                return Ok(value);
            }
        }
        if let Mirror::Open(mirror) = &mut self.mirror
            && let Err(error) = write(mirror, Which::Outbox, counted)
        {
            self.give_up(&error);
        }
        Ok(value)
    }

    /// Checks every page of both. A mirror in which something is wrong is made anew.
    pub(super) fn verify(&mut self) -> Result<(), Error> {
        let check = |connection: &Connection, which| {
            database::checkpoint(connection, which)?;
            database::verify(connection, which)
        };
        check(&self.outbox, Which::Outbox)?;
        if let Mirror::Open(mirror) = &self.mirror
            && check(mirror, Which::Outbox).is_err()
        {
            self.mirror = Mirror::Closed;
        }
        self.open_mirror(count(&self.outbox)?, check).map(drop)
    }

    /// Opens the mirror, which should have counted `expected` writes, and makes it anew if it is behind
    /// or something is wrong with it. Tells whether it was made.
    fn open_mirror(
        &mut self,
        expected: i64,
        check: impl Fn(&Connection, Which) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let (Mirror::Closed, Some(Beside { mirror: place, .. })) = (&self.mirror, &self.beside)
        else {
            return Ok(false);
        };
        let found = place.open().and_then(|mirror| {
            check(&mirror, Which::Outbox)?;
            Ok((count(&mirror)?, mirror))
        });
        let sound = match found {
            Ok((counted, _)) if counted > expected => {
                return Err(damaged("the end of its log is missing"));
            }
            Err(error @ Error::TooNew { .. }) => return Err(error),
            // One that is behind is closed here, before its files are removed.
            found => found.ok().filter(|(counted, _)| *counted == expected),
        };
        let made = sound.is_none();
        match sound.map_or_else(|| place.make(&self.outbox), |(_, mirror)| Ok(mirror)) {
            Ok(mirror) => self.mirror = Mirror::Open(mirror),
            Err(error) => self.give_up(&error),
        }
        Ok(made)
    }

    fn give_up(&mut self, error: &Error) {
        warn!(%error, "the outbox has no mirror until the next start");
        self.mirror = Mirror::None;
    }
}

impl Place {
    fn exists(&self) -> bool {
        files::len(&self.path).unwrap_or(0) > 0
    }

    fn open(&self) -> Result<Connection, Error> {
        if !self.exists() {
            return Err(damaged("it has no mirror"));
        }
        database::open_mirror(&self.path, &self.key)
    }

    /// Makes the mirror anew, from the outbox.
    fn make(&self, outbox: &Connection) -> Result<Connection, Error> {
        remove(&self.path)?;
        copy(outbox, &self.path, &self.key)?;
        database::open_mirror(&self.path, &self.key)
    }
}

/// Copies an open outbox to a new file.
pub(super) fn copy(from: &Connection, path: &Path, key: &[u8; 32]) -> Result<(), Error> {
    let sql = |error| Error::sql(Which::Outbox, error);
    let mut target = database::connect(path, key, Which::Outbox, Role::Writer)?;
    let backup = Backup::new(from, &mut target).map_err(sql)?;
    backup.step(-1).map_err(sql)?;
    Ok(())
}

/// Deletes a file and what SQLite put beside it. What lies beside it goes first: a log that outlived
/// its file could be taken for a new one's.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    for suffix in files::BESIDE.iter().rev() {
        let path = files::with_suffix(path, suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::file(&path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn count(connection: &Connection) -> Result<i64, Error> {
    connection.query_row("SELECT count FROM writes", [], |row| row.get(0)).map_err(|error| {
        match error {
            // The row is as old as the file.
            rusqlite::Error::QueryReturnedNoRows => damaged("its count of writes is missing"),
            error => Error::sql(Which::Outbox, error),
        }
    })
}

fn damaged(detail: &str) -> Error {
    Error::Damaged { which: Which::Outbox, detail: detail.to_owned() }
}
