//! The product as a user meets it.

mod access;
mod bootstrap_cut;
mod canary;
mod crash;
mod faults;
#[cfg(feature = "load")]
mod herd;
#[cfg(target_os = "linux")]
mod keychain;
mod main_job;
#[cfg(target_os = "linux")]
mod memory;
mod offline;
mod own_account;
mod simulation;
mod sso;
mod tidy;
