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
    Action, Command, CommandId, ContactId, ConversationId, ConversationState, Priority,
};
use recado_store::Error;

use super::chance::Chance;
use super::history::GivenBy;
use super::machine::DraftOf;
use super::plan::What;
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
    fn rows(
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
        let rows = self.rows(machine, view, chance)?;
        Ok(chance.pick(&rows).cloned())
    }

    /// Whether the agent sees anything at all.
    fn is_shown(&self, machine: usize) -> anyhow::Result<bool> {
        let is_shown = self.machines[machine].is_on() && self.machines[machine].lease_holds;
        if is_shown {
            self.judge_lease(machine)?;
        }
        Ok(is_shown)
    }

    fn act(&mut self, machine: usize, mut chance: Chance) -> anyhow::Result<()> {
        if !self.is_shown(machine)? {
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
                let agents = &self.backend.people.agents[..self.plan.machines.max(3)];
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
        let now = self.now;
        let present = &mut self.machines[machine];
        present.disk(now);
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
        if let Err(error) = store.enqueue(&command) {
            // The agent is told, and keeps what was written.
            require_disk_fault(&error)?;
            self.trace.note(|| format!("machine {machine} cannot keep {id}: {error}"));
            return Ok(());
        }
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
        if !self.is_shown(machine)? {
            return Ok(());
        }
        let Some(row) = self.choose(machine, &mut chance)? else { return Ok(()) };
        let kind = *chance.pick(&[DraftOf::Reply, DraftOf::Note]).unwrap_or(&DraftOf::Reply);
        let body_text = format!("half a sentence {}", chance.below(100));
        let present = &mut self.machines[machine];
        let draft =
            Draft { conversation_id: row.head.id, kind: kind.kind(), body_text: body_text.clone() };
        if let Err(error) = present.disk(self.now).save_draft(&draft, present.time(self.now)) {
            return require_disk_fault(&error);
        }
        present.drafts.insert((row.head.id, kind), body_text);
        Ok(())
    }

    /// The agent decides about an entry of the outbox: again, or not at all.
    fn settle(&mut self, machine: usize, mut chance: Chance) -> anyhow::Result<()> {
        if !self.is_shown(machine)? {
            return Ok(());
        }
        let entries = self.machines[machine].store.outbox_entries()?;
        let Some(entry) = chance.pick(&entries).cloned() else { return Ok(()) };
        let refused = matches!(entry.delivery, Delivery::Refused { .. });
        if refused && chance.happens(600) {
            self.give_again(machine, entry.command_id)?;
        } else if self.machines[machine].disk(self.now).discard(entry.command_id).is_ok() {
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
        if present.disk(self.now).retry(old, new).is_err() {
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
        if !self.is_shown(machine)? {
            return Ok(());
        }
        self.judge_counts(machine, &mut chance)?;
        let Some(row) = self.choose(machine, &mut chance)? else {
            return self.list(machine, None, &mut chance);
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
        match chance.below(6) {
            0 => {
                let demand =
                    Demand::Conversation { conversation_id: id, before_seq: Some(oldest), limit };
                self.demand(machine, demand)
            }
            1 => {
                let demand = Demand::Conversation { conversation_id: id, before_seq: None, limit };
                self.demand(machine, demand)
            }
            2 => self.list(machine, Some(row.head.contact_id), &mut chance),
            3 => self.judge_server_search(machine, &mut chance),
            _ => self.judge_search(machine, &mut chance),
        }
    }

    /// The agent reads on in a list, beyond what the cache holds.
    fn list(
        &mut self,
        machine: usize,
        contact_id: Option<ContactId>,
        chance: &mut Chance,
    ) -> anyhow::Result<()> {
        let state = *chance.pick(ConversationState::ALL).unwrap_or(&ConversationState::Closed);
        let contact_id = contact_id.filter(|_| chance.happens(500));
        let query = HeadQuery { state, contact_id, after: None, limit: Some(100) };
        self.demand(machine, Demand::Heads(query))
    }

    /// The agent waits for something from the server.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn demand(&mut self, machine: usize, demand: Demand) -> anyhow::Result<()> {
        let present = &mut self.machines[machine];
        present.next_demand += 1;
        let demand_id = present.next_demand;
        let list = match &demand {
            Demand::Heads(query) => Some(query.clone()),
            Demand::Conversation { .. } => None,
        };
        present.demands.insert(demand_id, list);
        self.tell(machine, Input::Demanded { demand_id, demand })
    }
}

/// Passes over what a disk says that is made to fail.
fn require_disk_fault(error: &Error) -> anyhow::Result<()> {
    anyhow::ensure!(matches!(error, Error::DiskFull | Error::Io(_)), "{error}");
    Ok(())
}
