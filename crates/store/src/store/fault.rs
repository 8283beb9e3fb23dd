//! Disks that fail, for stores in memory.

use super::{Store, lock};
use crate::error::Error;

/// How a disk fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFault {
    /// It takes so many more transactions, and then there is no room.
    Full {
        /// How many.
        after: u32,
    },
    /// It takes so many more transactions, and then it can no longer be written.
    Broken {
        /// How many.
        after: u32,
    },
}

impl Store {
    /// Lets the disk fail from now on, or be well again. A transaction that fails leaves nothing behind.
    pub fn let_disk_fail(&self, fault: Option<DiskFault>) {
        *lock(&self.failing) = fault;
    }

    /// Fails as the disk does, before a transaction that writes.
    pub(super) fn disk_takes_it(&self) -> Result<(), Error> {
        match &mut *lock(&self.failing) {
            None => Ok(()),
            Some(DiskFault::Full { after: 0 }) => Err(Error::DiskFull),
            Some(DiskFault::Broken { after: 0 }) => {
                Err(Error::Io("it was made to fail".to_owned()))
            }
            Some(DiskFault::Full { after } | DiskFault::Broken { after }) => {
                *after -= 1;
                Ok(())
            }
        }
    }
}
