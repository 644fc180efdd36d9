//! Passes over a large joint on a GPU: the same as those of [`frontier::Passes`](crate::frontier::Passes) in main memory, with
//! the tables lying on the device meanwhile.
//!
//! Weights and the free energy are added up here, in double precision, and the codebook comes back once it is at
//! rest. What is shown of it is computed from it in main memory, as always.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytemuck::{Pod, Zeroable, cast_slice};

use crate::device::{Gpu, Pipeline, guarded, kernels, spread};
use crate::error::{Error, Result};
use crate::frontier::{Accelerator, Codebook, Joint, Log, Settle, stride};
use crate::memory::Pages;

/// Labels x whose shares are added up in one go. Keep in sync with `shaders/frontier_weigh.wgsl`.
const PIECE: usize = 256;
/// The most words, of two atoms each, that the kernels have room for.
const WORDS: usize = 1024;
/// Products of a submission: few milliseconds of a GPU, a second of one in software.
const PRODUCTS: usize = 1 << 28;
/// Submissions that may wait for the GPU, so that an interruption is soon heard.
const IN_FLIGHT: usize = 3;
/// ln of the weight of atoms that have none; WGSL knows no infinity.
const NONE: f32 = -1e30;

/// A label x. Keep in sync with `Row` in `shaders/frontier_encode.wgsl` and `shaders/frontier_weigh.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Row {
    start: u32,
    end: u32,
    mass: f32,
    log_mass: f32,
    divergence: f32,
}

/// A label y. Keep in sync with `Column` in `shaders/frontier_describe.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Column {
    start: u32,
    end: u32,
}

/// A GPU that codebooks are settled on.
#[derive(Debug)]
pub struct FrontierGpu {
    gpu: Arc<Gpu>,
}

impl FrontierGpu {
    /// On an open GPU.
    pub fn new(gpu: &Arc<Gpu>) -> Self {
        Self { gpu: Arc::clone(gpu) }
    }
}

impl Accelerator for FrontierGpu {
    fn bring<'j>(&self, joint: &'j Joint, stop: &'j AtomicBool) -> Result<Box<dyn Settle + 'j>> {
        Ok(Box::new(DevicePasses::new(&self.gpu, joint, stop)?))
    }
}

/// A joint on a GPU.
struct DevicePasses<'a> {
    gpu: Arc<Gpu>,
    joint: &'a Joint,
    stop: &'a AtomicBool,
    encode: Pipeline,
    weigh: Pipeline,
    describe: Pipeline,
    rows: Side,
    columns: Side,
    /// What each x adds to the free energy, `[xs]`.
    energies: wgpu::Buffer,
    tables: Option<Tables>,
}

/// A joint by rows, or by columns.
struct Side {
    /// Of each label where its entries are, and what else is known of it.
    labels: wgpu::Buffer,
    /// The other label of each entry, and its weight.
    ids: wgpu::Buffer,
    weights: wgpu::Buffer,
}

/// What depends on the atoms.
struct Tables {
    /// Of a row, two atoms in each.
    words: usize,
    /// ln r_z(y) / p(y), `[ys, words]`.
    logs: wgpu::Buffer,
    /// p(z|x), `[xs, words]`.
    shares: wgpu::Buffer,
    /// ln p(z), `[2 words]`.
    log_weights: wgpu::Buffer,
    /// Σ p(x) p(z|x) and the free energy of each piece, `[pieces, 2 words + 1]`.
    sums: wgpu::Buffer,
}

