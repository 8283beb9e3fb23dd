//! What admins do to people's access, and what fails.

use recado_client::engine::Input;
use recado_protocol::{AccessScope, ConversationAccess, Role, TeammateState, Visibility};
use recado_server::access_change::{self, AccessChange};
use recado_server::retention;
use recado_server::storage::audit::Actor;
use recado_store::DiskFault;

use super::backend::done;
use super::chance::Chance;
use super::plan::{SECOND, What};
use super::world::World;

impl World<'_> {
    /// An admin changes what an agent may see and do.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn administer(&mut self, what: What, mut chance: Chance) -> anyhow::Result<()> {
        if !self.server_writes() {
            return Ok(());
        }
        let mut change = AccessChange::default();
        let teams = self.backend.people.teams.clone();
        let agent = match what {
            What::Access(machine) => {
                let scope = match chance.below(4) {
                    0 => AccessScope::All,
                    1 => AccessScope::AllExcept { team_ids: vec![teams[0]] },
                    2 => AccessScope::OwnTeams,
                    _ => AccessScope::Assigned,
                };
                let unassigned = chance.happens(500);
                change.conversation_access = Some(ConversationAccess { scope, unassigned });
                self.machines[machine].agent
            }
            What::Teams(machine) => {
                change.team_ids = Some(teams.into_iter().filter(|_| chance.happens(500)).collect());
                self.machines[machine].agent
            }
            What::Role(machine) => {
                let roles = [Role::Agent, Role::LightAgent, Role::Admin];
                change.role = chance.pick(&roles).copied();
                self.machines[machine].agent
            }
            What::Suspend(machine) => {
                let agent = self.machines[machine].agent;
                self.suspended[agent] ^= true;
                self.was_suspended[agent] = true;
                change.state = Some(if self.suspended[agent] {
                    TeammateState::Suspended
                } else {
                    TeammateState::Active
                });
                agent
            }
            _ => return Ok(()),
        };
        self.change_access(agent, change)
    }

    /// Changes an agent's access.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn change_access(
        &mut self,
        agent: usize,
        change: AccessChange,
    ) -> anyhow::Result<()> {
        let who = self.backend.people.agents[agent];
        let before = self.history.seq;
        let own = done(access_change::apply(self.backend.core(), who, change, Actor::Console))??;
        let active = own.state == TeammateState::Active;
        let view = Visibility::new(who.teammate_id, own.conversation_access, own.team_ids);
        self.history.access_changed(agent, before + 1, own.epoch, active.then_some(view));
        for machine in 0..self.machines.len() {
            let present = &self.machines[machine];
            if present.agent == agent && present.signed_out && !self.suspended[agent] {
                self.switch_on_later(machine);
            }
        }
        self.after_write()
    }

    /// Something fails, or is used by whom it does not belong to.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn fail(&mut self, what: What, mut chance: Chance) -> anyhow::Result<()> {
        let while_long = *chance.pick(&[1, 5, 30, 90, 240]).unwrap_or(&5) * SECOND;
        match what {
            What::Partition(machine) => {
                self.machines[machine].no_network_until = self.now + while_long;
                self.break_streams(Some(machine));
            }
            What::CutLive(machine) => self.break_streams(Some(machine)),
            What::HoldUp(machine) => {
                self.machines[machine].held_up_until = self.now + SECOND / 5;
            }
            What::Kill(machine) => self.die(machine, false)?,
            What::Theft(machine) => self.steal(machine, &mut chance),
            What::PowerCut(machine) => self.die(machine, true)?,
            What::DiskFails(machine) => {
                let after = u32::try_from(chance.below(12)).unwrap_or_default();
                let fault = match chance.happens(700) {
                    true => DiskFault::Full { after },
                    false => DiskFault::Broken { after },
                };
                self.machines[machine].disk_fails_until = self.now + while_long;
                self.machines[machine].store.let_disk_fail(Some(fault));
            }
            What::EndSession(machine) => self.end_session(machine)?,
            What::ClockJump(machine) => {
                let by = chance.between(-4_000, 4_000) * SECOND;
                self.machines[machine].clock_ahead += by;
                self.machines[machine].clock_was_set = true;
                self.tell(machine, Input::NetworkHint)?;
            }
            What::Restart => self.server_dies(while_long),
            What::ServerClock => {
                // Set back, it prolongs the waits that the limiter asks for, as far as that allows, and nobody comes
                // to rest within a run.
                self.server_ahead += chance.between(0, 4_000) * SECOND;
                self.set_server_time();
            }
            What::ServerDiskFull => {
                self.server_full_until = self.now + while_long;
                self.backend.fill_disk(true);
            }
            What::Backup => {
                let copy = self.backend.back_up()?;
                self.backup = Some((copy, self.history.clone(), self.customers.clone()));
            }
            What::Restore => self.restore()?,
            What::Forget if self.server_writes() => {
                // As if a month had passed since everything that is in the log.
                self.forgot = true;
                let later = self.server_now() + retention::LOG_KEPT_S * SECOND + SECOND;
                self.backend.set_time(later);
                done(retention::run(self.backend.core()))??;
                self.set_server_time();
            }
            _ => {}
        }
        Ok(())
    }

    /// The server's program dies and begins again after a while.
    pub(super) fn server_dies(&mut self, while_long: i64) {
        self.hear_of_ended_sessions();
        self.server_down_until = self.now + while_long.min(30 * SECOND);
        self.break_streams(None);
        self.backend.start_again();
        self.trace.note(|| "the server dies".to_owned());
    }

    /// A program or a machine dies. What was on its way to it is nobody's any more.
    fn die(&mut self, machine: usize, power: bool) -> anyhow::Result<()> {
        if power {
            self.machines[machine].cut_power()?;
        } else {
            self.machines[machine].stop();
        }
        self.break_streams(Some(machine));
        self.switch_on_later(machine);
        Ok(())
    }

    fn restore(&mut self) -> anyhow::Result<()> {
        let Some((backup, history, customers)) = &self.backup else { return Ok(()) };
        let (history, customers) = (history.clone(), customers.clone());
        self.restored = true;
        self.server_full_until = 0;
        self.backend.restore(backup)?;
        self.ledger.lost();
        self.history = history;
        // What was lost may stand in a cache for a while yet, so its words are not written twice.
        let present = std::mem::replace(&mut self.customers, customers);
        self.customers.take_words_of(present);
        let oracle = self.backend.people.oracle;
        let seen = done(recado_server::sync::bootstrap(self.backend.core(), oracle))??;
        self.history.log_id = seen.log_id;
        for agent in 0..self.history.access.len() {
            self.suspended[agent] = self.history.visibility(agent).is_none();
            // The answers of the server before may still arrive.
            self.was_suspended[agent] |= self.suspended[agent];
        }
        self.break_streams(None);
        for machine in 0..self.machines.len() {
            if self.machines[machine].signed_out {
                self.switch_on_later(machine);
            }
        }
        self.after_write()
    }
}
