//! `cargo xtask crash`: the crash lanes of the end-to-end tests, as many rounds as wanted.

use std::time::Instant;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::command::{cargo, run_shown};
use crate::interrupt::Interrupt;
use crate::system::{self, Purpose};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many rounds of each kind
    #[arg(long, value_name = "N", default_value_t = 100)]
    rounds: u32,

    /// The first chapter's seed
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,

    /// Only these kinds
    #[arg(long, value_enum, value_name = "KIND", num_args = 1.., value_delimiter = ',')]
    kind: Vec<Kind>,

    /// The full counts: 20,000 rounds, and 10,000 corruptions. Takes hours
    #[arg(long, conflicts_with = "rounds")]
    long: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The client is killed
    Client,
    /// The server on SQLite dies at a fail point or is killed
    ServerSqlite,
    /// The server on PostgreSQL dies at a fail point or is killed
    ServerPostgres,
    /// The disk under the client or the server fails, or its power does
    Disk,
    /// PostgreSQL dies under the server and comes back
    PostgresRestart,
    /// The disk under PostgreSQL refuses what it is asked for
    PostgresDisk,
    /// Files on the agent's machine are damaged
    Corruption,
}

impl Kind {
    /// The test's name, and how many rounds are the full count.
    const fn lane(self) -> (&'static str, u32) {
        match self {
            Self::Client => ("client", 5_000),
            Self::ServerSqlite => ("server_sqlite", 5_000),
            Self::ServerPostgres => ("server_postgres", 3_000),
            Self::Disk => ("disk", 6_000),
            Self::PostgresRestart => ("postgres_restart", 500),
            Self::PostgresDisk => ("postgres_disk", 500),
            Self::Corruption => ("corruption", 10_000),
        }
    }
}

pub(crate) fn run(options: &Options, workspace: &Workspace, interrupt: &Interrupt) -> Result<()> {
    system::ensure(&[Purpose::Build, Purpose::Database], interrupt)?;
    let all = Kind::value_variants();
    let kinds = if options.kind.is_empty() { all } else { options.kind.as_slice() };
    let mut failed = Vec::new();
    for kind in kinds {
        let (lane, full) = kind.lane();
        let rounds = if options.long { full } else { options.rounds };
        let begun = Instant::now();
        println!("{lane}: {rounds} rounds from seed {}", options.seed);
        let mut tests = cargo(workspace.root());
        tests.args(["test", "--quiet", "--package", "recado-tests", "--test", "e2e", "--"]);
        tests.args(["--exact", &format!("crash::{lane}"), "--nocapture"]);
        tests.env("RECADO_CRASH_ROUNDS", rounds.to_string());
        tests.env("RECADO_SEED", options.seed.to_string());
        let outcome = run_shown(&mut tests, interrupt);
        interrupt.check()?;
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        println!("{lane}: {word}, {} s", begun.elapsed().as_secs());
        if outcome.is_err() {
            failed.push(lane);
        }
    }
    if !failed.is_empty() {
        bail!("promises were broken: {}", failed.join(", "));
    }
    Ok(())
}
