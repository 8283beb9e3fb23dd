//! Personal links, as somebody goes through one, and as an admin makes them.

use serde::{Deserialize, Serialize};

use crate::enrolment::{EnrolmentKind, LetterLanguage};
use crate::id::{EnrolmentId, TeammateId};
use crate::time::Timestamp;

/// The text of a join link. It may hold the secret of a personal one, so it never prints itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct LinkText(pub String);

impl std::fmt::Debug for LinkText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkText")
    }
}

/// A personal link that somebody has opened, in the phase `enrol`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct EnrolmentState {
    /// What the link is for.
    pub kind: EnrolmentKind,
    /// Who made it; absent for the server's console.
    pub invited_by: Option<String>,
    /// The address to sign in with.
    pub email: String,
    /// The name.
    pub name: String,
    /// Until when the link is good.
    pub expires_at: Timestamp,
    /// What comes next.
    pub stage: EnrolmentStage,
}

/// Where somebody stands who goes through a personal link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentStage {
    /// Name and password are chosen.
    Password,
    /// The authenticator is set up and shown.
    Authenticator,
    /// The present authenticator is shown.
    Code,
    /// The account is the person's; the recovery codes are to be kept.
    RecoveryCodes,
}

/// Chooses name and password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct EnrolmentPasswordRequest {
    /// The name; a reset leaves the present one.
    pub name: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for EnrolmentPasswordRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnrolmentPasswordRequest")
    }
}

/// Shows the second factor that completes a personal link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct EnrolmentCodeRequest {
    /// Six digits, or a recovery code.
    pub code: String,
    /// Whether it is a recovery code, in place of the present authenticator.
    pub recovery: bool,
}

impl std::fmt::Debug for EnrolmentCodeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnrolmentCodeRequest")
    }
}

/// Lets a teammate set anew what they sign in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct PersonalLinkResetRequest {
    /// Whose.
    pub teammate_id: TeammateId,
    /// Whether the authenticator is lost as well.
    pub authenticator: bool,
    /// As in [`InviteRequest`](crate::enrolment::InviteRequest).
    pub expires_in_s: Option<u32>,
    /// The language of the letter.
    pub language: LetterLanguage,
}

/// Withdraws a personal link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct PersonalLinkRevokeRequest {
    /// Which.
    pub id: EnrolmentId,
}
