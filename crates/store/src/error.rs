//! What can go wrong on this machine, told apart by what helps.

use std::fmt;

use recado_protocol::{CommandId, ErrorCode};

/// Which of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Which {
    /// `cache.db`: can be rebuilt from the server.
    Cache,
    /// `outbox.db`: holds what exists nowhere else.
    Outbox,
}

impl Which {
    /// The file's name inside the account's folder.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Cache => "cache.db",
            Self::Outbox => "outbox.db",
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cache => "cache",
            Self::Outbox => "outbox",
        })
    }
}

/// A failure of the store. No variant carries anything that somebody wrote.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key does not fit the file. Nothing was changed.
    #[error(
        "the key from the keychain does not open the {which}; unlock the right keychain and try again"
    )]
    WrongKey {
        /// The file.
        which: Which,
    },
    /// The file's contents do not agree with themselves.
    #[error("the {which} on this machine is damaged ({detail})")]
    Damaged {
        /// The file.
        which: Which,
        /// What SQLite said.
        detail: String,
    },
    /// A newer program wrote the file. Nothing was changed.
    #[error(
        "the {which} was written by a newer version ({found}; this one knows {known}); update the program"
    )]
    TooNew {
        /// The file.
        which: Which,
        /// The file's schema version.
        found: i64,
        /// The newest schema version that this program knows.
        known: i64,
    },
    /// The disk is full. The transaction was rolled back.
    #[error("the disk is full; free some space and try again")]
    DiskFull,
    /// The disk or the folder cannot be read or written.
    #[error("the disk cannot be read or written ({0})")]
    Io(String),
    /// Somebody stopped a check.
    #[error("the check was stopped")]
    Interrupted,
    /// The linked SQLite or SQLCipher has known faults that lose data.
    #[error("the linked database library is too old: {found}, needed is {needed}")]
    LibraryTooOld {
        /// What is linked.
        found: String,
        /// The oldest that is taken.
        needed: &'static str,
    },
    /// The outbox holds no such entry in the state that the call needs.
    #[error("the outbox holds no entry {0} that this could be done to")]
    NoSuchEntry(CommandId),
    /// The outbox holds another command under this id.
    #[error("the outbox holds another command under {0}")]
    CommandConflict(CommandId),
    /// A fault of this program: a statement or a stored value that should not exist.
    #[error("the {which} could not be used: {detail}")]
    Internal {
        /// The file.
        which: Which,
        /// What SQLite said.
        detail: String,
    },
}

impl Error {
    /// The code for programs.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::WrongKey { .. } => ErrorCode::KeychainMismatch,
            Self::Damaged { which: Which::Cache, .. } => ErrorCode::CacheDamaged,
            Self::Damaged { which: Which::Outbox, .. } => ErrorCode::OutboxDamaged,
            Self::TooNew { .. } => ErrorCode::DataTooNew,
            Self::DiskFull => ErrorCode::DiskFull,
            Self::Io(_) => ErrorCode::DiskFailed,
            Self::NoSuchEntry(_) => ErrorCode::NotFound,
            Self::CommandConflict(_) => ErrorCode::IdempotencyConflict,
            Self::Interrupted | Self::LibraryTooOld { .. } | Self::Internal { .. } => {
                ErrorCode::ClientFailed
            }
        }
    }
}
