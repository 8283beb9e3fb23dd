//! An agent's machine: the real store and the real engine, with a clock, a disk and a network that
//! can fail.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use recado_client::engine::{Engine, Id};
use recado_client::session::{RefreshItem, Tokens};
use recado_protocol::host::DraftKind;
use recado_protocol::sync::HeadQuery;
use recado_protocol::{Command, CommandId, ConversationId, LogId, SessionId, Timestamp};
use recado_server::core::Principal;
use recado_store::{CacheBudget, Store, SyncedCache};

use super::backend::START;
use super::chance::Source;
use super::world::Carried;

/// An agent's machine.
pub(super) struct Machine {
    /// Which agent's.
    pub(super) agent: usize,
    /// Who signed in on it.
    pub(super) who: Principal,
    /// The files.
    pub(super) store: Arc<Store>,
    /// The cache as the disk shows it after a power cut.
    synced: Option<SyncedCache>,
    /// Whether anybody will ask for it.
    pub(super) has_power_cuts: bool,
    /// The program, while it runs.
    pub(super) engine: Option<Engine>,
    /// Counts the program's starts: what belongs to an earlier one is nobody's any more.
    pub(super) life: u64,
    /// Its randomness.
    pub(super) random: Arc<Source>,
    /// How far its clock is ahead, in microseconds.
    pub(super) clock_ahead: i64,
    /// Whether anybody has set its clock.
    pub(super) clock_was_set: bool,
    /// Until when it has no network.
    pub(super) no_network_until: i64,
    /// Until when the answers to it are held up.
    pub(super) held_up_until: i64,
    /// Until when its disk fails.
    pub(super) disk_fails_until: i64,
    /// The wake-up that is due next.
    pub(super) tick_at: Option<i64>,
    /// Whether the server has ended its session.
    pub(super) signed_out: bool,
    /// Whether cached content may be shown.
    pub(super) lease_holds: bool,
    /// When an answer last arrived, by the true time.
    pub(super) answered_at: i64,
    /// Whether something was deleted that may still lie in the write-ahead log.
    pub(super) deleted: bool,
    /// Counts what the agent did.
    pub(super) order: u64,
    /// What the agent did and was told is safe.
    pub(super) accepted: BTreeMap<CommandId, Command>,
    /// What the agent gave up or gave again under another id.
    pub(super) given_up: BTreeSet<CommandId>,
    /// The drafts that were kept.
    pub(super) drafts: BTreeMap<(ConversationId, DraftOf), String>,
    /// What the agent waits for, and how a list goes on.
    pub(super) demands: BTreeMap<Id, Option<HeadQuery>>,
    /// Names the next demand.
    pub(super) next_demand: Id,
    /// The log and the cursor that were seen last.
    pub(super) reached: Option<(LogId, u64)>,
    /// The versions of the read marks that were seen last.
    pub(super) marks: BTreeMap<ConversationId, u64>,
    /// The access, by log and epoch, under which the cache was compared with the server last.
    pub(super) compared: Option<(LogId, u64)>,
    /// What was given up before it was ever sent.
    pub(super) never_sent: BTreeSet<CommandId>,
    /// The session's tokens, as far as this run of the program knows them.
    pub(super) tokens: Option<Tokens>,
    /// What the keychain holds, which outlives the program.
    pub(super) keychain: Option<Kept>,
    /// What waits for a token.
    pub(super) waiting: VecDeque<Carried>,
    /// Whether a step towards the next token is under way.
    pub(super) stepping: bool,
}

/// A session as it is kept on a machine.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// The session.
    pub(super) session_id: SessionId,
    /// Its refresh secrets.
    pub(super) item: RefreshItem,
}

/// What a draft is of; in an order, so that runs are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DraftOf {
    /// A reply.
    Reply,
    /// A note.
    Note,
}

impl DraftOf {
    /// As the contract has it.
    pub(super) const fn kind(self) -> DraftKind {
        match self {
            Self::Reply => DraftKind::Reply,
            Self::Note => DraftKind::Note,
        }
    }
}

