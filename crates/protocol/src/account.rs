//! What the owner of an account sees and changes of it: sessions, password, authenticator, recovery codes.

use serde::{Deserialize, Serialize};

use crate::id::SessionId;
use crate::time::Timestamp;

/// How many recovery codes there are after they were made.
pub const RECOVERY_CODES: u32 = 10;
/// For how long a second factor that was shown lets dangerous things be done, in seconds.
pub const STEP_UP_S: u32 = 300;
/// How many sessions one request may end.
pub const MAX_SESSIONS_PER_REQUEST: usize = 200;

/// Whether a session gives access.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SessionStanding {
    /// It does.
    Active,
    /// It does not any more. Its machine may still hold a copy, which opens only after signing in
    /// there again.
    Ended,
    /// Its machine is to erase its copy, and has not said yet that it did.
    WipePending,
    /// Its machine has said that its copy is erased.
    Wiped,
    /// A standing of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

/// One sign-in on one machine, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SessionInfo {
    /// The session.
    pub session_id: SessionId,
    /// What the machine is called.
    pub device_name: String,
    /// Its operating system.
    pub system: String,
    /// The version of the client.
    pub app_version: String,
    /// The network address that it was last refreshed from, where that is known.
    pub address: Option<String>,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Timestamp,
    /// Whether it is the session that asks.
    pub current: bool,
    /// Whether it began on a machine where the account was not known, and nobody has said in another session that this was
    /// right, or has ended it.
    #[serde(default)]
    pub unseen: bool,
    /// Whether it gives access.
    pub standing: SessionStanding,
}

/// `GET /v1/sessions`: the running sessions, and those of the past 90 days whose machines may still
/// hold a copy; the one that was used last comes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SessionList {
    /// The sessions.
    pub sessions: Vec<SessionInfo>,
}

/// `POST /v1/sessions/end`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct EndSessionsRequest {
    /// Which; not the session that asks. At most [`MAX_SESSIONS_PER_REQUEST`].
    pub session_ids: Vec<SessionId>,
    /// Whether their machines shall also erase their copies: at once where they are connected,
    /// otherwise at their next contact. Until then the copy opens as long as the offline lease says.
    pub wipe: bool,
}

/// `POST /v1/sessions/seen`: these sessions are the owner's own doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SeenSessionsRequest {
    /// Which; not the session that asks. At most [`MAX_SESSIONS_PER_REQUEST`].
    pub session_ids: Vec<SessionId>,
}

/// `POST /v1/session/erased`: a machine has erased its copy. Proved by the session's refresh secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ErasedRequest {
    /// The session that was wiped.
    pub session_id: SessionId,
    /// Its last refresh secret.
    pub refresh: String,
}

impl std::fmt::Debug for ErasedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErasedRequest")
            .field("session_id", &self.session_id)
            .finish_non_exhaustive()
    }
}

/// `GET /v1/account/security`: how one's own account is protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct AccountSecurity {
    /// Whether the account has no password and second factor of its own, because a company's own sign-in
    /// vouches for it. What follows is empty then.
    pub by_provider: bool,
    /// Whether a company's own sign-in vouches for the session that asks, so that it is also what shows anew that somebody
    /// is there.
    #[serde(default)]
    pub steps_up_by_provider: bool,
    /// When the password was last changed by its owner; absent while it is the one that was handed
    /// over.
    pub password_changed_at: Option<Timestamp>,
    /// When the authenticator was set up by its owner; absent while it is the one that was handed
    /// over.
    pub authenticator_since: Option<Timestamp>,
    /// Until when the authenticator that was handed over does; absent where no other one is asked for.
    #[serde(default)]
    pub authenticator_due: Option<Timestamp>,
    /// How many recovery codes are left.
    pub recovery_codes_left: u32,
    /// Until when dangerous things may be done without showing the second factor again.
    pub stepped_up_until: Timestamp,
}

