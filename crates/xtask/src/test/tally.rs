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
    Playwright,
}

impl Runner {
    /// What one line of the runner's output adds. Lines that are no summary add nothing.
    pub(crate) fn count(self, line: &str) -> Tally {
        match self {
            Self::Cargo => cargo(line),
            Self::Vitest => vitest(line),
            Self::Playwright => playwright(line),
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

/// One line a kind: `  12 passed (3.4s)`, `  1 failed`, `  1 flaky`, `  2 did not run`. A flaky test is a failed one.
fn playwright(line: &str) -> Tally {
    let mut parts = line.split_whitespace();
    let count = parts.next().and_then(|word| word.parse::<u64>().ok());
    let kind = parts.next();
    let rest = parts.collect::<Vec<_>>().join(" ");
    match (count, kind, rest.as_str()) {
        (Some(passed), Some("passed"), rest) if rest.is_empty() || rest.starts_with('(') => {
            Tally { passed, failed: 0 }
        }
        (Some(failed), Some("failed" | "flaky" | "interrupted"), "") => Tally { passed: 0, failed },
        (Some(failed), Some("did"), "not run") => Tally { passed: 0, failed },
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
    fn playwright_counts_flaky_and_unrun_tests_as_failed() {
        let output = "Running 20 tests using 2 workers\n  1 failed\n    [chromium] › reply.spec.ts:4:1 › 3 passed\n  \
            1 flaky\n  2 did not run\n  1 skipped\n  16 passed (12.3s)";
        assert_eq!(counted(Runner::Playwright, output), (16, 4));
    }
}
