//! Randomness: ids, secrets and jitter.

use recado_protocol::{CommandId, Timestamp};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The system gave no random bytes. Nothing secret can be made then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers")]
pub struct NoRandomness;

/// Gives random bytes that nobody can foresee.
pub trait Random: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] if the system gives none.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The system's source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(bytes).map_err(|_| NoRandomness)
    }
}

/// A new secret of 256 bits.
///
/// # Errors
///
/// [`NoRandomness`] if the system gives none.
pub fn secret(random: &dyn Random) -> Result<Zeroizing<[u8; 32]>, NoRandomness> {
    let mut secret = Zeroizing::new([0_u8; 32]);
    random.fill(secret.as_mut_slice())?;
    Ok(secret)
}

/// A new command id: a UUIDv7, so that ids sort by the time at which they were made.
///
/// # Errors
///
/// [`NoRandomness`] if the system gives none.
pub fn command_id(random: &dyn Random, now: Timestamp) -> Result<CommandId, NoRandomness> {
    let mut tail = [0_u8; 10];
    random.fill(&mut tail)?;
    let millis = u64::try_from(now.as_millis()).unwrap_or_default();
    let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid();
    Ok(CommandId::from_uuid(uuid))
}

/// A random identifier of 16 bytes as hexadecimal digits.
///
/// # Errors
///
/// [`NoRandomness`] if the system gives none.
pub fn identifier(random: &dyn Random) -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; 16];
    random.fill(&mut bytes)?;
    Ok(Uuid::from_bytes(bytes).simple().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_ids_sort_by_time_and_never_repeat() {
        let at = |seconds| {
            command_id(&SystemRandom, Timestamp::from_seconds(seconds)).expect("random bytes")
        };
        assert!(at(1_700_000_000) < at(1_700_000_001));
        assert_ne!(at(1_700_000_000), at(1_700_000_000));
        assert_eq!(at(1_700_000_000).uuid().get_version_num(), 7);
    }

    #[test]
    fn an_identifier_is_32_digits() {
        let identifier = identifier(&SystemRandom).expect("random bytes");
        assert_eq!(identifier.len(), 32);
        assert!(identifier.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
