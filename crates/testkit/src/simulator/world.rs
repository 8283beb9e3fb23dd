//! Everything together, on one thread: what happens next is always the earliest thing that is due.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use recado_client::engine::{
    Answer, Demand, Effect, Id, Input, Job, JobAnswer, LONGEST_BACKOFF_MS, Notice, StoreFailure,
};
use recado_client::transport::TransportError;
use recado_protocol::host::ConnectionState;
use recado_protocol::live::{LiveFrame, LiveRequest};
use recado_protocol::sync::HeadQuery;
use recado_protocol::{ErrorCode, Visibility};
use recado_server::live::follower::Follower;
use recado_server::storage::Db;
use recado_store::Store;

use super::backend::{AGENTS, Backend, Template, done};
use super::chance::{Chance, Source};
use super::customers::Customers;
use super::history::{Given, History};
use super::judge_sessions::Ledger;
use super::machine::Machine;
use super::plan::{Plan, SECOND, What};
use super::trace::Trace;
use super::wire;

mod jobs;
mod network;
mod sessions;
mod streams;

pub(super) use sessions::Carried;

/// How long a request is waited for, in microseconds.
const TIMEOUT: i64 = 30 * SECOND;
/// How long it takes at least from one to the other, in microseconds.
const SHORTEST_WAY: i64 = 1_000;
/// The least time between two looks of a live stream at the log.
const PACE: i64 = 20_000;
/// How long a machine without a network may wait at most until it tries again, in seconds.
const LONGEST_SLEEP_S: i64 = LONGEST_BACKOFF_MS / 1_000 + 1;
/// How often the server looks for what is due.
const WORKER_EVERY: i64 = 5 * SECOND;

/// Something that is due.
pub(super) enum Event {
    Stimulus(usize),
    Worker,
    Tick { machine: usize, life: u64 },
    Request { machine: usize, life: u64, carried: Carried, token: String, answered: bool },
    Answer { machine: usize, life: u64, request: Id, result: Result<Answer, TransportError> },
    Work { machine: usize, life: u64, job: Id, work: Job },
    Worked { machine: usize, life: u64, job: Id, result: Result<JobAnswer, StoreFailure> },
    LiveAsked { machine: usize, life: u64, live: Id, ticket: String },
    LiveOpened { machine: usize, life: u64, live: Id },
    LiveSaid { machine: usize, life: u64, live: Id, said: LiveRequest },
    LiveFrame { machine: usize, life: u64, live: Id, frame: LiveFrame },
    LiveClosed { machine: usize, life: u64, live: Id, error: TransportError },
    Follow { stream: StreamId },
    SwitchOn { machine: usize, life: u64 },
    ReadOn { machine: usize, life: u64, query: HeadQuery },
    Session(sessions::Event),
}

/// Which stream: machine, life and the engine's own name for it.
pub(super) type StreamId = (usize, u64, Id);

/// The server's side of a live stream.
struct Stream {
    follower: Follower,
    /// When the frame before arrives: frames stay in order.
    last_at: i64,
}

struct Due {
    at: i64,
    order: u64,
    event: Event,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// What all runs of a thread begin with.
pub struct Beginning {
    template: Template,
    /// The databases of a run that has ended. A run that finds them uses them again: emptied, they
    /// differ from new ones only in what their connections have prepared, and most of the time that
    /// a run would take is spent on preparing.
    spare: Cell<Option<Databases>>,
}

/// The databases of a run.
pub(super) struct Databases {
    server: Db,
    stores: Vec<Arc<Store>>,
}

impl Beginning {
    /// Makes it.
    ///
    /// # Errors
    /// What the server and the store say.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { template: Template::new()?, spare: Cell::new(None) })
    }

    fn databases(&self) -> anyhow::Result<Databases> {
        if let Some(databases) = self.spare.take() {
            return Ok(databases);
        }
        let stores = (0..AGENTS).map(|_| Store::in_memory().map(Arc::new));
        Ok(Databases {
            server: done(Db::open_sqlite_memory())??,
            stores: stores.collect::<Result<_, _>>()?,
        })
    }

    /// Keeps the databases of a run that has ended for the next one.
    pub(super) fn keep(&self, databases: Databases) {
        self.spare.set(Some(databases));
    }
}

