//! The servers' own secrets: one file or environment variable, shared by all nodes and backed up apart from the data.
//!
//! To rotate a key, put a new one in front of its list and restart the nodes; the former ones stay readable until
//! nothing refers to them any more.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::key_ring::{KeyError, KeyId, KeyRing, SymmetricKey};
use super::totp::SEALING_KEY_BYTES;
use super::{Existing, write_private_file};
use crate::tls::{CertificateAuthority, TlsError};

/// Name of the file in the data directory.
pub const FILE_NAME: &str = "secrets.json";
/// Environment variable that holds the secrets themselves, in JSON.
pub const SECRETS_VARIABLE: &str = "RECADO_SECRETS";
/// Environment variable that names the file.
pub const SECRETS_FILE_VARIABLE: &str = "RECADO_SECRETS_FILE";

const FORMAT: u32 = 1;
/// The block that HMAC-SHA-384 gives.
const PEPPER_BYTES: usize = 48;
const SIGNING_KEY_BYTES: usize = 32;

/// Why the servers' secrets could not be read or made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// The file cannot be read or written.
    #[error("cannot use the secrets file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than its owner may read the file.
    #[error(
        "the secrets file {} can be read by others (mode {mode:03o}); run `chmod 600` on it",
        path.display()
    )]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Both environment variables are set.
    #[error("set either {SECRETS_VARIABLE} or {SECRETS_FILE_VARIABLE}, not both")]
    Ambiguous,
    /// The environment variable is not text.
    #[error("{SECRETS_VARIABLE} is not valid UTF-8; set it again")]
    NotUtf8,
    /// The JSON does not have the expected form. The message names a place, never a value.
    #[error("the server's secrets are damaged at line {line}, column {column}; restore them")]
    Malformed {
        /// Line in the JSON text, from 1.
        line: usize,
        /// Column in the line.
        column: usize,
    },
    /// The format is newer than this program.
    #[error("the server's secrets have format {0}, which this version cannot read; update it")]
    UnknownFormat(u32),
    /// A key was refused.
    #[error("the server's secrets, {list}: {source}")]
    Key {
        /// The list in which the key stands.
        list: &'static str,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The certificate authority was refused.
    #[error("the server's secrets, certificate_authority: {0}")]
    Authority(#[from] TlsError),
}

/// Where the secrets come from.
#[derive(Clone)]
pub enum SecretsSource {
    /// The JSON itself.
    Inline(Zeroizing<String>),
    /// A file that an operator provides; it must exist.
    ProvidedFile(PathBuf),
    /// A file that is made on the first start.
    OwnFile(PathBuf),
}

impl SecretsSource {
    /// Chooses by the values of [`SECRETS_VARIABLE`] and [`SECRETS_FILE_VARIABLE`]; without them, the file in the
    /// data directory. An empty value counts as none.
    pub fn choose(
        secrets: Option<OsString>,
        secrets_file: Option<OsString>,
        data_directory: &Path,
    ) -> Result<Self, SecretsError> {
        let given = |value: Option<OsString>| value.filter(|value| !value.is_empty());
        match (given(secrets), given(secrets_file)) {
            (Some(_), Some(_)) => Err(SecretsError::Ambiguous),
            (Some(json), None) => {
                let json = json.into_string().map_err(|_| SecretsError::NotUtf8)?;
                Ok(Self::Inline(Zeroizing::new(json)))
            }
            (None, Some(path)) => Ok(Self::ProvidedFile(path.into())),
            (None, None) => Ok(Self::OwnFile(data_directory.join(FILE_NAME))),
        }
    }

    /// Chooses by this process's environment.
    pub fn from_environment(data_directory: &Path) -> Result<Self, SecretsError> {
        Self::choose(
            std::env::var_os(SECRETS_VARIABLE),
            std::env::var_os(SECRETS_FILE_VARIABLE),
            data_directory,
        )
    }
}

impl fmt::Debug for SecretsSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => formatter.write_str("Inline"),
            Self::ProvidedFile(path) => formatter.debug_tuple("ProvidedFile").field(path).finish(),
            Self::OwnFile(path) => formatter.debug_tuple("OwnFile").field(path).finish(),
        }
    }
}

/// The servers' own secrets. Debug output names keys by their ids only.
#[derive(Debug)]
pub struct ServerSecrets {
    /// Peppers of the password hashes.
    pub peppers: KeyRing,
    /// Keys that seal TOTP seeds.
    pub totp_keys: KeyRing,
    /// Keys for what the servers sign for themselves, such as page cursors and download links.
    pub signing_keys: KeyRing,
    /// The servers' own certificate authority; absent where an operator provides certificates.
    pub certificate_authority: Option<CertificateAuthority>,
}

impl ServerSecrets {
    /// Makes fresh secrets. `now_us` is the time in microseconds since the Unix epoch.
    pub fn generate(now_us: i64) -> Result<Self, SecretsError> {
        let ring = |list, length_bytes| {
            SymmetricKey::generate(length_bytes)
                .and_then(|key| KeyRing::new([key]))
                .map_err(|source| SecretsError::Key { list, source })
        };
        Ok(Self {
            peppers: ring("peppers", PEPPER_BYTES)?,
            totp_keys: ring("totp_keys", SEALING_KEY_BYTES)?,
            signing_keys: ring("signing_keys", SIGNING_KEY_BYTES)?,
            certificate_authority: Some(CertificateAuthority::generate(now_us)?),
        })
    }

