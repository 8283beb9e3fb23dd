//! Opaque secrets that a client carries and the server knows only by their hash.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

const SECRET_BYTES: usize = 32;
/// 32 bytes in base64url without padding.
const ENCODED_CHARACTERS: usize = 43;
const HASH_BYTES: usize = 32;

/// Why a secret could not be made or read.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes; try again")]
    NoRandomness,
    /// The text is not a secret of this kind.
    #[error("this is not a valid {0} secret; sign in again")]
    Malformed(&'static str),
    /// A stored hash does not have 32 bytes.
    #[error("the stored hash does not have 32 bytes")]
    InvalidHash,
}

/// What a secret is for. Its prefix lets secret scanners, and people, recognise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Opens the API for a few minutes.
    Access,
    /// Gets the next access token.
    Refresh,
    /// Lets a new teammate in.
    Invitation,
    /// Handed to the app by the browser, once, at the end of single sign-on.
    AuthorizationCode,
    /// Continues a sign-in that still lacks its second factor.
    SignInStep,
    /// Goes to an identity provider and comes back with the browser.
    SsoState,
    /// Opens the live stream once.
    LiveTicket,
    /// Lets a customer's system use a channel.
    ChannelKey,
}

impl TokenKind {
    /// What every secret of this kind begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Access => "rct_a_",
            Self::Refresh => "rct_r_",
            Self::Invitation => "rct_i_",
            Self::AuthorizationCode => "rct_c_",
            Self::SignInStep => "rct_s_",
            Self::SsoState => "rct_o_",
            Self::LiveTicket => "rct_t_",
            Self::ChannelKey => "rct_k_",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Invitation => "invitation",
            Self::AuthorizationCode => "authorization",
            Self::SignInStep => "sign-in",
            Self::SsoState => "single sign-on",
            Self::LiveTicket => "live ticket",
            Self::ChannelKey => "channel key",
        }
    }
}

/// A secret of 256 random bits with its prefix. Never prints itself and clears its memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Makes a random secret.
    pub fn generate(kind: TokenKind) -> Result<Self, TokenError> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| TokenError::NoRandomness)?;
        let mut text =
            Zeroizing::new(String::with_capacity(kind.prefix().len() + ENCODED_CHARACTERS));
        text.push_str(kind.prefix());
        URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut text);
        Ok(Self(text))
    }

    /// Reads what a client has sent.
    pub fn parse(kind: TokenKind, text: &str) -> Result<Self, TokenError> {
        let malformed = TokenError::Malformed(kind.name());
        let Some(encoded) = text.strip_prefix(kind.prefix()) else {
            return Err(malformed);
        };
        let decoded = URL_SAFE_NO_PAD.decode(encoded).map(Zeroizing::new);
        match decoded {
            Ok(bytes) if bytes.len() == SECRET_BYTES => Ok(Self(Zeroizing::new(text.to_owned()))),
            _ => Err(malformed),
        }
    }

    /// The secret's text, to be sent to its holder and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the server stores: SHA-256 over the whole text, prefix included. A slow hash would add nothing to 256
    /// random bits.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// SHA-256 of a secret. Comparisons take the same time wherever the difference is.
#[derive(Clone, Copy, Eq)]
pub struct TokenHash([u8; HASH_BYTES]);

impl TokenHash {
    /// Takes the 32 bytes of a hash.
    pub const fn from_bytes(bytes: [u8; HASH_BYTES]) -> Self {
        Self(bytes)
    }

    /// The hash of something else that is a secret.
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// The hash's 32 bytes, for the database.
    pub const fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }

    /// Reads the form that a client sends: base64url without padding.
    pub fn from_base64(text: &str) -> Result<Self, TokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::InvalidHash)?;
        Self::try_from(bytes.as_slice())
    }

    /// The form that a client sends.
    pub fn to_base64(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl TryFrom<&[u8]> for TokenHash {
    type Error = TokenError;

    fn try_from(bytes: &[u8]) -> Result<Self, TokenError> {
        bytes.try_into().map(Self).map_err(|_| TokenError::InvalidHash)
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Enough to tell two apart in a failing test, too little to look one up.
        write!(formatter, "TokenHash({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const KINDS: [TokenKind; 8] = [
        TokenKind::Access,
        TokenKind::Refresh,
        TokenKind::Invitation,
        TokenKind::AuthorizationCode,
        TokenKind::SignInStep,
        TokenKind::SsoState,
        TokenKind::LiveTicket,
        TokenKind::ChannelKey,
    ];

    #[test]
    fn a_secret_is_read_as_its_own_kind_only() {
        for made in KINDS {
            let secret = Secret::generate(made).expect("secret");
            assert_eq!(secret.expose().len(), made.prefix().len() + 43);
            for read in KINDS {
                let outcome = Secret::parse(read, secret.expose());
                assert_eq!(outcome.is_ok(), read == made, "{made:?} read as {read:?}");
            }
        }
    }

    #[test]
    fn malformed_secrets_are_refused() {
        let secret = Secret::generate(TokenKind::Refresh).expect("secret");
        let text = secret.expose();
        let padded = format!("{text}=");
        let longer = format!("{text}AAAA");
        for wrong in ["", "rct_r_", &text[1..], &text[..text.len() - 1], &padded, &longer] {
            let outcome = Secret::parse(TokenKind::Refresh, wrong);
            assert!(outcome.is_err(), "{} characters", wrong.len());
        }
    }

    #[test]
    fn secrets_do_not_repeat_and_do_not_print() {
        let made: HashSet<String> = (0..1_000)
            .map(|_| {
                let secret = Secret::generate(TokenKind::Access).expect("secret");
                assert_eq!(format!("{secret:?}"), "Secret");
                secret.expose().to_owned()
            })
            .collect();
        assert_eq!(made.len(), 1_000);
    }

    #[test]
    fn the_hash_is_sha_256_of_the_whole_text() {
        let text = "rct_r_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let secret = Secret::parse(TokenKind::Refresh, text).expect("secret");
        assert_eq!(secret.hash().as_bytes(), Sha256::digest(text).as_slice());
        let sent = secret.hash().to_base64();
        assert_eq!(TokenHash::from_base64(&sent), Ok(secret.hash()));
        assert_eq!(TokenHash::from_base64("AAAA"), Err(TokenError::InvalidHash));
        let other = Secret::generate(TokenKind::Refresh).expect("secret");
        assert_ne!(secret.hash(), other.hash());
    }
}
