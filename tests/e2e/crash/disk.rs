//! The failing disk: `disk.c` and `record.c`, built once and loaded into a process by `LD_PRELOAD`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, ensure};
use recado_testkit::process::Surroundings;

use xtask::postgres::Postgres;

use super::lane::Chance;

/// What can happen to a disk. The words are those of `disk.c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// The process dies; all it wrote is there.
    Kill,
    /// Power fails; nothing that was not synced is there.
    Cut,
    /// Power fails; any part of what was not synced is there.
    Tear,
    /// One call fails.
    Error,
    /// Every call fails from now on.
    ErrorsFromNow,
    /// The disk is full for one call.
    Full,
    /// The disk is full from now on.
    FullFromNow,
    /// One write writes half.
    Short,
}

impl FaultKind {
    pub(super) const ALL: [Self; 8] = [
        Self::Kill,
        Self::Cut,
        Self::Tear,
        Self::Error,
        Self::ErrorsFromNow,
        Self::Full,
        Self::FullFromNow,
        Self::Short,
    ];

    /// Those after which every process goes on.
    pub(super) const REFUSALS: [Self; 5] =
        [Self::Error, Self::ErrorsFromNow, Self::Full, Self::FullFromNow, Self::Short];

    const fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Cut => "cut",
            Self::Tear => "tear",
            Self::Error => "eio",
            Self::ErrorsFromNow => "eio-on",
            Self::Full => "full",
            Self::FullFromNow => "full-on",
            Self::Short => "short",
        }
    }
}

/// Compiles C sources that lie beside this file.
fn compiled(sources: &[&str], arguments: &[&str], name: &str) -> Result<PathBuf, String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/crash");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Under a name of its own first: another run may be using what lies there.
    let fresh = target.with_extension(uuid::Uuid::new_v4().simple().to_string());
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let status = Command::new(compiler)
        .args(["-O2", "-Wall", "-Wextra"])
        .args(arguments)
        .arg("-o")
        .arg(&fresh)
        .args(sources.iter().map(|source| beside.join(source)))
        .arg("-ldl")
        .status()
        .map_err(|error| format!("there is no C compiler: {error}"))?;
    if !status.success() {
        return Err(format!("{} was not compiled", sources.join(" ")));
    }
    std::fs::rename(&fresh, &target).map_err(|error| error.to_string())?;
    Ok(target)
}

fn library() -> anyhow::Result<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built =
        BUILT.get_or_init(|| compiled(&["disk.c", "record.c"], &["-shared", "-fPIC"], "disk.so"));
    built.as_deref().map_err(|error| anyhow::anyhow!("{error}"))
}

/// A disk under one folder.
pub(super) struct Disk {
    folder: PathBuf,
    control: PathBuf,
    report: PathBuf,
    told: usize,
    lies: bool,
}

impl Disk {
    /// A sound disk under `folder`; what it is told lies in `beside`.
    pub(super) fn new(folder: &Path, beside: &Path) -> Self {
        let (control, report) = (beside.join("disk-control"), beside.join("disk-report"));
        Self { folder: folder.to_owned(), control, report, told: 0, lies: false }
    }

    /// The same disk, which says that it has synced and has not.
    pub(super) fn lying(self) -> Self {
        Self { lies: true, ..self }
    }

    /// What a process needs to stand on this disk.
    pub(super) fn under(&self, surroundings: Surroundings) -> anyhow::Result<Surroundings> {
        let surroundings = match self.lies {
            true => surroundings.with("RECADO_DISK_LIES", "1"),
            false => surroundings,
        };
        Ok(surroundings
            .with("LD_PRELOAD", library()?)
            .with("RECADO_DISK_DIR", &self.folder)
            .with("RECADO_DISK_CONTROL", &self.control)
            .with("RECADO_DISK_REPORT", &self.report))
    }

