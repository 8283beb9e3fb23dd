//! The engine that keeps the cache in step with the server and empties the outbox.
//!
//! It does no I/O. [`Engine::handle`] takes what happened and the time, and gives back what is to
//! be done: send a request, run a job on the store, say something on the live stream, tell the
//! host. Whoever drives it carries that out and reports back, so the same engine runs on a real
//! network and, step by step, in a simulator.
//!
//! Four lanes share it. The *sync lane* does one thing at a time: bootstrap, list heads, pull the
//! change log, compare digests, open the live stream. The *outbox lane* sends commands, one request
//! at a time. The *bodies lane* fills the cache in the background. *Demands* are what the person
//! waits for. Jobs on the store run one after the other, and what depends on a job is done after it
//! was confirmed.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use recado_protocol::host::{BootstrapProgress, ConnectionState};
use recado_protocol::{
    CommandId, ConversationId, ErrorCode, LogId, Planted, Timestamp, is_planted,
};
use recado_store::{CacheBudget, ClosedCheck, HeadsProgress};

use crate::random::Random;
use crate::transport::TransportError;

mod ask;
mod backoff;
mod bodies_lane;
mod demand;
mod exchange;
mod jobs;
mod lease;
mod live_lane;
mod outbox_lane;
mod portion;
mod store_job;
mod sync_lane;
#[cfg(test)]
mod tests;

pub use ask::{Answer, Ask};
pub use backoff::{Backoff, LONGEST_BACKOFF_MS, SHORTEST_BACKOFF_MS};
pub use demand::{Demand, DemandAnswer};
pub use exchange::{Effect, Input, Link, Notice};
pub use store_job::{Job, JobAnswer, StoreFailure, run};

use bodies_lane::Bodies;
use jobs::Then;
use lease::Lease;
use live_lane::Live;
use outbox_lane::Outbox;
use portion::Portion;

/// Names a request, a job, a live stream or a demand within one engine.
pub type Id = u64;

/// How often the change log is pulled while the live stream is silent, in microseconds. It finds a
/// connection that died without a word, and renews the offline lease.
const POLL_INTERVAL_MICROS: i64 = 60_000_000;
/// How long after a failure the write-ahead log is emptied again, in microseconds.
const EVICTION_RETRY_MICROS: i64 = 1_000_000;
/// How far a clock may go back before what the engine waits for is waited for anew, in microseconds.
const CLOCK_SLACK_MICROS: i64 = 1_000_000;

/// What a request in flight is for.
#[derive(Debug)]
enum Purpose {
    Sync,
    Outbox(Vec<CommandId>),
    Bodies(Vec<ConversationId>),
    Demand(Id),
}

/// How the engine as a whole stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Stopped,
    Loading,
    Running,
}

/// The engine. See the module's description.
pub struct Engine {
    random: Arc<dyn Random>,
    run: Run,
    last_id: Id,
    requests: BTreeMap<Id, Purpose>,
    jobs: VecDeque<(Job, Then)>,
    job: Option<(Id, Then)>,

    // What the cache has reached, as far as it was confirmed.
    log_id: Option<LogId>,
    cursor: u64,
    heads: HeadsProgress,
    lease: Lease,
    /// What was last told of it.
    lease_holds: Option<bool>,

    // The sync lane: what is still to be done, in the order of `sync_lane::next`.
    sync_busy: bool,
    sync_backoff: Backoff,
    heads_portion: Portion,
    pages_portion: Portion,
    needs_bootstrap: bool,
    needs_pull: bool,
    needs_comparison: bool,
    comparisons_left: u32,
    /// Whether the sync lane waits for the server's side of a comparison.
    comparing: bool,
    /// Whether it waits for a page of heads.
    listing: bool,
    /// The ids of a listing that began in this run, so that what the server no longer lists can be
    /// dropped; absent for a listing that was resumed.
    listed: Option<HashSet<ConversationId>>,
    /// Whether the next complete listing drops what it does not name.
    reconcile: bool,
    /// Set from a lost cursor until a page was applied, so that it is not lost in a circle.
    reconciled_without_page: bool,
    access_checked: bool,
    /// The check of the closed conversations, while one is owed.
    closed_check: Option<ClosedCheck>,
    poll_at: Option<Timestamp>,
    /// Set while deletions wait for the write-ahead log to be emptied; nothing is acknowledged then.
    eviction: Eviction,

