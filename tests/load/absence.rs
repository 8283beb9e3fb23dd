//! What happens while the agents are away: customers write to each team, and each agent queues commands.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use recado_client::{Clock as _, SystemClock};
use recado_protocol::channel::ChannelMessage;
use recado_protocol::{Action, Command, CommandId, ConversationId};

use crate::customers::Customers;
use crate::house::{House, Returning, team_name};

/// In how many conversations of a team the customers write.
const WRITTEN_IN: u32 = 5;
/// How many teams are written to at the same time.
const AT_ONCE: usize = 8;

/// What was written to one team.
#[derive(Debug, Default)]
struct Written {
    conversations: Vec<ConversationId>,
    texts: BTreeSet<String>,
}

/// What happened while everybody was away.
pub(crate) struct Absence {
    teams: BTreeMap<u32, Written>,
}

impl Absence {
    /// Lets customers write so many messages to each team, a few to each conversation, the first of which
    /// opens it.
    pub(crate) async fn pass(house: &House, messages: u32) -> Result<Self> {
        let customers = Customers::of(house)?;
        let teams: BTreeSet<u32> = house.agents.iter().filter_map(|agent| agent.team).collect();
        let teams = stream::iter(teams)
            .map(|team| write(&customers, team, messages))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(Self { teams })
    }

    fn of(&self, agent: &Returning) -> Result<&Written> {
        agent.team.and_then(|team| self.teams.get(&team)).context("the agent is in no team")
    }

    /// What an agent missed.
    pub(crate) fn missed(&self, agent: &Returning) -> Result<&BTreeSet<String>> {
        Ok(&self.of(agent)?.texts)
    }

    /// What the agent of this number has queued: every third command is a note on the conversation of the
    /// reply before it, so that order matters.
    pub(crate) fn queued(
        &self,
        number: usize,
        agent: &Returning,
        commands: usize,
    ) -> Result<VecDeque<Command>> {
        let conversations = &self.of(agent)?.conversations;
        let command = |place: usize| {
            let other = number + place - place / 3 - usize::from(place % 3 == 2);
            let body_text = reply_text(number, place);
            let action = if place % 3 == 2 {
                Action::ConversationNote { body_text }
            } else {
                Action::ConversationReply { body_text, last_seen_seq: 1 }
            };
            Command {
                id: CommandId::from_uuid(uuid::Uuid::now_v7()),
                conversation_id: conversations[other % conversations.len()],
                after: None,
                action,
                created_at: SystemClock.now(),
            }
        };
        Ok((0..commands).map(command).collect())
    }
}

/// What an agent writes at one place of its outbox.
pub(crate) fn reply_text(agent: usize, place: usize) -> String {
    format!("agent {agent} at {place}")
}

async fn write(customers: &Customers, team: u32, messages: u32) -> Result<(u32, Written)> {
    let mut written = Written::default();
    for number in 0..messages {
        let text = format!("message {number} to team {team}");
        let message = ChannelMessage { body_text: Some(text.clone()), ..ChannelMessage::default() };
        written.texts.insert(text);
        let place = usize::try_from(number % WRITTEN_IN)?;
        match written.conversations.get(place) {
            Some(id) => customers.say(*id, message).await?,
            None => {
                let customer = format!("{team}-{number}");
                let id = customers.open(&customer, Some(team_name(team)), message).await?;
                written.conversations.push(id);
            }
        }
    }
    Ok((team, written))
}
