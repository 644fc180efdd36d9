//! Embedding and output head. Both are tables over the vocabulary and larger than many a device binds in
//! one piece, so rows are fetched from the file as they are needed and logits are made a piece of the vocabulary
//! at a time: a `[tokens, vocabulary]` matrix never exists.

use std::ops::Range;
use std::sync::Arc;

use burn_tensor::{DType, Device, Tensor, TensorData};

use super::batch::Batch;
use super::cpu::losses::{Exponentials, Logits};
use super::cpu::{self, Host, is_cpu, matrix};
use super::layers::{joined, product};
use super::products::Products;
use super::source::{Bytes, Source};
use super::weights::Weights;
use crate::error::Result;
use crate::product::{Cores, Matrix, PANEL, States};

/// The most bytes of weights or logits in one tensor.
const PIECE_BYTES: usize = 64 << 20;
/// Rows of the vocabulary in a piece, at most: as many as tokens in a batch, so that neither the piece nor
/// its logits grow large.
const PIECE_ROWS: usize = 4096;

/// A table `[rows, h]` in a weight file.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    shape: [usize; 2],
}

impl Table {
    /// The table of this name.
    pub fn new(name: String, rows: usize, hidden_size: usize) -> Self {
        Self { name, shape: [rows, hidden_size] }
    }

    /// The number of parameters.
    pub fn parameters(&self) -> usize {
        self.shape.iter().product()
    }

    /// The rows of `ids`, `[ids, h]`.
    ///
    /// # Errors
    /// Weights that cannot be read.
    pub fn values(&self, weights: &Weights, ids: &[u32]) -> Result<Vec<f32>> {
        weights.gather(&self.name, self.shape, ids)
    }

    /// The same on a device.
    ///
    /// # Errors
    /// As [`Table::values`].
    pub fn rows(&self, weights: &Weights, ids: &[u32], device: &Device) -> Result<Tensor<2>> {
        Ok(Tensor::from_data(TensorData::new(self.values(weights, ids)?, [ids.len(), self.shape[1]]), device))
    }
}

/// A piece of the vocabulary, `[rows, h]`.
#[derive(Clone, Debug)]
pub enum Piece {
    /// On a device, in the type that products are computed in.
    Device(Box<Tensor<2>>),
    /// In main memory.
    Host(Arc<Matrix>),
}

/// The output head, in pieces.
#[derive(Clone, Debug)]
pub struct Head {
    table: Table,
    scale: f64,
    softcap: Option<f64>,
    products: Products,
    /// Whether pieces are held on the CPU.
    held: bool,
    /// Pieces already on the device; empty unless they are kept.
    kept: Vec<Option<Piece>>,
    keep: bool,
    rows_per_piece: usize,
}

impl Head {
    /// The head that `table` is, the embedding where the two are tied. Its pieces stay on the device once
    /// they were used.
    pub fn new(table: Table, source: &Source) -> Self {
        let Source { config, weights, products, .. } = source;
        let held = !is_cpu(&source.device) || source.holding.holds_rows(config, weights, &table.name);
        let [rows, width] = table.shape;
        let rows_per_piece = (PIECE_BYTES / size_of::<f32>() / width).clamp(1, PIECE_ROWS);
        let kept = vec![None; rows.div_ceil(rows_per_piece)];
        let (scale, softcap) = (config.logit_scale, config.logit_softcap);
        let products = *products;
        Self { table, scale, softcap, products, held, kept, keep: true, rows_per_piece }
    }

    /// Lets pieces go once they were used.
    pub fn keep_nothing(&mut self) {
        self.keep = false;
    }

    /// The number of pieces.
    pub fn pieces(&self) -> usize {
        self.kept.len()
    }

    /// The number of parameters of a piece.
    pub fn piece_parameters(&self) -> usize {
        self.rows_per_piece * self.table.shape[1]
    }

    /// Bytes that it takes to make the logits of so many tokens.
    pub fn work_bytes(&self, tokens: usize) -> usize {
        match self.held {
            // A piece and its logits, which are no larger, twice.
            true => 4 * self.piece_parameters() * size_of::<f32>(),
            false => tokens * self.rows_per_piece.div_ceil(PANEL) * size_of::<Exponentials>(),
        }
    }

    /// Bytes of all pieces.
    pub fn bytes(&self, weights: &Weights) -> Bytes {
        match self.held {
            true => Bytes { held: self.table.parameters() * size_of::<f32>(), cached: 0 },
            false => Bytes { held: 0, cached: weights.under(&self.table.name).map(|size| size.bytes).sum() },
        }
    }

    /// A piece.
    pub fn piece(&mut self, index: usize, weights: &Arc<Weights>, device: &Device) -> Result<Piece> {
        if let Some(piece) = &self.kept[index] {
            return Ok(piece.clone());
        }
        let Table { name, shape } = &self.table;
        let first = index * self.rows_per_piece;
        let range = first..(first + self.rows_per_piece).min(shape[0]);
        let piece = if is_cpu(device) {
            Piece::Host(Arc::new(weights.matrix(name, *shape, range, self.products.operands(), self.held)?))
        } else {
            let values = TensorData::new(weights.rows(name, shape, range.clone())?, [range.len(), shape[1]]);
            let piece = Tensor::<2>::from_data(values, device);
            let dtype = self.products.of_tensors();
            Piece::Device(Box::new(if dtype == DType::F32 { piece } else { piece.cast(dtype) }))
        };
        self.kept[index] = self.keep.then(|| piece.clone());
        Ok(piece)
    }

