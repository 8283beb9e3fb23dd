//! Many seeds, on several threads, each run on one of them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use super::{Beginning, Breach, Plan, Run, run, shrunk};

/// Which seeds are run, and how.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The first seed.
    pub first: u64,
    /// How many seeds.
    pub seeds: u64,
    /// On how many threads.
    pub threads: usize,
    /// Each so many-th seed is run a second time, and the two have to be the same event by event.
    pub repeat_every: u64,
}

/// How a campaign went.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How many seeds were run.
    pub runs: u64,
    /// How many of them a second time.
    pub repeats: u64,
    /// How many events were handled.
    pub steps: u64,
    /// How often a session's refresh secret was replaced.
    pub rotations: u64,
    /// How many sessions ended because somebody else used their secrets.
    pub thefts: u64,
    /// The first seed that failed, made small.
    pub failure: Option<Failure>,
}

/// A seed that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What was broken, and what led to it in the smallest plan that was found.
    pub breach: Breach,
    /// How many stimuli the smallest plan has.
    pub stimuli: usize,
}

struct One {
    steps: u64,
    rotations: u64,
    thefts: u64,
    repeated: bool,
    failed: Option<u64>,
}

impl Campaign {
    /// Runs the seeds until one fails. `progress` hears now and then how many are done.
    ///
    /// # Errors
    /// If a world cannot even be made.
    pub fn run(&self, mut progress: impl FnMut(u64)) -> anyhow::Result<Report> {
        let next = AtomicU64::new(self.first);
        let stop = AtomicBool::new(false);
        let (sender, receiver) = mpsc::channel::<anyhow::Result<One>>();
        let mut report = Report::default();
        let mut failed = Vec::new();
        thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                let (sender, next, stop) = (sender.clone(), &next, &stop);
                scope.spawn(move || self.work(next, stop, &sender));
            }
            drop(sender);
            for one in receiver {
                let one = one?;
                report.runs += 1;
                report.steps += one.steps;
                report.rotations += one.rotations;
                report.thefts += one.thefts;
                report.repeats += u64::from(one.repeated);
                failed.extend(one.failed);
                if report.runs % 100 == 0 {
                    progress(report.runs);
                }
            }
            anyhow::Ok(())
        })?;
        if let Some(seed) = failed.into_iter().min() {
            report.failure = Some(explain(&Beginning::new()?, seed)?);
        }
        Ok(report)
    }

    fn work(
        &self,
        next: &AtomicU64,
        stop: &AtomicBool,
        sender: &mpsc::Sender<anyhow::Result<One>>,
    ) {
        let beginning = match Beginning::new() {
            Ok(beginning) => beginning,
            Err(error) => {
                let _ = sender.send(Err(error));
                return;
            }
        };
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= self.first + self.seeds || stop.load(Ordering::Relaxed) {
                return;
            }
            let one = self.one(&beginning, seed);
            if !matches!(one, Ok(One { failed: None, .. })) {
                stop.store(true, Ordering::Relaxed);
            }
            if sender.send(one).is_err() {
                return;
            }
        }
    }

    fn one(&self, beginning: &Beginning, seed: u64) -> anyhow::Result<One> {
        let plan = Plan::of(seed);
        let repeated = self.repeat_every > 0 && seed.is_multiple_of(self.repeat_every);
        let first = run(beginning, &plan, repeated)?;
        let mut failed = first.breach.is_some();
        if repeated {
            failed |= run(beginning, &plan, true)?.digest != first.digest;
        }
        let Run { steps, rotations, thefts, .. } = first;
        Ok(One { steps, rotations, thefts, repeated, failed: failed.then_some(seed) })
    }
}

/// Runs a seed alone and tells what went wrong, as small as it can be made.
///
/// # Errors
/// If a world cannot even be made.
pub fn explain(beginning: &Beginning, seed: u64) -> anyhow::Result<Failure> {
    let small = shrunk(beginning, &Plan::of(seed))?;
    let breach = run(beginning, &small, true)?.breach.unwrap_or_else(|| Breach {
        what: "two runs of this seed were not the same".to_owned(),
        trace: Vec::new(),
    });
    Ok(Failure { seed, breach, stimuli: small.stimuli.len() })
}
