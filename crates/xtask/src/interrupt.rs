//! Ctrl-C and SIGTERM as a question that loops ask, so that destructors run and no child process stays behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Says whether somebody asked this program to stop. Clones share one answer.
#[derive(Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for the signals. A second one ends the program at once.
    pub(crate) fn install() -> Result<Self> {
        let raised = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register_conditional_shutdown(
                signal,
                128 + signal,
                Arc::clone(&raised),
            )?;
            signal_hook::flag::register(signal, Arc::clone(&raised))?;
        }
        Ok(Self(raised))
    }

    /// Whether a signal has arrived.
    pub(crate) fn raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// An error once a signal has arrived.
    pub(crate) fn check(&self) -> Result<()> {
        if self.raised() {
            bail!("stopped by a signal");
        }
        Ok(())
    }

    /// The answer after a signal.
    #[cfg(test)]
    pub(crate) fn raised_already() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}
