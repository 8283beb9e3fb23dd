//! Signing in, sessions and their refresh.

use serde::{Deserialize, Serialize};

use crate::id::{SessionId, TeammateId, WorkspaceId};
use crate::time::Timestamp;

/// What a client tells about the machine it runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Device {
    /// Made once per installation, 16 random bytes as hexadecimal digits.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// The operating system.
    pub system: String,
    /// The client's version.
    pub app_version: String,
}

/// `GET /v1/server`: what may be known before signing in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ServerInfo {
    /// The workspace that this address serves.
    pub workspace_id: WorkspaceId,
    /// Its name.
    pub workspace_name: String,
    /// The server's version.
    pub version: String,
    /// The server's clock, by which codes are checked.
    pub server_time: Timestamp,
}

/// `POST /v1/sign-in`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SignInRequest {
    /// The address; case does not matter.
    pub email: String,
    /// The password.
    pub password: String,
    /// The machine.
    pub device: Device,
}

impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInRequest").finish_non_exhaustive()
    }
}

/// Answer to `POST /v1/sign-in`: the password is right, the second factor is due.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SignInStep {
    /// Names this sign-in for its next step.
    pub flow: String,
    /// How long the next step is awaited, in seconds.
    pub expires_in_s: u32,
    /// The server's clock, by which the code is checked.
    pub server_time: Timestamp,
}

impl std::fmt::Debug for SignInStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInStep").finish_non_exhaustive()
    }
}

/// `POST /v1/sign-in/totp`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct TotpRequest {
    /// From [`SignInStep`].
    pub flow: String,
    /// Six digits.
    pub code: String,
    /// SHA-256 of the refresh secret that the client has made and stored, base64url without
    /// padding.
    pub refresh_hash: String,
}

impl std::fmt::Debug for TotpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TotpRequest").finish_non_exhaustive()
    }
}

/// A session: answer to the last step of a sign-in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Session {
    /// The session.
    pub session_id: SessionId,
    /// Who signed in.
    pub teammate_id: TeammateId,
    /// To be sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// How long the access token is good, in seconds.
    pub expires_in_s: u32,
    /// The server's clock.
    pub server_time: Timestamp,
    /// Whether the teammate has to set up an authenticator of their own before anything else.
    #[serde(default)]
    pub must_set_up_authenticator: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

/// `POST /v1/session/refresh`. The client has stored both secrets before it asks; the same proposal
/// may be repeated until the next secret has been used.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct RefreshRequest {
    /// The session.
    pub session_id: SessionId,
    /// The current refresh secret.
    pub refresh: String,
    /// SHA-256 of the secret that shall follow, base64url without padding.
    pub next_hash: String,
}

impl std::fmt::Debug for RefreshRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshRequest")
            .field("session_id", &self.session_id)
            .finish_non_exhaustive()
    }
}
