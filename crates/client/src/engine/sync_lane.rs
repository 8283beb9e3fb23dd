//! The sync lane: bootstrap, listing heads, pulling, comparing, and the way to the live stream.

use std::collections::HashSet;

use recado_protocol::sync::{HeadPage, HeadQuery, MAX_ENTRIES, MAX_HEADS, ScopeDigest, SyncPage};
use recado_protocol::{
    ConversationId, ConversationState, ErrorCode, Planted, Timestamp, is_planted,
};
use recado_store::{Applied, Dropped, HeadListing, HeadsProgress, LocalDigest};
use tracing::{info, warn};

use super::jobs::Then;
use super::{Answer, Ask, Effect, Engine, Id, Job, Notice, Purpose};
use crate::transport::TransportError;

/// How often a cache is compared with the server after one change of access, at most. In a busy
/// workspace both have to stand at the same number first.
pub(super) const COMPARISONS: u32 = 5;

impl Engine {
    pub(super) fn advance_sync(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.acknowledge_live(effects);
        if self.poll_at.is_some_and(|at| at <= now) {
            self.poll_at = None;
            self.needs_pull = true;
        }
        if self.sync_busy || !self.sync_backoff.may_try(now) {
            return;
        }
        if !self.needs_bootstrap && !self.needs_pull && self.apply_next_frame(now) {
            return;
        }
        let Some(ask) = self.next_ask() else { return };
        self.sync_busy = true;
        self.send(Purpose::Sync, ask, effects);
    }

    fn next_ask(&mut self) -> Option<Ask> {
        let log_id = match self.log_id {
            Some(log_id) if !self.needs_bootstrap => log_id,
            _ => return Some(Ask::Bootstrap),
        };
        // Pulling goes before everything else: it brings the evictions.
        if self.needs_pull {
            self.needs_pull = false;
            let limit = self.pages_portion.of(MAX_ENTRIES);
            return Some(Ask::Sync { log_id, cursor: self.cursor, limit });
        }
        if let Some(query) = self.next_listing() {
            self.listing = true;
            return Some(Ask::Heads(query));
        }
        if self.needs_comparison && self.comparisons_left > 0 {
            self.comparisons_left -= 1;
            self.comparing = true;
            return Some(Ask::Digest);
        }
        self.live.is_closed().then_some(Ask::LiveTicket)
    }

    fn next_listing(&mut self) -> Option<HeadQuery> {
        let (state, after) = match &self.heads {
            HeadsProgress::Complete => return None,
            HeadsProgress::Needed => {
                self.listed = Some(HashSet::new());
                (ConversationState::Open, None)
            }
            HeadsProgress::Listing { listing } => (listing.state, listing.after.clone()),
        };
        let limit = self.heads_portion.of(MAX_HEADS);
        Some(HeadQuery { state, contact_id: None, after, limit: Some(limit) })
    }

