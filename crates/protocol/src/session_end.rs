//! Why a session has ended, as its holder is told.

use serde::{Deserialize, Serialize};

/// Why the server ended a session. It is told to nobody but who holds a secret of that session.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SessionEndReason {
    /// It was not used for too long.
    Idle,
    /// It was as old as a session may become.
    TooOld,
    /// Somebody else used a secret of it.
    RefreshReused,
    /// The account is not in use any more.
    AccountDisabled,
    /// The password or the second factor was changed.
    CredentialsChanged,
    /// Its owner ended it from another machine.
    EndedElsewhere,
    /// An admin ended it.
    EndedByAdmin,
    /// The company's own sign-in has ended it.
    ProviderEnded,
    /// It began with a password, and single sign-on has become the only way in.
    SsoRequired,
    /// A reason of a newer server that this program does not know. It is never sent.
    #[serde(other)]
    Unknown,
}
