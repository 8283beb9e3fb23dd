//! The simulator's own test: each planted bug breaks one rule, and has to be found. The seeds are
//! those of the campaign that finds nothing without a bug, from the first on.

use recado_protocol::planted::Planted;
use recado_testkit::simulator::Hunt;

/// After how many seeds a bug counts as missed.
const BUDGET: u64 = 4_000;

#[test]
#[expect(clippy::print_stdout, reason = "how many seeds each took is worth knowing")]
fn every_planted_bug_is_found() -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism()?.get();
    let found =
        Hunt { bugs: Planted::ALL.to_vec(), first: 1, seeds: BUDGET, threads }.run(|_| {})?;
    let mut missed = Vec::new();
    for found in found {
        match found.breach {
            Some(breach) => println!("{:?}: {} seeds: {breach}", found.bug, found.runs),
            None => missed.push(found.bug),
        }
    }
    assert!(missed.is_empty(), "not found within {BUDGET} seeds: {missed:?}");
    Ok(())
}

#[test]
fn the_page_about_the_simulator_names_every_planted_bug() {
    let page = include_str!("../../../docs/simulator.md");
    let unnamed: Vec<_> =
        Planted::ALL.iter().filter(|bug| !page.contains(&format!("| `{bug:?}` |"))).collect();
    assert!(unnamed.is_empty(), "docs/simulator.md does not name {unnamed:?}");
}
