//! Answers that are not a success: a code for programs, a sentence for people, and never more than that.

use std::fmt::Display;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use recado_protocol::error::{ApiError, ErrorCode};

use crate::core::CoreError;
use crate::session::AuthError;
use crate::storage::DbError;

/// When a busy server is worth another attempt, in seconds.
const BUSY_RETRY_S: u32 = 1;

/// What a handler fails with.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    error: ApiError,
}

impl Failure {
    /// A failure that the caller can understand.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        ApiError::new(code, message).into()
    }

    /// The same failure under another status.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// A failure of the server itself. The cause goes to the log only, under the number that the answer names.
    pub(crate) fn internal(cause: impl Display) -> Self {
        let correlation_id = correlation_id();
        tracing::error!(%correlation_id, cause = %one_line(&cause.to_string()), "request failed");
        ApiError {
            correlation_id: Some(correlation_id),
            ..ApiError::new(
                ErrorCode::Internal,
                "The server failed. Try again; if it goes on, tell your admin.",
            )
        }
        .into()
    }

    pub(crate) fn busy() -> Self {
        ApiError {
            retry_after_s: Some(BUSY_RETRY_S),
            ..ApiError::new(ErrorCode::Overloaded, "The server is busy. Try again in a moment.")
        }
        .into()
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The error as it goes over the wire.
    pub(crate) fn into_error(self) -> ApiError {
        self.error
    }
}

/// Eight random bytes as hexadecimal digits. Without randomness, a fixed word: the answer matters more than its number.
fn correlation_id() -> String {
    let mut bytes = [0_u8; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Err(_) => "none".to_owned(),
    }
}

/// A text without line breaks and other control characters, so that it cannot pose as another log entry.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The status that goes with a code.
pub(crate) const fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
        ErrorCode::InvalidValue | ErrorCode::PasswordRefused => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::PermissionDenied
        | ErrorCode::StepUpRequired
        | ErrorCode::AuthenticatorRequired
        | ErrorCode::SsoOnly
        | ErrorCode::SsoDenied => StatusCode::FORBIDDEN,
        ErrorCode::IdempotencyConflict
        | ErrorCode::PredecessorNotApplied
        | ErrorCode::CursorGone => StatusCode::CONFLICT,
        ErrorCode::CommandExpired => StatusCode::GONE,
        ErrorCode::ClientTooOld => StatusCode::UPGRADE_REQUIRED,
        ErrorCode::InvalidCredentials
        | ErrorCode::InvalidCode
        | ErrorCode::SignInExpired
        | ErrorCode::SessionEnded
        | ErrorCode::SessionWiped
        | ErrorCode::AccessTokenExpired
        | ErrorCode::InvalidChannelKey
        | ErrorCode::PersonalLinkInvalid
        | ErrorCode::SsoFailed => StatusCode::UNAUTHORIZED,
        ErrorCode::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::SsoUnavailable => StatusCode::BAD_GATEWAY,
        ErrorCode::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        // The others belong to the client's machine and are never sent.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self { status: status_of(error.code), error }
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict | DbError::Unavailable(_) => {
                tracing::warn!(cause = %one_line(&error.to_string()), "database busy");
                Self::busy()
            }
            error => Self::internal(error),
        }
    }
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Busy => Self::busy(),
            AuthError::Db(error) => error.into(),
            AuthError::Internal(cause) => Self::internal(cause),
            error => match error.answer() {
                Some(answer) => answer.into(),
                None => Self::internal(error),
            },
        }
    }
}

impl From<CoreError> for Failure {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Db(error) => error.into(),
            error => error.to_api().into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let retry_after = self.error.retry_after_s;
        let mut response = (self.status, Json(self.error)).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
