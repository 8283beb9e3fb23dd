mod access;
mod harness;
mod interrupted;
mod network;
mod newer_server;
mod outbox;
mod sync;