/// A run.
pub(super) struct World<'p> {
    pub(super) plan: &'p Plan,
    /// Decides what the network does.
    pub(super) chance: Chance,
    pub(super) backend: Backend,
    pub(super) history: History,
    pub(super) given: Given,
    pub(super) ledger: Ledger,
    pub(super) machines: Vec<Machine>,
    pub(super) customers: Customers,
    pub(super) backup: Option<(Db, History, Customers)>,
    pub(super) server_down_until: i64,
    pub(super) server_full_until: i64,
    /// How far the server's clock is ahead, in microseconds.
    pub(super) server_ahead: i64,
    /// When every fault ended.
    pub(super) healed_at: i64,
    pub(super) now: i64,
    pub(super) calm: bool,
    pub(super) suspended: [bool; AGENTS],
    pub(super) was_suspended: [bool; AGENTS],
    pub(super) forgot: bool,
    pub(super) restored: bool,
    /// What happened.
    pub(super) trace: Trace,
    /// How many events were handled.
    pub(super) steps: u64,
    /// Everything that this run lies in.
    pub(super) databases: Databases,
    streams: BTreeMap<StreamId, Stream>,
    events: BinaryHeap<Reverse<Due>>,
    order: u64,
}

impl<'p> World<'p> {
    /// A world before anything has happened.
    ///
    /// # Errors
    /// What the server and the store say.
    pub(super) fn new(beginning: &Beginning, plan: &'p Plan, trace: Trace) -> anyhow::Result<Self> {
        let chance = Chance::of(plan.seed);
        let databases = beginning.databases()?;
        let backend = Backend::new(&beginning.template, &databases.server, &chance, &plan.weather)?;
        let mut machines = Vec::new();
        for (n, store) in databases.stores.iter().enumerate().take(plan.machines) {
            let agent = plan.agent_of(n);
            let random = Source::new(chance.fork(100 + n as u64));
            let who = backend.people.agents[agent];
            let mut machine = Machine::new(agent, who, Arc::clone(store), random)?;
            machine.has_power_cuts =
                plan.stimuli.iter().any(|stimulus| stimulus.what == What::PowerCut(n));
            machines.push(machine);
        }
        let history = first_history(&backend, plan.machines)?;
        let mut world = Self {
            plan,
            chance: chance.fork(3),
            backend,
            history,
            given: Given::new(),
            ledger: Ledger::default(),
            machines,
            customers: Customers::default(),
            backup: None,
            server_down_until: 0,
            server_full_until: 0,
            server_ahead: 0,
            healed_at: 0,
            now: 0,
            calm: false,
            suspended: [false; AGENTS],
            was_suspended: [false; AGENTS],
            forgot: false,
            restored: false,
            trace,
            steps: 0,
            databases,
            streams: BTreeMap::new(),
            events: BinaryHeap::new(),
            order: 0,
        };
        for (n, stimulus) in plan.stimuli.iter().enumerate() {
            world.schedule(stimulus.at, Event::Stimulus(n));
        }
        world.schedule(WORKER_EVERY, Event::Worker);
        for machine in 0..world.machines.len() {
            let at = world.chance.between(0, 5 * SECOND);
            let life = world.machines[machine].life;
            world.sign_in(machine)?;
            world.schedule(at, Event::SwitchOn { machine, life });
        }
        Ok(world)
    }

    pub(super) fn schedule(&mut self, at: i64, event: Event) {
        self.order += 1;
        let at = at.max(self.now);
        self.events.push(Reverse(Due { at, order: self.order, event }));
    }

