//! How many writes the outbox has counted, beside it in a file of its own.
//!
//! The outbox and its mirror find out what one of them has lost, but not what is gone from the end of both. This file is
//! written after the outbox has its transaction on the disk, so it is never ahead of the outbox unless something was
//! lost. It does not wait for the disk itself: after a power cut it may be behind, which says nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::files;
use crate::error::Error;

/// The number, and the same with every bit turned, so that damage is not taken for a number.
const LEN: usize = 16;

/// The file.
pub(super) struct Tally {
    path: PathBuf,
    /// Opened by the first write.
    file: Option<File>,
}

impl Tally {
    /// The tally of the outbox at `path`.
    pub(super) fn of(path: &Path) -> Self {
        Self { path: files::with_suffix(path, "-count"), file: None }
    }

    /// The last number noted; nothing where there is none or it cannot be read.
    pub(super) fn noted(&self) -> Option<i64> {
        let bytes: [u8; LEN] = fs::read(&self.path).ok()?.try_into().ok()?;
        let number = i64::from_le_bytes(bytes[..8].try_into().ok()?);
        let turned = i64::from_le_bytes(bytes[8..].try_into().ok()?);
        (number == !turned).then_some(number)
    }

    /// Notes a number. One that cannot be written is left out: the older one stays true.
    pub(super) fn note(&mut self, number: i64) {
        let mut bytes = [0; LEN];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        bytes[8..].copy_from_slice(&(!number).to_le_bytes());
        let write = |file: &mut File| {
            file.rewind()?;
            file.write_all(&bytes)
        };
        if self.file.is_none() {
            self.file = self.open().ok();
        }
        if self.file.as_mut().is_some_and(|file| write(file).is_err()) {
            self.file = None;
        }
    }

    fn open(&self) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(&self.path)?;
        if file.metadata()?.len() > LEN as u64 {
            file.set_len(LEN as u64)?;
        }
        Ok(file)
    }

    /// Forgets the number: what it told of has been seen to.
    pub(super) fn remove(&self) -> Result<(), Error> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Error::file(&self.path, &error))
            }
            _ => Ok(()),
        }
    }
}
