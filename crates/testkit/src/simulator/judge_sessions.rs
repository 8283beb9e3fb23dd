//! What the server makes of sessions: nobody is signed out by a fault, and no secret has two holders for
//! long.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use recado_protocol::identity::{RefreshRequest, Session};
use recado_protocol::{ApiError, ErrorCode, SessionEndReason, SessionId};
use recado_server::session::Caller;
use recado_server::storage::{DbError, audit};
use sha2::{Digest as _, Sha256};

use super::backend::done;
use super::plan::SECOND;
use super::world::World;

/// SHA-256 of a secret as it travels.
pub(super) fn hash_of(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

/// A refresh, and by whom.
pub(super) struct Presented {
    /// What the server is asked.
    pub(super) request: RefreshRequest,
    /// The machine whose session it is; `None` if it is not asked by it.
    machine: Option<usize>,
}

impl Presented {
    /// The session's own.
    pub(super) const fn by_owner(machine: usize, request: RefreshRequest) -> Self {
        Self { request, machine: Some(machine) }
    }

    /// A thief's.
    pub(super) const fn by_thief(request: RefreshRequest) -> Self {
        Self { request, machine: None }
    }
}

/// What is known of every session.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    machines: BTreeMap<SessionId, usize>,
    /// Which proposal was taken with a secret.
    taken: BTreeMap<(SessionId, String), String>,
    rotated: BTreeMap<SessionId, u64>,
    /// Until when a token is good, by the server's clock.
    tokens: HashMap<String, (SessionId, i64)>,
    ended: BTreeSet<SessionId>,
    /// Sessions that somebody else has tried to use.
    used_by_others: BTreeSet<SessionId>,
    /// Sessions that an admin has ended.
    ended_by_admin: BTreeSet<SessionId>,
    /// Sessions of a database that has been replaced since, which may know nothing of them.
    may_be_lost: BTreeSet<SessionId>,
}

impl Ledger {
    /// A session begins.
    pub(super) fn begun(&mut self, machine: usize, session: &Session, now: i64) {
        self.machines.insert(session.session_id, machine);
        self.issued(session, now);
    }

    fn issued(&mut self, session: &Session, now: i64) {
        let until = now + i64::from(session.expires_in_s) * SECOND;
        self.tokens.insert(session.access_token.clone(), (session.session_id, until));
    }

    /// An admin ends a session.
    pub(super) fn ended_by_admin(&mut self, session_id: SessionId) {
        self.ended_by_admin.insert(session_id);
    }

    /// A session has ended. Gives the machine that it was on.
    pub(super) fn ended(&mut self, session_id: SessionId) -> Option<usize> {
        self.ended.insert(session_id);
        self.machines.get(&session_id).copied()
    }

    /// An older database has taken the place of the present one.
    pub(super) fn lost(&mut self) {
        self.may_be_lost.extend(self.machines.keys());
        self.ended.clear();
        self.taken.clear();
    }

    /// How often a session's secret was replaced.
    pub(super) fn rotation_of(&self, session_id: SessionId) -> u64 {
        self.rotated.get(&session_id).copied().unwrap_or_default()
    }

    /// How often any session's secret was replaced, and how many sessions ended because of a thief.
    pub(super) fn totals(&self) -> (u64, u64) {
        let found_out = self.used_by_others.intersection(&self.ended).count();
        (self.rotated.values().sum(), found_out as u64)
    }
}

