//! Products of matrices in main memory, with weights that were laid out for them once.
//!
//! A product is computed a tile at a time (`tile`). Weights lie in panels of `PANEL` outputs, input by
//! input, so that a tile reads them in one stream; a stretch of `DEPTH` inputs of a panel stays in the first cache
//! while up to `ROWS` rows pass it. Sums of inputs beyond a stretch gather in memory of the thread, not in the
//! result, whose rows lie so far apart that caches hold few of them.
//!
//! Every sum is taken in the same order, whatever the number of rows, of threads and of lanes in a vector: the
//! same state gives the same result to the bit, in whatever company it comes.

mod tile;

use std::cell::RefCell;
use std::convert::Infallible;
use std::ops::Range;
use std::time::Instant;

use rayon::prelude::*;

use self::tile::{PANEL, TILE, Tile};
use crate::simd::{Simd, WithSimd, prefetch_second, with_simd};

/// Inputs that a panel passes at a time, at most: with the tile of states as much as the first cache holds.
const DEPTH: usize = 96;
/// Rows of states that pass a panel.
const ROWS: usize = 256;
/// Panels whose sums a thread gathers at once, at most: with [`ROWS`] rows, and a stretch of their states, well within
/// the second cache.
const GROUP: usize = 4;

/// Weights `[outputs, inputs]` in panels: `[panels, inputs, PANEL]`, the last panel filled up with zeros.
pub struct Packed {
    values: Aligned,
    inputs: usize,
    outputs: usize,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed [{}, {}]", self.outputs, self.inputs)
    }
}

/// A place that threads write disjoint parts of.
pub(crate) struct Output(pub *mut f32);

// SAFETY: whoever writes through the pointer sees to it that nobody else touches that part.
unsafe impl Sync for Output {}

/// Who computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cores {
    /// The thread that asks.
    One,
    /// All of them.
    All,
}

impl Packed {
    /// Lays out weights. `read` writes a range of rows `[outputs of the range, inputs]`.
    ///
    /// # Errors
    /// What `read` says.
    ///
    /// # Panics
    /// If there are no inputs.
    pub fn new<E: Send>(
        [inputs, outputs]: [usize; 2],
        read: impl Fn(Range<usize>, &mut [f32]) -> Result<(), E> + Sync,
    ) -> Result<Self, E> {
        assert!(inputs > 0, "products of nothing");
        let mut values = Aligned::new();
        let panels =
            values.at_least(outputs.div_ceil(PANEL) * PANEL * inputs).par_chunks_exact_mut(PANEL * inputs);
        panels.enumerate().try_for_each_init(
            || vec![0.0; PANEL * inputs],
            |rows, (panel, values)| {
                let range = panel * PANEL..outputs.min((panel + 1) * PANEL);
                let rows = &mut rows[..range.len() * inputs];
                read(range, rows)?;
                turn(rows, inputs, values);
                Ok(())
            },
        )?;
        Ok(Self { values, inputs, outputs })
    }

    /// Lays out `[outputs, inputs]`.
    ///
    /// # Panics
    /// If there are no inputs.
    pub fn of(weights: &[f32], inputs: usize) -> Self {
        let read = |range: Range<usize>, rows: &mut [f32]| {
            rows.copy_from_slice(&weights[range.start * inputs..range.end * inputs]);
            Ok::<(), Infallible>(())
        };
        Self::new([inputs, weights.len() / inputs], read).unwrap_or_else(|never| match never {})
    }

    /// The number of inputs of a row.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of outputs of a row.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// x · weightsᵀ, `[rows, inputs]` to `[rows, outputs]`, a stretch of a row at a time:
    /// `join(first output, products, their place in out)`, once for every place.
    ///
    /// # Panics
    /// If the sizes do not fit each other.
    pub fn apply(
        &self,
        x: &[f32],
        out: &mut [f32],
        cores: Cores,
        join: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        let rows = x.len() / self.inputs;
        assert_eq!((x.len(), out.len()), (rows * self.inputs, rows * self.outputs));
        match cores {
            Cores::One => self.each(x, |row, first, products| {
                let start = row * self.outputs + first;
                join(first, products, &mut out[start..start + products.len()]);
            }),
            Cores::All => self.apply_on_all_cores(x, out, join),
        }
    }

