//! Why a single sign-on came to nothing.

use std::fmt::Display;

use recado_protocol::ErrorCode;

use crate::core::CoreError;
use crate::gate::TooManyAttempts;
use crate::identity::sealer::SealError;
use crate::identity::token::TokenError;
use crate::session::AuthError;
use crate::storage::DbError;

/// How much of a failure's words is kept, in characters.
const LONGEST_TEXT: usize = 300;

/// Why a single sign-on came to nothing. The texts are for the log and for an admin at the console; people get a sentence
/// by the code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SsoError {
    /// Something about it cannot be trusted, or was used before.
    #[error("{0}")]
    Failed(String),
    /// It took too long, or is unknown.
    #[error("the sign-in took too long")]
    Expired,
    /// The provider vouches, but the person has no business here.
    #[error("{0}")]
    Denied(&'static str),
    /// The provider does not answer as it should.
    #[error("{0}")]
    Unavailable(String),
    /// The limiter refused.
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    /// A field cannot be taken.
    #[error("{0}")]
    InvalidValue(&'static str),
    /// There is no such provider.
    #[error("there is no such provider")]
    NoSuchProvider,
    /// Too many sign-ins wait for their browsers.
    #[error("the server is busy")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Something in the server failed.
    #[error("{0}")]
    Internal(String),
}

impl SsoError {
    pub(super) fn unavailable(cause: &impl Display) -> Self {
        Self::Unavailable(cause.to_string())
    }

    /// A failure in whose words a provider may have had a part: on one line, and not for ever.
    pub(super) fn failed(text: impl Display) -> Self {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        Self::Failed(text.to_string().chars().map(plain).take(LONGEST_TEXT).collect())
    }

    /// What the browser takes back to the app.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Failed(_) | Self::InvalidValue(_) => ErrorCode::SsoFailed,
            Self::Expired => ErrorCode::SignInExpired,
            Self::Denied(_) => ErrorCode::SsoDenied,
            Self::Unavailable(_) => ErrorCode::SsoUnavailable,
            Self::TooManyAttempts(_) => ErrorCode::TooManyAttempts,
            Self::NoSuchProvider => ErrorCode::NotFound,
            Self::Busy => ErrorCode::Overloaded,
            Self::Db(_) | Self::Internal(_) => ErrorCode::Internal,
        }
    }
}

impl From<SealError> for SsoError {
    fn from(error: SealError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<TokenError> for SsoError {
    fn from(error: TokenError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<CoreError> for SsoError {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Db(error) => Self::Db(error),
            error => Self::Internal(error.to_string()),
        }
    }
}

impl From<SsoError> for AuthError {
    fn from(error: SsoError) -> Self {
        match error {
            SsoError::Failed(_) => Self::SsoFailed,
            SsoError::Expired => Self::SignInExpired,
            SsoError::Denied(_) => Self::SsoDenied,
            SsoError::Unavailable(_) => Self::SsoUnavailable,
            SsoError::TooManyAttempts(refusal) => Self::TooManyAttempts(refusal),
            SsoError::InvalidValue(message) => Self::InvalidValue(message),
            SsoError::NoSuchProvider => Self::NoSuchProvider,
            SsoError::Busy => Self::Busy,
            SsoError::Db(error) => Self::Db(error),
            SsoError::Internal(cause) => Self::Internal(cause),
        }
    }
}
