//! What the server sent, as one atomic step of the cache, and what the step changed.

use recado_protocol::sync::{Bootstrap, ConversationPage, HeadPage, SyncPage};
use recado_protocol::{
    ContactId, ConversationId, ConversationState, PartId, ScopeFacts, Timestamp,
};

use crate::meta::HeadsProgress;

/// Where a batch came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Sync(SyncPage),
    Bootstrap(Box<Bootstrap>),
    Heads(HeadPage),
    Conversations(ConversationPage),
    OlderParts(ConversationPage),
}

/// One answer of the server, to be stored in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheBatch {
    pub(crate) source: Source,
    pub(crate) contact_at: Option<Timestamp>,
    pub(crate) heads: Option<HeadsProgress>,
}

impl CacheBatch {
    const fn new(source: Source) -> Self {
        Self { source, contact_at: None, heads: None }
    }

    /// A page of the change log, pulled or pushed. It moves the cursor and is the only source of
    /// [`NewMessage`]s.
    pub const fn sync(page: SyncPage) -> Self {
        Self::new(Source::Sync(page))
    }

    /// The beginning of a cache, or of a reconciliation. It sets the cursor, and asks for the heads
    /// to be listed. With another log id than the cache's it does what [`Store::reset_for_new_log`]
    /// does first.
    ///
    /// [`Store::reset_for_new_log`]: crate::Store::reset_for_new_log
    pub fn bootstrap(bootstrap: Bootstrap) -> Self {
        Self::new(Source::Bootstrap(Box::new(bootstrap)))
    }

    /// A page of heads.
    pub const fn heads(page: HeadPage) -> Self {
        Self::new(Source::Heads(page))
    }

    /// Whole conversations, or as many of their newest parts as an answer holds.
    pub const fn conversations(page: ConversationPage) -> Self {
        Self::new(Source::Conversations(page))
    }

    /// Some parts of a conversation that somebody has asked for; there may be more on either side.
    pub const fn older_parts(page: ConversationPage) -> Self {
        Self::new(Source::OlderParts(page))
    }

    /// Also stores that the server answered at this time by this machine's clock.
    #[must_use]
    pub const fn contacted_at(mut self, at: Timestamp) -> Self {
        self.contact_at = Some(at);
        self
    }

    /// Also stores how far the listing of heads is after this batch.
    #[must_use]
    pub fn with_heads_progress(mut self, progress: HeadsProgress) -> Self {
        self.heads = Some(progress);
        self
    }
}

/// Why a batch changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// It belongs to another change log: bootstrap again.
    OtherLog,
    /// It was filtered under an older access than the cache's.
    OldEpoch,
    /// It begins after what the cache has reached: pull first.
    Gap,
    /// The cache has never been bootstrapped.
    NotBootstrapped,
}

/// What a batch changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Set if the batch was not applied; everything else is empty then.
    pub dropped: Option<Dropped>,
    /// The cursor after the batch.
    pub cursor: u64,
    /// The access epoch after the batch.
    pub epoch: u64,
    /// The conversations of which something changed, those that left excepted.
    pub conversations: Vec<ConversationId>,
    /// The conversations that were here and are gone.
    pub left: Vec<LeftConversation>,
    /// Whether teammates, teams, the workspace or the signed-in teammate changed.
    pub directory_changed: bool,
    /// Whether the signed-in teammate's access changed. The heads must be listed again then.
    pub access_changed: bool,
    /// Whether anything was deleted, so that [`Store::finish_eviction`] must run before the
    /// acknowledgement.
    ///
    /// [`Store::finish_eviction`]: crate::Store::finish_eviction
    pub evicted: bool,
    /// What customers wrote since the cursor before, in the order of the change log.
    pub new_messages: Vec<NewMessage>,
    /// Conversations that were assigned to the signed-in teammate by somebody else.
    pub newly_mine: Vec<ConversationId>,
}

/// A conversation that is gone from this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftConversation {
    /// Which.
    pub conversation_id: ConversationId,
    /// The customer's name, where it was known.
    pub contact_name: Option<String>,
}

/// What a customer wrote, for the decision whether to notify.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The part.
    pub part_id: PartId,
    /// The customer.
    pub contact_id: ContactId,
    /// The customer's name, where it is known.
    pub contact_name: Option<String>,
    /// The first words, as in a list.
    pub preview: String,
    /// To whom the conversation is assigned.
    pub scope: ScopeFacts,
    /// Where the conversation stands.
    pub state: ConversationState,
    /// When it was written, by the server's clock.
    pub created_at: Timestamp,
}

// Words between people never reach a log.
impl std::fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMessage")
            .field("conversation_id", &self.conversation_id)
            .field("part_id", &self.part_id)
            .finish_non_exhaustive()
    }
}
