//! The end of a run: everything heals, comes to rest, and is compared.

use std::collections::BTreeMap;

use recado_client::engine::Input;
use recado_protocol::host::{
    ConnectionState, Delivery, InboxPage, InboxRequest, OpenRequest, Sort,
};
use recado_protocol::sync::{ConversationDelta, HeadPage, HeadQuery};
use recado_protocol::{
    Action, CommandId, CommandOutcome, ConversationHead, ConversationId, ConversationState, Part,
    PartId, TeammateState,
};
use recado_server::access_change::AccessChange;
use recado_server::core::Principal;
use recado_server::storage::{DbError, audit, command};
use recado_server::sync;

use super::backend::done;
use super::judge::ALL;
use super::plan::SECOND;
use super::world::World;

/// How long everything may take to come to rest once it has healed: several polls, since a wake-up may
/// have been lost just before.
const LONGEST_REST: i64 = 300 * SECOND;
/// How long the outboxes may take to drain once everything has healed: a request that was lost just
/// before, and the longest wait after it.
const LONGEST_DRAIN: i64 = 60 * SECOND;

impl World<'_> {
    /// Ends every fault.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn heal(&mut self) -> anyhow::Result<()> {
        self.calm = true;
        self.server_down_until = 0;
        self.server_full_until = 0;
        self.backend.fill_disk(false);
        self.healed_at = self.now;
        self.trace.note(|| "everything heals".to_owned());
        for agent in 0..self.suspended.len() {
            if std::mem::take(&mut self.suspended[agent]) {
                let state = Some(TeammateState::Active);
                self.change_access(agent, AccessChange { state, ..AccessChange::default() })?;
            }
        }
        for machine in 0..self.machines.len() {
            self.machines[machine].no_network_until = 0;
            self.machines[machine].disk_fails_until = 0;
            let life = self.machines[machine].life;
            self.switch_on(machine, life)?;
            // A machine does not always notice that the network is back.
            if self.chance.happens(500) {
                self.tell(machine, Input::NetworkHint)?;
            }
        }
        Ok(())
    }

    /// Lets the time pass until nothing is left to do.
    ///
    /// # Errors
    /// I10, or the first other invariant that does not hold.
    pub(super) fn come_to_rest(&mut self) -> anyhow::Result<()> {
        let (until, drained_until) = (self.now + LONGEST_REST, self.now + LONGEST_DRAIN);
        let mut restless = String::new();
        while self.now < until {
            self.run_until(self.now + SECOND)?;
            // Whatever was announced or not.
            self.read_log()?;
            if self.now >= drained_until
                && let Some(waiting) = self.waiting_command()?
            {
                anyhow::bail!("I10 an outbox does not drain: {waiting}");
            }
            match self.restless()? {
                None => return Ok(()),
                Some(reason) => restless = reason,
            }
        }
        anyhow::bail!("I10 nothing comes to rest: {restless}")
    }

    fn restless(&self) -> anyhow::Result<Option<String>> {
        for (n, machine) in self.machines.iter().enumerate() {
            let Some(engine) = &machine.engine else {
                return Ok(Some(format!("machine {n} is off")));
            };
            let meta = machine.store.meta()?;
            if engine.link().state != ConnectionState::Online {
                return Ok(Some(format!("machine {n} is {:?}", engine.link().state)));
            }
            if !engine.is_idle() || !machine.demands.is_empty() {
                return Ok(Some(format!("machine {n} is busy")));
            }
            if meta.cursor != self.history.seq || meta.log_id != Some(self.history.log_id) {
                let (has, wants) = (meta.cursor, self.history.seq);
                return Ok(Some(format!("machine {n} has reached {has} of {wants}")));
            }
            if !machine.lease_holds {
                return Ok(Some(format!("machine {n} shows nothing, since its lease has ended")));
            }
            if meta.closed_check.is_some() {
                return Ok(Some(format!("machine {n} still checks what is closed")));
            }
            if !machine.store.wanted_bodies(1)?.is_empty() {
                return Ok(Some(format!("machine {n} lacks messages")));
            }
        }
        self.waiting_command()
    }

    /// What some outbox still has to send.
    fn waiting_command(&self) -> anyhow::Result<Option<String>> {
        for (n, machine) in self.machines.iter().enumerate() {
            let entries = machine.store.outbox_entries()?;
            if let Some(waiting) = entries.iter().find(|entry| is_queued(&entry.delivery)) {
                return Ok(Some(format!("machine {n} still has {} to send", waiting.command_id)));
            }
            // Read marks are not among the entries that are shown.
            if !machine.store.pending_to_send(1)?.is_empty() {
                return Ok(Some(format!("machine {n} still has something to send")));
            }
        }
        Ok(None)
    }

    /// Compares everything.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn judge_the_end(&mut self) -> anyhow::Result<()> {
        for machine in 0..self.machines.len() {
            self.judge_commands(machine)?;
            self.judge_drafts(machine)?;
            self.judge_cache(machine)?;
            self.judge_comparison(machine)?;
            self.judge_directory(machine)?;
        }
        self.judge_order()?;
        self.judge_sessions()?;
        self.judge_customers()?;
        self.judge_audit()
    }

    /// I1, I2: everything that was accepted is on the server once, or was refused and says so.
    fn judge_commands(&self, n: usize) -> anyhow::Result<()> {
        let machine = &self.machines[n];
        let entries = machine.store.outbox_entries()?;
        for (id, accepted) in &machine.accepted {
            if machine.given_up.contains(id) {
                if machine.never_sent.contains(id) && self.history.made_by.contains_key(id) {
                    anyhow::bail!("I1 {id} of machine {n} took effect although it was given up");
                }
                continue;
            }
            let stored = self.outcome(machine.who, *id)?;
            let shown = entries.iter().find(|entry| entry.command_id == *id);
            let is_mark = matches!(accepted.action, Action::ConversationMark { .. });
            let name = accepted.action.name();
            match (stored, shown) {
                (Some(CommandOutcome::Applied { part_id, .. }), None) => {
                    if part_id.is_some() && !self.history.made_by.contains_key(id) {
                        anyhow::bail!(
                            "I1 {name} {id} of machine {n} was applied without an effect"
                        );
                    }
                }
                (Some(CommandOutcome::Refused { .. }) | None, Some(_)) => {
                    if self.history.made_by.contains_key(id) {
                        anyhow::bail!(
                            "I1 {name} {id} of machine {n} took effect and is shown as refused"
                        );
                    }
                }
                // Nobody could do anything about a refused read mark.
                (Some(CommandOutcome::Refused { .. }), None) if is_mark => {}
                // It was refused by a part of the log that is lost.
                (None, None) if is_mark && self.restored => {}
                (stored, shown) => anyhow::bail!(
                    "I1 {name} {id} of machine {n}: the server says {stored:?}, the outbox {:?}",
                    shown.map(|entry| &entry.delivery)
                ),
            }
        }
        Ok(())
    }

    /// What the server keeps of a command.
    pub(super) fn outcome(
        &self,
        author: Principal,
        id: CommandId,
    ) -> anyhow::Result<Option<CommandOutcome>> {
        let found =
            self.backend.core().db().read(async move |tx| command::find(tx, author, id).await);
        let found: Result<_, DbError> = done(found)?;
        Ok(found?.map(|stored| stored.outcome))
    }

    /// I9: every draft that was kept is there.
    fn judge_drafts(&self, n: usize) -> anyhow::Result<()> {
        let machine = &self.machines[n];
        for ((id, kind), text) in &machine.drafts {
            let kept = machine.store.draft(*id, kind.kind())?;
            if kept.as_deref() != Some(text.as_str()) {
                anyhow::bail!("I9 machine {n} has lost a draft on {id}");
            }
        }
        Ok(())
    }

    /// I5: the cache holds what the server shows, and nothing else.
    fn judge_cache(&self, n: usize) -> anyhow::Result<()> {
        let machine = &self.machines[n];
        let (mut server, mut read, mut contacts) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for state in ConversationState::ALL {
            let page = self.server_list(machine.who, *state)?;
            server.extend(page.heads.into_iter().map(|head| (head.id, head)));
            let marks = page.read_marks.into_iter();
            read.extend(marks.map(|mark| (mark.conversation_id, mark.contact_parts_read)));
            contacts.extend(page.contacts.into_iter().map(|contact| (contact.id, contact)));
        }
        self.judge_contacts(n, &contacts)?;
        let mut held = BTreeMap::new();
        for view in Self::EVERY_VIEW {
            let request = InboxRequest { view, sort: Sort::Newest, after: None, limit: ALL };
            let page: InboxPage = machine.store.inbox_page(&request)?;
            for row in page.rows {
                held.insert(row.head.id, row);
            }
        }
        for (id, head) in &server {
            match held.get(id) {
                Some(row) if row.head == *head && row.unread == Self::unread(head, &read) => {}
                Some(row) if row.head == *head => anyhow::bail!(
                    "I5 machine {n} shows {} unread messages of {id} instead of {}",
                    row.unread,
                    Self::unread(head, &read)
                ),
                Some(row) => anyhow::bail!(
                    "I5 machine {n} holds another state of {id}: version {} instead of {}",
                    row.head.version,
                    head.version
                ),
                None if head.state == ConversationState::Closed => {}
                None => anyhow::bail!("I5 machine {n} lacks {id}"),
            }
        }
        for id in held.keys() {
            let Some(head) = server.get(id) else {
                anyhow::bail!("I5 machine {n} holds {id}, which its agent may not see");
            };
            self.judge_parts(n, head)?;
        }
        let local = machine.store.digest()?;
        let remote = done(sync::digest(self.backend.core(), machine.who))??;
        if (local.count, &local.digest) != (remote.count, &remote.digest) {
            anyhow::bail!("I5 the digest of machine {n} differs");
        }
        Ok(())
    }

    fn server_list(&self, who: Principal, state: ConversationState) -> anyhow::Result<HeadPage> {
        let query = HeadQuery { state, contact_id: None, after: None, limit: None };
        let page = done(sync::heads(self.backend.core(), who, &query))??;
        anyhow::ensure!(page.next.is_none(), "there are more conversations than one page holds");
        Ok(page)
    }

    /// The parts that the cache says it has are the server's.
    fn judge_parts(&self, n: usize, head: &ConversationHead) -> anyhow::Result<()> {
        let machine = &self.machines[n];
        let request = OpenRequest { conversation_id: head.id, limit: ALL };
        let Some(view) = machine.store.conversation_view(&request)? else {
            anyhow::bail!("I5 machine {n} lists {} and cannot open it", head.id);
        };
        let delta = self.server_conversation(machine.who, head.id)?;
        let sent = view.parts.iter().filter(|shown| shown.delivery == Delivery::Sent);
        let held: Vec<_> = sent.map(|shown| &shown.part).collect();
        let from_seq = held.first().map_or(u32::MAX, |part| part.seq);
        // Of a closed conversation, older parts may be all that somebody has asked for; the view says so.
        let to_seq = if view.partial { held.last().map_or(0, |part| part.seq) } else { u32::MAX };
        let shown = |part: &&Part| (from_seq..=to_seq).contains(&part.seq);
        let expected: Vec<_> = delta.parts.iter().filter(shown).collect();
        if held != expected {
            anyhow::bail!(
                "I5 machine {n} shows {} messages of {} from {from_seq} on instead of {}",
                held.len(),
                head.id,
                expected.len()
            );
        }
        let is_active = head.state != ConversationState::Closed;
        if is_active && held.len() != delta.parts.len() {
            anyhow::bail!("I5 machine {n} lacks messages of {}", head.id);
        }
        if view.contact.is_none() {
            anyhow::bail!("I5 machine {n} does not know whose {} is", head.id);
        }
        Ok(())
    }

    /// A conversation as the server shows it to somebody.
    ///
    /// # Errors
    /// What the server says, and if it shows nothing.
    pub(super) fn server_conversation(
        &self,
        who: Principal,
        id: ConversationId,
    ) -> anyhow::Result<ConversationDelta> {
        let page = done(sync::conversations(self.backend.core(), who, &[id]))??;
        let mut found = page.conversations;
        found.pop().ok_or_else(|| anyhow::anyhow!("the server does not show {id}"))
    }

    /// The parts that replies made.
    pub(super) fn replies_by_command(&self) -> anyhow::Result<Vec<(CommandId, PartId)>> {
        let mut replies = Vec::new();
        for machine in &self.machines {
            for (id, accepted) in &machine.accepted {
                if let (Action::ConversationReply { .. }, Some(part_id)) =
                    (&accepted.action, self.history.made_by.get(id))
                {
                    replies.push((*id, *part_id));
                }
            }
        }
        Ok(replies)
    }

    /// I7: as many audit rows about each conversation as entries of the log.
    fn judge_audit(&self) -> anyhow::Result<()> {
        if self.forgot {
            return Ok(());
        }
        let workspace_id = self.backend.people.oracle.workspace_id;
        let counted = self
            .backend
            .core()
            .db()
            .read(async move |tx| audit::unlike_the_log(tx, workspace_id).await);
        let counted: Result<_, DbError> = done(counted)?;
        if let Some((id, audited, logged)) = counted? {
            anyhow::bail!("I7 {logged} effects on {id:?} and {audited} audit rows");
        }
        Ok(())
    }
}

const fn is_queued(delivery: &Delivery) -> bool {
    matches!(delivery, Delivery::Queued { .. })
}
