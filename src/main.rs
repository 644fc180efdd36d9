//! The program: the window, or one of the headless commands.

use std::process::ExitCode;

// Activations come and go with every layer. The system's allocator gives their pages back each time, and a tenth of a
// small model's measurement went into clearing them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keeps pages that are free for a second, some layers, before the system gets them back: after the usual 10 ms most
/// would be cleared anew for the next layer, some hundredths of a small model's measurement.
fn keep_pages() {
    const MILLISECONDS: std::ffi::c_long = 1000;
    // The option before this one has no name in Rust.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = libmimalloc_sys::mi_option_use_numa_nodes - 1;
    // SAFETY: no other thread runs yet.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, MILLISECONDS) };
}

fn main() -> ExitCode {
    keep_pages();
    infoplane::cli::main()
}