    /// Logits of a product of states and a piece.
    fn logits(&self, product: Tensor<2>) -> Tensor<2> {
        let scaled = if self.scale == 1.0 { product } else { product.mul_scalar(self.scale) };
        match self.softcap {
            Some(cap) => scaled.div_scalar(cap).tanh().mul_scalar(cap),
            None => scaled,
        }
    }
}

/// The next-token cross-entropies of a batch, while the vocabulary passes piece by piece: the largest logit
/// so far and the sum of exponentials relative to it, for every prediction.
#[derive(Debug)]
pub struct Losses {
    /// `[predictions, 1]`, the logit of the token that follows.
    targets: Tensor<2>,
    running: Running,
}

/// The states that predict, the largest logit of each prediction and the sum of exponentials relative to it.
#[derive(Debug)]
enum Running {
    /// `[predictions, h]`, and `[predictions, 1]` each; none before the first piece.
    Device(Box<(Tensor<2>, Option<(Tensor<2>, Tensor<2>)>)>),
    /// On the CPU.
    Host(States, Vec<Exponentials>),
}

impl Losses {
    /// Before the first piece: `last` is the batch's last hidden state, `[tokens, h]`. None
    /// where no document has a token after another.
    pub fn new(batch: &Batch, last: Tensor<2>, head: &Head, weights: &Weights) -> Result<Option<Self>> {
        let mut rows = Vec::new();
        let mut targets = Vec::new();
        for document in &batch.rows {
            for row in document.start..document.end.saturating_sub(1) {
                rows.push(row as i32);
                targets.push(batch.ids[row + 1]);
            }
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let device = last.device();
        let (targets, running) = match is_cpu(&device) {
            true => {
                let (last, width) = (Host::new(last), head.table.shape[1]);
                let of_row = |&row: &i32| &last.values()[row as usize * width..][..width];
                let mut states = Vec::with_capacity(rows.len() * width);
                rows.iter().for_each(|row| states.extend_from_slice(of_row(row)));
                let targets = head.table.values(weights, &targets)?;
                let targets = cpu::losses::of_targets(&states, targets, width);
                let states = States::new(&states, width, head.products.operands(), Cores::All);
                let running = vec![Exponentials::default(); rows.len()];
                (matrix(targets, rows.len()), Running::Host(states, running))
            }
            false => {
                let states = last.select(0, Tensor::from_data(rows.as_slice(), &device));
                let targets = head.table.rows(weights, &targets, &device)?;
                let targets = (states.clone() * targets).sum_dim(1);
                (targets, Running::Device(Box::new((states, None))))
            }
        };
        let targets = head.logits(targets);
        Ok(Some(Self { targets, running }))
    }

    /// Takes a piece of the vocabulary in.
    ///
    /// # Errors
    /// Weights that lie in files and cannot be read.
    pub fn add(&mut self, piece: &Piece, head: &Head) -> Result<()> {
        match (&mut self.running, piece) {
            (Running::Host(states, running), Piece::Host(piece)) => {
                let softcap = head.softcap.map(|cap| cap as f32);
                let logits = Logits { scale: head.scale as f32, softcap };
                cpu::losses::add(states, piece, logits, running)
            }
            (Running::Device(running), Piece::Device(piece)) => {
                let (states, running) = &mut **running;
                *running = Some(add_on_device(states, piece, head, running.take()));
                Ok(())
            }
            _ => unreachable!("states and pieces are on one device"),
        }
    }

    /// ln Σ exp(logits) − logit of the target, in nats, document by document.
    pub fn finish(self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        let losses = match self.running {
            Running::Device(running) => super::read_back(match running.1 {
                Some((largest, sum)) => largest + sum.log() - self.targets,
                None => self.targets,
            })?,
            Running::Host(_, running) => {
                let targets = Host::new(self.targets);
                running.iter().zip(targets.values()).map(|(found, x)| found.log_sum() - x).collect()
            }
        };
        let mut rest = &losses[..];
        let document = |rows: &Range<usize>| {
            let (document, tail) = rest.split_at(rows.len().saturating_sub(1));
            rest = tail;
            document.to_vec()
        };
        Ok(batch.rows.iter().map(document).collect())
    }
}

/// Takes a piece of the vocabulary into the largest logits so far and the sums of exponentials relative to them,
/// `[predictions, 1]` each; none before the first piece.
fn add_on_device(
    states: &Tensor<2>,
    piece: &Tensor<2>,
    head: &Head,
    before: Option<(Tensor<2>, Tensor<2>)>,
) -> (Tensor<2>, Tensor<2>) {
    let predictions = states.dims()[0];
    let at_once = (PIECE_BYTES / size_of::<f32>() / piece.dims()[0]).max(1);
    let parts = (0..predictions).step_by(at_once).map(|start| {
        let rows = |x: &Tensor<2>| x.clone().narrow(0, start, at_once.min(predictions - start));
        let logits = head.logits(product(rows(states), piece.clone().transpose()));
        let largest = logits.clone().max_dim(1);
        let before = before.as_ref().map(|(largest, sum)| (rows(largest), rows(sum)));
        let largest = match &before {
            Some((before, _)) => before.clone().max_pair(largest),
            None => largest,
        };
        let sum = (logits - largest.clone()).exp().sum_dim(1);
        let sum = match before {
            Some((before, total)) => total * (before - largest.clone()).exp() + sum,
            None => sum,
        };
        (largest, sum)
    });
    let (largest, sums): (Vec<_>, Vec<_>) = parts.unzip();
    (joined(largest, 0), joined(sums, 0))
}
