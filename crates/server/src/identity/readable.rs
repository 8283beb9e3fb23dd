//! Random words of letters and digits that people read out, write down and type in.

use zeroize::Zeroizing;

use super::token::TokenHash;

/// Letters and digits that are not mistaken for one another. 32 of them, so that each stands for five bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const GROUP_CHARACTERS: usize = 4;

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes; try again")]
pub struct NoRandomness;

/// So many groups of four characters with hyphens between them; each group has 20 random bits.
///
/// # Errors
/// [`NoRandomness`].
pub fn random(groups: usize) -> Result<Zeroizing<String>, NoRandomness> {
    let mut bytes = Zeroizing::new(vec![0_u8; groups * GROUP_CHARACTERS]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() + groups));
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 && index % GROUP_CHARACTERS == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(text)
}

/// What is stored of such a word: SHA-256 of its letters and digits. Case and whatever stands between them do not count.
#[must_use]
pub fn hash(typed: &str) -> TokenHash {
    let plain: Zeroizing<String> = Zeroizing::new(
        typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect(),
    );
    TokenHash::of(plain.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_do_not_repeat_and_keep_to_their_alphabet() {
        let made: HashSet<String> =
            (0..200).map(|_| random(7).expect("random").to_string()).collect();
        assert_eq!(made.len(), 200);
        for word in &made {
            assert_eq!(word.len(), 7 * 4 + 6);
            assert!(word.bytes().all(|c| c == b'-' || ALPHABET.contains(&c)), "{word}");
        }
        let letters: HashSet<_> = ALPHABET.iter().collect();
        assert_eq!(letters.len(), ALPHABET.len());
    }

    #[test]
    fn how_a_word_is_typed_does_not_count_but_every_letter_does() {
        assert_eq!(hash("abcd-2345"), hash(" ABCD 2345 "));
        assert_ne!(hash("abcd-2345"), hash("abcd-2346"));
        assert_ne!(hash("abcd-2345"), hash("abcd-234"));
    }
}
