//! What lies on the agent's machine: two encrypted SQLite files per account.
//!
//! `cache.db` holds nothing but the server's state and can be thrown away; `outbox.db` holds what
//! the agent wrote and the server has not confirmed. [`Store`] is the only door to both. Reads lay
//! the outbox over the cache, so a list or a conversation always shows what the agent did last.
//!
//! Every method blocks; an asynchronous caller runs them on threads made for that.

#![deny(missing_docs)]

mod batch;
mod cache;
mod database;
mod error;
mod keys;
mod meta;
mod migrations;
mod outbox;
mod overlay;
mod sql;
mod store;
mod views;

pub use batch::{Applied, CacheBatch, Dropped, LeftConversation, NewMessage};
pub use database::cipher_version;
pub use error::{Error, Which};
pub use keys::StoreKeys;
pub use meta::{ClockSeen, ClosedCheck, HeadListing, HeadsProgress, Meta};
pub use outbox::{OutboxCounts, SalvageReport};
pub use store::{
    CacheBudget, CacheCheck, CacheStats, FillProgress, IndexProgress, LocalDigest, StopCheck, Store,
};
#[cfg(feature = "simulation")]
pub use store::{DiskFault, SyncedCache};
