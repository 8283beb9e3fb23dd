//! What really happened, read from the server's log after every write: what the clients' caches and
//! outboxes are judged by.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use recado_protocol::sync::Change;
use recado_protocol::{
    AuthorType, CommandId, ConversationId, ConversationState, LogId, Part, PartId, PartType,
    ScopeFacts, Visibility,
};

/// A state of a conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version {
    /// Its number in the log.
    pub(super) seq: u64,
    /// Where it belonged.
    pub(super) facts: ScopeFacts,
    /// Whether it was open, snoozed or closed.
    pub(super) state: ConversationState,
}

/// What one agent could see from a number of the log on; nothing while the account was not in use.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// From which number on.
    pub(super) from_seq: u64,
    /// Under which epoch.
    pub(super) epoch: u64,
    /// What.
    pub(super) visibility: Option<Visibility>,
}

/// What really happened.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// The log.
    pub(super) log_id: LogId,
    /// Up to which number of it was read.
    pub(super) seq: u64,
    /// Each conversation's states, in order.
    pub(super) conversations: BTreeMap<ConversationId, Vec<Version>>,
    /// Each agent's access, in order.
    pub(super) access: Vec<Vec<Access>>,
    /// The parts that commands made.
    pub(super) made_by: HashMap<CommandId, PartId>,
    /// What agents wrote to customers.
    pub(super) replies: BTreeSet<PartId>,
    /// What the customers were told had been taken.
    pub(super) received: BTreeSet<PartId>,
    parts: BTreeSet<PartId>,
    /// The newest command of each machine in each conversation, by the order in which they were given.
    newest: HashMap<(usize, ConversationId), u64>,
}

/// How a command was given.
#[derive(Debug, Clone, Copy)]
pub(super) struct GivenBy {
    /// The agent.
    pub(super) agent: usize,
    /// On which machine: two of the same agent know nothing of each other.
    pub(super) machine: usize,
    /// When in the machine's own order.
    pub(super) order: u64,
    /// Whether that order is to be held.
    pub(super) in_order: bool,
}

/// How each command was given.
pub(super) type Given = HashMap<CommandId, GivenBy>;

impl History {
    /// Nothing has happened yet.
    pub(super) fn new(log_id: LogId, seq: u64, access: Vec<(u64, Visibility)>) -> Self {
        let first =
            |(epoch, visibility)| vec![Access { from_seq: 0, epoch, visibility: Some(visibility) }];
        Self {
            log_id,
            seq,
            conversations: BTreeMap::new(),
            access: access.into_iter().map(first).collect(),
            made_by: HashMap::new(),
            replies: BTreeSet::new(),
            received: BTreeSet::new(),
            parts: BTreeSet::new(),
            newest: HashMap::new(),
        }
    }

    /// Takes a change over.
    ///
    /// # Errors
    /// Which invariant it breaks.
    pub(super) fn take(&mut self, change: &Change, given: &Given) -> Result<(), String> {
        let Change::Conversation { conversation } = change else { return Ok(()) };
        let head = &conversation.head;
        if head.snoozed_until.is_some() != (head.state == ConversationState::Snoozed) {
            return Err(format!(
                "{} is {} and put aside until {:?}",
                head.id,
                head.state.name(),
                head.snoozed_until
            ));
        }
        let versions = self.conversations.entry(head.id).or_default();
        if versions.last().is_none_or(|last| last.seq < head.version) {
            versions.push(Version { seq: head.version, facts: head.scope(), state: head.state });
        }
        for part in &conversation.parts {
            if !self.parts.insert(part.id) {
                continue;
            }
            if part.part_type == PartType::Comment && part.author.author_type == AuthorType::Admin {
                self.replies.insert(part.id);
            }
            let Some(command_id) = part.command_id else { continue };
            if let Some(first) = self.made_by.insert(command_id, part.id) {
                return Err(format!(
                    "I2 command {command_id} took effect twice: parts {first} and {}",
                    part.id
                ));
            }
            let Some(&by) = given.get(&command_id) else {
                return Err(format!("command {command_id} was given by nobody"));
            };
            if !self.might_act(by.agent, part) {
                return Err(format!(
                    "I4 command {command_id} acted on what its author could not see any more"
                ));
            }
            if !by.in_order {
                continue;
            }
            let newest = self.newest.entry((by.machine, head.id)).or_default();
            if by.order < *newest {
                return Err(format!(
                    "I3 command {command_id} took effect after one that was given later"
                ));
            }
            *newest = by.order;
        }
        Ok(())
    }

    /// Whether an agent saw the conversation right before the change that made this part.
    fn might_act(&self, agent: usize, part: &Part) -> bool {
        let versions = self.conversations.get(&part.conversation_id).map_or(&[][..], Vec::as_slice);
        let Some(before) = versions.iter().rfind(|version| version.seq < part.version) else {
            return false;
        };
        let accesses = self.access.get(agent).map_or(&[][..], Vec::as_slice);
        let access = accesses.iter().rfind(|access| access.from_seq <= part.version);
        let view = access.and_then(|access| access.visibility.as_ref());
        view.is_some_and(|view| view.matches(&before.facts))
    }

    /// Whether the log has held this part.
    pub(super) fn has_part(&self, id: PartId) -> bool {
        self.parts.contains(&id)
    }

    /// Notes that an agent's access is another one from the next number on.
    pub(super) fn access_changed(
        &mut self,
        agent: usize,
        from_seq: u64,
        epoch: u64,
        visibility: Option<Visibility>,
    ) {
        if let Some(list) = self.access.get_mut(agent) {
            list.push(Access { from_seq, epoch, visibility });
        }
    }

    /// What an agent may see now.
    pub(super) fn visibility(&self, agent: usize) -> Option<&Visibility> {
        self.access.get(agent)?.last()?.visibility.as_ref()
    }

    /// Whether an agent's cache may hold this version of a conversation: whether it was the current
    /// one at some moment at which the agent was allowed to see it.
    pub(super) fn may_hold(&self, agent: usize, id: ConversationId, version: u64) -> bool {
        let Some(versions) = self.conversations.get(&id) else { return false };
        let Some(place) = versions.iter().position(|known| known.seq == version) else {
            return false;
        };
        let facts = versions[place].facts;
        let until = versions.get(place + 1).map_or(u64::MAX, |next| next.seq);
        let Some(accesses) = self.access.get(agent) else { return false };
        accesses.iter().enumerate().any(|(n, access)| {
            let access_until = accesses.get(n + 1).map_or(u64::MAX, |next| next.from_seq);
            let overlaps = access.from_seq < until && version < access_until;
            overlaps && access.visibility.as_ref().is_some_and(|view| view.matches(&facts))
        })
    }
}
