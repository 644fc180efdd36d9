//! Products of matrices in main memory.
//!
//! A product is computed a tile at a time (`tile`, in the loops of `sums`). Weights lie in panels of `PANEL` outputs,
//! input by input, so that a tile reads them in one stream; a stretch of some hundred inputs of a panel stays in the
//! first caches while some hundred rows pass it. Sums of inputs beyond a stretch gather in memory of the thread, not in
//! the result, whose rows lie so far apart that caches hold few of them.
//!
//! Small matrices are held as panels. Of others nothing is held: their rows are read each time they are wanted and
//! turned into panels, which costs little beside the rows that then pass them. Where these are a single block, a panel is
//! read by the thread that takes them past it; where they are more, or products are fast, panels are read for all threads.
//!
//! Every sum is taken in the same order, whatever the number of rows, of threads and of lanes in a vector: the
//! same state gives the same result to the bit, in whatever company it comes. Only AMX has an order of its own, which is
//! as fixed.

mod aligned;
#[cfg(target_arch = "x86_64")]
mod amx;
mod instructions;
mod operands;
mod panels;
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
use self::aligned::Lent;
pub use self::instructions::instructions_for_pairs;
pub use self::operands::Operands;
use self::panels::{Panels, read_panel, read_panels};
use self::rows::InMemory;
pub use self::rows::Rows;
pub use self::states::States;
use self::sums::Sums;
pub use self::tile::{PANEL, TILE, Tile};
pub use self::turn::turn;
use crate::error::Result;
use crate::simd::{prefetch_place, vectorised, with_simd};

/// Rows of states that pass a panel together.
pub const ROWS_AT_ONCE: usize = 512;

/// Rows between that whose results are written and that whose place is fetched into the first cache.
const AHEAD: usize = 4;

/// Values of the panels of a matrix that are read together for all blocks of rows: 16 MiB.
const SHARED: usize = 4 << 20;

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

impl Cores {
    /// How many there are.
    fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::All => rayon::current_num_threads(),
        }
    }
}

