//! The server as it starts for the first time, with its own authority, on this machine alone.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use tempfile::TempDir;

use crate::interrupt::Interrupt;
use crate::poll;
use crate::process::Owned;

const START_LIMIT: Duration = Duration::from_secs(60);
const LISTENS: &str = "Recado listens on https://127.0.0.1:";

/// A running server. Dropping it stops it and removes its data.
pub(super) struct Server {
    _process: Owned,
    _data: TempDir,
    port: u16,
    join_link: String,
}

impl Server {
    pub(super) fn start(program: &Path, interrupt: &Interrupt) -> Result<Self> {
        let data = tempfile::Builder::new()
            .prefix("recado-tls-")
            .tempdir()
            .context("no temporary folder")?;
        let log = data.path().join("output");
        let output = File::create(&log).context("no file for what the server says")?;
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(data.path().join("data")).stdin(Stdio::null());
        command.stderr(output.try_clone().context("no second handle for a file")?).stdout(output);
        let mut process = Owned::spawn(&mut command)?;
        let (port, join_link) = poll::until("the server listens", START_LIMIT, || {
            interrupt.check()?;
            let said = fs::read_to_string(&log).unwrap_or_default();
            if let Some(status) = process.exited()? {
                bail!("the server ended at its start ({status}):\n{said}");
            }
            Ok(greeting(&said))
        })?;
        Ok(Self { _process: process, _data: data, port, join_link })
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// The certificate that the join link tells clients to trust, in PEM.
    pub(super) fn authority_pem(&self) -> Result<String> {
        let (_, query) =
            self.join_link.split_once('?').context("the join link asks for nothing")?;
        let encoded = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("ca="))
            .context("the join link carries no certificate")?;
        let der = BASE64_URL_SAFE_NO_PAD.decode(encoded).context("the certificate is garbled")?;
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        let text = BASE64_STANDARD.encode(der);
        for line in text.as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
        Ok(pem)
    }
}

/// Port and join link, once the server has said both.
fn greeting(said: &str) -> Option<(u16, String)> {
    let listens = said.lines().find_map(|line| line.strip_prefix(LISTENS))?;
    let port = listens.trim_end_matches('.').parse().ok()?;
    let whole = said.rsplit_once('\n')?.0;
    let link = whole.lines().map(str::trim).find(|line| line.starts_with("recado://join?"))?;
    Some((port, link.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_counts_once_it_is_whole() {
        let whole = "Recado listens on https://127.0.0.1:4711.\nPeople join:\n  recado://join?url=x&ca=AQID\n";
        let (port, link) = greeting(whole).expect("port and link");
        assert_eq!((port, link.as_str()), (4711, "recado://join?url=x&ca=AQID"));
        assert_eq!(greeting(&whole[..whole.len() - 3]), None);
    }
}
