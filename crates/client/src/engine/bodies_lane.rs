//! The bodies lane: what is loaded in the background once the heads are here.

use recado_protocol::host::{BootstrapProgress, ListKey};
use recado_protocol::sync::MAX_FETCH;
use recado_protocol::{ConversationId, Planted, Timestamp, is_planted};
use recado_store::{Applied, ClosedCheck, FillProgress, HeadsProgress, IndexProgress};

use super::jobs::Then;
use super::{Answer, Ask, Backoff, Effect, Engine, Job, Notice, PlusMicros as _, Portion, Purpose};
use crate::transport::TransportError;

/// How many messages are indexed for search in one transaction: as many as can be without anybody
/// waiting long for it.
const INDEX_BATCH: u32 = 4_000;
/// How long the lane rests after an answer that could not be used, in microseconds.
const REST_MICROS: i64 = 10_000_000;
/// How often room is made, in microseconds.
const ROOM_INTERVAL_MICROS: i64 = 3_600_000_000;

#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// When room is made next; at once, where there is no time.
    room_at: Option<Timestamp>,
    /// Whether bodies may be missing.
    pub(super) waiting: bool,
    busy: bool,
    pub(super) backoff: Backoff,
    portion: Portion,
    /// Set from the first head to the last body of a first load, while its progress is shown.
    pub(super) filling: bool,
    rest_until: Option<Timestamp>,
    /// What was asked for last, so that it shows if that did not help.
    last_wanted: Vec<ConversationId>,
    reading_stats: bool,
    indexing: bool,
    unindexed: bool,
    /// Set while closed conversations are asked for rather than missing bodies.
    checked_page: Option<CheckedPage>,
}

impl Bodies {
    pub(super) fn restart(&mut self) {
        *self = Self { waiting: true, unindexed: true, ..Self::default() };
    }

    /// Ends the rest after an answer that could not be used.
    pub(super) fn end_rest(&mut self) {
        self.waiting |= self.rest_until.take().is_some();
    }

    /// What was asked will not be answered.
    pub(super) fn ask_again(&mut self) {
        self.busy = false;
        self.waiting = true;
        self.checked_page = None;
        self.last_wanted.clear();
    }

    pub(super) const fn index_soon(&mut self) {
        self.unindexed = true;
    }

    pub(super) fn wake(&self) -> Option<Timestamp> {
        self.backoff.until().into_iter().chain(self.rest_until).min()
    }
}

/// A page of the closed conversations that is being checked.
#[derive(Debug)]
struct CheckedPage {
    /// Where the check goes on after it.
    next: Option<ListKey>,
}

impl Engine {
    pub(super) fn advance_bodies(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.bodies.rest_until.is_some_and(|until| until <= now) {
            self.bodies.rest_until = None;
            self.bodies.waiting = true;
        }
        self.advance_index();
        let caught_up = self.heads == HeadsProgress::Complete
            && !self.needs_bootstrap
            && !self.needs_pull
            && self.sync_backoff.failure().is_none();
        // Only while the server can be asked for it again, and not while it is asked whether it is there.
        let is_there = caught_up && !self.sync_busy;
        if is_there && self.bodies.room_at.is_none_or(|at| at <= now) {
            self.bodies.room_at = Some(now.plus_micros(ROOM_INTERVAL_MICROS));
            self.make_room(now);
        }
        let may_try = self.bodies.backoff.may_try(now);
        if !caught_up || !may_try || self.bodies.busy {
            return;
        }
        if self.bodies.rest_until.is_some() {
            return;
        }
        let limit = self.bodies.portion.of(MAX_FETCH as u32);
        if let Some(check) = self.closed_check {
            self.bodies.busy = true;
            self.jobs.push_back((Job::ClosedIds(check.after, limit), Then::ClosedRead(check)));
        } else if self.bodies.waiting {
            self.bodies.busy = true;
            self.bodies.waiting = false;
            let job = Job::WantedBodies(limit, self.budget);
            self.jobs.push_back((job, Then::WantedRead));
        }
        self.start_job(effects);
    }

    fn advance_index(&mut self) {
        // Only in a quiet moment: everything else on the store goes before it.
        let quiet = self.jobs.is_empty() && self.job.is_none();
        if self.bodies.unindexed && !self.bodies.indexing && quiet {
            self.bodies.indexing = true;
            self.jobs.push_back((Job::Index(INDEX_BATCH), Then::Indexed));
        }
    }

    pub(super) const fn indexed(&mut self, progress: IndexProgress) {
        self.bodies.indexing = false;
        self.bodies.unindexed = progress.more;
    }

    pub(super) fn wanted_read(
        &mut self,
        now: Timestamp,
        ids: Vec<ConversationId>,
        effects: &mut Vec<Effect>,
    ) {
        if ids.is_empty() {
            self.bodies.busy = false;
            self.bodies.filling = false;
            self.bodies.last_wanted.clear();
            self.progress = None;
            return;
        }
        if ids == self.bodies.last_wanted {
            // The answer did not bring them. Asking again at once would not help.
            self.bodies.busy = false;
            self.bodies.last_wanted.clear();
            self.bodies.rest_until = Some(now.plus_micros(REST_MICROS));
            return;
        }
        self.bodies.last_wanted.clone_from(&ids);
        self.fetch_bodies(ids, effects);
    }

