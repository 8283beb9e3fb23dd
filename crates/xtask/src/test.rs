//! `cargo xtask test`: every check in a fixed order, a line each, a table and the sum at the end.

mod job;
mod steps;
mod tally;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::builder::PossibleValuesParser;

use crate::interrupt::Interrupt;
use crate::workspace::Workspace;
use job::Job;
use steps::{STEPS, Step};
use tally::Tally;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run the full counts: each promised fault at least 200 times instead of 10, 100 times as many simulated days. Takes
    /// hours
    #[arg(long)]
    long: bool,

    /// Run only these steps
    #[arg(long, value_name = "STEP", num_args = 1.., value_delimiter = ',', value_parser = step_names())]
    only: Vec<String>,

    /// Leave these steps out
    #[arg(long, value_name = "STEP", num_args = 1.., value_delimiter = ',', value_parser = step_names())]
    skip: Vec<String>,

    /// List the steps and run none
    #[arg(long)]
    list: bool,
}

fn step_names() -> PossibleValuesParser {
    PossibleValuesParser::new(STEPS.iter().map(|step| step.name))
}

/// What is left of a step when it has ended.
struct Outcome {
    name: &'static str,
    elapsed: Duration,
    tally: Tally,
    failure: Option<String>,
    log: String,
}

pub(crate) fn run(
    options: &Options,
    workspace: &Workspace,
    interrupt: &Interrupt,
) -> Result<ExitCode> {
    let wanted = |step: &&Step| {
        let named = |names: &[String]| names.iter().any(|name| name == step.name);
        (options.only.is_empty() || named(&options.only)) && !named(&options.skip)
    };
    let steps: Vec<&Step> = STEPS.iter().filter(wanted).collect();
    if options.list {
        for step in steps {
            println!("{:<10} {}", step.name, step.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    if steps.is_empty() {
        bail!("no step is left to run");
    }

    let started = Instant::now();
    let mut outcomes = Vec::new();
    for step in steps {
        println!("{:<10} {}", step.name, step.about);
        let outcome = run_step(step, options.long, workspace, interrupt)?;
        println!("{}", result_line(&outcome));
        outcomes.push(outcome);
        if interrupt.raised() {
            break;
        }
    }
    Ok(summarise(&outcomes, started.elapsed(), interrupt))
}

fn run_step(
    step: &Step,
    long: bool,
    workspace: &Workspace,
    interrupt: &Interrupt,
) -> Result<Outcome> {
    let minutes = if long { step.long_limit_min } else { step.limit_min };
    let mut job =
        Job::start(step.name, Duration::from_secs(60 * minutes), long, workspace, interrupt)?;
    let result = (step.run)(&mut job);
    job.finish();
    let failure = result.err().map(|error| format!("{error:#}"));
    if let Some(reason) = &failure {
        for line in job.tail() {
            println!("    {line}");
        }
        println!("    {reason}");
    }
    Ok(Outcome {
        name: step.name,
        elapsed: job.elapsed(),
        tally: whole(job.tally(), failure.is_some()),
        failure,
        log: job.log_path().display().to_string(),
    })
}

/// A step that counts no tests counts as one; one that failed counts as failed even when no single test did.
fn whole(tally: Tally, failed: bool) -> Tally {
    match (failed, tally) {
        (true, Tally { passed, failed: 0 }) => Tally { passed, failed: 1 },
        (false, Tally { passed: 0, failed: 0 }) => Tally { passed: 1, failed: 0 },
        (_, tally) => tally,
    }
}

fn result_line(outcome: &Outcome) -> String {
    let word = if outcome.failure.is_some() { "FAILED" } else { "ok" };
    let Tally { passed, failed } = outcome.tally;
    let counts = if passed + failed == 1 {
        String::new()
    } else {
        format!("{passed} passed, {failed} failed")
    };
    let line =
        format!("{:<10} {word:<7}{:>5} s  {counts}", outcome.name, outcome.elapsed.as_secs());
    line.trim_end().to_owned()
}

/// Prints the table, what failed and where its output lies, and as the very last line the sum.
fn summarise(outcomes: &[Outcome], elapsed: Duration, interrupt: &Interrupt) -> ExitCode {
    let mut sum = Tally::default();
    println!("\nSummary");
    for outcome in outcomes {
        println!("  {}", result_line(outcome));
        if let Some(reason) = &outcome.failure {
            println!("             {}", reason.lines().next().unwrap_or_default());
            println!("             all its output: {}", outcome.log);
        }
        sum.add(outcome.tally);
    }
    if interrupt.raised() {
        println!("  stopped by a signal; later steps did not run");
    }
    println!("  in {} min {} s\n", elapsed.as_secs() / 60, elapsed.as_secs() % 60);
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed == 0 && !interrupt.raised() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_counted_even_when_all_its_tests_passed() {
        assert_eq!(whole(Tally { passed: 7, failed: 0 }, true), Tally { passed: 7, failed: 1 });
        assert_eq!(whole(Tally { passed: 7, failed: 2 }, true), Tally { passed: 7, failed: 2 });
        assert_eq!(whole(Tally { passed: 0, failed: 0 }, true), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn a_step_without_tests_counts_as_one() {
        assert_eq!(whole(Tally::default(), false), Tally { passed: 1, failed: 0 });
        assert_eq!(whole(Tally { passed: 7, failed: 0 }, false), Tally { passed: 7, failed: 0 });
    }

    #[test]
    fn every_step_has_a_name_of_its_own() {
        for (index, step) in STEPS.iter().enumerate() {
            assert!(STEPS.iter().skip(index + 1).all(|other| other.name != step.name));
        }
    }
}
