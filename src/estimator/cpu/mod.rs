//! The kernels on the CPU: one file each, beside its twin in `shaders/`, with the same inputs and outputs.
//!
//! Each function works on one thread and a slice of the work; `statistics` spreads
//! them over the cores.

pub mod cosine_scores;
pub mod label_entropies;
pub mod label_sums;
pub mod soft_bins;
