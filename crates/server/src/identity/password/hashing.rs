//! How passwords are stored: bcrypt over a keyed digest.
//!
//! `$recado1$<pepper key id>$<bcrypt string>`, where bcrypt reads the base64 form of
//! HMAC-SHA-384(pepper, NFC(password)). That is always 64 characters without a NUL, so nothing is cut off at
//! bcrypt's 72 bytes, and a stolen database cannot be attacked without the pepper.

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha384;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::policy::MAXIMUM_BYTES;
use crate::identity::key_ring::{KeyRing, SymmetricKey};

/// bcrypt's cost in production.
pub const DEFAULT_COST: u32 = 12;

/// A stored hash above this cost is taken as damaged: checking it could keep a processor busy for hours.
const MAXIMUM_COST: u32 = 16;

const SCHEME: &str = "$recado1$";

/// Why a password could not be hashed or checked. A wrong password is not an error.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The password is longer than the policy accepts.
    #[error("a password has at most {MAXIMUM_BYTES} bytes; choose a shorter one")]
    TooLong,
    /// The stored text is not one of this module's.
    #[error("the stored password cannot be read; reset it")]
    UnreadableHash,
    /// The pepper under which the password was stored is not among the server's secrets.
    #[error("the pepper `{key_id}` is missing from the server's secrets; restore it")]
    MissingPepper {
        /// The id of the missing pepper.
        key_id: String,
    },
    /// The cost is outside of what bcrypt and this module allow.
    #[error("the bcrypt cost must be between 4 and {MAXIMUM_COST}")]
    CostNotAllowed,
    /// bcrypt itself refused.
    #[error("the password could not be hashed")]
    Bcrypt(#[source] bcrypt::BcryptError),
}

/// Hashes and checks passwords. Both take a good part of a second: call them on a blocking thread.
#[derive(Debug)]
pub struct PasswordHasher {
    peppers: KeyRing,
    cost: u32,
    dummy_hash: String,
}

impl PasswordHasher {
    /// Uses the ring's current pepper for new hashes and its others to check older ones.
    pub fn new(peppers: KeyRing, cost: u32) -> Result<Self, PasswordError> {
        if !(4..=MAXIMUM_COST).contains(&cost) {
            return Err(PasswordError::CostNotAllowed);
        }
        let dummy_hash = bcrypt::non_truncating_hash(digest(peppers.current(), "").as_str(), cost)
            .map_err(PasswordError::Bcrypt)?;
        Ok(Self { peppers, cost, dummy_hash })
    }

    /// Gives the text to store for a password that the policy has accepted.
    pub fn hash(&self, password: &str) -> Result<String, PasswordError> {
        if password.len() > MAXIMUM_BYTES as usize {
            return Err(PasswordError::TooLong);
        }
        let pepper = self.peppers.current();
        let hash = bcrypt::non_truncating_hash(digest(pepper, password).as_str(), self.cost)
            .map_err(PasswordError::Bcrypt)?;
        Ok(format!("{SCHEME}{}${hash}", pepper.id()))
    }

    /// Whether `password` is the one behind `stored`. Costs one bcrypt run whatever the answer is, errors included.
    pub fn verify(&self, password: &str, stored: &str) -> Result<bool, PasswordError> {
        match self.prepare(password, stored) {
            Ok((digest, hash)) => {
                bcrypt::non_truncating_verify(digest.as_str(), hash).map_err(PasswordError::Bcrypt)
            }
            Err(error) => {
                self.dummy_verify(password);
                if matches!(error, PasswordError::TooLong) {
                    return Ok(false);
                }
                Err(error)
            }
        }
    }

    /// Does the work of [`verify`](Self::verify) for an account that does not exist, or has no password.
    pub fn dummy_verify(&self, password: &str) {
        let digest = digest(self.peppers.current(), password);
        let outcome = bcrypt::non_truncating_verify(digest.as_str(), &self.dummy_hash);
        // Only the time it takes matters.
        drop(std::hint::black_box(outcome));
    }

    /// Whether `stored` was made under another pepper or cost than new hashes are. Ask after a successful
    /// [`verify`](Self::verify), when the password is at hand.
    pub fn needs_rehash(&self, stored: &str) -> bool {
        let Some((key_id, hash)) = split(stored) else {
            return true;
        };
        let cost = bcrypt::HashParts::from_str(hash).map(|parts| parts.get_cost());
        key_id != self.peppers.current().id().as_str()
            || !matches!(cost, Ok(cost) if cost == self.cost)
    }

