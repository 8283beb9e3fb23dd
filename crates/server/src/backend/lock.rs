//! One process at a time on a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::BackendError;

const FILE_NAME: &str = "server.lock";

/// Held while a process works on a data directory; given back when it is dropped, or when the process dies.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the lock, or answers `None` while another process holds it. Makes the directory if it is missing.
    ///
    /// # Errors
    /// [`BackendError::DataDirectory`].
    pub fn try_take(data_dir: &Path) -> Result<Option<Self>, BackendError> {
        make_private_directory(data_dir)?;
        let path = data_dir.join(FILE_NAME);
        let failed = |source| BackendError::DataDirectory { path: path.clone(), source };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// Makes a directory that only its owner may enter. One that is there already stays as it is.
pub(super) fn make_private_directory(path: &Path) -> Result<(), BackendError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder
        .create(path)
        .map_err(|source: io::Error| BackendError::DataDirectory { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_that_the_directory_is_in_use() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("data");
        let held = DataLock::try_take(&path).expect("a usable directory");
        assert!(held.is_some());
        assert!(DataLock::try_take(&path).expect("a usable directory").is_none());
        drop(held);
        assert!(DataLock::try_take(&path).expect("a usable directory").is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_new_data_directory_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a/b");
        make_private_directory(&path).expect("made");
        let mode = std::fs::metadata(&path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