    /// Runs until everything has healed and come to rest.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn run(&mut self) -> anyhow::Result<()> {
        self.run_until(self.plan.calm_at)?;
        self.heal()?;
        self.come_to_rest()?;
        self.judge_the_end()
    }

    /// Handles everything that is due up to a time.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn run_until(&mut self, until: i64) -> anyhow::Result<()> {
        while self.events.peek().is_some_and(|Reverse(due)| due.at <= until) {
            let Some(Reverse(due)) = self.events.pop() else { break };
            self.set_now(due.at);
            self.steps += 1;
            self.happen(due.event)?;
        }
        self.set_now(until);
        Ok(())
    }

    fn set_now(&mut self, now: i64) {
        self.now = now.max(self.now);
        if self.server_full_until <= self.now {
            self.backend.fill_disk(false);
        }
        self.set_server_time();
    }

    /// The time by the server's clock, in microseconds after the beginning.
    pub(super) const fn server_now(&self) -> i64 {
        self.now + self.server_ahead
    }

    /// Lets the server's clock show its time.
    pub(super) fn set_server_time(&self) {
        self.backend.set_time(self.server_now());
    }

    /// Whether the server runs and its disk takes something.
    pub(super) const fn server_writes(&self) -> bool {
        self.server_down_until <= self.now && self.server_full_until <= self.now
    }

    fn happen(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Stimulus(n) => self.stimulate(n),
            Event::Worker => self.work_on_server(),
            Event::Tick { machine, life } => {
                if self.lives(machine, life) && self.machines[machine].tick_at == Some(self.now) {
                    self.machines[machine].tick_at = None;
                    self.tell(machine, Input::Tick)?;
                }
                Ok(())
            }
            Event::Request { machine, life, carried, token, answered } => {
                self.request_arrives(machine, life, carried, &token, answered)
            }
            Event::Answer { machine, life, request, result } => {
                if !self.lives(machine, life) {
                    return Ok(());
                }
                if result.is_ok() {
                    self.machines[machine].answered_at = self.now;
                }
                self.trace.note(|| match &result {
                    Ok(answer) => format!("machine {machine} is answered {request} {answer:?}"),
                    Err(error) => format!("machine {machine} is answered {request} {error}"),
                });
                self.tell(machine, Input::Answered { request, result })
            }
            Event::Work { machine, life, job, work } => self.work(machine, life, job, work),
            Event::Worked { machine, life, job, result } => {
                if self.lives(machine, life) {
                    self.tell(machine, Input::JobDone { job, result })?;
                }
                Ok(())
            }
            Event::LiveAsked { machine, life, live, ticket } => {
                self.live_asked(machine, life, live, &ticket);
                Ok(())
            }
            Event::LiveOpened { machine, life, live } => {
                if self.lives(machine, life) {
                    self.tell(machine, Input::LiveOpened { live })?;
                }
                Ok(())
            }
            Event::LiveSaid { machine, life, live, said } => {
                self.live_said(machine, life, live, &said);
                Ok(())
            }
            Event::LiveFrame { machine, life, live, frame } => {
                if self.lives(machine, life) && self.streams.contains_key(&(machine, life, live)) {
                    self.machines[machine].answered_at = self.now;
                    self.trace.note(|| format!("machine {machine} hears {}", wire::name(&frame)));
                    self.tell(machine, Input::LiveFrame { live, frame })?;
                }
                Ok(())
            }
            Event::LiveClosed { machine, life, live, error } => {
                self.streams.remove(&(machine, life, live));
                if self.lives(machine, life) {
                    self.trace.note(|| format!("machine {machine} loses its stream: {error}"));
                    self.tell(machine, Input::LiveClosed { live, error })?;
                }
                Ok(())
            }
            Event::Follow { stream } => self.follow(stream),
            Event::SwitchOn { machine, life } => self.switch_on(machine, life),
            Event::ReadOn { machine, life, query } => {
                if self.lives(machine, life) {
                    self.demand(machine, Demand::Heads(query))?;
                }
                Ok(())
            }
            Event::Session(event) => self.session_happens(event),
        }
    }

    pub(super) fn lives(&self, machine: usize, life: u64) -> bool {
        self.machines[machine].life == life && self.machines[machine].engine.is_some()
    }

    /// Starts a machine's program, unless somebody has done it since.
    pub(super) fn switch_on(&mut self, machine: usize, life: u64) -> anyhow::Result<()> {
        let present = &mut self.machines[machine];
        if present.life != life || present.engine.is_some() {
            return Ok(());
        }
        if present.signed_out {
            if self.suspended[present.agent] {
                return Ok(());
            }
            if self.has_no_way(machine) || !self.server_writes() {
                self.switch_on_later(machine);
                return Ok(());
            }
            self.sign_in(machine)?;
        }
        let present = &mut self.machines[machine];
        if let Err(error) = present.start(self.now, self.plan.weather.closed_kept_s) {
            anyhow::ensure!(present.disk_fails_until > self.now, "{error}");
            self.switch_on_later(machine);
            return Ok(());
        }
        self.trace.note(|| format!("machine {machine} starts"));
        self.tell(machine, Input::Start)
    }

    /// Tells an engine something and does what it wants done.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn tell(&mut self, machine: usize, input: Input) -> anyhow::Result<()> {
        let now = self.now;
        let present = &mut self.machines[machine];
        let time = present.time(now);
        let Some(engine) = &mut present.engine else { return Ok(()) };
        let effects = engine.handle(time, input);
        for effect in effects {
            self.carry_out(machine, effect)?;
        }
        self.wake_later(machine)
    }

    fn wake_later(&mut self, machine: usize) -> anyhow::Result<()> {
        let present = &self.machines[machine];
        let Some(engine) = &present.engine else { return Ok(()) };
        let wake = engine.next_wake();
        // Without a network and with nothing under way, nothing else wakes it.
        let is_alone = engine.link().state == ConnectionState::Offline && engine.is_idle();
        let latest = present.time(self.now).plus_seconds(LONGEST_SLEEP_S);
        if is_alone && wake.is_none_or(|wake| wake > latest) {
            anyhow::bail!("I10 machine {machine} has no network and tries again only at {wake:?}");
        }
        let Some(wake) = wake else { return Ok(()) };
        let at = present.true_time(wake).max(self.now + SHORTEST_WAY);
        if present.tick_at.is_none_or(|due| at < due || due < self.now) {
            self.machines[machine].tick_at = Some(at);
            let life = self.machines[machine].life;
            self.schedule(at, Event::Tick { machine, life });
        }
        Ok(())
    }

    fn carry_out(&mut self, machine: usize, effect: Effect) -> anyhow::Result<()> {
        let life = self.machines[machine].life;
        match effect {
            Effect::Send { request, ask } => {
                self.send(machine, Carried { request, ask, again: false })?;
            }
            Effect::OpenLive { live, ticket } => {
                let at = self.now + self.way();
                self.schedule(at, Event::LiveAsked { machine, life, live, ticket });
            }
            Effect::SayLive { live, request } => {
                if let LiveRequest::Ack { .. } = request
                    && self.machines[machine].deleted
                {
                    anyhow::bail!("machine {machine} acknowledges before what it deleted is gone");
                }
                let at = self.now + self.way();
                self.schedule(at, Event::LiveSaid { machine, life, live, said: request });
            }
            Effect::CloseLive { live } => {
                self.streams.remove(&(machine, life, live));
            }
            Effect::Run { job, work } => {
                let slowest = self.slowest_disk();
                let at = self.now + self.chance.between(10, slowest);
                self.schedule(at, Event::Work { machine, life, job, work });
            }
            Effect::Tell(notice) => self.hear(machine, notice)?,
        }
        Ok(())
    }

    fn hear(&mut self, machine: usize, notice: Notice) -> anyhow::Result<()> {
        match notice {
            Notice::SessionEnded { reason, .. } => {
                self.judge_signed_out(machine, reason)?;
                let agent = self.machines[machine].agent;
                self.trace.note(|| format!("machine {machine} is signed out"));
                self.machines[machine].stop();
                self.machines[machine].signed_out = true;
                self.machines[machine].keychain = None;
                if !self.suspended[agent] {
                    self.switch_on_later(machine);
                }
            }
            Notice::StoreFailed(failure) => {
                if !matches!(failure.code, ErrorCode::DiskFull | ErrorCode::DiskFailed) {
                    anyhow::bail!("machine {machine}: the store failed: {failure}");
                }
                self.trace.note(|| format!("machine {machine} stops: its disk fails"));
                self.machines[machine].stop();
                self.switch_on_later(machine);
            }
            Notice::Lease { holds } => self.machines[machine].lease_holds = holds,
            Notice::Demanded { demand_id, result } => {
                let asked = self.machines[machine].demands.remove(&demand_id);
                let Some(list) = asked else {
                    anyhow::bail!("machine {machine} is answered what nobody asked");
                };
                if let (Some(query), Some(after)) = (list, result.ok().and_then(|page| page.next)) {
                    let (query, at) = (HeadQuery { after: Some(after), ..query }, self.now);
                    let life = self.machines[machine].life;
                    self.schedule(at, Event::ReadOn { machine, life, query });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Switches a machine on in a while.
    pub(super) fn switch_on_later(&mut self, machine: usize) {
        let at = self.now + self.chance.between(100_000, 20 * SECOND);
        let life = self.machines[machine].life;
        self.schedule(at, Event::SwitchOn { machine, life });
    }

    /// Reads what was written, if anything was, and wakes the streams.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn after_write(&mut self) -> anyhow::Result<()> {
        if self.backend.has_grown() { self.read_log() } else { Ok(()) }
    }

    /// Reads what the log holds and wakes the streams.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn read_log(&mut self) -> anyhow::Result<()> {
        let mut grew = false;
        loop {
            let page = self.backend.everything_after(self.history.log_id, self.history.seq)?;
            grew |= page.cursor > self.history.seq;
            for change in &page.changes {
                self.history.take(change, &self.given).map_err(anyhow::Error::msg)?;
            }
            self.history.seq = page.cursor;
            if !page.more {
                break;
            }
        }
        if grew {
            let waiting: Vec<StreamId> = self.streams.keys().copied().collect();
            for stream in waiting {
                if !self.calm && self.chance.happens(self.plan.weather.unheard) {
                    continue;
                }
                self.schedule(self.now + PACE, Event::Follow { stream });
            }
        }
        Ok(())
    }

    fn work_on_server(&mut self) -> anyhow::Result<()> {
        if self.server_writes() {
            done(recado_server::snooze::wake_due(self.backend.core()))??;
            self.after_write()?;
        }
        self.schedule(self.now + WORKER_EVERY, Event::Worker);
        Ok(())
    }
}

fn first_history(backend: &Backend, machines: usize) -> anyhow::Result<History> {
    let oracle = backend.people.oracle;
    let seen = done(recado_server::sync::bootstrap(backend.core(), oracle))??;
    let mut access = Vec::new();
    for agent in &backend.people.agents[..machines] {
        let own = done(recado_server::sync::bootstrap(backend.core(), *agent))??.access;
        let (epoch, teams) = (own.epoch, own.team_ids);
        let view = Visibility::new(agent.teammate_id, own.conversation_access, teams);
        access.push((epoch, view));
    }
    Ok(History::new(seen.log_id, seen.cursor, access))
}
