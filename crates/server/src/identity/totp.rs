//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, thirty seconds.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use thiserror::Error;
use totp_rs::{Algorithm, Builder, Totp};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::key_ring::{KeyError, KeyRing, SymmetricKey};

/// Length of a seed in bytes (160 bits).
pub const SEED_BYTES: usize = 20;
/// Length of a step in seconds.
pub const STEP_SECONDS: u64 = 30;
/// Length of a key that seals seeds, in bytes.
pub const SEALING_KEY_BYTES: usize = 32;

const CODE_DIGITS: u8 = 6;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const ISSUER: &str = "Recado";

/// Why a seed could not be made, sealed or opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TotpError {
    /// A sealing key does not fit the cipher.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The operating system gave no randomness.
    #[error("the operating system gave no random bytes; try again")]
    NoRandomness,
    /// The key under which the seed was sealed is not among the server's secrets.
    #[error("the key `{key_id}` is missing from the server's secrets; restore it")]
    MissingKey {
        /// The id of the missing key.
        key_id: String,
    },
    /// The sealed seed is damaged, or belongs to somebody else.
    #[error("the stored second factor cannot be read; set it up again")]
    Unreadable,
    /// The account's name cannot stand in an `otpauth` address.
    #[error("the account name cannot be shown in an authenticator app")]
    UnusableAccountName,
}

/// The secret that an authenticator app and the server share. Never prints itself.
#[derive(Clone)]
pub struct TotpSeed(Zeroizing<[u8; SEED_BYTES]>);

impl std::fmt::Debug for TotpSeed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TotpSeed")
    }
}

impl TotpSeed {
    /// Makes a random seed.
    pub fn generate() -> Result<Self, TotpError> {
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        getrandom::fill(seed.as_mut_slice()).map_err(|_| TotpError::NoRandomness)?;
        Ok(Self(seed))
    }

    /// The seed in base32, for typing it in where no picture can be scanned.
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(self.generator().secret().to_base32())
    }

    /// The `otpauth://` address that an authenticator app scans. `account_name` is what the app shows beside the
    /// code, usually the e-mail address and the workspace.
    pub fn otpauth_url(&self, account_name: &str) -> Result<Zeroizing<String>, TotpError> {
        self.builder()
            .with_account_name(account_name.replace(':', " "))
            .with_issuer(Some(ISSUER))
            .build()
            .and_then(|totp| totp.to_url())
            .map(Zeroizing::new)
            .map_err(|_| TotpError::UnusableAccountName)
    }

    /// The code of one step; for enrolment tests and the test kit.
    pub fn code_at_step(&self, step: u64) -> String {
        self.generator().generate(step.saturating_mul(STEP_SECONDS)).to_string()
    }

    /// Gives the step that `code` belongs to, if it is the current or the one before and later than `last_step`.
    ///
    /// `now_us` is the server's clock in microseconds since the Unix epoch. The caller accepts the code only when one
    /// conditional update has raised the stored step to the answer, so that two requests cannot both use it.
    pub fn check(&self, code: &str, now_us: i64, last_step: Option<u64>) -> Option<u64> {
        let code: Zeroizing<String> =
            Zeroizing::new(code.chars().filter(|c| !c.is_ascii_whitespace()).collect());
        let current = u64::try_from(now_us).ok()? / 1_000_000 / STEP_SECONDS;
        let generator = self.generator();
        // Both steps are always computed, so the answer takes the same time.
        [current.checked_sub(1), Some(current)]
            .into_iter()
            .flatten()
            .map(|step| (step, generator.check(&code, step * STEP_SECONDS).is_some()))
            .fold(None, |found, (step, matches)| {
                let is_new = last_step.is_none_or(|last| step > last);
                found.or((matches && is_new).then_some(step))
            })
    }

    fn builder(&self) -> Builder {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(CODE_DIGITS)
            .with_step_duration(STEP_SECONDS)
            .with_skew(0)
            .with_secret(*self.0)
    }

    fn generator(&self) -> Totp {
        self.builder().build_noncompliant()
    }
}

