//! Developer commands. The private desktop session and the WebDriver client are also used by the tests that drive
//! the real window.

#![expect(clippy::print_stdout, reason = "these commands talk to a person on the terminal")]
#![expect(clippy::print_stderr, reason = "these commands talk to a person on the terminal")]

mod app;
pub mod cli;
mod command;
mod crash;
mod demo;
mod interrupt;
mod npm;
pub mod poll;
pub mod postgres;
pub mod process;
mod run;
pub mod session;
mod system;
mod test;
mod tls_grade;
mod totp;
mod walk;
pub mod webdriver;
mod workspace;
