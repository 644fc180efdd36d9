//! The forward pass: a checkpoint's hidden states and next-token losses, in burn (SPEC 1).
//!
//! [`config`] and [`family`] read `config.json`, [`weights`] reads the weight files, `blocks` computes. A
//! [`Pass`] takes documents through the model layer by layer and hands every layer's states to its caller as
//! soon as they are computed. Blocks come from the weight files while others compute, and stay on the device
//! only where there is memory for all of them. On the CPU the matrices of all but narrow models stay in the files and
//! are read, by way of the system's cache, whenever a batch passes them.

mod attention;
pub mod batch;
mod blocks;
pub mod config;
mod cpu;
pub mod family;
pub mod feed;
mod groups;
mod head;
mod holding;
mod layers;
mod layout;
mod loader;
pub mod outline;
mod pass;
mod products;
mod rope;
mod source;
pub mod weights;
mod windows;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use burn_tensor::{Device, Tensor, TensorData};

use self::batch::Batch;
use self::blocks::Block;
use self::config::Config;
use self::cpu::is_cpu;
use self::head::{Head, Table};
pub use self::holding::Holding;
use self::layers::Norm;
use self::outline::Outline;
pub use self::pass::{Pass, Step};
use self::products::Products;
use self::source::{Bytes, Source};
use crate::checkpoints::ModelFolder;
use crate::error::{Error, Kind, Result};
use crate::product::ROWS_AT_ONCE;
use crate::settings::Dtype;

/// How a model is to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where.
    pub device: Device,
    /// The choice of what products of matrices are computed in, which the device has; everything else is in f32.
    pub dtype: Dtype,
    /// Which matrices are held on the CPU.
    pub holding: Holding,
    /// Bytes that weights and activations may take on the device; none for no limit.
    pub memory: Option<usize>,
    /// Tokens of the longest document that will pass: a batch holds at least one.
    pub longest: usize,
    /// Bytes that what is kept of a token takes until all documents that pass together have passed.
    pub scores_a_token: usize,
}

impl Options {
    /// As the defaults of the settings are, without a limit.
    pub fn new(device: Device) -> Self {
        let (dtype, holding) = (Dtype::default(), Holding::default());
        Self { device, dtype, holding, memory: None, longest: 0, scores_a_token: 0 }
    }
}

/// Bytes that a model and what passes it take on its device, beside the scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Two blocks and a batch, without which nothing passes.
    pub least: usize,
    /// With all blocks and the output head, of which nothing is then read from a disk twice: in memory, or in files that
    /// main memory holds.
    pub whole: usize,
}

/// A model on a device.
#[derive(Debug)]
pub struct Model {
    source: Source,
    embedding: Table,
    /// Learned position embeddings (GPT-2).
    position_embedding: Option<Table>,
    /// Blocks on the device; those not there are read when their layer comes.
    blocks: Vec<Option<Box<dyn Block>>>,
    /// Whether blocks stay once they were read.
    keep: bool,
    final_norm: Norm,
    /// The output head; `None` where the weight files have none, and there are no losses.
    head: Option<Head>,
    /// What may make its numbers other than the model's own.
    warnings: Vec<String>,
    /// Tokens that pass together.
    wave_tokens: usize,
}

impl Model {
    /// Opens the model of a folder. Its blocks are read when documents pass them.
    ///
    /// # Errors
    /// Whatever is wrong with its `config.json` or its weights, in one line naming file and cause;
    /// [`Kind::Memory`] where the memory allowed does not hold two blocks and a batch.
    pub fn open(folder: &ModelFolder, options: &Options) -> Result<Self> {
        Self::of_config(folder, Config::read(folder)?, options)
    }

    /// The same, where its `config.json` is read already.
    ///
    /// # Errors
    /// As [`Model::open`].
    pub fn of_config(folder: &ModelFolder, config: Config, options: &Options) -> Result<Self> {
        Self::of_outline(Outline::of_config(folder, config)?, options)
    }

