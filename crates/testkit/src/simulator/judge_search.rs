//! What search on the server finds.

use recado_server::sync;

use super::backend::done;
use super::chance::Chance;
use super::customers::Word;
use super::world::World;

/// How many hits are asked for.
const HITS: u32 = 50;

impl World<'_> {
    /// Search on the server finds a customer's word where its agent may see it, and nothing elsewhere.
    ///
    /// # Errors
    /// I4, if it finds what is hidden; if it does not find what is there.
    pub(super) fn judge_server_search(
        &self,
        machine: usize,
        chance: &mut Chance,
    ) -> anyhow::Result<()> {
        let Some(word) = chance.pick(&self.customers.words) else { return Ok(()) };
        let Word { text, conversation_id, part_id } = word;
        let (agent, who) = (self.machines[machine].agent, self.machines[machine].who);
        let Some(view) = self.history.visibility(agent).filter(|_| !self.has_no_way(machine))
        else {
            return Ok(());
        };
        let page = done(sync::search(self.backend.core(), who, text, HITS))??;
        let is_visible = |id| {
            let newest = self.history.conversations.get(id).and_then(|all| all.last());
            newest.is_some_and(|version| view.matches(&version.facts))
        };
        let hits = page.hits.iter().map(|hit| &hit.conversation_id);
        let heads = page.heads.iter().map(|head| &head.id);
        if let Some(hidden) = hits.chain(heads).find(|id| !is_visible(id)) {
            anyhow::bail!("I4 agent {agent} finds {text} in {hidden}, which is hidden");
        }
        let is_found = page.hits.iter().any(|hit| hit.part_id == Some(*part_id));
        let is_there = self.history.has_part(*part_id) && is_visible(conversation_id);
        if is_there && !is_found && page.hits.len() < HITS as usize {
            anyhow::bail!("agent {agent} does not find {text}, which stands in {conversation_id}");
        }
        Ok(())
    }
}