    fn apply_on_all_cores(
        &self,
        x: &[f32],
        out: &mut [f32],
        join: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        let states = States::new(x, self.inputs, Cores::All);
        let (panels, blocks) = (self.outputs.div_ceil(PANEL), states.rows.div_ceil(ROWS));
        // Several tasks a core, that none waits long for the last.
        let group = (panels * blocks / (8 * rayon::current_num_threads())).clamp(1, GROUP);
        let groups = panels.div_ceil(group);
        let output = Output(out.as_mut_ptr());
        (0..blocks * groups).into_par_iter().with_max_len(1).for_each(|task| {
            let output = &output;
            let (block, first) = (task / groups, task % groups * group);
            self.pass(&states, block, first..panels.min(first + group), |row, first, products| {
                // SAFETY: `row < rows` and `first + products.len() <= outputs`, and `out` is `[rows, outputs]`, so
                // this lies in it; no other task has this group of outputs in this block of rows.
                let place = unsafe {
                    let start = output.0.add(row * self.outputs + first);
                    std::slice::from_raw_parts_mut(start, products.len())
                };
                join(first, products, place);
            });
        });
    }

    /// x · weightsᵀ on this thread, handed on as it is computed: `take(row, first output, products)`, for each
    /// row in the order of outputs.
    pub fn each(&self, x: &[f32], mut take: impl FnMut(usize, usize, &mut [f32])) {
        let states = States::new(x, self.inputs, Cores::One);
        let panels = self.outputs.div_ceil(PANEL);
        for block in 0..states.rows.div_ceil(ROWS) {
            for first in (0..panels).step_by(GROUP) {
                self.pass(&states, block, first..panels.min(first + GROUP), &mut take);
            }
        }
    }

    /// Takes a block of rows past up to [`GROUP`] panels: `take(row, first output, products)`.
    fn pass(
        &self,
        states: &States,
        block: usize,
        panels: Range<usize>,
        mut take: impl FnMut(usize, usize, &mut [f32]),
    ) {
        thread_local! {
            static SUMS: RefCell<Aligned> = const { RefCell::new(Aligned::new()) };
        }
        // Taken, not borrowed: `take` may compute a product of its own.
        let mut memory = SUMS.take();
        let (first, width) = (panels.start * PANEL, panels.len() * PANEL);
        let outputs = width.min(self.outputs - first);
        let (rows, states) = states.block(block);
        let sums = memory.at_least(rows.len().next_multiple_of(TILE) * width);
        with_simd(Sums { weights: self, states, panels, sums });
        for (row, sums) in rows.zip(sums.chunks_exact_mut(width)) {
            take(row, first, &mut sums[..outputs]);
        }
        SUMS.set(memory);
    }
}

/// Writes rows `[outputs, inputs]` as a panel `[inputs, PANEL]`.
fn turn(rows: &[f32], inputs: usize, panel: &mut [f32]) {
    /// Inputs turned at a time: as many floats as share a line of the caches.
    const TURNED: usize = 16;
    for from in (0..inputs).step_by(TURNED) {
        let to = inputs.min(from + TURNED);
        for (output, row) in rows.chunks_exact(inputs).enumerate() {
            for (panel, &weight) in panel[from * PANEL..].chunks_exact_mut(PANEL).zip(&row[from..to]) {
                panel[output] = weight;
            }
        }
    }
}

/// Values from the start of a line of the caches on: a vector that lies across two is read twice.
#[derive(Default)]
struct Aligned {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    const fn new() -> Self {
        Self { memory: Vec::new(), start: 0, len: 0 }
    }

    /// `len` values or more, zeros where they were not written before. What was written is lost where more are asked
    /// for than ever before.
    fn at_least(&mut self, len: usize) -> &mut [f32] {
        const LINE: usize = 64;
        if len > self.len {
            self.memory = vec![0.0; len + LINE / size_of::<f32>()];
            (self.start, self.len) = (self.memory.as_ptr().align_offset(LINE), len);
        }
        &mut self.memory[self.start..][..self.len]
    }

