//! A damaged outbox: what is taken out of it, and how a new one takes its place.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::files::{move_aside, with_suffix};
use super::mirror::{self, Mirrored, mirror_of};
use super::tally::Tally;
use super::{Store, path_of};
use crate::database::{self, Role};
use crate::error::{Error, Which};
use crate::outbox::{SalvageReport, salvage};

impl Store {
    /// Reads what can be read of a damaged outbox and of its mirror, item by item. Nothing may have
    /// them open, and nothing of them is changed.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a file cannot be read at all.
    pub fn salvage_outbox(dir: &Path, key: [u8; 32]) -> Result<SalvageReport, Error> {
        let key = Zeroizing::new(key);
        let path = path_of(dir, Which::Outbox);
        let outbox = salvage::read(&path, &key)?;
        let mirror = salvage::read(&mirror_of(&path), &key)?;
        Ok(salvage::report(outbox, mirror, Tally::of(&path).noted()))
    }

    /// Puts an outbox with what was salvaged in the place of a damaged one, which is moved aside.
    /// Whenever the program ends meanwhile, [`Store::open`] finds the damaged outbox or the new one,
    /// and nothing is lost. Returns where the damaged one lies now.
    ///
    /// # Errors
    ///
    /// Those of opening and of any write; call again, after [`Store::salvage_outbox`].
    pub fn replace_outbox(
        dir: &Path,
        key: [u8; 32],
        salvaged: &SalvageReport,
    ) -> Result<Option<PathBuf>, Error> {
        let key = Zeroizing::new(key);
        let path = path_of(dir, Which::Outbox);
        let beside = with_suffix(&path, "-making");
        // Left from an attempt that was cut off.
        mirror::remove(&beside)?;
        if salvaged.from_mirror {
            let from = database::connect(&mirror_of(&path), &key, Which::Outbox, Role::Reader)?;
            mirror::copy(&from, &beside, &key)?;
        }
        let connection = database::open_writer(&beside, &key, Which::Outbox)?;
        let mut outbox = Mirrored::alone(connection);
        if !salvaged.from_mirror {
            outbox.write(|tx| salvage::restore(tx, salvaged))?;
        }
        // Nothing may be left in a log that would not move with its file.
        database::checkpoint(outbox.outbox(), Which::Outbox)?;
        drop(outbox);
        let ready = ready(&path);
        fs::rename(&beside, &ready).map_err(|error| Error::file(&beside, &error))?;
        finish(dir)
    }
}

/// Where a replacement lies once it is whole.
fn ready(path: &Path) -> PathBuf {
    with_suffix(path, "-ready")
}

/// Puts a replacement that is whole in the outbox's place. Returns where the damaged one lies now.
pub(super) fn finish(dir: &Path) -> Result<Option<PathBuf>, Error> {
    let path = path_of(dir, Which::Outbox);
    let ready = ready(&path);
    if !ready.exists() {
        return Ok(None);
    }
    // What is left of the tally and the mirror tells of losses that have been made good.
    Tally::of(&path).remove()?;
    move_aside(&mirror_of(&path))?;
    let aside = move_aside(&path)?;
    fs::rename(&ready, &path).map_err(|error| Error::file(&ready, &error))?;
    Ok(aside)
}
