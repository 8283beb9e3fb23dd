//! The server beside the least that could answer: the same TLS, the same HTTP, and nothing behind it.

mod fanout;
mod http;
mod send;
mod world;

use anyhow::{Context as _, Result};

use crate::progress::say;
use crate::report::{Beside, Goal};
use world::World;
pub(crate) use world::filled;

/// Everything of the server, measured.
pub(crate) fn measure(rounds: usize) -> Result<(Vec<Beside>, Vec<Goal>)> {
    let world = World::start().context("while the server was filled")?;
    let mut all = http::measure(&world, rounds).context("while asking over HTTP")?;
    say("live streams");
    let live = fanout::measure(&world, rounds).context("while streams were open")?;
    all.0.extend(live.0);
    all.1.extend(live.1);
    say("a hundred agents at once");
    all.1.extend(send::measure(&world, rounds).context("while a hundred agents sent")?);
    world.stop();
    Ok(all)
}
