mod access;
mod harness;
mod interrupted;
mod network;
mod newer_server;
mod outbox;
mod random_failures;
mod sync;
