//! `cargo xtask sim`: runs many seeds of the simulator, or one of them with its trace.

#![expect(clippy::print_stdout, reason = "it talks on the terminal")]

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use recado_protocol::planted::{Planted, plant};
use recado_testkit::simulator::{Beginning, Campaign, Failure, Hunt, Plan, explain, run};

const HELP: &str = "\
Runs simulated days of agents, customers, admins and faults, each decided by its seed.

simulate --seeds N     runs N seeds and stops at the first that breaks an invariant
    --first S          begins with seed S instead of 1
    --threads T        on T threads instead of one for each processor
simulate --seed S      runs one seed, and shows what happened if it breaks an invariant
    --trace            shows it in any case
    --planted BUG      with a bug planted, by its name
simulate --planted BUG tells how many of at most 2000 seeds it takes to find a planted bug, or all
    --seeds N, --first S, --threads T   as above";

struct Arguments {
    campaign: Campaign,
    seed: Option<u64>,
    trace: bool,
    planted: Vec<Planted>,
}

fn arguments() -> anyhow::Result<Arguments> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let campaign = Campaign { first: 1, seeds: 10_000, threads, repeat_every: 100 };
    let mut arguments = Arguments { campaign, seed: None, trace: false, planted: Vec::new() };
    let mut seeds = None;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> anyhow::Result<u64> {
            let value = words.next().unwrap_or_default();
            value.parse().map_err(|_| anyhow::anyhow!("{word} needs a number\n\n{HELP}"))
        };
        match word.as_str() {
            "--seeds" => seeds = Some(number()?),
            "--first" => arguments.campaign.first = number()?,
            "--threads" => arguments.campaign.threads = usize::try_from(number()?)?,
            "--seed" => arguments.seed = Some(number()?),
            "--trace" => arguments.trace = true,
            "--planted" => arguments.planted = planted(&words.next().unwrap_or_default())?,
            _ => anyhow::bail!("{HELP}"),
        }
    }
    let unsaid = if arguments.planted.is_empty() { 10_000 } else { 2_000 };
    arguments.campaign.seeds = seeds.unwrap_or(unsaid);
    Ok(arguments)
}

fn planted(name: &str) -> anyhow::Result<Vec<Planted>> {
    let names = |bug: &&Planted| name == "all" || name == format!("{bug:?}");
    let bugs: Vec<Planted> = Planted::ALL.iter().filter(names).copied().collect();
    anyhow::ensure!(!bugs.is_empty(), "there is no planted bug {name:?}\n\n{HELP}");
    Ok(bugs)
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = arguments()?;
    match (arguments.seed, arguments.planted.as_slice()) {
        (Some(seed), planted) => {
            let beginning = Beginning::new()?;
            plant(planted.first().copied());
            one(&beginning, seed, arguments.trace)
        }
        (None, []) => many(&arguments.campaign),
        (None, _) => hunt(arguments.planted, &arguments.campaign),
    }
}

fn one(beginning: &Beginning, seed: u64, trace: bool) -> anyhow::Result<ExitCode> {
    let whole = run(beginning, &Plan::of(seed), true)?;
    if trace {
        whole.trace.iter().for_each(|line| println!("{line}"));
    }
    if whole.breach.is_none() {
        println!("seed {seed}: {} events, every invariant holds ({})", whole.steps, whole.digest);
        return Ok(ExitCode::SUCCESS);
    }
    tell(&explain(beginning, seed)?);
    Ok(ExitCode::FAILURE)
}

fn many(campaign: &Campaign) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let live = std::io::stdout().is_terminal();
    let rate = |runs: u64| runs as f64 / begun.elapsed().as_secs_f64();
    let mut told = Instant::now();
    let report = campaign.run(|runs| {
        if live || told.elapsed().as_secs() >= 30 {
            told = Instant::now();
            let end = if live { "\r" } else { "\n" };
            print!("{runs} of {} seeds, {:.0} a second{end}", campaign.seeds, rate(runs));
            let _ = std::io::stdout().flush();
        }
    })?;
    println!(
        "{} seeds in {:.0} s ({:.0} a second), {} events, {} rotations, {} thefts found out, \
         {} seeds twice",
        report.runs,
        begun.elapsed().as_secs_f64(),
        rate(report.runs),
        report.steps,
        report.rotations,
        report.thefts,
        report.repeats
    );
    match report.failure {
        None => Ok(ExitCode::SUCCESS),
        Some(failure) => {
            tell(&failure);
            Ok(ExitCode::FAILURE)
        }
    }
}

fn hunt(bugs: Vec<Planted>, campaign: &Campaign) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let Campaign { first, seeds, threads, .. } = *campaign;
    println!("{:<16} {:<22} {:>5}  breach", "rule", "planted bug", "seeds");
    let found = Hunt { bugs, first, seeds, threads }.run(|found| {
        let breach = found.breach.as_deref().unwrap_or("MISSED");
        let short: String = breach.chars().take(90).collect();
        let (rule, bug) = (found.bug.rule(), format!("{:?}", found.bug));
        println!("{rule:<16} {bug:<22} {:>5}  {short}", found.runs);
    })?;
    let missed = found.iter().filter(|found| found.breach.is_none()).count();
    println!(
        "{} of {} planted bugs found in {:.0} s, {} seeds",
        found.len() - missed,
        found.len(),
        begun.elapsed().as_secs_f64(),
        found.iter().map(|found| found.runs).sum::<u64>()
    );
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(failure: &Failure) {
    println!("\nseed {} breaks an invariant, with {} stimuli left:", failure.seed, failure.stimuli);
    failure.breach.trace.iter().for_each(|line| println!("  {line}"));
    println!("  => {}", failure.breach.what);
    println!("\nagain: cargo xtask sim --seed {}", failure.seed);
}
