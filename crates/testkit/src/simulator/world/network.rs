//! The network between the machines and the server: what is asked comes late, twice or not at all.

use recado_client::engine::{Answer, Ask, Id};
use recado_client::transport::TransportError;
use recado_protocol::ErrorCode;
use recado_protocol::command::CommandsRequest;

use super::{Carried, Event, SHORTEST_WAY, TIMEOUT, World};
use crate::simulator::plan::SECOND;
use crate::simulator::wire;

impl World<'_> {
    /// How long something takes from one to the other.
    pub(super) fn way(&mut self) -> i64 {
        let weather = &self.plan.weather;
        if !self.calm && self.chance.happens(weather.slow) {
            self.chance.between(SHORTEST_WAY, weather.slowest)
        } else {
            self.chance.between(SHORTEST_WAY, 40_000)
        }
    }

    pub(super) fn is_lost(&mut self) -> bool {
        !self.calm && self.chance.happens(self.plan.weather.lost)
    }

    pub(in super::super) fn has_no_way(&self, machine: usize) -> bool {
        self.machines[machine].no_network_until > self.now || self.server_down_until > self.now
    }

    /// Sends a request with a token.
    pub(super) fn transmit(&mut self, machine: usize, carried: Carried, token: String) {
        let life = self.machines[machine].life;
        let request = carried.request;
        self.trace
            .note(|| format!("machine {machine} asks {request} {}", wire::question(&carried.ask)));
        if self.is_lost() {
            return self.unanswered(machine, life, request);
        }
        let doubled = !self.calm && self.chance.happens(self.plan.weather.doubled);
        let first_answers = !doubled || self.chance.happens(500);
        if doubled {
            let (carried, token, at) = (carried.clone(), token.clone(), self.now + self.way());
            let answered = !first_answers;
            self.schedule(at, Event::Request { machine, life, carried, token, answered });
        }
        let at = self.now + self.way();
        let answered = first_answers;
        self.schedule(at, Event::Request { machine, life, carried, token, answered });
    }

    pub(super) fn unanswered(&mut self, machine: usize, life: u64, request: Id) {
        let at = self.now + self.chance.between(SHORTEST_WAY, TIMEOUT);
        let result = Err(TransportError::Unreachable);
        self.schedule(at, Event::Answer { machine, life, request, result });
    }

    /// The commands that the server runs before it dies, where it dies between two of them.
    fn cut_short(&mut self, request: &CommandsRequest) -> Option<CommandsRequest> {
        let most = request.commands.len().checked_sub(1).filter(|most| *most > 0)?;
        if self.calm || !self.chance.happens(self.plan.weather.dies) {
            return None;
        }
        let count = 1 + usize::try_from(self.chance.below(most as u64)).unwrap_or_default();
        let commands = request.commands[..count].to_vec();
        Some(CommandsRequest { commands, ..request.clone() })
    }

    pub(super) fn request_arrives(
        &mut self,
        machine: usize,
        life: u64,
        carried: Carried,
        token: &str,
        answered: bool,
    ) -> anyhow::Result<()> {
        let (request, ask) = (carried.request, &carried.ask);
        if self.has_no_way(machine) {
            if answered {
                self.unanswered(machine, life, request);
            }
            return Ok(());
        }
        let who = self.machines[machine].who;
        let caller = self.backend.authenticate(token);
        self.judge_caller(machine, token, &caller)?;
        if let (Ask::Commands(request), Ok(_)) = (ask, &caller) {
            self.judge_sending(machine, request)?;
        }
        if let (Ask::Commands(request), Ok(caller)) = (ask, &caller)
            && let Some(some) = self.cut_short(request)
        {
            let some = Ask::Commands(some);
            // Nobody hears what became of them.
            let _ = self.backend.answer(who, caller.session_id, &some, &self.plan.weather);
            self.after_write()?;
            let while_long = self.chance.between(SECOND, 30 * SECOND);
            self.server_dies(while_long);
            if answered {
                self.unanswered(machine, life, carried.request);
            }
            return Ok(());
        }
        let answer = caller.and_then(|caller| {
            self.backend.answer(who, caller.session_id, ask, &self.plan.weather)
        });
        self.after_write()?;
        if let Ok(answer) = &answer {
            self.judge_answer(self.machines[machine].agent, answer)?;
        }
        if let (Ask::Commands(request), Ok(Answer::Commands(first))) = (ask, &answer) {
            self.judge_outcomes(machine, request, first)?;
        }
        if !answered {
            return Ok(());
        }
        if self.is_lost() {
            let at = self.now + self.chance.between(SHORTEST_WAY, TIMEOUT);
            let result = Err(TransportError::BrokenOff);
            self.schedule(at, Event::Answer { machine, life, request, result });
            return Ok(());
        }
        if let Err(error) = &answer
            && error.code == ErrorCode::AccessTokenExpired
            && !carried.again
        {
            self.token_rejected(machine, life, carried);
            return Ok(());
        }
        let mut result = answer.map_err(TransportError::Refused);
        if self.plan.weather.newer_server {
            result = wire::across(ask, result, &mut self.chance)?;
        }
        let held_up = self.machines[machine].held_up_until > self.now;
        let way = if held_up { self.chance.between(TIMEOUT / 4, TIMEOUT) } else { self.way() };
        self.schedule(self.now + way, Event::Answer { machine, life, request, result });
        Ok(())
    }
}
