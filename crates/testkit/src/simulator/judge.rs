//! What has to hold while a run goes on. The numbers are those of the invariants: I1 nothing is
//! lost, I2 nothing happens twice, I3 order, I4 nothing newer than a revocation, I5 convergence, I6
//! cursors, I7 one audit row an effect, I8 nobody is signed out by a fault, I9 what was
//! acknowledged survives, I10 the outbox drains.

use std::collections::BTreeMap;

use recado_protocol::host::{Delivery, InboxRequest, OpenRequest, Sort, View};
use recado_protocol::{Action, CommandId, ConversationId, ConversationState, LogId};
use recado_store::{Applied, HeadsProgress, Meta};

use super::chance::Chance;
use super::customers::Word;
use super::plan::SECOND;
use super::world::World;

/// For how long after its end a lease may not have been noticed to be over, in microseconds.
const LEASE_SLACK: i64 = 2 * SECOND;

/// More than there is of anything.
pub(super) const ALL: u32 = 10_000;

impl World<'_> {
    /// Judges what a batch did to a cache.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn judge_applied(
        &mut self,
        machine: usize,
        job: &str,
        applied: &Applied,
    ) -> anyhow::Result<()> {
        let present = &self.machines[machine];
        let meta = present.store.meta()?;
        let Some(log_id) = meta.log_id else { return Ok(()) };
        if let Some((before, cursor)) = present.reached
            && before == log_id
            && meta.cursor < cursor
            && applied.dropped.is_none()
        {
            anyhow::bail!(
                "I6 the cursor of machine {machine} went back from {cursor} to {}",
                meta.cursor
            );
        }
        if log_id == self.history.log_id {
            for id in &applied.conversations {
                let Some(version) = present.store.version_of(*id)? else { continue };
                if !self.history.may_hold(present.agent, *id, version) {
                    anyhow::bail!(
                        "I4 machine {machine} holds version {version} of {id}, which its agent was never allowed to see"
                    );
                }
                self.judge_changed(machine, &meta, *id, version)?;
            }
        }
        self.judge_marks(machine, log_id, applied)?;
        self.machines[machine].reached = Some((log_id, meta.cursor));
        if self.chance.happens(250) {
            // A listing is followed by the deletion of what it did not name, before any other page.
            if job == "Page" && meta.closed_check.is_none() {
                self.judge_gaps(machine, &meta)?;
            }
            self.judge_all_shown(machine)?;
        }
        Ok(())
    }

    /// No read mark goes back to an older one of the same log.
    fn judge_marks(
        &mut self,
        machine: usize,
        log_id: LogId,
        applied: &Applied,
    ) -> anyhow::Result<()> {
        let present = &mut self.machines[machine];
        if present.reached.is_none_or(|(before, _)| before != log_id) {
            present.marks.clear();
        }
        for id in &applied.conversations {
            let Some(version) = present.store.mark_version_of(*id)? else { continue };
            if let Some(before) = present.marks.insert(*id, version)
                && version < before
            {
                anyhow::bail!(
                    "I6 the read mark of {id} on machine {machine} went back from {before} to {version}"
                );
            }
        }
        Ok(())
    }

    /// What has not changed since the cursor is in the cache as it is, or not at all.
    fn judge_gaps(&self, machine: usize, meta: &Meta) -> anyhow::Result<()> {
        let present = &self.machines[machine];
        let cursor = meta.cursor;
        let accesses = &self.history.access[present.agent];
        let Some(access) = accesses.last() else { return Ok(()) };
        let settled = meta.log_id == Some(self.history.log_id)
            && meta.heads == HeadsProgress::Complete
            && access.from_seq <= cursor
            && meta.access.is_some();
        let Some(view) = access.visibility.as_ref().filter(|_| settled) else { return Ok(()) };
        for (id, versions) in &self.history.conversations {
            let Some(newest) = versions.last() else { continue };
            if newest.seq > cursor {
                continue;
            }
            let held = present.store.version_of(*id)?;
            let visible = view.matches(&newest.facts);
            match held {
                Some(version) if visible && version != newest.seq => anyhow::bail!(
                    "I6 machine {machine} has reached {cursor} and holds version {version} of {id} instead of {}",
                    newest.seq
                ),
                Some(version) if !visible => anyhow::bail!(
                    "I4 machine {machine} has reached {cursor} and still holds version {version} of {id}, which left at {}",
                    newest.seq
                ),
                None if visible && newest.state != ConversationState::Closed => anyhow::bail!(
                    "I6 machine {machine} has reached {cursor} without {id}, which is there since {}",
                    newest.seq
                ),
                _ => {}
            }
        }
        Ok(())
    }

    /// Everything that an agent wrote is shown once, wherever it is on its way.
    fn judge_all_shown(&self, machine: usize) -> anyhow::Result<()> {
        let mut by_conversation: BTreeMap<_, Vec<CommandId>> = BTreeMap::new();
        for (id, command) in &self.machines[machine].accepted {
            by_conversation.entry(command.conversation_id).or_default().push(*id);
        }
        for (conversation_id, ids) in by_conversation {
            self.judge_shown(machine, conversation_id, &ids)?;
        }
        Ok(())
    }

    /// What an agent wrote in a conversation is shown once, wherever it is on its way.
    ///
    /// # Errors
    /// If it is not.
    pub(super) fn judge_shown(
        &self,
        machine: usize,
        conversation_id: ConversationId,
        ids: &[CommandId],
    ) -> anyhow::Result<()> {
        let present = &self.machines[machine];
        let is_message = |id: &&CommandId| {
            let action = present.accepted.get(id).map(|command| &command.action);
            let written = matches!(
                action,
                Some(Action::ConversationReply { .. } | Action::ConversationNote { .. })
            );
            written && !present.given_up.contains(id)
        };
        let messages: Vec<_> = ids.iter().filter(is_message).collect();
        // What a lost part of the log made stays readable until the conversation is listed anew.
        if messages.is_empty() || present.store.version_of(conversation_id)?.is_none() {
            return Ok(());
        }
        let request = OpenRequest { conversation_id, limit: ALL };
        let Some(view) = present.store.conversation_view(&request)? else { return Ok(()) };
        if view.partial || view.has_older {
            return Ok(());
        }
        for id in messages {
            let shown = view.parts.iter().filter(|shown| {
                let delivered = match &shown.delivery {
                    Delivery::Sent => None,
                    Delivery::Queued { command_id, .. } | Delivery::Refused { command_id, .. } => {
                        Some(command_id)
                    }
                };
                shown.part.command_id.as_ref() == Some(id) || delivered == Some(id)
            });
            let count = shown.count();
            if count != 1 {
                anyhow::bail!("I9 machine {machine} shows {id} {count} times");
            }
        }
        Ok(())
    }

    /// The counts beside the views are those of the lists.
    ///
    /// # Errors
    /// If they are not.
    pub(super) fn judge_counts(&self, machine: usize, chance: &mut Chance) -> anyhow::Result<()> {
        let store = &self.machines[machine].store;
        let sidebar = store.sidebar()?;
        let Some(counted) = chance.pick(&sidebar.views) else { return Ok(()) };
        let Some(count) = counted.count else { return Ok(()) };
        let request =
            InboxRequest { view: counted.view, sort: Sort::Newest, after: None, limit: ALL };
        let rows = store.inbox_page(&request)?.rows;
        if rows.len() != usize::try_from(count)? {
            anyhow::bail!(
                "machine {machine} counts {count} in {:?} and lists {}",
                counted.view,
                rows.len()
            );
        }
        Ok(())
    }

    /// Cached content is shown only while the server was heard of within the lease.
    ///
    /// # Errors
    /// If it is shown longer.
    pub(super) fn judge_lease(&self, machine: usize) -> anyhow::Result<()> {
        let present = &self.machines[machine];
        let Some(workspace) = present.store.meta()?.workspace else { return Ok(()) };
        let lease = i64::from(workspace.offline_lease_s) * SECOND;
        // What somebody who sets the clock can win is the lease's own property test.
        if self.now - present.answered_at > lease + LEASE_SLACK && !present.clock_was_set {
            anyhow::bail!("machine {machine} shows its cache after the end of the lease");
        }
        Ok(())
    }

    /// Search finds a customer's word in the conversation it was written in, where that is here.
    ///
    /// # Errors
    /// If it does not.
    pub(super) fn judge_search(&self, machine: usize, chance: &mut Chance) -> anyhow::Result<()> {
        let Some(Word { text: word, conversation_id: id, .. }) = chance.pick(&self.customers.words)
        else {
            return Ok(());
        };
        let store = &self.machines[machine].store;
        let found = store.search(word, 50)?.results;
        if let Some(stray) = found.iter().find(|hit| hit.conversation_id != *id) {
            // The last word may be unfinished: word1 is the beginning of word12.
            let whole = self.customers.words.iter().any(|other| {
                other.text.starts_with(word.as_str())
                    && other.conversation_id == stray.conversation_id
            });
            if !whole {
                anyhow::bail!("machine {machine} finds {word} in {}", stray.conversation_id);
            }
        }
        let request = OpenRequest { conversation_id: *id, limit: ALL };
        let Some(view) = store.conversation_view(&request)? else {
            if found.iter().any(|hit| hit.conversation_id == *id) {
                anyhow::bail!("I4 machine {machine} finds {word} in {id}, which left");
            }
            return Ok(());
        };
        let is_here =
            view.parts.iter().any(|shown| shown.part.body_text.split(' ').any(|text| text == word));
        let is_found = found.iter().any(|hit| hit.conversation_id == *id);
        if is_here && !is_found {
            anyhow::bail!("machine {machine} holds {word} in {id} and does not find it");
        }
        Ok(())
    }

    /// The views that show every conversation of a cache.
    pub(super) const EVERY_VIEW: [View; 3] = [View::All, View::Snoozed, View::Closed];
}