    live: Live,
    outbox: Outbox,
    /// How much the cache may hold.
    budget: CacheBudget,
    bodies: Bodies,
    demands: BTreeMap<Id, demand::Waiting>,

    /// The latest time that the engine was told.
    latest: Timestamp,
    clock_ahead_s: i64,
    progress: Option<BootstrapProgress>,
    link: Link,
}

/// What is left to do after a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Eviction {
    None,
    Running,
    RetryAt(Timestamp),
}

impl Engine {
    /// An engine that does nothing before [`Input::Start`].
    pub fn new(random: Arc<dyn Random>, now: Timestamp) -> Self {
        Self {
            random,
            run: Run::Stopped,
            last_id: 0,
            requests: BTreeMap::new(),
            jobs: VecDeque::new(),
            job: None,
            log_id: None,
            cursor: 0,
            heads: HeadsProgress::Needed,
            lease: Lease::default(),
            lease_holds: None,
            sync_busy: false,
            sync_backoff: Backoff::default(),
            heads_portion: Portion::default(),
            pages_portion: Portion::default(),
            needs_bootstrap: false,
            needs_pull: false,
            needs_comparison: false,
            comparisons_left: 0,
            comparing: false,
            listing: false,
            listed: None,
            reconcile: false,
            reconciled_without_page: false,
            access_checked: false,
            closed_check: None,
            poll_at: None,
            eviction: Eviction::None,
            live: Live::default(),
            outbox: Outbox::default(),
            budget: CacheBudget::default(),
            bodies: Bodies::default(),
            demands: BTreeMap::new(),
            latest: now,
            clock_ahead_s: 0,
            progress: None,
            link: Link {
                state: ConnectionState::Idle,
                since: now,
                reason: None,
                next_attempt_at: None,
                bootstrap: None,
                clock_ahead_s: 0,
            },
        }
    }

    /// The same engine with another budget for the cache.
    #[must_use]
    pub const fn with_budget(mut self, budget: CacheBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Takes in what happened at `now` and gives back what is to be done, in this order.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        if now < self.latest.plus_micros(-CLOCK_SLACK_MICROS) {
            self.clock_went_back(now);
            self.latest = now;
        }
        self.latest = self.latest.max(now);
        self.lease.look(now);
        match input {
            Input::Start => self.start(&mut effects),
            Input::Tick => {}
            Input::ClockLost { micros } => self.lease.lose(micros),
            Input::Answered { request, result } => {
                self.answered(now, request, result, &mut effects);
            }
            Input::LiveOpened { live } => self.live_opened(live, &mut effects),
            Input::LiveFrame { live, frame } => self.live_frame(now, live, frame, &mut effects),
            Input::LiveClosed { live, error } => self.live_closed(now, live, &error, &mut effects),
            Input::JobDone { job, result } => self.job_done(now, job, result, &mut effects),
            Input::Submitted => {
                self.outbox.waiting = true;
                self.outbox.held_until = None;
            }
            Input::Held { until } => {
                self.outbox.waiting = true;
                self.outbox.held_until = self.outbox.held_until.max(Some(until));
            }
            Input::NetworkHint => self.forget_waits(),
            Input::Demanded { demand_id, demand } => {
                self.demanded(demand_id, demand, &mut effects);
            }
        }
        self.advance(now, &mut effects);
        effects
    }

