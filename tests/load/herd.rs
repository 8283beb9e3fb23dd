//! Many agents that return at the same moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::agent::{Agent, Return};
use crate::figures::memory_mib;
use crate::house::House;

/// The slowest hundredth of the server's answers may take this long.
const LONGEST_P99: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many agents
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    agents: u32,

    /// How many conversations the workspace has
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    conversations: u32,
}

impl Options {
    pub(crate) async fn run(self) -> Result<()> {
        let house = House::open(self.agents, self.conversations).await?;
        let (address, count) = (Arc::new(house.address()), house.agents.len());
        let start = Arc::new(Barrier::new(count + 1));
        let mut herd: JoinSet<(Return, Result<Agent>)> = JoinSet::new();
        for returning in house.agents.clone() {
            let (address, start) = (Arc::clone(&address), Arc::clone(&start));
            herd.spawn(async move {
                let mut took = Return::default();
                start.wait().await;
                let agent = Agent::come_back(&address, &returning, &mut took).await;
                (took, agent)
            });
        }
        start.wait().await;
        let begun = Instant::now();
        let (mut all, mut online, mut errors) = (Return::default(), Vec::new(), Vec::new());
        while let Some(done) = herd.join_next().await {
            let (took, agent) = done?;
            all.whole.extend(took.whole);
            all.requests.extend(took.requests);
            all.waits += took.waits;
            match agent {
                Ok(agent) => online.push(agent),
                Err(error) => errors.push(error),
            }
        }
        let (_, most) = memory_mib(house.process());
        println!(
            "{count} agents returned at once, all were there after {:.1} s",
            begun.elapsed().as_secs_f64()
        );
        println!("{}", all.whole.line("back online"));
        println!("{}", all.requests.line("an answer of the server"));
        println!(
            "the server asked to wait {} times; {} agents saw an error",
            all.waits,
            errors.len()
        );
        println!("the server's memory at its most: {most} MiB");
        if let Some(error) = errors.first() {
            println!("the first error: {error:#}");
        }
        ensure!(errors.is_empty(), "an agent saw an error");
        ensure!(online.len() == count, "not everybody is there");
        let p99 = all.requests.percentile(990);
        ensure!(p99 < LONGEST_P99, "the slowest hundredth took longer than {LONGEST_P99:?}");
        Ok(())
    }
}
