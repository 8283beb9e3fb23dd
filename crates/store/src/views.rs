//! What the UI shows: the cache with the outbox laid over it.

pub(crate) mod conversation;
pub(crate) mod inbox;
pub(crate) mod meanwhile;
pub(crate) mod search;
pub(crate) mod sidebar;
pub(crate) mod snapshot;
