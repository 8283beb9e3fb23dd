//! The steps of making and changing keys, at each of which a test can have the process die. Without the
//! feature `fail-points` nothing is looked at.

/// A step that is behind us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A new account's key is to be made.
    Creating,
    /// It lies in the keychain, and nothing depends on it.
    Created,
    /// Keys are to be written as they should be: a copy is missing, or an older program wrote them.
    Settling,
    /// Another key is to take the place of the present one.
    Rotating,
    /// It lies in the keychain beside the present one, and nothing depends on it.
    NextStored,
    /// The first key file is written.
    FirstFile,
    /// Both are.
    BothFiles,
    /// The key files were read back, and the next key opens them.
    NextChecked,
    /// The next key lies in the place of the former one.
    KeyReplaced,
    /// The rotation is over.
    Rotated,
    /// What lies behind the passphrase is to be moved into the system's keychain.
    Moving,
    /// The key lies in both places.
    KeyMoved,
    /// So does the session.
    SessionMoved,
    /// The file behind the passphrase is gone.
    VaultRemoved,
}

#[cfg(not(feature = "fail-points"))]
pub(crate) const fn reached(_: Step) {}

#[cfg(feature = "fail-points")]
pub(crate) use named::reached;

#[cfg(feature = "fail-points")]
mod named {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Step;

    /// Names a step and how often it is passed before the process dies there: `Rotating:1`.
    const VARIABLE: &str = "RECADO_KEY_STEP";

    /// What the environment names, read once.
    static NAMED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);

    /// Ends the process at once, as a power cut would, if this is the step and the time that the
    /// environment names.
    pub(crate) fn reached(step: Step) {
        let named = NAMED.get_or_init(|| {
            let named = std::env::var(VARIABLE).ok()?;
            let (name, count) = named.rsplit_once(':')?;
            Some((name.to_owned(), count.parse().ok()?))
        });
        let Some((name, count)) = named else { return };
        if *name == format!("{step:?}") && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *count {
            std::process::abort();
        }
    }
}
