//! One pass over a large joint: which atoms each x belongs to, then what each atom is.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use half::bf16;
use rayon::prelude::*;

use super::accelerator::{Accelerator, Settle};
use super::codebook::Codebook;
use super::table::{Log, Sparse, nearest_share, stride, weighted_sum};
use crate::error::{Error, Kind, Result, caught};
use crate::frontier::Joint;
use crate::frontier::encoder::{Encoder, Kept};
use crate::memory::Pages;
use crate::simd::{LANES, exp, folded, largest, ln, vectorised};

/// Shares below this are none: e to the [least logarithm](Log::LEAST) that a table tells from −∞. Far smaller ones than add
/// anything to a sum have to stay, since they are all that an atom knows of labels y which it has no part in: where it
/// excludes them, it cannot take in rows that have them, as it ought to once β is small.
pub const LEAST_SHARE: f32 = 1.6e-28;

/// A joint, cut into blocks that are worked on at once, and room for an encoder.
pub struct Passes<'a> {
    joint: &'a Joint,
    stop: &'a AtomicBool,
    /// Rows and columns of about equal work. They depend on the joint alone, so that sums do not on the threads.
    row_blocks: Vec<Range<usize>>,
    column_blocks: Vec<Range<usize>>,
    /// p(z|x) by the atoms of a codebook, `[xs, stride]`.
    shares: Pages<bf16>,
    /// The part of x that its own atom takes, `[xs]`.
    private: Vec<f64>,
    stride: usize,
    /// What settles codebooks faster, for as long as it does not fail.
    accelerator: Option<Box<dyn Settle + 'a>>,
    /// How many passes were made.
    pub made: usize,
    /// How many of these an accelerator made.
    pub accelerated: usize,
}

/// What is done with a block of rows.
struct RowBlock<'a> {
    rows: Range<usize>,
    shares: &'a mut [bf16],
    private: &'a mut [f64],
}

/// What a block of rows adds to: −Σ p(x) ln Z_x and Σ p(x) p(z|x).
struct RowSums {
    free_energy: f64,
    weights: Vec<f32>,
}

impl<'a> Passes<'a> {
    /// Room for passes over a joint, most of which an accelerator makes where there is one.
    pub fn new(joint: &'a Joint, accelerator: Option<&dyn Accelerator>, stop: &'a AtomicBool) -> Self {
        // Where that fails, passes are made here.
        let bring = |accelerator: &dyn Accelerator| caught(|| accelerator.bring(joint, stop)).ok();
        let accelerator = accelerator.and_then(bring);
        Self {
            joint,
            stop,
            row_blocks: blocks(joint.row_starts()),
            column_blocks: blocks(joint.column_starts()),
            shares: Pages::zeroed(0),
            private: vec![0.0; joint.xs()],
            stride: 0,
            accelerator,
            made: 0,
            accelerated: 0,
        }
    }

