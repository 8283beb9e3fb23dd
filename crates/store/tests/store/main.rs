//! The store as its callers meet it: real files in a folder of their own, pages as the server sends
//! them.

mod apply;
mod budget;
#[cfg(feature = "plain")]
mod canary;
mod convergence;
mod conversation;
#[cfg(not(feature = "plain"))]
mod files;
#[cfg(not(feature = "plain"))]
mod interrupted_upgrade;
mod outbox;
mod search;
mod soak;
#[cfg(not(feature = "plain"))]
mod upgrade;
mod views;
mod world;