impl<'a> DevicePasses<'a> {
    fn new(gpu: &Arc<Gpu>, joint: &'a Joint, stop: &'a AtomicBool) -> Result<Self> {
        let pipeline = |kernel| Pipeline::new(gpu, kernel);
        let spans = |starts: &'a [usize]| starts.windows(2).map(|pair| [pair[0] as u32, pair[1] as u32]);
        let row = |([start, end], (mass, divergence)): ([u32; 2], (&f64, &f64))| Row {
            start,
            end,
            mass: *mass as f32,
            log_mass: mass.ln() as f32,
            divergence: *divergence as f32,
        };
        let of_rows = spans(joint.row_starts()).zip(joint.px().iter().zip(joint.divergences()));
        let rows: Vec<Row> = of_rows.map(row).collect();
        let columns: Vec<Column> =
            spans(joint.column_starts()).map(|[start, end]| Column { start, end }).collect();
        let row_weights: Vec<f32> = joint.row_weights().iter().map(|&weight| weight as f32).collect();
        let mut column_weights = Vec::with_capacity(joint.entries());
        for y in 0..joint.ys() {
            let mass = joint.py()[y];
            column_weights.extend(joint.column(y).1.iter().map(|entry| (entry / mass) as f32));
        }
        let side = |labels: &[u8], ids: &[u32], weights: &[f32]| -> Result<Side> {
            Ok(Side {
                labels: gpu.upload("labels of a joint", labels)?,
                ids: gpu.upload("entries of a joint", cast_slice(ids))?,
                weights: gpu.upload("weights of a joint", cast_slice(weights))?,
            })
        };
        Ok(Self {
            encode: pipeline(kernels::FRONTIER_ENCODE)?,
            weigh: pipeline(kernels::FRONTIER_WEIGH)?,
            describe: pipeline(kernels::FRONTIER_DESCRIBE)?,
            rows: side(cast_slice(&rows), joint.row_ys(), &row_weights)?,
            columns: side(cast_slice(&columns), joint.column_xs(), &column_weights)?,
            energies: gpu.storage("free energies", joint.xs() * size_of::<f32>())?,
            tables: None,
            gpu: Arc::clone(gpu),
            joint,
            stop,
        })
    }

    /// The best encoder with a codebook's atoms and weights: gives its free energy, and the codebook its weights.
    fn encode(&self, tables: &Tables, book: &mut Codebook, beta: f64, private: bool) -> Result<f64> {
        let words = tables.words as u32;
        let bindings = [
            &self.rows.labels,
            &self.rows.ids,
            &self.rows.weights,
            &tables.logs,
            &tables.log_weights,
            &tables.shares,
            &self.energies,
        ];
        let rest = [words, u32::from(private), (beta as f32).to_bits()];
        self.submit(&self.encode, &bindings, batches(self.joint.row_starts(), words), rest)?;
        let (xs, pieces) = (self.joint.xs(), self.joint.xs().div_ceil(PIECE));
        let width = 2 * tables.words + 1;
        let staging = self.gpu.staging(pieces * width * size_of::<f32>())?;
        let params = self.gpu.params([xs as u32, words, 0, 0])?;
        let mut encoder = self.gpu.encoder();
        guarded(&self.gpu.device, || {
            let bindings = [&params, &self.rows.labels, &tables.shares, &self.energies, &tables.sums]
                .map(wgpu::Buffer::as_entire_binding);
            self.gpu.dispatch(&mut encoder, &self.weigh, &bindings, spread(pieces));
            encoder.copy_buffer_to_buffer(&tables.sums, 0, &staging, 0, staging.size());
            self.gpu.queue.submit([encoder.finish()]);
        })?;
        let sums: Vec<f32> = self.gpu.read(&staging, pieces * width, &mut self.stopped())?;
        let mut energy = -beta * self.joint.information();
        book.weights.clear();
        book.weights.resize(book.atoms(), 0.0);
        for piece in sums.chunks_exact(width) {
            energy += f64::from(piece[width - 1]);
            book.weights.iter_mut().zip(piece).for_each(|(sum, weight)| *sum += f64::from(*weight));
        }
        Ok(energy)
    }

    /// The best codebook for the encoder that was found last.
    fn describe(&self, tables: &Tables) -> Result<()> {
        let words = tables.words as u32;
        let bindings = [
            &self.columns.labels,
            &self.columns.ids,
            &self.columns.weights,
            &tables.shares,
            &tables.log_weights,
            &tables.logs,
        ];
        self.submit(&self.describe, &bindings, batches(self.joint.column_starts(), words), [words, 0, 0])
    }

    /// Runs a kernel on batches of labels, whose parameters are the first label and the number of each, then `rest`.
    fn submit(
        &self,
        kernel: &Pipeline,
        buffers: &[&wgpu::Buffer],
        batches: Vec<Range<u32>>,
        [words, private, beta]: [u32; 3],
    ) -> Result<()> {
        let mut in_flight = VecDeque::new();
        for batch in batches {
            if in_flight.len() == IN_FLIGHT {
                self.gpu.wait(in_flight.pop_front(), &mut self.stopped())?;
            }
            let count = batch.end - batch.start;
            let params = self.gpu.params([batch.start, count, words, private, beta, 0, 0, 0])?;
            let bindings: Vec<_> = std::iter::once(&params)
                .chain(buffers.iter().copied())
                .map(|buffer| buffer.as_entire_binding())
                .collect();
            let mut encoder = self.gpu.encoder();
            in_flight.push_back(guarded(&self.gpu.device, || {
                self.gpu.dispatch(&mut encoder, kernel, &bindings, spread(count as usize));
                self.gpu.queue.submit([encoder.finish()])
            })?);
        }
        Ok(())
    }

