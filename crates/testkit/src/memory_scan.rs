//! Looks into the memory of a process that runs: what a core dump of it would hold.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use anyhow::Context as _;

use crate::profile_scan::{Needle, needles_in_bytes};

/// How much of the memory is read at once, in bytes.
const PAGE: usize = 4_096;

/// Which of the needles stand in what the process may write to, by their names: its heap, its stacks and
/// whatever else it has mapped.
///
/// # Errors
///
/// When the system does not let this process look.
pub fn needles_in_memory(process: u32, needles: &[Needle]) -> anyhow::Result<BTreeSet<String>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let memory = File::open(format!("/proc/{process}/mem")).context("its memory")?;
    let mut found = BTreeSet::new();
    let mut read = 0;
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (Some(range), Some(access)) = (fields.next(), fields.next()) else { continue };
        if !access.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').context("a range")?;
        let (from, to) = (u64::from_str_radix(from, 16)?, u64::from_str_radix(to, 16)?);
        let mut bytes = vec![0; usize::try_from(to - from)?];
        // What has been unmapped meanwhile holds nothing; the pages beside it may.
        for (page, at) in bytes.chunks_mut(PAGE).zip((from..to).step_by(PAGE)) {
            if memory.read_exact_at(page, at).is_ok() {
                read += page.len();
            }
        }
        found.extend(needles_in_bytes(&bytes, needles));
    }
    anyhow::ensure!(read > 1 << 20, "only {read} bytes of its memory could be read");
    Ok(found)
}

/// Which of the needles the process was started with, as an argument or in its environment.
///
/// # Errors
///
/// When the system does not let this process look.
pub fn needles_at_start(process: u32, needles: &[Needle]) -> anyhow::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for what in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{process}/{what}"))?;
        found.extend(needles_in_bytes(&bytes, needles));
    }
    Ok(found)
}
