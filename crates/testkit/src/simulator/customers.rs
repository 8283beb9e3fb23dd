//! The customers' side: a system with a channel's key, which writes and reads the replies.

use std::collections::BTreeSet;

use recado_protocol::channel::{
    AddMessage, ChannelContact, ChannelMessage, ChannelReceipt, OpenConversation,
};
use recado_protocol::{ConversationId, ConversationState, PartId};
use recado_server::core::CoreError;
use recado_server::inbound;
use recado_server::storage::DbError;

use super::backend::{TEAMS, done};
use super::chance::Chance;
use super::world::World;

/// What customers call themselves, now and then otherwise.
const NAMES: [&str; 3] = ["Customer", "Customer", "Señor"];

/// A word that was written once.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// The word.
    pub(super) text: String,
    /// The conversation that it was written in.
    pub(super) conversation_id: ConversationId,
    /// The message.
    pub(super) part_id: PartId,
}

/// What the customers' system knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Customers {
    conversations: Vec<ConversationId>,
    /// The words that were written, one of its own each, and where.
    pub(super) words: Vec<Word>,
    cursor: u64,
    replies: BTreeSet<PartId>,
    requests: u64,
}

impl Customers {
    /// Also knows which words were written in the part of the log that is lost.
    pub(super) fn take_words_of(&mut self, present: Self) {
        self.words = present.words;
        self.requests = present.requests;
    }
}

