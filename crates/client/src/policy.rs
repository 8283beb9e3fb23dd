//! What the organisation's IT has fixed on this machine, and where it says so.
//!
//! The keys are the same on every system; `docs/policy.md` tells what each is for. A policy that cannot
//! be read stops the program: going on without it would undo what somebody has decided.

use std::path::PathBuf;

use recado_protocol::host::{LinkText, LoginMethod, ManagedPolicy, ManagedServer};
use recado_protocol::{ErrorCode, JoinLink};
use serde_json::{Map, Value};
use tracing::warn;

#[cfg(unix)]
mod folder;
#[cfg(unix)]
pub use folder::PolicyFolder;

/// The longest name of a server, in characters.
const MAX_NAME_CHARS: usize = 80;

/// Where this machine's policy is read from.
pub trait PolicySource: Send + Sync {
    /// Reads it anew.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] for whatever is not a policy from one end to the other.
    fn read(&self) -> Result<ManagedPolicy, PolicyError>;
}

/// A policy that is known already; the default one leaves everything open.
impl PolicySource for ManagedPolicy {
    fn read(&self) -> Result<ManagedPolicy, PolicyError> {
        Ok(self.clone())
    }
}

/// Why a policy was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file or its folder cannot be read.
    #[error("{} cannot be read ({source})", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Others than the administrator could have written it.
    #[error(
        "{} may be written by others than the administrator; have it belong to root, writable for \
         nobody else",
        .0.display()
    )]
    Untrusted(PathBuf),
    /// A file is not one JSON object.
    #[error("{} is not a JSON object ({reason})", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A key has a value that it cannot have.
    #[error("{}: {key} {reason}", path.display())]
    InvalidValue {
        /// In which file.
        path: PathBuf,
        /// Which key.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl PolicyError {
    /// The code for programs.
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::PolicyInvalid
    }
}

/// Takes one file's keys over into a policy. A key that stands in a later file again counts from there.
fn apply(
    policy: &mut ManagedPolicy,
    path: PathBuf,
    keys: Map<String, Value>,
) -> Result<(), PolicyError> {
    for (name, value) in keys {
        let invalid =
            |key, reason: String| PolicyError::InvalidValue { path: path.clone(), key, reason };
        match name.as_str() {
            "Servers" => {
                policy.servers = servers(value).map_err(|reason| invalid("Servers", reason))?;
            }
            "ServerListLocked" => {
                policy.server_list_locked =
                    flag(&value).map_err(|reason| invalid("ServerListLocked", reason))?;
            }
            "LoginMethods" => {
                let methods = methods(value).map_err(|reason| invalid("LoginMethods", reason))?;
                policy.login_methods = Some(methods);
            }
            "RequireSystemKeychain" => {
                policy.require_system_keychain =
                    flag(&value).map_err(|reason| invalid("RequireSystemKeychain", reason))?;
            }
            // One policy may serve machines with older and newer programs.
            _ => {
                warn!(key = name, path = %path.display(), "the policy has a key that is not known")
            }
        }
    }
    policy.files.push(path.display().to_string());
    Ok(())
}

/// What no file can be wrong about by itself.
fn check_whole(policy: ManagedPolicy, path: PathBuf) -> Result<ManagedPolicy, PolicyError> {
    if policy.server_list_locked && policy.servers.is_empty() {
        let reason = "is true, and Servers names none".to_owned();
        return Err(PolicyError::InvalidValue { path, key: "ServerListLocked", reason });
    }
    Ok(policy)
}

fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "has to be true or false".to_owned())
}

fn methods(value: Value) -> Result<Vec<LoginMethod>, String> {
    let read = serde_json::from_value::<Vec<LoginMethod>>(value);
    let mut methods =
        read.map_err(|_| "has to be a list of \"password\" and \"oidc\"".to_owned())?;
    methods.sort_unstable();
    methods.dedup();
    if methods.is_empty() {
        return Err("leaves no way to sign in".to_owned());
    }
    Ok(methods)
}

fn servers(value: Value) -> Result<Vec<ManagedServer>, String> {
    let Value::Array(entries) = value else { return Err("has to be a list".to_owned()) };
    let servers = entries.into_iter().map(server).collect::<Result<Vec<_>, _>>()?;
    for (index, one) in servers.iter().enumerate() {
        if servers[..index].iter().any(|other| other.link == one.link) {
            return Err(format!("names the server of {:?} twice", one.name));
        }
    }
    Ok(servers)
}

fn server(entry: Value) -> Result<ManagedServer, String> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = text("name").map(|name| name.trim().to_owned()).unwrap_or_default();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        return Err(format!(
            "has an entry whose \"name\" is not of 1 to {MAX_NAME_CHARS} characters"
        ));
    }
    let link = text("join_link").unwrap_or_default();
    match link.parse::<JoinLink>() {
        Ok(JoinLink { invitation: None, .. }) => Ok(ManagedServer { name, link: LinkText(link) }),
        Ok(_) => Err(format!("has a personal link for {name:?}; it is for one person only")),
        Err(error) => Err(format!("has no usable \"join_link\" for {name:?}: {error}")),
    }
}

/// Whether a server may be joined.
pub(crate) fn may_join(policy: &ManagedPolicy, link: &JoinLink) -> bool {
    let same = |listed: &ManagedServer| {
        listed.link.0.parse::<JoinLink>().is_ok_and(|listed| {
            (&listed.url, listed.workspace_id, &listed.ca_der)
                == (&link.url, link.workspace_id, &link.ca_der)
        })
    };
    !policy.server_list_locked || policy.servers.iter().any(same)
}