impl World<'_> {
    /// Judges what the server says to a refresh.
    ///
    /// # Errors
    /// I8, if a secret has two holders or somebody is let in who must not be.
    pub(super) fn judge_refresh(
        &mut self,
        presented: &Presented,
        result: &Result<Session, ApiError>,
    ) -> anyhow::Result<()> {
        let RefreshRequest { session_id, refresh, next_hash } = &presented.request;
        if presented.machine.is_none() {
            self.ledger.used_by_others.insert(*session_id);
        }
        let owner = self.ledger.machines.get(session_id).copied();
        let suspended = owner.is_some_and(|machine| self.suspended[self.machines[machine].agent]);
        let key = (*session_id, hash_of(refresh));
        let before = self.ledger.taken.get(&key);
        let is_other = before.is_some_and(|before| before != next_hash);
        let has_ended = self.ledger.ended.contains(session_id);
        if is_other && !has_ended && !suspended {
            anyhow::bail!("I8 {session_id} goes on although a secret of it has two holders");
        }
        let Ok(session) = result else { return Ok(()) };
        if suspended || has_ended {
            anyhow::bail!("I8 {session_id} is refreshed although it has ended");
        }
        if before.is_none() {
            *self.ledger.rotated.entry(*session_id).or_default() += 1;
        }
        self.ledger.taken.insert(key, next_hash.clone());
        self.ledger.issued(session, self.server_now());
        Ok(())
    }

    /// Judges whom the server takes the sender of a request for.
    ///
    /// # Errors
    /// I4 or I8, if a token opens what it must not, or not what it should.
    pub(super) fn judge_caller(
        &self,
        machine: usize,
        token: &str,
        caller: &Result<Caller, ApiError>,
    ) -> anyhow::Result<()> {
        let present = &self.machines[machine];
        let Some((session_id, until)) = self.ledger.tokens.get(token).copied() else {
            anyhow::bail!("machine {machine} has a token that nobody gave");
        };
        let is_over = self.ledger.ended.contains(&session_id) || self.suspended[present.agent];
        match caller {
            Ok(caller) if caller.teammate_id != present.who.teammate_id => {
                anyhow::bail!("I8 machine {machine} is taken for {}", caller.teammate_id)
            }
            Ok(_) if is_over => anyhow::bail!("I4 machine {machine} is served after {session_id}"),
            Ok(_) if until <= self.server_now() => {
                anyhow::bail!("I8 machine {machine} is served for a token that has run out")
            }
            Err(error)
                if error.code == ErrorCode::AccessTokenExpired
                    && until > self.server_now()
                    && !is_over
                    && !self.ledger.may_be_lost.contains(&session_id) =>
            {
                anyhow::bail!("I8 machine {machine} has a good token that is not taken")
            }
            _ => Ok(()),
        }
    }

    /// Judges that a machine is told that its session has ended.
    ///
    /// # Errors
    /// I8, if nobody has ended it, or for another reason.
    pub(super) fn judge_signed_out(
        &self,
        machine: usize,
        reason: Option<SessionEndReason>,
    ) -> anyhow::Result<()> {
        let present = &self.machines[machine];
        let session_id = present.keychain.as_ref().map(|kept| kept.session_id);
        let has_reason = session_id.is_some_and(|id| {
            let stolen =
                self.ledger.used_by_others.contains(&id) && self.ledger.ended.contains(&id);
            let ended = self.ledger.ended_by_admin.contains(&id);
            stolen || ended || self.ledger.may_be_lost.contains(&id)
        });
        anyhow::ensure!(
            has_reason || self.was_suspended[present.agent],
            "I8 machine {machine} was signed out although nobody ended its session"
        );
        let is_in = |set: &BTreeSet<_>| session_id.is_some_and(|id| set.contains(&id));
        let is_so = match reason {
            None => true,
            Some(SessionEndReason::EndedByAdmin) => is_in(&self.ledger.ended_by_admin),
            Some(SessionEndReason::RefreshReused) => is_in(&self.ledger.used_by_others),
            Some(SessionEndReason::AccountDisabled) => self.was_suspended[present.agent],
            Some(_) => false,
        };
        anyhow::ensure!(is_so, "I8 machine {machine} was signed out, and told {reason:?}");
        Ok(())
    }

    /// Nothing that was ever given for a session opens anything after its end, which stands in the audit.
    ///
    /// # Errors
    /// I7 or I8, if it is otherwise.
    pub(super) fn judge_sessions(&self) -> anyhow::Result<()> {
        let mut over: Vec<_> = self
            .ledger
            .tokens
            .iter()
            .filter(|(_, (session_id, _))| self.ledger.ended.contains(session_id))
            .collect();
        over.sort_by_key(|(_, (session_id, until))| (*session_id, *until));
        for (token, (session_id, _)) in over {
            let caller = self.backend.authenticate(token);
            anyhow::ensure!(caller.is_err(), "I8 a token of {session_id} is good after its end");
        }
        if self.restored {
            return Ok(());
        }
        let workspace_id = self.backend.people.oracle.workspace_id;
        let counted = self
            .backend
            .core()
            .db()
            .read(async move |tx| audit::count_of_ended_sessions(tx, workspace_id).await);
        let audited: Result<u64, DbError> = done(counted)?;
        let (audited, ended) = (audited?, self.ledger.ended.len() as u64);
        anyhow::ensure!(audited == ended, "I7 {ended} sessions ended and {audited} audit rows");
        Ok(())
    }
}
