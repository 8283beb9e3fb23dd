//! Passwords that everybody tries first.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;

use super::pattern;

const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");

/// Digits and signs hung on either end of a common password add nothing up to this length.
const MAXIMUM_AFFIX_CHARACTERS: usize = 6;

/// Shortest part that counts when a password is two common ones joined.
const MINIMUM_PART_CHARACTERS: usize = 3;

/// The list of common passwords, with the disguises under which they return.
#[derive(Debug)]
pub struct Blocklist {
    entries: HashSet<&'static str>,
    longest_characters: usize,
}

impl Blocklist {
    /// Reads the list that is built into the program.
    pub fn built_in() -> Self {
        let entries: HashSet<_> = COMMON_PASSWORDS
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        let longest_characters =
            entries.iter().map(|entry| entry.chars().count()).max().unwrap_or_default();
        Self { entries, longest_characters }
    }

    /// How many passwords are listed.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether `password` is a listed one, two listed ones joined, or one of them repeated, in other case,
    /// with letters swapped for look-alikes, with separators, or with a few digits or signs around it.
    pub fn covers(&self, password: &str) -> bool {
        let folded = fold(password);
        let compact: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
        [folded, compact].iter().any(|text| {
            let trimmed = trim_affixes(text);
            [
                text.clone(),
                trimmed.to_owned(),
                replace_look_alikes(text),
                replace_look_alikes(trimmed),
                trim_affixes(&replace_look_alikes(text)).to_owned(),
            ]
            .iter()
            .any(|disguise| self.covers_plain(disguise))
        })
    }

    fn covers_plain(&self, text: &str) -> bool {
        if self.entries.contains(text) {
            return true;
        }
        let characters: Vec<char> = text.chars().collect();
        let period = pattern::period(&characters);
        if period * 2 <= characters.len() {
            let piece: String = characters[..period].iter().collect();
            return self.entries.contains(piece.as_str());
        }
        characters.len() <= self.longest_characters * 2 && self.is_two_entries(text)
    }

    fn is_two_entries(&self, text: &str) -> bool {
        text.char_indices().any(|(middle, _)| {
            let (first, second) = text.split_at(middle);
            [first, second].iter().all(|part| {
                part.chars().count() >= MINIMUM_PART_CHARACTERS && self.entries.contains(part)
            })
        })
    }
}

/// Brings compatibility forms and upper case to one spelling.
pub(super) fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

fn trim_affixes(text: &str) -> &str {
    let Some(start) = text.find(char::is_alphabetic) else {
        return text;
    };
    let (before, rest) = text.split_at(start);
    let core = rest.trim_end_matches(|c: char| !c.is_alphabetic());
    let after = &rest[core.len()..];
    let short = |affix: &str| affix.chars().count() <= MAXIMUM_AFFIX_CHARACTERS;
    match (short(before), short(after)) {
        (true, true) => core,
        (true, false) => rest,
        (false, true) => &text[..text.len() - after.len()],
        (false, false) => text,
    }
}

fn replace_look_alikes(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '0' => 'o',
            '1' | '!' | '|' => 'i',
            '3' | '€' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' | '+' => 't',
            '8' => 'b',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_thousands_of_entries_in_their_folded_form() {
        let list = Blocklist::built_in();
        assert!(list.len() >= 3_000, "only {} entries", list.len());
        for entry in &list.entries {
            assert_eq!(fold(entry), **entry, "{entry:?} could never match a folded password");
            assert!(entry.chars().count() >= MINIMUM_PART_CHARACTERS, "{entry:?} is too short");
        }
    }

    #[test]
    fn common_passwords_are_found_in_disguise() {
        let list = Blocklist::built_in();
        for password in [
            "password",
            "PassWord",
            "password123",
            "123password!!",
            "P@ssw0rd",
            "pa$$w0rd2024",
            "passwordpassword",
            "qwertyqwertyqwer",
            "pass-word",
            "iloveyou.iloveyou",
            "$unshine",
            "dragonmonkey",
            "DragonMonkey99",
            "ｐａｓｓｗｏｒｄ",
        ] {
            assert!(list.covers(password), "{password:?} was not found");
        }
    }

    #[test]
    fn other_passwords_are_not_found() {
        let list = Blocklist::built_in();
        for password in [
            "",
            "1",
            "correct horse battery staple",
            "gargling-otter-quilt",
            "password83910472619",
            "паляниця зі сметаною",
            "x7Kq!vbT9zLw",
        ] {
            assert!(!list.covers(password), "{password:?} was found");
        }
    }
}
