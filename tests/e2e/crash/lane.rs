//! How many rounds there are, which seeds they have, and what is told about them.
//!
//! A run consists of chapters of some rounds. Each chapter begins with a new server and a new installation and has a
//! seed of its own, so that one that failed can be run again by itself: `cargo xtask crash --kind KIND --seed SEED`.

use std::io::Write as _;
use std::time::Instant;

use anyhow::Context as _;

/// Numbers that look random and are the same for a seed (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.word() % bound
    }

    pub(super) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or_default()
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.index(of.len())]
    }

    /// True once in `bound` times.
    pub(super) fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

/// How often a fault that a promise names has to happen in a run.
pub(super) const NAMED_FAULTS: Count = Count { quick: 10, long: 200 };

/// How often something happens.
#[derive(Clone, Copy)]
pub(super) struct Count {
    /// In a quick run.
    pub(super) quick: usize,
    /// With `RECADO_LONG`.
    pub(super) long: usize,
}

impl Count {
    fn wanted(self) -> usize {
        if std::env::var_os("RECADO_LONG").is_some() { self.long } else { self.quick }
    }
}

/// What happened in a chapter, for when it fails.
#[derive(Default)]
pub(super) struct Trace {
    lines: Vec<String>,
    faults: usize,
    named: usize,
    rebuilt: usize,
}

impl Trace {
    pub(super) fn say(&mut self, line: impl Into<String>) {
        let line = line.into();
        if std::env::var_os("RECADO_CRASH_TRACE").is_some() {
            tell(&format!("  {line}"));
        }
        self.lines.push(line);
    }

    /// The client told that its cache is damaged, and loads it again.
    pub(super) fn rebuilt(&mut self, line: impl Into<String>) {
        self.rebuilt += 1;
        self.say(line);
    }

    /// The fault that the promise names has happened.
    pub(super) fn named_fault(&mut self, line: impl Into<String>) {
        self.named += 1;
        self.fault(line);
    }

    /// A fault that was planned has happened.
    pub(super) fn fault(&mut self, line: impl Into<String>) {
        self.faults += 1;
        self.say(line);
    }
}

/// What a run is made of.
pub(super) struct Lane {
    kind: &'static str,
    rounds: usize,
    chapter: usize,
    seed: u64,
    /// How often the fault that the promise names has to happen.
    named: usize,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

impl Lane {
    /// A lane of some rounds, or as many as `RECADO_CRASH_ROUNDS` says, in chapters of at most `chapter` rounds.
    pub(super) fn new(kind: &'static str, rounds: Count, chapter: usize) -> Self {
        let asked = number("RECADO_CRASH_ROUNDS").and_then(|rounds| usize::try_from(rounds).ok());
        let seed = number("RECADO_SEED").unwrap_or(1);
        Self { kind, rounds: asked.unwrap_or(rounds.wanted()), chapter, seed, named: 0 }
    }

    /// The same, and the fault that the promise names has to happen at least so often, unless somebody else says how
    /// many rounds there are.
    pub(super) fn with_named_faults(self, least: Count) -> Self {
        let asked = number("RECADO_CRASH_ROUNDS").is_some();
        Self { named: if asked { 0 } else { least.wanted() }, ..self }
    }

    /// Runs chapter after chapter.
    ///
    /// # Errors
    /// The first chapter's that fails, with its seed and what happened in it.
    pub(super) async fn run(
        self,
        chapter: impl AsyncFn(u64, usize, &mut Trace) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        // Building is not part of the rate.
        recado_testkit::process::programs()?;
        let begun = Instant::now();
        let (mut done, mut faults, mut named, mut rebuilt) = (0, 0, 0, 0);
        let mut seed = self.seed;
        while done < self.rounds {
            let rounds = self.chapter.min(self.rounds - done);
            let mut trace = Trace::default();
            let outcome = chapter(seed, rounds, &mut trace).await;
            if let Err(error) = outcome {
                let last = trace.lines.len().saturating_sub(60);
                anyhow::bail!(
                    "{kind}, seed {seed}, after {done} good rounds: {error:#}\n  {trace}\n\
                     again: cargo xtask crash --kind {kind} --seed {seed} --rounds {rounds}",
                    kind = self.kind,
                    trace = trace.lines[last..].join("\n  "),
                );
            }
            done += rounds;
            faults += trace.faults;
            named += trace.named;
            rebuilt += trace.rebuilt;
            seed += 1;
            let rate = done as f64 / begun.elapsed().as_secs_f64();
            tell(&format!(
                "{}: {done} of {} rounds, {rate:.1}/s, {faults} faults, {named} of them the one that the promise names, \
                 {rebuilt} caches built anew",
                self.kind, self.rounds
            ));
        }
        // A lane whose faults never happen proves nothing.
        anyhow::ensure!(faults * 3 >= done, "{}: {faults} faults in {done} rounds", self.kind);
        anyhow::ensure!(
            named >= self.named,
            "{}: the fault that the promise names happened {named} times, not {}",
            self.kind,
            self.named
        );
        Ok(())
    }
}

/// Says something while a test runs, past the harness, which keeps what tests print until they end.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What a process wrote to its standard error must not tell of a panic.
pub(super) fn require_no_panic(errors: &std::path::Path) -> anyhow::Result<()> {
    let said = match std::fs::read(errors) {
        Ok(said) => String::from_utf8_lossy(&said).into_owned(),
        Err(_) => return Ok(()),
    };
    let panic = said.lines().find(|line| line.contains("panicked at"));
    match panic {
        None => std::fs::write(errors, "").context("its errors cannot be emptied"),
        Some(_) => anyhow::bail!("a process panicked:\n{said}"),
    }
}
