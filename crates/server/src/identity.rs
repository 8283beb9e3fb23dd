//! Who is asking: passwords, second factors, secrets, sessions and the limiter in front of them.
//!
//! Everything here is a function of its arguments; rows are read and written by `storage`.

pub mod key_ring;
pub mod limiter;
pub mod password;
mod private_file;
pub mod readable;
pub mod refresh;
pub mod sealed;
pub mod sealer;
pub mod token;
pub mod totp;

pub(crate) use private_file::{Existing, write_private_file};
