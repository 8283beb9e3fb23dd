//! What the agent does during the day offline, and what the server has to hold after it.

use std::collections::{BTreeMap, BTreeSet};

use recado_protocol::host::OutboxEntry;
use recado_protocol::{
    Action, ConversationId, ConversationState, PartType, Priority, TeamId, TeammateId, Timestamp,
};

/// One action of the agent's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Reply(String),
    Note(String),
    /// On, or off where it was on.
    Priority,
    Tag(String),
    Untag(String),
    Assign(&'static str),
    AssignMe,
    AssignNobody,
    Close,
    Reopen,
    Snooze,
    Unread,
}

/// How many actions each conversation gets.
pub(super) const STEPS_EACH: usize = 8;

/// What the agent does in the conversation of this number, in this order.
pub(super) fn steps(number: usize) -> [Step; STEPS_EACH] {
    let reply = |nth: u32| Step::Reply(format!("Reply {nth} to customer {number} ✓"));
    let note = || Step::Note(format!("Note about customer {number}"));
    let tag = || Step::Tag(format!("day-{number}"));
    match number % 4 {
        0 => [
            reply(1),
            note(),
            Step::Priority,
            tag(),
            Step::Assign("Ben Okafor"),
            Step::Snooze,
            Step::Reopen,
            Step::Close,
        ],
        1 => [
            reply(1),
            tag(),
            Step::AssignMe,
            Step::Close,
            Step::Reopen,
            note(),
            Step::Priority,
            Step::Snooze,
        ],
        2 => [
            note(),
            reply(1),
            reply(2),
            Step::Priority,
            Step::Priority,
            tag(),
            Step::Untag(format!("day-{number}")),
            Step::Assign(if number == LEAVER_ASSIGNED { "Cara Lind" } else { "Ben Okafor" }),
        ],
        _ => [
            reply(1),
            Step::Close,
            Step::Reopen,
            note(),
            tag(),
            Step::AssignMe,
            Step::AssignNobody,
            Step::Unread,
        ],
    }
}

/// A colleague closes it meanwhile, and the agent's messages go there nevertheless.
pub(super) const CLOSED_MEANWHILE: usize = 2;
/// It is moved out of the agent's sight meanwhile.
pub(super) const MOVED_AWAY: usize = 5;
/// The agent assigns it to somebody whose account is suspended meanwhile.
pub(super) const LEAVER_ASSIGNED: usize = 6;

/// What the server has to hold of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) state: ConversationState,
    pub(super) snoozed_until: Option<Timestamp>,
    pub(super) assignee: Option<TeammateId>,
    pub(super) team: Option<TeamId>,
    pub(super) priority: Priority,
    pub(super) tags: BTreeSet<String>,
    /// What the agent wrote and did, in its order: the kind of each part and its words.
    pub(super) own_parts: Vec<(PartType, String)>,
    /// What the customer wrote.
    pub(super) customers: Vec<String>,
}

impl Expected {
    /// An open conversation in a team with a first message.
    pub(super) fn opened(team: TeamId, first: String) -> Self {
        Self {
            state: ConversationState::Open,
            snoozed_until: None,
            assignee: None,
            team: Some(team),
            priority: Priority::NotPriority,
            tags: BTreeSet::new(),
            own_parts: Vec::new(),
            customers: vec![first],
        }
    }

    /// Does to it what the server does. `own` tells the agent's actions from the colleague's.
    pub(super) fn take(&mut self, action: &Action, own: bool) {
        let before = self.clone();
        let part = match action {
            Action::ConversationReply { body_text, .. } => (PartType::Comment, body_text.clone()),
            Action::ConversationNote { body_text } => (PartType::Note, body_text.clone()),
            Action::ConversationAssign { admin_assignee_id } => {
                self.assignee = *admin_assignee_id;
                (PartType::Assignment, String::new())
            }
            Action::ConversationAssignTeam { team_assignee_id } => {
                self.team = *team_assignee_id;
                (PartType::Assignment, String::new())
            }
            Action::ConversationClose => {
                (self.state, self.snoozed_until) = (ConversationState::Closed, None);
                (PartType::Close, String::new())
            }
            Action::ConversationOpen => {
                (self.state, self.snoozed_until) = (ConversationState::Open, None);
                (PartType::Open, String::new())
            }
            Action::ConversationSnooze { snoozed_until } => {
                self.state = ConversationState::Snoozed;
                self.snoozed_until = Some(*snoozed_until);
                (PartType::Snoozed, String::new())
            }
            Action::ConversationPrioritize { priority } => {
                self.priority = *priority;
                (PartType::PriorityChanged, String::new())
            }
            Action::ConversationTagAdd { tag } => {
                self.tags.insert(tag.clone());
                (PartType::TagAdded, String::new())
            }
            Action::ConversationTagRemove { tag } => {
                self.tags.remove(tag);
                (PartType::TagRemoved, String::new())
            }
            Action::ConversationMark { .. } => return,
        };
        // What is so already leaves no part.
        if own && (*self != before || matches!(part.0, PartType::Comment | PartType::Note)) {
            self.own_parts.push(part);
        }
    }

    /// A customer's message, which opens what was put away.
    pub(super) fn hear(&mut self, text: &str) {
        self.customers.push(text.to_owned());
        (self.state, self.snoozed_until) = (ConversationState::Open, None);
    }
}

/// Whether an entry of the outbox is this action.
pub(super) fn is(entry: &OutboxEntry, step: &Step, me: TeammateId) -> bool {
    match (step, &entry.action) {
        (Step::Reply(words), Action::ConversationReply { body_text, .. })
        | (Step::Note(words), Action::ConversationNote { body_text }) => words == body_text,
        (Step::Tag(wanted), Action::ConversationTagAdd { tag })
        | (Step::Untag(wanted), Action::ConversationTagRemove { tag }) => wanted == tag,
        (Step::Assign(_), Action::ConversationAssign { admin_assignee_id }) => {
            admin_assignee_id.is_some_and(|id| id != me)
        }
        (Step::AssignMe, Action::ConversationAssign { admin_assignee_id }) => {
            *admin_assignee_id == Some(me)
        }
        (Step::AssignNobody, Action::ConversationAssign { admin_assignee_id: None })
        | (Step::Priority, Action::ConversationPrioritize { .. })
        | (Step::Close, Action::ConversationClose)
        | (Step::Reopen, Action::ConversationOpen)
        | (Step::Snooze, Action::ConversationSnooze { .. }) => true,
        _ => false,
    }
}

/// The outbox's entries by conversation, in their order.
pub(super) fn by_conversation(
    entries: Vec<OutboxEntry>,
) -> BTreeMap<ConversationId, Vec<OutboxEntry>> {
    let mut sorted: BTreeMap<ConversationId, Vec<OutboxEntry>> = BTreeMap::new();
    for entry in entries {
        sorted.entry(entry.conversation_id).or_default().push(entry);
    }
    sorted
}
