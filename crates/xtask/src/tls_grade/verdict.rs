//! What the tester found, held against what is wanted.

use std::fmt;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// The best that there is.
const WANTED_GRADE: &str = "A+";
/// What browsers ask of a lasting promise of HTTPS: a year, in seconds.
const LEAST_HSTS_SECONDS: u64 = 31_536_000;

/// Findings above "information" that are meant to be so: how severe, which, and why.
const EXPECTED: &[(&str, &str, &str)] = &[
    (
        "HIGH",
        "cert_revocation",
        "the authority is the server's own and known to its clients alone; its certificates live 90 days and renew \
         themselves, and a lost key is answered by another authority, not by a list",
    ),
    ("LOW", "FS_KEMs", "the one provider of cryptography (ADR 2) has no hybrid key exchange yet"),
    ("WARN", "engine_problem", "it says what the tester's own OpenSSL lacks"),
    (
        "WARN",
        "sessionresumption_ticket",
        "the tester's own OpenSSL ends before a ticket of TLS 1.3 has come, and has none to come back with",
    ),
];

/// One line of the tester's report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Finding {
    id: String,
    severity: String,
    finding: String,
}

/// What the report says, sorted.
pub(super) struct Verdict {
    checks: usize,
    grade: String,
    /// Why the grade is not higher, in the tester's words.
    caps: Vec<Finding>,
    hsts: Option<String>,
    hsts_is_long: bool,
    expected: Vec<(Finding, &'static str)>,
    unexpected: Vec<Finding>,
}

impl Verdict {
    /// Reads the tester's flat JSON.
    pub(super) fn of(report: &str) -> Result<Self> {
        let findings: Vec<Finding> =
            serde_json::from_str(report).context("the tester's report is not what it should be")?;
        let one = |id: &str| findings.iter().find(|finding| finding.id == id);
        let grade = one("overall_grade").context("the tester gave no grade")?.finding.clone();
        let caps = findings.iter().filter(|finding| finding.id.starts_with("grade_cap_reason"));
        let seconds = one("HSTS_time").and_then(|time| seconds_in(&time.finding));
        let subdomains = one("HSTS_subdomains").is_some_and(|finding| finding.severity == "OK");
        let mut expected = Vec::new();
        let mut unexpected = Vec::new();
        for finding in findings.iter().filter(|finding| !is_fine(&finding.severity)) {
            let is_it = |severity: &str, id: &str| severity == finding.severity && id == finding.id;
            match EXPECTED.iter().find(|(severity, id, _)| is_it(severity, id)) {
                Some((.., why)) => expected.push((finding.clone(), *why)),
                None => unexpected.push(finding.clone()),
            }
        }
        Ok(Self {
            checks: findings.len(),
            grade,
            caps: caps.cloned().collect(),
            hsts: one("HSTS_time").map(|time| time.finding.clone()),
            hsts_is_long: subdomains && seconds.is_some_and(|time| time >= LEAST_HSTS_SECONDS),
            expected,
            unexpected,
        })
    }

    /// Whether nothing is to be mended.
    pub(super) fn is_good(&self) -> bool {
        self.grade == WANTED_GRADE && self.hsts_is_long && self.unexpected.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "grade {} ({WANTED_GRADE} wanted), {} findings", self.grade, self.checks)?;
        for cap in &self.caps {
            writeln!(f, "  capped: {}", cap.finding)?;
        }
        let hsts = self.hsts.as_deref().unwrap_or("none");
        let judged = if self.hsts_is_long { "ok" } else { "TOO SHORT, or without subdomains" };
        writeln!(f, "HSTS: {hsts}: {judged}")?;
        for (finding, why) in &self.expected {
            writeln!(f, "expected: {finding}\n  because {why}")?;
        }
        for finding in &self.unexpected {
            writeln!(f, "NOT EXPECTED: {finding}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.severity, self.id, self.finding)
    }
}

/// Whether a finding asks for nothing.
fn is_fine(severity: &str) -> bool {
    matches!(severity, "OK" | "INFO" | "DEBUG")
}

/// The number of seconds in `730 days (=63072000 seconds) > 15552000 seconds`.
fn seconds_in(text: &str) -> Option<u64> {
    let (_, after) = text.split_once("(=")?;
    after.split_once(' ')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(grade: &str, further: &str) -> String {
        format!(
            r#"[{{"id":"service","ip":"localhost/127.0.0.1","port":"1","severity":"INFO","finding":"HTTP"}},
            {{"id":"HSTS_time","ip":"","port":"1","severity":"OK","finding":"730 days (=63072000 seconds) > 15552000 seconds"}},
            {{"id":"HSTS_subdomains","ip":"","port":"1","severity":"OK","finding":"includes subdomains"}},
            {further}
            {{"id":"overall_grade","ip":"","port":"1","severity":"OK","finding":"{grade}"}}]"#
        )
    }

    #[test]
    fn the_best_grade_without_a_finding_is_good() {
        assert!(Verdict::of(&report("A+", "")).expect("a report").is_good());
    }

    #[test]
    fn a_lower_grade_a_short_promise_or_a_finding_is_not() {
        assert!(!Verdict::of(&report("A", "")).expect("a report").is_good());
        let short = report("A+", "").replace("63072000 seconds) >", "15552001 seconds) >");
        assert!(!Verdict::of(&short).expect("a report").is_good());
        let narrow = report("A+", "").replace("HSTS_subdomains", "something_else");
        assert!(!Verdict::of(&narrow).expect("a report").is_good());
        let known =
            r#"{"id":"cert_revocation","ip":"","port":"1","severity":"HIGH","finding":"no list"},"#;
        assert!(Verdict::of(&report("A+", known)).expect("a report").is_good());
        let worse = known.replace("HIGH", "CRITICAL");
        assert!(!Verdict::of(&report("A+", &worse)).expect("a report").is_good());
        let weak = r#"{"id":"TLS1","ip":"","port":"1","severity":"LOW","finding":"offered"},"#;
        let verdict = Verdict::of(&report("A+", weak)).expect("a report");
        assert!(!verdict.is_good());
        assert!(verdict.to_string().contains("NOT EXPECTED: LOW TLS1: offered"), "{verdict}");
    }

    #[test]
    fn a_report_without_a_grade_is_none() {
        assert!(Verdict::of("[]").is_err());
    }
}
