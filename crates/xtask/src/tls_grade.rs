//! `cargo xtask tls-grade`: what an independent tester says of the server's TLS, on the server as it is installed.

mod server;
mod tester;
mod verdict;

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::command::{Bounds, cargo, run_logged, run_shown};
use crate::interrupt::Interrupt;
use crate::system::{self, Purpose};
use crate::workspace::Workspace;
use server::Server;
use tester::Tester;
use verdict::Verdict;

/// The tester opens some thousand connections.
const LIMIT: Duration = Duration::from_secs(20 * 60);

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Test this `recado-server`, such as one that is about to be released, instead of building one
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, workspace: &Workspace, interrupt: &Interrupt) -> Result<()> {
    system::ensure(&[Purpose::Tls], interrupt)?;
    let folder = workspace.tls_grade();
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let tester = Tester::obtain(&folder, interrupt)?;
    let program = match &options.server {
        Some(program) => program.clone(),
        None => built(workspace, interrupt)?,
    };
    let server = Server::start(&program, interrupt)?;
    let authority = folder.join("authority.pem");
    fs::write(&authority, server.authority_pem()?).context("the authority cannot be written")?;
    let (report, log) = (folder.join("report.json"), folder.join("report.txt"));
    println!("{} looks at https://localhost:{} …", tester.name(), server.port());
    let mut command = tester.command(&authority, &report, server.port());
    let bounds = Bounds { deadline: Instant::now() + LIMIT, interrupt };
    let mut text = File::create(&log).context("no file for what the tester says")?;
    // How it ends tells how many findings there were; the report says which.
    run_logged(&mut command, &mut text, &bounds, |_| {})?;

    let report = fs::read_to_string(&report)
        .with_context(|| format!("the tester wrote no report; see {}", log.display()))?;
    let verdict = Verdict::of(&report)?;
    print!("{verdict}");
    println!("The whole report: {}", log.display());
    ensure!(verdict.is_good(), "the server's TLS is not as it should be");
    Ok(())
}

fn built(workspace: &Workspace, interrupt: &Interrupt) -> Result<PathBuf> {
    system::ensure(&[Purpose::Build], interrupt)?;
    let mut build = cargo(workspace.root());
    run_shown(build.args(["build", "--package", "recado-server"]), interrupt)?;
    Ok(workspace.debug_program("recado-server"))
}

/// The value of the one line that begins with `key: ` in a stanza of apt.
fn field<'a>(stanza: &'a str, key: &str) -> Option<&'a str> {
    stanza.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).map(str::trim)
}

/// Output as text, or what the program complained about.
fn answer(command: &mut std::process::Command) -> Result<String> {
    let name = crate::command::shown(command);
    let output = command.output().with_context(|| format!("`{name}` could not be started"))?;
    if !output.status.success() {
        bail!("`{name}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