    /// Drops what the cache is not to hold any more.
    fn make_room(&mut self, now: Timestamp) {
        self.jobs.push_back((Job::KeepToBudget(self.budget, now), Then::RoomMade));
    }

    pub(super) fn room_made(
        &mut self,
        now: Timestamp,
        ids: Vec<ConversationId>,
        effects: &mut Vec<Effect>,
    ) {
        // A step at a time, so that nobody waits for long.
        if !ids.is_empty() {
            effects.push(Effect::Tell(Notice::ConversationsChanged(ids)));
            self.make_room(now);
        }
    }

    fn fetch_bodies(&mut self, ids: Vec<ConversationId>, effects: &mut Vec<Effect>) {
        self.send(Purpose::Bodies(ids.clone()), Ask::Fetch(ids), effects);
    }

    pub(super) fn closed_read(
        &mut self,
        check: ClosedCheck,
        ids: Vec<ConversationId>,
        next: Option<ListKey>,
        effects: &mut Vec<Effect>,
    ) {
        // A check that began anew meanwhile is not taken further by what was read for the one before.
        let current = self.closed_check == Some(check);
        self.bodies.checked_page = current.then_some(CheckedPage { next });
        if ids.is_empty() {
            self.bodies.busy = false;
            self.page_checked();
        } else {
            self.fetch_bodies(ids, effects);
        }
    }

    /// The closed conversations of a page were answered, stored, and dropped where they had to be.
    fn page_checked(&mut self) {
        let Some(page) = self.bodies.checked_page.take() else { return };
        self.set_closed_check(page.next.map(|after| ClosedCheck { after: Some(after) }));
    }

    /// Has every closed conversation in the cache asked for.
    pub(super) fn begin_closed_check(&mut self) {
        self.bodies.checked_page = None;
        let check = (!is_planted(Planted::ClosedNotChecked)).then(ClosedCheck::default);
        self.set_closed_check(check);
    }

    fn set_closed_check(&mut self, check: Option<ClosedCheck>) {
        self.closed_check = check;
        self.jobs.push_back((Job::ClosedCheck(check), Then::ClosedChecked));
    }

    pub(super) fn bodies_answered(
        &mut self,
        now: Timestamp,
        asked: &[ConversationId],
        result: Result<Answer, TransportError>,
    ) {
        let error = match result {
            Ok(Answer::Conversations(page)) => {
                self.bodies.backoff.succeeded();
                self.bodies.portion.arrived();
                let missing = asked
                    .iter()
                    .copied()
                    .filter(|id| !page.conversations.iter().any(|delta| delta.head.id == *id))
                    .collect();
                let then = Then::BodiesApplied { missing, page_cursor: page.cursor };
                self.jobs.push_back((Job::Conversations(page, now), then));
                return;
            }
            Ok(_) => TransportError::Malformed,
            Err(error) => error,
        };
        if error == TransportError::BrokenOff {
            self.bodies.portion.broke_off();
        }
        self.bodies.busy = false;
        self.bodies.waiting = true;
        self.bodies.checked_page = None;
        self.bodies.last_wanted.clear();
        let (code, after_s) = (error.code(), error.retry_after_s());
        self.bodies.backoff.failed(now, code, after_s, self.random.as_ref());
    }

    pub(super) fn bodies_applied(
        &mut self,
        now: Timestamp,
        missing: Vec<ConversationId>,
        page_cursor: u64,
        applied: &Applied,
        effects: &mut Vec<Effect>,
    ) {
        self.bodies.busy = false;
        self.bodies.unindexed = true;
        if applied.dropped.is_some() {
            self.needs_pull = true;
            self.bodies.checked_page = None;
            self.bodies.rest_until = Some(now.plus_micros(REST_MICROS));
            return;
        }
        self.changed(applied, effects);
        self.bodies.waiting = true;
        self.read_stats();
        // The server does not show them: they go, unless the cache knows of something newer.
        if !missing.is_empty() {
            self.jobs.push_back((Job::Forget(missing, page_cursor), Then::Forgotten));
        }
        // Told after what had to go is gone: the jobs run in order, and a crash between them has the
        // page checked again.
        self.page_checked();
    }

    pub(super) fn read_stats(&mut self) {
        if self.bodies.filling && !self.bodies.reading_stats {
            self.bodies.reading_stats = true;
            self.jobs.push_back((Job::Stats, Then::StatsRead));
        }
    }

    pub(super) fn stats_read(&mut self, stats: FillProgress) {
        self.bodies.reading_stats = false;
        if self.bodies.filling {
            let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
            self.progress = Some(BootstrapProgress {
                heads: small(stats.active_heads),
                bodies: small(stats.bodies),
                heads_complete: self.heads == HeadsProgress::Complete,
            });
        }
    }
}
