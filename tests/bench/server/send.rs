//! A hundred agents who send at the same moment: how many of their replies share a flush to the disk.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use recado_client::transport::Request;

use super::http::reply;
use super::world::World;
use crate::measure::median;
use crate::report::Goal;

const AGENTS: usize = 100;

pub(super) fn measure(world: &World, rounds: usize) -> Result<Vec<Goal>> {
    let log = world.database().with_extension("db-wal");
    let mut each = Vec::new();
    for round in 0..rounds {
        let before = Commits::of(&log)?;
        let requests = (0..AGENTS).map(|agent| {
            let at = (round * AGENTS + agent) % world.conversations.len();
            let request = Request::post("/v1/commands", &reply(world.conversations[at]));
            async move {
                let answer = world.recado.send(world.signed(request?)).await?;
                ensure!(answer.status == 200, "the answer is {answer:?}");
                anyhow::Ok(())
            }
        });
        world.run(try_join_all(requests))?;
        let after = Commits::of(&log)?;
        // A log that was begun anew meanwhile tells nothing.
        if after.salt == before.salt && after.commits > before.commits {
            each.push(AGENTS as f64 / (after.commits - before.commits) as f64);
        }
    }
    // A goal is at most something: the share of a flush that one message takes.
    let shared = median(each);
    Ok(vec![Goal::new(
        "server/write_group",
        "flushes to the disk for one reply",
        1.0 / shared,
        0.125,
    )])
}

/// The commits in a write-ahead log. With `synchronous=FULL` each is one flush to the disk.
struct Commits {
    salt: [u8; 8],
    commits: usize,
}

impl Commits {
    /// Reads what SQLite's documentation says of the file: 32 bytes, then frames of 24 bytes and a page. A frame that
    /// ends a commit names the database's length; one of an earlier run of the log has another salt.
    fn of(path: &Path) -> Result<Self> {
        const PAGE: usize = 4096;
        let log = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let salt: [u8; 8] = log.get(16..24).context("the log is empty")?.try_into()?;
        let frames = log[32..].chunks_exact(24 + PAGE).take_while(|frame| frame[8..16] == salt);
        Ok(Self { salt, commits: frames.filter(|frame| frame[4..8] != [0; 4]).count() })
    }
}
