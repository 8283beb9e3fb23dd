//! Looks for texts and secrets in every file of a folder, in the forms in which programs write such things.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Which of the texts stand in some file below the folder, in UTF-8 or UTF-16.
pub fn found_in(folder: &Path, texts: &[String]) -> std::io::Result<BTreeSet<String>> {
    let forms = |text: &String| vec![text.as_bytes().to_vec(), wide(text)];
    scan(folder, texts.iter().map(|text| (text, forms(text))).collect())
}

/// Which of the named secrets stand in some file below the folder: as they are, in UTF-16, in hexadecimal or in
/// base64.
pub fn secrets_found_in(
    folder: &Path,
    secrets: &BTreeMap<String, Vec<u8>>,
) -> std::io::Result<BTreeSet<String>> {
    scan(folder, secrets.iter().map(|(name, secret)| (name, forms(secret))).collect())
}

fn scan(folder: &Path, wanted: Vec<(&String, Vec<Vec<u8>>)>) -> std::io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for path in files(folder)? {
        // A file that a process has just removed holds nothing.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let here =
            wanted.iter().filter(|(_, forms)| forms.iter().any(|form| contains(&bytes, form)));
        found.extend(here.map(|(name, _)| (*name).clone()));
    }
    Ok(found)
}

fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hexadecimal = secret.iter().fold(String::new(), |mut hexadecimal, byte| {
        // Writing into a string cannot fail.
        let _ = write!(hexadecimal, "{byte:02x}");
        hexadecimal
    });
    let mut texts = vec![
        hexadecimal.to_uppercase(),
        hexadecimal,
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    texts.extend(std::str::from_utf8(secret).ok().map(str::to_owned));
    let mut forms = vec![secret.to_vec()];
    forms.extend(texts.iter().flat_map(|text| [text.as_bytes().to_vec(), wide(text)]));
    forms
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
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
        std::fs::write(deep.join("file"), [b"xx narrow".as_slice(), &wide("wide")].concat())
            .expect("a file");
        let texts = ["narrow", "wide", "absent"].map(str::to_owned);
        let found = found_in(folder.path(), &texts).expect("readable");
        assert_eq!(found, BTreeSet::from(["narrow".to_owned(), "wide".to_owned()]));
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        let secret = [0_u8, 255, 62, 63, 171, 251, 191, 16, 32, 7, 8, 9];
        let secrets = BTreeMap::from([("key".to_owned(), secret.to_vec())]);
        let written: [&[u8]; 5] = [
            &secret,
            b"00ff3e3fabfbbf1020070809",
            b"x'00FF3E3FABFBBF1020070809'",
            b"AP8-P6v7vxAgBwgJ",
            b"AP8+P6v7vxAgBwgJ",
        ];
        for form in written {
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::write(folder.path().join("file"), [b"xx", form, b"xx"].concat())
                .expect("a file");
            let found = secrets_found_in(folder.path(), &secrets).expect("readable");
            assert_eq!(found, BTreeSet::from(["key".to_owned()]), "{form:?}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file"), b"00ff3e3fabfbbf10200708").expect("a file");
        assert!(secrets_found_in(folder.path(), &secrets).expect("readable").is_empty());
    }
}