    pub(super) fn sync_answered(
        &mut self,
        now: Timestamp,
        result: Result<Answer, TransportError>,
        effects: &mut Vec<Effect>,
    ) {
        let was_comparing = std::mem::take(&mut self.comparing);
        let was_listing = std::mem::take(&mut self.listing);
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                // A question that was lost on the way has compared nothing.
                if was_comparing && error.code() == ErrorCode::Unreachable {
                    self.comparisons_left += 1;
                }
                if error == TransportError::BrokenOff {
                    let portion =
                        if was_listing { &mut self.heads_portion } else { &mut self.pages_portion };
                    portion.broke_off();
                }
                return self.sync_failed(now, &error, effects);
            }
        };
        self.sync_backoff.succeeded();
        match answer {
            Answer::Bootstrap(bootstrap) => {
                self.ask_again(effects);
                let then = Then::Bootstrapped { reconcile: self.log_id.is_some() };
                self.log_id = Some(bootstrap.log_id);
                self.jobs.push_back((Job::Bootstrap(bootstrap, now), then));
            }
            Answer::Sync(page) => {
                self.pages_portion.arrived();
                self.apply_page(now, page, false);
            }
            Answer::Heads(page) => {
                self.heads_portion.arrived();
                self.list_heads(now, page);
            }
            Answer::Digest(digest) => self.jobs.push_back((Job::Digest, Then::Compare(digest))),
            // The lane stays busy until the stream is open.
            Answer::LiveTicket(ticket) => self.open_live(ticket.ticket, effects),
            Answer::Conversations(_) | Answer::Commands(_) => {
                self.sync_failed(now, &TransportError::Malformed, effects);
            }
        }
    }

    /// Forgets what was asked beside the log before a bootstrap, and asks again what somebody waits for.
    /// The cursor jumps, so nothing tells what has changed or left since such an answer was read.
    fn ask_again(&mut self, effects: &mut Vec<Effect>) {
        if is_planted(Planted::AnswersOfBeforeTaken) {
            return;
        }
        let is_of_before =
            |purpose: &Purpose| matches!(purpose, Purpose::Bodies(_) | Purpose::Demand(_));
        let of_before: Vec<Id> = self
            .requests
            .iter()
            .filter(|(_, purpose)| is_of_before(purpose))
            .map(|(request, _)| *request)
            .collect();
        for request in of_before {
            match self.requests.remove(&request) {
                Some(Purpose::Demand(demand_id)) => self.ask_demand(demand_id, effects),
                _ => self.bodies.ask_again(),
            }
        }
    }

    pub(super) fn sync_failed(
        &mut self,
        now: Timestamp,
        error: &TransportError,
        effects: &mut Vec<Effect>,
    ) {
        self.sync_busy = false;
        self.needs_pull = true;
        // An answer that still comes would be of a state that the next steps have left behind.
        self.requests.retain(|_, purpose| !matches!(purpose, Purpose::Sync));
        self.listing = false;
        if std::mem::take(&mut self.comparing) {
            self.comparisons_left += 1;
        }
        self.close_live(effects);
        let bootstrapping = self.needs_bootstrap || self.log_id.is_none();
        if error.code() == ErrorCode::CursorGone && !bootstrapping {
            info!("the change log's cursor is gone; the cache is reconciled");
            self.needs_bootstrap = true;
            // A server that says so again and again is not asked in a tight loop.
            if !self.reconciled_without_page {
                self.reconciled_without_page = true;
                return;
            }
        }
        if matches!(error.code(), ErrorCode::InvalidRequest | ErrorCode::InvalidValue)
            && matches!(self.heads, HeadsProgress::Listing { .. })
        {
            // The place in the listing may be one that this server no longer understands.
            self.heads = HeadsProgress::Needed;
        }
        self.sync_backoff.failed(now, error.code(), error.retry_after_s(), self.random.as_ref());
    }

    /// Whether the lane waits for an answer.
    pub(super) fn sync_is_asked(&self) -> bool {
        self.requests.values().any(|purpose| matches!(purpose, Purpose::Sync))
    }

    pub(super) fn apply_page(&mut self, now: Timestamp, page: SyncPage, live: bool) {
        if Some(page.log_id) != self.log_id {
            self.needs_bootstrap = true;
            self.sync_busy = false;
            return;
        }
        let then = Then::PageApplied { more: page.more, live };
        self.sync_busy = true;
        self.jobs.push_back((Job::Page(page, now), then));
    }

    pub(super) fn page_applied(
        &mut self,
        now: Timestamp,
        more: bool,
        live: bool,
        applied: Applied,
        effects: &mut Vec<Effect>,
    ) {
        self.sync_busy = false;
        if let Some(dropped) = applied.dropped {
            return self.page_dropped(now, dropped, live);
        }
        self.reconciled_without_page = false;
        self.cursor = applied.cursor;
        self.needs_pull |= more;
        self.changed(&applied, effects);
        if !applied.new_messages.is_empty() {
            effects.push(Effect::Tell(Notice::NewMessages(applied.new_messages)));
        }
        if !more {
            self.access_is_checked(effects);
        }
    }

    fn page_dropped(&mut self, now: Timestamp, dropped: Dropped, live: bool) {
        match dropped {
            Dropped::OtherLog | Dropped::NotBootstrapped => self.needs_bootstrap = true,
            Dropped::Gap => self.needs_pull = true,
            Dropped::OldEpoch => {
                self.needs_pull = true;
                if !live {
                    // The node that answered has not heard of the new access yet.
                    let code = ErrorCode::Overloaded;
                    self.sync_backoff.failed(now, code, None, self.random.as_ref());
                }
            }
        }
    }

    fn access_is_checked(&mut self, effects: &mut Vec<Effect>) {
        if !self.access_checked {
            self.access_checked = true;
            effects.push(Effect::Tell(Notice::AccessChecked));
        }
    }

    pub(super) fn bootstrapped(
        &mut self,
        now: Timestamp,
        applied: &Applied,
        reconcile: bool,
        effects: &mut Vec<Effect>,
    ) {
        self.sync_busy = false;
        if applied.dropped.is_some() {
            // The node that answered has not heard of the newest access yet.
            let code = ErrorCode::Overloaded;
            self.sync_backoff.failed(now, code, None, self.random.as_ref());
            return;
        }
        self.needs_bootstrap = false;
        self.needs_pull = false;
        self.cursor = applied.cursor;
        self.heads = HeadsProgress::Needed;
        self.comparisons_left = COMPARISONS;
        self.live.forget_frames();
        if reconcile {
            self.reconcile_after_listing();
            self.begin_closed_check();
        }
        // Also where the log seems to be the same: the program may have ended between the first
        // bootstrap of a new log and this, or the cache may have been built anew.
        if let Some(log_id) = self.log_id {
            self.jobs.push_back((Job::Resend(log_id, now), Then::Resent));
        }
        self.outbox.waiting = true;
        self.changed(applied, effects);
        if !(applied.directory_changed || applied.access_changed) {
            self.jobs.push_back((Job::Meta, Then::MetaRead));
        }
        self.access_is_checked(effects);
    }

    /// The next complete listing drops what it does not name, and is then compared.
    pub(super) fn reconcile_after_listing(&mut self) {
        self.reconcile = !is_planted(Planted::ListingDropsNothing);
        self.comparisons_left = COMPARISONS;
    }

    fn list_heads(&mut self, now: Timestamp, page: HeadPage) {
        let (state, as_of) = match &self.heads {
            HeadsProgress::Listing { listing } => (listing.state, listing.as_of),
            HeadsProgress::Needed | HeadsProgress::Complete => {
                (ConversationState::Open, page.cursor)
            }
        };
        let listing =
            |state, after| HeadsProgress::Listing { listing: HeadListing { state, after, as_of } };
        let progress = match (&page.next, state) {
            (Some(next), state) => listing(state, Some(next.clone())),
            (None, ConversationState::Open) if is_planted(Planted::SnoozedNotListed) => {
                HeadsProgress::Complete
            }
            (None, ConversationState::Open) => listing(ConversationState::Snoozed, None),
            (None, _) => HeadsProgress::Complete,
        };
        let ids = page.heads.iter().map(|head| head.id).collect();
        let then = Then::HeadsListed { progress: progress.clone(), ids, as_of };
        // What is not named has not followed the cursor before it is dropped, so that the listing
        // becomes complete with that.
        let completed_later =
            progress == HeadsProgress::Complete && self.reconcile && self.listed.is_some();
        self.jobs.push_back((Job::Heads(page, (!completed_later).then_some(progress), now), then));
    }

    pub(super) fn heads_listed(
        &mut self,
        progress: HeadsProgress,
        ids: Vec<ConversationId>,
        as_of: u64,
        applied: &Applied,
        effects: &mut Vec<Effect>,
    ) {
        self.sync_busy = false;
        if let Some(dropped) = applied.dropped {
            self.needs_bootstrap |= matches!(dropped, Dropped::OtherLog | Dropped::NotBootstrapped);
            self.needs_pull = true;
            self.heads = HeadsProgress::Needed;
            return;
        }
        if let Some(listed) = &mut self.listed {
            listed.extend(ids);
        }
        self.heads = progress;
        self.bodies.filling = true;
        self.changed(applied, effects);
        self.read_stats();
        if self.heads != HeadsProgress::Complete {
            return;
        }
        // What changed since the listing began comes with the change log.
        self.needs_pull = true;
        self.needs_comparison = self.comparisons_left > 0 && !is_planted(Planted::NotCompared);
        if let Some(listed) = self.listed.take()
            && std::mem::take(&mut self.reconcile)
        {
            self.sync_busy = true;
            self.jobs.push_back((Job::Reconcile { listed, as_of }, Then::Reconciled));
        }
    }

    pub(super) fn compare(&mut self, remote: &ScopeDigest, local: &LocalDigest) {
        self.sync_busy = false;
        if Some(remote.log_id) != self.log_id {
            self.needs_bootstrap = true;
        } else if remote.cursor != local.cursor || remote.epoch != local.epoch {
            self.needs_pull = true;
        } else if remote.digest == local.digest && remote.count == local.count {
            self.needs_comparison = false;
        } else {
            warn!(
                here = local.count,
                server = remote.count,
                "the cache differs from the server and is listed again"
            );
            let comparisons_left = self.comparisons_left;
            self.heads = HeadsProgress::Needed;
            self.reconcile_after_listing();
            self.comparisons_left = comparisons_left;
        }
    }
}
