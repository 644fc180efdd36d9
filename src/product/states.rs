//! States laid out for tiles.

use std::cell::RefCell;
use std::ops::Range;

use rayon::prelude::*;

use super::Cores;
use super::aligned::Aligned;
use super::operands::Operands;
use super::sums::stretch;
use crate::simd::vectorised;

/// Rows of states that pass a panel together.
pub const ROWS: usize = 512;
/// Rows that are laid out together: as many as the largest tiles take.
pub const TOGETHER: usize = 32;

/// States laid out for products, for as many products as take the same: in memory that the thread keeps.
#[derive(Debug)]
pub struct States {
    rows: usize,
    inputs: usize,
    operands: Operands,
    /// For each block of [`ROWS`] rows and stretch of words `[parts, rows, depth]`, the rows a multiple of [`TOGETHER`].
    /// Those beyond the last hold anything, and nothing comes of them.
    values: Aligned,
}

thread_local! {
    static STATES: RefCell<Aligned> = const { RefCell::new(Aligned::new()) };
}

impl States {
    /// Lays out `[rows, inputs]`.
    ///
    /// # Panics
    /// If there are no inputs.
    pub fn new(x: &[f32], inputs: usize, operands: Operands, cores: Cores) -> Self {
        let rows = x.len() / inputs;
        let mut memory = STATES.take();
        let (words, parts) = (operands.words(inputs), operands.parts());
        let values = memory.at_least(rows.next_multiple_of(TOGETHER) * words * parts);
        for (x, values) in x.chunks(ROWS * inputs).zip(values.chunks_mut(ROWS * words * parts)) {
            let rows = (x.len() / inputs).next_multiple_of(TOGETHER);
            let stretch = stretch(words, operands);
            let lay_out = |(index, values): (usize, &mut [f32])| {
                let depth = values.len() / (rows * parts);
                // Of pairs every stretch but the last is whole.
                let at = |word: usize| inputs.min(word * inputs.div_ceil(words));
                let (from, to) = (at(index * stretch), at(index * stretch + depth));
                vectorised(
                    #[inline(always)]
                    || {
                        for (part, values) in values.chunks_exact_mut(rows * depth).enumerate() {
                            for (row, values) in x.chunks_exact(inputs).zip(values.chunks_exact_mut(depth)) {
                                operands.write(part, &row[from..to], values);
                            }
                        }
                    },
                );
            };
            let values = &mut values[..rows * words * parts];
            match cores {
                Cores::One => values.chunks_mut(rows * stretch * parts).enumerate().for_each(lay_out),
                Cores::All => values.par_chunks_mut(rows * stretch * parts).enumerate().for_each(lay_out),
            }
        }
        Self { rows, inputs, operands, values: memory }
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

    /// The blocks of [`ROWS`] rows.
    pub(super) fn blocks(&self) -> usize {
        self.rows.div_ceil(ROWS)
    }

    /// The rows of a block, and what is laid out of them.
    pub(super) fn block(&self, block: usize) -> (Range<usize>, &[f32]) {
        let rows = block * ROWS..self.rows.min((block + 1) * ROWS);
        let words = self.operands.words(self.inputs) * self.operands.parts();
        let values = rows.start * words..rows.end.next_multiple_of(TOGETHER) * words;
        (rows, &self.values.get()[values])
    }
}

impl Drop for States {
    fn drop(&mut self) {
        STATES.set(std::mem::take(&mut self.values));
    }
}
