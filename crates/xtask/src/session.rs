//! A private desktop session: a display without a screen, a session bus, a keychain and a notification daemon, in
//! folders of their own. What runs inside neither sees nor changes the desktop of whoever started it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::poll;
use crate::process::{Marker, Owned};

const START_LIMIT: Duration = Duration::from_secs(30);

/// The variable that every process of a session carries; by it the last of them are found when it ends.
pub const SESSION_VARIABLE: &str = "RECADO_SESSION";

/// Variables of the surrounding desktop through which a program would leave the session.
const FOREIGN: &[&str] = &[
    "AT_SPI_BUS_ADDRESS",
    "DBUS_STARTER_ADDRESS",
    "DBUS_STARTER_BUS_TYPE",
    "DESKTOP_STARTUP_ID",
    "GNOME_KEYRING_CONTROL",
    "SESSION_MANAGER",
    "SSH_AUTH_SOCK",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_SESSION_ID",
];

/// A bus without any service files: nothing starts in the session but what the session starts.
const BUS_CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:path=BUS_SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*" eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A running session. Dropping it ends every process in it and removes its folders.
pub struct Session {
    environment: BTreeMap<String, OsString>,
    daemons: Vec<Owned>,
    marker: Marker,
    home: TempDir,
}

impl Session {
    /// Starts the session's programs, each after what it needs answers.
    ///
    /// # Errors
    /// When a program is missing or does not come up; the message ends with its last words.
    pub fn start() -> Result<Self> {
        let home = tempfile::Builder::new()
            .prefix("recado-session-")
            .tempdir()
            .context("no temporary folder")?;
        let marker = Marker::new(SESSION_VARIABLE);
        let mut environment = private_folders(home.path())?;
        let (name, value) = marker.variable();
        environment.insert(name.to_owned(), value.into());
        let mut session = Self { environment, daemons: Vec::new(), marker, home };
        session.start_display()?;
        session.start_bus()?;
        session.start_keychain()?;
        session.start_notifications()?;
        Ok(session)
    }

    /// Points a command into the session.
    pub fn enter<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.envs(&self.environment)
    }

    /// The session's own home folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A variable of the session's environment.
    pub fn variable(&self, name: &str) -> Option<&OsString> {
        self.environment.get(name)
    }

    /// Kills every process of the session that runs this program, at once and without a word to it.
    ///
    /// # Errors
    /// When there is none.
    pub fn kill(&self, program: &Path) -> Result<()> {
        ensure!(self.marker.kill(program) > 0, "{} does not run in the session", program.display());
        Ok(())
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.insert(name.to_owned(), value.into());
    }

    /// The display's number is chosen by Xvfb itself, so that sessions side by side never meet.
    fn start_display(&mut self) -> Result<()> {
        let mut xvfb = Command::new("Xvfb");
        xvfb.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1600x1000x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ]);
        xvfb.stdout(Stdio::piped());
        let mut xvfb = self.daemon("xvfb", &mut xvfb)?;
        let output = xvfb.child().stdout.take().context("Xvfb's output is not a pipe")?;
        let mut number = String::new();
        // Ends with a line when the display is ready, or with the process.
        BufReader::new(output).read_line(&mut number).context("Xvfb did not say its display")?;
        ensure!(!number.trim().is_empty(), "Xvfb did not start: {}", self.last_words("xvfb"));
        self.set("DISPLAY", format!(":{}", number.trim()));
        self.daemons.push(xvfb);
        Ok(())
    }

    fn start_bus(&mut self) -> Result<()> {
        let socket = self.home.path().join("run/bus");
        let configuration = self.home.path().join("bus.conf");
        let text = BUS_CONFIGURATION.replace("BUS_SOCKET", &socket.to_string_lossy());
        fs::write(&configuration, text).context("the bus could not be configured")?;

        let mut bus = Command::new("dbus-daemon");
        bus.args(["--nofork", "--nopidfile", "--config-file"]).arg(&configuration);
        let bus = self.daemon("bus", &mut bus)?;
        self.set("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
        self.await_daemon(bus, "bus", "the session bus answers", |session| {
            session.has_owner("org.freedesktop.DBus")
        })
    }

    /// Unlocked before anything else may ask for it: a prompt for a password would wait for ever.
    fn start_keychain(&mut self) -> Result<()> {
        let mut keyring = Command::new("gnome-keyring-daemon");
        keyring.args(["--foreground", "--unlock", "--components=secrets", "--control-directory"]);
        keyring.arg(self.home.path().join("run/keyring")).stdin(Stdio::piped());
        let mut keyring = self.daemon("keyring", &mut keyring)?;
        let mut password =
            keyring.child().stdin.take().context("the keyring's input is not a pipe")?;
        password.write_all(b"recado").context("the keyring took no password")?;
        // The password ends with the pipe.
        drop(password);
        self.await_daemon(keyring, "keyring", "the keychain answers", |session| {
            session.has_owner("org.freedesktop.secrets")
        })
    }

    fn start_notifications(&mut self) -> Result<()> {
        let mut dunst = Command::new("dunst");
        let dunst = self.daemon("dunst", &mut dunst)?;
        self.await_daemon(dunst, "dunst", "the notification daemon answers", |session| {
            session.has_owner("org.freedesktop.Notifications")
        })
    }

    /// Starts a program inside the session, its output in a log of its own.
    fn daemon(&self, name: &str, command: &mut Command) -> Result<Owned> {
        let log = File::create(self.log(name)).with_context(|| format!("no log for {name}"))?;
        if name != "xvfb" {
            command.stdout(log.try_clone().context("no second handle for a log")?);
        }
        if name != "keyring" {
            command.stdin(Stdio::null());
        }
        Owned::spawn(self.enter(command.stderr(log)))
    }

    fn await_daemon(
        &mut self,
        mut daemon: Owned,
        name: &str,
        what: &str,
        ready: impl Fn(&Self) -> Result<bool>,
    ) -> Result<()> {
        poll::until(what, START_LIMIT, || {
            if let Some(status) = daemon.exited()? {
                bail!("{name} ended at its start ({status}): {}", self.last_words(name));
            }
            Ok(ready(self)?.then_some(()))
        })?;
        self.daemons.push(daemon);
        Ok(())
    }

    fn has_owner(&self, name: &str) -> Result<bool> {
        let mut question = Command::new("dbus-send");
        self.enter(&mut question);
        bus_name_has_owner(&mut question, name)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.home.path().join(format!("{name}.log"))
    }

    fn last_words(&self, name: &str) -> String {
        fs::read_to_string(self.log(name)).unwrap_or_default().trim().to_owned()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // What runs on the bus and the display goes before they do.
        while let Some(daemon) = self.daemons.pop() {
            drop(daemon);
        }
        self.marker.sweep();
    }
}

