//! What the sync engine and the UI ask of the outbox.

use std::collections::HashMap;

use recado_protocol::host::{Draft, DraftKind};
use recado_protocol::{
    Action, Command, CommandId, CommandResult, ConversationId, ErrorCode, LogId, Planted,
    Timestamp, is_planted,
};

use super::Store;
use crate::error::Error;
use crate::outbox::entry::{self, Entry, Standing};
use crate::outbox::{OutboxCounts, drafts, queue};

impl Store {
    /// Stores a command so that it survives a power cut. A reply or a note removes the draft of its
    /// kind in the same transaction. Storing the same command again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::CommandConflict`] if the id belongs to another command; those of any write.
    pub fn enqueue(&self, command: &Command) -> Result<(), Error> {
        match self.write_outbox(|tx| queue::enqueue(tx, command)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::CommandConflict(command.id)),
            Err(_) if is_planted(Planted::UnstoredAccepted) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What may be sent now, in the order in which it was done, at most one of each conversation.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn pending_to_send(&self, limit: u32) -> Result<Vec<Command>, Error> {
        self.read_outbox(|outbox| queue::pending_to_send(outbox, limit))
    }

    /// Takes out what may be sent now, as [`Store::pending_to_send`] names it and as many as carry
    /// `max_body_bytes` of text together, but at least one, and marks it as on its way. It is one
    /// transaction, so what was given up before is not among it, and what is can no longer be given
    /// up.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn take_to_send(
        &self,
        limit: u32,
        max_body_bytes: usize,
        now: Timestamp,
    ) -> Result<Vec<Command>, Error> {
        self.write_outbox(|tx| queue::take_to_send(tx, limit, max_body_bytes, now))
    }

    /// Marks commands as on their way. Opening the store marks them as waiting again.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn mark_attempt(&self, ids: &[CommandId], now: Timestamp) -> Result<(), Error> {
        self.write_outbox(|tx| queue::mark_attempt(tx, ids, now))
    }

    /// Marks commands as waiting again, because the attempt brought no answer.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn mark_unsent(&self, ids: &[CommandId]) -> Result<(), Error> {
        self.write_outbox(|tx| queue::mark_unsent(tx, ids))
    }

    /// Marks everything as waiting that is on its way, read marks included: what a new engine begins
    /// with. Opening the store has done it already.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn mark_all_unsent(&self) -> Result<(), Error> {
        self.write_outbox(|tx| queue::mark_all_unsent(tx))
    }

    /// Stores what the server said of a command; `log_id` is the answer's. Returns the conversation,
    /// or nothing if the outbox does not hold the command.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn acknowledge(
        &self,
        result: &CommandResult,
        log_id: LogId,
        now: Timestamp,
    ) -> Result<Option<ConversationId>, Error> {
        self.write_outbox(|tx| queue::acknowledge(tx, result, log_id, now))
    }

    /// Refuses a command without asking the server. A refused read mark is dropped. Returns the
    /// conversation, or nothing if the outbox does not hold the command.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn refuse(
        &self,
        id: CommandId,
        code: ErrorCode,
        message: &str,
    ) -> Result<Option<ConversationId>, Error> {
        self.write_outbox(|tx| queue::refuse(tx, id, code, message))
    }

    /// Puts a refused or waiting entry back into the queue, at its old place, under `new_id`: the
    /// server keeps the refusal of the old id for good. What follows it follows the new id. An entry
    /// whose predecessor is still refused goes on without it.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchEntry`] if no refused or waiting entry has this id; those of any write.
    pub fn retry(&self, id: CommandId, new_id: CommandId) -> Result<ConversationId, Error> {
        let retried = self.retry_all(&HashMap::from([(id, new_id)]))?;
        retried.first().copied().ok_or(Error::NoSuchEntry(id))
    }

    /// The same for several entries at once, each with its new id, so that none goes out before
    /// another that stood before it. Those that are neither refused nor waiting are passed over.
    /// Returns the conversations of the others.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn retry_all(
        &self,
        ids: &HashMap<CommandId, CommandId>,
    ) -> Result<Vec<ConversationId>, Error> {
        self.write_outbox(|tx| queue::retry(tx, ids))
    }

    /// The entries that were refused, or wait for one that was.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn refused_ids(&self) -> Result<Vec<CommandId>, Error> {
        self.read_outbox(entry::refused_ids)
    }

    /// The newest reply to a conversation that waits to be sent or is on its way.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn waiting_reply(
        &self,
        conversation_id: ConversationId,
    ) -> Result<Option<CommandId>, Error> {
        let entries = self.read_outbox(entry::unsettled)?;
        let reply = entries.into_iter().rev().find(|Entry { command, standing, .. }| {
            command.conversation_id == conversation_id
                && matches!(command.action, Action::ConversationReply { .. })
                && matches!(standing, Standing::Queued | Standing::Sending)
        });
        Ok(reply.map(|entry| entry.command.id))
    }

    /// Gives an entry up. What follows it is refused, so that somebody decides about it.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchEntry`] if the entry is on its way, was confirmed, or never was; those of any
    /// write.
    pub fn discard(&self, id: CommandId) -> Result<ConversationId, Error> {
        self.write_outbox(|tx| queue::discard(tx, id))?.ok_or(Error::NoSuchEntry(id))
    }

    /// Forgets what was confirmed more than 48 hours ago. Returns how many entries that were.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn prune(&self, now: Timestamp) -> Result<u32, Error> {
        self.write_outbox(|tx| queue::prune(tx, now))
    }

    /// Queues again, under their old ids, the entries that another log than `log_id` confirmed within
    /// the last 48 hours. Returns how many.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn unacknowledge_for_new_log(&self, log_id: LogId, now: Timestamp) -> Result<u32, Error> {
        self.write_outbox(|tx| queue::unacknowledge(tx, log_id, now))
    }

    /// How much the outbox holds.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn outbox_counts(&self) -> Result<OutboxCounts, Error> {
        self.read_outbox(|outbox| {
            let (queued, refused) = queue::counts(&entry::unsettled(outbox)?);
            Ok(OutboxCounts { queued, refused, drafts: drafts::count(outbox)? })
        })
    }

    /// Keeps a draft; one without any visible character is removed. Tells whether there is one now
    /// where there was none, or none where there was one.
    ///
    /// # Errors
    ///
    /// Those of any write.
    pub fn save_draft(&self, draft: &Draft, now: Timestamp) -> Result<bool, Error> {
        self.write_outbox(|tx| drafts::save(tx, draft, now))
    }

    /// The text of a kept draft.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn draft(
        &self,
        conversation_id: ConversationId,
        kind: DraftKind,
    ) -> Result<Option<String>, Error> {
        self.read_outbox(|outbox| drafts::load(outbox, conversation_id, kind))
    }
}
