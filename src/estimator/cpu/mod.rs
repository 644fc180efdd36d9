//! The estimator in main memory. `cosine_scores` and `soft_bins` are twins of the shaders of these names, with
//! the same inputs and outputs, each on one thread and a slice of the work; `statistics` spreads them over
//! the cores, adding up bins in `label_sums` and taking the sums to entropies in `label_walk`.

pub mod cosine_scores;
mod label_sums;
mod label_walk;
pub mod soft_bins;
pub mod statistics;
