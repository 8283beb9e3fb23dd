//! A line on the terminal while something long goes on.

#![expect(
    clippy::print_stderr,
    reason = "progress is for a person, results go to the standard output"
)]

use std::io::{IsTerminal as _, Write as _};

/// Counts up to a whole.
pub(crate) struct Progress {
    what: &'static str,
    whole: usize,
    done: usize,
    shown: usize,
}

impl Progress {
    pub(crate) fn new(what: &'static str, whole: usize) -> Self {
        Self { what, whole: whole.max(1), done: 0, shown: 0 }
    }

    pub(crate) fn advance(&mut self, by: usize) {
        self.done += by;
        let percent = self.done * 100 / self.whole;
        if percent == self.shown || !std::io::stderr().is_terminal() {
            return;
        }
        self.shown = percent;
        let end = if percent >= 100 { "\n" } else { "\r" };
        eprint!("{percent:3} % of {} {}{end}", self.whole, self.what);
        // A terminal that is gone is no reason to stop measuring.
        let _ = std::io::stderr().flush();
    }
}

/// Says what begins now.
pub(crate) fn say(what: &str) {
    eprintln!("{what}");
}
