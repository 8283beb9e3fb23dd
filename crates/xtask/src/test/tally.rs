//! Counting what test runners report.

/// How many tests passed and failed.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    pub(crate) fn total(self) -> u64 {
        self.passed + self.failed
    }
}

/// Whose summary lines a command prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Runner {
    Cargo,
    Vitest,
    Node,
}

impl Runner {
    /// What one line of the runner's output adds. Lines that are no summary add nothing.
    pub(crate) fn count(self, line: &str) -> Tally {
        match self {
            Self::Cargo => cargo(line),
            Self::Vitest => vitest(line),
            Self::Node => node(line),
        }
    }
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; …`, or nextest's `Summary [ 1.2s] 12 tests run: 11 passed, …`.
fn cargo(line: &str) -> Tally {
    let line = line.trim_start();
    let counts = match line.strip_prefix("test result:") {
        Some(counts) => Some(counts),
        None => line
            .strip_prefix("Summary [")
            .and_then(|rest| rest.split_once(" run:"))
            .map(|(_, counts)| counts),
    };
    counts.map_or_else(Tally::default, |counts| words(counts, &["passed"], &["failed", "timed"]))
}

/// `Tests  1 failed | 12 passed (13)`; the line `Test Files` counts files.
fn vitest(line: &str) -> Tally {
    match line.trim_start().strip_prefix("Tests ") {
        Some(counts) => words(counts, &["passed"], &["failed"]),
        None => Tally::default(),
    }
}

/// Node's own runner: one line a kind, `ℹ pass 12`, `ℹ fail 1`. A test that was cut off is a failed one.
fn node(line: &str) -> Tally {
    let mut parts = line.split_whitespace();
    let (sign, kind, count) = (parts.next(), parts.next(), parts.next());
    let count = count.and_then(|word| word.parse::<u64>().ok());
    match (sign, kind, count, parts.next()) {
        (Some("ℹ"), Some("pass"), Some(passed), None) => Tally { passed, failed: 0 },
        (Some("ℹ"), Some("fail" | "cancelled"), Some(failed), None) => {
            Tally { passed: 0, failed }
        }
        _ => Tally::default(),
    }
}

/// Sums the numbers that stand before the words of each kind.
fn words(counts: &str, passed: &[&str], failed: &[&str]) -> Tally {
    let mut tally = Tally::default();
    let words: Vec<&str> =
        counts.split(|c: char| c.is_whitespace() || ";|,.()".contains(c)).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    for pair in words.windows(2) {
        let [number, word] = pair else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        if passed.contains(word) {
            tally.passed += number;
        } else if failed.contains(word) {
            tally.failed += number;
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(runner: Runner, output: &str) -> (u64, u64) {
        let mut tally = Tally::default();
        for line in output.lines() {
            tally.add(runner.count(line));
        }
        (tally.passed, tally.failed)
    }

    #[test]
    fn cargo_test_and_nextest_summaries_are_added_up() {
        let cargo = "running 3 tests\n\
            test a_message_of_5_failed_tries ... ok\n\
            test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s\n\
            test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s";
        assert_eq!(counted(Runner::Cargo, cargo), (16, 2));
        let nextest =
            "     Summary [   2.401s] 14 tests run: 11 passed, 2 failed, 1 timed out, 2 skipped";
        assert_eq!(counted(Runner::Cargo, nextest), (11, 3));
    }

    #[test]
    fn vitest_counts_tests_and_not_files() {
        let output = " Test Files  1 failed | 7 passed (8)\n      Tests  2 failed | 61 passed | 1 skipped (64)\n";
        assert_eq!(counted(Runner::Vitest, output), (61, 2));
        assert_eq!(counted(Runner::Vitest, "      Tests  61 passed (61)"), (61, 0));
    }

    #[test]
    fn node_counts_tests_that_were_cut_off_as_failed() {
        let output = "✔ ℹ pass 7 stays a name (12.5ms)\n✖ a reply is sent once (80ms)\n\
            ℹ tests 20\nℹ suites 0\nℹ pass 16\nℹ fail 3\nℹ cancelled 1\nℹ skipped 0\nℹ todo 0\nℹ duration_ms 80.1";
        assert_eq!(counted(Runner::Node, output), (16, 4));
    }
}
