//! What was measured, held against the goals.

use std::fmt::Write as _;

use crate::changes::{Followed, SMALLER};
use crate::generator::Scale;
use crate::load::{Filled, Loaded};
use crate::measure::{Clock, Cost, Rounds, median, micros, quantile};
use crate::reads::{FirstAndAgain, Reads};
use crate::report::{self, Goal, Line, pages_of};

/// One scale, measured.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) scale: Scale,
    pub(crate) loaded: Loaded,
    /// The files' sizes in bytes.
    pub(crate) sizes: [u64; 3],
    pub(crate) reads: Reads,
    pub(crate) followed: Followed,
}

/// The whole result.
pub(crate) fn text(measured: &Measured, tenth: Option<&Measured>) -> String {
    let Scale { conversations, messages } = measured.scale;
    let mut text = format!(
        "{conversations} conversations, {messages} messages; SQLite {}\n\n",
        rusqlite::version()
    );
    text.push_str(&report::lines(&lines(measured)));
    let _ = writeln!(
        text,
        "\ncpu: time of the processor, otherwise time on the wall\nratio: recado to hand-written rusqlite with the same SQLCipher settings, the middle of \
         neighbouring pairs\nx plain: recado to the same without a key; cipher: rusqlite with a key \
         to rusqlite without\npages: read by SQLite (changes: written to the log for one change)\n"
    );
    let mut all = goals(measured);
    if let Some(tenth) = tenth {
        all.extend(growth(measured, tenth));
    }
    let (table, short) = report::goals(&all);
    text.push_str(&table);
    let _ = write!(text, "\n{} goals, {short} short", all.len());
    text
}

fn lines(measured: &Measured) -> Vec<Line> {
    use Clock::{Cpu, Wall};
    let Measured { reads, followed, loaded, .. } = measured;
    let mut lines = vec![
        Line::of("start/open", &reads.open, Wall),
        Line::of("start/open_first_page", &reads.open_first_page, Wall),
        Line::of("start/cold_disk", &reads.cold_disk, Wall),
    ];
    let mut pair = |name: &str, costs: &FirstAndAgain| {
        lines.push(Line::of(format!("{name}, first"), &costs.first, Wall));
        lines.push(Line::of(format!("{name}, again"), &costs.again, Wall));
    };
    pair("inbox/mine", &reads.mine);
    pair("inbox/all_open", &reads.all);
    pair("inbox/counts", &reads.counts);
    pair("conversation/open_200", &reads.conversation);
    for (search, costs) in &reads.searches {
        pair(&format!("search/{}", search.name), costs);
    }
    for clock in [Wall, Cpu] {
        let name = |name: &str| named(name, clock);
        let (in_pages, singles) = (followed.written_in_pages, followed.written_in_singles);
        let pages = Line::of(name("changes/500_in_a_page"), &followed.pages, clock);
        lines.push(pages.with_pages(Some(in_pages)));
        let smaller = SMALLER.iter().zip(&followed.smaller).zip(followed.written_in_smaller);
        for ((length, rounds), written) in smaller {
            let line = Line::of(name(&format!("changes/{length}_in_a_page")), rounds, clock);
            lines.push(line.with_pages(Some(written)));
        }
        let index = Line::of(name("changes/index_500"), &followed.index, clock);
        lines.push(index.with_pages(None));
        let single = Line::of(name("changes/one_by_one"), &followed.singles, clock);
        lines.push(single.with_pages(Some(singles)));
        let each = [
            followed.micros_per_change(clock, |rounds| &rounds.recado),
            followed.micros_per_change(clock, |rounds| &rounds.rusqlite),
            followed.micros_per_change(clock, |rounds| &rounds.unencrypted),
        ];
        lines.push(Line::once(name("changes/10000, each"), each));
    }
    for clock in [Wall, Cpu] {
        let name = |name: &str| named(name, clock);
        let filled = |of: fn(&Filled) -> Cost| loaded.sides.map(|side| of(&side).by(clock));
        lines.push(Line::once(name("bootstrap/first_page"), filled(|side| side.first_page)));
        lines.push(Line::once(name("bootstrap/heads"), filled(|side| side.heads)));
        lines.push(Line::once(name("bootstrap/bodies"), filled(|side| side.bodies)));
        lines.push(Line::once(name("bootstrap/index"), filled(|side| side.index)));
        let each = filled(Filled::whole).map(|whole| whole / loaded.messages as f64);
        lines.push(Line::once(name("bootstrap, each message"), each));
    }
    lines
}

fn named(name: &str, clock: Clock) -> String {
    match clock {
        Clock::Wall => name.to_owned(),
        Clock::Cpu => format!("{name}, cpu"),
    }
}

/// One change in a page, in microseconds of the processor: the middle over the pages.
fn micros_per_change(costs: &[Cost]) -> f64 {
    micros(costs, Clock::Cpu) / f64::from(recado_protocol::sync::MAX_ENTRIES)
}

/// The middle number of KiB that came from the disk.
fn disk_kib(costs: &[Cost]) -> Option<f64> {
    let bytes: Option<Vec<f64>> =
        costs.iter().map(|cost| cost.disk_bytes.map(|bytes| bytes as f64)).collect();
    bytes.map(|bytes| median(bytes) / 1_024.0)
}

