//! What the owner of an account does with it: sessions, password, authenticator, recovery codes. Whatever would let a
//! stranger stay at an unlocked machine asks for the second factor again, or for the password.

mod authenticator;
mod password;
mod recovery;
mod sessions;
mod step_up;

use std::sync::Arc;

use recado_protocol::account::{AccountSecurity, STEP_UP_S};
use recado_protocol::{SessionId, TeammateId, TeammateState, Timestamp};

use crate::gate::{self, SecretCheck};
use crate::identity::limiter::LimiterKey;
use crate::identity::password::PasswordPolicy;
use crate::identity::totp::TotpSealer;
use crate::session::{AuthError, Caller, Sessions, Trail};
use crate::sign_in::HashingPool;
use crate::storage::account::{self, Account};
use crate::storage::session::{self, EndReason, StoredSession};
use crate::storage::sso::link;
use crate::storage::{DbError, Tx, factor, own_factor};

/// The accounts of a workspace, as their owners deal with them.
#[derive(Clone)]
pub struct OwnAccount {
    sessions: Sessions,
    hashing: HashingPool,
    sealer: Arc<TotpSealer>,
    passwords: Arc<PasswordPolicy>,
}

/// What a transaction came to that has to commit also when it refuses.
pub(crate) enum Outcome<T> {
    Done(T),
    Refused(AuthError),
}

impl<T> Outcome<T> {
    pub(crate) fn into_result(self) -> Result<T, AuthError> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Refused(error) => Err(error),
        }
    }
}

impl OwnAccount {
    /// The accounts behind these sessions.
    #[must_use]
    pub fn new(
        sessions: Sessions,
        hashing: HashingPool,
        sealer: Arc<TotpSealer>,
        passwords: Arc<PasswordPolicy>,
    ) -> Self {
        Self { sessions, hashing, sealer, passwords }
    }

    /// How an account is protected.
    ///
    /// # Errors
    /// [`AuthError::SessionEnded`] and [`AuthError::Db`].
    pub async fn security(&self, caller: Caller) -> Result<AccountSecurity, AuthError> {
        let read = self.sessions.core.db().read(async move |tx| {
            let holder = account::find(tx, caller.teammate_id).await?;
            let session = session::find(tx, caller.session_id).await?;
            let vouched = link::is_vouched_for(tx, caller.session_id).await?;
            // Whoever comes by a company's own sign-in is not asked for an authenticator of ours.
            let due = match vouched {
                true => None,
                false => own_factor::due(tx, caller.teammate_id).await?,
            };
            let codes = factor::recovery_codes_left(tx, caller.teammate_id).await?;
            Ok::<_, DbError>(session.map(|session| AccountSecurity {
                by_provider: holder.is_none(),
                steps_up_by_provider: vouched,
                password_changed_at: holder.as_ref().and_then(|it| it.password_changed_at),
                authenticator_due: due,
                authenticator_since: holder.as_ref().and_then(|it| it.totp_since),
                recovery_codes_left: codes,
                stepped_up_until: stepped_up_until(&session),
            }))
        });
        read.await?.ok_or(AuthError::SessionEnded)
    }

    /// Refuses what changes a password and a second factor to whom a company's own sign-in vouches for.
    async fn require_own_password(&self, caller: Caller) -> Result<(), AuthError> {
        let read = self.sessions.core.db().read(async move |tx| {
            Ok::<_, DbError>(account::find(tx, caller.teammate_id).await?.is_some())
        });
        if read.await? { Ok(()) } else { Err(AuthError::SsoOnly) }
    }

    fn trail(&self, now: Timestamp) -> Trail {
        Trail::new(&self.sessions.core, self.sessions.workspace_id, now)
    }

    /// Ends every other session of an account whose password or second factor is another from now on.
    async fn end_others(
        tx: &mut Tx,
        trail: &mut Trail,
        caller: Caller,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, DbError> {
        let (who, reason) = (caller.teammate_id, EndReason::CredentialsChanged);
        let ended = session::end_all_of(tx, who, Some(caller.session_id), reason, now).await?;
        for id in &ended {
            trail.ended(tx, who, *id, reason).await?;
        }
        Ok(ended)
    }

    fn announce(&self, ended: Vec<SessionId>) {
        ended.into_iter().for_each(|id| self.sessions.announce_end(id));
    }

    /// Charges a guess at something of the caller's account, as at signing in: a stranger at an unlocked machine has no
    /// more guesses than one elsewhere.
    async fn charge(
        &self,
        tx: &mut Tx,
        check: SecretCheck,
        holder: &Account,
        session: &StoredSession,
        now: Timestamp,
    ) -> Result<Result<Vec<LimiterKey>, AuthError>, DbError> {
        let known = account::is_known_device(tx, holder.teammate_id, &session.device.hash).await?;
        let keys = check.account_keys(
            self.sessions.workspace_id,
            &holder.email_folded,
            known.then_some(&session.device.hash),
        );
        let charged = gate::charge(tx, &self.sessions.policies, &keys, now).await?;
        Ok(charged.map(|()| keys).map_err(AuthError::from))
    }
}

/// The caller's account and session, both held until the transaction ends; the account comes first, as for everybody.
async fn hold(tx: &mut Tx, caller: Caller) -> Result<Option<(Account, StoredSession)>, DbError> {
    let holder = account::lock(tx, caller.teammate_id).await?;
    let holder = holder.filter(|holder| holder.state == TeammateState::Active);
    let session = session::lock(tx, caller.session_id).await?;
    Ok(holder.zip(session.filter(|session| session.end_reason.is_none())))
}

/// Until when the second factor that was shown last lets dangerous things be done.
fn stepped_up_until(session: &StoredSession) -> Timestamp {
    session.factor_at.plus_seconds(STEP_UP_S.into())
}

/// Refuses what is dangerous to whoever has not shown the second factor lately.
pub(crate) fn require_step_up(session: &StoredSession, now: Timestamp) -> Result<(), AuthError> {
    if now < stepped_up_until(session) { Ok(()) } else { Err(AuthError::StepUpRequired) }
}

/// Who belongs to an account, for what is found out before the account is held.
fn is_of(session: &StoredSession, teammate_id: TeammateId) -> bool {
    session.teammate_id == teammate_id
}
