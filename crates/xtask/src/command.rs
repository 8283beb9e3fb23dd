//! Running other programs: with their output kept, a deadline, and an end when somebody presses Ctrl-C.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::interrupt::Interrupt;
use crate::process::Owned;

/// How often a silent program is looked at.
const TICK: Duration = Duration::from_millis(100);
/// How long output may still come from a pipe whose program has ended but left a child holding it.
const DRAIN: Duration = Duration::from_secs(1);

/// The cargo that started this program, or the one in `PATH`, working in `directory`.
///
/// What `cargo run` told this program about its own package is taken away again: build scripts watch some of these
/// variables and would compile everything twice.
pub(crate) fn cargo(directory: &Path) -> Command {
    let mut command =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
            .iter()
            .any(|own| text.starts_with(own))
        {
            command.env_remove(&name);
        }
    }
    command.current_dir(directory).env("CARGO_TERM_COLOR", "never");
    command
}

/// The first of the programs that lies in `PATH`.
pub(crate) fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| {
        directories.iter().map(|directory| directory.join(name)).find(|file| file.is_file())
    })
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs the command with the terminal's input and output, and fails when it fails. Ctrl-C reaches it by itself.
pub(crate) fn run_shown(command: &mut Command, interrupt: &Interrupt) -> Result<()> {
    let name = shown(command);
    let mut child = command.spawn().with_context(|| format!("`{name}` could not be started"))?;
    loop {
        if let Some(status) =
            child.try_wait().with_context(|| format!("the state of `{name}` is unknown"))?
        {
            interrupt.check()?;
            ensure!(status.success(), "`{name}` failed ({status})");
            return Ok(());
        }
        if interrupt.raised() {
            // Gone already, where the terminal told it too.
            let _ = child.kill();
            let _ = child.wait();
        }
        interrupt.check()?;
        thread::sleep(TICK);
    }
}

/// How long a command may take, and who may stop it.
pub(crate) struct Bounds<'a> {
    pub(crate) deadline: Instant,
    pub(crate) interrupt: &'a Interrupt,
}

/// Runs the command to its end, copies both its outputs into `log`, and hands each line to `seen` as it comes; `None`
/// says that nothing came for a moment.
///
/// # Errors
/// When it cannot be started, exceeds its deadline, or is interrupted. How it ended is for the caller to judge.
pub(crate) fn run_logged(
    command: &mut Command,
    log: &mut impl Write,
    bounds: &Bounds<'_>,
    mut seen: impl FnMut(Option<&str>),
) -> Result<ExitStatus> {
    let (reader, writer) = io::pipe().context("no pipe could be made")?;
    let second_writer = writer.try_clone().context("no pipe could be made")?;
    let mut running =
        Owned::spawn(command.stdin(Stdio::null()).stdout(writer).stderr(second_writer))?;
    // The command holds our copies of the pipe's writing end; while they are open the pipe never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let (sender, lines) = mpsc::channel();
    // Ends with the pipe, or with the receiver.
    thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });

    let mut silent_since_end = None;
    loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => {
                writeln!(log, "{line}").context("the log cannot be written")?;
                seen(Some(&line));
            }
            Err(RecvTimeoutError::Timeout) => {
                seen(None);
                if let Some(status) = running.exited()?
                    && silent_since_end.get_or_insert_with(Instant::now).elapsed() > DRAIN
                {
                    return Ok(status);
                }
            }
            // Everything is read; the end itself may be a moment away.
            Err(RecvTimeoutError::Disconnected) => match running.exited()? {
                Some(status) => return Ok(status),
                None => thread::sleep(TICK),
            },
        }
        bounds.interrupt.check()?;
        if Instant::now() >= bounds.deadline {
            bail!("`{}` ran out of time and was ended", shown(command));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, limit: Duration) -> (Result<ExitStatus>, String) {
        let mut log = Vec::new();
        let interrupt = Interrupt::default();
        let bounds = Bounds { deadline: Instant::now() + limit, interrupt: &interrupt };
        let result = run_logged(Command::new("sh").args(["-c", script]), &mut log, &bounds, |_| {});
        (result, String::from_utf8(log).expect("UTF-8"))
    }

    const AMPLE: Duration = Duration::from_secs(60);

    #[test]
    fn both_outputs_are_kept_to_the_last_line_and_the_exit_code_too() {
        let (status, log) = run("seq 1 20000; echo oops >&2; printf 'no newline'; exit 3", AMPLE);
        assert_eq!(status.expect("an end").code(), Some(3));
        assert_eq!(log.lines().count(), 20002);
        assert!(log.contains("oops\n") && log.ends_with("no newline\n"));
    }

    #[test]
    fn a_command_that_runs_out_of_time_is_ended() {
        let (result, log) = run("echo started; sleep 600", Duration::from_secs(1));
        assert!(result.expect_err("no time left").to_string().contains("ran out of time"));
        assert_eq!(log, "started\n");
    }

    #[test]
    fn a_child_that_keeps_the_output_open_does_not_hold_up_its_parents_end() {
        let (status, log) = run("echo done; sleep 600 &", AMPLE);
        assert!(status.expect("an end").success());
        assert_eq!(log, "done\n");
    }

    #[test]
    fn an_interrupt_ends_the_command() {
        let interrupt = Interrupt::raised_already();
        let bounds = Bounds { deadline: Instant::now() + AMPLE, interrupt: &interrupt };
        let result = run_logged(Command::new("sleep").arg("600"), &mut Vec::new(), &bounds, |_| {});
        assert!(result.expect_err("interrupted").to_string().contains("signal"));
    }
}
