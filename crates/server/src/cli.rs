//! The command line.

mod after_restore;
mod channel;
mod data;
mod demo;
mod import;
mod join_link;
mod offline_lease;
mod second_factor;
mod serve;
mod session;
mod sso;
mod teammate;
mod text;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use recado_server::backend::BackendError;

use text::complain;

const LONG_ABOUT: &str = "\
The backend of Recado: agents answer customers' conversations through it.

Everything lies in one data directory: the database, the server's own secrets and its certificate. \
Start with `recado-server serve`; then, from another terminal, invite people with \
`recado-server teammate invite`. Console commands find the running server through a socket in the data \
directory; where no server runs they work on the data itself.";

const AFTER_HELP: &str = "\
Examples:
  recado-server demo
  recado-server serve
  recado-server teammate invite ana@example.com --name 'Ana Ruiz' --role admin
  recado-server channel add website
  recado-server import conversations.jsonl.gz
  recado-server join-link";

/// The backend of Recado.
#[derive(Debug, Parser)]
#[command(name = "recado-server", version, long_about = LONG_ABOUT, after_long_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    JoinLink(join_link::JoinLink),
    #[command(subcommand)]
    Teammate(teammate::Teammate),
    #[command(subcommand)]
    Session(session::Session),
    #[command(subcommand)]
    SecondFactor(second_factor::SecondFactor),
    #[command(subcommand)]
    OfflineLease(offline_lease::OfflineLease),
    #[command(subcommand)]
    Channel(channel::Channel),
    #[command(subcommand)]
    Sso(sso::Sso),
    Import(import::Import),
    AfterRestore(after_restore::AfterRestore),
    Demo(demo::DemoCommand),
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> ExitCode {
    let command = Cli::parse().command;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("the program cannot start its threads: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(carry_out(command)) {
        Ok(code) => code,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(command: Command) -> Result<ExitCode, BackendError> {
    match command {
        Command::Serve(serve) => serve.run().await?,
        Command::JoinLink(join_link) => join_link.run().await?,
        Command::Teammate(teammate) => teammate.run().await?,
        Command::Session(session) => session.run().await?,
        Command::SecondFactor(second_factor) => second_factor.run().await?,
        Command::OfflineLease(offline_lease) => offline_lease.run().await?,
        Command::Channel(channel) => channel.run().await?,
        Command::Sso(sso) => sso.run().await?,
        Command::Demo(demo) => demo.run().await?,
        Command::AfterRestore(after_restore) => after_restore.run().await?,
        Command::Import(import) => return import.run().await,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound_and_every_command_explains_itself() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        command.build();
        let mut open = vec![command];
        while let Some(command) = open.pop() {
            let name = command.get_name().to_owned();
            assert!(command.get_about().is_some(), "{name} says nothing about itself");
            for argument in command.get_arguments() {
                let id = argument.get_id();
                assert!(argument.get_help().is_some(), "{name} {id} has no help");
            }
            open.extend(command.get_subcommands().filter(|it| it.get_name() != "help").cloned());
        }
    }
}