    fn tables(&self, words: usize) -> Result<Tables> {
        const WORD: usize = size_of::<u32>();
        let (xs, ys) = (self.joint.xs(), self.joint.ys());
        Ok(Tables {
            words,
            logs: self.gpu.storage("codebook", ys * words * WORD)?,
            shares: self.gpu.storage("encoder", xs * words * WORD)?,
            log_weights: self.gpu.storage("weights of atoms", 2 * words * size_of::<f32>())?,
            sums: self.gpu.storage("sums", xs.div_ceil(PIECE) * (2 * words + 1) * size_of::<f32>())?,
        })
    }

    fn stopped(&self) -> impl FnMut() -> bool + use<'a> {
        let stop = self.stop;
        move || stop.load(Ordering::Relaxed)
    }
}

impl Settle for DevicePasses<'_> {
    fn fits(&self, atoms: usize) -> bool {
        let rows = self.joint.xs().max(self.joint.ys());
        let words = stride(atoms) / 2;
        words <= WORDS && self.gpu.fits((rows * words * size_of::<u32>()) as u64)
    }

    fn settle(
        &mut self,
        book: &mut Codebook,
        beta: f64,
        private: bool,
        rests: &mut dyn FnMut(f64) -> Result<bool>,
    ) -> Result<()> {
        let words = stride(book.atoms()) / 2;
        let tables = match self.tables.take() {
            Some(tables) if tables.words == words => tables,
            _ => self.tables(words)?,
        };
        self.gpu.queue.write_buffer(&tables.logs, 0, cast_slice(&book.table));
        let mut settled =
            Codebook { log_weights: book.log_weights.clone(), weights: Vec::new(), table: Pages::zeroed(0) };
        loop {
            // A GPU that is quick is never waited for long enough to ask.
            if self.stop.load(Ordering::Relaxed) {
                return Err(Error::cancelled());
            }
            tables.write_log_weights(&self.gpu, &settled.log_weights);
            let energy = self.encode(&tables, &mut settled, beta, private)?;
            settled.weigh();
            tables.write_log_weights(&self.gpu, &settled.log_weights);
            self.describe(&tables)?;
            if rests(energy)? {
                break;
            }
        }
        let table: Vec<Log> = self.gpu.download(&tables.logs, book.table.len(), &mut self.stopped())?;
        settled.table = Pages::of(&table);
        *book = settled;
        self.tables = Some(tables);
        Ok(())
    }
}

impl Tables {
    fn write_log_weights(&self, gpu: &Gpu, logs: &[f64]) {
        let mut all = vec![NONE; 2 * self.words];
        all.iter_mut().zip(logs).for_each(|(log, weight)| *log = (*weight as f32).max(NONE));
        gpu.queue.write_buffer(&self.log_weights, 0, cast_slice(&all));
    }
}

