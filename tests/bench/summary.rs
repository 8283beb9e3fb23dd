//! What was measured, held against the goals.

use std::fmt::Write as _;

use crate::changes::Followed;
use crate::generator::Scale;
use crate::load::Loaded;
use crate::measure::{Cost, Rounds, micros, quantile};
use crate::reads::Reads;
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
        "\nratio: recado to hand-written rusqlite with the same SQLCipher settings, the middle of \
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
    let reads = &measured.reads;
    let mut lines = vec![
        Line::of("start/open", &reads.open),
        Line::of("start/open_first_page", &reads.open_first_page),
    ];
    let pairs = [
        ("inbox/mine", &reads.mine),
        ("inbox/all_open", &reads.all),
        ("inbox/counts", &reads.counts),
        ("conversation/open_200", &reads.conversation),
    ];
    for (name, costs) in pairs {
        lines.push(Line::of(format!("{name}, first"), &costs.first));
        lines.push(Line::of(format!("{name}, again"), &costs.again));
    }
    for (search, costs) in &reads.searches {
        lines.push(Line::of(format!("search/{}, first", search.name), &costs.first));
        lines.push(Line::of(format!("search/{}, again", search.name), &costs.again));
    }
    let followed = &measured.followed;
    let [recado, rusqlite, _] = followed.written_in_pages;
    lines.push(Line::of("changes/500_in_a_page", &followed.pages).with_pages(recado, rusqlite));
    lines.push(Line::of("changes/index_500", &followed.index).with_pages(f64::NAN, f64::NAN));
    let [recado, rusqlite, _] = followed.written_in_singles;
    lines.push(Line::of("changes/one_by_one", &followed.singles).with_pages(recado, rusqlite));
    let per_change = [
        followed.micros_per_change(|rounds| &rounds.recado),
        followed.micros_per_change(|rounds| &rounds.rusqlite),
        followed.micros_per_change(|rounds| &rounds.unencrypted),
    ];
    lines.push(Line::once("changes/10000, each", per_change));
    let filled = measured.loaded.sides;
    let messages = measured.loaded.messages as f64;
    lines.push(Line::once("bootstrap/first_page", filled.map(|side| side.first_page_us)));
    lines.push(Line::once("bootstrap/heads", filled.map(|side| side.heads_us)));
    lines.push(Line::once("bootstrap/bodies", filled.map(|side| side.bodies_us)));
    lines.push(Line::once("bootstrap/index", filled.map(|side| side.index_us)));
    let each = filled.map(|side| side.whole_us() / messages);
    lines.push(Line::once("bootstrap, each message", each));
    lines
}

/// One change in a page: the middle over the pages.
fn micros_per_change(costs: &[Cost]) -> f64 {
    micros(costs) / f64::from(recado_protocol::sync::MAX_ENTRIES)
}

fn goals(measured: &Measured) -> Vec<Goal> {
    let Measured { loaded, reads, followed, .. } = measured;
    let start = &reads.open_first_page;
    let empty_us = micros(&reads.empty_open);
    let floor = loaded.floor_us;
    let recado = loaded.sides[0];
    let first = &reads.conversation.first;
    let mut goals = vec![
        Goal::new("start/db_open_first_page", "pages read", pages_of(&start.recado), 16.0),
        Goal::new(
            "start/db_open_first_page",
            "x of opening an empty encrypted file",
            micros(&start.recado) / empty_us,
            3.0,
        ),
        Goal::new("conversation/open_200_first", "pages read", pages_of(&first.recado), 24.0),
        Goal::new(
            "conversation/open_200_first",
            "x of plain SQLite",
            first.ratio_to_unencrypted(),
            3.0,
        ),
        Goal::new(
            "conversation/open_again",
            "x of plain SQLite",
            reads.conversation.again.ratio_to_unencrypted(),
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
            "sync/bootstrap",
            "x of a row in a bare table, for one message",
            recado.whole_us() / loaded.messages as f64 / floor,
            8.0,
        ),
        Goal::new(
            "sync/bootstrap",
            "% of the whole until the first page",
            100.0 * recado.first_page_us / recado.whole_us(),
            1.0,
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
    let times = |of: fn(&Measured) -> &Rounds| micros(&of(full).recado) / micros(&of(tenth).recado);
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
        let times = micros(&full.first.recado) / micros(&tenth.first.recado);
        let name = format!("growth/10x/search_{}", search.name);
        goals.push(Goal::new(name, "x of a tenth of the data", times, 1.5));
    }
    goals
}