/// A seed as it lies in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSeed {
    /// The key that opens it.
    pub key_id: String,
    /// Nonce (24 bytes), ciphertext, tag (16 bytes).
    pub ciphertext: Vec<u8>,
}

/// Encrypts seeds for the database with XChaCha20-Poly1305.
#[derive(Debug)]
pub struct TotpSealer {
    keys: KeyRing,
}

impl TotpSealer {
    /// Uses the ring's current key for new seeds and its others to open older ones. Each has 32 bytes.
    pub fn new(keys: KeyRing) -> Result<Self, TotpError> {
        Ok(Self { keys: keys.require_length(SEALING_KEY_BYTES)? })
    }

    /// Seals a seed so that it opens for this teammate only.
    pub fn seal(&self, seed: &TotpSeed, teammate_id: Uuid) -> Result<SealedSeed, TotpError> {
        let key = self.keys.current();
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| TotpError::NoRandomness)?;
        let payload = Payload { msg: seed.0.as_slice(), aad: teammate_id.as_bytes() };
        let sealed = cipher(key)?
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| TotpError::Unreadable)?;
        Ok(SealedSeed {
            key_id: key.id().to_string(),
            ciphertext: [nonce.as_slice(), &sealed].concat(),
        })
    }

    /// Opens a seed that [`seal`](Self::seal) made for this teammate.
    pub fn open(&self, sealed: &SealedSeed, teammate_id: Uuid) -> Result<TotpSeed, TotpError> {
        let key = self
            .keys
            .get(&sealed.key_id)
            .ok_or_else(|| TotpError::MissingKey { key_id: sealed.key_id.clone() })?;
        if sealed.ciphertext.len() != NONCE_BYTES + SEED_BYTES + TAG_BYTES {
            return Err(TotpError::Unreadable);
        }
        let (nonce, ciphertext) = sealed.ciphertext.split_at(NONCE_BYTES);
        let nonce = <[u8; NONCE_BYTES]>::try_from(nonce).map_err(|_| TotpError::Unreadable)?;
        let payload = Payload { msg: ciphertext, aad: teammate_id.as_bytes() };
        let opened = cipher(key)?
            .decrypt(&XNonce::from(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| TotpError::Unreadable)?;
        <[u8; SEED_BYTES]>::try_from(opened.as_slice())
            .map(|seed| TotpSeed(Zeroizing::new(seed)))
            .map_err(|_| TotpError::Unreadable)
    }

    /// Whether a seed was sealed under a former key and should be sealed anew.
    pub fn needs_reseal(&self, sealed: &SealedSeed) -> bool {
        sealed.key_id != self.keys.current().id().as_str()
    }
}

