//! Looks for texts in every file of a folder, in the two encodings that programs write.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which of the texts stand in some file below the folder, in UTF-8 or UTF-16.
pub fn found_in(folder: &Path, texts: &[String]) -> std::io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for path in files(folder)? {
        // A file that a process has just removed holds nothing.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for text in texts {
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            if contains(&bytes, text.as_bytes()) || contains(&bytes, &wide) {
                found.insert(text.clone());
            }
        }
    }
    Ok(found)
}

/// Every file below the folder.
pub fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    Ok(files)
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    let Some(first) = text.first() else { return false };
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| *byte == first)
        .any(|(at, _)| bytes[at..].starts_with(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_in_both_encodings_and_in_any_depth() {
        let folder = tempfile::tempdir().expect("a folder");
        let deep = folder.path().join("a/b");
        std::fs::create_dir_all(&deep).expect("folders");
        let wide: Vec<u8> = "wide".encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(deep.join("file"), [b"xx narrow".as_slice(), &wide].concat())
            .expect("a file");
        let texts = ["narrow", "wide", "absent"].map(str::to_owned);
        let found = found_in(folder.path(), &texts).expect("readable");
        assert_eq!(found, BTreeSet::from(["narrow".to_owned(), "wide".to_owned()]));
    }
}
