#![expect(clippy::wildcard_imports, reason = "the tests use most of the harness and the protocol")]

mod access;
mod harness;
mod network;
mod outbox;
mod sync;
