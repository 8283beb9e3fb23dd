//! The steps of `cargo xtask test`, in their order.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::app::{self, LOAD};
use crate::command::{cargo, find_program};
use crate::npm::npm;
use crate::postgres;
use crate::session::Session;
use crate::system;
use crate::test::job::Job;
use crate::test::tally::Runner;

pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// How long it may take, in minutes, on two cores with nothing built before.
    pub(crate) limit_min: u64,
    /// The same with `--long`.
    pub(crate) long_limit_min: u64,
    pub(crate) run: fn(&mut Job<'_>) -> Result<()>,
}

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "deps",
        about: "system packages are there, or are installed",
        limit_min: 15,
        long_limit_min: 15,
        run: deps,
    },
    Step {
        name: "format",
        about: "cargo fmt, Biome",
        limit_min: 5,
        long_limit_min: 5,
        run: format,
    },
    Step {
        name: "licences",
        about: "cargo-deny: licences, banned crates, sources; with --long known faults",
        limit_min: 15,
        long_limit_min: 15,
        run: licences,
    },
    Step {
        name: "lints",
        about: "Clippy on every crate and target, warnings are errors",
        limit_min: 25,
        long_limit_min: 25,
        run: lints,
    },
    Step {
        name: "rust",
        about: "Rust tests, on SQLite and on a private PostgreSQL",
        limit_min: 35,
        // An hour of it is the soak of the two files on the agent's machine.
        long_limit_min: 300,
        run: rust,
    },
    Step {
        name: "ui",
        about: "the UI: types, Vitest, build",
        limit_min: 10,
        long_limit_min: 20,
        run: ui,
    },
    Step {
        name: "browser",
        about: "the UI in Chromium on the real client and server",
        limit_min: 15,
        long_limit_min: 60,
        run: browser,
    },
    Step {
        name: "window",
        about: "the app's shell, and its real window in a private desktop session",
        limit_min: 30,
        long_limit_min: 120,
        run: window,
    },
];

fn deps(job: &mut Job<'_>) -> Result<()> {
    system::ensure(&system::EVERYTHING, job.interrupt)
}

fn format(job: &mut Job<'_>) -> Result<()> {
    job.run(
        cargo(job.workspace.root()).args(["fmt", "--all", "--check", "--", "--color", "never"]),
    )?;
    let ui = ui_folder(job)?;
    job.install_npm(&ui)?;
    job.run(npm(&ui).args(["run", "lint"]))
}

fn lints(job: &mut Job<'_>) -> Result<()> {
    // The window's build wants the folder of the built UI to exist, and lints need nothing in it.
    fs::create_dir_all(job.workspace.path("ui/dist")).context("ui/dist cannot be made")?;
    let mut clippy = cargo(job.workspace.root());
    clippy.args(["clippy", "--workspace", "--all-targets", "--features", LOAD]);
    job.run(clippy.args(["--", "--deny", "warnings"]))
}

fn licences(job: &mut Job<'_>) -> Result<()> {
    job.require("deny.toml")?;
    let deny = cargo_deny(job)?;
    let mut check = Command::new(deny);
    check.current_dir(job.workspace.root());
    check.args(["--locked", "check", "licenses", "bans", "sources"]);
    if job.long {
        // The list of known faults comes from the network, on which a quick run does not depend.
        check.arg("advisories");
    }
    job.run(&mut check)
}

fn rust(job: &mut Job<'_>) -> Result<()> {
    let postgres = postgres::start()?;
    let mut tests = headless_tests(job);
    job.run_tests(Runner::Cargo, tests.env("RECADO_TEST_POSTGRES", postgres.url()))?;
    // The scan of the agent's disk finds nothing; without encryption it must find everything, and nothing that the
    // agent may not see.
    let mut control = headless_tests(job);
    control.args([
        "--features",
        "recado-tests/plain",
        "--test",
        "e2e",
        "--",
        "canary::",
        "access::",
    ]);
    control.env("RECADO_TEST_POSTGRES", postgres.url());
    job.run_tests(Runner::Cargo, &mut control)
}

