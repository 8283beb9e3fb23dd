//! Where the server keeps its data: embedded SQLite, or PostgreSQL for more than one machine.
//!
//! [`Db`] is the handle, [`Tx`] one transaction. A storage function is an `async fn` that takes `&mut Tx` and
//! awaits nothing else; its SQL is one text for both engines, with `?1` parameters. See [`migrate`] for how a
//! schema is written once, and [`dialect`] for the few things in which the engines really differ.

pub mod account;
pub mod audit;
pub mod change_log;
pub mod channel;
pub mod checkup;
pub mod command;
pub mod contact;
pub mod conversation;
mod db;
pub mod dialect;
pub mod enrolment;
mod error;
pub mod factor;
mod growth;
pub mod limiter_state;
pub mod migrate;
pub mod own_factor;
pub mod own_session;
pub mod part;
mod postgres;
pub mod read_mark;
mod rows;
pub mod search;
pub mod session;
mod sql;
mod sqlite;
pub mod sso;
pub mod team;
pub mod teammate;
pub mod ticket;
mod tx;
mod value;
pub mod visibility;
pub mod workspace;

#[cfg(test)]
mod tests;

pub use db::Db;
pub use dialect::Engine;
pub use error::DbError;
pub use postgres::Listener;
pub use sql::placeholders;
#[cfg(feature = "simulation")]
pub use sqlite::Contents;
pub use tx::Tx;
pub(crate) use value::params;
pub use value::{FromValue, Row, RowIndex, Value};
