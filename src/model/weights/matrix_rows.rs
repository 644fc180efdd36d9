//! Rows of a matrix that stays in its weight file.

use std::ops::Range;
use std::sync::Arc;

use super::Weights;
use crate::error::Result;
use crate::product::Rows;

/// Rows of a matrix from `first` on. Whether the file is still as it was is looked at each time.
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