fn ui(job: &mut Job<'_>) -> Result<()> {
    let ui = ui_folder(job)?;
    job.install_npm(&ui)?;
    job.run(npm(&ui).args(["run", "typecheck"]))?;
    job.run_tests(Runner::Vitest, npm(&ui).args(["run", "test"]))?;
    job.run(&mut app::build_ui(job.workspace))
}

fn browser(job: &mut Job<'_>) -> Result<()> {
    let folder = job.require("tests/ui/package.json")?.with_file_name("");
    built_ui(job)?;
    job.run(&mut app::build_test_programs(job.workspace))?;
    job.install_npm(&folder)?;
    let mut tests = npm(&folder);
    tests.args(["run", "test"]).env("RECADO_CHROMIUM", chromium()?);
    tests.env("RECADO_BROWSER_HOST", job.workspace.debug_program("browser-host"));
    job.run_tests(Runner::Node, &mut tests)
}

fn window(job: &mut Job<'_>) -> Result<()> {
    let mut ground = cargo(job.workspace.root());
    ground.args(["test", "--package", "xtask", "--features", "desktop", "--test", "desktop"]);
    job.run_tests(Runner::Cargo, &mut ground)?;
    job.require("tests/window/main.rs")?;
    built_ui(job)?;
    // Built alone, so that no feature that only tests switch on reaches the app.
    job.run(&mut app::build_programs(job.workspace))?;
    job.run_tests(Runner::Cargo, &mut app::test_shell(job.workspace))?;
    // The provider for single sign-on, and the hands of the browser that goes to its pages.
    for folder in ["tests/provider/package.json", "tests/ui/package.json"] {
        let folder = job.require(folder)?.with_file_name("");
        job.install_npm(&folder)?;
    }
    let session = Session::start()?;
    let mut tests = headless_tests(job);
    tests.env("RECADO_CHROMIUM", chromium()?);
    tests.args(["--features", "recado-tests/window", "--test", "window"]);
    tests.env("RECADO_APP", job.workspace.debug_program("recado"));
    tests.env("RECADO_SERVER", job.workspace.debug_program("recado-server"));
    job.run_tests(Runner::Cargo, session.enter(&mut tests))
}

fn chromium() -> Result<PathBuf> {
    system::chromium().context("there is no Chromium; `cargo xtask deps` installs it")
}

/// `cargo test` for all but the window, always with the same features.
fn headless_tests(job: &Job<'_>) -> Command {
    let mut tests = cargo(job.workspace.root());
    tests.args(["test", "--no-fail-fast", "--workspace", "--exclude", "recado-desktop"]);
    tests.args(["--features", LOAD]);
    tests
}

fn ui_folder(job: &Job<'_>) -> Result<PathBuf> {
    Ok(job.require("ui/package.json")?.with_file_name(""))
}

/// Builds the UI where the step `ui` has not done so.
fn built_ui(job: &mut Job<'_>) -> Result<()> {
    let ui = ui_folder(job)?;
    job.install_npm(&ui)?;
    job.run(&mut app::build_ui(job.workspace))
}

const CARGO_DENY_VERSION: &str = "0.20.2";

/// The licence checker, compiled once into the user's cache folder where the machine has none of that version.
fn cargo_deny(job: &mut Job<'_>) -> Result<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    let tools = cache.join("recado-ci");
    let own = tools.join("bin/cargo-deny");
    if let Some(found) = [find_program(&["cargo-deny"]), Some(own.clone())]
        .into_iter()
        .flatten()
        .find(is_wanted_deny)
    {
        return Ok(found);
    }
    let mut install = cargo(job.workspace.root());
    install.args(["install", "cargo-deny", "--locked", "--force", "--version", CARGO_DENY_VERSION]);
    // Its release profile links for minutes; checking takes seconds either way.
    install.args(["--profile", "dev", "--config", "profile.dev.debug=false"]);
    install.arg("--root").arg(&tools).env_remove("CARGO_TARGET_DIR");
    job.run(&mut install)?;
    Ok(own)
}

fn is_wanted_deny(program: &PathBuf) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout).trim().ends_with(CARGO_DENY_VERSION)
    })
}
