//! How far an import is: a bar on a terminal, a line every few seconds elsewhere.

use std::io::{self, IsTerminal as _, Read, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

const LINE_EVERY: Duration = Duration::from_secs(5);

/// Counts the bytes that are read through it.
pub struct CountingReader<R> {
    inner: R,
    bytes_read: Arc<AtomicU64>,
}

impl<R> CountingReader<R> {
    /// Counts from 0.
    pub fn new(inner: R) -> Self {
        Self { inner, bytes_read: Arc::default() }
    }

    /// The count, to be read from elsewhere.
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_read)
    }
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Shows progress on standard error.
pub struct Progress {
    bytes_read: Arc<AtomicU64>,
    total_bytes: Option<u64>,
    shown: Shown,
}

enum Shown {
    Bar(ProgressBar),
    Lines { last: Instant },
    Nothing,
}

impl Progress {
    /// Shows nothing.
    #[must_use]
    pub fn hidden() -> Self {
        Self { bytes_read: Arc::default(), total_bytes: None, shown: Shown::Nothing }
    }

    /// Follows `bytes_read` towards `total_bytes`, where that is known.
    #[must_use]
    pub fn on_stderr(bytes_read: Arc<AtomicU64>, total_bytes: Option<u64>) -> Self {
        let shown = if io::stderr().is_terminal() {
            let (bar, template) = match total_bytes {
                Some(total) => (
                    ProgressBar::new(total),
                    "{bar:32} {percent:>3} %  {bytes} of {total_bytes}  {msg}  {eta} left",
                ),
                None => (ProgressBar::new_spinner(), "{spinner} {bytes}  {msg}"),
            };
            // A template that does not parse leaves indicatif's own style.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            Shown::Bar(bar)
        } else {
            Shown::Lines { last: Instant::now() }
        };
        Self { bytes_read, total_bytes, shown }
    }

    /// Says how many conversations are in.
    pub fn update(&mut self, conversations: u64) {
        let read = self.bytes_read.load(Ordering::Relaxed);
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_message(format!("{conversations} conversations"));
                bar.set_position(read);
            }
            Shown::Lines { last } if last.elapsed() >= LINE_EVERY => {
                *last = Instant::now();
                let of = match self.total_bytes {
                    Some(total) => format!(" of {}", HumanBytes(total)),
                    None => String::new(),
                };
                // Nobody can be told that standard error is closed.
                let _ = writeln!(
                    io::stderr(),
                    "{}{of} read, {conversations} conversations",
                    HumanBytes(read)
                );
            }
            Shown::Lines { .. } | Shown::Nothing => {}
        }
    }

    /// Takes the bar away, so that what follows starts on a clean line.
    pub fn finish(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}
