//! All that is known of a joint's frontier: from within, from without, and how far counts can be trusted.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::band::{self, Band, Effort};
use super::bias::{Bracket, bracket};
use super::curve::shown;
use super::joint::{self, Unmerged};
use super::{Accelerator, Event, Frontier, Joint, Options, components, curve};
use crate::error::{Error, Kind, Result};

/// What is known of a joint's frontier; in nats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What was found from within: encoders, and the curve through them.
    #[serde(flatten)]
    pub frontier: Frontier,
    /// What is excluded from without.
    #[serde(rename = "draws")]
    pub outer: Band,
    /// What I(X;Y) of the source may be that the counts are of; `None` of joints that were not counted from a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bracket: Option<Bracket>,
    /// The common information of X and Y after Gács and Körner (1973): so far the frontier is the line I(Y;Z) = I(X;Z).
    pub common: f64,
    /// How much was counted.
    pub counts: Counts,
    /// What it was counted in, by its file name; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The n-gram order of the labels, 1 for tokens; `None` of joints that are not of n-grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<usize>,
    /// A hash of the tokens that were counted, as that of a measurement of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// How far the work on it has come; `None` once it is done.
    #[serde(skip)]
    pub progress: Option<Progress>,
}

/// How much a joint was counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// The sum of all counts: the positions. 0 of weights, which are no counts.
    pub positions: u64,
    /// The number of labels x.
    pub xs: u64,
    /// The number of labels y.
    pub ys: u64,
    /// The number of different pairs.
    pub pairs: u64,
}

/// How far work has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The share that is done, 0 to 1.
    pub share: f64,
    /// Seconds that the rest should take; `None` where there is nothing to tell it by.
    pub seconds_left: Option<f64>,
}

/// Of joints of so many pairs the narrower band is computed without being asked for.
const COUPLED: usize = 1_000_000;

/// Pairs (x, y) of labels with how often each was seen.
type PairCounts = Vec<(u32, u32, u64)>;

/// The bytes in main memory that [`counted`] takes at most for so many pairs.
pub fn bytes_of_counted(pairs: usize) -> u64 {
    joint::bytes_needed(pairs, 2 * pairs)
}

impl Counts {
    fn of(unmerged: &Unmerged) -> Self {
        // No pair that was counted was seen less than once.
        let is_counted = unmerged.total.fract() == 0.0 && unmerged.total >= unmerged.entries as f64;
        Self {
            positions: if is_counted { unmerged.total as u64 } else { 0 },
            xs: unmerged.xs as u64,
            ys: unmerged.ys as u64,
            pairs: unmerged.entries as u64,
        }
    }
}

/// How narrow a band is computed.
fn effort(joint: &Joint, options: &Options) -> Effort {
    if options.thorough || joint.entries() <= COUPLED { Effort::Coupled } else { Effort::Independent }
}

/// The joint of the pairs of labels of a text, and what they tell of its source: `halves` are the same pairs, counted in
/// the two halves of the text. Where a half has no pair, as of a single document, there is nothing to tell.
///
/// # Errors
/// [`Kind::Sample`] if there is no pair.
pub fn counted(all: PairCounts, halves: &[PairCounts; 2]) -> Result<(Joint, Option<Bracket>)> {
    if all.is_empty() {
        return Err(Error::new(
            Kind::Sample,
            "no position has labels on both sides that are seen often enough",
        )
        .help("use a smaller --min-count, a smaller --order or more text"));
    }
    let [first, second] = halves;
    let told = (!first.is_empty() && !second.is_empty()).then(|| bracket([first, second])).transpose()?;
    Ok((Joint::from_counts(all)?, told))
}

impl Report {
    /// Everything of a joint: the outer bound first, then the curve, of which `watch` is shown every point as it comes.
    ///
    /// # Errors
    /// As [`curve()`]; [`Kind::Cancelled`] where `watch` breaks or `stop` is set.
    pub fn of(
        joint: &Joint,
        bracket: Option<Bracket>,
        options: &Options,
        accelerator: Option<&dyn Accelerator>,
        stop: &AtomicBool,
        watch: &mut dyn FnMut(&Self) -> ControlFlow<()>,
    ) -> Result<Self> {
        let mut report = Self {
            frontier: Frontier::begun(joint),
            outer: Band::of(joint, Effort::Independent, stop)?,
            bracket,
            common: components::common_information(joint),
            counts: Counts::of(joint.unmerged()),
            text: None,
            order: None,
            sample: None,
            progress: Some(Progress { share: 0.0, seconds_left: None }),
        };
        let mut found = Vec::new();
        let mut show = |event: Event| {
            match event {
                Event::Point(point) => {
                    found.push(point);
                    report.frontier.found = found.len();
                    report.frontier.points = shown(&found, &options.betas, report.frontier.end());
                }
                Event::Progress { fraction, seconds_left } => {
                    report.progress = Some(Progress { share: fraction, seconds_left });
                }
            }
            watch(&report)
        };
        let frontier = curve(joint, options, accelerator, stop, &mut show)?;
        report.frontier = frontier;
        if effort(joint, options) == Effort::Coupled {
            // The curve is whole by then, and its band may still become narrower.
            if watch(&report).is_break() {
                return Err(Error::cancelled());
            }
            report.outer = Band::of(joint, Effort::Coupled, stop)?;
        }
        report.progress = None;
        Ok(report)
    }

    /// The bytes in main memory that [`Self::of`] takes at most beside its joint.
    pub fn bytes_needed(joint: &Joint, options: &Options) -> u64 {
        // One after the other.
        let band = band::bytes_needed(joint.entries(), effort(joint, options));
        options.bytes_needed(joint).max(band)
    }

    /// The largest I(Y;Z) that a representation of X alone can have at a complexity.
    pub fn outer_at(&self, complexity: f64) -> f64 {
        self.outer.at(complexity, self.frontier.information)
    }

    /// The corners (I(X;Z), I(Y;Z)) of the outer bound, from the origin to where the curve ends.
    pub fn outer_corners(&self) -> Vec<(f64, f64)> {
        let Frontier { information, entropy_merged, .. } = self.frontier;
        self.outer.corners(information, entropy_merged)
    }
}
