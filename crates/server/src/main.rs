//! `recado-server`: Recado's backend and its console commands.

mod cli;

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Memory that is given back is overwritten first, so that no secret and no message outlives its use in it.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    cli::run()
}
