//! Views: pure functions of measurements. The window and the exported figures draw the same [`Chart`]s.
//!
//! A view is a file with a [`View`] in it, and a line in [`ALL`].

mod benchmarks;
mod chosen;
pub mod convergence;
mod correlations;
mod datum;
mod depth;
mod estimator;
mod explain;
mod families;
pub(crate) mod frontier;
mod heatmap;
mod honesty;
pub mod hues;
mod labels;
mod layers;
mod loss;
pub mod marks;
mod models;
mod numbers;
pub mod options;
pub mod plane;
mod preference;
mod profile;
pub mod quantity;
mod ranking;
mod robustness;
mod scored;
mod shares;
mod sizes;
pub mod snapshot;
mod time;
mod timecourse;
mod trends;
mod widths;

use crate::chart::Chart;
use options::{Heed, Options};
use snapshot::Snapshot;

/// A kind of figure.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Its name on the command line, of its panel and of its files.
    pub kind: &'static str,
    /// Its title.
    pub title: &'static str,
    /// The figures of the paper that it shows of the user's models; empty for none.
    pub paper: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    /// Whether it shows nothing without measurements.
    pub needs_results: bool,
    /// The options that it heeds.
    pub heeds: &'static [Heed],
    /// The chart of measurements under options.
    ///
    /// # Errors
    /// What is missing for it to show anything, with what would help, in a sentence.
    pub chart: fn(&Snapshot, &Options) -> Result<Chart, String>,
}

/// Every view, in the order of menus.
pub const ALL: &[View] = &[
    plane::VIEW,
    frontier::VIEW,
    loss::VIEW,
    estimator::VIEW,
    labels::VIEW,
    ranking::VIEW,
    widths::VIEW,
    shares::VIEW,
    models::VIEW,
    sizes::VIEW,
    trends::VIEW,
    benchmarks::VIEW,
    correlations::VIEW,
    preference::VIEW,
    timecourse::VIEW,
    robustness::VIEW,
    layers::VIEW,
    profile::VIEW,
    heatmap::VIEW,
    convergence::VIEW,
    honesty::VIEW,
];

impl View {
    /// The view of this kind; `None` where there is none.
    pub fn of_kind(kind: &str) -> Option<&'static Self> {
        ALL.iter().find(|view| view.kind == kind)
    }
}

#[cfg(test)]
pub(crate) mod tests;