    /// The same, where the whole folder is looked through already.
    ///
    /// # Errors
    /// As [`Model::open`].
    pub fn of_outline(outline: Outline, options: &Options) -> Result<Self> {
        let Outline { config, weights, prefix, embedding, head, warnings } = outline;
        let (config, weights) = (Arc::new(config), Arc::new(weights));
        let names = &config.tensors;
        let (vocab, width) = (config.vocab_size, config.hidden_size);
        let head = head.map(|name| Table::new(name, vocab, width));
        let embedding = Table::new(embedding, vocab, width);
        let position_embedding = config
            .learned_positions
            .map(|rows| Table::new(format!("{prefix}{}", names.position_embedding), rows, width));
        let Options { device, dtype, holding, memory, longest, scores_a_token } = options.clone();
        let products = Products::new(dtype, is_cpu(&device), &weights);
        let source = Source { config: Arc::clone(&config), weights, prefix, device, products, holding };
        let never = AtomicBool::new(false);
        let final_norm = Norm::load(&source.loader(names.norm, &never), config.norm, width)?;
        let head = head.map(|head| Head::new(head, &source));
        let blocks = config.layers.iter().map(|_| None).collect();
        let mut model = Self {
            source,
            embedding,
            position_embedding,
            blocks,
            keep: true,
            final_norm,
            head,
            warnings,
            wave_tokens: 0,
        };
        if let Some(memory) = memory {
            model.fit_into(memory, longest, scores_a_token)?;
        }
        Ok(model)
    }

    /// Bytes that a batch of so many tokens takes on its way, the longest document of which has `longest`, with a piece
    /// of the head and its logits.
    fn batch_bytes(&self, tokens: usize, longest: usize) -> usize {
        let Source { config, device, .. } = &self.source;
        let states = tokens * config.floats_per_token() * size_of::<f32>();
        states
            + attention::work_bytes(config, tokens, longest, device)
            + self.head.as_ref().map_or(0, |head| head.work_bytes(tokens))
    }

    /// What it takes for documents of up to `longest` tokens.
    pub fn taken(&self, longest: usize) -> Taken {
        let batch = self.batch_bytes(self.tokens_per_batch().max(longest), longest);
        let blocks = (0..self.blocks.len()).map(|index| self.source.block_bytes(index));
        let head = self.head.as_ref().map_or_else(Bytes::default, |head| head.bytes(&self.source.weights));
        let most = blocks.clone().map(|bytes| bytes.held).max().unwrap_or(0);
        let all = |Bytes { held, cached }| held + cached;
        Taken { least: batch + 2 * most, whole: batch + all(head) + blocks.map(all).sum::<usize>() }
    }

    /// Decides what stays on the device, given how much may, for documents of up to `longest` tokens.
    fn fit_into(&mut self, memory: usize, longest: usize, scores_a_token: usize) -> Result<()> {
        let config = &self.source.config;
        let usual = self.tokens_per_batch();
        let Taken { least, whole } = self.taken(longest);
        if whole <= memory {
            return Ok(());
        }
        let Some(room) = memory.checked_sub(least) else {
            // Rounded up: who allows what is asked for here should not be asked again.
            let mib = |bytes: usize| bytes.div_ceil(1 << 20);
            let shorter = longest > usual && self.taken(usual).least <= memory;
            let (what, help) = match shorter {
                true => (
                    format!("a document of {longest} tokens"),
                    "use a shorter --context or allow more --memory",
                ),
                false => ("a batch".to_owned(), "allow more --memory or use a larger machine"),
            };
            let cause = format!(
                "two blocks of this model and {what} take {} MiB, the memory limit is {} MiB",
                mib(least),
                mib(memory)
            );
            return Err(Error::new(Kind::Memory, cause).help(help));
        };
        // What is left holds states between the layers: the more documents pass together, the less often
        // a block is read.
        self.wave_tokens = room / (config.hidden_size * size_of::<f32>() + scores_a_token);
        self.keep = false;
        if let Some(head) = &mut self.head {
            head.keep_nothing();
        }
        Ok(())
    }

