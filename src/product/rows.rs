//! Where weights are read from.

use std::fmt::Debug;
use std::ops::Range;

use bytemuck::cast_slice_mut;

use super::aligned::Aligned;
use super::operands::Operands;
use super::turn::turn;
use crate::error::Result;

/// Rows that are read and turned together: they stay in the second cache in between.
const TOGETHER: usize = 16;

/// Rows of weights `[outputs, inputs]`, wherever they are read from.
pub trait Rows: Debug + Send + Sync {
    /// Writes rows `[outputs of the range, inputs]`.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    fn read(&self, outputs: Range<usize>, values: &mut [f32]) -> Result<()>;

    /// Writes rows of pairs of bf16, `[outputs of the range, words]`; see [`Operands`]. `false`, and nothing written,
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

/// Reads some outputs as a panel `[words, PANEL]`, a few rows at a time.
///
/// # Errors
/// Whatever keeps them from being read.
pub fn read_panel(
    rows: &dyn Rows,
    outputs: Range<usize>,
    inputs: usize,
    operands: Operands,
    memory: &mut Aligned,
    panel: &mut [f32],
) -> Result<()> {
    let words = operands.words(inputs);
    for first in outputs.clone().step_by(TOGETHER) {
        let range = first..outputs.end.min(first + TOGETHER);
        let read = &mut memory.at_least(TOGETHER * words)[..range.len() * words];
        match operands {
            Operands::F32 => rows.read(range, read)?,
            Operands::Bf16 | Operands::Bf16x2 => {
                let pairs = cast_slice_mut(read);
                if !rows.read_pairs(range.clone(), pairs)? {
                    let mut values = vec![0.0; range.len() * inputs];
                    rows.read(range, &mut values)?;
                    Operands::write_rows_of_pairs(&values, inputs, pairs);
                }
            }
        }
        turn(read, words, words, &mut panel[first - outputs.start..]);
    }
    Ok(())
}
