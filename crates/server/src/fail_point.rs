//! Places at which a test can have the process die. Compiled only with the feature `fail-points`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names a place and how often it is passed before the process dies there: `commands:after-commit:3`.
const VARIABLE: &str = "RECADO_FAIL_POINT";

/// What the environment names, read once.
static NAMED: OnceLock<Option<(String, u64)>> = OnceLock::new();
static PASSED: AtomicU64 = AtomicU64::new(0);

/// A place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before a statement of any transaction.
    Statement,
    /// A write transaction has done its work and is not committed.
    BeforeCommit,
    /// A write transaction is committed and nobody has been told.
    AfterCommit,
    /// Commands are committed and their answer is not sent.
    CommandsAnswer,
    /// A channel's write is committed and its answer is not sent.
    ChannelAnswer,
    /// A session got its next token and its answer is not sent.
    RefreshAnswer,
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Statement => "storage:statement",
            Self::BeforeCommit => "storage:before-commit",
            Self::AfterCommit => "storage:after-commit",
            Self::CommandsAnswer => "commands:after-commit",
            Self::ChannelAnswer => "channel:after-commit",
            Self::RefreshAnswer => "refresh:after-commit",
        }
    }
}

/// Ends the process at once, as a power cut would, if this is the place and the time that the environment names.
pub(crate) fn reached(place: Place) {
    let named = NAMED.get_or_init(|| {
        let named = std::env::var(VARIABLE).ok()?;
        let (name, count) = named.rsplit_once(':')?;
        Some((name.to_owned(), count.parse().ok()?))
    });
    let Some((name, count)) = named else { return };
    if name == place.name() && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *count {
        std::process::abort();
    }
}
