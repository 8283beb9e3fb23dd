//! What the commands need from the system: looked for by what it gives, installed with apt-get where it is missing.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::command::{find_program, run_shown, shown};
use crate::interrupt::Interrupt;

/// What a system package is needed for. A command installs only what its own work needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Purpose {
    /// Building the app and the server
    Build,
    /// A private desktop session with a driver for the real window
    Session,
    /// Browser tests of the UI
    Browser,
    /// Tests on PostgreSQL, and on the files that the app leaves
    Database,
    /// A grade for the server's TLS
    Tls,
}

/// All purposes of everyday work.
pub(crate) const EVERYTHING: [Purpose; 4] =
    [Purpose::Build, Purpose::Session, Purpose::Browser, Purpose::Database];

/// How to see that something is there.
enum Proof {
    /// One of these programs is in `PATH`.
    Program(&'static [&'static str]),
    /// pkg-config knows this library.
    Library(&'static str),
    /// One of these files exists; `*` stands for any one directory.
    File(&'static [&'static str]),
}

struct Need {
    purposes: &'static [Purpose],
    /// Debian's package, and after it the names that other releases use.
    packages: &'static [&'static str],
    proof: Proof,
    why: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        purposes: &[Purpose::Build],
        packages: &["build-essential"],
        proof: Proof::Program(&["g++"]),
        why: "compiles SQLite and links every program",
    },
    Need {
        purposes: &[Purpose::Build],
        packages: &["pkg-config"],
        proof: Proof::Program(&["pkg-config"]),
        why: "finds the libraries below",
    },
    Need {
        purposes: &[Purpose::Build],
        packages: &["libwebkit2gtk-4.1-dev"],
        proof: Proof::Library("webkit2gtk-4.1"),
        why: "the web view of the app's window",
    },
    Need {
        purposes: &[Purpose::Build],
        packages: &["libayatana-appindicator3-dev"],
        proof: Proof::Library("ayatana-appindicator3-0.1"),
        why: "the tray icon",
    },
    Need {
        purposes: &[Purpose::Build],
        packages: &["librsvg2-dev"],
        proof: Proof::Library("librsvg-2.0"),
        why: "icons",
    },
    Need {
        purposes: &[Purpose::Build],
        packages: &["libssl-dev"],
        proof: Proof::Library("libcrypto"),
        why: "the ciphers of the encrypted cache",
    },
    Need {
        purposes: &[Purpose::Session],
        packages: &["xvfb"],
        proof: Proof::Program(&["Xvfb"]),
        why: "a display without a screen",
    },
    Need {
        purposes: &[Purpose::Session],
        packages: &["dbus", "dbus-daemon"],
        proof: Proof::Program(&["dbus-daemon"]),
        why: "a private session bus",
    },
    Need {
        purposes: &[Purpose::Session],
        packages: &["dbus-bin", "dbus"],
        proof: Proof::Program(&["dbus-send"]),
        why: "asks the session bus who is there",
    },
    Need {
        purposes: &[Purpose::Session],
        packages: &["gnome-keyring"],
        proof: Proof::Program(&["gnome-keyring-daemon"]),
        why: "a keychain",
    },
    Need {
        purposes: &[Purpose::Session],
        packages: &["dunst"],
        proof: Proof::Program(&["dunst"]),
        why: "shows notifications",
    },
    Need {
        purposes: &[Purpose::Session],
        packages: &["webkit2gtk-driver"],
        proof: Proof::Program(&["WebKitWebDriver"]),
        why: "drives the real window",
    },
    Need {
        purposes: &[Purpose::Session],
        packages: &["xdotool"],
        proof: Proof::Program(&["xdotool"]),
        why: "gives and takes the window's focus",
    },
    Need {
        purposes: &[Purpose::Session, Purpose::Browser],
        packages: &["fonts-dejavu-core"],
        proof: Proof::File(&["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"]),
        why: "Latin, Greek, Cyrillic, Arabic and Hebrew in pictures",
    },
    Need {
        purposes: &[Purpose::Session, Purpose::Browser],
        packages: &["fonts-noto-cjk"],
        proof: Proof::File(&["/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"]),
        why: "Chinese, Japanese and Korean in pictures",
    },
    Need {
        purposes: &[Purpose::Session, Purpose::Browser],
        packages: &["fonts-noto-color-emoji"],
        proof: Proof::File(&["/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"]),
        why: "emoji in pictures",
    },
    Need {
        purposes: &[Purpose::Browser],
        packages: &["chromium", "chromium-browser"],
        proof: Proof::Program(CHROMIUM),
        why: "runs the UI's browser tests",
    },
    Need {
        purposes: &[Purpose::Database],
        packages: &["postgresql"],
        proof: Proof::File(&["/usr/lib/postgresql/*/bin/initdb", "/usr/bin/initdb"]),
        why: "private PostgreSQL servers for tests; the system's own is not used",
    },
    Need {
        purposes: &[Purpose::Database],
        packages: &["sqlite3"],
        proof: Proof::Program(&["sqlite3"]),
        why: "shows that it cannot open the encrypted cache",
    },
    Need {
        purposes: &[Purpose::Tls],
        packages: &["bsdextrautils", "bsdmainutils"],
        proof: Proof::Program(&["hexdump"]),
        why: "writes the tester's own handshakes",
    },
    Need {
        purposes: &[Purpose::Tls],
        packages: &["bind9-dnsutils", "dnsutils"],
        proof: Proof::Program(&["dig"]),
        why: "the tester does not start without it, though nothing is looked up",
    },
    Need {
        purposes: &[Purpose::Tls],
        packages: &["procps"],
        proof: Proof::Program(&["ps"]),
        why: "the tester's time limits",
    },
    Need {
        purposes: &[Purpose::Database, Purpose::Tls],
        packages: &["openssl"],
        proof: Proof::Program(&["openssl"]),
        why: "checks the server's TLS from outside",
    },
];

