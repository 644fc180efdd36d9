//! The forward pass: a checkpoint's hidden states and next-token losses, in burn (SPEC 1).
//!
//! [`config`] reads `config.json`, [`weights`] maps the weight files, each family has a file of its own that
//! reads like the checkpoint's names. A forward pass hands every layer's states to its caller as soon as
//! they are computed and keeps none.

mod attention;
pub mod batch;
pub mod config;
mod gpt_neox;
mod head;
mod layers;
mod llama;
mod olmo2;
mod rope;
pub mod weights;

use std::path::Path;

use burn::tensor::{Device, Tensor};

use self::batch::Batch;
use self::config::{Config, Family};
use self::head::{Head, Table};
use self::layers::{LayerNorm, Norm, RmsNorm};
use self::rope::Rope;
use self::weights::Weights;
use crate::error::{Error, Kind, Result};

/// A model on a device.
#[derive(Debug)]
pub struct Model {
    /// What its `config.json` says.
    pub config: Config,
    weights: Weights,
    device: Device,
    embedding: Table,
    blocks: Vec<Block>,
    final_norm: Norm,
    head: Head,
}

/// A block of any family.
#[derive(Debug)]
enum Block {
    Olmo2(Box<olmo2::Block>),
    Llama(Box<llama::Block>),
    GptNeox(Box<gpt_neox::Block>),
}

impl Block {
    fn load(weights: &Weights, config: &Config, index: usize, device: &Device) -> Result<Self> {
        Ok(match config.family {
            Family::Olmo2 => Self::Olmo2(Box::new(olmo2::Block::load(weights, config, index, device)?)),
            Family::Llama => Self::Llama(Box::new(llama::Block::load(weights, config, index, device)?)),
            Family::GptNeox => {
                Self::GptNeox(Box::new(gpt_neox::Block::load(weights, config, index, device)?))
            }
        })
    }

    fn forward(&self, x: Tensor<2>, batch: usize, config: &Config, rope: &Rope) -> Tensor<2> {
        match self {
            Self::Olmo2(block) => block.forward(x, batch, config, rope),
            Self::Llama(block) => block.forward(x, batch, config, rope),
            Self::GptNeox(block) => block.forward(x, batch, config, rope),
        }
    }
}

impl Model {
    /// Loads the model of a folder onto a device, in f32.
    ///
    /// # Errors
    /// Whatever is wrong with its `config.json` or its weights, in one line naming file and cause.
    pub fn load(folder: &Path, device: &Device) -> Result<Self> {
        Self::load_unless(folder, device, &mut || false)
    }

    /// Loads a model as [`Model::load`] does, unless `interrupted` says to stop, which is asked before each
    /// block: the blocks of a large model take seconds together.
    ///
    /// # Errors
    /// As [`Model::load`], and [`Kind::Cancelled`] when interrupted.
    pub fn load_unless(
        folder: &Path,
        device: &Device,
        interrupted: &mut dyn FnMut() -> bool,
    ) -> Result<Self> {
        let config = Config::read(folder)?;
        let weights = Weights::open(folder)?;
        let size = config.hidden_size;
        let (embedding, norm, head) = match config.family {
            Family::GptNeox => ("gpt_neox.embed_in.weight", "gpt_neox.final_layer_norm", "embed_out.weight"),
            Family::Olmo2 | Family::Llama => ("model.embed_tokens.weight", "model.norm", "lm_head.weight"),
        };
        let embedding = Table::new(embedding, config.vocab_size, size);
        let blocks = (0..config.layers)
            .map(|index| match interrupted() {
                true => Err(Error::cancelled()),
                false => Block::load(&weights, &config, index, device),
            })
            .collect::<Result<_>>()?;
        let epsilon = config.norm_epsilon;
        let final_norm = match config.family {
            Family::GptNeox => Norm::Layer(Box::new(LayerNorm::load(&weights, norm, size, epsilon, device)?)),
            Family::Olmo2 | Family::Llama => {
                Norm::Rms(Box::new(RmsNorm::load(&weights, norm, size, epsilon, device)?))
            }
        };
        let head = match config.tied_embeddings {
            true => embedding.clone(),
            false => Table::new(head, config.vocab_size, size),
        };
        let head = Head::load(&weights, head, device)?;
        Ok(Self { config, weights, device: device.clone(), embedding, blocks, final_norm, head })
    }

    /// The number of hidden states a position has: L + 1.
    pub fn hidden_states(&self) -> usize {
        self.blocks.len() + 1
    }

    /// How many tokens pass at a time so that one block, or the losses, take well under a second on a slow
    /// device: cancelling waits for no more than that.
    pub fn tokens_per_batch(&self) -> usize {
        const OPERATIONS: usize = 10_000_000_000;
        let head = self.config.vocab_size * self.config.hidden_size;
        (OPERATIONS / (2 * self.config.block_parameters().max(head))).clamp(256, 4096)
    }

    /// Passes a batch through the model.
    ///
    /// `tap` is given every hidden state in turn, as `transformers` numbers them: 0 the embedding output,
    /// 1 to L−1 the blocks' outputs, L the last block's output after the final norm, each
    /// `[documents · positions, h]`. Its error ends the pass. Returns the last.
    pub fn forward(
        &self,
        batch: &Batch,
        mut tap: impl FnMut(usize, &Tensor<2>) -> Result<()>,
    ) -> Result<Tensor<2>> {
        let rope = Rope::new(&self.config, batch.positions, &self.device);
        let mut x = self.embedding.rows(&self.weights, &batch.ids, &self.device)?;
        for (index, block) in self.blocks.iter().enumerate() {
            tap(index, &x)?;
            x = block.forward(x, batch.size(), &self.config, &rope);
        }
        let x = self.final_norm.forward(x);
        tap(self.blocks.len(), &x)?;
        Ok(x)
    }

    /// Next-token cross-entropy of every prediction of a batch, in nats, document by document; `last` is
    /// what [`Model::forward`] returned.
    pub fn losses(&self, batch: &Batch, last: Tensor<2>) -> Result<Vec<Vec<f32>>> {
        let mut rows = Vec::new();
        let mut targets = Vec::new();
        for (index, &length) in batch.lengths.iter().enumerate() {
            for t in 0..length.saturating_sub(1) {
                rows.push(batch.row(index, t) as i32);
                targets.push(batch.ids[batch.row(index, t + 1)]);
            }
        }
        if rows.is_empty() {
            return Ok(vec![Vec::new(); batch.size()]);
        }
        let rows = Tensor::from_data(rows.as_slice(), &self.device);
        let losses = self.head.losses(&self.weights, last.select(0, rows), &targets)?;
        let mut rest = &losses[..];
        Ok(batch
            .lengths
            .iter()
            .map(|length| {
                let (document, tail) = rest.split_at(length.saturating_sub(1));
                rest = tail;
                document.to_vec()
            })
            .collect())
    }
}

/// A tensor's values in main memory.
///
/// # Errors
/// A device that was lost or refused the computation behind the tensor.
pub fn read_back<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    tensor.try_into_vec_as::<f32>().map_err(|error| {
        Error::new(Kind::Device, format!("the device did not give its results: {error}"))
            .help("use --backend cpu if this happens again")
    })
}
