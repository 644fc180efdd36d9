//! Panels, and the reading of rows of weights into them.

use std::cell::RefCell;
use std::ops::Range;

use bytemuck::cast_slice_mut;
use rayon::prelude::*;

use super::Cores;
use super::aligned::Aligned;
use super::operands::Operands;
use super::rows::Rows;
use super::tile::PANEL;
use super::turn::turn;
use crate::error::Result;

/// Rows that are read and turned together: they stay in the second cache in between.
const TOGETHER: usize = 16;

/// Where panels come from.
#[derive(Clone, Copy, Debug)]
pub enum Panels<'a> {
    /// Memory.
    Ready {
        /// The first of those that are there.
        first: usize,
        /// `[panels, words, PANEL]`, or more.
        values: &'a [f32],
    },
    /// Rows, which whoever wants a panel reads.
    Read(&'a dyn Rows),
}

/// Reads some outputs, from the first of a panel on, as panels `[panels, words, PANEL]`.
///
/// # Errors
/// Whatever keeps them from being read.
pub fn read_panels(
    rows: &dyn Rows,
    outputs: Range<usize>,
    inputs: usize,
    operands: Operands,
    panels: &mut [f32],
    cores: Cores,
) -> Result<()> {
    let size = PANEL * operands.words(inputs);
    let read = |(panel, values): (usize, &mut [f32])| {
        let first = outputs.start + panel * PANEL;
        read_panel(rows, first..outputs.end.min(first + PANEL), inputs, operands, values)
    };
    match cores {
        Cores::One => panels.chunks_exact_mut(size).enumerate().try_for_each(read),
        Cores::All => panels.par_chunks_exact_mut(size).enumerate().with_max_len(1).try_for_each(read),
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
    panel: &mut [f32],
) -> Result<()> {
    thread_local! {
        static MEMORY: RefCell<Aligned> = const { RefCell::new(Aligned::new()) };
    }
    MEMORY.with_borrow_mut(|memory| {
        let words = operands.words(inputs);
        for first in outputs.clone().step_by(TOGETHER) {
            let range = first..outputs.end.min(first + TOGETHER);
            let read = &mut memory.at_least(TOGETHER * words)[..range.len() * words];
            match operands {
                Operands::F32 => rows.read(range, read)?,
                Operands::Bf16 | Operands::Bf16x2 | Operands::Bf16x3 => {
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
    })
}
