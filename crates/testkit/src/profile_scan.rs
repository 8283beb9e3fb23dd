//! Looks for texts and secrets in every file of a folder, in the forms in which programs write them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

/// What is looked for: a name for the report, and every form in which it may stand in a file.
#[derive(Clone)]
pub struct Needle {
    name: String,
    forms: Vec<Vec<u8>>,
    /// Whether it counts only where no digit stands beside it.
    alone: bool,
}

impl Needle {
    /// A text in UTF-8 and UTF-16.
    pub fn text(text: &str) -> Self {
        Self { name: text.to_owned(), forms: encoded(text), alone: false }
    }

    /// A short number as a text. Part of a longer one, as in a time, it is not meant.
    pub fn number(text: &str) -> Self {
        Self { alone: true, ..Self::text(text) }
    }

    /// A secret as it is, in hexadecimal digits and in both alphabets of base64. `name` stands for
    /// it in a report.
    pub fn secret(name: &str, bytes: &[u8]) -> Self {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![bytes.to_vec()];
        forms.extend(encoded(&hex));
        forms.extend(encoded(&hex.to_uppercase()));
        for alphabet in [STANDARD, URL_SAFE] {
            forms.extend(encoded(&GeneralPurpose::new(&alphabet, NO_PAD).encode(bytes)));
        }
        Self { name: name.to_owned(), forms, alone: false }
    }

    /// The text, or the name of the secret.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms.iter().any(|form| {
            places(bytes, form).any(|at| !self.alone || !beside_a_digit(bytes, at, form))
        })
    }
}

fn encoded(text: &str) -> Vec<Vec<u8>> {
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![text.as_bytes().to_vec(), wide]
}

/// Which of the texts stand in some file below the folder.
pub fn found_in(folder: &Path, texts: &[String]) -> std::io::Result<BTreeSet<String>> {
    let needles: Vec<Needle> = texts.iter().map(|text| Needle::text(text)).collect();
    needles_in(folder, &needles)
}

/// Which of the named secrets stand in some file below the folder, in any of the forms of [`Needle::secret`].
pub fn secrets_found_in(
    folder: &Path,
    secrets: &BTreeMap<String, Vec<u8>>,
) -> std::io::Result<BTreeSet<String>> {
    let needles: Vec<Needle> =
        secrets.iter().map(|(name, secret)| Needle::secret(name, secret)).collect();
    needles_in(folder, &needles)
}

/// Which of the needles stand in some file below the folder, by their names.
pub fn needles_in(folder: &Path, needles: &[Needle]) -> std::io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for path in files(folder)? {
        // A file that a process has just removed holds nothing.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        found.extend(needles_in_bytes(&bytes, needles));
    }
    Ok(found)
}

/// Which of the needles stand in the bytes, by their names.
pub fn needles_in_bytes<'a>(
    bytes: &'a [u8],
    needles: &'a [Needle],
) -> impl Iterator<Item = String> + 'a {
    needles.iter().filter(|needle| needle.is_in(bytes)).map(|needle| needle.name.clone())
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

/// The databases below the folder, none of which `sqlite3`, the program that an attacker would use
/// first, may open.
///
/// # Errors
///
/// When one of them is not encrypted, or the program is missing.
pub fn sealed_databases(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut databases = files(folder)?;
    databases.retain(|path| path.extension().is_some_and(|extension| extension == "db"));
    for path in &databases {
        let start = std::fs::read(path)?;
        let plain = start.starts_with(b"SQLite format 3");
        let opened = Command::new("sqlite3").arg(path).arg(".schema").output()?;
        let said = String::from_utf8_lossy(&opened.stderr);
        if plain || opened.status.success() || !said.contains("not a database") {
            anyhow::bail!("sqlite3 opens {}: {said}", path.display());
        }
    }
    Ok(databases)
}

/// Where the form stands.
fn places<'a>(bytes: &'a [u8], form: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let first = form.first();
    let starts = bytes.iter().enumerate().filter(move |(_, byte)| Some(*byte) == first);
    starts.map(|(at, _)| at).filter(move |&at| bytes[at..].starts_with(form))
}

/// Whether a digit stands right before or after the form, in the form's own encoding.
fn beside_a_digit(bytes: &[u8], at: usize, form: &[u8]) -> bool {
    let step = if form.get(1) == Some(&0) { 2 } else { 1 };
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    at.checked_sub(step).is_some_and(is_digit) || is_digit(at + form.len())
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

    #[test]
    fn a_number_is_not_found_within_a_longer_one() {
        let code = Needle::number("123456");
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for text in ["123456", "code=123456&", "1234567 123456"] {
            assert!(code.is_in(text.as_bytes()) && code.is_in(&wide(text)), "{text}");
        }
        for text in ["0123456", "1234567", "1764.9123456", "12345"] {
            assert!(!code.is_in(text.as_bytes()) && !code.is_in(&wide(text)), "{text}");
        }
    }

    #[test]
    fn a_plain_database_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cache.db");
        let made = Command::new("sqlite3").arg(&path).arg("create table t (x)").status();
        assert!(made.expect("sqlite3 is there").success());
        assert!(sealed_databases(folder.path()).is_err());
        std::fs::write(&path, [0x5A; 4_096]).expect("a file");
        assert_eq!(sealed_databases(folder.path()).expect("sealed"), [path]);
    }
}
