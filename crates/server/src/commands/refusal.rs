//! Why a command was refused.

use std::borrow::Cow;

use recado_protocol::policy::Denial;
use recado_protocol::{CommandOutcome, ErrorCode};

use crate::core::CoreError;

/// Why a command was refused. It is kept as the command's outcome.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: Cow<'static, str>,
    /// Whether the audit hears of it.
    pub(super) denied: bool,
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), denied: false }
    }

    pub(super) fn invalid(message: &'static str) -> Self {
        Self::new(ErrorCode::InvalidValue, message)
    }

    pub(super) fn not_found() -> Self {
        let message = "The conversation does not exist, or is not yours to see.";
        Self::new(ErrorCode::NotFound, message)
    }

    pub(super) fn conflict() -> Self {
        let message = "A command with this id was sent before and did something else.";
        Self::new(ErrorCode::IdempotencyConflict, message)
    }

    pub(super) fn predecessor() -> Self {
        let message = "The command that comes before this one was not applied.";
        Self::new(ErrorCode::PredecessorNotApplied, message)
    }

    pub(super) fn expired() -> Self {
        let message = "This is too old to be sent; look at the conversation and do it again.";
        Self::new(ErrorCode::CommandExpired, message)
    }

    pub(super) fn clock_ahead() -> Self {
        let message = "The clock of your computer is more than a day ahead; set it right, then do this again.";
        Self::new(ErrorCode::ClockSkew, message)
    }

    pub(super) fn no_time_in_id() -> Self {
        let message = "The command's id is not a UUIDv7, so its age is unknown; do this again.";
        Self::new(ErrorCode::InvalidValue, message)
    }

    pub(super) fn denied(denial: Denial) -> Self {
        let refusal = match denial {
            Denial::OutOfScope | Denial::NotActive => Self::not_found(),
            Denial::MissingPermission { permission } => Self::new(
                ErrorCode::PermissionDenied,
                format!("Your role lacks the permission {}; ask an admin.", permission.name()),
            ),
        };
        Self { denied: true, ..refusal }
    }

    pub(super) fn into_outcome(self) -> CommandOutcome {
        CommandOutcome::Refused { code: self.code, message: self.message.into_owned() }
    }
}

impl From<CoreError> for Refusal {
    fn from(error: CoreError) -> Self {
        let error = error.to_api();
        Self::new(error.code, error.message)
    }
}
