//! A throw-away PostgreSQL server for tests: its own directory, loopback only, gone with its owner.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Starts the server, and ends it and removes its files as soon as standard input closes. The pipe closes with its
/// owner, even with one that was killed, so no server is left behind. Each line before that names a signal that ends the
/// server, which is then started again; a server may refuse to start as long as the last one's processes are there.
const SUPERVISOR: &str = r#"
directory=$1
shift
start() {
    "$@" >>"$directory/log" 2>&1 &
    server=$!
}
start "$@"
while read -r signal; do
    kill "-$signal" "$server" 2>/dev/null
    wait "$server"
    start "$@"
    sleep 0.2
    while ! kill -0 "$server" 2>/dev/null; do
        start "$@"
        sleep 0.2
    done
done
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$directory"
"#;

/// A running PostgreSQL server. Dropping it stops the server and removes its files.
pub struct Postgres {
    supervisor: Child,
    port: u16,
    programs: PathBuf,
}

/// How a server comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its first process is killed; the others notice.
    Killed,
    /// It stops at once, without writing down what it has in memory: `pg_ctl stop -m immediate`.
    Immediate,
}

/// What the server does with what it was told to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// Nothing of it has to outlive the server.
    None,
    /// It outlives the server's processes, though not the machine.
    Processes,
    /// It is flushed, as where somebody's work lies.
    Flushed,
}

