//! Keys: what something in the store depends on, and by which version of the arithmetic it was made.

use serde::Serialize;
use twox_hash::XxHash3_128;

use crate::frontier;

/// The version of the arithmetic that leads from tokens to scores (forward pass, reference points, cosines), and of
/// the files that scores lie in.
///
/// To be raised by hand with every change after which the same weights and tokens give other bits, be it a
/// sum taken in another order, or a library for products that does so; and where files of before are no longer
/// read. A test holds the scores of a demo
/// checkpoint against their digest, so that no such change goes unnoticed.
pub const SCORES_VERSION: u32 = 4;

/// The version of what leads from scores to a stored measurement: binning, labels and statistics, and what a
/// measurement holds.
///
/// To be raised by hand where the same scores give numbers that differ by more than rounding, or where a
/// measurement has numbers that those stored before lack. A test holds a measurement against its digest.
pub const MEASURES_VERSION: u32 = 3;

/// The version of what leads from counts of labels to a stored frontier.
///
/// To be raised by hand where the same counts give another curve, or where a frontier holds what those stored before
/// lack.
pub const FRONTIER_VERSION: u32 = 2;

/// What something in the store depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    version: Version,
    text: String,
}

impl Key {
    /// The key for scores that depend on `parts`, and on the arithmetic that makes them.
    pub fn of_scores(parts: &impl Serialize) -> Self {
        Self::new(Version::SCORES, parts)
    }

    /// The key for a measurement that depends on `parts`, and on the arithmetic that makes it.
    pub fn of_measurement(parts: &impl Serialize) -> Self {
        Self::new(Version::MEASUREMENTS, parts)
    }

    /// The key for the frontier of pairs of labels with this hash, under options, with passes by the GPU of this name where
    /// it is not the processor that makes them.
    pub fn of_frontier(pairs: u128, options: &frontier::Options, gpu: Option<&str>) -> Self {
        #[derive(Serialize)]
        struct Parts<'a> {
            frontier: u32,
            pairs: String,
            clusters: Option<usize>,
            betas: &'a [f64],
            seed: u64,
            thorough: bool,
            gpu: Option<&'a str>,
        }
        let frontier::Options { clusters, betas, seed, thorough } = options;
        let parts = Parts {
            frontier: FRONTIER_VERSION,
            pairs: format!("{pairs:032x}"),
            clusters: *clusters,
            betas,
            seed: *seed,
            thorough: *thorough,
            gpu,
        };
        Self::new(Version::MEASUREMENTS, &parts)
    }

    fn new(version: Version, parts: &impl Serialize) -> Self {
        #[derive(Serialize)]
        struct Full<'a, T> {
            version: Version,
            content: &'a T,
        }
        // Only maps with keys that are no text could fail.
        let text = serde_json::to_string_pretty(&Full { version, content: parts }).unwrap_or_default();
        Self { version, text }
    }

    /// What it is a hash of, as JSON.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The name of what lies under it.
    pub(super) fn name(&self) -> String {
        format!("{}-{:032x}", self.version, XxHash3_128::oneshot(self.text.as_bytes()))
    }
}

/// The versions that something in the store was made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Version {
    scores: u32,
    /// 0 for scores themselves.
    measures: u32,
}

impl Version {
    pub(super) const SCORES: Self = Self { scores: SCORES_VERSION, measures: 0 };
    pub(super) const MEASUREMENTS: Self = Self { scores: SCORES_VERSION, measures: MEASURES_VERSION };

    /// The version in front of a name, and what follows it. Names without one are older than all that have
    /// one.
    pub(super) fn split(name: &str) -> Option<(Self, &str)> {
        let Some(versioned) = name.strip_prefix('v') else {
            return Some((Self { scores: 0, measures: 0 }, name));
        };
        let (version, rest) = versioned.split_once('-')?;
        let (scores, measures) = version.split_once('.').unwrap_or((version, "0"));
        Some((Self { scores: scores.parse().ok()?, measures: measures.parse().ok()? }, rest))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self { scores, measures: 0 } => write!(f, "v{scores}"),
            Self { scores, measures } => write!(f, "v{scores}.{measures}"),
        }
    }
}
