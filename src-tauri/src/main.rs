//! Recado's window.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::alloc::System;

use zeroizing_alloc::ZeroAlloc;

/// Memory that is given back is overwritten first, so that no secret and no message outlives its use in it.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> std::process::ExitCode {
    recado_desktop::run()
}
