//! Embedding and output head. Both are tables over the vocabulary and larger than many a device binds in
//! one piece, so rows are fetched from the mapped file as they are needed and logits are made a piece of
//! the vocabulary at a time: a `[tokens, vocabulary]` matrix never exists.

use burn::tensor::{Device, Tensor, TensorData};

use super::weights::Weights;
use crate::error::Result;

/// The most bytes of weights or logits in one tensor.
const PIECE_BYTES: usize = 64 << 20;

/// A table `[vocab, h]` in the mapped file.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    shape: [usize; 2],
}

impl Table {
    /// The table of this name.
    pub fn new(name: &str, vocab_size: usize, hidden_size: usize) -> Self {
        Self { name: name.to_owned(), shape: [vocab_size, hidden_size] }
    }

    /// The rows of `ids`, `[ids, h]` on the device.
    pub fn rows(&self, weights: &Weights, ids: &[u32], device: &Device) -> Result<Tensor<2>> {
        let values = weights.gather(&self.name, self.shape, ids)?;
        Ok(Tensor::from_data(TensorData::new(values, [ids.len(), self.shape[1]]), device))
    }
}

/// The output head on the device, a piece of the vocabulary a tensor.
#[derive(Clone, Debug)]
pub struct Head {
    table: Table,
    pieces: Vec<Tensor<2>>,
}

impl Head {
    /// Loads the head; `table` is the embedding where the two are tied.
    pub fn load(weights: &Weights, table: Table, device: &Device) -> Result<Self> {
        let [vocab, width] = table.shape;
        let rows = (PIECE_BYTES / size_of::<f32>() / width).max(1);
        let pieces = (0..vocab)
            .step_by(rows)
            .map(|first| {
                let end = (first + rows).min(vocab);
                let values = weights.rows(&table.name, &table.shape, first..end)?;
                Ok(Tensor::from_data(TensorData::new(values, [end - first, width]), device))
            })
            .collect::<Result<_>>()?;
        Ok(Self { table, pieces })
    }

    /// Next-token cross-entropy of each row in nats: ln Σ exp(logits) − logit of the target.
    ///
    /// * `hidden`: `[rows, h]`, states after the final norm
    /// * `targets`: the token that follows each
    pub fn losses(&self, weights: &Weights, hidden: Tensor<2>, targets: &[u32]) -> Result<Vec<f32>> {
        let largest_piece = self.pieces.iter().map(|piece| piece.dims()[0]).max().unwrap_or(1);
        let rows = (PIECE_BYTES / size_of::<f32>() / largest_piece).max(1);
        let mut losses = Vec::with_capacity(targets.len());
        for (index, targets) in targets.chunks(rows).enumerate() {
            let hidden = hidden.clone().narrow(0, index * rows, targets.len());
            losses.extend(self.piece_losses(weights, hidden, targets)?);
        }
        Ok(losses)
    }

    fn piece_losses(&self, weights: &Weights, hidden: Tensor<2>, targets: &[u32]) -> Result<Vec<f32>> {
        // The log of the sum of exponentials, kept as a running largest logit and a sum relative to it.
        let mut state: Option<(Tensor<2>, Tensor<2>)> = None;
        for piece in &self.pieces {
            let logits = hidden.clone().matmul(piece.clone().transpose());
            let largest = logits.clone().max_dim(1);
            let largest = match &state {
                Some((before, _)) => before.clone().max_pair(largest),
                None => largest,
            };
            let sum = (logits - largest.clone()).exp().sum_dim(1);
            let sum = match state {
                Some((before, total)) => total * (before - largest.clone()).exp() + sum,
                None => sum,
            };
            state = Some((largest, sum));
        }
        let targets = self.table.rows(weights, targets, &hidden.device())?;
        let logit = (hidden * targets).sum_dim(1);
        let losses = match state {
            Some((largest, sum)) => largest + sum.log() - logit,
            None => logit,
        };
        super::read_back(losses)
    }
}
