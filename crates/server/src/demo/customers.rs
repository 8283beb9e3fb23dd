//! The demo's customers go on writing: what real conversations have yet to say arrives through the channel API, at a
//! natural pace, each message exactly once.

use std::collections::VecDeque;
use std::time::Duration;

use recado_protocol::ConversationId;
use recado_protocol::channel::{AddMessage, ChannelContact, ChannelMessage, OpenConversation};
use tokio::time::{Instant, sleep, sleep_until};

use super::chance::Chance;
use super::channel_client::{ChannelClient, ChannelError};
use super::plan::Newcomer;

/// The pause between two messages, in milliseconds.
const PAUSE_MS: (i64, i64) = (8_000, 25_000);
/// How long a customer takes to react to an answer, in milliseconds.
const REACTION_MS: (i64, i64) = (5_000, 12_000);
/// How often answers are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long to wait after a failure, at least and at most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));
/// One message in so many opens a new conversation.
const NEW_ONE_IN: u64 = 8;

/// A customer of a conversation that is there, with more to say.
#[derive(Debug)]
pub(super) struct Writer {
    conversation_id: ConversationId,
    /// What the keys of its messages begin with.
    key: String,
    messages: VecDeque<String>,
    sent: usize,
}

impl Writer {
    /// A customer who has yet to say `messages`. `source_id` names the conversation at each run.
    pub(super) fn new(
        conversation_id: ConversationId,
        source_id: &str,
        messages: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            conversation_id,
            key: format!("demo-{source_id}"),
            messages: messages.into_iter().collect(),
            sent: 0,
        }
    }
}

/// All of the demo's customers.
pub(super) struct Customers {
    client: ChannelClient,
    pace: f64,
    chance: Chance,
    writers: Vec<Writer>,
    newcomers: VecDeque<Newcomer>,
    /// Where the customers' system stands in the workspace's answers.
    cursor: u64,
    /// Who has been answered, and when they react.
    reacting: Vec<(Instant, ConversationId)>,
}

impl Customers {
    /// Customers who write `pace` times as fast as people do.
    pub(super) fn new(
        client: ChannelClient,
        pace: f64,
        writers: Vec<Writer>,
        newcomers: Vec<Newcomer>,
    ) -> Self {
        Self {
            client,
            pace,
            chance: Chance::of("customers"),
            writers,
            newcomers: newcomers.into(),
            cursor: 0,
            reacting: Vec::new(),
        }
    }

    /// Writes until everything has been said. Dropping the future ends it at once; what was under way is sent again with
    /// the same key by whoever starts over, and so arrives once.
    pub(super) async fn run(mut self) {
        while !(self.writers.is_empty() && self.newcomers.is_empty()) {
            let pause = self.draw(PAUSE_MS);
            match self.wait_for_reaction(Instant::now() + pause).await {
                Some(index) => self.write_on(index).await,
                None => self.somebody_writes().await,
            }
        }
        tracing::info!("the demo's customers have said everything they had to say");
    }

    fn draw(&mut self, (low_ms, high_ms): (i64, i64)) -> Duration {
        let millis = u64::try_from(self.chance.between(low_ms, high_ms)).unwrap_or(0);
        Duration::from_millis(millis).div_f64(self.pace)
    }

    /// Looks for answers until `until`. The writer whose turn comes before that is the one who was answered.
    async fn wait_for_reaction(&mut self, until: Instant) -> Option<usize> {
        let look_every = LOOK_EVERY.div_f64(self.pace.clamp(0.2, 10.0));
        loop {
            self.look_for_answers().await;
            let now = Instant::now();
            if let Some(due) = self.reacting.iter().position(|(at, _)| *at <= now) {
                let (_, id) = self.reacting.swap_remove(due);
                let writer = self.writers.iter().position(|writer| writer.conversation_id == id);
                if writer.is_some() {
                    return writer;
                }
            }
            if now >= until {
                return None;
            }
            sleep_until(until.min(now + look_every)).await;
        }
    }

    async fn look_for_answers(&mut self) {
        // Whatever keeps the answers away keeps the messages away as well, and those insist.
        while let Ok(page) = self.client.replies(self.cursor).await {
            self.cursor = page.cursor;
            for reply in page.replies {
                let id = reply.conversation_id;
                if !self.reacting.iter().any(|(_, waiting)| *waiting == id) {
                    let at = Instant::now() + self.draw(REACTION_MS);
                    self.reacting.push((at, id));
                }
            }
            if !page.more {
                break;
            }
        }
    }

    async fn somebody_writes(&mut self) {
        let opens = self.writers.is_empty() || self.chance.below(NEW_ONE_IN) == 0;
        match if opens { self.newcomers.pop_front() } else { None } {
            Some(newcomer) => self.open(newcomer).await,
            None if self.writers.is_empty() => {}
            None => {
                let drawn = self.chance.below(self.writers.len() as u64);
                self.write_on(usize::try_from(drawn).unwrap_or(0)).await;
            }
        }
    }

    async fn write_on(&mut self, index: usize) {
        let Some(writer) = self.writers.get_mut(index) else {
            return;
        };
        let Some(text) = writer.messages.pop_front() else {
            self.writers.swap_remove(index);
            return;
        };
        writer.sent += 1;
        let key = format!("{}-{}", writer.key, writer.sent);
        let content = AddMessage { message: message(text) };
        let client = self.client.clone();
        let conversation_id = writer.conversation_id;
        let sent =
            insist(async || client.add(&key, conversation_id, &content).await.map(drop)).await;
        if !sent || self.writers[index].messages.is_empty() {
            self.writers.swap_remove(index);
        }
    }

    async fn open(&mut self, newcomer: Newcomer) {
        let Newcomer { source_id, name, email, language, team, messages } = newcomer;
        let mut messages = messages.into_iter();
        let Some(first) = messages.next() else {
            return;
        };
        let content = OpenConversation {
            contact: ChannelContact {
                external_id: source_id.clone(),
                name: Some(name),
                email,
                phone: None,
                language: Some(language.tag().to_owned()),
            },
            title: None,
            message: message(first),
            team: team.map(|team| team.name().to_owned()),
        };
        let client = self.client.clone();
        let key = format!("demo-{source_id}-0");
        let mut opened = None;
        insist(async || {
            opened = Some(client.open(&key, &content).await?.conversation_id);
            Ok(())
        })
        .await;
        let writer = opened.map(|id| Writer::new(id, &source_id, messages));
        self.writers.extend(writer.filter(|writer| !writer.messages.is_empty()));
    }
}

fn message(text: String) -> ChannelMessage {
    ChannelMessage { body_text: Some(text), body_html: None, created_at: None }
}

/// Sends again, with the same key, until there is an answer. Says whether the server took it.
async fn insist(mut send: impl AsyncFnMut() -> Result<(), ChannelError>) -> bool {
    let mut pause = BACKOFF.0;
    loop {
        match send().await {
            Ok(()) => return true,
            Err(error @ ChannelError::Refused(_)) => {
                tracing::warn!(%error, "a customer's message was refused");
                return false;
            }
            Err(error @ ChannelError::Unanswered(_)) => {
                tracing::debug!(%error, "a customer's message is sent again");
                sleep(pause).await;
                pause = (pause * 2).min(BACKOFF.1);
            }
        }
    }
}
