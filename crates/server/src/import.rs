//! Bringing conversations in from a file: one JSON object a line, plain or gzip.
//!
//! Every conversation is known by its source and its id there, and is imported whole, in one transaction, or not at all.
//! So the same file can be given again, after an end of any kind, and only what is missing is added.

pub mod file;
pub mod lines;
mod progress;
pub mod record;
mod rejections;
mod run;
mod store;
mod wording;

use serde::{Deserialize, Serialize};

use crate::backend::BackendError;
use crate::core::CoreError;

pub use progress::{CountingReader, Progress};
pub use record::Record;
pub use rejections::{MAX_LISTED, Rejections};
pub use run::{Summary, Target, run};
pub use store::Importer;
pub use wording::describe;

/// The state of imported conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Somebody has to do something.
    Open,
    /// Done.
    Closed,
}

/// How conversations are brought in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOptions {
    /// The state of all of them. Without it, those whose customer has the last word are open and the others closed.
    pub state: Option<ImportState>,
    /// The name of the team that they go to.
    pub team: Option<String>,
    /// Whether authors whose name or e-mail address is a teammate's become that teammate.
    pub link_authors: bool,
}

/// A conversation and the number of its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedRecord {
    /// The line's number, from 1.
    pub line: u64,
    /// What stands there.
    pub record: Record,
}

/// What became of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is stored.
    Imported,
    /// It was there before.
    AlreadyThere,
    /// It could not be stored, and why.
    Rejected(String),
}

/// Why an import ended early. What was stored before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The report cannot be written.
    #[error("the report cannot be written: {0}")]
    Report(#[from] std::io::Error),
    /// There is no team of that name.
    #[error("there is no team \"{name}\"; {}", known_teams(known))]
    UnknownTeam {
        /// The name that was given.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The server's core failed.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// The running server could not be asked, or refused.
    #[error("{0}")]
    Console(String),
    /// The thread that reads the file ended by a fault of its own.
    #[error("reading the file failed; run the same command again")]
    ReaderFailed,
    /// The server answered about other conversations than it was asked about.
    #[error("the server and this program are of different versions; update both")]
    OutOfStep,
}

impl From<ImportError> for BackendError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Core(error) => error.into(),
            error => Self::Refused(error.to_string()),
        }
    }
}

fn known_teams(known: &[String]) -> String {
    if known.is_empty() {
        "the workspace has no teams yet".to_owned()
    } else {
        format!("there are: {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests;
