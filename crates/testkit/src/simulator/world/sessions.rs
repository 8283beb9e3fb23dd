//! Sessions: how a machine comes by the tokens that its requests carry, and who else may use them.

use recado_client::KeychainError;
use recado_client::engine::{Ask, Id};
use recado_client::session::{RefreshItem, Step};
use recado_client::transport::TransportError;
use recado_protocol::identity::{RefreshRequest, Session};
use recado_protocol::{ApiError, ErrorCode, SessionId};

use super::{SHORTEST_WAY, TIMEOUT, World};
use crate::simulator::chance::Chance;
use crate::simulator::judge_sessions::{Presented, hash_of};
use crate::simulator::machine::Kept;
use crate::simulator::plan::SECOND;

/// How long a keychain takes at most, in microseconds.
const SLOWEST_KEYCHAIN: i64 = 200_000;
/// How long after a refresh a copy of it arrives, at most.
const LATEST_COPY: i64 = 28 * SECOND;
/// How long after a theft what was stolen is used, at most.
const LATEST_USE: i64 = 240 * SECOND;

/// A request on its way to a token, and with it to the server.
#[derive(Debug, Clone)]
pub(in super::super) struct Carried {
    /// The engine's name for it.
    pub(super) request: Id,
    /// What is asked.
    pub(super) ask: Ask,
    /// Whether it was sent before, with a token that the server no longer took.
    pub(super) again: bool,
}

/// What a thief has.
#[derive(Debug, Clone)]
pub(in super::super) struct Loot {
    session_id: SessionId,
    presented: String,
    /// The hash of what is proposed to follow.
    next_hash: String,
    /// What is presented after that.
    then: Option<String>,
}

/// Something of a session that is due.
pub(in super::super) enum Event {
    /// The keychain is read.
    Read { machine: usize, life: u64 },
    /// The keychain is written.
    Write { machine: usize, life: u64, session_id: SessionId, item: RefreshItem },
    /// A refresh arrives at the server. `rotation` is the last one when it was sent.
    Refresh { machine: usize, life: u64, request: RefreshRequest, rotation: u64, answered: bool },
    /// The answer to one arrives.
    Refreshed { machine: usize, life: u64, result: Result<Session, TransportError> },
    /// The server has not taken a token.
    Rejected { machine: usize, life: u64, carried: Carried },
    /// A thief uses what was stolen.
    Use(Loot),
}

