//! What can go wrong in signing in and in sessions.

use recado_protocol::error::{ApiError, ErrorCode};

use crate::gate::TooManyAttempts;
use crate::storage::DbError;
use crate::storage::session::EndReason;

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The address or the password is wrong, or the account is not in use: one answer for all, so that it tells nothing
    /// about who has an account.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// The code is wrong or was used before.
    #[error("the code is wrong or was used before")]
    InvalidCode,
    /// The sign-in took too long, or is unknown.
    #[error("the sign-in took too long")]
    SignInExpired,
    /// The limiter refused.
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    /// A field cannot be taken.
    #[error("{0}")]
    InvalidValue(&'static str),
    /// The request was overtaken by a later one of the same session.
    #[error("a later refresh of this session was answered first")]
    Overtaken,
    /// There is no session, or it has ended.
    #[error("there is no session, or it has ended")]
    SessionEnded,
    /// The session has ended, for a reason that its holder is told.
    #[error("the session has ended: {}", .0.name())]
    SessionEndedBecause(EndReason),
    /// The session has ended, and its machine is to erase its copy.
    #[error("the session has ended, and its machine is to erase its copy")]
    SessionWiped,
    /// The second factor has to be shown again.
    #[error("the second factor has to be shown again")]
    StepUpRequired,
    /// The workspace asks for an authenticator of one's own first.
    #[error("an authenticator of one's own has to be set up first")]
    AuthenticatorRequired,
    /// The new password is not accepted.
    #[error("the new password is not accepted")]
    PasswordRefused,
    /// It does not exist, or is not the caller's.
    #[error("it does not exist, or is not the caller's")]
    NotFound,
    /// The access token has run out.
    #[error("the access token has run out")]
    AccessTokenExpired,
    /// The channel key is unknown.
    #[error("the channel key is unknown")]
    InvalidChannelKey,
    /// A single sign-on that cannot be trusted.
    #[error("the single sign-on cannot be trusted")]
    SsoFailed,
    /// Single sign-on is the only way in.
    #[error("single sign-on is the only way in")]
    SsoOnly,
    /// The provider's or the workspace's rules do not let this person in.
    #[error("the single sign-on is not allowed")]
    SsoDenied,
    /// The provider does not answer as it should.
    #[error("the identity provider is not available")]
    SsoUnavailable,
    /// There is no such provider.
    #[error("there is no such provider")]
    NoSuchProvider,
    /// The personal link is unknown, was used or withdrawn, or has run out: one answer for all.
    #[error("the personal link is not valid")]
    PersonalLinkInvalid,
    /// There is no such open link.
    #[error("there is no such link")]
    NoSuchLink,
    /// The role does not allow it.
    #[error("the role does not allow it")]
    PermissionDenied(&'static str),
    /// Too many passwords wait to be checked.
    #[error("the server is busy")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Something in the server failed. The text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl AuthError {
    /// The answer on the wire; `None` for what only the log may tell.
    #[must_use]
    pub fn answer(&self) -> Option<ApiError> {
        let (code, message) = match self {
            Self::InvalidCredentials => (
                ErrorCode::InvalidCredentials,
                "The e-mail address or the password is wrong. Try again.",
            ),
            Self::InvalidCode => (
                ErrorCode::InvalidCode,
                "The code is wrong or was used before. Wait for the next one.",
            ),
            Self::SignInExpired => {
                (ErrorCode::SignInExpired, "The sign-in took too long. Start again.")
            }
            Self::TooManyAttempts(refusal) => return Some((*refusal).into()),
            Self::InvalidValue(message) => (ErrorCode::InvalidValue, *message),
            Self::Overtaken => (
                ErrorCode::IdempotencyConflict,
                "A later refresh of this session was answered first. Use what it brought.",
            ),
            Self::SessionEnded => {
                (ErrorCode::SessionEnded, "There is no session, or it has ended. Sign in.")
            }
            Self::SessionEndedBecause(reason) => {
                let error =
                    ApiError::new(ErrorCode::SessionEnded, "The session has ended. Sign in.");
                return Some(ApiError { session_end: reason.told(), ..error });
            }
            Self::SessionWiped => (
                ErrorCode::SessionWiped,
                "The session has ended, and what lies on this machine is to be erased.",
            ),
            Self::StepUpRequired => (
                ErrorCode::StepUpRequired,
                "Show a code of the authenticator first, with `POST /v1/session/step-up`.",
            ),
            Self::AuthenticatorRequired => (
                ErrorCode::AuthenticatorRequired,
                "Set up an authenticator of your own first, with `POST /v1/account/authenticator`.",
            ),
            Self::PasswordRefused => (
                ErrorCode::PasswordRefused,
                "The password is too easy to guess, or too short. Choose another.",
            ),
            Self::NotFound => (ErrorCode::NotFound, "There is no such session."),
            Self::AccessTokenExpired => (
                ErrorCode::AccessTokenExpired,
                "The access token has run out. Refresh the session.",
            ),
            Self::InvalidChannelKey => (
                ErrorCode::InvalidChannelKey,
                "The channel key is unknown. Make one with `recado-server channel add`.",
            ),
            Self::SsoFailed => (
                ErrorCode::SsoFailed,
                "The single sign-on did not come to a good end. Start it again from the app.",
            ),
            Self::SsoOnly => (
                ErrorCode::SsoOnly,
                "This workspace lets people in by single sign-on. Continue with your company's sign-in.",
            ),
            Self::SsoDenied => (
                ErrorCode::SsoDenied,
                "Your company's sign-in does not let you into this workspace. Ask an admin.",
            ),
            Self::SsoUnavailable => (
                ErrorCode::SsoUnavailable,
                "Your company's sign-in does not answer. Try again in a moment; if it goes on, ask an admin.",
            ),
            Self::NoSuchProvider => {
                (ErrorCode::NotFound, "There is no such sign-in any more. Start again.")
            }
            Self::PersonalLinkInvalid => (
                ErrorCode::PersonalLinkInvalid,
                "This link was used, was withdrawn or has run out. If you have finished with it, sign in; \
                 otherwise ask an admin for a new one.",
            ),
            Self::NoSuchLink => {
                (ErrorCode::NotFound, "There is no such link that could still be used.")
            }
            Self::PermissionDenied(message) => (ErrorCode::PermissionDenied, *message),
            Self::Busy => (ErrorCode::Overloaded, "The server is busy. Try again in a moment."),
            Self::Db(_) | Self::Internal(_) => return None,
        };
        Some(ApiError::new(code, message))
    }
}
