mod access;
mod harness;
mod network;
mod outbox;
mod sync;
