//! What the agent did and wrote, until the server has it.

pub(crate) mod drafts;
pub(crate) mod entry;
pub(crate) mod queue;
pub(crate) mod salvage;

use recado_protocol::host::Draft;
use recado_protocol::{Command, Timestamp};

/// How much the outbox holds. Read marks are never counted: they are no work that could be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxCounts {
    /// Entries that wait to be sent or are on their way.
    pub queued: u32,
    /// Entries that were refused, or wait for one that was.
    pub refused: u32,
    /// Drafts.
    pub drafts: u32,
}

/// What could be read from a damaged outbox and its mirror.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SalvageReport {
    /// Commands without the server's confirmation, in their order. They keep their ids, so one that
    /// the server knows already is not run twice.
    pub commands: Vec<Command>,
    /// Drafts, with the time of their last change.
    pub drafts: Vec<(Draft, Timestamp)>,
    /// How many entries were found but could not be read.
    pub unreadable: u32,
    /// Whether the damage hides how many entries there were.
    pub incomplete: bool,
    /// Whether the mirror is whole, so that nothing is lost.
    pub from_mirror: bool,
}
