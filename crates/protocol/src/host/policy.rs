//! What the organisation's IT has fixed on this machine.

use serde::{Deserialize, Serialize};

use super::LinkText;

/// A way to prove who one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum LoginMethod {
    /// The account's password and its second factor.
    Password,
    /// The company's own sign-in, by OpenID Connect.
    Oidc,
}

/// A server that the organisation has set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct ManagedServer {
    /// What the organisation calls it.
    pub name: String,
    /// Its join link, which is nobody's personal one.
    pub link: LinkText,
}

/// What the organisation's IT has fixed on this machine. Nothing of it can be changed in the app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct ManagedPolicy {
    /// The servers to choose from.
    pub servers: Vec<ManagedServer>,
    /// Whether no other server may be joined.
    pub server_list_locked: bool,
    /// The ways to sign in; absent where all are left open.
    pub login_methods: Option<Vec<LoginMethod>>,
    /// Whether secrets may lie in the system's keychain only.
    pub require_system_keychain: bool,
    /// The files that say so, in the order in which they were read. Without one nothing is managed.
    pub files: Vec<String>,
}

impl ManagedPolicy {
    /// Whether people may sign in like this.
    #[must_use]
    pub fn allows(&self, method: LoginMethod) -> bool {
        self.login_methods.as_ref().is_none_or(|allowed| allowed.contains(&method))
    }
}
