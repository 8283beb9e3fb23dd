//! The cache: server state only, in one file that can be thrown away.

pub(crate) mod apply;
pub(crate) mod conversations;
pub(crate) mod directory;
pub(crate) mod evict;
pub(crate) mod meta;
pub(crate) mod parts;
pub(crate) mod place;
pub(crate) mod rows;
pub(crate) mod search;
pub(crate) mod tokens;
pub(crate) mod visibility;
