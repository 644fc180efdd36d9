//! The program: the window, or one of the headless commands.

use std::process::ExitCode;

// Activations come and go with every layer. The system's allocator gives their pages back each time, and a tenth of a
// small model's measurement went into clearing them again; this one keeps them for a second, some layers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    infoplane::cli::main()
}