    fn forget_waits(&mut self) {
        self.sync_backoff.forget_wait();
        self.outbox.backoff.forget_wait();
        self.bodies.backoff.forget_wait();
    }

    /// Everything that was to be done at a time would wait until the clock has caught up, however far
    /// that is; so it is done now, or, where the server asked for a wait, after what is left of it.
    fn clock_went_back(&mut self, now: Timestamp) {
        let micros = self.latest.as_micros().saturating_sub(now.as_micros());
        let backoffs = [&mut self.sync_backoff, &mut self.outbox.backoff, &mut self.bodies.backoff];
        for backoff in backoffs {
            backoff.clock_went_back(micros);
        }
        self.forget_waits();
        self.bodies.end_rest();
        self.outbox.held_until = None;
        for due in [&mut self.poll_at, &mut self.outbox.prune_at].into_iter().flatten() {
            *due = now;
        }
        if let Eviction::RetryAt(at) = &mut self.eviction {
            *at = now;
        }
    }

    /// When [`Input::Tick`] is due at the latest, if nothing else happens.
    pub fn next_wake(&self) -> Option<Timestamp> {
        if self.run != Run::Running {
            return None;
        }
        let eviction = match self.eviction {
            Eviction::RetryAt(at) => Some(at),
            Eviction::None | Eviction::Running => None,
        };
        let lease_end = self.lease.end().filter(|_| self.lease_holds == Some(true));
        [
            self.sync_backoff.until(),
            self.outbox.backoff.until(),
            self.bodies.wake(),
            self.outbox.prune_at,
            self.outbox.held_until.filter(|_| self.outbox.waiting),
            self.poll_at,
            eviction,
            lease_end,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// How the way to the server stands.
    pub const fn link(&self) -> &Link {
        &self.link
    }

    /// The cursor that the cache has confirmed.
    pub const fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Whether nothing is under way and nothing is due before [`Engine::next_wake`].
    pub fn is_idle(&self) -> bool {
        self.requests.is_empty() && self.jobs.is_empty() && self.job.is_none()
    }

    fn id(&mut self) -> Id {
        self.last_id += 1;
        self.last_id
    }

    fn send(&mut self, purpose: Purpose, ask: Ask, effects: &mut Vec<Effect>) {
        let request = self.id();
        self.requests.insert(request, purpose);
        effects.push(Effect::Send { request, ask });
    }

    fn start(&mut self, effects: &mut Vec<Effect>) {
        self.halt(effects);
        self.run = Run::Loading;
        self.needs_pull = true;
        self.outbox.waiting = true;
        self.bodies.restart();
        // What a stopped engine had running may still come to its end; it is not ours any more.
        self.jobs.push_back((Job::Load, Then::Loaded));
    }

    /// Stops everything that is under way. The cache stands at its last confirmed batch.
    fn halt(&mut self, effects: &mut Vec<Effect>) {
        self.run = Run::Stopped;
        self.requests.clear();
        self.jobs.clear();
        self.job = None;
        self.sync_busy = false;
        self.sync_backoff = Backoff::default();
        self.needs_bootstrap = false;
        self.needs_comparison = false;
        self.comparing = false;
        self.listed = None;
        self.reconcile = false;
        self.reconciled_without_page = false;
        self.poll_at = None;
        self.eviction = Eviction::None;
        self.closed_check = None;
        self.outbox = Outbox::default();
        self.bodies = Bodies::default();
        self.progress = None;
        self.close_live(effects);
        for demand_id in std::mem::take(&mut self.demands).into_keys() {
            let result = Err(TransportError::Unreachable);
            effects.push(Effect::Tell(Notice::Demanded { demand_id, result }));
        }
    }

    fn session_ended(&mut self, error: &TransportError, effects: &mut Vec<Effect>) {
        self.halt(effects);
        let wiped = error.code() == ErrorCode::SessionWiped;
        let reason = error.session_end();
        effects.push(Effect::Tell(Notice::SessionEnded { wiped, reason }));
    }

    fn answered(
        &mut self,
        now: Timestamp,
        request: Id,
        result: Result<Answer, TransportError>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(purpose) = self.requests.remove(&request) else { return };
        if let Err(error) = &result
            && matches!(
                error.code(),
                // Signing in again leads through setting up what is required.
                ErrorCode::SessionEnded
                    | ErrorCode::SessionWiped
                    | ErrorCode::AuthenticatorRequired
            )
        {
            return self.session_ended(error, effects);
        }
        if let Ok(answer) = &result {
            self.contacted(now, answer.server_time());
        }
        match purpose {
            Purpose::Sync => self.sync_answered(now, result, effects),
            Purpose::Outbox(ids) => self.outbox_answered(now, ids, result),
            Purpose::Bodies(ids) => self.bodies_answered(now, &ids, result),
            Purpose::Demand(demand_id) => self.demand_answered(now, demand_id, result, effects),
        }
    }

    /// Any answer proves that the server is there.
    fn contacted(&mut self, now: Timestamp, server_time: Option<Timestamp>) {
        self.lease.contacted(now);
        let polls = !is_planted(Planted::NeverPolled);
        self.poll_at = polls.then(|| now.plus_micros(POLL_INTERVAL_MICROS));
        self.outbox.backoff.reachable();
        self.bodies.backoff.reachable();
        if let Some(server_time) = server_time {
            self.clock_ahead_s = (now.as_micros() - server_time.as_micros()) / 1_000_000;
        }
    }

    fn check_lease(&mut self, effects: &mut Vec<Effect>) {
        if let Some(seen) = self.lease.take_due() {
            self.jobs.push_back((Job::ClockSeen(seen), Then::ClockStored));
        }
        let holds = self.lease.holds() || is_planted(Planted::LeaseIgnored);
        if self.lease_holds != Some(holds) {
            self.lease_holds = Some(holds);
            // Whoever was kept out is let in by the next answer, as at a start.
            self.access_checked &= holds;
            effects.push(Effect::Tell(Notice::Lease { holds }));
        }
    }

    /// Gives every lane its next step, until none has one.
    fn advance(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.run == Run::Running {
            self.check_lease(effects);
            self.advance_sync(now, effects);
            self.advance_eviction(now);
            self.advance_outbox(now, effects);
            self.advance_bodies(now, effects);
        }
        self.start_job(effects);
        self.tell_link(now, effects);
    }

    fn advance_eviction(&mut self, now: Timestamp) {
        if let Eviction::RetryAt(at) = self.eviction
            && at <= now
        {
            self.eviction = Eviction::Running;
            self.jobs.push_back((Job::FinishEviction, Then::EvictionFinished));
        }
    }

    fn tell_link(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let failing = self.sync_backoff.failure();
        let state = match self.run {
            Run::Stopped => ConnectionState::Idle,
            _ if failing.is_some() => ConnectionState::Offline,
            Run::Loading => ConnectionState::Connecting,
            Run::Running if self.is_online() => ConnectionState::Online,
            Run::Running => ConnectionState::Connecting,
        };
        let since = if state == self.link.state { self.link.since } else { now };
        let link = Link {
            state,
            since,
            reason: failing,
            next_attempt_at: self.sync_backoff.until(),
            bootstrap: self.progress,
            clock_ahead_s: self.clock_ahead_s,
        };
        if link != self.link {
            self.link = link.clone();
            effects.push(Effect::Tell(Notice::Link(link)));
        }
    }
}

/// A time moved by microseconds.
trait PlusMicros {
    fn plus_micros(self, micros: i64) -> Self;
}

impl PlusMicros for Timestamp {
    fn plus_micros(self, micros: i64) -> Self {
        Self::from_micros(self.as_micros().saturating_add(micros))
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("run", &self.run)
            .field("cursor", &self.cursor)
            .field("heads", &self.heads)
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}
