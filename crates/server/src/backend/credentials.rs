//! Passwords that the server makes up.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::BackendError;

/// Letters and digits that are not mistaken for one another. 32 of them, so that each stands for five bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS: usize = 5;
const GROUP_CHARACTERS: usize = 4;

/// What a new teammate signs in with. Shown once, kept nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The password; absent where the person who added the teammate chose it.
    pub password: Option<String>,
    /// The second factor's secret in base32, for typing it in.
    pub totp_secret: String,
    /// The second factor's `otpauth://` address, for an authenticator.
    pub totp_url: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// A password of 100 random bits that can be read out over a telephone.
pub(super) fn generate_password() -> Result<Zeroizing<String>, BackendError> {
    let mut bytes = Zeroizing::new([0_u8; GROUPS * GROUP_CHARACTERS]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| {
        BackendError::Internal("the operating system gave no random bytes".to_owned())
    })?;
    let mut password = Zeroizing::new(String::with_capacity(bytes.len() + GROUPS));
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 && index % GROUP_CHARACTERS == 0 {
            password.push('-');
        }
        password.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::identity::password::{Blocklist, PasswordContext, PasswordPolicy};

    #[test]
    fn generated_passwords_are_accepted_by_the_policy_and_do_not_repeat() {
        let policy = PasswordPolicy::new(Blocklist::built_in());
        let made: HashSet<String> = (0..100)
            .map(|_| {
                let password = generate_password().expect("random");
                assert_eq!(policy.check(&password, &PasswordContext::default()), []);
                password.to_string()
            })
            .collect();
        assert_eq!(made.len(), 100);
        let letters: HashSet<_> = ALPHABET.iter().collect();
        assert_eq!(letters.len(), ALPHABET.len());
    }
}
