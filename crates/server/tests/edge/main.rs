//! The server as a client meets it: real TLS, real HTTP, on a loopback port.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its scene may fail at once")]

mod api;
mod audit;
mod checkup;
mod commands;
mod console;
mod crowds;
mod enrolment;
mod harness;
// The same provider as in the tests that the test kit serves, which this crate cannot depend on.
#[path = "../../../testkit/src/identity_provider.rs"]
#[expect(unreachable_pub, reason = "it is public where it lives")]
mod identity_provider;
mod limits;
mod live;
mod new_sign_ins;
mod own_account;
mod passwords;
mod refresh;
mod session_model;
mod sign_in;
mod sso;
