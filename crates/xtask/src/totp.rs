//! The codes an authenticator app would show.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use totp_rs::{Builder, Secret};

/// RFC 6238 with what every authenticator app assumes: SHA-1, six digits, thirty seconds.
const STEP_S: u64 = 30;

/// The code for a moment, and how long it stays the right one.
pub(crate) struct Code {
    pub(crate) digits: String,
    pub(crate) remaining: Duration,
}

/// The code that the base32 `secret` gives at `unix_s` seconds.
pub(crate) fn code_at(secret: &str, unix_s: u64) -> Result<Code> {
    let secret = Secret::try_from_base32(secret)
        .map_err(|error| anyhow!("a TOTP secret is not base32: {error}"))?;
    let totp = Builder::new()
        .with_secret(secret)
        .build()
        .map_err(|error| anyhow!("a TOTP secret is bad: {error}"))?;
    Ok(Code {
        digits: totp.generate(unix_s).to_string(),
        remaining: Duration::from_secs(STEP_S - unix_s % STEP_S),
    })
}

/// The code of this moment.
pub(crate) fn code_now(secret: &str) -> Result<Code> {
    code_at(secret, SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // The RFC's own secret, the ASCII digits 12345678901234567890; its table has eight digits, apps show the last six.
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (unix_s, digits) in
            [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")]
        {
            assert_eq!(code_at(secret, unix_s).expect("a good secret").digits, digits);
        }
        assert_eq!(code_at(secret, 59).expect("a good secret").remaining, Duration::from_secs(1));
    }
}