    /// A PostgreSQL whose data lies on a disk. Its processes run as another user, so they find everything in their own
    /// directory. What happens once happens once to each of them.
    pub(super) fn under_postgres() -> anyhow::Result<(Self, Postgres)> {
        let mut disk = None;
        let postgres = xtask::postgres::start_flushing(|directory| {
            let own = directory.join("disk.so");
            std::fs::copy(library()?, &own)?;
            let on_it = Self::new(&directory.join("data"), directory);
            let surroundings = on_it.under(Surroundings::default())?.with("LD_PRELOAD", own);
            disk = Some(on_it);
            Ok(surroundings.environment)
        })?;
        Ok((disk.context("the disk was not made")?, postgres))
    }

    /// Has something happen at one of the next calls.
    pub(super) fn arm(&self, kind: FaultKind, at: u64, chance: &mut Chance) -> anyhow::Result<()> {
        let seed = chance.word();
        self.control(&format!("{} {at} {seed}\n", kind.word()))
    }

    /// The disk is sound from now on.
    pub(super) fn heal(&self) -> anyhow::Result<()> {
        self.control("none 0 0\n")
    }

    fn control(&self, line: &str) -> anyhow::Result<()> {
        let beside = self.control.with_extension("new");
        std::fs::write(&beside, line)?;
        std::fs::rename(&beside, &self.control).context("the disk cannot be told")
    }

    /// What has happened since the last question.
    pub(super) fn happened(&mut self) -> Option<String> {
        let report = std::fs::read_to_string(&self.report).unwrap_or_default();
        let lines: Vec<&str> = report.lines().collect();
        let news = lines.get(self.told..).filter(|news| !news.is_empty())?.join("; ");
        self.told = lines.len();
        Some(news.replace(&self.folder.display().to_string(), "…"))
    }
}

/// What the file holds after a run of `probe.c` under a fault, and whether the run came to its end.
fn probe(kind: FaultKind, at: u64, syncs: [&str; 2]) -> anyhow::Result<(Option<String>, bool)> {
    let beside = tempfile::tempdir()?;
    let folder = beside.path().join("disk");
    std::fs::create_dir(&folder)?;
    let mut disk = Disk::new(&folder, beside.path());
    disk.arm(kind, at, &mut Chance::new(1))?;
    let surroundings = disk.under(Surroundings::default())?;
    let program = compiled(&["probe.c"], &[], "probe").map_err(anyhow::Error::msg)?;
    let status =
        Command::new(program).arg(&folder).args(syncs).envs(surroundings.environment).status()?;
    ensure!(disk.happened().is_some(), "the fault never happened");
    Ok((std::fs::read_to_string(folder.join("file")).ok(), status.success()))
}

#[test]
fn what_was_not_synced_is_gone_after_a_power_cut_and_what_was_synced_stays() -> anyhow::Result<()> {
    let text = |text: &str| Some(text.to_owned());
    // The calls: the file is made, written, [synced, its folder synced,] written, [synced,] renamed.
    assert_eq!(probe(FaultKind::Cut, 4, ["-", "-"])?, (None, false));
    assert_eq!(probe(FaultKind::Cut, 5, ["f", "-"])?, (None, false), "its name was not synced");
    assert_eq!(probe(FaultKind::Cut, 5, ["d", "-"])?, (text(""), false));
    assert_eq!(probe(FaultKind::Cut, 6, ["fd", "-"])?, (text("first"), false));
    assert_eq!(probe(FaultKind::Cut, 7, ["fd", "f"])?, (text("other and longer"), false));
    assert_eq!(probe(FaultKind::Kill, 4, ["-", "-"])?, (text("other and longer"), false));
    Ok(())
}

#[test]
fn a_call_that_fails_is_told_to_its_caller() -> anyhow::Result<()> {
    for kind in [FaultKind::Error, FaultKind::Full, FaultKind::Short] {
        assert!(!probe(kind, 2, ["-", "-"])?.1, "{kind:?}");
    }
    Ok(())
}
