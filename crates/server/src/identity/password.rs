//! Passwords: which ones are accepted, and how they are stored.

mod blocklist;
mod hashing;
mod pattern;
mod policy;
mod strength;

pub use blocklist::Blocklist;
pub use hashing::{DEFAULT_COST, PasswordError, PasswordHasher};
pub use policy::{
    MAXIMUM_BYTES, MINIMUM_CHARACTERS, MINIMUM_CHARACTERS_WITH_SECOND_FACTOR, PasswordContext,
    PasswordPolicy,
};
