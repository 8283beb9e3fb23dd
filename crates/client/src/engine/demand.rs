//! What the person waits for: answers are stored first and then read from the cache.

use recado_protocol::sync::HeadQuery;
use recado_protocol::{ConversationId, Timestamp};
use recado_store::{Applied, Dropped};

use super::jobs::Then;
use super::{Answer, Ask, Effect, Engine, Id, Job, Notice, Purpose, Run};
use crate::transport::TransportError;

/// How often a demand is asked again because its answer was filtered under an older access.
const MAX_ATTEMPTS: u32 = 3;

/// What the person waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// A conversation with its newest parts, or older parts of it.
    Conversation {
        /// Which.
        conversation_id: ConversationId,
        /// Only parts with a lower `seq`.
        before_seq: Option<u32>,
        /// How many parts at most.
        limit: u32,
    },
    /// A page of heads.
    Heads(HeadQuery),
}

/// A demand was met: what it asked for is in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemandAnswer {
    /// Where a page of heads goes on; absent on the last one and for conversations.
    pub next: Option<String>,
    /// When the newest message of a page's last head was written; absent for conversations.
    pub last_part_at: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Waiting {
    demand: Demand,
    attempts: u32,
}

impl Engine {
    pub(super) fn demanded(&mut self, demand_id: Id, demand: Demand, effects: &mut Vec<Effect>) {
        if self.run != Run::Running || self.log_id.is_none() {
            return refuse(demand_id, TransportError::Unreachable, effects);
        }
        self.demands.insert(demand_id, Waiting { demand, attempts: 0 });
        self.ask_demand(demand_id, effects);
    }

    pub(super) fn ask_demand(&mut self, demand_id: Id, effects: &mut Vec<Effect>) {
        let Some(waiting) = self.demands.get_mut(&demand_id) else { return };
        waiting.attempts += 1;
        let ask = match waiting.demand.clone() {
            Demand::Conversation { conversation_id, before_seq, limit } => {
                Ask::Conversation { conversation_id, before_seq, limit }
            }
            Demand::Heads(query) => Ask::Heads(query),
        };
        self.send(Purpose::Demand(demand_id), ask, effects);
    }

    pub(super) fn demand_answered(
        &mut self,
        now: Timestamp,
        demand_id: Id,
        result: Result<Answer, TransportError>,
        effects: &mut Vec<Effect>,
    ) {
        let error = match result {
            Ok(Answer::Conversations(page)) => {
                let answer = DemandAnswer { next: None, last_part_at: None };
                let then = Then::DemandApplied { demand_id, answer };
                let demand = self.demands.get(&demand_id).map(|waiting| &waiting.demand);
                let is_older =
                    matches!(demand, Some(Demand::Conversation { before_seq: Some(_), .. }));
                let job = if is_older { Job::OlderParts } else { Job::Conversations };
                self.jobs.push_back((job(page, now), then));
                return;
            }
            Ok(Answer::Heads(page)) => {
                let answer = DemandAnswer {
                    next: page.next.clone(),
                    last_part_at: page.heads.last().map(|head| head.last_part_at),
                };
                let then = Then::DemandApplied { demand_id, answer };
                self.jobs.push_back((Job::Heads(page, None, now), then));
                return;
            }
            Ok(_) => TransportError::Malformed,
            Err(error) => error,
        };
        self.demands.remove(&demand_id);
        refuse(demand_id, error, effects);
    }

    pub(super) fn demand_applied(
        &mut self,
        demand_id: Id,
        answer: DemandAnswer,
        applied: &Applied,
        effects: &mut Vec<Effect>,
    ) {
        let attempts = self.demands.get(&demand_id).map_or(0, |waiting| waiting.attempts);
        match applied.dropped {
            None => {
                self.changed(applied, effects);
                self.bodies.index_soon();
                self.demands.remove(&demand_id);
                let result = Ok(answer);
                effects.push(Effect::Tell(Notice::Demanded { demand_id, result }));
            }
            Some(Dropped::OldEpoch) if attempts < MAX_ATTEMPTS => {
                self.ask_demand(demand_id, effects);
            }
            Some(dropped) => {
                self.needs_bootstrap |=
                    matches!(dropped, Dropped::OtherLog | Dropped::NotBootstrapped);
                self.needs_pull = true;
                self.demands.remove(&demand_id);
                refuse(demand_id, TransportError::Unreachable, effects);
            }
        }
    }
}

fn refuse(demand_id: Id, error: TransportError, effects: &mut Vec<Effect>) {
    effects.push(Effect::Tell(Notice::Demanded { demand_id, result: Err(error) }));
}
