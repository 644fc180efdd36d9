//! How much memory a measurement may take.

mod limits;

use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::words::size;

/// Checks that `bytes` of scores fit beside what else runs, where the system says what is free.
///
/// # Errors
/// A sample too large for this machine. Asking the system for the memory would not tell: it promises more
/// than it has and ends the process when it is used.
pub fn check(bytes: usize) -> Result<()> {
    match available() {
        // A third more for one layer's soft bins and the batch on its way.
        Some(free) if bytes + bytes / 3 > free => {
            let (bytes, free) = (size(bytes as u64), size(free as u64));
            let cause = format!("the scores of a checkpoint take {bytes}, and {free} of memory is free");
            Err(Error::new(Kind::Memory, cause)
                .help("use fewer --samples, a shorter --context or fewer --points"))
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
        assert!(check(1 << 20).is_ok());
        if cfg!(target_os = "linux") {
            let error = check(1 << 50).unwrap_err();
            assert!(error.to_string().contains("--samples"), "{error}");
        }
    }
}