fn goals(measured: &Measured) -> Vec<Goal> {
    let Measured { loaded, reads, followed, .. } = measured;
    let start = &reads.open_first_page;
    let empty_us = micros(&reads.empty_open, Clock::Wall);
    let wall = |costs: &[Cost]| micros(costs, Clock::Wall);
    let cold = wall(&reads.cold_disk.recado) / wall(&start.recado);
    let cold_kib = disk_kib(&reads.cold_disk.recado);
    let floor = loaded.floor_us;
    let recado = loaded.sides[0];
    let first = &reads.conversation.first;
    let mut goals = vec![
        Goal::new("start/db_open_first_page", "pages read", pages_of(&start.recado), 16.0),
        Goal::new(
            "start/db_open_first_page",
            "x of opening an empty encrypted file",
            wall(&start.recado) / empty_us,
            3.0,
        ),
        Goal::new("start/cold_disk", "x of the same from memory", cold, 1.3),
        Goal::new("start/cold_disk", "KiB read from the disk", cold_kib, 256.0),
        Goal::new("conversation/open_200_first", "pages read", pages_of(&first.recado), 24.0),
        Goal::new(
            "conversation/open_200_first",
            "x of plain SQLite",
            first.ratio_to_unencrypted(Clock::Wall),
            3.0,
        ),
        Goal::new(
            "conversation/open_again",
            "x of plain SQLite",
            reads.conversation.again.ratio_to_unencrypted(Clock::Wall),
            1.1,
        ),
    ];
    for (search, costs) in &reads.searches {
        let name = format!("search/recency_top20/{}", search.name);
        let slowest = quantile(costs.first.recado.iter().map(|cost| cost.micros / 1_000.0), 0.99);
        goals.push(Goal::new(&name, "pages read", pages_of(&costs.first.recado), 120.0));
        goals.push(Goal::new(&name, "p99 in ms", slowest, 50.0));
    }
    let singles: Vec<f64> = followed.singles.recado.iter().map(|cost| cost.micros).collect();
    let tail = quantile(singles.iter().copied(), 0.99) / quantile(singles.iter().copied(), 0.5);
    goals.extend([
        Goal::new(
            "sync/apply/500",
            "x of a row in a bare table, for one change",
            micros_per_change(&followed.pages.recado) / floor,
            40.0,
        ),
        Goal::new(
            "sync/apply/500",
            "pages written for one change",
            followed.written_in_pages[0],
            2.2,
        ),
        Goal::new("sync/apply/1", "pages written", followed.written_in_singles[0], 8.0),
        Goal::new("sync/apply_tail", "p99 x of p50", tail, 8.0),
        Goal::new(
            "search/new_message_visible",
            "of 100 not found right after they were stored",
            followed.not_found as f64,
            0.0,
        ),
        Goal::new(
            "sync/bootstrap",
            "x of a row in a bare table, for one message",
            recado.whole().cpu_micros / loaded.messages as f64 / floor,
            8.0,
        ),
        Goal::new(
            "sync/bootstrap",
            "% of the whole until the first page",
            100.0 * recado.first_page.cpu_micros / recado.whole().cpu_micros,
            1.0,
        ),
        Goal::new(
            "sync/bootstrap",
            "ms of the longest step of the full-text index",
            recado.longest_step / 1_000.0,
            50.0,
        ),
        Goal::new(
            "size/database",
            "x of the messages' text",
            measured.sizes[0] as f64 / loaded.text_bytes as f64,
            2.0,
        ),
    ]);
    goals
}

/// What ten times the data costs, for everything that somebody waits for.
fn growth(full: &Measured, tenth: &Measured) -> Vec<Goal> {
    let times = |of: fn(&Measured) -> &Rounds| {
        micros(&of(full).recado, Clock::Cpu) / micros(&of(tenth).recado, Clock::Cpu)
    };
    let mut goals: Vec<Goal> = [
        ("growth/10x/open_first_page", times(|m| &m.reads.open_first_page)),
        ("growth/10x/inbox_mine", times(|m| &m.reads.mine.first)),
        ("growth/10x/inbox_all_open", times(|m| &m.reads.all.first)),
        ("growth/10x/inbox_counts", times(|m| &m.reads.counts.first)),
        ("growth/10x/open_200", times(|m| &m.reads.conversation.first)),
        ("growth/10x/apply_500", times(|m| &m.followed.pages)),
        ("growth/10x/apply_one", times(|m| &m.followed.singles)),
    ]
    .into_iter()
    .map(|(name, times)| Goal::new(name, "x of a tenth of the data", times, 1.5))
    .collect();
    for ((search, full), (_, tenth)) in full.reads.searches.iter().zip(&tenth.reads.searches) {
        let times =
            micros(&full.first.recado, Clock::Cpu) / micros(&tenth.first.recado, Clock::Cpu);
        let name = format!("growth/10x/search_{}", search.name);
        goals.push(Goal::new(name, "x of a tenth of the data", times, 1.5));
    }
    goals
}
