//! What happened, in one short line each.

use sha2::{Digest as _, Sha256};

/// The lines of a run; nothing is written unless somebody wants to read it.
#[derive(Debug, Default)]
pub(super) struct Trace {
    lines: Option<Vec<String>>,
}

impl Trace {
    /// A trace that keeps its lines.
    pub(super) const fn kept() -> Self {
        Self { lines: Some(Vec::new()) }
    }

    /// Writes a line, if lines are kept.
    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(line());
        }
    }

    /// The lines.
    pub(super) fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }

    /// SHA-256 over all lines: the same for the same run.
    pub(super) fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for line in self.lines() {
            hasher.update(line);
            hasher.update(b"\n");
        }
        hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}
