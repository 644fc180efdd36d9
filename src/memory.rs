//! How much memory a measurement may take, and how sizes are told.

use crate::error::{Error, Kind, Result};

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
            let cause = format!("the scores of a checkpoint take {bytes}, of memory {free} is free");
            Err(Error::new(Kind::Usage, cause)
                .help("use fewer --samples, a shorter --context or fewer --points"))
        }
        _ => Ok(()),
    }
}

/// Memory that can be used without swapping, where the system says so.
pub fn available() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// A number of bytes, as people read it.
pub fn size(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 1024.0 { format!("{mib:.1} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
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
