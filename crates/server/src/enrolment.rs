//! Personal links: an invitation makes a teammate, a reset lets one set what they sign in with anew. Whoever opens one
//! shows its secret at each step; nothing counts before the last one, and no step leads around a factor.

mod complete;
mod letter;
mod make;
mod open;
mod password;

use std::sync::Arc;

use recado_protocol::Timestamp;

use crate::identity::password::PasswordPolicy;
use crate::identity::totp::TotpSealer;
use crate::session::{AuthError, Sessions, Trail};
use crate::sign_in::HashingPool;

pub use make::{Made, NewInvitation, ResetOf};

/// The personal links of a workspace.
#[derive(Clone)]
pub struct Enrolments {
    sessions: Sessions,
    hashing: HashingPool,
    sealer: Arc<TotpSealer>,
    passwords: Arc<PasswordPolicy>,
}

impl Enrolments {
    /// The links whose accounts lie behind these sessions.
    #[must_use]
    pub fn new(
        sessions: Sessions,
        hashing: HashingPool,
        sealer: Arc<TotpSealer>,
        passwords: Arc<PasswordPolicy>,
    ) -> Self {
        Self { sessions, hashing, sealer, passwords }
    }

    fn trail(&self, now: Timestamp) -> Trail {
        Trail::new(&self.sessions.core, self.sessions.workspace_id, now)
    }
}

fn internal(error: impl std::fmt::Display) -> AuthError {
    AuthError::Internal(error.to_string())
}