/// Whether somebody has taken `name` on the session bus that `question`, a `dbus-send` command, finds in its
/// environment. No answer within two seconds counts as nobody.
///
/// # Errors
/// When `dbus-send` cannot be started.
pub fn bus_name_has_owner(question: &mut Command, name: &str) -> Result<bool> {
    question.args([
        "--session",
        "--print-reply",
        "--reply-timeout=2000",
        "--dest=org.freedesktop.DBus",
    ]);
    question
        .args(["/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner"])
        .arg(format!("string:{name}"));
    let answer =
        question.stdin(Stdio::null()).output().context("dbus-send could not be started")?;
    Ok(answer.status.success() && String::from_utf8_lossy(&answer.stdout).contains("boolean true"))
}

/// The folders of a home that nobody has used, and the variables that point to them.
fn private_folders(home: &Path) -> Result<BTreeMap<String, OsString>> {
    let mut environment = BTreeMap::new();
    // Build tools keep what they have downloaded in the real home.
    if let Some(real) = std::env::var_os("HOME").map(PathBuf::from) {
        for (name, folder) in
            [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup"), ("npm_config_cache", ".npm")]
        {
            let value = std::env::var_os(name).unwrap_or_else(|| real.join(folder).into());
            environment.insert(name.to_owned(), value);
        }
    }
    let folders = [
        ("HOME", "home"),
        ("XDG_CACHE_HOME", "home/.cache"),
        ("XDG_CONFIG_HOME", "home/.config"),
        ("XDG_DATA_HOME", "home/.local/share"),
        ("XDG_STATE_HOME", "home/.local/state"),
        ("XDG_RUNTIME_DIR", "run"),
    ];
    for (name, folder) in folders {
        let path = home.join(folder);
        fs::create_dir_all(&path).with_context(|| format!("no folder for {name}"))?;
        // What the specification asks for, and the keyring insists on.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        environment.insert(name.to_owned(), path.into());
    }
    for (name, value) in [
        ("XDG_SESSION_TYPE", "x11"),
        ("GDK_BACKEND", "x11"),
        ("LANG", "C.UTF-8"),
        // There is no accessibility bus here, and looking for it costs seconds at each start.
        ("NO_AT_BRIDGE", "1"),
        // Xvfb has no graphics memory to share with the web process.
        ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
        ("LIBGL_ALWAYS_SOFTWARE", "1"),
    ] {
        environment.insert(name.to_owned(), value.into());
    }
    Ok(environment)
}
