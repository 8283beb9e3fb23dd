//! How well a workspace is protected: simple steps, each looked at whenever somebody asks.

use serde::{Deserialize, Serialize};

use crate::id::TeammateId;
use crate::time::Timestamp;

/// How many teammates a step names at most.
pub const MAX_NAMED: usize = 50;
/// Fewer recovery codes than these are few.
pub const FEW_RECOVERY_CODES: u32 = 3;
/// For how long a machine with a copy is not used before it is in question, in seconds.
pub const UNUSED_S: i64 = 30 * 24 * 3_600;
/// A longer offline lease than this is long, in seconds.
pub const LONG_LEASE_S: u32 = 24 * 3_600;

/// Something that makes a workspace harder to break into.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SecurityStep {
    /// Everybody has replaced the authenticator that was handed over with the account.
    OwnAuthenticator,
    /// Everybody has replaced the password that was handed over with the account.
    OwnPassword,
    /// Everybody has at least [`FEW_RECOVERY_CODES`] recovery codes left.
    RecoveryCodes,
    /// Every role is asked for an authenticator of its own.
    FactorRequired,
    /// Single sign-on is the only way in, but for the owner.
    SsoOnly,
    /// A second admin can help when the first one cannot.
    SecondAdmin,
    /// No more than two teammates, or a fifth of all, are admins.
    FewAdmins,
    /// A copy is shown without the server for no more than [`LONG_LEASE_S`].
    ShortLease,
    /// No machine holds a copy that was not used for [`UNUSED_S`].
    UnusedCopies,
    /// Of every sign-in where its account was not known, somebody has said what it was.
    UnseenSignIns,
    /// A step of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct StepState {
    /// The step.
    pub step: SecurityStep,
    /// Whether nothing is left to do.
    pub done: bool,
    /// How many people or machines it is open for.
    pub open: u32,
    /// How many it is about in all.
    pub of: u32,
    /// Whom it is open for, [`MAX_NAMED`] at most.
    pub teammate_ids: Vec<TeammateId>,
}

/// `GET /v1/security/checkup`: every step, in the order in which they are worth taking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct SecurityCheckup {
    /// The steps.
    pub steps: Vec<StepState>,
    /// When they were looked at.
    pub looked_at: Timestamp,
}
