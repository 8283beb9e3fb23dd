//! Customers who write and agents who follow and answer, at a set rate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use recado_client::{Clock as _, SystemClock};
use recado_protocol::sync::Change;
use recado_protocol::{Action, AuthorType, Command, CommandId, ConversationId};
use tokio::task::JoinSet;

use crate::agent::{Agent, Return, Sender};
use crate::customers::{Customers, age};
use crate::figures::{Figures, memory_mib};
use crate::house::{House, Sight};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many agents are online
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    agents: u32,

    /// How many messages the customers write a second
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    messages: u32,

    /// How many replies the agents write a second, all together
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=5_000))]
    replies: u32,

    /// For how many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,

    /// How many conversations the workspace has beside those that are written in
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    conversations: u32,
}

/// In how many conversations the customers write.
const WRITTEN_IN: u32 = 200;

impl Options {
    pub(crate) async fn run(self) -> Result<()> {
        let house = House::open(self.agents, Sight::All, self.conversations).await?;
        let customers = Customers::arrive(&house, WRITTEN_IN).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let mut followers: JoinSet<Result<Figures>> = JoinSet::new();
        let mut senders = Vec::new();
        let mut took = Return::default();
        for returning in &house.agents {
            let agent = Agent::come_back(&house.address(), returning, &mut took).await?;
            senders.push(agent.sender());
            followers.spawn(follow(agent, Arc::clone(&stop)));
        }
        let replies = tokio::spawn(answer(
            senders,
            Arc::clone(&customers.conversations),
            self.replies,
            Arc::clone(&stop),
        ));
        let writing = {
            let (customers, stop) = (customers.clone(), Arc::clone(&stop));
            tokio::spawn(async move { customers.write(self.messages, stop).await })
        };
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        stop.store(true, Ordering::Relaxed);
        let written = writing.await?;
        let replies = replies.await??;
        let mut delivered = Figures::default();
        while let Some(done) = followers.join_next().await {
            delivered.extend(done??);
        }
        let (_, most) = memory_mib(house.process());
        println!(
            "{} agents, {:.0} messages a second of {} for {:.0} s",
            self.agents,
            written.rate(),
            self.messages,
            written.seconds
        );
        println!("{}", written.answers.line("a customer's message is taken"));
        println!("{}", delivered.line("it is at an agent"));
        println!("{}", replies.line("an agent's reply is taken"));
        println!(
            "{} messages were not taken; the server's memory at its most: {most} MiB",
            written.errors
        );
        ensure!(written.errors == 0, "messages were not taken");
        Ok(())
    }
}

/// Follows the live stream and tells how old each customer's message was when it came.
async fn follow(mut agent: Agent, stop: Arc<AtomicBool>) -> Result<Figures> {
    let mut ages = Figures::default();
    while !stop.load(Ordering::Relaxed) {
        let next = tokio::time::timeout(Duration::from_secs(1), agent.next_page()).await;
        let Ok(page) = next else { continue };
        for change in page?.changes {
            let Change::Conversation { conversation } = change else { continue };
            let newest = conversation.parts.last();
            let by_customer = newest.filter(|part| part.author.author_type == AuthorType::Contact);
            ages_of(by_customer.map(|part| part.body_text.as_str()), &mut ages);
        }
    }
    Ok(ages)
}

fn ages_of(body_text: Option<&str>, ages: &mut Figures) {
    if let Some(age) = body_text.and_then(age) {
        ages.add(age);
    }
}

async fn answer(
    senders: Vec<Sender>,
    conversations: Arc<Vec<ConversationId>>,
    rate: u32,
    stop: Arc<AtomicBool>,
) -> Result<Figures> {
    let mut answers = Figures::default();
    if rate == 0 {
        return Ok(answers);
    }
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let sender = senders.get(number % senders.len()).context("there is nobody")?;
        let conversation_id = conversations[(number * 7) % conversations.len()];
        number += 1;
        let command = Command {
            id: CommandId::from_uuid(uuid::Uuid::now_v7()),
            conversation_id,
            after: None,
            action: Action::ConversationReply {
                body_text: format!("Answer {number}"),
                last_seen_seq: 1,
            },
            created_at: SystemClock.now(),
        };
        let begun = Instant::now();
        sender.send(command).await?;
        answers.add(begun.elapsed());
    }
    Ok(answers)
}
