//! Puts load on a real server in a process of its own, on this machine only: many agents that return at once, customers
//! and agents at a set rate, a first load beside them; and generates the workspaces for it.
//!
//! Agents speak the real protocol over TLS, each on connections of its own. Those of `herd` and `live` keep no cache;
//! the one of `bootstrap` is the whole headless client.

#![expect(clippy::print_stdout, reason = "the result is for whoever called the command")]
#![expect(clippy::print_stderr, reason = "progress is for whoever called the command")]

mod absence;
mod agent;
mod bootstrap;
mod customers;
mod figures;
mod herd;
mod house;
mod live;
mod workspace;

// The words, lengths, languages and times of the cache's benchmark.
#[allow(dead_code, unused_imports, reason = "the benchmark uses the rest of it")]
#[path = "../bench"]
mod bench {
    pub(crate) mod generator;
}

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Put load on a real server, or generate a workspace for it
#[derive(Debug, Parser)]
#[command(name = "load")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a workspace as a file for `recado-server import`
    ///
    /// Shaped like the example conversations in length, authors, languages and times; the same in every run.
    Generate(workspace::Options),
    /// Let many agents return at the same moment, each with its cursor
    ///
    /// Each makes its TLS connections, renews its session, pulls what it missed, opens its live stream and sends what it
    /// has queued, and waits as the real client does where the server asks for it.
    Herd(herd::Options),
    /// Let customers write at a set rate while agents follow and answer
    Live(live::Options),
    /// Load a whole workspace into a new client while customers write
    Bootstrap(bootstrap::Options),
    /// The server itself
    #[command(hide = true)]
    Serve {
        /// Its data
        data_dir: PathBuf,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    match Options::parse().command {
        Command::Generate(options) => options.run(),
        Command::Herd(options) => options.run().await,
        Command::Live(options) => options.run().await,
        Command::Bootstrap(options) => options.run().await,
        Command::Serve { data_dir } => house::serve(data_dir).await,
    }
}
