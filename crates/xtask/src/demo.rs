//! The demo server as a child process, and what it announces about itself.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use tempfile::TempDir;

use crate::interrupt::Interrupt;
use crate::poll;
use crate::process::Owned;

/// Filling the demo workspace hashes a password for each teammate, with an unoptimised build.
const START_LIMIT: Duration = Duration::from_secs(180);

/// What `recado-server demo --announce FILE` writes when it listens.
#[derive(Deserialize)]
pub(crate) struct Announcement {
    pub(crate) url: String,
    pub(crate) join_link: String,
    pub(crate) accounts: Vec<Account>,
}

/// A teammate who can sign in to the demo. Made anew at each start, and worth nothing after it.
#[derive(Deserialize, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) password: String,
    /// Base32, as an authenticator app takes it.
    pub(crate) totp_secret: String,
}

/// A running demo server. Dropping it stops it and removes its data.
pub(crate) struct Demo {
    pub(crate) announcement: Announcement,
    process: Owned,
    log: PathBuf,
    _data: TempDir,
}

impl Demo {
    /// Starts the server with data of its own and waits until it listens.
    pub(crate) fn start(server: &Path, interrupt: &Interrupt) -> Result<Self> {
        let data = tempfile::Builder::new()
            .prefix("recado-demo-")
            .tempdir()
            .context("no temporary folder")?;
        let announce = data.path().join("announcement.json");
        let log = data.path().join("server.log");
        let output = File::create(&log).context("no log for the server")?;
        let mut command = Command::new(server);
        command
            .arg("demo")
            .arg("--data-dir")
            .arg(data.path().join("data"))
            .arg("--announce")
            .arg(&announce);
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("no second handle for a log")?)
            .stderr(output);
        let mut process = Owned::spawn(&mut command)?;
        let announcement = poll::until("the demo server listens", START_LIMIT, || {
            interrupt.check()?;
            if let Some(status) = process.exited()? {
                bail!("the demo server ended at its start ({status}):\n{}", last_lines(&log));
            }
            // Half a document is no document yet.
            Ok(fs::read(&announce).ok().and_then(|text| serde_json::from_slice(&text).ok()))
        })?;
        Ok(Self { announcement, process, log, _data: data })
    }

    /// Fails once the server has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.process.exited()? {
            Some(status) => bail!("the demo server ended ({status}):\n{}", last_lines(&self.log)),
            None => Ok(()),
        }
    }
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(20)).copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_may_hold_more_than_is_read_here() {
        let text = r#"{"url":"https://127.0.0.1:8443","join_link":"recado://join?url=x","admin_socket":"/tmp/s",
            "channel_key":"k","accounts":[{"name":"Ada","email":"ada@demo.example","role":"agent","password":"p",
            "totp_secret":"GEZDGNBVGY3TQOJQ","totp_url":"otpauth://totp/x"}]}"#;
        let announcement: Announcement = serde_json::from_str(text).expect("the contract");
        assert_eq!(announcement.accounts.len(), 1);
    }
}