/// `POST /v1/session/step-up`: shows the second factor again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct StepUpRequest {
    /// Six digits.
    pub code: String,
}

impl std::fmt::Debug for StepUpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StepUpRequest")
    }
}

/// `POST /v1/account/password/check`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct PasswordCheckRequest {
    /// What somebody thinks of.
    pub password: String,
}

impl std::fmt::Debug for PasswordCheckRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordCheckRequest")
    }
}

/// Why a password is refused. The UI has a sentence for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(tag = "issue", rename_all = "snake_case")]
pub enum PasswordIssue {
    /// It has too few characters.
    TooShort {
        /// How many characters it needs.
        minimum_characters: u32,
    },
    /// It has too many bytes of UTF-8.
    TooLong {
        /// How many bytes it may have.
        maximum_bytes: u32,
    },
    /// It is one of the passwords that everybody tries first, perhaps in disguise.
    Common,
    /// It is little more than the name of the product, the workspace or the account.
    ContainsContext {
        /// The word to leave out.
        word: String,
    },
    /// It repeats one short piece, or uses very few characters.
    Repetitive,
    /// It is mostly alphabet, counting or keyboard walk.
    Sequential,
    /// A reason of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

/// Answer to `POST /v1/account/password/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct PasswordCheck {
    /// Every reason against it; none means that it is accepted.
    pub issues: Vec<PasswordIssue>,
    /// How hard it is to guess, from 0 (at once) to 4 (beyond reach), as zxcvbn counts it.
    pub score: u8,
    /// What makes it easier to guess than it looks, where something does.
    pub hint: Option<PasswordHint>,
}

/// What makes a password easier to guess than it looks, as zxcvbn finds it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PasswordHint {
    /// It walks over the keyboard.
    Keyboard,
    /// It repeats itself.
    Repeat,
    /// It is like one that many people use.
    Common,
    /// It counts or spells the alphabet.
    Sequence,
    /// It holds a date or a year.
    Date,
    /// It is one word.
    Word,
    /// It is a name.
    Name,
    /// A hint of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

/// `POST /v1/account/password`. Every other session of the account ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ChangePasswordRequest {
    /// The present one.
    pub current_password: String,
    /// The one that replaces it.
    pub new_password: String,
}

impl std::fmt::Debug for ChangePasswordRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChangePasswordRequest")
    }
}

/// Answer to `POST /v1/account/recovery-codes`: the codes, which are shown this once. The ones before
/// are good for nothing any more.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct RecoveryCodes {
    /// [`RECOVERY_CODES`] codes, each good once in place of a code of the authenticator.
    pub codes: Vec<String>,
}

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCodes")
    }
}

/// Answer to `POST /v1/account/authenticator`: a new authenticator, which takes the place of the
/// present one once a code of it was shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct AuthenticatorSetup {
    /// The secret in base32, for typing it in.
    pub secret: String,
    /// The secret as an `otpauth://` address, for a picture that an app can read.
    pub otpauth_url: String,
    /// How long the first code is awaited, in seconds.
    pub expires_in_s: u32,
}

impl std::fmt::Debug for AuthenticatorSetup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthenticatorSetup")
    }
}

/// `POST /v1/account/authenticator/confirm`. Every other session of the account ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct ConfirmAuthenticatorRequest {
    /// Six digits of the new authenticator.
    pub code: String,
}

impl std::fmt::Debug for ConfirmAuthenticatorRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConfirmAuthenticatorRequest")
    }
}

/// `POST /v1/sign-in/recovery`: the second step of signing in by a recovery code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct RecoveryRequest {
    /// From [`SignInStep`](crate::identity::SignInStep).
    pub flow: String,
    /// The code; case, spaces and hyphens do not matter.
    pub code: String,
    /// SHA-256 of the refresh secret that the client has made and stored, base64url without
    /// padding.
    pub refresh_hash: String,
}

impl std::fmt::Debug for RecoveryRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryRequest")
    }
}
