//! A session bus of the test's own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

/// Everybody who may connect may do everything; no service is started by it.
const CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A bus at an address that stays the same while the bus goes and comes back.
pub(super) struct Bus {
    folder: tempfile::TempDir,
    daemon: Option<Child>,
}

impl Bus {
    pub(super) fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("bus").tempdir()?;
        let socket = folder.path().join("socket");
        let configuration = CONFIGURATION.replace("SOCKET", &socket.display().to_string());
        std::fs::write(folder.path().join("bus.conf"), configuration)?;
        let mut bus = Self { folder, daemon: None };
        bus.come_back()?;
        Ok(bus)
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("socket")
    }

    pub(super) fn address(&self) -> String {
        format!("unix:path={}", self.socket().display())
    }

    /// Starts it, unless it runs.
    pub(super) fn come_back(&mut self) -> anyhow::Result<()> {
        if self.daemon.is_some() {
            return Ok(());
        }
        remove(&self.socket())?;
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", self.folder.path().join("bus.conf").display()))
            .args(["--nofork", "--nopidfile", "--print-address"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It complains about a limit that it does not need.
            .stderr(Stdio::null())
            .spawn()
            .context("dbus-daemon was not started")?;
        let output = daemon.stdout.take().context("the bus has no output")?;
        self.daemon = Some(daemon);
        let mut address = String::new();
        // It listens once it has said where.
        BufReader::new(output).read_line(&mut address)?;
        anyhow::ensure!(address.starts_with("unix:path="), "the bus said {address:?}");
        Ok(())
    }

    /// Ends it. Whoever is connected is cut off.
    pub(super) fn die(&mut self) -> anyhow::Result<()> {
        let Some(mut daemon) = self.daemon.take() else { return Ok(()) };
        daemon.kill()?;
        daemon.wait()?;
        remove(&self.socket())
    }
}

fn remove(socket: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // It may have died already.
        let _ = self.die();
    }
}
