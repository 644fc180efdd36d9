//! Products of matrices in main memory.
//!
//! A product is computed a tile at a time (`tile`, in the loops of `sums`). Weights lie in panels of `PANEL` outputs,
//! input by input, so that a tile reads them in one stream; a stretch of some hundred inputs of a panel stays in the
//! first caches while some hundred rows pass it. Sums of inputs beyond a stretch gather in memory of the thread, not in
//! the result, whose rows lie so far apart that caches hold few of them.
//!
//! Small matrices are held as panels. Of others nothing is held: their rows are read each time they are wanted and
//! turned into a panel of the thread's, which costs little beside the rows that then pass it.
//!
//! Every sum is taken in the same order, whatever the number of rows, of threads and of lanes in a vector: the
//! same state gives the same result to the bit, in whatever company it comes. Only AMX has an order of its own, which is
//! as fixed.

mod aligned;
#[cfg(target_arch = "x86_64")]
mod amx;
mod instructions;
mod operands;
mod rows;
mod states;
mod sums;
mod tile;
mod turn;

use std::cell::RefCell;
use std::fmt::Debug;
use std::ops::Range;
use std::time::Instant;

use rayon::prelude::*;

pub use self::aligned::Aligned;
pub use self::instructions::instructions_for_pairs;
pub use self::operands::Operands;
pub use self::rows::Rows;
use self::rows::{InMemory, read_panel};
pub use self::states::States;
use self::sums::Sums;
pub use self::tile::{PANEL, TILE, Tile};
pub use self::turn::turn;
use crate::error::Result;
use crate::simd::with_simd;

/// Panels that are held whose sums a thread gathers at once, at most: with a block of rows, and a stretch of their
/// states, within the second cache.
const GROUP: usize = 2;

/// Weights `[outputs, inputs]` for products with states.
#[derive(Debug)]
pub struct Matrix {
    place: Place,
    inputs: usize,
    outputs: usize,
    operands: Operands,
}

/// Where weights lie.
#[derive(Debug)]
enum Place {
    /// In panels `[panels, words, PANEL]`, the last filled up with anything.
    Held(Aligned),
    /// Where their rows are read from.
    Read(Box<dyn Rows>),
}

/// A place that threads write disjoint parts of.
pub(crate) struct Output<T>(pub *mut T);

// SAFETY: whoever writes through the pointer sees to it that nobody else touches that part.
unsafe impl<T: Send> Sync for Output<T> {}

/// Who computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cores {
    /// The thread that asks.
    One,
    /// All of them.
    All,
}

/// Memory of a thread.
#[derive(Default)]
struct Scratch {
    /// `[rows of a block, panels · PANEL]`
    sums: Aligned,
    /// Rows of weights as they are read.
    rows: Aligned,
    /// `[words, PANEL]`
    panel: Aligned,
}

impl Matrix {
    /// Weights that are read each time they are wanted.
    ///
    /// # Panics
    /// If there are no inputs.
    pub fn read([inputs, outputs]: [usize; 2], operands: Operands, rows: Box<dyn Rows>) -> Self {
        assert!(inputs > 0, "products of nothing");
        Self { place: Place::Read(rows), inputs, outputs, operands }
    }

    /// Weights that are read once and held.
    ///
    /// # Errors
    /// What keeps rows from being read.
    ///
    /// # Panics
    /// If there are no inputs.
    pub fn held([inputs, outputs]: [usize; 2], operands: Operands, rows: &dyn Rows) -> Result<Self> {
        assert!(inputs > 0, "products of nothing");
        let words = operands.words(inputs);
        let mut values = Aligned::new();
        let panels = values.at_least(outputs.div_ceil(PANEL) * PANEL * words);
        panels.par_chunks_exact_mut(PANEL * words).enumerate().try_for_each_init(
            Aligned::new,
            |memory, (panel, values)| {
                let range = panel * PANEL..outputs.min((panel + 1) * PANEL);
                read_panel(rows, range, inputs, operands, memory, values)
            },
        )?;
        Ok(Self { place: Place::Held(values), inputs, outputs, operands })
    }

    /// Holds `[outputs, inputs]`.
    ///
    /// # Panics
    /// If there are no inputs.
    pub fn of(weights: &[f32], inputs: usize, operands: Operands) -> Self {
        let sizes = [inputs, weights.len() / inputs];
        Self::held(sizes, operands, &InMemory { weights, inputs })
            .unwrap_or_else(|error| unreachable!("memory is read without fail: {error}"))
    }

    /// Whether its weights lie in memory.
    pub fn is_held(&self) -> bool {
        matches!(self.place, Place::Held(_))
    }

    /// The number of inputs of a row.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of outputs of a row.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// What states are to be laid out as.
    pub fn operands(&self) -> Operands {
        self.operands
    }

    /// states · weightsᵀ, to `[rows, outputs]`, a stretch of a row at a time: `join(first output, products, their place
    /// in out)`, once for every place. What is there before need not be a number yet.
    ///
    /// # Errors
    /// Weights that cannot be read.
    ///
    /// # Panics
    /// If the sizes do not fit each other.
    pub fn apply<T: Send>(
        &self,
        states: &States,
        out: &mut [T],
        cores: Cores,
        join: impl Fn(usize, &mut [f32], &mut [T]) + Sync,
    ) -> Result<()> {
        assert_eq!(out.len(), states.rows() * self.outputs);
        let output = Output(out.as_mut_ptr());
        self.each(states, cores, |row, first, products| {
            let output = &output;
            // SAFETY: `row < rows` and `first + products.len() <= outputs`, and `out` is `[rows, outputs]`, so this
            // lies in it; no other call has these outputs of this row.
            let place = unsafe {
                let start = output.0.add(row * self.outputs + first);
                std::slice::from_raw_parts_mut(start, products.len())
            };
            join(first, products, place);
        })
    }

