//! Measures Recado beside the least that could do the same work, in turns, in one process: the cache beside
//! hand-written SQL with the same SQLCipher settings, the outbox beside a flushed file, the server beside a bare one.
//! `docs/benchmarks.md` explains each line.

#![expect(clippy::print_stdout, reason = "the result is for whoever called the command")]

mod cache;
mod changes;
mod engine;
mod generator;
mod load;
mod measure;
mod plain;
mod progress;
mod reads;
mod report;
mod server;
mod summary;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};

use crate::cache::Place;
use crate::generator::{Fixture, Scale};
use crate::progress::say;
use crate::report::{Beside, Goal};
use crate::summary::Measured;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// The cache on the agent's machine
    Store,
    /// The outbox, and the first load through the whole client
    Engine,
    /// The server over HTTPS and its live streams
    Server,
}

/// Measure Recado beside the least that could do the same work
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Options {
    /// Measure these groups only; without it, all of them
    #[arg(long = "group", value_enum, value_name = "GROUP", num_args = 1.., value_delimiter = ',')]
    groups: Vec<Group>,

    /// Measure 2,000 conversations with 20,000 messages only, in fewer rounds
    ///
    /// Without it, 100,000 conversations with 1,000,000 messages are measured, and a tenth of them to see what growth
    /// costs.
    #[arg(long)]
    quick: bool,

    /// Measure 10,000 conversations with 100,000 messages only
    #[arg(long, conflicts_with = "quick")]
    tenth: bool,

    /// How often each read is measured
    #[arg(long, value_name = "NUMBER", default_value_t = 31, value_parser = clap::value_parser!(u32).range(3..=1000))]
    rounds: u32,

    /// Put the databases here and keep them; without it they go to the folder for temporary files and are deleted
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// Measures a group in so many rounds.
type Measure = fn(usize) -> Result<(Vec<Beside>, Vec<Goal>)>;

fn main() -> Result<()> {
    let options = Options::parse();
    let rounds = if options.quick { options.rounds.min(11) } else { options.rounds } as usize;
    let has = |group| options.groups.is_empty() || options.groups.contains(&group);
    let mut lines = Vec::new();
    let mut goals = Vec::new();
    let others: [(Group, Measure); 2] =
        [(Group::Engine, engine::measure), (Group::Server, server::measure)];
    for (group, measure) in others {
        if has(group) {
            let (more_lines, more_goals) = measure(rounds)?;
            lines.extend(more_lines);
            goals.extend(more_goals);
        }
    }
    // The rest is told first, so that it can be read while the cache is measured.
    if !goals.is_empty() {
        println!("{}\n{}", report::beside(&lines), report::goals(&goals).0);
    }
    if has(Group::Store) { measure_store(&options, rounds) } else { Ok(()) }
}

fn measure_store(options: &Options, rounds: usize) -> Result<()> {
    let temporary;
    let folder = match &options.keep {
        Some(folder) => folder.as_path(),
        None => {
            temporary = tempfile::tempdir().context("there is no folder for temporary files")?;
            temporary.path()
        }
    };
    if options.quick {
        let quick = measure(Scale::QUICK, folder, rounds)?;
        println!("{}", summary::text(&quick, None));
        return Ok(());
    }
    let tenth = measure(Scale::TENTH, folder, rounds)?;
    if options.tenth {
        println!("{}", summary::text(&tenth, None));
        return Ok(());
    }
    let full = measure(Scale::FULL, folder, rounds)?;
    println!("{}", summary::text(&full, Some(&tenth)));
    Ok(())
}

/// Fills the three caches and does everything with them.
fn measure(scale: Scale, folder: &Path, rounds: usize) -> Result<Measured> {
    let Scale { conversations, messages } = scale;
    say(&format!("{conversations} conversations, {messages} messages"));
    let folder = folder.join(conversations.to_string());
    anyhow::ensure!(!folder.exists(), "{} is there already: name another folder", folder.display());
    let place = Place::new(&folder)?;
    let fixture = Fixture::new(scale);
    let loaded = load::load(&fixture, &place).context("while the caches were filled")?;
    let sizes = [0, 1, 2].map(|side| std::fs::metadata(place.file(side)).map_or(0, |m| m.len()));
    say("reading");
    let reads = reads::reads(&fixture, &place, rounds).context("while reading")?;
    say("following the change log");
    let singles = rounds * 32;
    let followed =
        changes::follow(&fixture, &place, singles).context("while following the change log")?;
    Ok(Measured { scale, loaded, sizes, reads, followed })
}