/// Labels whose entries make up a submission, as their starts tell.
fn batches(starts: &[usize], words: u32) -> Vec<Range<u32>> {
    let entries = PRODUCTS / (2 * words as usize);
    let mut batches = Vec::new();
    let mut first = 0;
    for label in 0..starts.len() - 1 {
        if label + 2 == starts.len() || starts[label + 1] - starts[first] >= entries {
            batches.push(first as u32..label as u32 + 1);
            first = label + 1;
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::device::Compute;
    use crate::error::Kind;
    use crate::frontier::source::{Shape, Source, counted};
    use crate::frontier::{Event, Options, Passes, curve};
    use crate::settings::Backend;

    fn text_like(words: usize, pairs: usize) -> Joint {
        let shape = Shape { words, classes: words / 10, followers: 5, own: 0.5, evenness: 0.12 };
        Joint::from_counts(counted(&Source::new(shape, 3).pairs(pairs, 500, 4))).unwrap()
    }

    fn gpu() -> FrontierGpu {
        FrontierGpu::new(Compute::open(Backend::Gpu).unwrap().0.gpu().unwrap())
    }

    #[test]
    fn passes_of_a_gpu_come_to_what_those_in_main_memory_do() {
        let (joint, stop, gpu) = (text_like(900, 20_000), AtomicBool::new(false), gpu());
        let passes = |gpu: Option<&dyn Accelerator>| Passes::new(&joint, gpu, &stop);
        // An odd number of atoms, fewer than lanes, as many as it takes for a lane to have several; and all of them.
        for (atoms, beta, private) in
            [(1, 2.0, false), (33, 1.3, false), (96, 2.0, true), (130, 4.0, false), (700, 8.0, true)]
        {
            let mut start = Codebook::seeded(&mut passes(None), atoms, 1).unwrap();
            // One atom that is dead.
            if let Some(log) = start.log_weights.get_mut(20) {
                *log = f64::NEG_INFINITY;
            }
            let settled = |gpu: Option<&dyn Accelerator>| {
                let (mut passes, mut book, mut energies) = (passes(gpu), start.clone(), Vec::new());
                let mut rests = |energy: f64| {
                    energies.push(energy);
                    Ok(energies.len() == 4)
                };
                passes.settle(&mut book, beta, private, &mut rests).unwrap();
                let made = if gpu.is_some() { 4 } else { 0 };
                assert_eq!((passes.made, passes.accelerated), (4, made));
                let sum: f64 = book.log_weights.iter().map(|log| log.exp()).sum();
                // What the codebook is worth is told in main memory either way.
                energies.push(passes.encode(&mut book, beta, private).unwrap());
                let kept = passes.kept();
                (
                    [&energies[..], &[sum, kept.complexity, kept.expressivity, kept.private]].concat(),
                    kept.atoms,
                )
            };
            let (ours, theirs) = (settled(None), settled(Some(&gpu)));
            assert_eq!(ours.1, theirs.1);
            for (a, b) in ours.0.iter().zip(&theirs.0) {
                assert!((a - b).abs() < 1e-4 * beta, "{atoms} atoms, β = {beta}: {ours:?} {theirs:?}");
            }
            assert_eq!(settled(Some(&gpu)), theirs);
        }
    }

    #[test]
    fn points_by_a_gpu_are_those_by_the_processor() {
        const POINTS: usize = 3;
        let joint = text_like(200, 5000);
        let options = Options { clusters: Some(8), ..Options::default() };
        let found = |gpu: Option<&dyn Accelerator>| {
            let (mut points, stop) = (Vec::new(), AtomicBool::new(false));
            // All of them would take a software adapter long.
            let mut watch = |event: Event| {
                if let Event::Point(point) = event {
                    points.push(point);
                }
                if points.len() < POINTS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let ended = curve(&joint, &options, gpu, &stop, &mut watch);
            assert_eq!(ended.unwrap_err().kind(), Kind::Cancelled);
            points
        };
        for (ours, theirs) in found(None).iter().zip(found(Some(&gpu()))) {
            assert_eq!(ours.beta, theirs.beta);
            let apart = (ours.lagrangian() - theirs.lagrangian()) / ours.beta;
            assert!(apart.abs() < 0.002, "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn a_gpu_stops_within_a_pass_and_takes_only_what_fits() {
        let (joint, stop, gpu) = (text_like(200, 4000), AtomicBool::new(false), gpu());
        let mut passes = gpu.bring(&joint, &stop).unwrap();
        assert!(passes.fits(2 * WORDS) && !passes.fits(2 * WORDS + 1));
        let mut book = Codebook::of_rows(&joint, &[0, 1], 0.5);
        let before = book.table.clone();
        let mut rests = |_| {
            stop.store(true, Ordering::Relaxed);
            Ok(false)
        };
        let error = passes.settle(&mut book, 2.0, false, &mut rests).unwrap_err();
        assert_eq!(error.kind(), Kind::Cancelled);
        assert!(book.table[..] == before[..]);
    }

    #[test]
    fn batches_are_of_bounded_work() {
        let starts = [0, 10, 20, 2 * PRODUCTS, 2 * PRODUCTS + 1];
        assert_eq!(batches(&starts, 16), [0..3, 3..4]);
        assert_eq!(batches(&starts[..3], 1024), vec![0..2; 1]);
    }
}
