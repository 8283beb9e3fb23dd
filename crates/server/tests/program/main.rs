//! The program as whoever runs it meets it: what it prints, how it ends, and what a kill leaves behind.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod after_restore;
mod demo;
mod import;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program with a command, on a data directory.
fn program(command: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_recado-server"));
    program.arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["RECADO_DATA_DIR", "RECADO_DATABASE", "RECADO_SECRETS", "RECADO_SECRETS_FILE"]
    {
        program.env_remove(variable);
    }
    program
}

fn import(data_dir: &Path, file: &Path, further: &[&str]) -> Output {
    program("import").arg(file).arg("--data-dir").arg(data_dir).args(further).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
