//! Child processes that never outlive their owner.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How long a process may take to end in order before it is killed.
const GRACE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
/// How many looks in a row must find nothing.
const QUIET_LOOKS: u32 = 3;

/// A child process in a process group of its own. Dropping it ends the group.
pub struct Owned {
    child: Child,
    name: String,
}

impl Owned {
    /// Starts the command. Ctrl-C on the terminal does not reach it: its owner decides when it ends.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        Ok(Self { child, name })
    }

    /// The running process, to take its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How the process ended, or `None` while it runs.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("the state of {} is unknown", self.name))
    }

    /// Asks the process group to end, kills what is left of it after a few seconds, and waits.
    pub fn end(&mut self) {
        let Ok(raw) = i32::try_from(self.child.id()) else { return };
        let Some(group) = Pid::from_raw(raw) else { return };
        // Errors mean that nothing is left to end.
        let _ = kill_process_group(group, Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(PAUSE);
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.end();
    }
}

/// An environment variable with a value of its own, by which processes are found again that left the tree of their
/// parents: a bus starts services, a browser its helpers, and both outlive who asked for them.
pub struct Marker {
    name: &'static str,
    value: String,
}

impl Marker {
    /// A value that no other marker on this machine has.
    pub fn new(name: &'static str) -> Self {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Self { name, value: format!("{}-{nanos}", std::process::id()) }
    }

    /// The variable's name and value.
    pub fn variable(&self) -> (&'static str, &str) {
        (self.name, &self.value)
    }

    /// Ends every process that carries the marker, and returns their names.
    pub fn sweep(&self) -> Vec<String> {
        let started = Instant::now();
        let mut swept = BTreeMap::new();
        let mut quiet_looks = 0;
        // A process that starts another program has no environment for a moment, so one look is not enough.
        while quiet_looks < QUIET_LOOKS && started.elapsed() < 2 * GRACE {
            let carriers = self.carriers();
            quiet_looks = if carriers.is_empty() { quiet_looks + 1 } else { 0 };
            let signal = if started.elapsed() < GRACE { Signal::TERM } else { Signal::KILL };
            for (pid, name) in carriers {
                let _ = kill_process(pid, signal);
                swept.insert(pid.as_raw_nonzero(), name);
            }
            thread::sleep(PAUSE);
        }
        swept.into_values().collect()
    }

    /// Kills every process that carries the marker and runs this program, and returns how many there were.
    pub fn kill(&self, program: &Path) -> usize {
        let Ok(program) = program.canonicalize() else { return 0 };
        let runs = |pid: &Pid| {
            let image = fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero()));
            image.is_ok_and(|image| image == program)
        };
        let carriers = self.carriers().into_iter().map(|(pid, _)| pid);
        carriers.filter(runs).filter(|pid| kill_process(*pid, Signal::KILL).is_ok()).count()
    }

    /// The processes of this user, other than this one, whose environment holds the marker.
    fn carriers(&self) -> Vec<(Pid, String)> {
        let entry = format!("{}={}", self.name, self.value).into_bytes();
        let own = std::process::id();
        let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
        numbers
            .filter_map(|directory| {
                let number: u32 = directory.file_name().to_str()?.parse().ok()?;
                let environment = fs::read(directory.path().join("environ")).ok()?;
                let marked = environment.split(|byte| *byte == 0).any(|variable| variable == entry);
                let pid = Pid::from_raw(i32::try_from(number).ok()?)?;
                let name = fs::read_to_string(directory.path().join("comm")).unwrap_or_default();
                (marked && number != own && !is_zombie(pid)).then(|| (pid, name.trim().to_owned()))
            })
            .collect()
    }
}

/// Whether the process has ended and only waits for its parent to notice.
fn is_zombie(pid: Pid) -> bool {
    let status =
        fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    // The name in parentheses may itself hold spaces and parentheses.
    status.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_left_its_group_is_found_and_ended_by_its_marker() {
        let marker = Marker::new("XTASK_TEST_MARKER");
        let (name, value) = marker.variable();
        // The inner sleep is a process group of its own and its parent ends at once.
        let mut shell = Command::new("sh");
        shell.args(["-c", "setsid sleep 600 >/dev/null 2>&1 & echo started"]).env(name, value);
        assert!(shell.output().expect("sh runs").status.success());

        assert_eq!(marker.sweep().len(), 1);
        assert!(marker.carriers().is_empty());
    }

    #[test]
    fn only_the_named_program_among_the_carriers_is_killed() {
        let marker = Marker::new("XTASK_TEST_MARKER");
        let (name, value) = marker.variable();
        let mut sleep = Command::new("sleep");
        let mut sleep = Owned::spawn(sleep.arg("600").env(name, value)).expect("sleep runs");
        let sleep_path = Path::new("/usr/bin/sleep");
        // Until the kernel has laid out the new program, it runs already and has no environment to be found by.
        while marker.carriers().is_empty() {
            thread::yield_now();
        }
        assert_eq!(marker.kill(Path::new("/bin/no-such-program")), 0);
        assert!(sleep.exited().expect("its state").is_none());
        assert_eq!(marker.kill(sleep_path), 1);
        sleep.child().wait().expect("it ends");
    }

    #[test]
    fn dropping_an_owned_process_ends_its_whole_group() {
        let marker = Marker::new("XTASK_TEST_MARKER");
        let (name, value) = marker.variable();
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 600 & sleep 600"]).env(name, value);
        let owned = Owned::spawn(&mut shell).expect("sh runs");
        drop(owned);
        assert!(marker.carriers().is_empty());
    }
}
