//! The result as text.

use std::fmt::Write as _;

use crate::measure::{Clock, Cost, Rounds, micros, pages};

/// One piece of work on the three caches.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    recado_us: f64,
    rusqlite_us: f64,
    ratio: f64,
    unencrypted_ratio: f64,
    encryption: f64,
    recado_pages: Option<f64>,
    rusqlite_pages: Option<f64>,
}

impl Line {
    pub(crate) fn of(name: impl Into<String>, rounds: &Rounds, clock: Clock) -> Self {
        Self {
            name: name.into(),
            recado_us: micros(&rounds.recado, clock),
            rusqlite_us: micros(&rounds.rusqlite, clock),
            ratio: rounds.ratio(clock),
            unencrypted_ratio: rounds.ratio_to_unencrypted(clock),
            encryption: rounds.encryption(clock),
            recado_pages: pages(&rounds.recado),
            rusqlite_pages: pages(&rounds.rusqlite),
        }
    }

    /// Work that is done once, in microseconds for the three caches.
    pub(crate) fn once(name: impl Into<String>, micros: [f64; 3]) -> Self {
        let [recado_us, rusqlite_us, unencrypted_us] = micros;
        Self {
            name: name.into(),
            recado_us,
            rusqlite_us,
            ratio: recado_us / rusqlite_us,
            unencrypted_ratio: recado_us / unencrypted_us,
            encryption: rusqlite_us / unencrypted_us,
            recado_pages: None,
            rusqlite_pages: None,
        }
    }

    /// The pages that were read are replaced by pages that were written.
    pub(crate) fn with_pages(mut self, written: Option<[f64; 3]>) -> Self {
        self.recado_pages = written.map(|[recado, ..]| recado);
        self.rusqlite_pages = written.map(|[_, rusqlite, _]| rusqlite);
        self
    }
}

/// One piece of work beside the least that could do it.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    pub(crate) name: &'static str,
    pub(crate) what: String,
    /// In microseconds.
    pub(crate) recado: f64,
    /// In microseconds; absent where there is nothing beside it.
    pub(crate) bare: Option<f64>,
    /// The middle of neighbouring pairs.
    pub(crate) ratio: Option<f64>,
}

/// A table of such work.
pub(crate) fn beside(lines: &[Beside]) -> String {
    let mut text = format!("{:<29}{:<57}{:>11}{:>11}{:>8}\n", "", "", "recado", "bare", "ratio");
    for Beside { name, what, recado, bare, ratio } in lines {
        let (recado, bare) = (duration(*recado), bare.map_or_else(|| "-".to_owned(), duration));
        let ratio = count(*ratio);
        let _ = writeln!(text, "{name:<29}{what:<57}{recado:>11}{bare:>11}{ratio:>8}");
    }
    text
}

/// What a goal says and what was measured.
#[derive(Debug, Clone)]
pub(crate) struct Goal {
    name: String,
    what: &'static str,
    measured: Option<f64>,
    at_most: f64,
}

impl Goal {
    pub(crate) fn new(
        name: impl Into<String>,
        what: &'static str,
        measured: impl Into<Option<f64>>,
        at_most: f64,
    ) -> Self {
        Self { name: name.into(), what, measured: measured.into(), at_most }
    }
}

/// Pages that a round read, for goals.
pub(crate) fn pages_of(costs: &[Cost]) -> Option<f64> {
    pages(costs)
}

/// A table of what was measured.
pub(crate) fn lines(lines: &[Line]) -> String {
    let mut text = format!(
        "{:<36}{:>11}{:>11}{:>8}{:>9}{:>9}{:>9}{:>9}\n",
        "", "recado", "rusqlite", "ratio", "x plain", "cipher", "pages", "pages"
    );
    let _ = writeln!(
        text,
        "{:<36}{:>11}{:>11}{:>8}{:>9}{:>9}{:>9}{:>9}",
        "", "", "", "", "", "", "recado", "rusqlite"
    );
    for line in lines {
        let _ = writeln!(
            text,
            "{:<36}{:>11}{:>11}{:>8.2}{:>9.2}{:>9.2}{:>9}{:>9}",
            line.name,
            duration(line.recado_us),
            duration(line.rusqlite_us),
            line.ratio,
            line.unencrypted_ratio,
            line.encryption,
            count(line.recado_pages),
            count(line.rusqlite_pages),
        );
    }
    text
}

/// A table of the goals; returns also how many fall short.
pub(crate) fn goals(goals: &[Goal]) -> (String, usize) {
    let mut text = format!("{:<36}{:<44}{:>10}{:>10}\n", "goal", "what", "at most", "measured");
    let mut short = 0;
    for goal in goals {
        let verdict = match goal.measured {
            None => "not counted here",
            Some(measured) if measured <= goal.at_most => "ok",
            Some(_) => {
                short += 1;
                "SHORT"
            }
        };
        let measured = goal.measured.map_or_else(|| "-".to_owned(), number);
        let _ = writeln!(
            text,
            "{:<36}{:<44}{:>10}{:>10}  {verdict}",
            goal.name,
            goal.what,
            number(goal.at_most),
            measured
        );
    }
    (text, short)
}

fn duration(micros: f64) -> String {
    match micros {
        us if us < 100.0 => format!("{us:.1} us"),
        us if us < 1_000.0 => format!("{us:.0} us"),
        us if us < 1_000_000.0 => format!("{:.2} ms", us / 1e3),
        us => format!("{:.2} s", us / 1e6),
    }
}

fn count(pages: Option<f64>) -> String {
    pages.map_or_else(|| "-".to_owned(), number)
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 || value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}
