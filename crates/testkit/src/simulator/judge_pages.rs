//! What may leave the server: judged before the network has its way with it.

use recado_client::engine::Answer;
use recado_protocol::sync::{Change, ConversationDelta, SyncPage};
use recado_protocol::{ConversationHead, ConversationId, Visibility};

use super::history::Version;
use super::world::World;

impl World<'_> {
    /// Judges an answer that leaves the server for an agent.
    ///
    /// # Errors
    /// I4, if it holds what is not for that agent.
    pub(super) fn judge_answer(&self, agent: usize, answer: &Answer) -> anyhow::Result<()> {
        match answer {
            Answer::Sync(page) => self.judge_page(agent, page),
            Answer::Heads(page) => {
                page.heads.iter().try_for_each(|head| self.judge_sent(agent, head))
            }
            Answer::Conversations(page) => page
                .conversations
                .iter()
                .try_for_each(|conversation| self.judge_sent(agent, &conversation.head)),
            Answer::Bootstrap(_) => self.view_of(agent).map(drop),
            Answer::Digest(_) | Answer::Commands(_) | Answer::LiveTicket(_) => Ok(()),
        }
    }

    /// Judges a page of the log that leaves the server for an agent: state for those who may see it
    /// after a change, evictions for those who could before, nothing for others.
    ///
    /// # Errors
    /// I4, if it holds what is not for that agent.
    pub(super) fn judge_page(&self, agent: usize, page: &SyncPage) -> anyhow::Result<()> {
        let view = self.view_of(agent)?;
        // A stream that went past something hidden brings only what followed on it once the access is
        // wider; the rest is listed and fetched because the access changed.
        let widens = page.changes.iter().any(|change| matches!(change, Change::Access { .. }));
        for change in &page.changes {
            match change {
                Change::Conversation { conversation } => {
                    self.judge_sent(agent, &conversation.head)?;
                    if !widens {
                        self.judge_whole(agent, view, page.after, conversation)?;
                    }
                }
                Change::ConversationEvicted { conversation_id, .. } => {
                    self.judge_eviction(agent, view, page, *conversation_id)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn view_of(&self, agent: usize) -> anyhow::Result<&Visibility> {
        let view = self.history.visibility(agent);
        view.ok_or_else(|| anyhow::anyhow!("I4 agent {agent} is served while suspended"))
    }

    fn versions(&self, id: ConversationId) -> &[Version] {
        self.history.conversations.get(&id).map_or(&[], Vec::as_slice)
    }

    fn judge_sent(&self, agent: usize, head: &ConversationHead) -> anyhow::Result<()> {
        let (id, version) = (head.id, head.version);
        if !self.view_of(agent)?.matches(&head.scope()) {
            anyhow::bail!("I4 agent {agent} is sent version {version} of {id}, which is hidden");
        }
        Ok(())
    }

    /// What enters a view comes whole.
    fn judge_whole(
        &self,
        agent: usize,
        view: &Visibility,
        after: u64,
        sent: &ConversationDelta,
    ) -> anyhow::Result<()> {
        let id = sent.head.id;
        let before = self.versions(id).iter().rfind(|version| version.seq <= after);
        let was_seen = before.is_some_and(|before| view.matches(&before.facts));
        if !was_seen && sent.complete_from_seq > 1 {
            anyhow::bail!(
                "I4 agent {agent} is sent version {} of {id}, which entered the view after {after}, only from part {}",
                sent.head.version,
                sent.complete_from_seq
            );
        }
        Ok(())
    }

    /// An eviction tells that there is such a conversation, so it goes to those who knew it.
    fn judge_eviction(
        &self,
        agent: usize,
        view: &Visibility,
        page: &SyncPage,
        id: ConversationId,
    ) -> anyhow::Result<()> {
        let was_seen = self.versions(id).windows(2).any(|pair| {
            let changed = page.after < pair[1].seq && pair[1].seq <= page.cursor;
            changed && view.matches(&pair[0].facts)
        });
        if !was_seen {
            anyhow::bail!("I4 agent {agent} is told that {id} left, which was never in view");
        }
        Ok(())
    }
}
