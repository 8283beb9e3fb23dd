//! Places at which a test can have the process die. Compiled only with the feature `fail-points`.

use std::sync::atomic::{AtomicU64, Ordering};

/// Names a place and how often it is passed before the process dies there: `commands:after-commit:3`.
const VARIABLE: &str = "RECADO_FAIL_POINT";

static PASSED: AtomicU64 = AtomicU64::new(0);

/// Ends the process at once, as a power cut would, if this is the place and the time that the environment names.
pub(crate) fn reached(place: &str) {
    let Ok(named) = std::env::var(VARIABLE) else { return };
    let Some((name, count)) = named.rsplit_once(':') else { return };
    if name == place && count.parse() == Ok(PASSED.fetch_add(1, Ordering::SeqCst) + 1) {
        std::process::abort();
    }
}
