//! What a disk can do to a file that lies on it.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::super::lane::Chance;

const PAGE: usize = 4_096;

/// Damages a file that is not empty, and says how.
pub(super) fn damage(path: &Path, chance: &mut Chance) -> anyhow::Result<String> {
    let mut bytes = fs::read(path)?;
    let pages = bytes.len().div_ceil(PAGE);
    let what = match chance.below(5) {
        0 => {
            let len = chance.index(bytes.len());
            bytes.truncate(len);
            format!("cut to {len}")
        }
        1 => {
            let (a, b) = (chance.index(pages) * PAGE, chance.index(pages) * PAGE);
            let len = PAGE.min(bytes.len() - a).min(bytes.len() - b);
            for at in 0..len {
                bytes.swap(a + at, b + at);
            }
            format!("pages {} and {} swapped", a / PAGE, b / PAGE)
        }
        2 => {
            let at = chance.index(pages) * PAGE;
            let end = bytes.len().min(at + PAGE);
            bytes[at..end].fill(0);
            format!("page {} of zeros", at / PAGE)
        }
        3 => {
            let len = 1 + chance.index(3 * PAGE);
            bytes.extend((0..len).map(|_| chance.word().to_le_bytes()[0]));
            format!("{len} bytes more")
        }
        _ => {
            let flips = 1 + chance.below(8);
            for _ in 0..flips {
                let at = chance.index(bytes.len());
                bytes[at] ^= 1 << chance.below(8);
            }
            format!("{flips} bits")
        }
    };
    fs::write(path, bytes)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{name}: {what}"))
}

/// Copies a folder and what is in it, except what SQLite makes anew.
pub(super) fn copy_all(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().context("a file has a name")?;
        if path.is_dir() {
            copy_all(&path, &to.join(name))?;
        } else if !name.to_string_lossy().ends_with("-shm") {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