/// The names under which Chromium is installed.
const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Chromium, where it is installed.
pub(crate) fn chromium() -> Option<std::path::PathBuf> {
    find_program(CHROMIUM)
}

/// Installs what is missing for the purposes, saying what and why.
///
/// # Errors
/// When something is missing and cannot be installed here; it says what to install by hand.
pub(crate) fn ensure(purposes: &[Purpose], interrupt: &Interrupt) -> Result<()> {
    let missing = missing(purposes);
    if missing.is_empty() {
        return Ok(());
    }
    report(&missing);
    let Some(prefix) = administrator()? else {
        bail!(
            "this system has no apt-get; install the above with its own package manager and try again"
        );
    };

    println!("Installing them with apt-get …");
    let apt = |arguments: &[&str]| {
        let mut words = prefix
            .iter()
            .copied()
            .chain(["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"])
            .chain(arguments.iter().copied());
        let mut command = Command::new(words.next().unwrap_or("apt-get"));
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    run_shown(&mut apt(&["update"]), interrupt)?;
    let packages: Vec<&str> = missing.iter().map(|need| available(need.packages)).collect();
    let mut install = apt(&["install", "--no-install-recommends"]);
    run_shown(install.args(&packages), interrupt)?;

    let left = self::missing(purposes);
    if !left.is_empty() {
        report(&left);
        bail!("`{}` ended well, and yet the above is missing", shown(&install));
    }
    Ok(())
}

/// Fails, saying what is missing, and installs nothing.
pub(crate) fn check(purposes: &[Purpose]) -> Result<()> {
    let missing = missing(purposes);
    if !missing.is_empty() {
        report(&missing);
        bail!("{} system packages are missing; `cargo xtask deps` installs them", missing.len());
    }
    Ok(())
}

fn missing(purposes: &[Purpose]) -> Vec<&'static Need> {
    NEEDS
        .iter()
        .filter(|need| {
            need.purposes.iter().any(|purpose| purposes.contains(purpose)) && !need.proof.holds()
        })
        .collect()
}

fn report(missing: &[&Need]) {
    println!("This system lacks:");
    for need in missing {
        println!("  {:<30} {}", need.packages.first().copied().unwrap_or_default(), need.why);
    }
}

impl Proof {
    fn holds(&self) -> bool {
        match self {
            Self::Program(names) => find_program(names).is_some(),
            Self::Library(name) => succeeds(Command::new("pkg-config").args(["--exists", name])),
            Self::File(patterns) => patterns.iter().any(|pattern| exists(pattern)),
        }
    }
}

/// Whether a file matches a path in which `*` stands for any one directory.
fn exists(pattern: &str) -> bool {
    match pattern.split_once("/*/") {
        None => Path::new(pattern).exists(),
        Some((parent, rest)) => {
            let children = std::fs::read_dir(parent).into_iter().flatten().flatten();
            children.into_iter().any(|child| child.path().join(rest).exists())
        }
    }
}

/// The first of the package names that this release has.
fn available(names: &'static [&'static str]) -> &'static str {
    let known = |name: &&&str| {
        succeeds(Command::new("apt-cache").args(["show", "--no-all-versions", name]))
    };
    names.iter().find(known).or(names.first()).copied().unwrap_or_default()
}

/// What stands before apt-get: nothing for root, sudo for others; `None` where there is no apt-get.
fn administrator() -> Result<Option<&'static [&'static str]>> {
    if find_program(&["apt-get"]).is_none() {
        return Ok(None);
    }
    if rustix::process::geteuid().is_root() {
        return Ok(Some(&[]));
    }
    if find_program(&["sudo"]).is_none() {
        bail!("installing needs root, and there is no sudo; run `cargo xtask deps` as root once");
    }
    // sudo drops the environment, so the variable is said again behind it.
    Ok(Some(&["sudo", "env", "DEBIAN_FRONTEND=noninteractive"]))
}

fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_directory() {
        assert!(exists("/proc/*/environ"));
        assert!(!exists("/proc/*/no-such-file"));
        assert!(exists("/proc/self"));
    }

    #[test]
    fn every_need_says_its_package_and_its_reason() {
        for need in NEEDS {
            assert!(!need.packages.is_empty() && !need.why.is_empty());
        }
    }
}
