//! One step at work: its commands, its log, its counts and what it shows while it runs.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::command::{Bounds, run_logged, shown};
use crate::interrupt::Interrupt;
use crate::npm;
use crate::process::Marker;
use crate::test::tally::{Runner, Tally};
use crate::workspace::Workspace;

/// How often a step that runs without a terminal says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How many lines of a failed step's output are shown; the log has all.
const SHOWN_LINES: usize = 120;
const SHOWN_WIDTH: usize = 90;

pub(crate) struct Job<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) interrupt: &'a Interrupt,
    /// Whether the full counts were asked for.
    pub(crate) long: bool,
    name: &'static str,
    log: File,
    log_path: PathBuf,
    tail: VecDeque<String>,
    tally: Tally,
    started: Instant,
    deadline: Instant,
    progress: Progress,
    marker: Marker,
}

impl<'a> Job<'a> {
    pub(crate) fn start(
        name: &'static str,
        limit: Duration,
        long: bool,
        workspace: &'a Workspace,
        interrupt: &'a Interrupt,
    ) -> Result<Self> {
        let log_path = workspace.logs().join(format!("{name}.log"));
        fs::create_dir_all(workspace.logs()).context("no folder for logs")?;
        let log = File::create(&log_path)
            .with_context(|| format!("{} cannot be written", log_path.display()))?;
        let started = Instant::now();
        Ok(Self {
            workspace,
            interrupt,
            long,
            name,
            log,
            log_path,
            tail: VecDeque::new(),
            tally: Tally::default(),
            started,
            deadline: started + limit,
            progress: Progress::new(),
            marker: Marker::new("RECADO_STEP"),
        })
    }

    /// Runs a command to its end and fails when it fails.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<()> {
        self.execute(command, None)
    }

    /// Runs a test runner. It fails also when it ends well without having run a test.
    pub(crate) fn run_tests(&mut self, runner: Runner, command: &mut Command) -> Result<()> {
        let before = self.tally.total();
        self.execute(command, Some(runner))?;
        ensure!(self.tally.total() > before, "`{}` ran no test", shown(command));
        Ok(())
    }

    /// Installs a folder's npm packages where its lock file has changed.
    pub(crate) fn install_npm(&mut self, directory: &Path) -> Result<()> {
        if let Some(mut install) = npm::install(directory) {
            self.run(&mut install)?;
            npm::installed(directory)
                .with_context(|| format!("{} cannot be marked", directory.display()))?;
        }
        Ok(())
    }

    /// Fails where an input of the step is missing.
    pub(crate) fn require(&self, relative: &str) -> Result<PathBuf> {
        let path = self.workspace.path(relative);
        ensure!(path.exists(), "not there: {relative}");
        Ok(path)
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn log_path(&self) -> &Path {
        &self.log_path
    }

    /// The last lines of the step's output.
    pub(crate) fn tail(&self) -> impl Iterator<Item = &str> {
        self.tail.iter().map(String::as_str)
    }

    /// Ends what the step's commands have left running.
    pub(crate) fn finish(&mut self) {
        self.progress.clear();
        let strays = self.marker.sweep();
        if !strays.is_empty() {
            // The log says it for whoever looks for the cause; the step's result stands.
            let _ = writeln!(self.log, "ended what was left running: {}", strays.join(", "));
        }
    }

    fn execute(&mut self, command: &mut Command, runner: Option<Runner>) -> Result<()> {
        let (marker, value) = self.marker.variable();
        command.env(marker, value).env("NO_COLOR", "1");
        if self.long {
            command.env("RECADO_LONG", "1");
        }
        let title = shown(command);
        writeln!(self.log, "$ {title}").context("the log cannot be written")?;
        self.tail.clear();

        let Self { log, tail, tally, progress, name, started, deadline, interrupt, .. } = self;
        let bounds = Bounds { deadline: *deadline, interrupt };
        let status = run_logged(command, log, &bounds, |line| {
            if let Some(line) = line {
                if let Some(runner) = runner {
                    tally.add(runner.count(line));
                }
                if tail.len() == SHOWN_LINES {
                    tail.pop_front();
                }
                tail.push_back(line.to_owned());
            }
            progress.show(
                name,
                started.elapsed(),
                tail.back().map_or(title.as_str(), String::as_str),
            );
        })?;
        ensure!(status.success(), "`{title}` failed ({status})");
        Ok(())
    }
}

/// What a long step shows: one line rewritten in place on a terminal, a line now and then elsewhere.
struct Progress {
    terminal: bool,
    last: Instant,
}

impl Progress {
    fn new() -> Self {
        Self { terminal: io::stdout().is_terminal(), last: Instant::now() }
    }

    fn show(&mut self, name: &str, elapsed: Duration, line: &str) {
        let pause = if self.terminal { Duration::from_millis(200) } else { HEARTBEAT };
        if self.last.elapsed() < pause {
            return;
        }
        self.last = Instant::now();
        let line: String =
            line.trim().chars().filter(|c| !c.is_control()).take(SHOWN_WIDTH).collect();
        if self.terminal {
            print!("\r\x1b[2K  {name:<10}{:>5} s  {line}", elapsed.as_secs());
            // A progress line that cannot be shown is not worth an error.
            let _ = io::stdout().flush();
        } else {
            println!("  {name:<10}{:>5} s  … {line}", elapsed.as_secs());
        }
    }

    fn clear(&self) {
        if self.terminal {
            print!("\r\x1b[2K");
            let _ = io::stdout().flush();
        }
    }
}
