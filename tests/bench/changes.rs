//! Following the change log: 10,000 changes in pages, then changes one by one.

use anyhow::Result;
use recado_protocol::sync::{Change, MAX_ENTRIES};
use rusqlite::Connection;

use crate::cache::{Cache, KEY, Place, Search};
use crate::generator::{Changes, Fixture};
use crate::load::INDEX_BATCH;
use crate::measure::{Clock, Cost, Rounds, measured};
use crate::plain;

/// How many changes come in pages.
pub(crate) const IN_PAGES: usize = 10_000;
/// The lengths of smaller pages.
pub(crate) const SMALLER: [usize; 2] = [100, 10];
/// How many changes come in pages of each smaller length.
const IN_SMALLER: usize = 2_000;
/// How many new messages are looked for right after they were stored.
const LOOKED_FOR: usize = 100;

/// What following the change log took.
#[derive(Debug)]
pub(crate) struct Followed {
    /// Pages of [`MAX_ENTRIES`].
    pub(crate) pages: Rounds,
    /// Pages of a hundred changes, and of ten.
    pub(crate) smaller: [Rounds; 2],
    /// Bringing each page's messages into the full-text index, with what merging that takes.
    pub(crate) index: Rounds,
    /// Pages of one change.
    pub(crate) singles: Rounds,
    /// Pages of the file that one change wrote, in pages of [`MAX_ENTRIES`].
    pub(crate) written_in_pages: [f64; 3],
    /// The same in pages of a hundred changes, and of ten.
    pub(crate) written_in_smaller: [[f64; 3]; 2],
    /// The same in pages of one change.
    pub(crate) written_in_singles: [f64; 3],
    /// How many of [`LOOKED_FOR`] new messages a search did not find right after they were stored.
    pub(crate) not_found: usize,
}

pub(crate) fn follow(fixture: &Fixture, place: &Place, singles: usize) -> Result<Followed> {
    let caches = [place.open(0)?, place.open(1)?, place.open(2)?];
    let mut logs = [WriteLog::of(place, 0)?, WriteLog::of(place, 1)?, WriteLog::of(place, 2)?];
    let mut changes = Changes::new(fixture);
    let per_page = MAX_ENTRIES as usize;

    let mut index = Rounds::default();
    let mut apply = |rounds: usize, entries: usize| -> Result<(Rounds, [f64; 3])> {
        let before = logs.each_ref().map(|log| log.frames);
        let mut page = changes.page(entries);
        let mut at = 0;
        let costs = Rounds::run(rounds, |round, side| {
            if round != at {
                page = changes.page(entries);
                at = round;
            }
            let own = page.clone();
            let ((), cost) = measured(|| caches[side].changes(own))?;
            logs[side].look()?;
            // What is left for a quiet moment.
            let rest = || {
                while caches[side].index(INDEX_BATCH)?.1 {}
                Ok(())
            };
            let ((), rest) = measured(rest)?;
            if entries == per_page {
                index.of(side).push(rest);
            }
            logs[side].look_away()?;
            Ok(cost)
        })?;
        let whole = (rounds * entries) as f64;
        let written = [0, 1, 2].map(|side| (logs[side].frames - before[side]) as f64 / whole);
        Ok((costs, written))
    };
    let (pages, written_in_pages) = apply(IN_PAGES / per_page, per_page)?;
    let [(hundreds, in_hundreds), (tens, in_tens)] =
        [apply(IN_SMALLER / SMALLER[0], SMALLER[0])?, apply(IN_SMALLER / SMALLER[1], SMALLER[1])?];
    let (singles, written_in_singles) = apply(singles, 1)?;
    Ok(Followed {
        pages,
        smaller: [hundreds, tens],
        index,
        singles,
        written_in_pages,
        written_in_smaller: [in_hundreds, in_tens],
        written_in_singles,
        not_found: look_for_new(caches[0].as_ref(), &mut changes)?,
    })
}

/// Searches for each new message right after it was stored, before it is brought into the index.
fn look_for_new(cache: &dyn Cache, changes: &mut Changes<'_>) -> Result<usize> {
    let (mut looked_for, mut not_found) = (0, 0);
    while looked_for < LOOKED_FOR {
        let page = changes.page(1);
        let newest = page.changes.iter().find_map(|change| match change {
            Change::Conversation { conversation } => conversation.parts.first().cloned(),
            _ => None,
        });
        cache.changes(page)?;
        let Some(part) = newest.filter(|part| part.part_type.is_message()) else { continue };
        looked_for += 1;
        let typed = format!("{} ", part.body_text);
        let search = Search { name: "new", typed: &typed, expression: "" };
        let found = cache.search(&search)?;
        if !found.iter().any(|found| found.part_id == part.id) {
            not_found += 1;
        }
    }
    Ok(not_found)
}

impl Followed {
    /// How many microseconds one change took in pages, full text included.
    pub(crate) fn micros_per_change(&self, clock: Clock, side: fn(&Rounds) -> &[Cost]) -> f64 {
        let sum = |rounds: &Rounds| side(rounds).iter().map(|cost| cost.by(clock)).sum::<f64>();
        (sum(&self.pages) + sum(&self.index)) / IN_PAGES as f64
    }
}

/// Watches a file's write-ahead log from beside. Each of its frames is a page that a commit wrote.
struct WriteLog {
    connection: Connection,
    in_log: u64,
    frames: u64,
}

impl WriteLog {
    fn of(place: &Place, side: usize) -> Result<Self> {
        let key = if side == 2 { None } else { Some(&KEY) };
        let connection = plain::open_bare(&place.file(side), key)?;
        let mut log = Self { connection, in_log: 0, frames: 0 };
        log.look()?;
        log.frames = 0;
        Ok(log)
    }

    /// Counts what came since the last look, which is one commit ago: a log that got shorter was
    /// begun anew by that commit.
    fn look(&mut self) -> Result<()> {
        let now: i64 =
            self.connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(1))?;
        let now = now.max(0).unsigned_abs();
        self.frames += if now >= self.in_log { now - self.in_log } else { now };
        self.in_log = now;
        Ok(())
    }

    /// Leaves out what came since the last look.
    fn look_away(&mut self) -> Result<()> {
        let frames = self.frames;
        self.look()?;
        self.frames = frames;
        Ok(())
    }
}
