//! The word that a change log has grown.

use tokio::sync::watch;

/// Tells whoever follows a change log that it may have grown. It is given where a transaction commits, so that no caller
/// can forget it, and none that goes away can keep it from being given.
#[derive(Debug, Clone, Default)]
pub(super) struct Growth(watch::Sender<u64>);

impl Growth {
    /// Wakes the followers.
    pub(super) fn announce(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Changes at every word. The number means nothing.
    pub(super) fn follow(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}
