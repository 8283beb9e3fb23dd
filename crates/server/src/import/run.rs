//! The import itself: reading and checking on one thread, storing batch by batch on another.

use std::future::Future;
use std::io::{self, BufRead};

use recado_protocol::Timestamp;
use tokio::sync::mpsc;

use super::lines::{Line, Lines};
use super::progress::Progress;
use super::record::{Record, Rejection, Times};
use super::rejections::Rejections;
use super::{Fate, ImportError, NumberedRecord};

/// How many conversations are stored together, at most.
const BATCH_RECORDS: usize = 200;
/// How much text is stored together, in bytes; a longer conversation goes alone.
const BATCH_BYTES: usize = 1024 * 1024;
/// How many batches wait to be stored, so that neither side idles and memory stays small.
const BATCHES_AHEAD: usize = 2;

/// What stores batches: this process, or a running server.
pub trait Target {
    /// Stores a batch and says for each of its records, in order, what became of it. Everything that it says is
    /// imported is committed.
    fn store(
        &mut self,
        batch: Vec<NumberedRecord>,
    ) -> impl Future<Output = Result<Vec<Fate>, ImportError>> + Send;
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Conversations that are new.
    pub imported: u64,
    /// Their messages.
    pub messages: u64,
    /// Conversations that were there before.
    pub already_there: u64,
    /// Of the new ones: those without any time.
    pub without_times: u64,
    /// Of the new ones: those where some messages have no time.
    pub with_time_gaps: u64,
    /// Of the new ones: those whose customer has no name.
    pub without_customer_name: u64,
    /// Messages of the new ones that have no words and were left out.
    pub blank_messages: u64,
    /// Why reading ended before the end of the file.
    pub broken_off: Option<String>,
}

/// What the summary needs to know of a record that is on its way.
struct Facts {
    line: u64,
    messages: u64,
    times: Times,
    nameless: bool,
    blank_messages: u64,
}

enum Read {
    Batch { records: Vec<NumberedRecord>, rejected: Vec<(u64, Rejection)> },
    BrokenOff(io::Error),
}

/// Imports all of `lines` at the time `now`, and counts in `summary`. Lines that do not name their source belong to
/// `default_source`.
///
/// # Errors
/// When nothing more can be stored, or the report cannot be written. What was stored before stays, and is counted.
pub async fn run<R: BufRead + Send + 'static>(
    lines: Lines<R>,
    default_source: String,
    now: Timestamp,
    target: &mut impl Target,
    rejections: &mut Rejections,
    progress: &mut Progress,
    summary: &mut Summary,
) -> Result<(), ImportError> {
    let (sender, mut batches) = mpsc::channel(BATCHES_AHEAD);
    // A thread of its own, for which nobody waits where the input hangs after the rest has failed.
    let reader = std::thread::Builder::new()
        .name("import-reader".to_owned())
        .spawn(move || read(lines, &default_source, now, &sender))
        .map_err(|_| ImportError::ReaderFailed)?;
    while let Some(read) = batches.recv().await {
        match read {
            Read::Batch { records, rejected } => {
                for (line, rejection) in &rejected {
                    rejections.add(*line, rejection)?;
                }
                if !records.is_empty() {
                    store(records, target, rejections, summary).await?;
                }
            }
            Read::BrokenOff(error) => summary.broken_off = Some(error.to_string()),
        }
        progress.update(summary.imported + summary.already_there);
    }
    if reader.join().is_err() {
        return Err(ImportError::ReaderFailed);
    }
    rejections.flush()?;
    Ok(())
}

async fn store(
    records: Vec<NumberedRecord>,
    target: &mut impl Target,
    rejections: &mut Rejections,
    summary: &mut Summary,
) -> Result<(), ImportError> {
    let facts: Vec<_> = records
        .iter()
        .map(|NumberedRecord { line, record }| Facts {
            line: *line,
            messages: record.messages.len() as u64,
            times: record.times,
            nameless: record.customer_name.is_none(),
            blank_messages: record.blank_messages.into(),
        })
        .collect();
    let fates = target.store(records).await?;
    if fates.len() != facts.len() {
        return Err(ImportError::OutOfStep);
    }
    for (facts, fate) in facts.into_iter().zip(fates) {
        match fate {
            Fate::Imported => {
                summary.imported += 1;
                summary.messages += facts.messages;
                summary.without_times += u64::from(facts.times == Times::MadeUp);
                summary.with_time_gaps += u64::from(facts.times == Times::Gaps);
                summary.without_customer_name += u64::from(facts.nameless);
                summary.blank_messages += facts.blank_messages;
            }
            Fate::AlreadyThere => summary.already_there += 1,
            Fate::Rejected(reason) => rejections.add(facts.line, &Rejection::NotStored(reason))?,
        }
    }
    Ok(())
}

/// Reads to the end, or until nobody listens any more.
fn read<R: BufRead>(
    mut lines: Lines<R>,
    default_source: &str,
    now: Timestamp,
    sender: &mpsc::Sender<Read>,
) {
    loop {
        let mut records = Vec::new();
        let mut rejected = Vec::new();
        let mut bytes = 0;
        let mut end = None;
        while records.len() + rejected.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
            match lines.next_line() {
                Ok(Some(Line::Bytes(_, line))) if line.trim_ascii().is_empty() => {}
                Ok(Some(Line::Bytes(number, line))) => {
                    bytes += line.len();
                    match Record::parse(&line, default_source, now) {
                        Ok(record) => records.push(NumberedRecord { line: number, record }),
                        Err(rejection) => rejected.push((number, rejection)),
                    }
                }
                Ok(Some(Line::TooLong(number))) => rejected.push((number, Rejection::LineTooLong)),
                Ok(None) => {
                    end = Some(None);
                    break;
                }
                Err(error) => {
                    end = Some(Some(error));
                    break;
                }
            }
        }
        if sender.blocking_send(Read::Batch { records, rejected }).is_err() {
            return;
        }
        if let Some(error) = end {
            if let Some(error) = error {
                // Whoever no longer listens has ended with an error of their own.
                let _ = sender.blocking_send(Read::BrokenOff(error));
            }
            return;
        }
    }
}
