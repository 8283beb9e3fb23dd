//! The server as a client meets it: real TLS, real HTTP, on a loopback port.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its scene may fail at once")]

mod api;
mod audit;
mod commands;
mod console;
mod crowds;
mod harness;
mod limits;
mod live;
mod own_account;
mod passwords;
mod refresh;
mod session_model;
mod sign_in;
