//! Repetition and sequences: long passwords with little in them.

use std::collections::BTreeSet;

/// Rows and columns of the common keyboards, in which a finger can simply walk.
const KEYBOARD_WALKS: &[&str] = &[
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik",
    "9ol",
    "1qay",
    "2wsx",
    "6zhn",
];

/// Fewest different characters that a password may be made of.
const MINIMUM_DISTINCT: usize = 5;

/// Shortest prefix that, repeated, gives the whole text. The last repetition may be cut off.
pub(super) fn period(characters: &[char]) -> usize {
    (1..characters.len())
        .find(|&length| {
            characters.iter().zip(&characters[length..]).all(|(first, later)| first == later)
        })
        .unwrap_or(characters.len())
}

/// Whether the text is one short piece three times or more, or has fewer than five different characters.
pub(super) fn is_repetitive(characters: &[char]) -> bool {
    let distinct: BTreeSet<_> = characters.iter().collect();
    distinct.len() < MINIMUM_DISTINCT || period(characters) * 3 <= characters.len()
}

/// Whether the text is mostly alphabet, counting or keyboard walk: its runs are four long on average.
pub(super) fn is_sequential(characters: &[char]) -> bool {
    let breaks = characters.windows(2).filter(|pair| !is_step(pair[0], pair[1])).count();
    (breaks + 1) * 4 <= characters.len()
}

fn is_step(from: char, to: char) -> bool {
    if from == to {
        return true;
    }
    if !from.is_alphanumeric() || !to.is_alphanumeric() {
        return false;
    }
    if u32::from(from).abs_diff(u32::from(to)) == 1 || matches!((from, to), ('9', '0') | ('0', '9'))
    {
        return true;
    }
    KEYBOARD_WALKS.iter().any(|walk| {
        let place = walk.chars().position(|key| key == from);
        let other = walk.chars().position(|key| key == to);
        matches!((place, other), (Some(place), Some(other)) if place.abs_diff(other) == 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn characters(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn the_period_is_the_shortest_repeating_piece() {
        for (text, expected) in
            [("", 0), ("a", 1), ("aaaa", 1), ("abcabcab", 3), ("abcd", 4), ("abcabd", 6)]
        {
            assert_eq!(period(&characters(text)), expected, "{text:?}");
        }
    }

    #[test]
    fn repetition_is_found() {
        for text in ["aaaaaaaaaaaaaaa", "abcdefabcdefabcdef", "1212121212121212", "ababababcccccdd"]
        {
            assert!(is_repetitive(&characters(text)), "{text:?}");
        }
        assert!(!is_repetitive(&characters("correct horse battery")));
    }

    #[test]
    fn sequences_are_found_forwards_backwards_and_on_keyboards() {
        for text in [
            "abcdefghijklmno",
            "ponmlkjihgfedcba",
            "1234567890123456",
            "qwertyuiopasdfgh",
            "1qaz2wsx3edc4rfv",
            "abcd1234efgh5678",
            "qwertzuiopasdfg",
        ] {
            assert!(is_sequential(&characters(text)), "{text:?}");
        }
        for text in [
            "correct horse battery",
            "we were there as poor lads",
            "yesterday's typewriter",
            "7c1e9ab2f04d8356",
        ] {
            assert!(!is_sequential(&characters(text)), "{text:?}");
        }
    }
}
