//! Rows of a matrix of a weight file.

use std::ops::Range;
use std::sync::Arc;

use super::Weights;
use crate::error::Result;
use crate::product::Rows;

/// Rows of a matrix that stays in its file, from `first` on. Whether the file is still as it was is looked at each time.
#[derive(Debug)]
pub struct MatrixRows {
    pub weights: Arc<Weights>,
    pub name: String,
    pub shape: [usize; 2],
    pub first: usize,
}

impl Rows for MatrixRows {
    fn read(&self, outputs: Range<usize>, values: &mut [f32]) -> Result<()> {
        self.weights.stored(&self.name, &self.shape)?.read(self.of_file(outputs), values)
    }

    fn read_pairs(&self, outputs: Range<usize>, pairs: &mut [u32]) -> Result<bool> {
        self.weights.stored(&self.name, &self.shape)?.read_pairs(self.of_file(outputs), pairs)
    }
}

impl MatrixRows {
    fn of_file(&self, outputs: Range<usize>) -> Range<usize> {
        self.first + outputs.start..self.first + outputs.end
    }
}

/// Rows of a matrix that is stored input by input, once it was read.
#[derive(Debug)]
pub struct Columns {
    /// `[inputs, outputs]`
    pub values: Vec<f32>,
    /// Values of a row.
    pub inputs: usize,
    /// The number of rows.
    pub outputs: usize,
}

impl Rows for Columns {
    fn read(&self, outputs: Range<usize>, values: &mut [f32]) -> Result<()> {
        for (output, row) in outputs.zip(values.chunks_exact_mut(self.inputs)) {
            let column = self.values[output..].iter().step_by(self.outputs);
            row.iter_mut().zip(column).for_each(|(weight, value)| *weight = *value);
        }
        Ok(())
    }
}
