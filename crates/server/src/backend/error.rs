//! Why a server or a console command cannot work.

use std::io;
use std::path::PathBuf;

use crate::core::CoreError;
use crate::identity::password::PasswordError;
use crate::identity::sealed::SecretsError;
use crate::identity::totp::TotpError;
use crate::session::AuthError;
use crate::storage::DbError;
use crate::tls::TlsError;

/// Why a server or a console command cannot work, as a sentence for whoever started it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The data directory cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    DataDirectory {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process works on the data directory.
    #[error("another recado-server works on {}; stop it first, or choose another --data-dir", path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// The database cannot be used.
    #[error("the database cannot be used: {0}")]
    Db(#[from] DbError),
    /// The secrets cannot be used.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The password settings cannot be used.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The second factor's settings cannot be used.
    #[error(transparent)]
    Totp(#[from] TotpError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The network or a socket failed.
    #[error("{what}: {source}")]
    Network {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// What was asked for cannot be done. The text says why and what to do.
    #[error("{0}")]
    Refused(String),
    /// Something in the server failed.
    #[error("the server failed: {0}")]
    Internal(String),
}

impl From<AuthError> for BackendError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Db(error) => Self::Db(error),
            error => Self::Internal(error.to_string()),
        }
    }
}

impl From<CoreError> for BackendError {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Db(error) => Self::Db(error),
            error => Self::Refused(error.to_api().message),
        }
    }
}