impl Machine {
    /// A machine with empty files, switched off.
    ///
    /// # Errors
    /// What the store says.
    pub(super) fn new(
        agent: usize,
        who: Principal,
        store: Arc<Store>,
        random: Source,
    ) -> anyhow::Result<Self> {
        store.let_disk_fail(None);
        store.make_new()?;
        Ok(Self {
            agent,
            who,
            store,
            synced: None,
            has_power_cuts: false,
            engine: None,
            life: 0,
            random: Arc::new(random),
            clock_ahead: 0,
            clock_was_set: false,
            no_network_until: 0,
            held_up_until: 0,
            disk_fails_until: 0,
            tick_at: None,
            signed_out: false,
            lease_holds: false,
            answered_at: 0,
            deleted: false,
            order: 0,
            accepted: BTreeMap::new(),
            given_up: BTreeSet::new(),
            drafts: BTreeMap::new(),
            demands: BTreeMap::new(),
            next_demand: 0,
            reached: None,
            marks: BTreeMap::new(),
            compared: None,
            never_sent: BTreeSet::new(),
            tokens: None,
            keychain: None,
            waiting: VecDeque::new(),
            stepping: false,
        })
    }

    /// The time by this machine's clock.
    pub(super) const fn time(&self, now: i64) -> Timestamp {
        Timestamp::from_micros(START.as_micros() + now + self.clock_ahead)
    }

    /// The true time at which this machine's clock shows `at`.
    pub(super) const fn true_time(&self, at: Timestamp) -> i64 {
        at.as_micros() - START.as_micros() - self.clock_ahead
    }

    /// Starts the program: opens the files and makes an engine.
    ///
    /// # Errors
    /// What the store says.
    pub(super) fn start(&mut self, now: i64, closed_kept_s: i64) -> anyhow::Result<()> {
        self.life += 1;
        self.disk(now).open_again()?;
        let budget = CacheBudget { closed_kept_s, ..CacheBudget::default() };
        let engine = Engine::new(Arc::clone(&self.random) as _, self.time(now));
        self.engine = Some(engine.with_budget(budget));
        self.tick_at = None;
        // Nothing is shown before the cache has said whether it may be.
        self.lease_holds = false;
        self.tokens = self.keychain.as_ref().map(|kept| Tokens::resume(kept.session_id));
        Ok(())
    }

    /// The files, on a disk that fails no longer than it is to.
    pub(super) fn disk(&self, now: i64) -> &Store {
        if self.disk_fails_until <= now {
            self.store.let_disk_fail(None);
        }
        &self.store
    }

    /// The program is gone from one moment to the next.
    pub(super) fn stop(&mut self) {
        self.life += 1;
        self.engine = None;
        self.tick_at = None;
        self.demands.clear();
        self.tokens = None;
        self.waiting.clear();
        self.stepping = false;
    }

    /// The power is gone: of the cache, what was not forced to the disk is lost.
    ///
    /// # Errors
    /// What the store says.
    pub(super) fn cut_power(&mut self) -> anyhow::Result<()> {
        self.stop();
        if let Some(synced) = &self.synced {
            self.store.lose_unsynced(synced)?;
            self.reached = None;
            self.marks.clear();
        }
        Ok(())
    }

    /// From now on the disk shows the cache as it is.
    ///
    /// # Errors
    /// What the store says.
    pub(super) fn sync_to_disk(&mut self) -> anyhow::Result<()> {
        match &mut self.synced {
            _ if !self.has_power_cuts => {}
            Some(synced) => synced.renew(&self.store)?,
            None => self.synced = Some(SyncedCache::of(&self.store)?),
        }
        Ok(())
    }

    /// Whether the program runs and somebody is signed in.
    pub(super) const fn is_on(&self) -> bool {
        self.engine.is_some() && !self.signed_out
    }
}