    /// The joint.
    pub fn joint(&self) -> &'a Joint {
        self.joint
    }

    /// The best encoder with a codebook's atoms and weights, and its free energy. With `private` each x may keep a
    /// part to itself, at an atom W_x of weight max(0, p(x) − Σ_z p(z) exp(−β KL(W_x ‖ r_z))), which is the best.
    ///
    /// # Errors
    /// [`Kind::Cancelled`] once stopped.
    pub fn encode(&mut self, book: &mut Codebook, beta: f64, private: bool) -> Result<f64> {
        self.stride = stride(book.atoms());
        let (stride, xs) = (self.stride, self.joint.xs());
        if self.shares.len() != xs * stride {
            self.shares = Pages::zeroed(xs * stride);
        }
        let mut log_weights = vec![f32::NEG_INFINITY; stride];
        log_weights.iter_mut().zip(&book.log_weights).for_each(|(log, &weight)| *log = weight as f32);
        let blocks = row_blocks(&self.row_blocks, stride, &mut self.shares, &mut self.private);
        let (joint, stop, table) = (self.joint, self.stop, &book.table[..]);
        let sums: Vec<RowSums> = blocks
            .into_par_iter()
            .map(|block| {
                if stop.load(Ordering::Relaxed) {
                    return RowSums { free_energy: 0.0, weights: Vec::new() };
                }
                vectorised(
                    #[inline(always)]
                    || encode(block, joint, &log_weights, table, beta as f32, private),
                )
            })
            .collect();
        self.unless_stopped()?;
        self.made += 1;
        let mut free_energy = -beta * self.joint.information();
        book.weights.clear();
        book.weights.resize(book.atoms(), 0.0);
        for block in sums {
            free_energy += block.free_energy;
            book.weights.iter_mut().zip(block.weights).for_each(|(sum, weight)| *sum += f64::from(weight));
        }
        Ok(free_energy)
    }

    /// The best codebook for the encoder that was found last, which was by the same atoms.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn describe(&self, book: &mut Codebook) -> Result<()> {
        book.weigh();
        let mut logs = vec![0.0_f32; self.stride];
        logs.iter_mut()
            .zip(&book.log_weights)
            .for_each(|(log, weight)| *log = weight.max(f64::from(f32::MIN)) as f32);
        let (joint, stop, shares, stride) = (self.joint, self.stop, &self.shares[..], self.stride);
        let blocks = split(&mut book.table, &self.column_blocks, stride);
        blocks.into_par_iter().for_each(|(columns, table)| {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            vectorised(
                #[inline(always)]
                || describe(columns, joint, shares, &logs, table),
            );
        });
        self.unless_stopped()
    }

    /// A pass: the best encoder for a codebook, then the best codebook for it. Gives the free energy before.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn pass(&mut self, book: &mut Codebook, beta: f64, private: bool) -> Result<f64> {
        let free_energy = self.encode(book, beta, private)?;
        self.describe(book)?;
        Ok(free_energy)
    }

    /// Passes at one β until `rests` says of the free energy that it is enough.
    ///
    /// # Errors
    /// What `rests` returns, or as [`encode`](Self::encode).
    pub fn settle(
        &mut self,
        book: &mut Codebook,
        beta: f64,
        private: bool,
        rests: &mut dyn FnMut(f64) -> Result<bool>,
    ) -> Result<()> {
        if let Some(settle) = self.accelerator.as_mut().filter(|settle| settle.fits(book.atoms())) {
            let (made, accelerated) = (&mut self.made, &mut self.accelerated);
            let mut rests = |energy| {
                *made += 1;
                *accelerated += 1;
                rests(energy)
            };
            match caught(|| settle.settle(book, beta, private, &mut rests)) {
                // What fails changed nothing, and is done here.
                Err(error) if matches!(error.kind(), Kind::Device | Kind::DeviceMemory) => {
                    self.accelerator = None;
                }
                settled => return settled,
            }
        }
        while !rests(self.pass(book, beta, private)?)? {}
        Ok(())
    }

    /// Where the encoder that was found last lies.
    pub fn kept(&self) -> Kept {
        Encoder { atoms: self.stride, shares: &self.shares, private: &self.private }.kept(self.joint)
    }

    /// min_z KL(W_x ‖ r_z) of each x.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn distances(&mut self, book: &Codebook) -> Result<Vec<f64>> {
        let (joint, stop) = (self.joint, self.stop);
        let stride = stride(book.atoms());
        let distances: Vec<Vec<f64>> = self
            .row_blocks
            .par_iter()
            .map(|block| {
                let mut sums = vec![0.0; stride];
                let distance = |x: usize| {
                    vectorised(
                        #[inline(always)]
                        || weighted_sum(by_row(joint), x, 1.0, &book.table, &mut sums),
                    );
                    let nearest = sums[..book.atoms()].iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    (joint.divergences()[x] - f64::from(nearest)).max(0.0)
                };
                let stopped = stop.load(Ordering::Relaxed);
                if stopped { Vec::new() } else { block.clone().map(distance).collect() }
            })
            .collect();
        self.unless_stopped()?;
        self.made += 1;
        Ok(distances.concat())
    }

    fn unless_stopped(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::cancelled()) } else { Ok(()) }
    }
}

/// p(y|x).
#[inline(always)]
fn by_row(joint: &Joint) -> Sparse<'_> {
    Sparse { starts: joint.row_starts(), ids: joint.row_ys(), weights: joint.row_weights() }
}

/// p(x, y) by y.
#[inline(always)]
fn by_column(joint: &Joint) -> Sparse<'_> {
    Sparse { starts: joint.column_starts(), ids: joint.column_xs(), weights: joint.column_mass() }
}

