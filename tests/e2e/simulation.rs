//! Days of agents, customers and faults, decided by seeds: every invariant holds in each.

mod planted;

use recado_testkit::simulator::Campaign;

/// How many seeds: a share in the quick run, ten times as many in the long one.
fn seeds() -> u64 {
    if std::env::var_os("RECADO_LONG").is_some() { 100_000 } else { 10_000 }
}

#[test]
fn no_seed_breaks_an_invariant() -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism()?.get();
    let campaign = Campaign { first: 1, seeds: seeds(), threads, repeat_every: 100 };
    let report = campaign.run(|_| {})?;
    if let Some(failure) = report.failure {
        let trace = failure.breach.trace.join("\n");
        panic!("seed {}: {}\n{trace}", failure.seed, failure.breach.what);
    }
    assert_eq!((report.runs, report.repeats), (seeds(), seeds() / 100));
    // Sessions go on and are stolen in them, or nothing was asked of either.
    assert!(report.rotations >= seeds(), "only {} rotations", report.rotations);
    assert!(report.thefts >= seeds() / 200, "only {} thefts were found out", report.thefts);
    Ok(())
}
