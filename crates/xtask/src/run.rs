//! `cargo xtask run`: the app on a demo server, for a person, or as a walk through the main job where there is no desktop.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::app;
use crate::command::{find_program, run_shown};
use crate::demo::{Account, Demo};
use crate::interrupt::Interrupt;
use crate::npm;
use crate::poll;
use crate::process::Owned;
use crate::session::bus_name_has_owner;
use crate::system::{self, Purpose};
use crate::totp::code_now;
use crate::walk;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Walk through the main job in a private session, also where there is a desktop
    #[arg(long)]
    walk: bool,

    /// Where the walk saves its pictures [default: target/xtask/walk]
    #[arg(long, value_name = "FOLDER")]
    pictures: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, workspace: &Workspace, interrupt: &Interrupt) -> Result<()> {
    let missing = missing_desktop()?;
    let walking = options.walk || missing.is_some();
    let mut purposes = vec![Purpose::Build];
    if walking {
        purposes.push(Purpose::Session);
    }
    system::ensure(&purposes, interrupt)?;
    build(workspace, interrupt)?;

    println!("Starting the demo server …");
    let mut demo = Demo::start(&workspace.debug_program("recado-server"), interrupt)?;
    println!(
        "It listens at {}, for this machine only, and forgets everything when it ends.\n",
        demo.announcement.url
    );
    println!("Join link:\n  {}\n", demo.announcement.join_link);
    let app = workspace.debug_program("recado");
    if walking {
        if let Some(what) = missing {
            println!(
                "There is no {what} here, so the main job is walked through in a private session."
            );
        }
        print_accounts(&demo.announcement.accounts)?;
        let pictures = options.pictures.clone().unwrap_or_else(|| workspace.walk_pictures());
        walk::walk(&app, &demo.announcement, &pictures, interrupt)
    } else {
        open_app(&app, &mut demo, interrupt)
    }
}

fn build(workspace: &Workspace, interrupt: &Interrupt) -> Result<()> {
    let ui = workspace.path("ui");
    if let Some(mut install) = npm::install(&ui) {
        println!("Installing what the UI is built from …");
        run_shown(&mut install, interrupt)?;
        npm::installed(&ui)?;
    }
    println!("Building the UI …");
    run_shown(&mut app::build_ui(workspace), interrupt)?;
    println!("Building the server and the app (the first time takes some minutes) …");
    run_shown(&mut app::build_programs(workspace), interrupt)
}

/// What a desktop session has and this environment has not.
fn missing_desktop() -> Result<Option<&'static str>> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
        return Ok(Some("display"));
    }
    let default_bus =
        std::env::var_os("XDG_RUNTIME_DIR").map(|folder| PathBuf::from(folder).join("bus"));
    if !set("DBUS_SESSION_BUS_ADDRESS") && !default_bus.is_some_and(|socket| socket.exists()) {
        return Ok(Some("session bus"));
    }
    // Where nobody can be asked, the app itself will say what it misses.
    if find_program(&["dbus-send"]).is_some() && !keychain_answers()? {
        return Ok(Some("keychain"));
    }
    Ok(None)
}

/// Whether a Secret Service runs, or would be started by the bus.
fn keychain_answers() -> Result<bool> {
    if bus_name_has_owner(&mut Command::new("dbus-send"), "org.freedesktop.secrets")? {
        return Ok(true);
    }
    let mut question = Command::new("dbus-send");
    question.args([
        "--session",
        "--print-reply",
        "--reply-timeout=2000",
        "--dest=org.freedesktop.DBus",
    ]);
    question.args(["/org/freedesktop/DBus", "org.freedesktop.DBus.ListActivatableNames"]);
    let answer = question.output().context("dbus-send could not be started")?;
    Ok(String::from_utf8_lossy(&answer.stdout).contains("\"org.freedesktop.secrets\""))
}

/// Opens the app for a person, and shows the codes until the window is closed or Ctrl-C is pressed.
fn open_app(app: &std::path::Path, demo: &mut Demo, interrupt: &Interrupt) -> Result<()> {
    // A profile of its own: the demo neither sees nor changes what the person has in the installed app.
    let profile = tempfile::Builder::new()
        .prefix("recado-profile-")
        .tempdir()
        .context("no temporary folder")?;
    let mut command = Command::new(app);
    command.arg("--data-dir").arg(profile.path());
    command.arg("--join").arg(&demo.announcement.join_link);
    let mut running = Owned::spawn(&mut command)?;

    let accounts = demo.announcement.accounts.clone();
    print_accounts(&accounts)?;
    println!("Close the window or press Ctrl-C to end the demo.\n");
    let live = io::stdout().is_terminal();
    let mut shown = String::new();
    let forever = Duration::from_secs(u64::from(u32::MAX));
    let status = poll::until("the app is closed", forever, || {
        demo.check()?;
        if interrupt.raised() {
            running.end();
        }
        if live {
            let codes = codes_line(&accounts)?;
            if codes != shown {
                // Rewritten in place: the line fits what a terminal usually shows.
                print!("\r\x1b[2K{codes}");
                io::stdout().flush()?;
                shown = codes;
            }
        }
        running.exited()
    })?;
    println!();
    ensure!(status.success() || interrupt.raised(), "the app ended with an error ({status})");
    Ok(())
}

/// The sign-ins with the codes of this moment.
fn print_accounts(accounts: &[Account]) -> Result<()> {
    let width = |of: fn(&Account) -> &str| {
        accounts.iter().map(|account| of(account).chars().count()).max().unwrap_or(0)
    };
    let (name, email, role) = (width(|a| &a.name), width(|a| &a.email), width(|a| &a.role));
    let password = width(|a| &a.password);
    println!("Sign-ins (name, role, e-mail, password, code, secret for an authenticator app):");
    for a in accounts {
        let code = code_now(&a.totp_secret)?.digits;
        println!(
            "  {:<name$}  {:<role$}  {:<email$}  {:<password$}  {code}  {}",
            a.name, a.role, a.email, a.password, a.totp_secret
        );
    }
    println!();
    Ok(())
}

/// One line with every account's code and how long the codes hold.
fn codes_line(accounts: &[Account]) -> Result<String> {
    let mut line = String::from("Codes");
    let mut remaining = Duration::ZERO;
    for account in accounts {
        let code = code_now(&account.totp_secret)?;
        let first = account.name.split(' ').next().unwrap_or(&account.name);
        line.push_str(&format!("  {first} {}", code.digits));
        remaining = code.remaining;
    }
    Ok(format!("{line}  ({} s)", remaining.as_secs()))
}
