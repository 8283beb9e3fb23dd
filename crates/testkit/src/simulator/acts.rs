//! What people, machines and the server do of their own accord.

use std::sync::Arc;

use recado_client::engine::{Demand, Input};
use recado_client::random::command_id;
use recado_protocol::host::{
    Delivery, Draft, InboxRequest, InboxRow, OpenRequest, PartsRequest, Sort, View,
};
use recado_protocol::policy::{Decision, decide};
use recado_protocol::sync::HeadQuery;
use recado_protocol::{
    AccessScope, Action, Command, CommandId, ConversationAccess, ConversationId, ConversationState,
    Priority, Role, TeammateState, Visibility,
};
use recado_server::access_change::{self, AccessChange};
use recado_server::retention;
use recado_server::storage::audit::Actor;

use super::backend::done;
use super::chance::Chance;
use super::history::GivenBy;
use super::machine::DraftOf;
use super::plan::{SECOND, What};
use super::world::World;

impl World<'_> {
    pub(super) fn stimulate(&mut self, n: usize) -> anyhow::Result<()> {
        let stimulus = &self.plan.stimuli[n];
        let chance = Chance::of(stimulus.dice);
        self.trace.note(|| format!("{:>9} ms {:?}", stimulus.at / 1_000, stimulus.what));
        match stimulus.what {
            What::Act(machine) => self.act(machine, chance),
            What::Look(machine) => self.look(machine, chance),
            What::Draft(machine) => self.keep_draft(machine, chance),
            What::Settle(machine) => self.settle(machine, chance),
            What::Open => self.customer_opens(chance),
            What::Write => self.customer_writes(chance),
            What::Replies => self.customers_read(),
            What::Access(_) | What::Teams(_) | What::Role(_) | What::Suspend(_) => {
                self.administer(stimulus.what, chance)
            }
            _ => self.fail(stimulus.what, chance),
        }
    }

    /// The conversations that an agent sees in a list.
    fn list(
        &self,
        machine: usize,
        view: View,
        chance: &mut Chance,
    ) -> anyhow::Result<Vec<InboxRow>> {
        let sort = *chance.pick(&[Sort::Newest, Sort::LongestWaiting]).unwrap_or(&Sort::Newest);
        let limit = *chance.pick(&[1, 3, 50]).unwrap_or(&50);
        let mut rows: Vec<InboxRow> = Vec::new();
        let mut after = None;
        loop {
            let request = InboxRequest { view, sort, after, limit };
            let page = self.machines[machine].store.inbox_page(&request)?;
            for row in page.rows {
                if rows.iter().any(|known| known.head.id == row.head.id) {
                    anyhow::bail!("machine {machine} lists {} twice", row.head.id);
                }
                rows.push(row);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(rows),
            }
        }
    }

    fn choose(&self, machine: usize, chance: &mut Chance) -> anyhow::Result<Option<InboxRow>> {
        let views =
            [View::All, View::All, View::Mine, View::Unassigned, View::Snoozed, View::Closed];
        let view = *chance.pick(&views).unwrap_or(&View::All);
        let rows = self.list(machine, view, chance)?;
        Ok(chance.pick(&rows).cloned())
    }

    /// Whether the agent sees anything at all.
    fn is_shown(&self, machine: usize) -> bool {
        self.machines[machine].is_on() && self.machines[machine].lease_holds
    }

    fn act(&mut self, machine: usize, mut chance: Chance) -> anyhow::Result<()> {
        if !self.is_shown(machine) || self.machines[machine].disk_full_until > self.now {
            return Ok(());
        }
        let Some(row) = self.choose(machine, &mut chance)? else { return Ok(()) };
        let action = self.draw_action(machine, &row, &mut chance);
        let is_reply = matches!(action, Action::ConversationReply { .. });
        self.submit(machine, row.head.id, action)?;
        // "Send and close": the second waits for the first, and does not go without it.
        if is_reply && chance.happens(300) {
            self.submit(machine, row.head.id, Action::ConversationClose)?;
        }
        Ok(())
    }

    fn draw_action(&self, machine: usize, row: &InboxRow, chance: &mut Chance) -> Action {
        let head = &row.head;
        let tag = |chance: &mut Chance| {
            chance.pick(&["vip", "refund", "bug"]).copied().unwrap_or_default().to_owned()
        };
        let word = format!("answer{}x{machine}", self.machines[machine].order);
        match chance.below(20) {
            0..4 => Action::ConversationReply { body_text: word, last_seen_seq: head.part_count },
            4 => Action::ConversationNote { body_text: word },
            5..8 => {
                let agents = &self.backend.people.agents;
                let mut whom: Vec<_> = agents.iter().map(|who| Some(who.teammate_id)).collect();
                whom.push(None);
                Action::ConversationAssign {
                    admin_assignee_id: chance.pick(&whom).copied().flatten(),
                }
            }
            8..10 => {
                let mut teams: Vec<_> =
                    self.backend.people.teams.iter().copied().map(Some).collect();
                teams.push(None);
                Action::ConversationAssignTeam {
                    team_assignee_id: chance.pick(&teams).copied().flatten(),
                }
            }
            10 => Action::ConversationClose,
            11 => Action::ConversationOpen,
            12 => Action::ConversationSnooze {
                // Some are over soon, some not before the end.
                snoozed_until: {
                    let longest = if chance.happens(700) { 60 } else { 100_000 };
                    self.backend.now().plus_seconds(chance.between(1, longest))
                },
            },
            13 => Action::ConversationPrioritize {
                priority: *chance
                    .pick(&[Priority::Priority, Priority::NotPriority])
                    .unwrap_or(&Priority::Priority),
            },
            14 => Action::ConversationTagAdd { tag: tag(chance) },
            15 => Action::ConversationTagRemove { tag: tag(chance) },
            _ => Action::ConversationMark {
                contact_parts_read: u32::try_from(
                    chance.below(u64::from(head.contact_part_count) + 1),
                )
                .unwrap_or_default(),
            },
        }
    }

    /// What the client does with an agent's action: ask the policy, keep it, send it when it can.
    fn submit(
        &mut self,
        machine: usize,
        conversation_id: ConversationId,
        action: Action,
    ) -> anyhow::Result<()> {
        let present = &mut self.machines[machine];
        let store = Arc::clone(&present.store);
        let Some(head) = store.head(conversation_id)? else { return Ok(()) };
        let subject = store.meta()?.subject();
        let allowed = subject.is_some_and(|subject| {
            decide(&subject, action.permission(), Some(&head.scope())) == Decision::Allowed
        });
        if !allowed {
            return Ok(());
        }
        let created_at = present.time(self.now);
        let id = command_id(present.random.as_ref(), created_at)?;
        store.undo_for(conversation_id, &action)?;
        let after = recado_client::predecessor(&store, conversation_id, &action)?;
        let command = Command { id, conversation_id, after, action, created_at };
        store.enqueue(&command)?;
        present.order += 1;
        let (agent, order) = (present.agent, present.order);
        self.given.insert(id, GivenBy { agent, machine, order, in_order: true });
        let draft_of = match command.action {
            Action::ConversationReply { .. } => Some(DraftOf::Reply),
            Action::ConversationNote { .. } => Some(DraftOf::Note),
            _ => None,
        };
        if let Some(kind) = draft_of {
            present.drafts.remove(&(conversation_id, kind));
        }
        self.trace.note(|| {
            format!("machine {machine} keeps {id} {} on {conversation_id}", command.action.name())
        });
        present.accepted.insert(id, command);
        self.judge_shown(machine, conversation_id, &[id])?;
        self.tell(machine, Input::Submitted)
    }

    fn keep_draft(&mut self, machine: usize, mut chance: Chance) -> anyhow::Result<()> {
        if !self.is_shown(machine) || self.machines[machine].disk_full_until > self.now {
            return Ok(());
        }
        let Some(row) = self.choose(machine, &mut chance)? else { return Ok(()) };
        let kind = *chance.pick(&[DraftOf::Reply, DraftOf::Note]).unwrap_or(&DraftOf::Reply);
        let body_text = format!("half a sentence {}", chance.below(100));
        let present = &mut self.machines[machine];
        let draft =
            Draft { conversation_id: row.head.id, kind: kind.kind(), body_text: body_text.clone() };
        present.store.save_draft(&draft, present.time(self.now))?;
        present.drafts.insert((row.head.id, kind), body_text);
        Ok(())
    }

    /// The agent decides about an entry of the outbox: again, or not at all.
    fn settle(&mut self, machine: usize, mut chance: Chance) -> anyhow::Result<()> {
        if !self.is_shown(machine) || self.machines[machine].disk_full_until > self.now {
            return Ok(());
        }
        let entries = self.machines[machine].store.outbox_entries()?;
        let Some(entry) = chance.pick(&entries).cloned() else { return Ok(()) };
        let refused = matches!(entry.delivery, Delivery::Refused { .. });
        if refused && chance.happens(600) {
            self.give_again(machine, entry.command_id)?;
        } else if self.machines[machine].store.discard(entry.command_id).is_ok() {
            if matches!(entry.delivery, Delivery::Queued { sending: true, .. }) {
                let id = entry.command_id;
                anyhow::bail!("I1 machine {machine} gives {id} up although it is on its way");
            }
            if entry.attempts == 0 {
                self.machines[machine].never_sent.insert(entry.command_id);
            } else if let Some(by) = self.given.get_mut(&entry.command_id) {
                // It may have been sent before a crash, and take effect late; nothing waits for it any more.
                by.in_order = false;
            }
            self.trace.note(|| format!("machine {machine} gives {} up", entry.command_id));
            self.machines[machine].given_up.insert(entry.command_id);
        }
        self.tell(machine, Input::Submitted)
    }

    fn give_again(&mut self, machine: usize, old: CommandId) -> anyhow::Result<()> {
        let present = &mut self.machines[machine];
        let new = command_id(present.random.as_ref(), present.time(self.now))?;
        if present.store.retry(old, new).is_err() {
            return Ok(());
        }
        let order = self.given.get(&old).map_or(0, |by| by.order);
        let agent = present.agent;
        // It keeps its place, but what was given later may have gone before it, and before what waited
        // for it.
        self.given.insert(new, GivenBy { agent, machine, order, in_order: false });
        present.given_up.insert(old);
        let mut waited = vec![old];
        while let Some(before) = waited.pop() {
            for command in present.accepted.values().filter(|it| it.after == Some(before)) {
                if let Some(by) = self.given.get_mut(&command.id) {
                    by.in_order = false;
                }
                waited.push(command.id);
            }
        }
        if let Some(command) = present.accepted.get(&old).cloned() {
            present.accepted.insert(new, Command { id: new, ..command });
        }
        self.trace.note(|| format!("machine {machine} gives {old} again as {new}"));
        Ok(())
    }

    /// The agent looks around: lists, counts, conversations, search.
    fn look(&mut self, machine: usize, mut chance: Chance) -> anyhow::Result<()> {
        if !self.is_shown(machine) {
            return Ok(());
        }
        self.judge_lease(machine)?;
        self.judge_counts(machine, &mut chance)?;
        let Some(row) = self.choose(machine, &mut chance)? else {
            return self.list_closed(machine, &mut chance);
        };
        let id = row.head.id;
        let limit = *chance.pick(&[1, 2, 100]).unwrap_or(&100);
        let request = OpenRequest { conversation_id: id, limit };
        let view = self.machines[machine].store.conversation_view(&request)?;
        let Some(view) = view else {
            anyhow::bail!("machine {machine} lists {id} and cannot open it");
        };
        let oldest = view.parts.first().map_or(1, |shown| shown.part.seq);
        if view.has_older {
            let request = PartsRequest { conversation_id: id, before_seq: oldest, limit };
            self.machines[machine].store.parts_before(&request)?;
        }
        match chance.below(5) {
            0 => {
                let demand =
                    Demand::Conversation { conversation_id: id, before_seq: Some(oldest), limit };
                self.demand(machine, demand)
            }
            1 => {
                let demand = Demand::Conversation { conversation_id: id, before_seq: None, limit };
                self.demand(machine, demand)
            }
            2 => self.list_closed(machine, &mut chance),
            _ => self.judge_search(machine, &mut chance),
        }
    }

    fn list_closed(&mut self, machine: usize, chance: &mut Chance) -> anyhow::Result<()> {
        let state = *chance
            .pick(&[ConversationState::Closed, ConversationState::Open])
            .unwrap_or(&ConversationState::Closed);
        let query = HeadQuery { state, contact_id: None, after: None, limit: Some(100) };
        self.demand(machine, Demand::Heads(query))
    }

    fn demand(&mut self, machine: usize, demand: Demand) -> anyhow::Result<()> {
        let present = &mut self.machines[machine];
        present.next_demand += 1;
        let demand_id = present.next_demand;
        present.demands.insert(demand_id);
        self.tell(machine, Input::Demanded { demand_id, demand })
    }

    fn administer(&mut self, what: What, mut chance: Chance) -> anyhow::Result<()> {
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

    fn fail(&mut self, what: What, mut chance: Chance) -> anyhow::Result<()> {
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
            What::DiskFull(machine) => {
                self.machines[machine].disk_full_until = self.now + while_long;
            }
            What::ClockJump(machine) => {
                let by = chance.between(-4_000, 4_000) * SECOND;
                self.machines[machine].clock_ahead += by;
                self.tell(machine, Input::NetworkHint)?;
            }
            What::Restart => {
                self.server_down_until = self.now + while_long.min(30 * SECOND);
                self.break_streams(None);
            }
            What::Backup => {
                let copy = self.backend.back_up()?;
                self.backup = Some((copy, self.history.clone(), self.customers.clone()));
            }
            What::Restore => self.restore()?,
            What::Forget => {
                // As if a month had passed since everything that is in the log.
                self.forgot = true;
                self.backend.set_time(self.now + retention::LOG_KEPT_S * SECOND + SECOND);
                done(retention::run(self.backend.core()))??;
                self.backend.set_time(self.now);
            }
            _ => {}
        }
        Ok(())
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
        self.backend.restore(backup)?;
        self.ledger.lost();
        self.history = history;
        // What was lost may stand in a cache for a while yet, so its words are not written twice.
        let present = std::mem::replace(&mut self.customers, customers);
        self.customers.take_words_of(present);
        let oracle = self.backend.people.oracle;
        let seen = done(recado_server::sync::bootstrap(self.backend.core(), oracle))??;
        self.history.log_id = seen.log_id;
        for agent in 0..self.suspended.len() {
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
