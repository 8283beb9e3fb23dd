//! What the server makes of commands: judged by asking again, and by asking for what it must refuse.

use recado_client::engine::{Answer, Ask};
use recado_client::random::command_id;
use recado_protocol::command::{CommandsRequest, CommandsResponse};
use recado_protocol::{Action, Command, CommandOutcome, ErrorCode};

use super::world::World;

impl World<'_> {
    /// Judges commands that arrive at the server.
    ///
    /// # Errors
    /// If one follows a command that was refused.
    pub(super) fn judge_sending(
        &self,
        machine: usize,
        request: &CommandsRequest,
    ) -> anyhow::Result<()> {
        // What was sent before a restore follows what another log has decided.
        if request.log_id != Some(self.history.log_id) {
            return Ok(());
        }
        for command in &request.commands {
            let Some(after) = command.after else { continue };
            // Of what was given up the client knows no outcome any more; the server says what follows of it.
            if self.machines[machine].given_up.contains(&after) {
                continue;
            }
            let outcome = self.outcome(self.machines[machine].who, after)?;
            if matches!(outcome, Some(CommandOutcome::Refused { .. })) {
                let id = command.id;
                anyhow::bail!("I3 machine {machine} sends {id}, which follows a refused command");
            }
        }
        Ok(())
    }

    /// Judges an answer to commands, now and then.
    ///
    /// # Errors
    /// I2, if a repeat is answered otherwise, or what must be refused is not.
    pub(super) fn judge_outcomes(
        &mut self,
        machine: usize,
        request: &CommandsRequest,
        first: &CommandsResponse,
    ) -> anyhow::Result<()> {
        if !self.chance.happens(150) {
            return Ok(());
        }
        let again = self.ask_again(machine, request.commands.clone())?;
        if again.results != first.results {
            anyhow::bail!(
                "I2 machine {machine} was answered {:?}, and then {:?}",
                first.results,
                again.results
            );
        }
        let Some(command) = self.chance.pick(&request.commands).cloned() else { return Ok(()) };
        let action = Action::ConversationNote { body_text: "something else".to_owned() };
        let other = Command { action, ..command.clone() };
        self.expect_refusal(machine, other.clone(), ErrorCode::IdempotencyConflict)?;
        let present = &self.machines[machine];
        let (random, now) = (present.random.as_ref(), present.time(self.now));
        let (id, after) = (command_id(random, now)?, Some(command_id(random, now)?));
        let follower = Command { id, after, ..other };
        if self.machines[machine].clock_ahead == 0 {
            self.expect_refusal(machine, follower, ErrorCode::PredecessorNotApplied)?;
        }
        Ok(())
    }

    fn expect_refusal(
        &self,
        machine: usize,
        command: Command,
        expected: ErrorCode,
    ) -> anyhow::Result<()> {
        let answer = self.ask_again(machine, vec![command])?;
        let outcome = answer.results.first().map(|result| &result.outcome);
        match outcome {
            Some(CommandOutcome::Refused { code, .. }) if *code == expected => Ok(()),
            other => anyhow::bail!("I2 {other:?} instead of a refusal with {expected:?}"),
        }
    }

    fn ask_again(
        &self,
        machine: usize,
        commands: Vec<Command>,
    ) -> anyhow::Result<CommandsResponse> {
        let ask = Ask::Commands(CommandsRequest { log_id: None, commands });
        let who = self.machines[machine].who;
        // Commands ask for nothing of a session.
        let session_id = recado_protocol::SessionId::from_uuid(uuid::Uuid::nil());
        match self.backend.answer(who, session_id, &ask, &self.plan.weather) {
            Ok(Answer::Commands(answer)) => Ok(answer),
            other => anyhow::bail!("a repeated command was answered with {other:?}"),
        }
    }
}
