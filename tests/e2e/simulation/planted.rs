//! The simulator's own test: each planted bug breaks one rule, and has to be found. The seeds are
//! those of the campaign that finds nothing without a bug, from the first on.

use recado_protocol::planted::Planted;
use recado_testkit::simulator::Hunt;

/// Bugs that were not found in the seeds of a quick run; only the long run looks for them.
const RARE: &[Planted] = &[Planted::AnswersOfBeforeTaken];

/// Which bugs are hunted, and after how many seeds one counts as missed.
fn budget() -> (Vec<Planted>, u64) {
    if std::env::var_os("RECADO_LONG").is_some() {
        return (Planted::ALL.to_vec(), 20_000);
    }
    let is_rare = |bug: &&Planted| RARE.contains(bug);
    (Planted::ALL.iter().filter(|bug| !is_rare(bug)).copied().collect(), 4_000)
}

#[test]
#[expect(clippy::print_stdout, reason = "how many seeds each took is worth knowing")]
fn every_planted_bug_is_found() -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism()?.get();
    let (bugs, seeds) = budget();
    assert!(bugs.len() >= 70, "only {} bugs are hunted", bugs.len());
    let found = Hunt { bugs, first: 1, seeds, threads }.run(|_| {})?;
    let mut missed = Vec::new();
    for found in found {
        match found.breach {
            Some(breach) => println!("{:?}: {} seeds: {breach}", found.bug, found.runs),
            None => missed.push(found.bug),
        }
    }
    assert!(missed.is_empty(), "not found within {seeds} seeds: {missed:?}");
    Ok(())
}

#[test]
fn the_page_about_the_simulator_names_every_planted_bug() {
    let page = include_str!("../../../docs/simulator.md");
    let unnamed: Vec<_> =
        Planted::ALL.iter().filter(|bug| !page.contains(&format!("| `{bug:?}` |"))).collect();
    assert!(unnamed.is_empty(), "docs/simulator.md does not name {unnamed:?}");
}