    fn get(&self) -> &[f32] {
        &self.memory[self.start..][..self.len]
    }
}

/// Operations (multiplications and additions) a second that all cores compute in products of the size of a small
/// model's, as measured just now: for estimates, which are off where other work shares the machine.
pub fn rate() -> f64 {
    const SIZE: usize = 512;
    const ROUNDS: usize = 4;
    let weights = Packed::of(&vec![0.5; SIZE * SIZE], SIZE);
    let (x, mut out) = (vec![0.5; SIZE * SIZE], vec![0.0; SIZE * SIZE]);
    let seconds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        weights.apply(&x, &mut out, Cores::All, |_, products, out| out.copy_from_slice(products));
        start.elapsed().as_secs_f64()
    });
    // The first warms up.
    2.0 * (SIZE * SIZE * SIZE) as f64 / seconds.fold(f64::INFINITY, f64::min).max(1e-9)
}

/// States laid out for tiles, in memory that the thread keeps.
struct States {
    rows: usize,
    inputs: usize,
    /// For each block of rows and stretch of inputs `[tiles, TILE, depth]`. Rows beyond the last hold anything, and
    /// nothing comes of them.
    values: Aligned,
}

thread_local! {
    static STATES: RefCell<Aligned> = const { RefCell::new(Aligned::new()) };
}

impl States {
    /// Lays out `[rows, inputs]`.
    fn new(x: &[f32], inputs: usize, cores: Cores) -> Self {
        let rows = x.len() / inputs;
        let mut memory = STATES.take();
        let values = memory.at_least(rows.next_multiple_of(TILE) * inputs);
        let blocks = x.chunks(ROWS * inputs).zip(values.chunks_mut(ROWS * inputs));
        for (x, values) in blocks {
            let rows = (x.len() / inputs).next_multiple_of(TILE);
            let stretch = stretch(inputs);
            let lay_out = |(index, values): (usize, &mut [f32])| {
                let (from, depth) = (index * stretch, values.len() / rows);
                for (row, values) in x.chunks_exact(inputs).zip(values.chunks_exact_mut(depth)) {
                    values.copy_from_slice(&row[from..from + depth]);
                }
            };
            let values = &mut values[..rows * inputs];
            match cores {
                Cores::One => values.chunks_mut(rows * stretch).enumerate().for_each(lay_out),
                Cores::All => values.par_chunks_mut(rows * stretch).enumerate().for_each(lay_out),
            }
        }
        Self { rows, inputs, values: memory }
    }

    /// The rows of a block, and what is laid out of them.
    fn block(&self, block: usize) -> (Range<usize>, &[f32]) {
        let rows = block * ROWS..self.rows.min((block + 1) * ROWS);
        let values = rows.start * self.inputs..rows.end.next_multiple_of(TILE) * self.inputs;
        (rows, &self.values.get()[values])
    }
}

impl Drop for States {
    fn drop(&mut self) {
        STATES.set(std::mem::take(&mut self.values));
    }
}

/// The sums of a block of rows for some panels.
struct Sums<'a> {
    weights: &'a Packed,
    /// For each stretch of inputs `[tiles, TILE, depth]`.
    states: &'a [f32],
    panels: Range<usize>,
    /// `[tiles, TILE, PANEL · panels]`
    sums: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { weights, states, panels, sums } = self;
        let values = weights.values.get();
        let (inputs, width) = (weights.inputs, panels.len() * PANEL);
        let rows = states.len() / inputs;
        let sums = &mut sums[..rows * width];
        let stretch = stretch(inputs);
        for from in (0..inputs).step_by(stretch) {
            let depth = stretch.min(inputs - from);
            let states = &states[from * rows..][..depth * rows];
            for (index, panel) in panels.clone().enumerate() {
                let outputs = PANEL.min(weights.outputs - panel * PANEL);
                let panel = &values[(panel * inputs + from) * PANEL..][..depth * PANEL];
                // Meanwhile the panel that is next comes nearer, a share with every tile.
                let next = match index + 1 < panels.len() {
                    true => ((panels.start + index + 1) * inputs + from) * PANEL,
                    false => (panels.start * inputs + from + depth) * PANEL,
                };
                let next = &values[next..values.len().min(next + depth * PANEL)];
                let mut shares = next.chunks((depth * PANEL).div_ceil(rows / TILE));
                let sums = sums.chunks_exact_mut(TILE * width);
                for (states, sums) in states.chunks_exact(TILE * depth).zip(sums) {
                    prefetch_second(shares.next().unwrap_or_default());
                    let sums = &mut sums[index * PANEL..];
                    Tile { states, panel, outputs, sums, width, first: from == 0 }.add(simd);
                }
            }
        }
    }
}

