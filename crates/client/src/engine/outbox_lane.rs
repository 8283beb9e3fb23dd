//! The outbox lane: sends commands, one request at a time.
//!
//! The store gives at most one command of a conversation, so their order holds, and a conversation
//! that has to wait holds up no other. A command keeps its id whatever happens to its answer: the
//! server runs each id once.

use recado_protocol::command::{CommandsRequest, MAX_COMMANDS_PER_REQUEST};
use recado_protocol::{
    Command, CommandId, ConversationId, ErrorCode, LogId, Planted, Timestamp, is_planted,
};

use super::jobs::Then;
use super::{Answer, Ask, Backoff, Effect, Engine, Job, Notice, PlusMicros as _, Purpose};
use crate::transport::TransportError;

/// How often old confirmations are forgotten, in microseconds.
const PRUNE_INTERVAL_MICROS: i64 = 3_600_000_000;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Whether there may be something to send.
    pub(super) waiting: bool,
    pub(super) busy: bool,
    pub(super) backoff: Backoff,
    pub(super) prune_at: Option<Timestamp>,
    /// Until when the author of what waits may take it back.
    pub(super) held_until: Option<Timestamp>,
    /// Set while commands go one by one, because a request with several could not be read.
    alone: bool,
}

impl Engine {
    pub(super) fn advance_outbox(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.outbox.prune_at.is_some_and(|at| at <= now) {
            self.outbox.prune_at = Some(now.plus_micros(PRUNE_INTERVAL_MICROS));
            self.jobs.push_back((Job::Prune(now), Then::Pruned));
        }
        if self.outbox.held_until.is_some_and(|until| now < until) {
            return;
        }
        self.outbox.held_until = None;
        // Before the first bootstrap there is nothing that a command could act on, and a log id is
        // needed to know what a confirmation means.
        let ready = self.log_id.is_some() && !self.needs_bootstrap;
        let may_try = self.outbox.backoff.may_try(now);
        if !ready || !may_try || !self.outbox.waiting || self.outbox.busy {
            return;
        }
        // Without a way to the server, a command would only be marked as tried.
        if self.sync_backoff.failure() == Some(ErrorCode::Unreachable) {
            return;
        }
        let limit = if self.outbox.alone { 1 } else { MAX_COMMANDS_PER_REQUEST as u32 };
        self.outbox.busy = true;
        // Cleared before the store is asked: what is submitted while it answers sets it again.
        self.outbox.waiting = false;
        let then = Then::CommandsRead { log_id: self.log_id };
        self.jobs.push_back((Job::NextCommands(limit, now), then));
        self.start_job(effects);
    }

    pub(super) fn commands_read(
        &mut self,
        log_id: Option<LogId>,
        commands: Vec<Command>,
        effects: &mut Vec<Effect>,
    ) {
        if commands.is_empty() {
            self.outbox.busy = false;
            self.outbox.alone = false;
            return;
        }
        self.outbox.waiting = true;
        let ids: Vec<_> = commands.iter().map(|command| command.id).collect();
        // Another log has begun meanwhile. What the lost one had confirmed is older than these, and goes
        // before them.
        if log_id != self.log_id {
            self.jobs.push_back((Job::Unsent(ids.clone()), Then::CommandsPutBack(ids)));
            return;
        }
        effects.push(Effect::Tell(Notice::OutboxChanged(ids.clone())));
        let request = CommandsRequest { log_id, commands };
        self.send(Purpose::Outbox(ids), Ask::Commands(request), effects);
    }

    pub(super) fn outbox_answered(
        &mut self,
        now: Timestamp,
        ids: Vec<CommandId>,
        result: Result<Answer, TransportError>,
    ) {
        let error = match result {
            // An answer that leaves a command out leaves it without an outcome: it is sent again.
            Ok(Answer::Commands(answer)) if answer.results.iter().any(|r| ids.contains(&r.id)) => {
                self.outbox.backoff.succeeded();
                // What another log confirmed has to be sent again, whichever of the two logs is gone:
                // the reconciliation sees to it.
                self.needs_bootstrap |= Some(answer.log_id) != self.log_id;
                let left_out: Vec<_> = ids
                    .iter()
                    .copied()
                    .filter(|id| !answer.results.iter().any(|result| result.id == *id))
                    .collect();
                if !left_out.is_empty() {
                    let job = Job::Unsent(left_out.clone());
                    self.jobs.push_back((job, Then::CommandsLeftOut(left_out)));
                }
                let job = Job::Acknowledge(answer.results, answer.log_id, now);
                self.jobs.push_back((job, Then::Acknowledged(ids)));
                return;
            }
            Ok(_) => TransportError::Malformed,
            Err(error) => error,
        };
        self.needs_bootstrap |= error.code() == ErrorCode::CursorGone;
        match (is_about_the_request(error.code()), ids.as_slice()) {
            // One of them cannot even be read by this server: they go one by one, so that it
            // blocks no other.
            (true, [only]) => {
                let job = Job::Refuse(*only, error.code(), error.to_string());
                self.jobs.push_back((job, Then::Acknowledged(ids)));
            }
            (true, _) => {
                self.outbox.alone = !is_planted(Planted::UnreadableBlocksAll);
                self.jobs.push_back((Job::Unsent(ids.clone()), Then::CommandsPutBack(ids)));
            }
            (false, _) => {
                let (code, after_s) = (error.code(), error.retry_after_s());
                self.outbox.backoff.failed(now, code, after_s, self.random.as_ref());
                let sent =
                    if is_planted(Planted::NeverRepeated) { Vec::new() } else { ids.clone() };
                self.jobs.push_back((Job::Unsent(sent), Then::CommandsPutBack(ids)));
            }
        }
    }

    pub(super) fn acknowledged(
        &mut self,
        ids: Vec<CommandId>,
        touched: Vec<ConversationId>,
        effects: &mut Vec<Effect>,
    ) {
        self.outbox.busy = false;
        effects.push(Effect::Tell(Notice::OutboxChanged(ids)));
        if !touched.is_empty() {
            effects.push(Effect::Tell(Notice::ConversationsChanged(touched)));
        }
    }
}

/// Whether sending the same request again would bring the same answer.
const fn is_about_the_request(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::InvalidRequest | ErrorCode::InvalidValue | ErrorCode::TooLarge)
}