    /// states · weightsᵀ, handed on as it is computed: `take(row, first output, products)`, once for every output of
    /// every row. The first output is one of a panel, the first of [`PANEL`] outputs.
    ///
    /// # Errors
    /// As [`Matrix::apply`].
    ///
    /// # Panics
    /// As [`Matrix::apply`].
    pub fn each(
        &self,
        states: &States,
        cores: Cores,
        take: impl Fn(usize, usize, &mut [f32]) + Sync,
    ) -> Result<()> {
        Self::each_of([self], states, cores, |row, first, [products]| take(row, first, products))
    }

    /// The same of several matrices of one size, the products of all of them together.
    ///
    /// # Errors
    /// As [`Matrix::apply`].
    ///
    /// # Panics
    /// As [`Matrix::apply`], and if there is none.
    pub fn each_of<const N: usize>(
        matrices: [&Self; N],
        states: &States,
        cores: Cores,
        take: impl Fn(usize, usize, [&mut [f32]; N]) + Sync,
    ) -> Result<()> {
        let outputs = matrices[0].outputs;
        for matrix in matrices {
            assert_eq!((states.inputs(), states.operands()), (matrix.inputs, matrix.operands));
            assert_eq!(matrix.outputs, outputs);
        }
        let (panels, blocks) = (outputs.div_ceil(PANEL), states.blocks());
        let group = match matrices.iter().all(|matrix| matrix.is_held()) {
            // Several tasks a core, that none waits long for the last.
            true if cores == Cores::All => {
                (panels * blocks / (8 * rayon::current_num_threads())).clamp(1, GROUP)
            }
            true => GROUP,
            // A panel that was just turned stays in the second cache.
            false => 1,
        };
        let groups = panels.div_ceil(group);
        let pass = |task: usize| {
            let (block, first) = (task / groups, task % groups * group);
            Self::pass(matrices, states, block, first..panels.min(first + group), &take)
        };
        // By reference: what spreads tasks over the cores need not be compiled for each `take`.
        let pass: &(dyn Fn(usize) -> Result<()> + Sync) = &pass;
        match cores {
            Cores::One => (0..blocks * groups).try_for_each(pass),
            Cores::All => (0..blocks * groups).into_par_iter().with_max_len(1).try_for_each(pass),
        }
    }

    /// Takes a block of rows past up to [`GROUP`] panels.
    fn pass<const N: usize>(
        matrices: [&Self; N],
        states: &States,
        block: usize,
        panels: Range<usize>,
        take: impl Fn(usize, usize, [&mut [f32]; N]),
    ) -> Result<()> {
        thread_local! {
            static SCRATCH: RefCell<Scratch> = RefCell::default();
        }
        // Taken, not borrowed: `take` may compute a product of its own.
        let mut scratch = SCRATCH.take();
        let (first, width) = (panels.start * PANEL, panels.len() * PANEL);
        let outputs = width.min(matrices[0].outputs - first);
        let (rows, laid_out) = states.block(block);
        let size = rows.len().next_multiple_of(states::TOGETHER) * width;
        let Scratch { sums, rows: read, panel } = &mut scratch;
        let sums = sums.at_least(N * size);
        for (matrix, sums) in matrices.iter().zip(sums.chunks_exact_mut(size)) {
            let words = matrix.operands.words(matrix.inputs);
            let (held, next) = match &matrix.place {
                Place::Held(values) => {
                    let (held, next) = values.get()[first * words..].split_at(width * words);
                    (held, &next[..next.len().min(PANEL * words)])
                }
                Place::Read(from) => {
                    let panel = &mut panel.at_least(PANEL * words)[..PANEL * words];
                    let range = first..first + outputs;
                    read_panel(&**from, range, matrix.inputs, matrix.operands, read, panel)?;
                    (&*panel, &[][..])
                }
            };
            let (operands, count) = (matrix.operands, rows.len());
            with_simd(Sums {
                operands,
                words,
                outputs,
                panels: held,
                next,
                rows: count,
                states: laid_out,
                sums,
            });
        }
        let mut each = sums.chunks_exact_mut(size);
        let mut each: [&mut [f32]; N] = std::array::from_fn(|_| each.next().unwrap_or_default());
        for (index, row) in rows.enumerate() {
            take(row, first, each.each_mut().map(|sums| &mut sums[index * width..][..outputs]));
        }
        SCRATCH.set(scratch);
        Ok(())
    }
}

/// Operations (multiplications and additions) a second that all cores compute in products of the size of a small
/// model's, as measured just now: for estimates, which are off where other work shares the machine.
pub fn rate() -> f64 {
    const SIZE: usize = 512;
    const ROUNDS: usize = 4;
    let weights = Matrix::of(&vec![0.5; SIZE * SIZE], SIZE, Operands::F32);
    let (x, mut out) = (vec![0.5; SIZE * SIZE], vec![0.0; SIZE * SIZE]);
    let seconds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        let states = States::new(&x, SIZE, Operands::F32, Cores::All);
        // Weights that are held can be read.
        let _ =
            weights.apply(&states, &mut out, Cores::All, |_, products, out| out.copy_from_slice(products));
        start.elapsed().as_secs_f64()
    });
    // The first warms up.
    2.0 * (SIZE * SIZE * SIZE) as f64 / seconds.fold(f64::INFINITY, f64::min).max(1e-9)
}

#[cfg(test)]
pub(crate) mod tests;
