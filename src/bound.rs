//! The information-bottleneck bound as the paper draws it (SPEC 4.1).
//!
//! By the data-processing inequality Z cannot tell more of the output Y than it tells of the input X,
//! so no point lies above I(Y;Z) = I(X;Z).

/// The largest expressivity I(Y;Z) a complexity I(X;Z) allows, in the same unit.
pub fn largest_expressivity(complexity: f64) -> f64 {
    complexity
}
