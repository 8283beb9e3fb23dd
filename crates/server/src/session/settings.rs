//! How long sessions last.

use recado_protocol::Timestamp;

use crate::identity::refresh::FamilyState;
use crate::storage::session::{EndReason, StoredSession};

/// How long an access token is good where nothing else is said, in seconds.
pub const ACCESS_TOKEN_S: u32 = 300;
/// How long a ticket for the live stream is good, in seconds.
pub const LIVE_TICKET_S: u32 = 30;
/// How often the use of a session by its stream is noted, in seconds.
pub(super) const USE_NOTED_EVERY_S: i64 = 15 * 60;
/// How long a token that ran out is kept, so that it still answers that it ran out, in seconds.
pub(super) const EXPIRED_KEPT_S: i64 = 86_400;
/// How long an ended session stays in the list of sessions, in seconds.
pub(super) const ENDED_KEPT_S: i64 = 90 * 86_400;

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSettings {
    /// How long an access token is good, in seconds.
    pub access_s: u32,
    /// A session that was not refreshed for this long ends, in seconds.
    pub idle_s: i64,
    /// A session that is this old ends, in seconds.
    pub absolute_s: i64,
}

impl Default for SessionSettings {
    /// Access tokens for [`ACCESS_TOKEN_S`]; 12 hours without use; 30 days in all.
    fn default() -> Self {
        Self { access_s: ACCESS_TOKEN_S, idle_s: 12 * 3_600, absolute_s: 30 * 86_400 }
    }
}

impl SessionSettings {
    /// Why a session gives no access any more, or `None` while it does.
    #[must_use]
    pub fn end_reason(&self, session: &StoredSession, now: Timestamp) -> Option<EndReason> {
        if session.family.state == FamilyState::Revoked {
            Some(session.end_reason.unwrap_or(EndReason::SignedOut))
        } else if session.created_at.plus_seconds(self.absolute_s) <= now {
            Some(EndReason::TooOld)
        } else if session.last_used_at.plus_seconds(self.idle_s) <= now {
            Some(EndReason::Idle)
        } else {
            None
        }
    }
}
