//! Keys that can be rotated: the first one works, the others only read what they once wrote.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use zeroize::Zeroizing;

/// Shortest key that is accepted, in bytes (256 bits).
pub const MINIMUM_KEY_BYTES: usize = 32;

/// Why a key or a ring of keys was refused.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The id is not 4 to 32 lower-case letters, digits or hyphens.
    #[error("a key id has 4 to 32 lower-case letters, digits or hyphens; correct the id `{0}`")]
    InvalidId(String),
    /// The key is shorter than 256 bits.
    #[error("the key `{0}` is shorter than 32 bytes; generate a longer one")]
    TooShort(KeyId),
    /// The key does not have the length that its cipher needs.
    #[error("the key `{id}` must have exactly {expected_bytes} bytes")]
    WrongLength {
        /// The key that was refused.
        id: KeyId,
        /// How long it has to be, in bytes.
        expected_bytes: usize,
    },
    /// The same id names two keys.
    #[error("two keys have the id `{0}`; give each its own")]
    DuplicateId(KeyId),
    /// There is no key at all.
    #[error("at least one key is needed")]
    Empty,
    /// The key is not base64url without padding.
    #[error("a key must be written in base64url without padding")]
    NotBase64,
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes; try again")]
    NoRandomness,
}

/// The public name of a key, stored beside everything that the key has made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// Accepts 4 to 32 lower-case letters, digits or hyphens.
    pub fn new(id: impl Into<String>) -> Result<Self, KeyError> {
        let id = id.into();
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (4..=32).contains(&id.len()) && id.bytes().all(allowed) {
            Ok(Self(id))
        } else {
            Err(KeyError::InvalidId(id))
        }
    }

    /// The id as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A symmetric key with its id. Never prints its bytes and clears them when dropped.
#[derive(Clone)]
pub struct SymmetricKey {
    id: KeyId,
    bytes: Zeroizing<Vec<u8>>,
}

impl SymmetricKey {
    /// Takes a key of at least 32 bytes.
    pub fn new(id: KeyId, bytes: Vec<u8>) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(bytes);
        if bytes.len() < MINIMUM_KEY_BYTES {
            return Err(KeyError::TooShort(id));
        }
        Ok(Self { id, bytes })
    }

    /// Makes a random key of `length_bytes` with a random id.
    pub fn generate(length_bytes: usize) -> Result<Self, KeyError> {
        let mut id = [0; 4];
        getrandom::fill(&mut id).map_err(|_| KeyError::NoRandomness)?;
        let mut bytes = vec![0; length_bytes];
        getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
        Self::new(KeyId(format!("{:08x}", u32::from_be_bytes(id))), bytes)
    }

    /// Reads a key from its base64url form.
    pub fn from_base64(id: KeyId, key: &str) -> Result<Self, KeyError> {
        let bytes = URL_SAFE_NO_PAD.decode(key).map_err(|_| KeyError::NotBase64)?;
        Self::new(id, bytes)
    }

    /// The key in base64url, for the sealed file only.
    pub fn to_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.bytes.as_slice()))
    }

    /// The key's id.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The key's bytes, for the cipher or MAC that uses them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SymmetricKey({})", self.id)
    }
}

/// Keys for one purpose: the first is used for everything new.
#[derive(Clone, Debug)]
pub struct KeyRing {
    current: SymmetricKey,
    former: Vec<SymmetricKey>,
}

impl KeyRing {
    /// Takes the keys in order, the current one first.
    pub fn new(keys: impl IntoIterator<Item = SymmetricKey>) -> Result<Self, KeyError> {
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or(KeyError::Empty)?;
        let mut ring = Self { current, former: Vec::new() };
        for key in keys {
            if ring.get(key.id.as_str()).is_some() {
                return Err(KeyError::DuplicateId(key.id));
            }
            ring.former.push(key);
        }
        Ok(ring)
    }

    /// The key for everything new.
    pub fn current(&self) -> &SymmetricKey {
        &self.current
    }

    /// The key with this id.
    pub fn get(&self, id: &str) -> Option<&SymmetricKey> {
        self.iter().find(|key| key.id.as_str() == id)
    }

    /// All keys, the current one first.
    pub fn iter(&self) -> impl Iterator<Item = &SymmetricKey> {
        std::iter::once(&self.current).chain(&self.former)
    }

    /// Refuses the ring unless every key has exactly `expected_bytes`.
    pub fn require_length(self, expected_bytes: usize) -> Result<Self, KeyError> {
        if let Some(key) = self.iter().find(|key| key.bytes.len() != expected_bytes) {
            return Err(KeyError::WrongLength { id: key.id.clone(), expected_bytes });
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> SymmetricKey {
        SymmetricKey::new(KeyId::new(id).expect("valid id"), vec![7; 32]).expect("valid key")
    }

    #[test]
    fn the_first_key_is_the_current_one_and_all_can_be_found() {
        let ring = KeyRing::new([key("second"), key("first")]).expect("valid ring");
        assert_eq!(ring.current().id().as_str(), "second");
        assert!(ring.get("first").is_some());
        assert!(ring.get("third").is_none());
    }

    #[test]
    fn a_ring_refuses_no_key_and_two_keys_of_one_name() {
        assert_eq!(KeyRing::new([]).err(), Some(KeyError::Empty));
        let duplicate = KeyRing::new([key("same"), key("same")]).err();
        assert!(matches!(duplicate, Some(KeyError::DuplicateId(_))));
    }

    #[test]
    fn ids_and_lengths_are_checked() {
        for id in ["", "abc", "UPPER", "with$dollar", "with space"] {
            assert!(KeyId::new(id).is_err(), "{id:?} was accepted");
        }
        let id = KeyId::new("short").expect("valid id");
        assert!(SymmetricKey::new(id, vec![0; 31]).is_err());
        let ring = KeyRing::new([key("ring")]).expect("valid ring");
        assert!(ring.clone().require_length(32).is_ok());
        assert!(ring.require_length(48).is_err());
    }

    #[test]
    fn a_key_survives_its_text_form_and_never_prints_itself() {
        let made = SymmetricKey::generate(48).expect("random key");
        let text = made.to_base64();
        let read = SymmetricKey::from_base64(made.id().clone(), &text).expect("readable");
        assert_eq!(read.bytes(), made.bytes());
        assert!(!format!("{made:?}").contains(text.as_str()));
        assert_ne!(SymmetricKey::generate(48).expect("random key").bytes(), made.bytes());
    }
}