    fn prepare<'a>(
        &self,
        password: &str,
        stored: &'a str,
    ) -> Result<(Zeroizing<String>, &'a str), PasswordError> {
        let (key_id, hash) = split(stored).ok_or(PasswordError::UnreadableHash)?;
        let parts = bcrypt::HashParts::from_str(hash).map_err(|_| PasswordError::UnreadableHash)?;
        if !(4..=MAXIMUM_COST).contains(&parts.get_cost()) {
            return Err(PasswordError::UnreadableHash);
        }
        let pepper = self
            .peppers
            .get(key_id)
            .ok_or_else(|| PasswordError::MissingPepper { key_id: key_id.to_owned() })?;
        if password.len() > MAXIMUM_BYTES as usize {
            return Err(PasswordError::TooLong);
        }
        Ok((digest(pepper, password), hash))
    }
}

fn split(stored: &str) -> Option<(&str, &str)> {
    stored.strip_prefix(SCHEME)?.split_once('$')
}

/// 64 characters of base64. Canonically equal spellings give the same digest, because keyboards differ in them.
fn digest(pepper: &SymmetricKey, password: &str) -> Zeroizing<String> {
    let normalised: Zeroizing<String> = Zeroizing::new(password.nfc().collect());
    let mut mac = match Hmac::<Sha384>::new_from_slice(pepper.bytes()) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes keys of every length"),
    };
    mac.update(normalised.as_bytes());
    Zeroizing::new(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::key_ring::KeyId;

    const TEST_COST: u32 = 4;
    /// Made by an independent implementation of HMAC and bcrypt.
    const KNOWN: &[(&str, &str)] = &[
        (
            "gargling otter quilt",
            "$recado1$pepper-a$$2b$04$abcdefghijklmnopqrstuu9uDpams0Vv0ZUL7HHO0BJxTiQivXspG",
        ),
        ("", "$recado1$pepper-a$$2b$04$AAAAAAAAAAAAAAAAAAAAAeIonlExTEJYDSBNH3qd4U4rW0ZL.bOee"),
        ("a\0b", "$recado1$pepper-a$$2b$04$./ABCDEFGHIJKLMNOPQRSuHSUWzOwCrVqhjlLmmQfc080gnfWkdzy"),
        (
            "паляниця зі сметаною",
            "$recado1$pepper-a$$2b$04$012345678901234567890uQvG5kSklrCfXdaOj/YzNAK/TCcAE7zO",
        ),
    ];

    fn pepper(id: &str, byte: u8) -> SymmetricKey {
        SymmetricKey::new(KeyId::new(id).expect("valid id"), vec![byte; 48]).expect("valid key")
    }

    fn hasher() -> PasswordHasher {
        let ring = KeyRing::new([pepper("pepper-a", 0x0a)]).expect("valid ring");
        PasswordHasher::new(ring, TEST_COST).expect("valid hasher")
    }

    #[test]
    fn hashes_stored_by_version_one_stay_valid() {
        let hasher = hasher();
        for (password, stored) in KNOWN {
            assert!(hasher.verify(password, stored).expect("readable"), "{password:?}");
            assert!(!hasher.verify(&format!("{password}x"), stored).expect("readable"));
            assert!(!hasher.needs_rehash(stored));
        }
    }

    #[test]
    fn a_hash_names_its_scheme_its_pepper_and_its_cost() {
        let stored = hasher().hash("gargling otter quilt").expect("hash");
        assert!(stored.starts_with("$recado1$pepper-a$$2b$04$"), "{stored}");
        assert_ne!(stored, hasher().hash("gargling otter quilt").expect("hash"), "salts repeat");
    }

    #[test]
    fn an_older_pepper_still_verifies_and_asks_for_a_new_hash() {
        let stored = hasher().hash("gargling otter quilt").expect("hash");
        let rotated =
            KeyRing::new([pepper("pepper-b", 0x0b), pepper("pepper-a", 0x0a)]).expect("ring");
        let rotated = PasswordHasher::new(rotated, TEST_COST).expect("hasher");
        assert!(rotated.verify("gargling otter quilt", &stored).expect("readable"));
        assert!(rotated.needs_rehash(&stored));
        let renewed = rotated.hash("gargling otter quilt").expect("hash");
        assert!(!rotated.needs_rehash(&renewed));
    }

    #[test]
    fn another_cost_asks_for_a_new_hash() {
        let stored = hasher().hash("gargling otter quilt").expect("hash");
        let ring = KeyRing::new([pepper("pepper-a", 0x0a)]).expect("valid ring");
        let dearer = PasswordHasher::new(ring, TEST_COST + 1).expect("hasher");
        assert!(dearer.needs_rehash(&stored));
    }

    #[test]
    fn the_same_id_with_another_pepper_does_not_verify() {
        let stored = hasher().hash("gargling otter quilt").expect("hash");
        let ring = KeyRing::new([pepper("pepper-a", 0x0c)]).expect("valid ring");
        let other = PasswordHasher::new(ring, TEST_COST).expect("hasher");
        assert!(!other.verify("gargling otter quilt", &stored).expect("readable"));
    }

    #[test]
    fn damaged_hashes_and_missing_peppers_are_errors() {
        let hasher = hasher();
        let stored = hasher.hash("gargling otter quilt").expect("hash");
        let expensive = stored.replace("$04$", "$31$");
        for damaged in ["", "$recado1$", "$2b$04$", &stored[..stored.len() - 1], &expensive] {
            let outcome = hasher.verify("gargling otter quilt", damaged);
            assert!(matches!(outcome, Err(PasswordError::UnreadableHash)), "{damaged:?}");
        }
        let foreign = stored.replace("pepper-a", "pepper-z");
        let outcome = hasher.verify("gargling otter quilt", &foreign);
        assert!(
            matches!(outcome, Err(PasswordError::MissingPepper { key_id }) if key_id == "pepper-z")
        );
    }

    #[test]
    fn the_longest_password_counts_to_its_last_byte_and_a_longer_one_is_refused() {
        let hasher = hasher();
        let longest = "x".repeat(MAXIMUM_BYTES as usize);
        let stored = hasher.hash(&longest).expect("hash");
        assert!(hasher.verify(&longest, &stored).expect("readable"));
        let changed = format!("{}y", &longest[1..]);
        assert!(!hasher.verify(&changed, &stored).expect("readable"));
        let longer = format!("{longest}x");
        assert!(matches!(hasher.hash(&longer), Err(PasswordError::TooLong)));
        assert!(!hasher.verify(&longer, &stored).expect("readable"));
    }

    #[test]
    fn a_nul_does_not_end_the_password() {
        let hasher = hasher();
        let stored = hasher.hash("gargling\0otter").expect("hash");
        assert!(hasher.verify("gargling\0otter", &stored).expect("readable"));
        for other in ["gargling", "gargling\0quilt", "gargling\0otter\0", "\0", ""] {
            assert!(!hasher.verify(other, &stored).expect("readable"), "{other:?}");
        }
    }

    #[test]
    fn both_spellings_of_an_accent_are_one_password() {
        let hasher = hasher();
        let stored = hasher.hash("cafe\u{301} con leche").expect("hash");
        assert!(hasher.verify("caf\u{e9} con leche", &stored).expect("readable"));
    }

    #[test]
    fn costs_out_of_range_are_refused() {
        for cost in [0, 3, 17, 31] {
            let ring = KeyRing::new([pepper("pepper-a", 0x0a)]).expect("valid ring");
            let refused = PasswordHasher::new(ring, cost);
            assert!(matches!(refused, Err(PasswordError::CostNotAllowed)));
        }
    }

    #[test]
    fn the_digest_has_sixty_four_characters_whatever_the_password() {
        for password in ["", "short", &"long".repeat(256)] {
            assert_eq!(digest(&pepper("pepper-a", 0x0a), password).len(), 64);
        }
    }

    /// How many pairs: a share in the quick run, ten thousand in the long one.
    fn cases() -> u32 {
        if std::env::var_os("RECADO_LONG").is_some() { 10_000 } else { 200 }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(cases()))]

        #[test]
        fn every_password_verifies_and_a_changed_one_does_not(
            password in "(?s).{1,80}",
            place in any::<prop::sample::Index>(),
            replacement in any::<char>(),
        ) {
            let hasher = hasher();
            let stored = hasher.hash(&password).expect("hash");
            prop_assert!(hasher.verify(&password, &stored).expect("readable"));
            let mut characters: Vec<char> = password.chars().collect();
            let place = place.index(characters.len());
            characters[place] = replacement;
            let changed: String = characters.into_iter().collect();
            prop_assume!(!changed.nfc().eq(password.nfc()));
            prop_assert!(!hasher.verify(&changed, &stored).expect("readable"));
        }

        #[test]
        fn passwords_that_share_their_first_72_bytes_do_not_verify_for_one_another(
            shared in "[ -~]{72,90}",
            first in "[ -~]{1,40}",
            second in "[ -~]{1,40}",
        ) {
            prop_assume!(first != second);
            let hasher = hasher();
            let (first, second) = (format!("{shared}{first}"), format!("{shared}{second}"));
            let stored = hasher.hash(&first).expect("hash");
            prop_assert!(!hasher.verify(&second, &stored).expect("readable"));
            prop_assert!(!hasher.verify(&shared, &stored).expect("readable"));
        }
    }
}