/// Memory of a thread.
#[derive(Default)]
struct Scratch {
    /// `[rows of a block, panels · PANEL]`
    sums: Aligned,
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
        let mut values = Aligned::new();
        let panels = values.at_least(outputs.div_ceil(PANEL) * PANEL * operands.words(inputs));
        read_panels(rows, 0..outputs, inputs, operands, panels, Cores::All)?;
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
    /// in out)`, once for every place, vectorised where it is `#[inline(always)]`. What is there before need not be a
    /// number yet.
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
        self.each(
            states,
            cores,
            #[inline(always)]
            |row, first, products| {
                let output = &output;
                // Rows lie too far apart to be fetched unasked.
                let ahead = output.0.wrapping_add((row + AHEAD) * self.outputs + first);
                prefetch_place(ahead, products.len());
                // SAFETY: `row < rows` and `first + products.len() <= outputs`, and `out` is `[rows, outputs]`, so this
                // lies in it; no other call has these outputs of this row.
                let place = unsafe {
                    let start = output.0.add(row * self.outputs + first);
                    std::slice::from_raw_parts_mut(start, products.len())
                };
                join(first, products, place);
            },
        )
    }

    /// states · weightsᵀ, handed on as it is computed: `take(row, first output, products)`, once for every output of
    /// every row, vectorised where it is `#[inline(always)]`. The first output is one of a panel, the first of [`PANEL`]
    /// outputs.
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
        Self::each_of(
            [self],
            states,
            cores,
            #[inline(always)]
            |row, first, [products]| take(row, first, products),
        )
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
        take: impl Fn(usize, usize, &mut [&mut [f32]; N]) + Sync,
    ) -> Result<()> {
        let outputs = matrices[0].outputs;
        for matrix in matrices {
            assert_eq!((states.inputs(), states.operands()), (matrix.inputs, matrix.operands));
            assert_eq!(matrix.outputs, outputs);
        }
        let (panels, blocks) = (outputs.div_ceil(PANEL), states.blocks());
        if panels * blocks == 0 {
            return Ok(());
        }
        let held = matrices.iter().all(|matrix| matrix.is_held());
        // Panels for a single block are read by who wants them, and one that was just turned stays in the second cache.
        // What is so fast that states keep it waiting takes more panels past them.
        let alone = blocks == 1 && !held && !matrices[0].operands.are_fast();
        let together = if alone || held { panels } else { matrices[0].shared(blocks, cores) };
        let most = matrices[0].operands.panels_at_once();
        let group = match cores {
            _ if alone => 1,
            // Several tasks a core, that none waits long for the last.
            Cores::All => (together * blocks / (8 * cores.count())).clamp(1, most),
            Cores::One => most,
        };
        for first in (0..panels).step_by(together) {
            let range = first..panels.min(first + together);
            let mut shared = [const { None }; N];
            if !alone {
                for (matrix, shared) in matrices.iter().zip(&mut shared) {
                    *shared = matrix.read_shared(range.clone(), cores)?;
                }
            }
            let from: [Panels<'_>; N] =
                std::array::from_fn(|index| match (&matrices[index].place, &shared[index]) {
                    (Place::Held(values), _) => Panels::Ready { first: 0, values: values.get() },
                    (Place::Read(_), Some(values)) => Panels::Ready { first, values: values.get() },
                    (Place::Read(rows), None) => Panels::Read(&**rows),
                });
            let groups = range.len().div_ceil(group);
            let pass = |task: usize| {
                let (block, first) = (task / groups, first + task % groups * group);
                Self::pass(matrices, from, states, block, first..range.end.min(first + group), &take)
            };
            // By reference: what spreads tasks over the cores need not be compiled for each `take`.
            let pass: &(dyn Fn(usize) -> Result<()> + Sync) = &pass;
            match cores {
                Cores::One => (0..blocks * groups).try_for_each(pass)?,
                Cores::All => (0..blocks * groups).into_par_iter().with_max_len(1).try_for_each(pass)?,
            }
        }
        Ok(())
    }

    /// How many panels are read together where so many blocks pass them: as many as [`SHARED`] values are, or as give each
    /// core several tasks.
    fn shared(&self, blocks: usize, cores: Cores) -> usize {
        let panels = self.outputs.div_ceil(PANEL);
        let fit = SHARED / (PANEL * self.operands.words(self.inputs));
        let most = fit.max((8 * cores.count()).div_ceil(blocks)).min(panels);
        // Nearly as many each time.
        panels.div_ceil(panels.div_ceil(most))
    }

    /// Reads panels for several blocks of rows; none where the matrix is held.
    fn read_shared(&self, panels: Range<usize>, cores: Cores) -> Result<Option<Lent>> {
        let Place::Read(rows) = &self.place else { return Ok(None) };
        let len = panels.len() * PANEL * self.operands.words(self.inputs);
        let outputs = panels.start * PANEL..self.outputs.min(panels.end * PANEL);
        let mut values = Lent::new(len);
        read_panels(&**rows, outputs, self.inputs, self.operands, &mut values.get_mut()[..len], cores)?;
        Ok(Some(values))
    }

    /// Takes a block of rows past some panels, a single one where it reads them itself.
    fn pass<const N: usize>(
        matrices: [&Self; N],
        from: [Panels<'_>; N],
        states: &States,
        block: usize,
        panels: Range<usize>,
        // Of its own type: `Fn` of a reference is a function that is not inlined.
        take: &impl Fn(usize, usize, &mut [&mut [f32]; N]),
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
        let Scratch { sums, panel } = &mut scratch;
        let sums = sums.at_least(N * size);
        for (index, sums) in sums.chunks_exact_mut(size).take(N).enumerate() {
            let Self { inputs, operands, .. } = *matrices[index];
            let words = operands.words(inputs);
            let (own, next) = match from[index] {
                Panels::Ready { first, values } => {
                    let (own, next) =
                        values[(panels.start - first) * PANEL * words..].split_at(width * words);
                    (own, &next[..next.len().min(PANEL * words)])
                }
                Panels::Read(rows) => {
                    let panel = &mut panel.at_least(PANEL * words)[..PANEL * words];
                    read_panel(rows, first..first + outputs, inputs, operands, panel)?;
                    (&*panel, &[][..])
                }
            };
            let (rows, states) = (rows.len(), laid_out);
            with_simd(Sums { operands, words, outputs, panels: own, next, rows, states, sums });
        }
        let mut each = sums.chunks_exact_mut(size);
        let mut each: [_; N] =
            std::array::from_fn(|_| each.next().unwrap_or_default().chunks_exact_mut(width));
        vectorised(
            #[inline(always)]
            || {
                let mut products: [&mut [f32]; N] = std::array::from_fn(|_| Default::default());
                for row in rows {
                    for (index, sums) in each.iter_mut().enumerate() {
                        products[index] = &mut sums.next().unwrap_or_default()[..outputs];
                    }
                    take(row, first, &mut products);
                }
            },
        );
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
