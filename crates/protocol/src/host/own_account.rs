//! One's own account: sessions, password, authenticator, recovery codes.

use serde::{Deserialize, Serialize};

use crate::id::{SessionId, TeammateId};

/// A recovery code in place of a code of the authenticator.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct RecoveryCodeRequest {
    /// As it was written down; case, spaces and hyphens do not matter.
    pub code: String,
}

impl std::fmt::Debug for RecoveryCodeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCodeRequest")
    }
}

/// A passphrase for the app lock.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct AppLockRequest {
    /// The one that is set.
    pub passphrase: String,
    /// The one that was set before, where there is one.
    pub current: Option<String>,
}

impl std::fmt::Debug for AppLockRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppLockRequest")
    }
}

/// Whose sessions are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SessionsRequest {
    /// Another teammate, for an admin; one's own where it is absent.
    pub teammate_id: Option<TeammateId>,
}

/// Which sessions are to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SessionsEndRequest {
    /// Whose they are, for an admin; one's own where it is absent.
    pub teammate_id: Option<TeammateId>,
    /// Which.
    pub session_ids: Vec<SessionId>,
    /// Whether their machines also erase their copies.
    pub wipe: bool,
}

/// An authenticator that is being set up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct AuthenticatorPicture {
    /// The secret in base32, for typing it in.
    pub secret: String,
    /// The rows of a QR code (ISO/IEC 18004) from top to bottom, `1` for a dark module, without the
    /// quiet zone.
    pub rows: Vec<String>,
    /// How long the first code is awaited, in seconds.
    pub expires_in_s: u32,
}

impl std::fmt::Debug for AuthenticatorPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthenticatorPicture")
    }
}

/// A file that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct SavedFile {
    /// Where it lies.
    pub path: String,
}