    /// What the model's `config.json` says.
    pub fn config(&self) -> &Config {
        &self.source.config
    }

    /// What may make its numbers other than the model's own, a sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether it has an output head, without which there are no losses.
    pub fn has_head(&self) -> bool {
        self.head.is_some()
    }

    /// Whether blocks are read again for every wave, for want of memory to keep them.
    pub fn is_streamed(&self) -> bool {
        !self.keep
    }

    /// The number of hidden states a position has: L + 1.
    pub fn hidden_states(&self) -> usize {
        self.blocks.len() + 1
    }

    /// How many tokens pass at a time so that one block, or the losses, take well under a second on a slow
    /// device: cancelling waits for no more than that. On the CPU at least as many as make the reading of weights cheap
    /// beside their products, which takes a second too where a block has hundreds of millions.
    pub fn tokens_per_batch(&self) -> usize {
        const OPERATIONS: usize = 10_000_000_000;
        /// Of pairs, by processors that multiply them several times as fast: a quarter of a second on two cores.
        const FAST_OPERATIONS: usize = 240_000_000_000;
        let operands = self.source.products.operands();
        let (operations, least) = match is_cpu(&self.source.device) {
            true if operands.are_fast() => (FAST_OPERATIONS / operands.parts(), 2 * ROWS_AT_ONCE),
            true => (OPERATIONS, ROWS_AT_ONCE),
            false => (OPERATIONS, 256),
        };
        let block = self.source.block_parameters(0);
        let head = self.head.as_ref().map_or(0, Head::piece_parameters);
        (operations / (2 * block.max(head).max(1))).clamp(least, 4096)
    }

    /// Passes batches through the model in one wave; see [`Model::advance`] for what `tap` is given.
    /// Returns the losses of each batch, document by document.
    ///
    /// # Errors
    /// As [`Model::advance`].
    pub fn forward(
        &mut self,
        batches: Vec<Batch>,
        mut tap: impl FnMut(usize, &Batch, &Tensor<2>) -> Result<()>,
    ) -> Result<Vec<(Batch, Vec<Vec<f32>>)>> {
        let mut pass = self.begin(batches)?;
        while self.advance(&mut pass, &mut tap)? != Step::Done {}
        self.losses(pass)
    }

    /// The embedding output of a batch.
    fn embed(&self, batch: &Batch) -> Result<Tensor<2>> {
        let Source { config, weights, device, .. } = &self.source;
        let mut x = self.embedding.values(weights, &batch.ids)?;
        if config.embedding_scale != 1.0 {
            let scale = config.embedding_scale as f32;
            x.iter_mut().for_each(|value| *value *= scale);
        }
        if let Some(table) = &self.position_embedding {
            let positions: Vec<u32> = batch.rows.iter().flat_map(|rows| 0..rows.len() as u32).collect();
            cpu::add(&mut x, &table.values(weights, &positions)?);
        }
        Ok(Tensor::from_data(TensorData::new(x, [batch.ids.len(), config.hidden_size]), device))
    }

    /// Checks that the model has a position for every token.
    fn check_length(&self, batch: &Batch) -> Result<()> {
        match self.source.config.learned_positions {
            Some(most) if batch.longest() > most => {
                let cause = format!(
                    "a document of {} tokens is longer than the model's {most} positions",
                    batch.longest()
                );
                Err(Error::new(Kind::Usage, cause).help(format!("use a --context of at most {most}")))
            }
            _ => Ok(()),
        }
    }
}

/// A tensor's values in main memory.
///
/// # Errors
/// A device that was lost or refused the computation behind the tensor.
pub fn read_back<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    tensor
        .try_into_vec_as::<f32>()
        .map_err(|error| Error::of_device(format!("results cannot be read from the device ({error})")))
}