/// How many inputs a panel passes at a time: nearly as many each time.
fn stretch(inputs: usize) -> usize {
    inputs.div_ceil(inputs.div_ceil(DEPTH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(len: usize, seed: u32) -> Vec<f32> {
        let value =
            |i: u32| ((i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 8) % 2001) as f32 * 1e-3 - 1.0;
        (0..len as u32).map(value).collect()
    }

    fn product(weights: &Packed, x: &[f32], cores: Cores) -> Vec<f32> {
        let mut out = vec![f32::NAN; x.len() / weights.inputs * weights.outputs];
        weights.apply(x, &mut out, cores, |_, products, out| out.copy_from_slice(products));
        out
    }

    #[test]
    fn products_of_any_size() {
        for (rows, inputs, outputs) in
            [(1, 1, 1), (3, 5, 47), (8, 96, 48), (9, 97, 49), (77, 200, 500), (257, 33, 97), (520, 130, 800)]
        {
            let (x, weights) = (values(rows * inputs, 1), values(outputs * inputs, 2));
            let packed = Packed::of(&weights, inputs);
            let found = product(&packed, &x, Cores::All);
            for (row, found) in x.chunks_exact(inputs).zip(found.chunks_exact(outputs)) {
                for (weights, &found) in weights.chunks_exact(inputs).zip(found) {
                    let terms = || row.iter().zip(weights).map(|(&a, &b)| f64::from(a) * f64::from(b));
                    let (expected, size): (f64, f64) = (terms().sum(), terms().map(f64::abs).sum());
                    assert!((f64::from(found) - expected).abs() <= 1e-6 * size + 1e-30, "{found} {expected}");
                }
            }
            assert_eq!(found, product(&packed, &x, Cores::One));
            let mut handed = vec![f32::NAN; found.len()];
            packed.each(&x, |row, first, products| {
                handed[row * outputs + first..][..products.len()].copy_from_slice(products);
            });
            assert_eq!(found, handed);
            // A state alone gives what it gives among others.
            let last = rows - 1;
            assert_eq!(found[last * outputs..], product(&packed, &x[last * inputs..], Cores::One));
        }
    }

    #[test]
    fn vectors_of_any_width_give_the_same() {
        let (rows, inputs, outputs) = (21, 150, 130);
        let (x, weights) = (values(rows * inputs, 3), values(outputs * inputs, 4));
        let packed = Packed::of(&weights, inputs);
        let states = States::new(&x, inputs, Cores::One);
        let sums = |run: &dyn Fn(Sums<'_>)| {
            let mut sums = vec![f32::NAN; rows.next_multiple_of(TILE) * 3 * PANEL];
            run(Sums { weights: &packed, states: states.block(0).1, panels: 0..3, sums: &mut sums });
            let rows = sums.chunks_exact(3 * PANEL).take(rows);
            rows.flat_map(|sums| &sums[..outputs]).copied().collect::<Vec<f32>>()
        };
        let expected = sums(&|task| pulp::Scalar::new().vectorize(task));
        assert!(expected.iter().any(|&sum| sum != 0.0));
        assert_eq!(sums(&|task| with_simd(task)), expected);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            assert_eq!(sums(&|task| Simd::vectorize(simd, task)), expected);
        }
    }
}
