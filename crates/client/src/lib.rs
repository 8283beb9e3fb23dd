//! Recado without a window: joining, signing in, the keychain, the way to the server, the engine
//! that keeps the cache in step, the outbox and the rules for notifications.
//!
//! [`Client`] is what a host uses: it answers the commands of [`recado_protocol::host`] and emits
//! its events. Whatever the outside world decides (the clock, randomness, the network, the
//! keychain, notifications, other programs) stands behind a small trait in [`ClientOptions`], so
//! that tests and the simulator replace it.

#![deny(missing_docs)]

pub mod client;
pub mod clock;
mod driver;
pub mod engine;
mod error;
mod fail_point;
pub mod keychain;
mod keys;
pub mod links;
pub mod log;
mod loopback;
pub mod notification;
pub mod policy;
pub mod profile;
pub mod random;
mod sealed;
pub mod session;
pub mod transport;

pub use client::launcher::Launcher;
pub use client::outbox::predecessor;
pub use client::{Client, ClientOptions, StartError};
pub use clock::{Clock, SystemClock};
pub use keychain::{ItemKind, Keychain, KeychainError, MemoryKeychain, SystemKeychain};
pub use links::{DeepLink, Opener};
pub use notification::Notifier;
#[cfg(unix)]
pub use policy::PolicyFolder;
pub use policy::PolicySource;
pub use random::{Random, SystemRandom};
pub use transport::{HttpTransports, Transport, TransportError, Transports};
