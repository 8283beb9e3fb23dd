//! `recado-server`: Recado's backend and its console commands.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
