//! States laid out for tiles.

use std::ops::Range;

use rayon::prelude::*;

use super::aligned::Lent;
use super::operands::Operands;
use super::sums::stretch;
use super::{Cores, Matrix, Output, ROWS_AT_ONCE};
use crate::error::Result;
use crate::simd::vectorised;

/// Rows that are laid out together: as many as the largest tiles take.
pub const TOGETHER: usize = 32;

/// States laid out for products, for as many products as take the same.
#[derive(Debug)]
pub struct States {
    rows: usize,
    inputs: usize,
    operands: Operands,
    /// Words of a stretch, all but the last.
    stretch: usize,
    /// For each block and stretch `[parts, rows, depth]`, the rows a multiple of [`TOGETHER`]. Those beyond the last hold
    /// anything, and nothing comes of them.
    values: Lent,
}

impl States {
    /// Lays out `[rows, inputs]`.
    ///
    /// # Panics
    /// If there are no inputs.
    pub fn new(x: &[f32], inputs: usize, operands: Operands, cores: Cores) -> Self {
        let mut states = Self::empty(x.len() / inputs, inputs, operands);
        let output = Output(states.values.get_mut().as_mut_ptr());
        let lay_out = |(index, x): (usize, &[f32])| {
            let output = &output;
            vectorised(
                #[inline(always)]
                || {
                    for (row, x) in (index * TOGETHER..).zip(x.chunks_exact(inputs)) {
                        // SAFETY: the memory is that of the states, and each row is laid out once.
                        unsafe { states.put(output, row, 0, x) };
                    }
                },
            );
        };
        let rows = TOGETHER * inputs;
        match cores {
            Cores::One => x.chunks(rows).enumerate().for_each(lay_out),
            Cores::All => x.par_chunks(rows).enumerate().for_each(lay_out),
        }
        states
    }

    /// Lays out what `join` makes of the products of other states with matrices of one size, a stretch of a row at a
    /// time: `join(first output, products)` leaves it where the first products were, vectorised where it is
    /// `#[inline(always)]`.
    ///
    /// # Errors
    /// Weights that cannot be read.
    ///
    /// # Panics
    /// If the sizes do not fit each other.
    pub fn of_products<const N: usize>(
        matrices: [&Matrix; N],
        states: &Self,
        operands: Operands,
        cores: Cores,
        join: impl Fn(usize, &mut [&mut [f32]; N]) + Sync,
    ) -> Result<Self> {
        let outputs = matrices.first().map_or(0, |matrix| matrix.outputs());
        let mut found = Self::empty(states.rows, outputs, operands);
        let output = Output(found.values.get_mut().as_mut_ptr());
        Matrix::each_of(
            matrices,
            states,
            cores,
            #[inline(always)]
            |row, first, products| {
                join(first, products);
                // SAFETY: the memory is that of the states, and no other call has these outputs of this row.
                unsafe { found.put(&output, row, first, products[0]) };
            },
        )?;
        Ok(found)
    }

    /// Lays out some values of a state, the first of which is the first of a word.
    ///
    /// # Safety
    /// The output is the memory of these states, and nobody else touches these values.
    #[inline(always)]
    unsafe fn put(&self, output: &Output<f32>, row: usize, first: usize, mut values: &[f32]) {
        let (numbers, parts) = (self.operands.numbers(), self.operands.parts());
        let words = self.operands.words(self.inputs);
        assert!(row < self.rows && first.is_multiple_of(numbers) && first + values.len() <= self.inputs);
        // The rows of the block, and what lies before them.
        let before = row / ROWS_AT_ONCE * ROWS_AT_ONCE;
        let rows = ROWS_AT_ONCE.min((self.rows - before).next_multiple_of(TOGETHER));
        let mut word = first / numbers;
        let mut from = word / self.stretch * self.stretch;
        while !values.is_empty() {
            let depth = self.stretch.min(words - from);
            let to = from + depth;
            let (own, rest) = values.split_at(values.len().min((to - word) * numbers));
            let count = self.operands.words(own.len());
            let start = before * words * parts + from * rows * parts + (row - before) * depth + word - from;
            for part in 0..parts {
                // SAFETY: these words lie in the memory, `[parts, rows, depth]` behind what is before the stretch, and are not
                // shared between calls, whose values begin with a word and end with the state or before another.
                let place = unsafe {
                    let start = output.0.add(start + part * rows * depth);
                    std::slice::from_raw_parts_mut(start, count)
                };
                self.operands.write(part, own, place);
            }
            (values, word, from) = (rest, word + count, to);
        }
    }

    /// Of anything.
    fn empty(rows: usize, inputs: usize, operands: Operands) -> Self {
        let values = Lent::new(rows.next_multiple_of(TOGETHER) * operands.words(inputs) * operands.parts());
        let stretch = stretch(operands.words(inputs), operands);
        Self { rows, inputs, operands, stretch, values }
    }

    /// How many there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Values of a state.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// What they are multiplied as.
    pub fn operands(&self) -> Operands {
        self.operands
    }

    /// The blocks of rows that pass a panel together.
    pub(super) fn blocks(&self) -> usize {
        self.rows.div_ceil(ROWS_AT_ONCE)
    }

    /// The rows of a block, and what is laid out of them.
    pub(super) fn block(&self, block: usize) -> (Range<usize>, &[f32]) {
        let rows = block * ROWS_AT_ONCE..self.rows.min((block + 1) * ROWS_AT_ONCE);
        let words = self.operands.words(self.inputs) * self.operands.parts();
        let values = rows.start * words..rows.end.next_multiple_of(TOGETHER) * words;
        (rows, &self.values.get()[values])
    }
}
