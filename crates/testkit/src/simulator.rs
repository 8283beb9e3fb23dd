//! The whole of synchronisation in one thread: the real engine and store of several agents, the real
//! commands, policy and pages of the server, and between them a network, disks and clocks that fail
//! as a seed decides. The same seed is the same run, event by event.

mod acts;
mod backend;
mod campaign;
mod chance;
mod customers;
mod faults;
mod history;
mod hunt;
mod judge;
mod judge_batch;
mod judge_commands;
mod judge_end;
mod judge_pages;
mod judge_search;
mod judge_sessions;
mod machine;
mod plan;
mod rest;
mod scene;
mod shrink;
mod trace;
mod wire;
mod world;

pub use campaign::{Campaign, Failure, Report, explain};
pub use hunt::{Found, Hunt};
pub use plan::Plan;
pub use shrink::shrunk;
pub use world::Beginning;

use trace::Trace;
use world::World;

/// A run that broke an invariant.
#[derive(Debug, Clone)]
pub struct Breach {
    /// Which invariant, and how.
    pub what: String,
    /// What led to it, where it was kept.
    pub trace: Vec<String>,
}

/// How a run went.
#[derive(Debug, Clone)]
pub struct Run {
    /// How many events were handled.
    pub steps: u64,
    /// How often a session's refresh secret was replaced.
    pub rotations: u64,
    /// How many sessions ended because somebody else used their secrets.
    pub thefts: u64,
    /// The same for the same run, where a trace was kept.
    pub digest: String,
    /// What happened, where it was kept.
    pub trace: Vec<String>,
    /// The invariant that was broken, if one was.
    pub breach: Option<Breach>,
}

/// Runs a plan. With `traced` it keeps what happened.
///
/// # Errors
/// If the world cannot even be made.
pub fn run(beginning: &Beginning, plan: &Plan, traced: bool) -> anyhow::Result<Run> {
    let trace = if traced { Trace::kept() } else { Trace::default() };
    let mut world = World::new(beginning, plan, trace)?;
    let outcome = world.run();
    let breach = outcome
        .err()
        .map(|error| Breach { what: format!("{error:#}"), trace: world.trace.lines().to_vec() });
    let (digest, trace) = (world.trace.digest(), world.trace.lines().to_vec());
    let steps = world.steps;
    let (rotations, thefts) = world.ledger.totals();
    beginning.keep(world.databases);
    Ok(Run { steps, rotations, thefts, digest, trace, breach })
}
