//! Latencies, and how they are told.

use std::time::Duration;

/// Many durations of one kind.
#[derive(Debug, Default, Clone)]
pub(crate) struct Figures(Vec<Duration>);

impl Figures {
    pub(crate) fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest duration that so many per mille do not exceed.
    pub(crate) fn percentile(&self, per_mille: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * per_mille).div_ceil(1_000).max(1) - 1;
        sorted.get(place).copied().unwrap_or_default()
    }

    /// One line: how many, p50, p99 and the longest.
    pub(crate) fn line(&self, name: &str) -> String {
        let ms = |per_mille| self.percentile(per_mille).as_secs_f64() * 1_000.0;
        format!(
            "{name:<34} {:>7}   p50 {:>8.1} ms   p99 {:>8.1} ms   longest {:>8.1} ms",
            self.count(),
            ms(500),
            ms(990),
            ms(1_000)
        )
    }
}

/// The memory of a process in MiB: now, and at its most.
pub(crate) fn memory_mib(process: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or_default() / 1_024
    };
    (value("VmRSS:"), value("VmHWM:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_durations_that_were_seen() {
        let mut figures = Figures::default();
        (1..=200).rev().for_each(|ms| figures.add(Duration::from_millis(ms)));
        assert_eq!(figures.percentile(500), Duration::from_millis(100));
        assert_eq!(figures.percentile(990), Duration::from_millis(198));
        assert_eq!(figures.percentile(1_000), Duration::from_millis(200));
        assert_eq!(Figures::default().percentile(500), Duration::ZERO);
    }
}
