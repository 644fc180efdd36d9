//! How much memory a measurement may take.

mod limits;
mod pages;

use std::path::Path;

pub use self::pages::Pages;
use crate::error::{Error, Kind, Result};
use crate::words::size;

/// Checks that `bytes` of scores fit beside what else runs, where the system says what is free.
///
/// # Errors
/// [`Kind::Memory`]: a sample too large for this machine. Asking the system for the memory would not tell: it promises
/// more than it has and ends the process when it is used.
pub fn check(bytes: usize) -> Result<()> {
    // A third more for one layer's soft bins and the batch on its way.
    let taken = bytes.saturating_add(bytes / 3);
    fits(taken, "the scores of a checkpoint take", bytes)
        .map_err(|error| error.help("use fewer --samples, a shorter --context or fewer --points"))
}

/// Checks that the frontier of a text's labels can be computed, where the system says what is free.
///
/// # Errors
/// [`Kind::Memory`]: a text of too many pairs of labels for this machine, or for the job on it.
pub fn check_frontier(bytes: u64) -> Result<()> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    fits(bytes, "the pairs of labels and their codebook take", bytes)
        .map_err(|error| error.help("use fewer --samples, a smaller --order or a larger --min-count"))
}

/// Checks that a tokenizer can be read, where the system says what is free: `file` is the size of its file in bytes.
///
/// # Errors
/// [`Kind::Memory`]: a vocabulary too large for this machine, or for the job on it.
pub fn check_tokenizer(file: usize) -> Result<()> {
    // Its vocabulary as JSON, as a list and as a map: 11 and 16 bytes for each of the file's were measured, of 262,144
    // tokens and of 49,152.
    const TAKEN_A_BYTE: usize = 11;
    let taken = file.saturating_mul(TAKEN_A_BYTE);
    fits(taken, "the tokenizer takes", taken)
        .map_err(|error| error.help("allow the job more memory, or measure token ids with --tokens"))
}

/// An error where `taken` bytes are not free; it says that something takes `named` bytes.
fn fits(taken: usize, what: &str, named: usize) -> Result<()> {
    match available() {
        Some(free) if taken > free => {
            let (named, free) = (size(named as u64), size(free as u64));
            Err(Error::new(Kind::Memory, format!("{what} {named}, and {free} of memory is free")))
        }
        _ => Ok(()),
    }
}

/// Memory that this process can still use without swapping or being killed for it, where the system says so: the least
/// of what is free on the machine, in the control groups it runs in, and in its Slurm job. `None` where no such thing is
/// told, as on macOS and Windows.
pub fn available() -> Option<usize> {
    limits::available(Path::new("/"), |name| std::env::var(name).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_fit_is_refused() {
        assert!(check(1 << 20).is_ok() && check_tokenizer(1 << 20).is_ok());
        if cfg!(target_os = "linux") {
            let error = check(1 << 50).unwrap_err();
            assert!(error.to_string().contains("--samples"), "{error}");
            assert!(check(usize::MAX).is_err() && check_tokenizer(usize::MAX).is_err());
            let error = check_tokenizer(1 << 50).unwrap_err();
            assert!(error.to_string().contains("--tokens"), "{error}");
        }
    }
}
