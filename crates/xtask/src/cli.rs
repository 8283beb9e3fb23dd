//! The command line of `cargo xtask`.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

use crate::command::{cargo, run_shown};
use crate::interrupt::Interrupt;
use crate::npm;
use crate::session::Session;
use crate::system::{self, EVERYTHING, Purpose};
use crate::workspace::Workspace;
use crate::{crash, poll, postgres, run, test, tls_grade};

/// Developer commands of Recado
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything, start a demo server and open the app on it
    ///
    /// Checks for the system packages that the build needs and installs what is missing (as root or through sudo,
    /// saying what and why). Builds the UI, the server and the app, starts a demo server on this machine only, prints
    /// its sign-ins with their current TOTP codes, and opens the app. Ctrl-C or closing the window ends everything;
    /// nothing is kept.
    ///
    /// Without a display, session bus or keychain it starts private ones, goes through the main job in the real window
    /// (join, sign in, open, reply, note, close), prints a line for each step and saves a picture of each.
    Run(run::Options),

    /// Run every check that a change has to pass
    ///
    /// Prints a line for each step, a table at the end, and the sum of all tests as the last line. The whole output of
    /// a step lies in target/xtask/logs; that of a failed one is shown. Ends with an error if anything failed.
    ///
    /// Rust tests find a private PostgreSQL in RECADO_TEST_POSTGRES, and RECADO_LONG=1 with --long.
    Test(test::Options),

    /// Start a private PostgreSQL and print its URL, until Ctrl-C
    ///
    /// For running Rust tests by hand: RECADO_TEST_POSTGRES=URL cargo test -p recado-server
    Postgres,

    /// Run a command inside a private desktop session
    ///
    /// The session has a display without a screen, a session bus, an unlocked keychain, a notification daemon and an
    /// empty home folder. All of it is gone when the command ends; its exit code is passed on.
    ///
    /// Example: cargo xtask session -- secret-tool search --all service recado
    Session {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },

    /// Take the pictures of every screen, in both themes and languages
    ///
    /// Runs the script `pictures` of tests/ui in Chromium, on the real client and a real server.
    Pictures,

    /// Measure server, engine and cache, each beside the least that could do the same work
    ///
    /// Prints ratios, since seconds differ from machine to machine. docs/benchmarks.md explains each line.
    ///
    /// Examples: cargo xtask bench --rounds 21, cargo xtask bench --group server, cargo xtask bench --quick
    Bench {
        /// Passed on to the benchmark
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },

    /// Put load on a real server in a process of its own, on this machine only
    ///
    /// `herd`: many agents return at the same moment. `live`: customers write at a set rate while agents follow and answer.
    /// `bootstrap`: a new client loads a large workspace beside that. Each prints rates and latencies, and is bounded in
    /// count and time.
    ///
    /// Examples: cargo xtask load herd --agents 1000, cargo xtask load bootstrap --conversations 100000 --messages 100
    Load {
        /// Passed on to the load; --help lists it
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },

    /// Write a workspace of generated conversations as a file for `recado-server import`
    ///
    /// Shaped like the example conversations in length, authors, languages and times; the same in every run.
    ///
    /// Example: cargo xtask generate --conversations 100000 --out workspace.jsonl
    Generate {
        /// Passed on: --conversations N --out FILE
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },

    /// Kill processes, break disks and take PostgreSQL away, many times, and look whether a promise was broken
    ///
    /// Every chapter of some rounds has a seed of its own; a failed one prints what happened and how to run it again.
    /// RECADO_CRASH_TRACE=1 shows every fault as it happens.
    Crash(crash::Options),

    /// Simulate agents, customers, admins and faults in one thread, decided by seeds
    ///
    /// Runs the real engine, store and server functions; only clock, network, disks and chance are simulated. A seed that
    /// breaks an invariant is made small and told as a list of what happened.
    ///
    /// Examples: cargo xtask sim --seeds 100000, cargo xtask sim --seed 42 --trace
    Sim {
        /// Passed on to the simulator: --seeds N, --first S, --threads T, or --seed S [--trace], each also with
        /// --planted BUG or --planted all, to see whether a planted bug is found
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },

    /// Have an independent tester grade the server's TLS
    ///
    /// Fetches testssl.sh, in an edition that gives grades, from Debian's archive into the target folder, starts a server
    /// with its own authority on this machine, and fails unless the grade is A+, HSTS lasts a year or longer, and nothing
    /// but what is listed with its reason was found. Takes some minutes; the whole report lies in target/xtask/tls-grade.
    TlsGrade(tls_grade::Options),

    /// Check for system packages and install what is missing
    Deps {
        /// Only check; fail if something is missing
        #[arg(long)]
        check: bool,

        /// What the packages are for; everything, if not given
        #[arg(long = "for", value_enum, value_name = "PURPOSE", num_args = 1.., value_delimiter = ',')]
        purposes: Vec<Purpose>,
    },
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match perform(&cli.task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: &Task) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    let interrupt = Interrupt::install()?;
    match task {
        Task::Run(options) => run::run(options, &workspace, &interrupt)?,
        Task::Test(options) => return test::run(options, &workspace, &interrupt),
        Task::Postgres => serve_postgres(&interrupt)?,
        Task::Session { command } => return in_session(command, &interrupt),
        Task::Pictures => take_pictures(&workspace, &interrupt)?,
        Task::Bench { arguments } => {
            system::ensure(&[Purpose::Database], &interrupt)?;
            let postgres = postgres::start()?;
            let mut bench = released(&workspace, "recado-tests", "bench", &[]);
            bench.env("RECADO_TEST_POSTGRES", postgres.url());
            run_shown(bench.args(arguments), &interrupt)?;
        }
        Task::Sim { arguments } => {
            let mut simulate = released(&workspace, "recado-testkit", "simulate", &[]);
            run_shown(simulate.args(arguments), &interrupt)?;
        }
        Task::Load { arguments } => {
            let mut load = released(&workspace, "recado-tests", "load", &["load"]);
            run_shown(load.args(arguments), &interrupt)?;
        }
        Task::Generate { arguments } => {
            let mut load = released(&workspace, "recado-tests", "load", &["load"]);
            run_shown(load.arg("generate").args(arguments), &interrupt)?;
        }
        Task::Crash(options) => crash::run(options, &workspace, &interrupt)?,
        Task::TlsGrade(options) => tls_grade::run(options, &workspace, &interrupt)?,
        Task::Deps { check, purposes } => {
            let purposes = if purposes.is_empty() { &EVERYTHING } else { purposes.as_slice() };
            if *check {
                system::check(purposes)?
            } else {
                system::ensure(purposes, &interrupt)?
            }
            println!("Every system package is there.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A program of the workspace with these features, optimised.
fn released(workspace: &Workspace, package: &str, program: &str, features: &[&str]) -> Command {
    let mut command = cargo(workspace.root());
    command.args(["run", "--quiet", "--release", "--package", package, "--bin", program]);
    command.args(["--features", &features.join(","), "--"]);
    command
}

fn serve_postgres(interrupt: &Interrupt) -> Result<()> {
    system::ensure(&[Purpose::Database], interrupt)?;
    let postgres = postgres::start()?;
    println!("{}", postgres.url());
    eprintln!("Press Ctrl-C to stop it; its data goes with it.");
    let forever = Duration::from_secs(u64::from(u32::MAX));
    poll::until("a signal", forever, || Ok(interrupt.raised().then_some(())))
}

fn in_session(words: &[OsString], interrupt: &Interrupt) -> Result<ExitCode> {
    system::ensure(&[Purpose::Session], interrupt)?;
    let (program, arguments) = words.split_first().context("no command was given")?;
    let session = Session::start()?;
    let mut command = Command::new(program);
    session.enter(command.args(arguments));
    // In this terminal's own process group, so that it may read from the terminal and Ctrl-C reaches it.
    let mut child =
        command.spawn().with_context(|| format!("{} could not be started", program.display()))?;
    let limit = Duration::from_secs(u64::from(u32::MAX));
    let ended = poll::until("the command ends", limit, || {
        if interrupt.raised() {
            // Gone already, where the terminal told it too.
            let _ = child.kill();
        }
        child.try_wait().context("the state of the command is unknown")
    })?;
    let code = ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or(0));
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

fn take_pictures(workspace: &Workspace, interrupt: &Interrupt) -> Result<()> {
    system::ensure(&[Purpose::Build, Purpose::Browser], interrupt)?;
    for folder in ["ui", "tests/ui"] {
        let folder = workspace.path(folder);
        if let Some(mut install) = npm::install(&folder) {
            run_shown(&mut install, interrupt)?;
            npm::installed(&folder)?;
        }
    }
    run_shown(&mut crate::app::build_ui(workspace), interrupt)?;
    run_shown(&mut crate::app::build_test_programs(workspace), interrupt)?;
    let mut pictures = npm::npm(&workspace.path("tests/ui"));
    pictures
        .args(["run", "pictures"])
        .env("RECADO_BROWSER_HOST", workspace.debug_program("browser-host"));
    if let Some(chromium) = system::chromium() {
        pictures.env("RECADO_CHROMIUM", chromium);
    }
    run_shown(&mut pictures, interrupt)
}
