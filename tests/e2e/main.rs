//! The product as a user meets it.

mod access;
mod main_job;
mod tidy;
