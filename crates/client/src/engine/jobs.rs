//! The queue of jobs on the store and what follows each.

use recado_protocol::sync::ScopeDigest;
use recado_protocol::{
    CommandId, ConversationId, ErrorCode, LogId, Planted, REVISION, Timestamp, is_planted,
};
use recado_store::{Applied, ClosedCheck, HeadsProgress, Meta};
use tracing::warn;

use super::{
    DemandAnswer, Effect, Engine, Eviction, Id, Job, JobAnswer, Notice, PlusMicros as _, Run,
    StoreFailure,
};
use super::{EVICTION_RETRY_MICROS, sync_lane};

/// What follows a job.
#[derive(Debug)]
pub(super) enum Then {
    Loaded,
    ClockStored,
    MetaRead,
    Bootstrapped {
        reconcile: bool,
    },
    PageApplied {
        more: bool,
        live: bool,
    },
    HeadsListed {
        progress: HeadsProgress,
        ids: Vec<ConversationId>,
        as_of: u64,
    },
    Reconciled,
    EvictionFinished,
    Compare(ScopeDigest),
    WantedRead,
    BodiesApplied {
        missing: Vec<ConversationId>,
        page_cursor: u64,
    },
    Forgotten,
    ClosedRead(ClosedCheck),
    ClosedChecked,
    CommandsRead {
        /// The log under which they were asked for.
        log_id: Option<LogId>,
    },
    CommandsPutBack(Vec<CommandId>),
    CommandsLeftOut(Vec<CommandId>),
    Acknowledged(Vec<CommandId>),
    Resent,
    DemandApplied {
        demand_id: Id,
        answer: DemandAnswer,
    },
    StatsRead,
    Indexed,
    Pruned,
    RoomMade,
}

impl Engine {
    pub(super) fn start_job(&mut self, effects: &mut Vec<Effect>) {
        if self.job.is_some() {
            return;
        }
        let Some((work, then)) = self.jobs.pop_front() else { return };
        let job = self.id();
        self.job = Some((job, then));
        effects.push(Effect::Run { job, work });
    }

    pub(super) fn job_done(
        &mut self,
        now: Timestamp,
        job: Id,
        result: Result<JobAnswer, StoreFailure>,
        effects: &mut Vec<Effect>,
    ) {
        let Some((_, then)) = self.job.take_if(|(id, _)| *id == job) else { return };
        let answer = match result {
            Ok(answer) => answer,
            Err(failure) => {
                warn!(code = ?failure.code, "the store failed");
                self.halt(effects);
                effects.push(Effect::Tell(Notice::StoreFailed(failure)));
                return;
            }
        };
        match (then, answer) {
            (Then::Loaded, JobAnswer::Meta(meta)) => self.loaded(now, *meta, effects),
            (Then::ClockStored | Then::ClosedChecked, JobAnswer::Nothing) => {}
            (Then::MetaRead, JobAnswer::Meta(meta)) => self.meta_read(meta, effects),
            (Then::Bootstrapped { reconcile }, JobAnswer::Applied(applied)) => {
                self.bootstrapped(now, &applied, reconcile, effects);
            }
            (Then::PageApplied { more, live }, JobAnswer::Applied(applied)) => {
                self.page_applied(now, more, live, *applied, effects);
            }
            (Then::HeadsListed { progress, ids, as_of }, JobAnswer::Applied(applied)) => {
                self.heads_listed(progress, ids, as_of, &applied, effects);
            }
            (Then::Reconciled, JobAnswer::Applied(applied)) => {
                self.sync_busy = false;
                self.changed(&applied, effects);
            }
            (Then::EvictionFinished, JobAnswer::Finished(done)) => {
                self.eviction = if done {
                    Eviction::None
                } else {
                    Eviction::RetryAt(now.plus_micros(EVICTION_RETRY_MICROS))
                };
            }
            (Then::Compare(remote), JobAnswer::Digest(local)) => self.compare(&remote, &local),
            (Then::WantedRead, JobAnswer::Ids(ids)) => self.wanted_read(now, ids, effects),
            (Then::BodiesApplied { missing, page_cursor }, JobAnswer::Applied(applied)) => {
                self.bodies_applied(now, missing, page_cursor, &applied, effects);
            }
            (Then::Forgotten, JobAnswer::Applied(applied)) => self.changed(&applied, effects),
            (Then::ClosedRead(check), JobAnswer::Closed(ids, next)) => {
                self.closed_read(check, ids, next, effects);
            }
            (Then::CommandsRead { log_id }, JobAnswer::Commands(commands)) => {
                self.commands_read(log_id, commands, effects);
            }
            (Then::CommandsPutBack(ids), JobAnswer::Nothing) => {
                self.outbox.busy = false;
                effects.push(Effect::Tell(Notice::OutboxChanged(ids)));
            }
            (Then::CommandsLeftOut(ids), JobAnswer::Nothing) => {
                effects.push(Effect::Tell(Notice::OutboxChanged(ids)));
            }
            (Then::Acknowledged(ids), JobAnswer::Ids(touched)) => {
                self.acknowledged(ids, touched, effects);
            }
            (Then::Resent, JobAnswer::Count(count)) => self.outbox.waiting |= count > 0,
            (Then::DemandApplied { demand_id, answer }, JobAnswer::Applied(applied)) => {
                self.demand_applied(demand_id, answer, &applied, effects);
            }
            (Then::StatsRead, JobAnswer::Stats(stats)) => self.stats_read(stats),
            (Then::Indexed, JobAnswer::Index(progress)) => self.indexed(progress),
            (Then::Pruned, JobAnswer::Count(_)) => {}
            (Then::RoomMade, JobAnswer::Ids(ids)) => self.room_made(now, ids, effects),
            (then, answer) => {
                let detail = format!("a job answered {answer:?} where {then:?} follows");
                self.halt(effects);
                let failure = StoreFailure { code: ErrorCode::ClientFailed, detail };
                effects.push(Effect::Tell(Notice::StoreFailed(failure)));
            }
        }
    }

