//! What a piece of work costs: its time, and the pages that it reads.

use std::ops::AddAssign;
use std::time::Instant;

use anyhow::Result;
use rustix::time::{ClockId, clock_gettime};

/// A page of the file, as SQLCipher is set up here, in bytes.
const PAGE_BYTES: u64 = 4096;

/// What one piece of work cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// By the clock on the wall, which is what somebody waits for.
    pub(crate) micros: f64,
    /// Of the processor, which another program's load and the disk's mood leave alone. Everything
    /// that is measured runs on the calling thread.
    pub(crate) cpu_micros: f64,
    /// Pages that SQLite asked of the operating system: those that it did not hold. Only Linux
    /// counts them.
    pub(crate) pages_read: Option<u64>,
    /// Bytes that the operating system fetched from the disk for it. Only Linux counts them.
    pub(crate) disk_bytes: Option<u64>,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.micros += other.micros;
        self.cpu_micros += other.cpu_micros;
        let sum = |a: Option<u64>, b: Option<u64>| a.zip(b).map(|(a, b)| a + b);
        self.pages_read = sum(self.pages_read, other.pages_read);
        self.disk_bytes = sum(self.disk_bytes, other.disk_bytes);
    }
}

/// Which of a cost's times is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    Wall,
    Cpu,
}

impl Cost {
    pub(crate) const fn by(&self, clock: Clock) -> f64 {
        match clock {
            Clock::Wall => self.micros,
            Clock::Cpu => self.cpu_micros,
        }
    }
}

/// Runs `work` and says what it cost.
pub(crate) fn measured<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Cost)> {
    let before = Reading::now();
    let (began, cpu_before) = (Instant::now(), thread_cpu_micros());
    let result = work()?;
    let micros = began.elapsed().as_secs_f64() * 1e6;
    let cpu_micros = thread_cpu_micros() - cpu_before;
    let read = before.zip(Reading::now());
    let pages_read = read.map(|(before, after)| (after.asked - before.asked) / PAGE_BYTES);
    let disk_bytes = read.map(|(before, after)| after.fetched - before.fetched);
    Ok((result, Cost { micros, cpu_micros, pages_read, disk_bytes }))
}

/// The processor's time of this thread so far, in microseconds.
pub(crate) fn thread_cpu_micros() -> f64 {
    micros_of(ClockId::ThreadCPUTime)
}

/// The same of all threads of this process.
pub(crate) fn process_cpu_micros() -> f64 {
    micros_of(ClockId::ProcessCPUTime)
}

fn micros_of(clock: ClockId) -> f64 {
    let now = clock_gettime(clock);
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 / 1e3
}

/// How many bytes this process has read so far.
///
/// SQLite counts the pages itself, but its counter cannot be asked for without unsafe code. It reads
/// each missing page with one call of a page's length, so the bytes tell the same; looking here adds
/// less than a page.
#[derive(Clone, Copy)]
struct Reading {
    /// Asked of the operating system.
    asked: u64,
    /// Fetched by it from a disk.
    fetched: u64,
}

impl Reading {
    fn now() -> Option<Self> {
        let counters = std::fs::read_to_string("/proc/self/io").ok()?;
        let counter = |name: &str| {
            counters.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
        };
        Some(Self { asked: counter("rchar:")?, fetched: counter("read_bytes:")? })
    }
}

/// The middle of some values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value below which the share `q` of some values lies.
pub(crate) fn quantile(values: impl IntoIterator<Item = f64>, q: f64) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let place = ((sorted.len().saturating_sub(1)) as f64 * q).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// The same work on three caches, round after round, side by side.
#[derive(Debug, Default)]
pub(crate) struct Rounds {
    /// Recado's own cache.
    pub(crate) recado: Vec<Cost>,
    /// Hand-written SQL on rusqlite with the same SQLCipher settings.
    pub(crate) rusqlite: Vec<Cost>,
    /// The same without a key.
    pub(crate) unencrypted: Vec<Cost>,
}

impl Rounds {
    /// Runs `work` with 0, 1 and 2 for the three caches, in an order that turns with each round.
    pub(crate) fn run(
        rounds: usize,
        mut work: impl FnMut(usize, usize) -> Result<Cost>,
    ) -> Result<Self> {
        let mut costs = Self::default();
        for round in 0..rounds {
            for turn in 0..3 {
                let side = (round + turn) % 3;
                let cost = work(round, side)?;
                costs.of(side).push(cost);
            }
        }
        Ok(costs)
    }

    pub(crate) fn of(&mut self, side: usize) -> &mut Vec<Cost> {
        match side {
            0 => &mut self.recado,
            1 => &mut self.rusqlite,
            _ => &mut self.unencrypted,
        }
    }

    /// How many times longer Recado takes than hand-written SQL: the middle of the rounds' ratios,
    /// each of two neighbours in time.
    pub(crate) fn ratio(&self, clock: Clock) -> f64 {
        ratio(&self.recado, &self.rusqlite, clock)
    }

    /// The same against the file without a key.
    pub(crate) fn ratio_to_unencrypted(&self, clock: Clock) -> f64 {
        ratio(&self.recado, &self.unencrypted, clock)
    }

    /// What encryption alone costs: the hand-written SQL with and without a key.
    pub(crate) fn encryption(&self, clock: Clock) -> f64 {
        ratio(&self.rusqlite, &self.unencrypted, clock)
    }
}

fn ratio(of: &[Cost], to: &[Cost], clock: Clock) -> f64 {
    median(of.iter().zip(to).map(|(of, to)| of.by(clock) / to.by(clock)))
}

/// The middle time in microseconds.
pub(crate) fn micros(costs: &[Cost], clock: Clock) -> f64 {
    median(costs.iter().map(|cost| cost.by(clock)))
}

/// The middle number of pages.
pub(crate) fn pages(costs: &[Cost]) -> Option<f64> {
    let pages: Option<Vec<f64>> =
        costs.iter().map(|cost| cost.pages_read.map(|pages| pages as f64)).collect();
    pages.map(median)
}
