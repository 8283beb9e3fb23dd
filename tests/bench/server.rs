//! The server beside the least that could answer: the same TLS, the same HTTP, and nothing behind it.

mod fanout;
mod http;
mod send;
mod targeted;
mod world;

use anyhow::{Context as _, Result};
use recado_testkit::Engine;

use crate::measure::Clock;
use crate::progress::say;
use crate::report::{Beside, Goal};
use world::World;
pub(crate) use world::filled;

/// Everything of the server, measured.
pub(crate) fn measure(rounds: usize) -> Result<(Vec<Beside>, Vec<Goal>)> {
    let world = World::start(Engine::Sqlite).context("while the server was filled")?;
    let mut all = http::measure(&world, rounds, &http::ON_SQLITE, Clock::Cpu)
        .context("while asking over HTTP")?;
    let mut add = |more: (Vec<Beside>, Vec<Goal>)| {
        all.0.extend(more.0);
        all.1.extend(more.1);
    };
    say("live streams");
    add(fanout::measure(&world, rounds).context("while streams were open")?);
    say("live streams that a reply is not for");
    add(targeted::measure(&world, rounds).context("while others' streams were open")?);
    say("a hundred agents at once");
    add((Vec::new(), send::measure(&world, rounds).context("while a hundred agents sent")?));
    world.stop();
    if std::env::var_os("RECADO_TEST_POSTGRES").is_some() {
        let world = World::start(Engine::Postgres).context("while PostgreSQL was filled")?;
        let measured = http::measure(&world, rounds, &http::ON_POSTGRES, Clock::Wall);
        add(measured.context("while asking over HTTP, on PostgreSQL")?);
        world.stop();
    } else {
        say("no PostgreSQL: RECADO_TEST_POSTGRES names none; `cargo xtask bench` starts one");
    }
    Ok(all)
}
