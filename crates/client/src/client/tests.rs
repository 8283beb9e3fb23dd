//! The client as a host uses it, on a server that the test plays.

mod keychain_faults;
mod server;
mod sessions;