impl Postgres {
    /// The `postgres://…` URL of an empty database whose user may do everything.
    pub fn url(&self) -> String {
        format!("postgres://recado@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends the server and has it started again. It comes back by itself; see [`Postgres::until_ready`].
    pub fn crash(&mut self, end: End) -> Result<()> {
        let signal = match end {
            End::Killed => "KILL",
            End::Immediate => "QUIT",
        };
        let orders = self.supervisor.stdin.as_mut().context("the supervisor hears nothing")?;
        writeln!(orders, "{signal}").context("the supervisor is gone")
    }

    /// Waits until the server takes connections.
    pub fn until_ready(&self) -> Result<()> {
        ensure!(self.is_ready_within(START_TIMEOUT)?, "PostgreSQL did not come back");
        Ok(())
    }

    /// Whether the server takes connections before so much time is over.
    pub fn is_ready_within(&self, time: Duration) -> Result<bool> {
        let deadline = Instant::now() + time;
        loop {
            let ready = Command::new(self.programs.join("pg_isready"))
                .args(["--quiet", "--username=recado", "--dbname=postgres", "--host=127.0.0.1"])
                .args(["--port", &self.port.to_string()])
                .status()
                .context("pg_isready could not be started")?;
            if ready.success() {
                return Ok(true);
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// Starts a server with the newest PostgreSQL on this machine.
///
/// It listens on a free loopback port and on a socket in its own directory, has the `C` locale, and does not flush to
/// disk. PostgreSQL refuses to run as root, so root's server runs as the user `postgres`, or else `nobody`.
pub fn start() -> Result<Postgres> {
    start_with(Durability::None, |_| Ok(Vec::new()))
}

/// The same, for tests that kill the server: what it confirmed is there when it comes back.
pub fn start_lasting() -> Result<Postgres> {
    start_with(Durability::Processes, |_| Ok(Vec::new()))
}

/// The same, flushing what it confirms, in an environment that is made for its directory, in which its data lies in the
/// folder `data`.
pub fn start_flushing(environment: impl FnOnce(&Path) -> Result<Environment>) -> Result<Postgres> {
    start_with(Durability::Flushed, environment)
}

/// What a server finds in its environment besides.
pub type Environment = Vec<(String, OsString)>;

fn start_with(
    durability: Durability,
    environment: impl FnOnce(&Path) -> Result<Environment>,
) -> Result<Postgres> {
    let programs = newest_programs()?;
    let account = unprivileged_account()?;
    let directory = private_directory(account)?;
    let data = directory.join("data");
    let as_account = |program: &str| {
        let mut command = Command::new(programs.join(program));
        if let Some((uid, gid)) = account {
            command.uid(uid).gid(gid);
        }
        command.current_dir(&directory);
        command
    };

    let initialised = as_account("initdb")
        .args([
            "--username=recado",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--pgdata",
        ])
        .arg(&data)
        .output()
        .context("initdb could not be started")?;
    if !initialised.status.success() {
        let _ = fs::remove_dir_all(&directory);
        bail!("initdb failed: {}", String::from_utf8_lossy(&initialised.stderr));
    }

    let port = free_port()?;
    let mut supervisor = Command::new("/bin/sh");
    if let Some((uid, gid)) = account {
        supervisor.uid(uid).gid(gid);
    }
    supervisor.current_dir(&directory).args(["-c", SUPERVISOR, "sh"]).arg(&directory).arg("env");
    for (name, value) in environment(&directory)? {
        let mut setting = OsString::from(name + "=");
        setting.push(value);
        supervisor.arg(setting);
    }
    supervisor.arg(programs.join("postgres"));
    supervisor.arg("-D").arg(&data).arg("-k").arg(&directory).arg("-p").arg(port.to_string());
    for setting in [
        "listen_addresses=127.0.0.1",
        "max_connections=300",
        match durability {
            Durability::None | Durability::Processes => "fsync=off",
            Durability::Flushed => "fsync=on",
        },
        match durability {
            Durability::None => "synchronous_commit=off",
            // Written before it is confirmed: that is enough where only processes die.
            Durability::Processes | Durability::Flushed => "synchronous_commit=on",
        },
        match durability {
            Durability::None | Durability::Processes => "full_page_writes=off",
            Durability::Flushed => "full_page_writes=on",
        },
        "shared_buffers=64MB",
    ] {
        supervisor.args(["-c", setting]);
    }
    let supervisor = supervisor
        // A group of its own: Ctrl-C reaches the owner only, whose end then ends the server in order.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("PostgreSQL could not be started")?;
    // From here on dropping `server` cleans up.
    let server = Postgres { supervisor, port, programs: programs.clone() };

    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        let ready = as_account("pg_isready")
            .args(["--quiet", "--username=recado", "--dbname=postgres", "--host"])
            .arg(&directory)
            .args(["--port", &port.to_string()])
            .status()
            .context("pg_isready could not be started")?;
        if ready.success() {
            return Ok(server);
        }
        let log = read_log(&directory.join("log"));
        ensure!(
            Instant::now() < deadline && !log.contains("FATAL:  could not"),
            "PostgreSQL did not start; its log says:\n{log}"
        );
        thread::sleep(POLL_INTERVAL);
    }
}

fn read_log(path: &Path) -> String {
    let mut log = Vec::new();
    // Not there yet at first, and then empty is what it says.
    let _ = fs::File::open(path).and_then(|mut file| file.read_to_end(&mut log));
    String::from_utf8_lossy(&log).into_owned()
}

/// The directory of the newest `/usr/lib/postgresql/*/bin`, or of the `postgres` in `PATH`.
fn newest_programs() -> Result<PathBuf> {
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        });
    let newest = debian.filter(|(_, bin)| bin.join("initdb").is_file()).max().map(|(_, bin)| bin);
    let in_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .find(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
    };
    newest.or_else(in_path).context(
        "PostgreSQL's programs were not found in /usr/lib/postgresql/*/bin or PATH; install the package `postgresql`",
    )
}

/// The user and group to run as; `None` when this process is not root.
fn unprivileged_account() -> Result<Option<(u32, u32)>> {
    let own_uid = fs::metadata("/proc/self")
        .or_else(|_| fs::metadata("."))
        .context("no process information")?
        .uid();
    if own_uid != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").context("/etc/passwd cannot be read")?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| {
            let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut fields = line.split(':').skip(2);
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        })
        .map(Some)
        .context(
            "PostgreSQL cannot run as root, and there is neither a user `postgres` nor `nobody`",
        )
}

/// A new directory that only the server's account can enter. Its path is short, as a socket's must be.
fn private_directory(account: Option<(u32, u32)>) -> Result<PathBuf> {
    let mut number = std::process::id();
    let directory = loop {
        let candidate = std::env::temp_dir().join(format!("recado-pg-{number}"));
        match fs::create_dir(&candidate) {
            Ok(()) => break candidate,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                number = number.wrapping_add(1_000_003)
            }
            Err(error) => return Err(error).context("a temporary directory could not be made"),
        }
    };
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))?;
    if let Some((uid, gid)) = account {
        chown(&directory, Some(uid), Some(gid))?;
    }
    Ok(directory)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
