//! The server and the client as processes of their own, to be killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The folder of this package's programs, built once for each run of the tests.
fn programs() -> anyhow::Result<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            // The whole workspace is named, so that the programs are made of what its tests are
            // made of, and little is compiled twice.
            .args(["build", "--quiet", "--workspace", "--exclude", "recado-desktop"])
            .args(["--bin", "test-server", "--bin", "test-client"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .status()
            .map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("the test programs were not built: {status}"));
        }
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        // A test lies in `deps`, beside the programs.
        let folder = own.parent().and_then(Path::parent).ok_or("this test has no folder")?;
        Ok(folder.to_owned())
    });
    built.as_deref().map_err(|error| anyhow::anyhow!("{error}"))
}

/// A server process. Dropping it kills it.
pub struct ServerProcess {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl ServerProcess {
    /// Starts a server on a data directory and waits until it answers. `fail_point` names where and
    /// when it dies: `commands:after-commit:1`.
    pub fn start(data_dir: &Path, port: u16, fail_point: Option<&str>) -> anyhow::Result<Self> {
        let mut command = Command::new(programs()?.join("test-server"));
        command.arg(data_dir).arg(port.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
        if let Some(fail_point) = fail_point {
            command.env("RECADO_FAIL_POINT", fail_point);
        }
        let mut child = command.spawn().context("the server was not started")?;
        let mut output = BufReader::new(child.stdout.take().context("the server has no output")?);
        let mut join_link = String::new();
        output.read_line(&mut join_link)?;
        if !join_link.starts_with("recado://") {
            bail!("the server did not start: {:?}", child.wait()?);
        }
        Ok(Self { child, output })
    }

    /// Waits until the server has died by itself.
    pub fn until_dead(mut self) -> anyhow::Result<()> {
        let mut rest = String::new();
        // The output ends with the process.
        self.output.read_line(&mut rest)?;
        let status = self.child.wait()?;
        if status.success() {
            bail!("the server ended in good order where it should have died");
        }
        Ok(())
    }

    /// Kills the server, as a power cut would.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Both fail once the process has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client process. Dropping it kills it.
pub struct ClientProcess {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl ClientProcess {
    /// Starts a client on a folder, in which its profile and its keychain lie.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(programs()?.join("test-client"))
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the client was not started")?;
        let input = child.stdin.take().context("the client has no input")?;
        let output = BufReader::new(child.stdout.take().context("the client has no output")?);
        Ok(Self { child, input, output })
    }

    /// Sends a command without waiting for its answer.
    pub fn send(&mut self, command: &str, request: Value) -> anyhow::Result<()> {
        let line = json!({ "command": command, "request": request });
        writeln!(self.input, "{line}").context("the client is gone")
    }

    /// The next answer, or `None` if the client died before it gave one.
    pub fn answer<T: DeserializeOwned>(&mut self) -> anyhow::Result<Option<T>> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 || !line.ends_with('\n') {
            return Ok(None);
        }
        let mut answer: Value = serde_json::from_str(&line)?;
        if answer["error"].is_null() {
            Ok(Some(serde_json::from_value(answer["ok"].take())?))
        } else {
            bail!("the client refused: {}", answer["error"])
        }
    }

    /// Sends a command and waits for its answer.
    pub fn ask<T: DeserializeOwned>(&mut self, command: &str, request: Value) -> anyhow::Result<T> {
        self.send(command, request)?;
        self.answer()?.context("the client died before it answered")
    }

    /// The process's id, to kill it from another thread.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the client at once.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for ClientProcess {
    fn drop(&mut self) {
        // Both fail once the process has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
