//! Statistics over checkpoints and models: correlations, lines, trends, phases of learning, and benchmark scores beside
//! measures. Pure functions of numbers, save [`benchmarks::read`].
//!
//! A pair or a row with a number that is missing, written as NaN, is left out before anything is computed, and the
//! count beside a result is of those that remained. p-values are two-sided and agree with SciPy's to a relative 1e-10.

pub mod benchmarks;
mod centred;
pub mod correlation;
pub mod discovery;
pub mod fit;
pub mod leave_out;
pub mod model_name;
pub mod partial;
pub mod phases;
pub mod relative;
mod student;
pub mod table;
pub mod trends;

#[cfg(test)]
mod oracle_tests;
