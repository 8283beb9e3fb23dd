//! What a batch made of each conversation that it changed.

use recado_protocol::ConversationId;
use recado_store::{HeadsProgress, Meta};

use super::world::World;

impl World<'_> {
    /// Judges a conversation that a batch has changed. What the log decided up to the cursor is
    /// settled, and nothing that was sent before it may take that back.
    ///
    /// # Errors
    /// I4 or I6, if it does not hold.
    pub(super) fn judge_changed(
        &self,
        machine: usize,
        meta: &Meta,
        id: ConversationId,
        held: u64,
    ) -> anyhow::Result<()> {
        let present = &self.machines[machine];
        // Until the client has heard of the newest access it goes by its own, and what was answered
        // under one in between may be more than either allows.
        let newest = self.history.access[present.agent].last();
        let heard = newest.filter(|access| access.epoch == meta.epoch);
        let Some(view) = heard.and_then(|access| access.visibility.as_ref()) else {
            return Ok(());
        };
        let versions = self.history.conversations.get(&id).map_or(&[][..], Vec::as_slice);
        let facts = versions.iter().find(|version| version.seq == held).map(|known| known.facts);
        if facts.is_some_and(|facts| !view.matches(&facts)) {
            anyhow::bail!(
                "I4 machine {machine} takes version {held} of {id}, which it may not see"
            );
        }
        let reached = versions.iter().rfind(|version| version.seq <= meta.cursor);
        // A listing that goes on may still bring what the log has passed.
        let listed = meta.heads == HeadsProgress::Complete && meta.closed_check.is_none();
        let Some(reached) = reached.filter(|_| listed) else { return Ok(()) };
        if held < reached.seq {
            anyhow::bail!(
                "I6 machine {machine} takes version {held} of {id} although it had reached {}",
                reached.seq
            );
        }
        Ok(())
    }
}
