mod access;
mod harness;
mod interrupted;
mod network;
mod outbox;
mod sync;
