//! The engine: what a press of the send key waits for, and the first load through the whole client.

mod filling;
mod outbox;

use anyhow::{Context as _, Result};

use crate::progress::say;
use crate::report::{Beside, Goal};

/// Everything of the engine, measured.
pub(crate) fn measure(rounds: usize) -> Result<(Vec<Beside>, Vec<Goal>)> {
    say("the outbox");
    let (line, goal) = outbox::measure(rounds).context("while commands were stored")?;
    let (mut lines, mut goals) = (vec![line], vec![goal]);
    let filled = filling::measure().context("while clients were filled")?;
    lines.extend(filled.0);
    goals.extend(filled.1);
    Ok((lines, goals))
}
