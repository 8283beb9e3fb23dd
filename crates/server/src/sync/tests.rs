//! What teammates are told, on every engine.

mod cache;
mod paging;
mod scope;
mod search;
mod simulation;
mod visibility;