impl World<'_> {
    /// An agent signs in on a machine.
    ///
    /// # Errors
    /// What the server says.
    pub(super) fn sign_in(&mut self, machine: usize) -> anyhow::Result<()> {
        let present = &mut self.machines[machine];
        let item = RefreshItem::first(present.random.as_ref())?;
        let begun = self.backend.sign_in(present.who, &item.current_hash())?;
        present.signed_out = false;
        present.keychain = Some(Kept { session_id: begun.session_id, item });
        self.ledger.begun(machine, &begun, self.server_now());
        Ok(())
    }

    /// Sends a request as soon as there is a token for it.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn send(&mut self, machine: usize, carried: Carried) -> anyhow::Result<()> {
        self.machines[machine].waiting.push_back(carried);
        self.next_step(machine)
    }

    fn next_step(&mut self, machine: usize) -> anyhow::Result<()> {
        loop {
            let now = self.now;
            let present = &mut self.machines[machine];
            if present.stepping || present.waiting.is_empty() {
                return Ok(());
            }
            let (life, time) = (present.life, present.time(now));
            let Some(tokens) = &present.tokens else {
                anyhow::bail!("machine {machine} asks without a session");
            };
            let session_id = tokens.session_id();
            let step = tokens.next(time, present.random.as_ref())?;
            present.stepping = !matches!(step, Step::Use(_));
            let slow = now + self.chance.between(100, SLOWEST_KEYCHAIN);
            match step {
                Step::Use(token) => self.use_token(machine, token.as_str()),
                Step::Read => self.schedule_session(slow, Event::Read { machine, life }),
                Step::Write(item) => {
                    self.schedule_session(slow, Event::Write { machine, life, session_id, item });
                }
                Step::Propose(request) => self.propose(machine, request),
            }
        }
    }

    fn use_token(&mut self, machine: usize, token: &str) {
        if let Some(carried) = self.machines[machine].waiting.pop_front() {
            self.transmit(machine, carried, token.to_owned());
        }
    }

    fn schedule_session(&mut self, at: i64, event: Event) {
        self.schedule(at, super::Event::Session(event));
    }

    fn propose(&mut self, machine: usize, request: RefreshRequest) {
        let life = self.machines[machine].life;
        let rotation = self.ledger.rotation_of(request.session_id);
        self.trace.note(|| format!("machine {machine} refreshes its session"));
        if self.is_lost() {
            return self.not_refreshed(machine, life);
        }
        let doubled = !self.calm && self.chance.happens(self.plan.weather.doubled);
        let first_answers = !doubled || self.chance.happens(500);
        if doubled {
            // What repeats it on the way may take as long as anybody waits for an answer.
            let at = self.now + self.chance.between(SHORTEST_WAY, LATEST_COPY);
            let (request, answered) = (request.clone(), !first_answers);
            let copy = Event::Refresh { machine, life, request, rotation, answered };
            self.schedule_session(at, copy);
        }
        let (at, answered) = (self.now + self.way(), first_answers);
        self.schedule_session(at, Event::Refresh { machine, life, request, rotation, answered });
    }

    fn not_refreshed(&mut self, machine: usize, life: u64) {
        let at = self.now + self.chance.between(SHORTEST_WAY, TIMEOUT);
        let result = Err(TransportError::Unreachable);
        self.schedule_session(at, Event::Refreshed { machine, life, result });
    }

    /// The server has not taken a request's token; the machine hears of it.
    pub(super) fn token_rejected(&mut self, machine: usize, life: u64, carried: Carried) {
        let at = self.now + self.way();
        self.schedule_session(at, Event::Rejected { machine, life, carried });
    }

    /// Handles what is due of a session.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn session_happens(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Read { machine, life } => self.keychain_read(machine, life),
            Event::Write { machine, life, session_id, item } => {
                self.keychain_written(machine, life, session_id, item)
            }
            Event::Refresh { machine, life, request, rotation, answered } => {
                self.refresh_arrives(machine, life, request, rotation, answered)
            }
            Event::Refreshed { machine, life, result } => self.refreshed(machine, life, result),
            Event::Rejected { machine, life, mut carried } => {
                if !self.lives(machine, life) {
                    return Ok(());
                }
                if let Some(tokens) = &mut self.machines[machine].tokens {
                    tokens.rejected();
                }
                carried.again = true;
                self.send(machine, carried)
            }
            Event::Use(loot) => self.thief_refreshes(loot),
        }
    }

    fn keychain_fails(&mut self) -> bool {
        !self.calm && self.chance.happens(self.plan.weather.keychain)
    }

    fn keychain_read(&mut self, machine: usize, life: u64) -> anyhow::Result<()> {
        if !self.lives(machine, life) {
            return Ok(());
        }
        let locked = self.keychain_fails();
        let present = &mut self.machines[machine];
        present.stepping = false;
        let kept = present.keychain.clone().filter(|_| !locked);
        match (kept, &mut present.tokens) {
            (Some(kept), Some(tokens)) => tokens.read(kept.item),
            _ => return self.first_fails(machine, keychain_locked()),
        }
        self.next_step(machine)
    }

    fn keychain_written(
        &mut self,
        machine: usize,
        life: u64,
        session_id: SessionId,
        item: RefreshItem,
    ) -> anyhow::Result<()> {
        let (fails, stored) = (self.keychain_fails(), self.chance.happens(500));
        let lives = self.lives(machine, life);
        let present = &mut self.machines[machine];
        // The service may take what a program gave it that is gone by now, but not after another's.
        let is_next = lives || (present.life == life + 1 && present.engine.is_none());
        if let Some(kept) = &mut present.keychain
            && kept.session_id == session_id
            && is_next
            && (!fails || stored)
        {
            kept.item = item.clone();
        }
        if !lives {
            return Ok(());
        }
        present.stepping = false;
        match &mut present.tokens {
            Some(tokens) if !fails => tokens.written(item),
            _ => return self.first_fails(machine, keychain_locked()),
        }
        self.next_step(machine)
    }

    /// What has waited longest fails; the next one tries for itself.
    fn first_fails(&mut self, machine: usize, error: TransportError) -> anyhow::Result<()> {
        let life = self.machines[machine].life;
        if let Some(carried) = self.machines[machine].waiting.pop_front() {
            let (request, result) = (carried.request, Err(error));
            let at = self.now + SHORTEST_WAY;
            self.schedule(at, super::Event::Answer { machine, life, request, result });
        }
        self.next_step(machine)
    }

    fn refresh_arrives(
        &mut self,
        machine: usize,
        life: u64,
        request: RefreshRequest,
        rotation: u64,
        answered: bool,
    ) -> anyhow::Result<()> {
        // No network keeps a request until its session has been refreshed twice since, but a clock may jump.
        let stale = self.ledger.rotation_of(request.session_id) > rotation + 1;
        if self.has_no_way(machine) || stale {
            if answered {
                self.not_refreshed(machine, life);
            }
            return Ok(());
        }
        let result = self.refresh_on_server(&Presented::by_owner(machine, request))?;
        if !answered {
            return Ok(());
        }
        if self.is_lost() {
            self.not_refreshed(machine, life);
            return Ok(());
        }
        let at = self.now + self.way();
        let result = result.map_err(TransportError::Refused);
        self.schedule_session(at, Event::Refreshed { machine, life, result });
        Ok(())
    }

    fn refreshed(
        &mut self,
        machine: usize,
        life: u64,
        result: Result<Session, TransportError>,
    ) -> anyhow::Result<()> {
        if !self.lives(machine, life) {
            return Ok(());
        }
        let now = self.now;
        let present = &mut self.machines[machine];
        present.stepping = false;
        let time = present.time(now);
        match (result, &mut present.tokens) {
            (Ok(answer), Some(tokens)) => {
                let token = tokens.answered(answer, time);
                self.use_token(machine, token.as_str());
                self.next_step(machine)
            }
            (Err(error), Some(tokens)) if error.code() == ErrorCode::IdempotencyConflict => {
                tokens.overtaken();
                self.next_step(machine)
            }
            (Err(error), _) => self.first_fails(machine, error),
            (Ok(_), None) => Ok(()),
        }
    }

    /// Asks the server for the next token, and judges what it says.
    fn refresh_on_server(
        &mut self,
        presented: &Presented,
    ) -> anyhow::Result<Result<Session, ApiError>> {
        let result = self.backend.refresh(presented.request.clone());
        self.hear_of_ended_sessions();
        // A server that cannot write refuses whoever asks.
        if result.is_ok() || self.server_writes() {
            self.judge_refresh(presented, &result)?;
        }
        Ok(result)
    }

    /// What the server tells its own streams of sessions that have ended.
    pub(in super::super) fn hear_of_ended_sessions(&mut self) {
        while let Some(session_id) = self.backend.ended_session() {
            self.trace.note(|| format!("{session_id} has ended"));
            let Some(machine) = self.ledger.ended(session_id) else { continue };
            let kept = self.machines[machine].keychain.as_ref();
            if kept.is_some_and(|kept| kept.session_id == session_id) {
                let error = ApiError::new(ErrorCode::SessionEnded, "The session has ended.");
                self.end_streams(Some(machine), &TransportError::Refused(error));
            }
        }
    }

    /// An admin ends the session of a machine.
    ///
    /// # Errors
    /// What the server says.
    pub(in super::super) fn end_session(&mut self, machine: usize) -> anyhow::Result<()> {
        let present = &self.machines[machine];
        let Some(kept) = present.keychain.as_ref().filter(|_| self.server_writes()) else {
            return Ok(());
        };
        let session_id = kept.session_id;
        self.trace.note(|| format!("an admin ends {session_id}"));
        self.ledger.ended_by_admin(session_id);
        self.backend.end_session(session_id)?;
        self.hear_of_ended_sessions();
        Ok(())
    }

    /// Somebody copies what the keychain holds.
    pub(in super::super) fn steal(&mut self, machine: usize, chance: &mut Chance) {
        let Some(kept) = self.machines[machine].keychain.clone() else { return };
        let Ok(item) = serde_json::to_value(&kept.item) else { return };
        let secret = |name: &str| item[name].as_str().map(str::to_owned);
        let Some(current) = secret("current") else { return };
        let own = format!("a secret that only the thief knows, number {}", chance.next());
        let next = secret("next").filter(|_| chance.happens(700));
        let loot = Loot {
            session_id: kept.session_id,
            presented: current,
            next_hash: hash_of(next.as_ref().unwrap_or(&own)),
            then: next,
        };
        let at = self.now + chance.between(0, LATEST_USE);
        self.schedule_session(at, Event::Use(loot));
    }

    fn thief_refreshes(&mut self, loot: Loot) -> anyhow::Result<()> {
        if self.server_down_until > self.now {
            return Ok(());
        }
        let Loot { session_id, presented, next_hash, then } = loot;
        let request = RefreshRequest { session_id, refresh: presented, next_hash };
        let result = self.refresh_on_server(&Presented::by_thief(request))?;
        self.trace.note(|| match &result {
            Ok(_) => format!("a thief refreshes {session_id}"),
            Err(error) => format!("a thief does not refresh {session_id}: {:?}", error.code),
        });
        if let (Some(presented), Ok(_)) = (then, result) {
            let own = format!("a secret that only the thief knows, after {presented}");
            let next = Loot { session_id, presented, next_hash: hash_of(&own), then: None };
            let at = self.now + self.chance.between(SECOND, LATEST_USE);
            self.schedule_session(at, Event::Use(next));
        }
        Ok(())
    }
}

fn keychain_locked() -> TransportError {
    let error = KeychainError::Locked;
    TransportError::Refused(ApiError::new(error.code(), error.to_string()))
}
