//! The simulator's own test: how many seeds it takes to find each of the planted bugs.

use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;

use recado_protocol::planted::{Planted, plant};

use super::{Beginning, Plan, run};

/// A hunt for planted bugs: each is planted alone, and the same seeds are run until one breaks an
/// invariant.
#[derive(Debug, Clone)]
pub struct Hunt {
    /// Which bugs.
    pub bugs: Vec<Planted>,
    /// The first seed.
    pub first: u64,
    /// After how many seeds a bug counts as missed.
    pub seeds: u64,
    /// On how many threads.
    pub threads: usize,
}

/// What came of the hunt for one bug.
#[derive(Debug, Clone)]
pub struct Found {
    /// The bug.
    pub bug: Planted,
    /// How many seeds were run.
    pub runs: u64,
    /// What the last of them broke; nothing if the bug was missed.
    pub breach: Option<String>,
}

impl Hunt {
    /// Hunts. `heard` hears of each bug once it is found or missed, in no particular order.
    ///
    /// # Errors
    /// If a world cannot even be made.
    pub fn run(&self, mut heard: impl FnMut(&Found)) -> anyhow::Result<Vec<Found>> {
        let waiting = Mutex::new(self.bugs.iter());
        let (sender, receiver) = mpsc::channel();
        let mut all = Vec::with_capacity(self.bugs.len());
        thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                let (sender, waiting) = (sender.clone(), &waiting);
                scope.spawn(move || {
                    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let beginning = match Beginning::new() {
                        Ok(beginning) => beginning,
                        Err(error) => {
                            let _ = sender.send(Err(error));
                            return;
                        }
                    };
                    while let Some(bug) = next() {
                        if sender.send(self.hunt(&beginning, *bug)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for found in receiver {
                let found = found?;
                heard(&found);
                all.push(found);
            }
            anyhow::Ok(())
        })?;
        let place = |found: &Found| self.bugs.iter().position(|bug| *bug == found.bug);
        all.sort_by_key(place);
        Ok(all)
    }

    fn hunt(&self, beginning: &Beginning, bug: Planted) -> anyhow::Result<Found> {
        plant(Some(bug));
        let mut found = Found { bug, runs: 0, breach: None };
        for seed in self.first..self.first + self.seeds {
            found.runs += 1;
            found.breach = run(beginning, &Plan::of(seed), false)?.breach.map(|breach| breach.what);
            if found.breach.is_some() {
                break;
            }
        }
        plant(None);
        Ok(found)
    }
}
