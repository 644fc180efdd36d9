//! The information-bottleneck bound as the paper draws it (SPEC 4.1).
//!
//! By the data-processing inequality a representation Z of the input X alone cannot tell more of the output Y than it
//! tells of X: I(Y;Z) ≤ I(X;Z). A hidden state that knows more than the label X, as contextual ones do, may lie
//! above, and an estimate from few positions a label may, too.

/// The largest expressivity I(Y;Z) a complexity I(X;Z) allows a representation of X alone, in the same unit.
pub fn largest_expressivity(complexity: f64) -> f64 {
    complexity
}
