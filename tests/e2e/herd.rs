//! Agents that return at the same moment to a server in a process of its own, each with messages missed and commands
//! queued. The load judges itself whether everything arrived, each once; how quickly is for `cargo xtask load`.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::time::timeout;

/// How long the load is waited for before it counts as hanging. It is never how long it takes.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// As many return in a quick run; all of a large house in a long one.
const QUICK: &str = "50";
const LONG: &str = "1000";

#[tokio::test]
async fn a_herd_that_returns_misses_nothing_and_sends_everything_once() -> anyhow::Result<()> {
    let agents = if std::env::var_os("RECADO_LONG").is_some() { LONG } else { QUICK };
    let mut load = tokio::process::Command::new(env!("CARGO_BIN_EXE_load"));
    load.args(["herd", "--any-speed", "--agents", agents, "--conversations", "100"]);
    let told = timeout(PATIENCE, load.kill_on_drop(true).output()).await.context("it hangs")??;
    let (output, errors) =
        (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(told.status.success(), "{output}{errors}");
    // It has begun and come to its end, with everybody.
    ensure!(output.contains(&format!("{agents} agents returned at once")), "{output}{errors}");
    Ok(())
}
