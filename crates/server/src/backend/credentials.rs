//! Passwords that the server makes up.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::BackendError;
use crate::identity::readable;

/// A made-up password has 100 random bits.
const GROUPS: usize = 5;

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

/// A password that can be read out over a telephone.
pub(super) fn generate_password() -> Result<Zeroizing<String>, BackendError> {
    readable::random(GROUPS).map_err(|error| BackendError::Internal(error.to_string()))
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
    }
}
