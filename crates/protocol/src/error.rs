//! Errors: a closed code for programs and a sentence for people.

use serde::{Deserialize, Serialize};

use crate::session_end::SessionEndReason;

/// Every reason for which something can fail. Programs compare codes, never sentences; the UI has a
/// translation for each.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    // What was asked.
    /// The request could not be read.
    InvalidRequest,
    /// A field has a value that is not accepted.
    InvalidValue,
    /// A message is longer than is taken.
    TooLarge,
    /// It does not exist, or may not be seen.
    NotFound,
    /// The role lacks the permission.
    PermissionDenied,
    /// The same command id or idempotency key came with other content.
    IdempotencyConflict,
    /// The command that this one follows was not applied.
    PredecessorNotApplied,
    /// The command is older than the time for which its outcome is kept.
    CommandExpired,
    /// The client is too old for this server.
    ClientTooOld,

    // Signing in and sessions.
    /// The e-mail address or the password is wrong.
    InvalidCredentials,
    /// The code is wrong, was used before or has run out.
    InvalidCode,
    /// The sign-in took too long and starts again.
    SignInExpired,
    /// Too many attempts; `retry_after_s` says when the next one is heard.
    TooManyAttempts,
    /// There is no session, or it has ended.
    SessionEnded,
    /// The session has ended, and its machine is to erase its copy.
    SessionWiped,
    /// The second factor has to be shown again first.
    StepUpRequired,
    /// The workspace asks for an authenticator of one's own first.
    AuthenticatorRequired,
    /// The new password is too easy to guess, or too short.
    PasswordRefused,
    /// The access token has run out; a refresh brings the next.
    AccessTokenExpired,
    /// The channel key is unknown.
    InvalidChannelKey,
    /// The single sign-on did not come to an end that can be trusted; it starts again.
    SsoFailed,
    /// The workspace lets people in by single sign-on alone.
    SsoOnly,
    /// The identity provider, or the workspace's rules about it, do not let this person in.
    SsoDenied,
    /// The identity provider does not answer as it should.
    SsoUnavailable,
    /// The personal link is unknown, or was used, withdrawn or has run out: one code for all.
    PersonalLinkInvalid,

    // The way to the server.
    /// The server cannot be reached.
    Unreachable,
    /// The server's certificate is not trusted.
    UntrustedCertificate,
    /// This machine's clock is too far from the server's.
    ClockSkew,
    /// The server is busy.
    Overloaded,
    /// The server failed; nothing was changed.
    Internal,
    /// The join link cannot be read.
    InvalidJoinLink,
    /// The change log's cursor is too old or from before a restore.
    CursorGone,

    // This machine.
    /// The keychain is locked.
    KeychainLocked,
    /// There is no keychain.
    KeychainMissing,
    /// The keychain refused.
    KeychainDenied,
    /// The keychain did not answer in time.
    KeychainTimeout,
    /// The keychain's item does not fit this machine's data.
    KeychainMismatch,
    /// The app is locked: its passphrase has not been given.
    AppLocked,
    /// What this machine keeps lies behind a passphrase, which has not been given.
    VaultLocked,
    /// It is not the passphrase that was set.
    WrongPassphrase,
    /// The cache on this machine is damaged.
    CacheDamaged,
    /// The outbox on this machine is damaged.
    OutboxDamaged,
    /// The data on this machine was written by a newer Recado.
    DataTooNew,
    /// The disk is full.
    DiskFull,
    /// The disk cannot be read or written.
    DiskFailed,
    /// The offline lease has ended; the server must be asked first.
    LeaseEnded,
    /// Another Recado runs on the same data.
    AlreadyRunning,
    /// The organisation's policy for this machine does not allow it.
    PolicyForbids,
    /// The organisation's policy for this machine cannot be read.
    PolicyInvalid,
    /// The link may not be opened.
    LinkRefused,
    /// Something in this program failed.
    ClientFailed,

    /// A code of a newer server that this client does not know.
    #[serde(other)]
    Unknown,
}

/// An error on the wire: the body of every HTTP answer that is not a success.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
    thiserror::Error,
)]
#[error("{message}")]
pub struct ApiError {
    /// For programs.
    pub code: ErrorCode,
    /// For people who read English: what happened and what to do next.
    pub message: String,
    /// When to try again, in seconds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// Names this failure in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Why the session has ended, where that is what is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_end: Option<SessionEndReason>,
}

impl ApiError {
    /// An error without further facts.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after_s: None,
            correlation_id: None,
            session_end: None,
        }
    }
}
