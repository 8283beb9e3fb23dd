//! Many agents that return at the same moment, each with something missed and something queued.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use recado_protocol::Command;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::absence::{Absence, reply_text};
use crate::agent::{Agent, Return};
use crate::customers::Customers;
use crate::figures::{Figures, memory_mib};
use crate::house::{House, Returning, Sight};

/// The slowest hundredth of the server's answers may take this long.
const LONGEST_P99: Duration = Duration::from_secs(2);
/// How long an agent goes on trying where the speed is not judged: whatever a slow machine needs.
const ENDLESS: Duration = Duration::from_secs(3_600);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many agents
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    agents: u32,

    /// How many agents a team has; each sees the conversations of its team
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    team: u32,

    /// How many conversations the workspace has
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    conversations: u32,

    /// How many messages each agent has missed
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    missed: u32,

    /// How many commands each agent has queued
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    queued: u32,

    /// Judge only whether everything arrives, once, however long it takes
    #[arg(long)]
    any_speed: bool,
}

/// How it went for one agent.
struct Returned {
    took: Return,
    /// From the first packet until nothing waits any more.
    drained: Duration,
    outcome: Result<Agent>,
}

impl Options {
    pub(crate) async fn run(self) -> Result<()> {
        let queued = usize::try_from(self.queued)?;
        let sight = Sight::OwnTeam { agents: self.team };
        let house = House::open(self.agents, sight, self.conversations).await?;
        let absence = Absence::pass(&house, self.missed).await?;
        let (address, count) = (Arc::new(house.address()), house.agents.len());
        let start = Arc::new(Barrier::new(count + 1));
        let mut herd: JoinSet<(usize, Returned)> = JoinSet::new();
        for (number, returning) in house.agents.iter().cloned().enumerate() {
            let commands = absence.queued(number, &returning, queued)?;
            let (address, start) = (Arc::clone(&address), Arc::clone(&start));
            let mut took = Return::default();
            if self.any_speed {
                took.patience = ENDLESS;
            }
            herd.spawn(async move {
                start.wait().await;
                let begun = Instant::now();
                let outcome = come_back(&address, &returning, commands, &mut took).await;
                (number, Returned { took, drained: begun.elapsed(), outcome })
            });
        }
        start.wait().await;
        let begun = Instant::now();
        let mut returned = BTreeMap::new();
        while let Some(done) = herd.join_next().await {
            let (number, one) = done?;
            returned.insert(number, one);
        }
        println!(
            "{count} agents returned at once, each with {} messages missed and {queued} commands queued; \
             all was drained after {:.1} s",
            self.missed,
            begun.elapsed().as_secs_f64()
        );
        let requests = tell(&house, &mut returned);
        for (number, one) in returned {
            one.outcome.with_context(|| format!("agent {number} saw an error"))?;
            let missed = absence.missed(&house.agents[number])?;
            require_once(one.took.missed.into_values().collect(), missed)
                .with_context(|| format!("what agent {number} missed"))?;
        }
        let is_reply = |place: &usize| place % 3 != 2;
        let replies = (0..count).flat_map(|agent| {
            (0..queued).filter(is_reply).map(move |place| reply_text(agent, place))
        });
        require_once(Customers::of(&house)?.replies().await?, &replies.collect())
            .context("what the agents had queued")?;
        let p99 = requests.percentile(990);
        ensure!(
            self.any_speed || p99 < LONGEST_P99,
            "the slowest hundredth took longer than {LONGEST_P99:?}"
        );
        Ok(())
    }
}

/// Comes back and stays until nothing waits any more.
async fn come_back(
    address: &recado_client::transport::ServerAddress,
    returning: &Returning,
    queued: VecDeque<Command>,
    took: &mut Return,
) -> Result<Agent> {
    let mut agent = Agent::come_back(address, returning, took).await?;
    agent.drain(queued, took).await?;
    Ok(agent)
}

/// Prints the figures of all, and gives those of the requests.
fn tell(house: &House, returned: &mut BTreeMap<usize, Returned>) -> Figures {
    let (mut whole, mut drained) = (Figures::default(), Figures::default());
    let (mut requests, mut waits, mut errors) = (Figures::default(), 0, 0);
    for one in returned.values_mut() {
        whole.extend(std::mem::take(&mut one.took.whole));
        requests.extend(std::mem::take(&mut one.took.requests));
        waits += one.took.waits;
        match one.outcome {
            Ok(_) => drained.add(one.drained),
            Err(_) => errors += 1,
        }
    }
    let (_, most) = memory_mib(house.process());
    println!("{}", whole.line("back online"));
    println!("{}", drained.line("nothing missed and nothing queued"));
    println!("{}", requests.line("an answer of the server"));
    println!("the server asked to wait {waits} times; {errors} agents saw an error");
    println!("the server's memory at its most: {most} MiB");
    requests
}

/// Whether all of it came, and each once.
fn require_once(came: Vec<String>, wanted: &BTreeSet<String>) -> Result<()> {
    let count = came.len();
    let different: BTreeSet<String> = came.into_iter().collect();
    let missing = wanted.difference(&different).next();
    ensure!(missing.is_none(), "{missing:?} did not come");
    ensure!(count == wanted.len(), "{count} came instead of {}", wanted.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_came_twice_is_told() {
        let wanted = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let came =
            |texts: &[&str]| require_once(texts.iter().map(ToString::to_string).collect(), &wanted);
        assert!(came(&["b", "a"]).is_ok());
        for wrong in [&["a"][..], &["a", "a"], &["a", "b", "b"], &["a", "b", "c"]] {
            assert!(came(wrong).is_err(), "{wrong:?}");
        }
    }
}
