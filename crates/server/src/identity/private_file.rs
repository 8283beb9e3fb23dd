//! Writing a file that only its owner may read, whole or not at all.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// What happens to a file that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and the write fails with `AlreadyExists`.
    Keep,
    /// It is replaced in one step.
    Replace,
}

/// Writes `contents` to `path` with mode 0600. A crash leaves either the whole file or none of it.
pub(crate) fn write_private_file(
    path: &Path,
    contents: &[u8],
    existing: Existing,
) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Created with mode 0600, so the contents are never readable by others, not even for a moment.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    match existing {
        Existing::Keep => file.persist_noclobber(path)?,
        Existing::Replace => file.persist(path)?,
    };
    sync_directory(directory)
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    // Other systems cannot open a directory as a file; their rename is durable by itself.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_is_kept_or_replaced_as_asked() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("file");
        write_private_file(&path, b"one", Existing::Keep).expect("first write");
        let refused = write_private_file(&path, b"two", Existing::Keep).expect_err("must be kept");
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).expect("readable"), b"one");
        write_private_file(&path, b"three", Existing::Replace).expect("replaced");
        assert_eq!(std::fs::read(&path).expect("readable"), b"three");
        let left_over = std::fs::read_dir(directory.path()).expect("list").count();
        assert_eq!(left_over, 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("file");
        write_private_file(&path, b"one", Existing::Keep).expect("written");
        let mode = std::fs::metadata(&path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
