//! The live streams of a run: the real follower on the server's side, and a wire that can break.

use recado_client::engine::Id;
use recado_client::transport::TransportError;
use recado_protocol::live::{LiveFrame, LiveRequest};
use recado_server::live::follower::{Follower, Step};

use super::{Event, Stream, StreamId, World};
use crate::simulator::backend::{START, done};
use crate::simulator::plan::SECOND;

impl World<'_> {
    pub(super) fn live_asked(&mut self, machine: usize, life: u64, live: Id, ticket: &str) {
        let at = self.now + self.way();
        if self.has_no_way(machine) || self.is_lost() {
            let error = TransportError::Unreachable;
            self.schedule(at, Event::LiveClosed { machine, life, live, error });
        } else if let Err(error) = self.backend.redeem_live_ticket(ticket) {
            let error = TransportError::Refused(error);
            self.schedule(at, Event::LiveClosed { machine, life, live, error });
        } else {
            self.schedule(at, Event::LiveOpened { machine, life, live });
        }
    }

    pub(super) fn live_said(&mut self, machine: usize, life: u64, live: Id, said: &LiveRequest) {
        let LiveRequest::Hello { log_id, cursor } = *said else { return };
        if self.has_no_way(machine) {
            let error = TransportError::Unreachable;
            return self
                .schedule(self.now + SECOND, Event::LiveClosed { machine, life, live, error });
        }
        let core = self.backend.core().clone();
        let follower = Follower::new(core, self.machines[machine].who, log_id, cursor)
            .with_entries(self.plan.weather.frame);
        let stream = (machine, life, live);
        self.streams.insert(stream, Stream { follower, last_at: self.now });
        self.schedule(self.now, Event::Follow { stream });
    }

    /// A stream looks at the log and sends what it finds.
    pub(super) fn follow(&mut self, id: StreamId) -> anyhow::Result<()> {
        let (machine, life, live) = id;
        let Some(mut stream) = self.streams.remove(&id) else { return Ok(()) };
        loop {
            let broken = self.has_no_way(machine) || self.is_lost();
            let step = done(stream.follower.step())?;
            let at = (self.now + self.way()).max(stream.last_at + 1);
            stream.last_at = at;
            match step {
                Step::Send(_) if broken => {
                    let error = TransportError::Unreachable;
                    self.schedule(at, Event::LiveClosed { machine, life, live, error });
                    return Ok(());
                }
                Step::Send(frame) => {
                    if let LiveFrame::Page { page } = &frame {
                        self.judge_page(self.machines[machine].agent, page)?;
                    }
                    if self.plan.weather.newer_server && self.chance.happens(100) {
                        let frame = LiveFrame::Unknown;
                        self.schedule(at, Event::LiveFrame { machine, life, live, frame });
                    }
                    let skipped = !self.calm && self.chance.happens(self.plan.weather.skipped);
                    if skipped {
                        continue;
                    }
                    self.schedule(at, Event::LiveFrame { machine, life, live, frame });
                }
                Step::UpToDate => break,
                Step::End(error) => {
                    let error = TransportError::Refused(error);
                    self.schedule(at, Event::LiveClosed { machine, life, live, error });
                    // What was sent before still arrives.
                    self.streams.insert(id, stream);
                    return Ok(());
                }
            }
        }
        if let Some(due) = stream.follower.empty_page_due() {
            let at = due.as_micros() - START.as_micros() - self.server_ahead;
            self.schedule(at, Event::Follow { stream: id });
        }
        self.streams.insert(id, stream);
        Ok(())
    }

    /// Breaks the streams of one machine, or of all.
    pub(in super::super) fn break_streams(&mut self, only: Option<usize>) {
        self.end_streams(only, &TransportError::Unreachable);
    }

    /// Ends the streams of one machine, or of all, and says why.
    pub(super) fn end_streams(&mut self, only: Option<usize>, error: &TransportError) {
        let broken: Vec<StreamId> = self
            .streams
            .keys()
            .copied()
            .filter(|(machine, ..)| only.is_none_or(|only| only == *machine))
            .collect();
        for (machine, life, live) in broken {
            let at = self.now + self.way();
            let error = error.clone();
            self.streams.remove(&(machine, life, live));
            self.schedule(at, Event::LiveClosed { machine, life, live, error });
        }
    }
}
