//! Damaged files on the agent's machine: whatever is read is right or an error that heals, and nothing that the agent
//! wrote is lost in silence.

mod damage;
mod profile;
mod work;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use recado_store::{Error, Store, StoreKeys, Which};

use super::lane::{Chance, Trace};
use damage::{copy_all, damage};
use work::{Found, Read};

/// What is damaged.
const FILES: [&str; 7] = [
    "cache.db",
    "cache.db-wal",
    "outbox.db",
    "outbox.db-wal",
    "outbox.db-mirror",
    "outbox.db-mirror-wal",
    "outbox.db-count",
];
/// Files that only together hold what the other two do as well.
const BOTH: [[&str; 2]; 2] =
    [["outbox.db", "outbox.db-mirror"], ["outbox.db-wal", "outbox.db-mirror-wal"]];

fn keys() -> StoreKeys {
    StoreKeys { cache: [0x11; 32], outbox: [0x22; 32] }
}

/// The files of a store as a good end leaves them, and as a killed client does: part of its work is in the files, part
/// in their logs.
struct Originals {
    closed: tempfile::TempDir,
    killed: tempfile::TempDir,
}

impl Originals {
    fn new() -> anyhow::Result<Self> {
        let (closed, killed) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let store = Store::open(closed.path(), keys())?;
        work::fill(&store, |store| Ok(store.verify()?))?;
        work::require_whole(&store)?;
        copy_all(closed.path(), killed.path())?;
        drop(store);
        Ok(Self { closed, killed })
    }
}

/// What of the agent's work is there, and whether somebody was told that some of it may not be.
struct Healed {
    found: Found,
    told: bool,
}

/// What a client does with its files at a start: it opens them, checks the cache after an unclean end, reads, and puts
/// right what is damaged.
fn open_and_heal(dir: &Path) -> anyhow::Result<Healed> {
    let mut told = false;
    for _ in 0..4 {
        let outcome = Store::open(dir, keys()).map_err(Read::from).and_then(|store| {
            if !store.ended_well() {
                Store::cache_check(dir, keys().cache)?.run()?;
            }
            work::read(&store)
        });
        match outcome {
            Ok(found) => return Ok(Healed { found, told }),
            Err(Read::Wrong(what)) => bail!("{what}"),
            Err(Read::Told(Error::Damaged { which, .. })) => heal(dir, which, &mut told)?,
            Err(Read::Told(Error::WrongKey { which })) if Store::any_opens(dir, &keys()) => {
                heal(dir, which, &mut told)?;
            }
            Err(Read::Told(other)) => bail!("not an error that heals: {other:?}"),
        }
    }
    bail!("it does not heal")
}

fn heal(dir: &Path, which: Which, told: &mut bool) -> anyhow::Result<()> {
    match which {
        Which::Cache => Store::quarantine_cache(dir).map(drop)?,
        Which::Outbox => {
            let report = Store::salvage_outbox(dir, keys().outbox)?;
            *told |= report.unreadable > 0 || report.incomplete;
            Store::replace_outbox(dir, keys().outbox, &report)?;
        }
    }
    Ok(())
}

fn round(originals: &Originals, chance: &mut Chance, trace: &mut Trace) -> anyhow::Result<()> {
    let copy = tempfile::tempdir()?;
    let ended_well = chance.one_in(4);
    let original = if ended_well { &originals.closed } else { &originals.killed };
    copy_all(original.path(), copy.path())?;
    let there: Vec<&str> = FILES
        .into_iter()
        .filter(|name| copy.path().join(name).metadata().is_ok_and(|file| file.len() > 0))
        .collect();
    let mut names = vec![*chance.pick(&there)];
    // A disk that damages one file may damage others too.
    let both = chance.one_in(10);
    if both {
        // A store that was closed well has no logs.
        let pair = if ended_well { &BOTH[0] } else { chance.pick(&BOTH) };
        names = pair.to_vec();
    } else if chance.one_in(4) {
        let other = *chance.pick(&there);
        let of_mirror = |name: &str| name.contains("mirror");
        let spares_one = other.starts_with("cache")
            || names[0].starts_with("cache")
            || of_mirror(other) == of_mirror(names[0]);
        if spares_one && other != names[0] {
            names.push(other);
        }
    }
    let mut whats = Vec::new();
    for name in names {
        whats.push(damage(&copy.path().join(name), chance)?);
    }
    let end = if ended_well { "closed" } else { "killed" };
    trace.fault(format!("{end}: {}", whats.join(", ")));
    let healed = catch_unwind(AssertUnwindSafe(|| open_and_heal(copy.path())))
        .map_err(|_| anyhow::anyhow!("it panicked"))??;
    let whole = work::is_whole(&healed.found);
    let Found { commands, drafts } = healed.found;
    let left = format!("{commands} commands and {drafts} drafts are left");
    ensure!(whole || both, "{left}, although the outbox or its mirror was sound");
    ensure!(whole || healed.told, "{left}, and nobody was told");
    Ok(())
}

/// Every twentieth round damages what the whole client opens, the others the two databases.
pub(super) async fn chapter(seed: u64, rounds: usize, trace: &mut Trace) -> anyhow::Result<()> {
    let mut chance = Chance::new(seed);
    let originals = Originals::new()?;
    let mut installation = profile::Installation::new().await?;
    for number in 0..rounds {
        let outcome = if number % 20 == 19 {
            installation.round(&mut chance, trace).await
        } else {
            round(&originals, &mut chance, trace)
        };
        outcome.with_context(|| format!("round {number}"))?;
    }
    Ok(())
}
