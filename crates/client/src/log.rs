//! What may be logged at all, whatever somebody asks the log to tell.

use tracing::{Level, Metadata};

/// Whether a line may be logged. Recado's own parts never log a secret or a message; libraries do once they
/// are asked for details: a whole frame of the live stream, every parameter of a statement.
pub fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("recado") || *metadata.level() <= Level::INFO
}
