//! Names for runs and checkpoints that hold wherever these stand in a list, and on whatever machine.

use std::fmt;

use twox_hash::XxHash3_64;

/// A run wherever it stands in a list: a hash of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunKey(u64);

impl RunKey {
    /// The key of a run with this name among runs of distinct names.
    pub fn new(name: &str) -> Self {
        Self::of_parts(&[name])
    }

    /// The key of a run that its name and these parts tell from others, such as the file it was read from.
    pub fn of_parts(parts: &[&str]) -> Self {
        Self(hash(parts))
    }
}

/// A checkpoint wherever it stands in a list: a hash of its run's key and its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckpointKey(u64);

impl CheckpointKey {
    /// The key of the checkpoint of a run with this name.
    pub fn new(run: RunKey, checkpoint: &str) -> Self {
        Self(hash(&[&format!("{run}"), checkpoint]))
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Display for CheckpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A hash of texts, in which it matters where one ends and the next begins.
fn hash(parts: &[&str]) -> u64 {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend(part.as_bytes());
    }
    XxHash3_64::oneshot(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_depend_on_names_and_on_nothing_else() {
        let run = RunKey::new("pythia");
        assert_eq!(CheckpointKey::new(run, "step8"), CheckpointKey::new(RunKey::new("pythia"), "step8"));
        assert_ne!(CheckpointKey::new(run, "step8"), CheckpointKey::new(run, "step80"));
        assert_ne!(CheckpointKey::new(run, "step8"), CheckpointKey::new(RunKey::new("olmo"), "step8"));
        assert_ne!(RunKey::of_parts(&["ab", "c"]), RunKey::of_parts(&["a", "bc"]));
        assert_eq!(RunKey::of_parts(&["pythia"]), run);
    }
}
