//! testssl.sh in the edition that gives grades, from the distribution's own archive and without installing it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::{answer, field};
use crate::command::run_shown;
use crate::interrupt::Interrupt;

const PACKAGE: &str = "testssl.sh";
/// Where Debian has what its next release is made of. Stable releases carry an edition without grades.
const SUITE: &str = "sid";

/// The unpacked tester.
pub(super) struct Tester {
    root: PathBuf,
    version: String,
}

impl Tester {
    /// Takes the tester from the archive that this machine's apt is set up with, checked by apt's own keys. The system's
    /// sources and packages stay as they are: everything lies in `folder`, and is used again the next time.
    pub(super) fn obtain(folder: &Path, interrupt: &Interrupt) -> Result<Self> {
        let root = folder.join("tester");
        let stamp = folder.join("tester-version");
        if let Ok(version) = fs::read_to_string(&stamp) {
            return Ok(Self { root, version });
        }
        println!("Fetching {PACKAGE} from Debian {SUITE} into {} …", folder.display());
        let apt = Apt::beside(folder)?;
        run_shown(&mut apt.command("apt-get", &["-q", "update"]), interrupt)?;
        run_shown(
            apt.command("apt-get", &["-q", "download", PACKAGE]).current_dir(folder),
            interrupt,
        )?;
        let shown = answer(&mut apt.command("apt-cache", &["show", "--no-all-versions", PACKAGE]))?;
        let version = field(&shown, "Version").context("the package has no version")?.to_owned();
        let packed = newest_package(folder)?;
        run_shown(Command::new("dpkg-deb").arg("-x").arg(&packed).arg(&root), interrupt)?;
        ensure!(
            root.join("usr/bin/testssl").is_file(),
            "{PACKAGE} {version} has no program inside"
        );
        fs::write(&stamp, &version).context("the tester's version cannot be written")?;
        Ok(Self { root, version })
    }

    /// Name and version.
    pub(super) fn name(&self) -> String {
        format!("{PACKAGE} {}", self.version)
    }

    /// Every check, against a server on this machine whose certificate comes from `authority`.
    pub(super) fn command(&self, authority: &Path, report: &Path, port: u16) -> Command {
        let mut command = Command::new(self.root.join("usr/bin/testssl"));
        command.env("TESTSSL_INSTALL_DIR", self.root.join("etc/testssl"));
        command.args(["--ip", "127.0.0.1", "--nodns", "none", "--warnings", "off"]);
        command.args(["--color", "0", "--overwrite", "--connect-timeout", "20"]);
        command.args(["--openssl-timeout", "20", "--add-ca"]).arg(authority);
        command.arg("--jsonfile").arg(report).arg(format!("https://localhost:{port}"));
        command
    }
}

/// An apt with sources, lists and files of its own.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn beside(folder: &Path) -> Result<Self> {
        let own = folder.join("apt");
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(own.join(part)).context("apt's folders cannot be made")?;
        }
        let known = answer(Command::new("apt-get").args([
            "indextargets",
            "Created-By: Packages",
            "Origin: Debian",
        ]))?;
        let sources = own.join("tester.sources");
        fs::write(&sources, source(&known)?).context("apt's sources cannot be written")?;
        let options = [
            format!("Dir::Etc::SourceList={}", sources.display()),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            format!("Dir::State::Lists={}", own.join("lists").display()),
            format!("Dir::Cache={}", own.join("cache").display()),
            "Acquire::Languages=none".to_owned(),
        ];
        Ok(Self { options: options.into() })
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        for option in &self.options {
            command.arg("-o").arg(option);
        }
        command.args(arguments);
        command
    }
}

/// The source of [`SUITE`] on the mirror from which this machine has its packages.
fn source(known: &str) -> Result<String> {
    let stanza = known
        .split("\n\n")
        .find(|stanza| {
            field(stanza, "Component") == Some("main") && field(stanza, "Label") == Some("Debian")
        })
        .context(
            "apt knows no Debian archive here; run `apt-get update`, or this command on Debian",
        )?;
    let mirror = field(stanza, "Repo-URI").context("apt does not say where its archive is")?;
    let mut source = format!("Types: deb\nURIs: {mirror}\nSuites: {SUITE}\nComponents: main\n");
    let keys = Path::new("/usr/share/keyrings/debian-archive-keyring.gpg");
    if keys.is_file() {
        source.push_str(&format!("Signed-By: {}\n", keys.display()));
    }
    Ok(source)
}

fn newest_package(folder: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).context("the tester's folder cannot be read")?.flatten();
    let packages = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with(PACKAGE) && name.ends_with(".deb"))
    });
    let changed = |path: &PathBuf| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    packages.max_by_key(changed).with_context(|| format!("apt-get fetched no {PACKAGE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_on_the_machines_own_mirror() {
        let known = "Label: Debian-Security\nComponent: main\nRepo-URI: http://other.example/\n\n\
                     Label: Debian\nComponent: contrib\nRepo-URI: http://contrib.example/\n\n\
                     Label: Debian\nComponent: main\nRepo-URI: http://mirror.example/debian/\n";
        let source = source(known).expect("a source");
        assert!(source.contains("URIs: http://mirror.example/debian/\nSuites: sid\n"), "{source}");
        assert!(super::source("").is_err());
    }
}
