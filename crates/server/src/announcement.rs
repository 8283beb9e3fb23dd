//! A file that tells other programs on this machine how to reach a server and who may sign in: for demonstrations and
//! tests, whose accounts are made anew at each run.

use std::path::{Path, PathBuf};

use recado_protocol::Role;
use serde::{Deserialize, Serialize};

use crate::backend::{AddedTeammate, BackendError};
use crate::identity::{Existing, write_private_file};
use crate::serve::RunningServer;

/// How to reach a server, and who may sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The server's address.
    pub url: String,
    /// The link by which people join.
    pub join_link: String,
    /// The socket for console commands.
    pub admin_socket: PathBuf,
    /// Who may sign in.
    pub accounts: Vec<AnnouncedAccount>,
    /// The key of a channel, where one was made.
    pub channel_key: Option<String>,
}

/// Somebody who may sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncedAccount {
    /// The name that colleagues see.
    pub name: String,
    /// The address to sign in with.
    pub email: String,
    /// What the teammate may do.
    pub role: Role,
    /// The password.
    pub password: String,
    /// The second factor's secret in base32.
    pub totp_secret: String,
    /// The second factor's `otpauth://` address.
    pub totp_url: String,
}

impl AnnouncedAccount {
    /// The account of a teammate whose password was made up; `None` where somebody chose it.
    #[must_use]
    pub fn new(added: &AddedTeammate) -> Option<Self> {
        Some(Self {
            name: added.teammate.name.clone(),
            email: added.teammate.email.clone(),
            role: added.teammate.role,
            password: added.credentials.password.clone()?,
            totp_secret: added.credentials.totp_secret.clone(),
            totp_url: added.credentials.totp_url.clone(),
        })
    }
}

impl Announcement {
    /// The announcement of a running server.
    #[must_use]
    pub fn new(
        server: &RunningServer,
        accounts: Vec<AnnouncedAccount>,
        channel_key: Option<String>,
    ) -> Self {
        Self {
            url: server.public_url().as_str().trim_end_matches('/').to_owned(),
            join_link: server.join_link().to_string(),
            admin_socket: server.admin_socket().to_owned(),
            accounts,
            channel_key,
        }
    }

    /// Writes the file, whole, for its owner alone.
    ///
    /// # Errors
    /// [`BackendError::DataDirectory`] if it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), BackendError> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| BackendError::Internal(error.to_string()))?;
        write_private_file(path, &text, Existing::Replace)
            .map_err(|source| BackendError::DataDirectory { path: path.to_owned(), source })
    }
}
