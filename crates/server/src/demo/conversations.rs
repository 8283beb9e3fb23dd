//! The conversations that the program carries with it.

use std::io::{self, Cursor};

use recado_protocol::Timestamp;

use super::plan::SPANISH_SOURCE;
use crate::import::lines::{self, Line};
use crate::import::record::{Record, Rejection};

/// Real conversations from public data sets; their licences stand beside the file.
const PUBLIC: &[u8] = include_bytes!("../../demo/conversations.jsonl.gz");
/// Conversations in Spanish, invented for the demo.
const SPANISH: &[u8] = include_bytes!("../../demo/conversations-es.jsonl");

/// Why the shipped conversations cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShippedError {
    /// They cannot be unpacked.
    #[error("the demo's conversations cannot be unpacked: {0}")]
    Unpack(#[from] io::Error),
    /// One is not as it should be.
    #[error("line {line} of the demo's conversations: {rejection}")]
    Line {
        /// Its number.
        line: u64,
        /// What is wrong with it.
        rejection: Rejection,
    },
}

/// All of them. Those without times are dated `now`.
///
/// # Errors
/// When the program was built with damaged ones.
pub(super) fn shipped(now: Timestamp) -> Result<Vec<Record>, ShippedError> {
    let mut records = Vec::new();
    for file in [PUBLIC, SPANISH] {
        let mut lines = lines::open(Cursor::new(file))?;
        while let Some(line) = lines.next_line()? {
            let (line, parsed) = match line {
                Line::Bytes(line, bytes) => (line, Record::parse(&bytes, SPANISH_SOURCE, now)),
                Line::TooLong(line) => (line, Err(Rejection::LineTooLong)),
            };
            records.push(parsed.map_err(|rejection| ShippedError::Line { line, rejection })?);
        }
    }
    Ok(records)
}
