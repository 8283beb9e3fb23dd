//! The client as a host uses it, on a server that the test plays.

mod app_lock;
mod damage;
mod enrolment;
mod hostile_requests;
mod keychain_faults;
mod managed;
mod newer_server;
mod server;
mod sessions;
mod sso;
mod without_keychain;
