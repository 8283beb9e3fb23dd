//! The cache's connection that writes, opened when something is first written: a start that only
//! shows what is there does not wait for it.

use std::path::PathBuf;

use rusqlite::Connection;
use zeroize::Zeroizing;

use super::write;
use crate::cache::{apply, directory, meta, search};
use crate::database;
use crate::error::{Error, Which};

/// The connection, or what it is opened with.
pub(super) enum Writer {
    Open(Connection),
    Closed { path: PathBuf, key: Zeroizing<[u8; 32]> },
}

impl Writer {
    /// Opens the file, makes it if it is missing, and brings it up to date.
    pub(super) fn open(path: &std::path::Path, key: &[u8; 32]) -> Result<Self, Error> {
        let mut connection = database::open_writer(path, key, Which::Cache)?;
        prepare(&mut connection)?;
        Ok(Self::Open(connection))
    }

    /// The connection, opened now if it was not.
    pub(super) fn connection(&mut self) -> Result<&mut Connection, Error> {
        if let Self::Closed { path, key } = self {
            *self = Self::open(path, key)?;
        }
        match self {
            Self::Open(connection) => Ok(connection),
            Self::Closed { .. } => Err(Error::Io("the cache is not open".to_owned())),
        }
    }
}

/// What comes before the first write.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), Error> {
    write(connection, Which::Cache, |tx| {
        meta::prepare(tx)?;
        if !meta::has_present_tokens(tx)? {
            search::start_again(tx)?;
            directory::rebuild_words(tx)?;
            meta::set_tokens_version(tx)?;
        }
        apply::forget_left(tx)
    })
}
