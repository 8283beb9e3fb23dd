//! The lines that were not imported: the first ones for people, all of them for programs.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use super::record::Rejection;

/// How many bad lines are listed on the terminal.
pub const MAX_LISTED: usize = 100;

/// Collects bad lines. However many there are, only the first are held.
pub struct Rejections {
    listed: Vec<(u64, String)>,
    count: u64,
    report: Option<BufWriter<File>>,
}

impl Rejections {
    /// Writes every bad line's number and reason to `report` as well, as one JSON object a line.
    ///
    /// # Errors
    /// When the report cannot be created.
    pub fn new(report: Option<&Path>) -> io::Result<Self> {
        let report = report.map(File::create).transpose()?.map(BufWriter::new);
        Ok(Self { listed: Vec::new(), count: 0, report })
    }

    /// Notes a bad line.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub fn add(&mut self, line: u64, rejection: &Rejection) -> io::Result<()> {
        let reason = rejection.to_string();
        self.count += 1;
        if let Some(report) = &mut self.report {
            let entry = serde_json::json!({ "line": line, "reason": reason });
            writeln!(report, "{entry}")?;
        }
        if self.listed.len() < MAX_LISTED {
            self.listed.push((line, reason));
        }
        Ok(())
    }

    /// Makes sure that the report is on its way to the disk.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.report.as_mut().map_or(Ok(()), BufWriter::flush)
    }

    /// How many lines were bad.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Number and reason of the first [`MAX_LISTED`] bad lines.
    #[must_use]
    pub fn listed(&self) -> &[(u64, String)] {
        &self.listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hundred_are_listed_and_the_report_has_them_all() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("report.jsonl");
        let mut rejections = Rejections::new(Some(&path)).expect("report");
        for line in 1..=130 {
            rejections.add(line, &Rejection::Empty("id")).expect("written");
        }
        rejections.flush().expect("written");
        assert_eq!(rejections.count(), 130);
        assert_eq!(rejections.listed().len(), MAX_LISTED);
        let report = std::fs::read_to_string(path).expect("readable");
        assert_eq!(report.lines().count(), 130);
        assert_eq!(report.lines().last(), Some(r#"{"line":130,"reason":"\"id\" is empty"}"#));
    }
}