fn cipher(key: &SymmetricKey) -> Result<XChaCha20Poly1305, TotpError> {
    XChaCha20Poly1305::new_from_slice(key.bytes()).map_err(|_| TotpError::Unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::key_ring::KeyId;
    use super::*;

    /// The seed of RFC 6238, appendix B.
    fn rfc_seed() -> TotpSeed {
        TotpSeed(Zeroizing::new(*b"12345678901234567890"))
    }

    fn at_second(second: u64) -> i64 {
        i64::try_from(second * 1_000_000).expect("representable")
    }

    fn key(id: &str, byte: u8) -> SymmetricKey {
        SymmetricKey::new(KeyId::new(id).expect("id"), vec![byte; 32]).expect("key")
    }

    fn sealer() -> TotpSealer {
        TotpSealer::new(KeyRing::new([key("first", 1)]).expect("ring")).expect("sealer")
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = rfc_seed().check(code, at_second(second), None);
            assert_eq!(step, Some(second / STEP_SECONDS), "at {second}");
            assert_eq!(rfc_seed().code_at_step(second / STEP_SECONDS), code);
        }
    }

    #[test]
    fn only_the_current_step_and_the_one_before_are_accepted() {
        let seed = rfc_seed();
        let step = 41_152_263;
        let code = seed.code_at_step(step);
        for distance in -5_i64..=5 {
            let clock_step = step.checked_add_signed(distance).expect("in range");
            for within in [0, STEP_SECONDS - 1] {
                let now_us = at_second(clock_step * STEP_SECONDS + within);
                let expected = matches!(distance, 0 | 1).then_some(step);
                assert_eq!(seed.check(&code, now_us, None), expected, "clock {distance}");
            }
        }
    }

    #[test]
    fn a_step_is_accepted_once_and_an_older_one_never_after_it() {
        let seed = rfc_seed();
        let step = 41_152_263;
        let now_us = at_second(step * STEP_SECONDS);
        let (current, before) = (seed.code_at_step(step), seed.code_at_step(step - 1));
        assert_eq!(seed.check(&before, now_us, Some(step - 2)), Some(step - 1));
        assert_eq!(seed.check(&current, now_us, Some(step - 1)), Some(step));
        assert_eq!(seed.check(&current, now_us, Some(step)), None);
        assert_eq!(seed.check(&before, now_us, Some(step)), None);
    }

    #[test]
    fn spaces_are_ignored_and_anything_else_is_wrong() {
        let seed = rfc_seed();
        let now_us = at_second(59);
        assert_eq!(seed.check("287 082", now_us, None), Some(1));
        for code in ["", "287083", "28708", "2870820", "+87082", "２８７０８２"] {
            assert_eq!(seed.check(code, now_us, None), None, "{code:?}");
        }
        assert_eq!(seed.check("287082", -1, None), None);
        assert_eq!(seed.check("755224", 0, None), Some(0));
    }

    #[test]
    fn the_address_holds_the_seed_and_the_account() {
        let url = rfc_seed().otpauth_url("mario@harbour.example").expect("address");
        assert_eq!(
            url.as_str(),
            "otpauth://totp/Recado:mario%40harbour.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Recado"
        );
        assert!(rfc_seed().otpauth_url("").is_err());
    }

    #[test]
    fn a_seed_is_random_and_never_prints_itself() {
        let seed = TotpSeed::generate().expect("seed");
        assert_ne!(*seed.0, *TotpSeed::generate().expect("seed").0);
        assert_eq!(format!("{seed:?}"), "TotpSeed");
    }

    #[test]
    fn a_sealed_seed_opens_for_its_teammate_only() {
        let (sealer, teammate) = (sealer(), Uuid::from_u128(1));
        let sealed = sealer.seal(&rfc_seed(), teammate).expect("sealed");
        let opened = sealer.open(&sealed, teammate).expect("opened");
        assert_eq!(*opened.0, *rfc_seed().0);
        let stolen = sealer.open(&sealed, Uuid::from_u128(2));
        assert!(matches!(stolen, Err(TotpError::Unreadable)));
    }

    #[test]
    fn a_rotated_key_opens_older_seeds_and_asks_to_seal_them_anew() {
        let teammate = Uuid::from_u128(1);
        let sealed = sealer().seal(&rfc_seed(), teammate).expect("sealed");
        let ring = KeyRing::new([key("second", 2), key("first", 1)]).expect("ring");
        let rotated = TotpSealer::new(ring).expect("sealer");
        assert!(rotated.open(&sealed, teammate).is_ok());
        assert!(rotated.needs_reseal(&sealed));
        let without = TotpSealer::new(KeyRing::new([key("second", 2)]).expect("ring"));
        let missing = without.expect("sealer").open(&sealed, teammate);
        assert!(matches!(missing, Err(TotpError::MissingKey { key_id }) if key_id == "first"));
    }

    proptest! {
        #[test]
        fn a_damaged_seed_never_opens(place in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let (sealer, teammate) = (sealer(), Uuid::from_u128(1));
            let mut sealed = sealer.seal(&rfc_seed(), teammate).expect("sealed");
            let place = place.index(sealed.ciphertext.len());
            sealed.ciphertext[place] ^= 1 << bit;
            prop_assert!(sealer.open(&sealed, teammate).is_err());
            sealed.ciphertext.truncate(place);
            prop_assert!(sealer.open(&sealed, teammate).is_err());
        }
    }
}
