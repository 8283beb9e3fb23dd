//! Filling the caches as a first sign-in does: heads first, then whole conversations, then search.

use anyhow::{Context as _, Result};
use recado_protocol::sync::{ConversationPage, MAX_FETCH, MAX_HEADS};
use rusqlite::{Connection, params};

use crate::cache::{Cache, KEY, List, Place};
use crate::generator::Fixture;
use crate::measure::{Cost, measured};
use crate::plain;
use crate::progress::Progress;

/// How many messages the client indexes in one transaction.
pub(crate) const INDEX_BATCH: u32 = 4_000;
/// How many a bulk load by hand indexes in one.
const BULK_INDEX_BATCH: u32 = 50_000;
/// How many rows of the bare table go into one transaction.
const FLOOR_BATCH: usize = 10_000;

/// What filling one cache took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filled {
    /// From nothing to the first page of a list.
    pub(crate) first_page: Cost,
    /// The heads of all open and snoozed conversations.
    pub(crate) heads: Cost,
    /// Every conversation with its parts.
    pub(crate) bodies: Cost,
    /// The full-text index.
    pub(crate) index: Cost,
    /// The longest of the steps in which it was filled, in
    /// microseconds of the processor: what a change waits for.
    pub(crate) longest_step: f64,
}

impl Filled {
    pub(crate) fn whole(&self) -> Cost {
        let mut whole = self.heads;
        whole += self.bodies;
        whole += self.index;
        whole
    }
}

/// What filling the three caches took, and the floor under it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loaded {
    pub(crate) sides: [Filled; 3],
    /// One row into a bare encrypted table, in microseconds of the processor.
    pub(crate) floor_us: f64,
    pub(crate) messages: usize,
    /// The messages' length in bytes.
    pub(crate) text_bytes: u64,
}

/// Fills the three caches, page by page in turn.
pub(crate) fn load(fixture: &Fixture, place: &Place) -> Result<Loaded> {
    let caches = [place.open(0)?, place.open(1)?, place.open(2)?];
    let mut sides = [Filled::default(); 3];
    let order = fixture.newest_first();
    let mut floor = Floor::make(place)?;

    let active: Vec<usize> =
        order.iter().copied().filter(|index| fixture.is_active(*index)).collect();
    let mut progress = Progress::new("heads", active.len());
    for (side, cache) in caches.iter().enumerate() {
        let bootstrap = fixture.bootstrap();
        sides[side].heads += measured(|| cache.bootstrap(bootstrap))?.1;
    }
    for (number, indices) in active.chunks(MAX_HEADS as usize).enumerate() {
        let page = fixture.head_page(indices);
        for turn in 0..3 {
            let side = (number + turn) % 3;
            let own = page.clone();
            sides[side].heads += measured(|| caches[side].heads(own))?.1;
            if number == 0 {
                let first = measured(|| caches[side].first_page(List::All))?.1;
                sides[side].first_page = sides[side].heads;
                sides[side].first_page += first;
            }
        }
        progress.advance(indices.len());
    }

    let mut progress = Progress::new("conversations", order.len());
    for (number, indices) in order.chunks(MAX_FETCH).enumerate() {
        let page = fixture.conversation_page(indices);
        floor.insert(&page)?;
        for turn in 0..3 {
            let side = (number + turn) % 3;
            let own = page.clone();
            sides[side].bodies += measured(|| caches[side].conversations(own))?.1;
        }
        progress.advance(indices.len());
    }
    floor.commit()?;
    index(&caches, &mut sides, fixture.scale().messages)?;
    Ok(Loaded {
        sides,
        floor_us: floor.cpu_micros / floor.rows as f64,
        messages: fixture.scale().messages,
        text_bytes: floor.text_bytes,
    })
}

/// Indexes what waits: Recado in the client's small steps, hand-written code in large ones. They take
/// turns by the number of messages done.
fn index(caches: &[Box<dyn Cache>; 3], sides: &mut [Filled; 3], messages: usize) -> Result<()> {
    let mut done = [0; 3];
    let mut more = [true; 3];
    let mut progress = Progress::new("messages for search", messages);
    while more.contains(&true) {
        let open = done.into_iter().zip(more).filter(|(_, more)| *more).map(|(done, _)| done);
        let fewest = open.min().unwrap_or(0);
        for side in 0..3 {
            if !more[side] || done[side] > fewest {
                continue;
            }
            let batch = if side == 0 { INDEX_BATCH } else { BULK_INDEX_BATCH };
            let ((indexed, goes_on), cost) = measured(|| caches[side].index(batch))?;
            sides[side].index += cost;
            done[side] += indexed as usize;
            more[side] = goes_on;
            if side == 0 {
                sides[side].longest_step = sides[side].longest_step.max(cost.cpu_micros);
                progress.advance(indexed as usize);
            }
        }
    }
    anyhow::ensure!(done == [messages; 3], "not all was indexed: {done:?}");
    Ok(())
}

/// A bare encrypted table that takes the same texts: what no cache can undercut.
struct Floor {
    connection: Connection,
    waiting: Vec<String>,
    rows: usize,
    text_bytes: u64,
    cpu_micros: f64,
}

impl Floor {
    fn make(place: &Place) -> Result<Self> {
        let connection = plain::open_bare(&place.beside("floor.db"), Some(&KEY))?;
        plain::make_floor(&connection).context("the bare table cannot be made")?;
        Ok(Self { connection, waiting: Vec::new(), rows: 0, text_bytes: 0, cpu_micros: 0.0 })
    }

    fn insert(&mut self, page: &ConversationPage) -> Result<()> {
        let parts = page.conversations.iter().flat_map(|delta| &delta.parts);
        let texts = parts.filter(|part| part.part_type.is_message()).map(|part| &part.body_text);
        self.waiting.extend(texts.cloned());
        if self.waiting.len() >= FLOOR_BATCH { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<()> {
        let texts = std::mem::take(&mut self.waiting);
        self.text_bytes += texts.iter().map(|text| text.len() as u64).sum::<u64>();
        let first = self.rows;
        let ((), cost) = measured(|| {
            let tx = self.connection.unchecked_transaction()?;
            let mut insert = tx.prepare_cached("INSERT INTO floor (id, body) VALUES (?1, ?2)")?;
            for (row, text) in texts.iter().enumerate() {
                insert.execute(params![(first + row) as i64, text])?;
            }
            drop(insert);
            Ok(tx.commit()?)
        })?;
        self.rows += texts.len();
        self.cpu_micros += cost.cpu_micros;
        Ok(())
    }
}
