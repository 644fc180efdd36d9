//! Where weights are read from.

use std::fmt::Debug;
use std::ops::Range;

use crate::error::Result;

/// Rows of weights `[outputs, inputs]`, wherever they are read from.
pub trait Rows: Debug + Send + Sync {
    /// Writes rows `[outputs of the range, inputs]`.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    fn read(&self, outputs: Range<usize>, values: &mut [f32]) -> Result<()>;

    /// Writes rows of pairs of bf16, `[outputs of the range, words]`; see [`Operands`](super::Operands). `false`, and nothing written,
    /// where only [`Rows::read`] can.
    ///
    /// # Errors
    /// As [`Rows::read`].
    fn read_pairs(&self, outputs: Range<usize>, pairs: &mut [u32]) -> Result<bool> {
        let _ = (outputs, pairs);
        Ok(false)
    }
}

/// Rows that lie in memory one after the other.
#[derive(Debug)]
pub struct InMemory<'a> {
    /// `[outputs, inputs]`
    pub weights: &'a [f32],
    /// Values of a row.
    pub inputs: usize,
}

impl Rows for InMemory<'_> {
    fn read(&self, outputs: Range<usize>, values: &mut [f32]) -> Result<()> {
        values.copy_from_slice(&self.weights[outputs.start * self.inputs..outputs.end * self.inputs]);
        Ok(())
    }
}