/// Cuts rows into blocks of about equal numbers of entries.
fn blocks(starts: &[usize]) -> Vec<Range<usize>> {
    const ENTRIES: usize = 2048;
    const ROWS: usize = 128;
    let rows = starts.len() - 1;
    let mut blocks = Vec::new();
    let mut first = 0;
    for row in 0..rows {
        if row + 1 == rows || row + 1 - first == ROWS || starts[row + 1] - starts[first] >= ENTRIES {
            blocks.push(first..row + 1);
            first = row + 1;
        }
    }
    blocks
}

fn split<'b, T>(
    mut values: &'b mut [T],
    blocks: &[Range<usize>],
    width: usize,
) -> Vec<(Range<usize>, &'b mut [T])> {
    let mut parts = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (part, rest) = values.split_at_mut(block.len() * width);
        parts.push((block.clone(), part));
        values = rest;
    }
    parts
}

fn row_blocks<'b>(
    blocks: &[Range<usize>],
    stride: usize,
    shares: &'b mut [bf16],
    private: &'b mut [f64],
) -> Vec<RowBlock<'b>> {
    let shares = split(shares, blocks, stride);
    let private = split(private, blocks, 1);
    let parts = shares.into_iter().zip(private);
    parts.map(|((rows, shares), (_, private))| RowBlock { rows, shares, private }).collect()
}

#[inline(always)]
fn encode(
    block: RowBlock,
    joint: &Joint,
    log_weights: &[f32],
    table: &[Log],
    beta: f32,
    may_be_private: bool,
) -> RowSums {
    let stride = log_weights.len();
    let mut sums = RowSums { free_energy: 0.0, weights: vec![0.0; stride] };
    let mut terms = vec![0.0_f32; stride];
    for ((x, shares), private) in block.rows.zip(block.shares.chunks_exact_mut(stride)).zip(block.private) {
        weighted_sum(by_row(joint), x, 1.0, table, &mut terms);
        // ln p(z) − β KL(W_x ‖ r_z), but for β KL(W_x ‖ p(y)), which all atoms have in common.
        terms.iter_mut().zip(log_weights).for_each(|(term, log)| *term = beta.mul_add(*term, *log));
        let most = largest(&terms);
        let mut lanes = [0.0_f32; LANES];
        for chunk in terms.as_chunks_mut::<LANES>().0 {
            for (term, lane) in chunk.iter_mut().zip(&mut lanes) {
                *term = exp(*term - most);
                *lane += *term;
            }
        }
        let total = folded(lanes, |a, b| a + b);
        let mass = joint.px()[x];
        let log_mass = mass.ln();
        let log_z = f64::from(most) + f64::from(total).ln() - f64::from(beta) * joint.divergences()[x];
        let shared = if may_be_private && log_z < log_mass { (log_z - log_mass).exp() } else { 1.0 };
        *private = 1.0 - shared;
        sums.free_energy -= mass * if may_be_private { log_z.max(log_mass) } else { log_z };
        let scale = shared as f32 / total;
        // What is stored is what counts: an atom's weight is that of the shares it has been given.
        let mass = mass as f32;
        for ((share, term), weight) in shares.iter_mut().zip(&terms).zip(&mut sums.weights) {
            let value = term * scale;
            *share = nearest_share(if value < LEAST_SHARE { 0.0 } else { value });
            *weight += mass * f32::from_bits(u32::from(share.to_bits()) << 16);
        }
    }
    sums
}

#[inline(always)]
fn describe(columns: Range<usize>, joint: &Joint, shares: &[bf16], log_weights: &[f32], table: &mut [Log]) {
    let stride = log_weights.len();
    let mut sums = vec![0.0_f32; stride];
    for (y, row) in columns.zip(table.chunks_exact_mut(stride)) {
        // Σ_x p(x|y) p(z|x), so that p(y|z) / p(y) is this over p(z).
        weighted_sum(by_column(joint), y, 1.0 / joint.py()[y], shares, &mut sums);
        for ((cell, &sum), log_weight) in row.iter_mut().zip(&sums).zip(log_weights) {
            let log = ln(sum) - log_weight;
            *cell = Log::nearest(if sum > 0.0 { log } else { Log::LEAST });
        }
    }
}
