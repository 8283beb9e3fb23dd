//! npm, called only where the lock file asks for something else than what is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `npm` working in `directory`, quiet about anything but the work.
pub(crate) fn npm(directory: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(directory);
    command.env("NO_COLOR", "1").env("npm_config_fund", "false").env("npm_config_audit", "false");
    command.env("npm_config_update_notifier", "false");
    // Browser tests use the distribution's browser.
    command.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    command
}

/// `npm ci` for `directory`, or `None` where its modules are those of its lock file.
pub(crate) fn install(directory: &Path) -> Option<Command> {
    let wanted = fs::read(directory.join("package-lock.json")).ok();
    if wanted.is_some() && fs::read(stamp(directory)).ok() == wanted {
        return None;
    }
    let mut command = npm(directory);
    command.args(["ci", "--no-progress"]);
    Some(command)
}

/// Remembers that `npm ci` has finished. The copy lies inside the modules, and goes with them.
pub(crate) fn installed(directory: &Path) -> std::io::Result<()> {
    fs::copy(directory.join("package-lock.json"), stamp(directory)).map(|_| ())
}

fn stamp(directory: &Path) -> PathBuf {
    directory.join("node_modules/.recado-installed-lock.json")
}
