//! Making a failing plan small, so that somebody can read what happens.

use super::plan::Plan;
use super::{Beginning, run};

/// How many runs it takes at most.
const MAX_RUNS: u32 = 400;

/// The smallest plan that was found to break the same invariant: without what is not needed for it.
///
/// # Errors
/// If a world cannot even be made.
pub fn shrunk(beginning: &Beginning, plan: &Plan) -> anyhow::Result<Plan> {
    let mut smallest = plan.clone();
    let Some(kind) = kind_of_breach(beginning, plan)? else { return Ok(smallest) };
    let mut runs = 0;
    let mut still_fails = |candidate: &Plan| -> anyhow::Result<bool> {
        runs += 1;
        Ok(runs <= MAX_RUNS && kind_of_breach(beginning, candidate)?.as_ref() == Some(&kind))
    };
    for weather in calmer(&smallest) {
        if still_fails(&weather)? {
            smallest = weather;
        }
    }
    let mut chunk = smallest.stimuli.len().div_ceil(2);
    while chunk > 0 {
        let mut at = 0;
        while at < smallest.stimuli.len() {
            let mut candidate = smallest.clone();
            let end = (at + chunk).min(candidate.stimuli.len());
            candidate.stimuli.drain(at..end);
            if still_fails(&candidate)? {
                smallest = candidate;
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    Ok(smallest)
}

/// The plan with one kind of bad weather less.
fn calmer(plan: &Plan) -> Vec<Plan> {
    let with = |change: fn(&mut Plan)| {
        let mut calmer = plan.clone();
        change(&mut calmer);
        calmer
    };
    vec![
        with(|plan| plan.weather.lost = 0),
        with(|plan| plan.weather.doubled = 0),
        with(|plan| plan.weather.slow = 0),
        with(|plan| plan.weather.unheard = 0),
        with(|plan| plan.weather.skipped = 0),
        with(|plan| plan.weather.newer_server = false),
        with(|plan| plan.weather.keychain = 0),
        with(|plan| (plan.weather.lost, plan.weather.doubled, plan.weather.slow) = (0, 0, 0)),
    ]
}

/// The first word of what is broken, which is the invariant's number where it has one.
fn kind_of_breach(beginning: &Beginning, plan: &Plan) -> anyhow::Result<Option<String>> {
    let breach = run(beginning, plan, false)?.breach;
    Ok(breach.map(|breach| breach.what.split(' ').next().unwrap_or_default().to_owned()))
}