    /// Reads the secrets. An own file that does not exist yet is made; an existing one is never written over.
    pub fn load_or_create(source: &SecretsSource, now_us: i64) -> Result<Self, SecretsError> {
        match source {
            SecretsSource::Inline(json) => Self::from_json(json),
            SecretsSource::ProvidedFile(path) => Self::read(path),
            SecretsSource::OwnFile(path) => match Self::read(path) {
                Err(SecretsError::File { source, .. })
                    if source.kind() == io::ErrorKind::NotFound =>
                {
                    Self::create(path, now_us)
                }
                outcome => outcome,
            },
        }
    }

    /// Reads the secrets from JSON.
    pub fn from_json(json: &str) -> Result<Self, SecretsError> {
        let malformed = |error: serde_json::Error| SecretsError::Malformed {
            line: error.line(),
            column: error.column(),
        };
        let format: StoredFormat = serde_json::from_str(json).map_err(malformed)?;
        if format.format != FORMAT {
            return Err(SecretsError::UnknownFormat(format.format));
        }
        let stored: StoredSecrets = serde_json::from_str(json).map_err(malformed)?;
        let certificate_authority = stored
            .certificate_authority
            .map(|stored| {
                CertificateAuthority::from_pem(&stored.certificate, &stored.private_key.0)
            })
            .transpose()?;
        Ok(Self {
            peppers: read_ring("peppers", &stored.peppers)?,
            totp_keys: read_ring("totp_keys", &stored.totp_keys).and_then(|ring| {
                ring.require_length(SEALING_KEY_BYTES)
                    .map_err(|source| SecretsError::Key { list: "totp_keys", source })
            })?,
            signing_keys: read_ring("signing_keys", &stored.signing_keys)?,
            certificate_authority,
        })
    }

    /// The secrets in JSON, for the file only.
    pub fn to_json(&self) -> Zeroizing<String> {
        let stored = StoredSecrets {
            format: FORMAT,
            peppers: write_ring(&self.peppers),
            totp_keys: write_ring(&self.totp_keys),
            signing_keys: write_ring(&self.signing_keys),
            certificate_authority: self.certificate_authority.as_ref().map(|authority| {
                StoredAuthority {
                    certificate: authority.certificate_pem(),
                    private_key: SecretText(authority.private_key_pem().to_string()),
                }
            }),
        };
        match serde_json::to_string_pretty(&stored) {
            Ok(json) => Zeroizing::new(json + "\n"),
            Err(_) => unreachable!("strings and numbers always have a JSON form"),
        }
    }

    fn read(path: &Path) -> Result<Self, SecretsError> {
        let file_error = |source| SecretsError::File { path: path.to_owned(), source };
        refuse_readable_by_others(path)?;
        let json = std::fs::read_to_string(path).map(Zeroizing::new).map_err(file_error)?;
        Self::from_json(&json)
    }

    fn create(path: &Path, now_us: i64) -> Result<Self, SecretsError> {
        let secrets = Self::generate(now_us)?;
        match write_private_file(path, secrets.to_json().as_bytes(), Existing::Keep) {
            Ok(()) => Ok(secrets),
            // Another process was faster; its secrets are the ones.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::read(path),
            Err(source) => Err(SecretsError::File { path: path.to_owned(), source }),
        }
    }
}

#[cfg(unix)]
fn refuse_readable_by_others(path: &Path) -> Result<(), SecretsError> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(path)
        .map_err(|source| SecretsError::File { path: path.to_owned(), source })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(SecretsError::ReadableByOthers { path: path.to_owned(), mode })
    }
}

#[cfg(not(unix))]
fn refuse_readable_by_others(_path: &Path) -> Result<(), SecretsError> {
    // Other systems have no mode bits; the directory's access list protects the file.
    Ok(())
}

#[derive(Deserialize)]
struct StoredFormat {
    format: u32,
}

/// Text that is cleared when dropped.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
struct SecretText(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSecrets {
    format: u32,
    peppers: Vec<StoredKey>,
    totp_keys: Vec<StoredKey>,
    signing_keys: Vec<StoredKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate_authority: Option<StoredAuthority>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    id: String,
    key: SecretText,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredAuthority {
    certificate: String,
    private_key: SecretText,
}

fn read_ring(list: &'static str, stored: &[StoredKey]) -> Result<KeyRing, SecretsError> {
    stored
        .iter()
        .map(|stored| SymmetricKey::from_base64(KeyId::new(stored.id.clone())?, &stored.key.0))
        .collect::<Result<Vec<_>, _>>()
        .and_then(KeyRing::new)
        .map_err(|source| SecretsError::Key { list, source })
}

fn write_ring(ring: &KeyRing) -> Vec<StoredKey> {
    ring.iter()
        .map(|key| StoredKey {
            id: key.id().to_string(),
            key: SecretText(key.to_base64().to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests;