    fn loaded(&mut self, now: Timestamp, meta: Meta, effects: &mut Vec<Effect>) {
        self.run = Run::Running;
        self.log_id = meta.log_id;
        self.cursor = meta.cursor;
        self.heads = meta.heads.clone();
        self.lease.resume(meta.last_contact_at, meta.clock_seen);
        self.lease.look(now);
        if is_planted(Planted::LeaseRenewedByStart) {
            self.lease.contacted(now);
        }
        self.access_checked = false;
        self.closed_check = meta.closed_check;
        self.needs_bootstrap = meta.log_id.is_none() || meta.revision < REVISION;
        if self.closed_check.is_some() && self.heads != HeadsProgress::Complete {
            // What the pages of the last run named is not known any more.
            self.heads = HeadsProgress::Needed;
            self.reconcile_after_listing();
        }
        // The last run may have ended at any point: after a complete listing and before what it did
        // not name was dropped, after a deletion and before the write-ahead log was emptied, after
        // the first page of another change log and before what the old one confirmed was queued.
        self.comparisons_left = sync_lane::COMPARISONS;
        self.needs_comparison = self.heads == HeadsProgress::Complete;
        self.eviction = Eviction::Running;
        self.jobs.push_back((Job::FinishEviction, Then::EvictionFinished));
        if let Some(log_id) = self.log_id {
            self.jobs.push_back((Job::Resend(log_id, now), Then::Resent));
        }
        self.outbox.prune_at = Some(now);
        self.meta_read(Box::new(meta), effects);
    }

    fn meta_read(&mut self, meta: Box<Meta>, effects: &mut Vec<Effect>) {
        if let Some(workspace) = &meta.workspace {
            self.lease.set_length(i64::from(workspace.offline_lease_s));
        }
        effects.push(Effect::Tell(Notice::DirectoryChanged(meta)));
    }

    /// Tells what a batch changed, and sees to what follows from it.
    pub(super) fn changed(&mut self, applied: &Applied, effects: &mut Vec<Effect>) {
        for left in &applied.left {
            effects.push(Effect::Tell(Notice::ConversationLeft {
                conversation_id: left.conversation_id,
                contact_name: left.contact_name.clone(),
            }));
        }
        if !applied.conversations.is_empty() {
            self.bodies.waiting = true;
            self.bodies.index_soon();
            let ids = applied.conversations.clone();
            effects.push(Effect::Tell(Notice::ConversationsChanged(ids)));
        }
        if applied.evicted && self.eviction != Eviction::Running {
            self.eviction = Eviction::Running;
            self.jobs.push_back((Job::FinishEviction, Then::EvictionFinished));
        }
        if applied.access_changed {
            // The new view may be wider: what it adds is listed, and the server has the last word.
            self.heads = HeadsProgress::Needed;
            self.reconcile_after_listing();
            // Lists and counts may have lost more than the conversations that are named.
            effects.push(Effect::Tell(Notice::ConversationsChanged(Vec::new())));
        }
        if applied.directory_changed || applied.access_changed {
            self.jobs.push_back((Job::Meta, Then::MetaRead));
        }
    }
}
