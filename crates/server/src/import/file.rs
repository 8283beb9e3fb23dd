//! An import as a console command runs it: from a file, with progress and a report, to wherever the console leads.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use recado_protocol::Timestamp;

use super::{
    CountingReader, Fate, ImportError, ImportOptions, NumberedRecord, Progress, Rejections,
    Summary, Target, describe, lines, run,
};
use crate::backend::BackendError;
use crate::console::{Console, Request};

/// Standard input instead of a file.
pub const STANDARD_INPUT: &str = "-";

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct ImportFile {
    /// The file; [`STANDARD_INPUT`] for what is piped in.
    pub path: PathBuf,
    /// The source of lines that do not name theirs.
    pub source: String,
    /// Where to write number and reason of every line that was not imported.
    pub report: Option<PathBuf>,
    /// How conversations are brought in.
    pub options: ImportOptions,
}

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything in the file is in the workspace.
    Complete,
    /// Some lines were not imported.
    SomeRejected,
    /// It ended before the end of the file.
    Early,
}

/// What an import has to say at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// The counts.
    pub summary: Summary,
    /// All of it for people.
    pub text: String,
}

impl ImportFile {
    /// Imports the file at the time `now` and shows progress on standard error.
    ///
    /// # Errors
    /// [`BackendError::Refused`] if it cannot begin. What goes wrong later stands in the outcome.
    pub async fn run(self, console: Console, now: Timestamp) -> Result<Outcome, BackendError> {
        let started = Instant::now();
        let unreadable = |error: io::Error| {
            BackendError::Refused(format!("{} cannot be read: {error}", self.path.display()))
        };
        let (input, total_bytes) = open(&self.path).map_err(unreadable)?;
        let input = CountingReader::new(input);
        let mut progress = Progress::on_stderr(input.bytes_read(), total_bytes);
        let lines = lines::open(input).map_err(unreadable)?;
        let mut rejections =
            Rejections::new(self.report.as_deref()).map_err(ImportError::Report)?;
        let source = self.source.trim().to_owned();
        if source.is_empty() {
            return Err(BackendError::Refused("the source must not be empty".to_owned()));
        }
        let mut desk = Desk { console, options: self.options };
        let mut summary = Summary::default();
        let ran =
            run(lines, source, now, &mut desk, &mut rejections, &mut progress, &mut summary).await;
        progress.finish();
        let mut text = describe(&summary, &rejections, started.elapsed());
        let end = match ran {
            Err(error) => {
                text.push_str(&format!(
                    "\nThe import ended early: {error}. What is imported stays; run the same command again and only \
                     what is missing is added.\n"
                ));
                End::Early
            }
            Ok(()) if summary.broken_off.is_some() => End::Early,
            Ok(()) if rejections.count() > 0 => End::SomeRejected,
            Ok(()) => End::Complete,
        };
        Ok(Outcome { end, summary, text })
    }
}

/// Batches on their way to the running server, or to the data where none runs.
struct Desk {
    console: Console,
    options: ImportOptions,
}

impl Target for Desk {
    async fn store(&mut self, batch: Vec<NumberedRecord>) -> Result<Vec<Fate>, ImportError> {
        let options = self.options.clone();
        self.console
            .ask(Request::Import { options, batch })
            .await
            .map_err(|error| ImportError::Console(error.to_string()))
    }
}

fn open(path: &Path) -> io::Result<(Box<dyn Read + Send>, Option<u64>)> {
    if path == Path::new(STANDARD_INPUT) {
        return Ok((Box::new(io::stdin()), None));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let total_bytes = metadata.is_file().then_some(metadata.len());
    Ok((Box::new(file), total_bytes))
}
