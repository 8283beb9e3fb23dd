//! What an agent waits for: the start, a list, a conversation, a search.

use anyhow::{Result, ensure};

use crate::cache::{Cache, KEY, List, Place, SIDES, Search};
use crate::generator::{Fixture, LONG_PARTS};
use crate::measure::{Cost, Rounds, measured};
use crate::plain;

/// The searches. A space ends a word; without one it is unfinished and matches as a prefix.
pub(crate) const SEARCHES: [Search<'static>; 6] = [
    Search { name: "rare", typed: "kestrel ", expression: "kestrel" },
    Search { name: "1pct", typed: "voucher ", expression: "voucher" },
    Search { name: "15pct", typed: "refund ", expression: "refund" },
    Search { name: "prefix_1pct", typed: "vou", expression: "vou*" },
    Search { name: "prefix_15pct", typed: "ref", expression: "ref*" },
    Search { name: "two_words", typed: "refund voucher ", expression: "refund AND voucher" },
];

/// A piece of work on a fresh connection, and the same again.
#[derive(Debug)]
pub(crate) struct FirstAndAgain {
    pub(crate) first: Rounds,
    pub(crate) again: Rounds,
}

fn first_and_again(
    rounds: usize,
    place: &Place,
    mut work: impl FnMut(&dyn Cache, usize) -> Result<()>,
) -> Result<FirstAndAgain> {
    let mut again = Rounds::default();
    let first = Rounds::run(rounds, |round, side| {
        let cache = place.open(side)?;
        let ((), first) = measured(|| work(cache.as_ref(), round))?;
        let ((), second) = measured(|| work(cache.as_ref(), round))?;
        again.of(side).push(second);
        Ok(first)
    })?;
    Ok(FirstAndAgain { first, again })
}

/// Everything that only reads.
#[derive(Debug)]
pub(crate) struct Reads {
    /// Opening an empty encrypted file.
    pub(crate) empty_open: Vec<Cost>,
    pub(crate) open: Rounds,
    pub(crate) open_first_page: Rounds,
    /// The same, with nothing of the file in the operating system's memory.
    pub(crate) cold_disk: Rounds,
    pub(crate) mine: FirstAndAgain,
    pub(crate) all: FirstAndAgain,
    pub(crate) counts: FirstAndAgain,
    pub(crate) conversation: FirstAndAgain,
    pub(crate) searches: Vec<(Search<'static>, FirstAndAgain)>,
}

pub(crate) fn reads(fixture: &Fixture, place: &Place, rounds: usize) -> Result<Reads> {
    check(fixture, place)?;
    let empty = place.beside("empty.db");
    let open_empty = || {
        let connection = plain::open_bare(&empty, Some(&KEY))?;
        connection
            .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
        Ok(connection)
    };
    open_empty()?.execute_batch("CREATE TABLE one (one INTEGER NOT NULL PRIMARY KEY)")?;

    let mut empty_open = Vec::new();
    let open = Rounds::run(rounds, |_, side| {
        if side == 0 {
            empty_open.push(measured(open_empty)?.1);
        }
        Ok(measured(|| place.open(side))?.1)
    })?;
    let open_and_list = |side| {
        let cache = place.open(side)?;
        let rows = cache.first_page(List::Mine)?;
        Ok((cache, rows))
    };
    let open_first_page = Rounds::run(rounds, |_, side| Ok(measured(|| open_and_list(side))?.1))?;
    let cold_disk = Rounds::run(rounds, |_, side| {
        place.forget(side)?;
        let cost = measured(|| open_and_list(side))?.1;
        ensure!(cost.disk_bytes != Some(0), "the system has not forgotten the file");
        Ok(cost)
    })?;
    // What is measured below is not the disk.
    warm(place)?;
    let list = |list| first_and_again(rounds, place, |cache, _| cache.first_page(list).map(drop));
    let long = fixture.long();
    let searches = SEARCHES.iter().map(|search| {
        let costs = first_and_again(rounds, place, |cache, _| cache.search(search).map(drop))?;
        Ok((*search, costs))
    });
    Ok(Reads {
        empty_open,
        open,
        open_first_page,
        cold_disk,
        mine: list(List::Mine)?,
        all: list(List::All)?,
        counts: first_and_again(rounds, place, |cache, _| cache.counts().map(drop))?,
        conversation: first_and_again(rounds, place, |cache, round| {
            // Another conversation in each round, from all over the file.
            let id = fixture.conversation_id(long[round * 7919 % long.len()]);
            cache.conversation(id).map(drop)
        })?,
        searches: searches.collect::<Result<_>>()?,
    })
}

/// Brings the files into the operating system's memory.
fn warm(place: &Place) -> Result<()> {
    for side in 0..3 {
        std::io::copy(&mut std::fs::File::open(place.file(side))?, &mut std::io::sink())?;
    }
    Ok(())
}

/// The three must give the same answers, or the comparison means nothing.
fn check(fixture: &Fixture, place: &Place) -> Result<()> {
    warm(place)?;
    let caches = [place.open(0)?, place.open(1)?, place.open(2)?];
    for (cache, side) in caches.iter().zip(SIDES).skip(1) {
        for list in [List::Mine, List::All] {
            let (ours, theirs) = (caches[0].first_page(list)?, cache.first_page(list)?);
            ensure!(ours == theirs, "recado and {side} show another list of {list:?}");
        }
        let (ours, theirs) = (caches[0].counts()?, cache.counts()?);
        ensure!(ours == theirs, "recado counts {ours} open conversations, {side} {theirs}");
        for index in fixture.long().into_iter().take(5) {
            let id = fixture.conversation_id(index);
            let opened = caches[0].conversation(id)?;
            ensure!(opened == cache.conversation(id)?, "recado and {side} open {id} differently");
            let parts = opened.parts.len();
            ensure!(parts == LONG_PARTS as usize, "{id} has {parts} parts");
        }
        for search in &SEARCHES {
            let (mut ours, mut theirs) = (caches[0].search(search)?, cache.search(search)?);
            ours.sort();
            theirs.sort();
            ensure!(ours == theirs, "recado and {side} find others for {:?}", search.typed);
            ensure!(!ours.is_empty(), "nothing was found for {:?}", search.typed);
        }
    }
    Ok(())
}
