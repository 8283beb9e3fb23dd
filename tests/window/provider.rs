//! A certified identity provider of somebody else's in a process of its own, and a browser that finds its way through
//! its pages.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::poll;
use xtask::process::Owned;
use xtask::webdriver::App;

use crate::desk::{Desk, PATIENCE};

/// Where the provider and the browser's hands lie.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("provider")
}

/// The package `oidc-provider`, which the OpenID Foundation has certified.
pub(crate) struct Provider {
    issuer: String,
    certificate: String,
    // Where its key and its certificate lie.
    _folder: TempDir,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    // Ends with its input, or with this.
    _process: Owned,
}

impl Provider {
    /// Starts it on a free port of this machine.
    pub(crate) fn start() -> Result<Self> {
        let node = folder().join("node_modules/.bin/node");
        ensure!(
            node.exists(),
            "tests/provider has no modules: run `npm ci` there, as `cargo xtask test --only window` does"
        );
        let own = tempfile::tempdir()?;
        let (key, certificate) = (own.path().join("key.pem"), own.path().join("certificate.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        openssl.args(["-nodes", "-days", "2", "-subj", "/CN=provider of the tests"]);
        openssl.args(["-addext", "subjectAltName=IP:127.0.0.1"]);
        // A server's, not an authority's, which no client takes for a server's.
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]).arg(&key);
        let made = openssl.arg("-out").arg(&certificate).output()?;
        ensure!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
        let mut command = Command::new(node);
        command.arg(folder().join("provider.js")).arg(&key).arg(&certificate);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Owned::spawn(&mut command)?;
        let input = process.child().stdin.take().context("its input is a pipe")?;
        let output = process.child().stdout.take().context("its output is a pipe")?;
        let mut provider = Self {
            issuer: String::new(),
            certificate: fs::read_to_string(&certificate)?,
            _folder: own,
            input,
            output: BufReader::new(output),
            _process: process,
        };
        provider.issuer = provider.line()?;
        Ok(provider)
    }

    /// Its issuer identifier.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its certificate in PEM, which nobody else has signed.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Tells it something, as `provider.js` says.
    pub(crate) fn tell(&mut self, what: &Value) -> Result<()> {
        writeln!(self.input, "{what}")?;
        let answer = self.line()?;
        ensure!(answer == "ok", "the provider said {answer:?}");
        Ok(())
    }

    /// Somebody with a verified address and these groups, from the next sign-in on.
    pub(crate) fn person(&mut self, sub: &str, email: &str, groups: &[&str]) -> Result<()> {
        let name = "Ana Ruiz";
        self.tell(&json!({
            "person": {
                "sub": sub, "email": email, "email_verified": true, "name": name, "groups": groups,
            },
        }))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the provider has ended");
        Ok(line.trim().to_owned())
    }
}

/// The browser of a desk: what the app opens is opened by it.
pub(crate) struct Browser {
    log: PathBuf,
}

impl Browser {
    /// Makes it the system's browser for this app, in the hands of the person with this name at the provider.
    pub(crate) fn install(desk: &Desk, app: &mut App, person: &str) -> Result<Self> {
        let chromium = std::env::var("RECADO_CHROMIUM").context(
            "RECADO_CHROMIUM is not set: run `cargo xtask test --only window`, which finds it",
        )?;
        let programs = desk.everything().join("browser");
        fs::create_dir_all(&programs)?;
        let log = programs.join("log");
        let opener = programs.join("xdg-open");
        // The app waits for what opens a page, and nobody waits for a browser.
        let script = format!(
            "#!/bin/sh\nexec setsid --fork node '{}' \"$1\"\n",
            folder().join("browser.js").display()
        );
        fs::write(&opener, script)?;
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755))?;
        let path = std::env::var("PATH")?;
        for (name, value) in [
            ("PATH", format!("{}:{path}", programs.display())),
            ("RECADO_CHROMIUM", chromium),
            ("RECADO_BROWSER_PERSON", person.to_owned()),
            ("RECADO_BROWSER_LOG", log.display().to_string()),
        ] {
            app.environment.push((name.to_owned(), value));
        }
        Ok(Self { log })
    }

    /// What it says of its ways, from the beginning.
    pub(crate) fn said(&self) -> Result<String> {
        // Nothing was said before it was asked for anything.
        Ok(fs::read_to_string(&self.log).unwrap_or_default())
    }

    /// Waits until it has gone a way to its end, and gives what it said of it. The next way begins anew.
    pub(crate) fn way(&self) -> Result<String> {
        let said = poll::until("the browser has gone its way", PATIENCE, || {
            let said = self.said()?;
            ensure!(!said.contains("failed "), "the browser is lost: {said}");
            Ok(said.lines().any(|line| line == "done").then_some(said))
        })?;
        fs::remove_file(&self.log)?;
        Ok(said)
    }
}