impl World<'_> {
    fn message(&mut self, chance: &mut Chance) -> (String, ChannelMessage) {
        self.customers.requests += 1;
        let word = format!("word{}", self.customers.requests);
        let filler = ["please help", "any news", "thanks", "¿qué tal?", "请问"];
        let text = format!("{} {word}", chance.pick(&filler).copied().unwrap_or_default());
        let message = ChannelMessage { body_text: Some(text), ..ChannelMessage::default() };
        (word, message)
    }

    /// A customer opens a conversation.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn customer_opens(&mut self, mut chance: Chance) -> anyhow::Result<()> {
        if self.server_down_until > self.now {
            return Ok(());
        }
        let (word, message) = self.message(&mut chance);
        let customer = chance.below(4);
        let request = OpenConversation {
            contact: ChannelContact {
                external_id: format!("customer-{customer}"),
                name: Some(format!("{} {customer}", chance.pick(&NAMES).unwrap_or(&NAMES[0]))),
                ..ChannelContact::default()
            },
            title: None,
            message,
            team: chance
                .pick(&[None, Some(TEAMS[0]), Some(TEAMS[1])])
                .copied()
                .flatten()
                .map(str::to_owned),
        };
        let key = format!("request-{word}");
        let mut receipts = Vec::new();
        // An answer that was lost: the system asks again with the same key.
        for _ in 0..=self.repeats(&mut chance) {
            let channel = self.backend.people.channel;
            let core = self.backend.core();
            let answer = done(inbound::open_conversation(core, channel, &key, &request))?;
            receipts.extend(self.receipt(answer)?);
            self.after_write()?;
        }
        self.trace.note(|| format!("customer {customer} opens a conversation"));
        receipts.dedup();
        if receipts.is_empty() {
            return Ok(());
        }
        let [receipt] = receipts.as_slice() else {
            anyhow::bail!("a customer's request took effect twice");
        };
        self.customers.conversations.push(receipt.conversation_id);
        self.received(word, receipt);
        Ok(())
    }

    /// A customer writes again.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn customer_writes(&mut self, mut chance: Chance) -> anyhow::Result<()> {
        if self.server_down_until > self.now {
            return Ok(());
        }
        let Some(&id) = chance.pick(&self.customers.conversations) else { return Ok(()) };
        let (word, message) = self.message(&mut chance);
        let request = AddMessage { message };
        let key = format!("request-{word}");
        let mut receipts = Vec::new();
        for _ in 0..=self.repeats(&mut chance) {
            let channel = self.backend.people.channel;
            let core = self.backend.core();
            let answer = done(inbound::add_message(core, channel, &key, id, &request))?;
            receipts.extend(self.receipt(answer)?);
            self.after_write()?;
        }
        self.trace.note(|| "a customer writes again".to_owned());
        receipts.dedup();
        if receipts.is_empty() {
            return Ok(());
        }
        let state = self.history.conversations.get(&id).and_then(|all| all.last());
        if state.is_none_or(|version| version.state != ConversationState::Open) {
            anyhow::bail!("a customer wrote and {id} is not open");
        }
        let [receipt] = receipts.as_slice() else {
            anyhow::bail!("a customer's request took effect twice");
        };
        self.received(word, receipt);
        Ok(())
    }

    /// What the system is answered; nothing where the server cannot write.
    fn receipt(
        &self,
        answer: Result<ChannelReceipt, CoreError>,
    ) -> anyhow::Result<Option<ChannelReceipt>> {
        match answer {
            Err(CoreError::Db(DbError::Unavailable(_))) if !self.server_writes() => Ok(None),
            answer => Ok(Some(answer?)),
        }
    }

    fn received(&mut self, text: String, receipt: &ChannelReceipt) {
        let ChannelReceipt { conversation_id, part_id, .. } = *receipt;
        self.customers.words.push(Word { text, conversation_id, part_id });
        self.history.received.insert(part_id);
    }

    fn repeats(&mut self, chance: &mut Chance) -> u64 {
        if chance.happens(self.plan.weather.lost) { 1 + chance.below(2) } else { 0 }
    }

    /// The customers' system reads on in the replies: each comes once.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn customers_read(&mut self) -> anyhow::Result<()> {
        if self.server_down_until > self.now {
            return Ok(());
        }
        loop {
            let channel = self.backend.people.channel;
            let after = self.customers.cursor;
            let page = match done(inbound::replies(self.backend.core(), channel, after, 3))? {
                Ok(page) => page,
                Err(CoreError::CursorGone) => {
                    // The log was restored: what was read after the backup comes again.
                    self.customers.cursor = 0;
                    self.customers.replies.clear();
                    continue;
                }
                Err(error) => anyhow::bail!("{:?}", error.to_api().code),
            };
            for reply in page.replies {
                if !self.history.replies.contains(&reply.part_id) {
                    anyhow::bail!("I4 {} reached the customers and is no reply", reply.part_id);
                }
                if !self.customers.replies.insert(reply.part_id) {
                    anyhow::bail!("I2 reply {} reached the customers twice", reply.part_id);
                }
            }
            self.customers.cursor = page.cursor;
            if !page.more {
                return Ok(());
            }
        }
    }

    /// Every reply there is has reached the customers, and what they were told had been taken is there.
    ///
    /// # Errors
    /// The first invariant that does not hold.
    pub(super) fn judge_customers(&mut self) -> anyhow::Result<()> {
        self.customers.cursor = 0;
        self.customers.replies.clear();
        self.customers_read()?;
        self.judge_received()?;
        for (command_id, part_id) in self.replies_by_command()? {
            if !self.customers.replies.contains(&part_id) {
                anyhow::bail!("I1 the reply of {command_id} never reached the customers");
            }
        }
        Ok(())
    }

    /// I1, I9: what the customers were told had been taken stands in the log and in its conversation.
    fn judge_received(&self) -> anyhow::Result<()> {
        let oracle = self.backend.people.oracle;
        let mut stored = BTreeSet::new();
        for id in self.history.conversations.keys() {
            let delta = self.server_conversation(oracle, *id)?;
            stored.extend(delta.parts.iter().map(|part| part.id));
        }
        for part_id in &self.history.received {
            if !self.history.has_part(*part_id) || !stored.contains(part_id) {
                anyhow::bail!("I1 message {part_id} was taken from a customer and is not there");
            }
        }
        Ok(())
    }
}
