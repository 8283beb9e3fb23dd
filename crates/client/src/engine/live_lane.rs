//! The live stream.

use std::collections::VecDeque;

use recado_protocol::live::{LiveFrame, LiveRequest};
use recado_protocol::sync::SyncPage;
use recado_protocol::{Planted, Timestamp, is_planted};
use recado_store::HeadsProgress;

use super::{Effect, Engine, Eviction, Id, Notice};
use crate::transport::TransportError;

/// How many pushed pages wait at most; above that, pulling is cheaper.
const MAX_WAITING_FRAMES: usize = 64;

#[derive(Debug, Default)]
enum State {
    #[default]
    Closed,
    Opening(Id),
    Open(Id),
}

#[derive(Debug, Default)]
pub(super) struct Live {
    state: State,
    frames: VecDeque<SyncPage>,
    acknowledged: u64,
}

impl Live {
    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    pub(super) fn forget_frames(&mut self) {
        self.frames.clear();
    }
}

impl Engine {
    /// The live stream is up and the cache has reached it.
    pub(super) fn is_online(&self) -> bool {
        matches!(self.live.state, State::Open(_))
            && !self.needs_bootstrap
            && self.heads == HeadsProgress::Complete
    }

    /// The open live stream.
    #[cfg(test)]
    pub(super) const fn live_id(&self) -> Option<Id> {
        match self.live.state {
            State::Open(live) => Some(live),
            State::Closed | State::Opening(_) => None,
        }
    }

    pub(super) fn open_live(&mut self, ticket: String, effects: &mut Vec<Effect>) {
        let live = self.id();
        self.live = Live { state: State::Opening(live), ..Live::default() };
        effects.push(Effect::OpenLive { live, ticket });
    }

    pub(super) fn close_live(&mut self, effects: &mut Vec<Effect>) {
        if let State::Opening(live) | State::Open(live) = std::mem::take(&mut self.live).state {
            effects.push(Effect::CloseLive { live });
        }
    }

    pub(super) fn live_opened(&mut self, live: Id, effects: &mut Vec<Effect>) {
        let State::Opening(opening) = self.live.state else { return };
        let Some(log_id) = self.log_id.filter(|_| opening == live) else { return };
        self.sync_busy = false;
        self.live.state = State::Open(live);
        self.live.acknowledged = self.cursor;
        let request = LiveRequest::Hello { log_id, cursor: self.cursor };
        effects.push(Effect::SayLive { live, request });
    }

    pub(super) fn live_frame(
        &mut self,
        now: Timestamp,
        live: Id,
        frame: LiveFrame,
        effects: &mut Vec<Effect>,
    ) {
        if !matches!(self.live.state, State::Open(open) if open == live) {
            return;
        }
        match frame {
            LiveFrame::Page { page } => {
                self.contacted(now, Some(page.server_time));
                if self.live.frames.len() < MAX_WAITING_FRAMES {
                    self.live.frames.push_back(page);
                } else {
                    self.live.frames.clear();
                    self.needs_pull = true;
                }
            }
            LiveFrame::Pull => {
                self.contacted(now, None);
                self.needs_pull = true;
            }
            LiveFrame::SessionsChanged => {
                self.contacted(now, None);
                effects.push(Effect::Tell(Notice::SessionsChanged));
            }
            LiveFrame::Unknown => self.contacted(now, None),
            LiveFrame::End { error } => {
                self.live_closed(now, live, &TransportError::Refused(error), effects);
            }
        }
    }

    pub(super) fn live_closed(
        &mut self,
        now: Timestamp,
        live: Id,
        error: &TransportError,
        effects: &mut Vec<Effect>,
    ) {
        let ours = matches!(
            self.live.state,
            State::Opening(ours) | State::Open(ours) if ours == live
        );
        if !ours {
            return;
        }
        // It has ended by itself, so there is nothing to close. If it says that the session has
        // ended, the next pull tells: a ticket that came too late says the same.
        let was_open = matches!(self.live.state, State::Open(_));
        self.live = Live::default();
        // What is being stored is still the lane's step, and what comes next follows on it.
        let is_storing = self.sync_busy && was_open && !self.sync_is_asked();
        self.sync_failed(now, error, effects);
        self.sync_busy = is_storing;
    }

    /// Applies the next pushed page that says something new. Returns whether there was one.
    pub(super) fn apply_next_frame(&mut self, now: Timestamp) -> bool {
        while let Some(page) = self.live.frames.pop_front() {
            if page.more {
                self.needs_pull = true;
            }
            let has_gap = page.after > self.cursor && !is_planted(Planted::GapIgnored);
            if Some(page.log_id) == self.log_id && has_gap {
                self.live.frames.clear();
                self.needs_pull = true;
                return false;
            }
            if Some(page.log_id) == self.log_id && page.cursor <= self.cursor {
                continue;
            }
            self.apply_page(now, page, true);
            return self.sync_busy;
        }
        false
    }

    /// Says what is stored, once everything that had to go is gone.
    pub(super) fn acknowledge_live(&mut self, effects: &mut Vec<Effect>) {
        let State::Open(live) = self.live.state else { return };
        let all_gone = self.eviction == Eviction::None || is_planted(Planted::AcknowledgedEarly);
        if all_gone && self.cursor > self.live.acknowledged {
            self.live.acknowledged = self.cursor;
            let request = LiveRequest::Ack { cursor: self.cursor };
            effects.push(Effect::SayLive { live, request });
        }
    }
}
