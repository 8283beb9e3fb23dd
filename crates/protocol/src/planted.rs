//! Faults that are built in on purpose, to find out whether the simulator would find them.
//!
//! Each stands for one rule of synchronisation. Without the feature `simulation` none of them can be
//! switched on, and what asks for them is compiled away.

/// A fault that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {}

#[cfg(feature = "simulation")]
std::thread_local! {
    /// A run of the simulator has one thread, and runs beside it have none of its faults.
    static PLANTED: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

/// Plants a fault in this thread, or takes it out again.
#[cfg(feature = "simulation")]
pub fn plant(fault: Option<Fault>) {
    PLANTED.set(fault);
}

/// Whether a fault is planted in this thread.
#[cfg(feature = "simulation")]
pub fn is_planted(fault: Fault) -> bool {
    PLANTED.get() == Some(fault)
}

/// Whether a fault is planted: never, outside of the simulator.
#[cfg(not(feature = "simulation"))]
pub const fn is_planted(_: Fault) -> bool {
    false
}
