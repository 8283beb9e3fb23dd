//! Which of the customers' messages are announced, and in which words.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use recado_protocol::host::{FocusRequest, Language, NotificationContent, Settings};
use recado_protocol::{ConversationId, ScopeFacts, TeamId, TeammateId, Timestamp};
use recado_store::NewMessage;

/// Above this many notifications within [`WINDOW_S`], one sums up the rest.
const MAX_PER_WINDOW: usize = 5;
/// In seconds.
const WINDOW_S: i64 = 60;

/// Shows notifications of the system. The host implements it.
pub trait Notifier: Send + Sync {
    /// Shows a notification, or replaces the one that is shown under the same id. Without a
    /// conversation it sums up several.
    fn show(&self, conversation_id: Option<ConversationId>, title: &str, body: &str);

    /// Takes a notification away, if it is still shown.
    fn close(&self, conversation_id: Option<ConversationId>);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNotifier;

impl Notifier for NoNotifier {
    fn show(&self, _: Option<ConversationId>, _: &str, _: &str) {}

    fn close(&self, _: Option<ConversationId>) {}
}

/// Who is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The signed-in teammate.
    pub teammate_id: TeammateId,
    /// The teammate's teams.
    pub team_ids: Vec<TeamId>,
}

impl Recipient {
    /// Whether messages in such a conversation are this teammate's to answer: it is theirs, or
    /// nobody's yet and in reach of one of their teams.
    fn answers(&self, scope: &ScopeFacts) -> bool {
        match scope.admin_assignee_id {
            Some(assignee) => assignee == self.teammate_id,
            None => scope.team_assignee_id.is_none_or(|team| self.team_ids.contains(&team)),
        }
    }
}

/// A notification to be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    /// The conversation; absent for one that sums up several.
    pub conversation_id: Option<ConversationId>,
    /// The first line.
    pub title: String,
    /// What follows.
    pub body: String,
}

// Words between people never reach a log.
impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown")
            .field("conversation_id", &self.conversation_id)
            .finish_non_exhaustive()
    }
}

/// What has been announced so far.
#[derive(Debug, Default)]
pub struct Notifications {
    shown: BTreeSet<ConversationId>,
    recent: VecDeque<Timestamp>,
    summed_up: BTreeMap<ConversationId, u32>,
}

impl Notifications {
    /// Decides what of `messages` is announced. Each conversation has one notification at most,
    /// its newest message; above a few a minute, one sums up the others.
    pub fn arrived(
        &mut self,
        now: Timestamp,
        messages: &[NewMessage],
        recipient: &Recipient,
        focus: &FocusRequest,
        settings: &Settings,
    ) -> Vec<Shown> {
        if settings.notifications == NotificationContent::Off {
            return Vec::new();
        }
        let mut newest: BTreeMap<ConversationId, (&NewMessage, u32)> = BTreeMap::new();
        for message in messages {
            // Whoever looks at the window sees the list, its counts and the line about what arrived.
            if recipient.answers(&message.scope) && !focus.window_focused {
                let entry = newest.entry(message.conversation_id).or_insert((message, 0));
                *entry = (message, entry.1 + 1);
            }
        }
        let words = Words::of(settings.language);
        let window_start = now.plus_seconds(-WINDOW_S);
        while self.recent.front().is_some_and(|&at| at <= window_start) {
            self.recent.pop_front();
        }
        if self.recent.is_empty() {
            self.summed_up.clear();
        }
        let mut shown = Vec::new();
        let mut summary = false;
        for (id, (message, count)) in newest {
            if self.recent.len() >= MAX_PER_WINDOW {
                *self.summed_up.entry(id).or_default() += count;
                summary = true;
                continue;
            }
            self.recent.push_back(now);
            self.shown.insert(id);
            shown.push(words.message(message, settings.notifications));
        }
        if summary {
            shown.push(words.summary(self.summed_up.values().sum(), self.summed_up.len()));
        }
        shown
    }

    /// Those of these conversations whose notification may still be shown; all, if none is named.
    pub fn shown_among(&self, conversation_ids: &[ConversationId]) -> Vec<ConversationId> {
        let named =
            |id: &&ConversationId| conversation_ids.is_empty() || conversation_ids.contains(id);
        self.shown.iter().filter(named).copied().collect()
    }

    /// Forgets what was summed up. Returns whether that may still be shown.
    pub fn summary_closed(&mut self) -> bool {
        !std::mem::take(&mut self.summed_up).is_empty()
    }

    /// Forgets a conversation's notification. Returns whether there was one.
    pub fn closed(&mut self, conversation_id: ConversationId) -> bool {
        self.shown.remove(&conversation_id)
    }
}

/// The sentences, in one language.
struct Words {
    new_message: &'static str,
    customer: &'static str,
    summary: fn(u32, usize) -> String,
}

impl Words {
    fn of(language: Language) -> Self {
        let spanish = match language {
            Language::Es => true,
            Language::En => false,
            Language::System => ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
                .is_some_and(|value| value.starts_with("es")),
        };
        if spanish {
            Self {
                new_message: "Mensaje nuevo",
                customer: "Cliente",
                summary: |messages, conversations| {
                    format!("{messages} mensajes nuevos en {conversations} conversaciones")
                },
            }
        } else {
            Self {
                new_message: "New message",
                customer: "Customer",
                summary: |messages, conversations| {
                    format!("{messages} new messages in {conversations} conversations")
                },
            }
        }
    }

    fn message(&self, message: &NewMessage, content: NotificationContent) -> Shown {
        let sender = message.contact_name.as_deref().unwrap_or(self.customer);
        let (title, body) = match content {
            NotificationContent::Full => (sender, message.preview.as_str()),
            NotificationContent::Sender => (sender, self.new_message),
            NotificationContent::Hidden | NotificationContent::Off => ("Recado", self.new_message),
        };
        Shown {
            conversation_id: Some(message.conversation_id),
            title: title.to_owned(),
            body: body.to_owned(),
        }
    }

    fn summary(&self, messages: u32, conversations: usize) -> Shown {
        let body = (self.summary)(messages, conversations);
        Shown { conversation_id: None, title: "Recado".to_owned(), body }
    }
}

#[cfg(test)]
mod tests;
