//! The server and the client as processes of their own, to be killed.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// How long a process is waited for that has to say something. It is never how long something takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where a server finds its database, if it is not in its folder: `URL SCHEMA`.
pub const DATABASE_VARIABLE: &str = "RECADO_TEST_DATABASE";

/// The folder of this package's programs, built once for each run of the tests.
///
/// # Errors
/// When they cannot be built.
pub fn programs() -> anyhow::Result<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        // What cargo told this test about its own package; build scripts watch some of it and would
        // compile everything anew.
        let own = |name: &str| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(own)) {
            build.env_remove(name);
        }
        let status = build
            // All that `cargo xtask test` has built is named, with its features, so that the programs
            // are made of what the tests are made of, and nothing is compiled twice.
            .args(["build", "--quiet", "--workspace", "--exclude", "recado-desktop"])
            .args(["--features", "recado-tests/load", "--bins", "--tests"])
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

/// What a process finds around it, beside its arguments.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Variables.
    pub environment: Vec<(String, OsString)>,
    /// Where its standard error goes; to the test's own, where there is no such file.
    pub errors: Option<PathBuf>,
}

impl Surroundings {
    /// The same with one more variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// The same for a server whose database is a schema in PostgreSQL.
    #[must_use]
    pub fn on_postgres(self, url: &str, schema: &str) -> Self {
        self.with(DATABASE_VARIABLE, format!("{url} {schema}"))
    }

    /// The same for a server that dies at a place: `commands:after-commit:1`.
    #[must_use]
    pub fn dying_at(self, fail_point: &str) -> Self {
        self.with("RECADO_FAIL_POINT", fail_point)
    }
}

/// A process whose output is read line by line.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(mut command: Command, surroundings: &Surroundings) -> anyhow::Result<Self> {
        command.envs(surroundings.environment.iter().map(|(name, value)| (name, value)));
        if let Some(path) = &surroundings.errors {
            let file: File = OpenOptions::new().create(true).append(true).open(path)?;
            command.stderr(file);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().context("it was not started")?;
        let output = BufReader::new(child.stdout.take().context("it has no output")?);
        let (sender, lines) = mpsc::channel();
        // Ends with the output, which ends with the process.
        std::thread::spawn(move || read_lines(output, &sender));
        Ok(Self { child, lines })
    }

    /// The next whole line, or `None` after the last one.
    fn line(&self) -> anyhow::Result<Option<String>> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => bail!("it said nothing for {PATIENCE:?}"),
        }
    }

    fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

fn read_lines(mut output: BufReader<ChildStdout>, sender: &mpsc::Sender<String>) {
    loop {
        let mut line = String::new();
        let read = output.read_line(&mut line);
        // What was cut off in the middle of a line was never said.
        if read.is_err() || !line.ends_with('\n') || sender.send(line).is_err() {
            return;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail once the process has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server process. Dropping it kills it.
pub struct ServerProcess {
    running: Running,
}

impl ServerProcess {
    /// Starts a server on a data directory and waits until it answers. `None` if it ended before.
    pub fn start(
        data_dir: &Path,
        port: u16,
        surroundings: &Surroundings,
    ) -> anyhow::Result<Option<Self>> {
        let mut command = Command::new(programs()?.join("test-server"));
        command.arg(data_dir).arg(port.to_string()).stdin(Stdio::null());
        let mut running = Running::start(command, surroundings).context("the server")?;
        let Some(join_link) = running.line().context("the server")? else {
            running.child.wait()?;
            return Ok(None);
        };
        anyhow::ensure!(join_link.starts_with("recado://"), "the server said {join_link:?}");
        Ok(Some(Self { running }))
    }

    /// Waits until the server has died by itself.
    pub fn until_dead(mut self) -> anyhow::Result<()> {
        while self.running.line()?.is_some() {}
        let status = self.running.child.wait()?;
        if status.success() {
            bail!("the server ended in good order where it should have died");
        }
        Ok(())
    }

    /// Whether the process has ended.
    pub fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.running.child.try_wait()?.is_some())
    }

    /// Kills the server at once.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.running.kill()
    }
}

/// A client process. Dropping it kills it.
pub struct ClientProcess {
    running: Running,
    input: ChildStdin,
}

/// What a client answered.
pub type Answer = Result<Value, recado_protocol::host::HostError>;

impl ClientProcess {
    /// Starts a client on a folder, in which its profile and its keychain lie.
    pub fn start(folder: &Path, surroundings: &Surroundings) -> anyhow::Result<Self> {
        let mut command = Command::new(programs()?.join("test-client"));
        command.arg(folder).stdin(Stdio::piped());
        let mut running = Running::start(command, surroundings).context("the client")?;
        let input = running.child.stdin.take().context("the client has no input")?;
        Ok(Self { running, input })
    }

    /// Sends a command without waiting for its answer. A dead client gives none.
    pub fn send(&mut self, command: &str, request: Value) {
        let line = json!({ "command": command, "request": request });
        // Nobody reads it once the client is dead, which its answer tells.
        let _ = writeln!(self.input, "{line}");
    }

    /// The next answer, or `None` if the client died before it gave one.
    pub fn answer(&mut self) -> anyhow::Result<Option<Answer>> {
        let Some(line) = self.running.line().context("the client")? else { return Ok(None) };
        let mut answer: Value = serde_json::from_str(&line)?;
        if answer["error"].is_null() {
            Ok(Some(Ok(answer["ok"].take())))
        } else {
            Ok(Some(Err(serde_json::from_value(answer["error"].take())?)))
        }
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    /// When the client refuses it or dies.
    pub fn ask<T: DeserializeOwned>(&mut self, command: &str, request: Value) -> anyhow::Result<T> {
        self.send(command, request);
        let answer = self.answer()?.context("the client died before it answered")?;
        Ok(serde_json::from_value(answer?)?)
    }

    /// Waits until the client tells something, at most a tenth of a second.
    pub fn next_event(&mut self) -> anyhow::Result<()> {
        self.ask::<Value>("next_event", Value::Null).map(drop)
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.running.child.id()
    }

    /// Kills the client at once.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.running.kill()
    }
}
