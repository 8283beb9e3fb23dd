//! Recado's backend. From the outside in: [`serve`] puts the API ([`http`], `live`) and the console socket ([`console`])
//! on one [`backend`]; below lie who is asking ([`sign_in`], [`session`], [`identity`]), what is done ([`commands`],
//! [`inbound`], [`sync`]) and where it is kept ([`storage`]).

pub mod access_change;
pub mod announcement;
pub mod backend;
pub mod channel_key;
pub mod checkup;
pub mod clock;
pub mod commands;
pub mod console;
pub mod conversation;
pub mod core;
pub mod demo;
pub mod enrolment;
#[cfg(feature = "fail-points")]
mod fail_point;
pub mod gate;
pub mod http;
pub mod identity;
pub mod ids;
pub mod import;
pub mod inbound;
pub mod live;
pub mod offline_lease;
pub mod own_account;
pub mod places;
pub mod restore;
pub mod retention;
pub mod sanitize;
pub mod seed;
pub mod serve;
pub mod session;
pub mod sign_in;
pub mod snooze;
pub mod sso;
pub mod storage;
pub mod sync;
pub mod tls;

#[cfg(test)]
mod testing;
