//! Rotation of refresh secrets, with detection of a second holder.
//!
//! The client makes each next secret itself and stores it before it proposes its hash. So an answer that is lost
//! costs nothing: the client repeats the same request. Whoever holds a copy of an older secret must either repeat
//! that exact proposal, or show that there are two of them.

use recado_protocol::{Planted, is_planted};

use super::token::TokenHash;

/// Whether a family of refresh secrets still gives access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FamilyState {
    /// It does.
    Active,
    /// It was ended: by signing out, by an administrator, or because a secret was used twice.
    Revoked,
}

/// All refresh secrets that have followed one sign-in, reduced to what the next decision needs.
///
/// A caller finds the family by the session's id, which is no secret. So a secret that was never one of the family's
/// proves nothing and revokes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshFamily {
    /// The secret that was used last.
    pub current: TokenHash,
    /// What the client has proposed to use next. It becomes current when it is first used.
    pub pending: Option<TokenHash>,
    /// The one before `current`, kept to recognise a request that was overtaken by its own repetition.
    pub previous: Option<TokenHash>,
    /// Whether the family gives access.
    pub state: FamilyState,
}

/// What follows from a presented secret. All but the first two give no access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// The proposal was taken. Store the family, answer with an access token.
    Rotated,
    /// The request repeats one that was taken. Nothing to store; answer with an access token.
    Repeated,
    /// The request was overtaken: its proposal is already in use. Nothing to store, nothing revoked.
    Superseded,
    /// The proposal is one of the family's known secrets. Nothing to store; the request is malformed.
    InvalidProposal,
    /// The secret has a second holder. The family is revoked: store it, end the session, write the audit event.
    ReuseDetected,
    /// The secret was never one of the family's. Nothing to store, nothing revoked; it counts as a guess.
    Unknown,
    /// The family had been revoked before. Nothing to store.
    AlreadyRevoked,
}

impl RefreshOutcome {
    /// Whether an access token is given.
    pub const fn gives_access(self) -> bool {
        matches!(self, Self::Rotated | Self::Repeated)
    }

    /// Whether the family has changed and must be stored before the answer.
    pub const fn must_be_stored(self) -> bool {
        matches!(self, Self::Rotated | Self::ReuseDetected)
    }
}

impl RefreshFamily {
    /// The family that begins with a sign-in.
    pub const fn new(first: TokenHash) -> Self {
        Self { current: first, pending: None, previous: None, state: FamilyState::Active }
    }

    /// Whether the secret is among those by which the family still goes on; of all others only the caller can tell whether
    /// they ever were the family's.
    pub fn knows(&self, presented: TokenHash) -> bool {
        presented == self.current
            || self.pending == Some(presented)
            || self.previous == Some(presented)
    }

    /// Decides about a request that presents one secret and proposes the hash of the next. `was_used` tells whether the
    /// family has used the secret before its current one; each that stops being current is to be remembered for that.
    pub fn present(
        &mut self,
        presented: TokenHash,
        proposal: TokenHash,
        was_used: bool,
    ) -> RefreshOutcome {
        if self.state == FamilyState::Revoked {
            return RefreshOutcome::AlreadyRevoked;
        }
        if presented == self.current {
            return self.present_current(proposal);
        }
        if self.pending == Some(presented) {
            return self.present_pending(presented, proposal);
        }
        let overtaken = self.previous == Some(presented) && proposal == self.current;
        if overtaken && !is_planted(Planted::OvertakenTakenForTheft) {
            return RefreshOutcome::Superseded;
        }
        if !was_used && self.previous != Some(presented) {
            return RefreshOutcome::Unknown;
        }
        self.revoke();
        RefreshOutcome::ReuseDetected
    }

    /// Ends the family.
    pub fn revoke(&mut self) {
        self.state = FamilyState::Revoked;
    }

    fn present_current(&mut self, proposal: TokenHash) -> RefreshOutcome {
        if proposal == self.current || self.previous == Some(proposal) {
            return RefreshOutcome::InvalidProposal;
        }
        match self.pending {
            None => {
                self.pending = Some(proposal);
                RefreshOutcome::Rotated
            }
            Some(_) if is_planted(Planted::SecondHolderServed) => {
                self.pending = Some(proposal);
                RefreshOutcome::Rotated
            }
            Some(pending) if pending == proposal && !is_planted(Planted::RepeatTakenForTheft) => {
                RefreshOutcome::Repeated
            }
            Some(_) => {
                self.revoke();
                RefreshOutcome::ReuseDetected
            }
        }
    }

    fn present_pending(&mut self, presented: TokenHash, proposal: TokenHash) -> RefreshOutcome {
        if proposal == presented || proposal == self.current {
            return RefreshOutcome::InvalidProposal;
        }
        self.previous = Some(self.current);
        self.current = presented;
        self.pending = Some(proposal);
        RefreshOutcome::Rotated
    }
}

#[cfg(test)]
mod tests;
