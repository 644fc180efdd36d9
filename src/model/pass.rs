//! A wave of documents on its way through a model: layer by layer, and within a layer batch by batch, so
//! that each block is needed once a wave. Where all blocks stay on the device a wave is a single batch.

use std::sync::Arc;
use std::time::Duration;

use burn_tensor::Tensor;

use super::Model;
use super::batch::Batch;
use super::blocks::Block;
use super::cpu::is_cpu;
use super::feed::Feed;
use super::head::{Head, Losses, Piece};
use super::layout::{Context, Layout};
use super::windows::WindowMask;
use crate::error::Result;

/// How long to wait for a block before saying so, so that whoever waits can be interrupted.
const PATIENCE: Duration = Duration::from_millis(50);

/// A wave under way. [`Model::advance`] takes it one step further, a batch through a block.
#[derive(Debug)]
pub struct Pass {
    batches: Vec<InFlight>,
    /// The layer at work: 0 to L−1 the blocks, L the final norm, L + 1 and on the pieces of the head.
    layer: usize,
    /// The batch that is next to pass it.
    next: usize,
    /// What the batches pass, where it is not the model's to keep.
    block: Option<Box<dyn Block>>,
    piece: Option<Piece>,
    feed: Option<Feed>,
}

/// A batch and where it stands.
#[derive(Debug)]
struct InFlight {
    batch: Batch,
    layout: Arc<Layout>,
    states: Option<Tensor<2>>,
    losses: Option<Losses>,
}

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    More,
    /// The weights of the next block are still being read.
    Waiting,
    /// Every batch has passed.
    Done,
}

impl Pass {
    /// The documents of the wave.
    pub fn documents(&self) -> usize {
        self.batches.iter().map(|flight| flight.batch.documents.len()).sum()
    }

    /// The share of the steps taken.
    pub fn share(&self, model: &Model) -> f64 {
        let all = (model.steps_per_batch() * self.batches.len()).max(1);
        (self.layer * self.batches.len() + self.next) as f64 / all as f64
    }
}

impl Model {
    /// Steps that take a batch through the model.
    fn steps_per_batch(&self) -> usize {
        self.hidden_states() + self.head.as_ref().map_or(0, Head::pieces)
    }

    /// How many of these batches, from the first, pass the model together: at least one.
    pub fn wave(&self, batches: &[Batch]) -> usize {
        let mut tokens = 0;
        let fits = |batch: &&Batch| {
            tokens += batch.ids.len();
            tokens <= self.wave_tokens
        };
        batches.iter().take_while(fits).count().clamp(1, batches.len().max(1))
    }

    /// Starts a wave of documents.
    ///
    /// # Errors
    /// A document longer than the model has positions for.
    pub fn begin(&self, wave: Vec<Batch>) -> Result<Pass> {
        let config = &self.source.config;
        let device = &self.source.device;
        let longest = wave.iter().map(Batch::longest).max().unwrap_or(0);
        let mask = if is_cpu(device) { None } else { WindowMask::new(config, longest, device) };
        let mut batches: Vec<InFlight> = Vec::with_capacity(wave.len());
        for batch in wave {
            self.check_length(&batch)?;
            let same = |flight: &&InFlight| flight.batch.rows == batch.rows;
            let layout = match batches.last().filter(same) {
                Some(before) => Arc::clone(&before.layout),
                None => Arc::new(Layout::new(config, &batch, mask.as_ref(), device)),
            };
            batches.push(InFlight { batch, layout, states: None, losses: None });
        }
        let missing: Vec<usize> = (0..self.blocks.len()).filter(|&i| self.blocks[i].is_none()).collect();
        let feed = if missing.is_empty() { None } else { Some(Feed::start(&self.source, missing)?) };
        Ok(Pass { batches, layer: 0, next: 0, block: None, piece: None, feed })
    }

    /// Takes a wave one step further.
    ///
    /// `tap` is given every hidden state of every batch, as `transformers` numbers them: 0 the embedding
    /// output, 1 to L−1 the blocks' outputs, L the last block's output after the final norm, each
    /// `[tokens, h]`. Its error ends the pass.
    ///
    /// # Errors
    /// Weights that cannot be read, a device that fails, and what `tap` says.
    pub fn advance(
        &mut self,
        pass: &mut Pass,
        tap: impl FnOnce(usize, &Batch, &Tensor<2>) -> Result<()>,
    ) -> Result<Step> {
        if pass.layer >= self.steps_per_batch() {
            return Ok(Step::Done);
        }
        let blocks = self.blocks.len();
        match pass.layer {
            layer if layer < blocks => {
                if !self.provide_block(pass)? {
                    return Ok(Step::Waiting);
                }
                self.through_block(pass, tap)?;
            }
            layer if layer == blocks => {
                let flight = &mut pass.batches[pass.next];
                let states = flight.states.take().unwrap_or_else(|| unreachable!("a layer comes first"));
                let states = self.final_norm.forward(states);
                tap(blocks, &flight.batch, &states)?;
                let weights = &self.source.weights;
                if let Some(head) = &self.head {
                    flight.losses = Losses::new(&flight.batch, states, head, weights)?;
                }
            }
            layer => {
                if let Some(head) = &mut self.head {
                    if pass.piece.is_none() {
                        let (weights, device) = (&self.source.weights, &self.source.device);
                        pass.piece = Some(head.piece(layer - blocks - 1, weights, device)?);
                    }
                    if let (Some(losses), Some(piece)) = (&mut pass.batches[pass.next].losses, &pass.piece) {
                        losses.add(piece, head)?;
                    }
                }
            }
        }
        pass.next += 1;
        if pass.next == pass.batches.len() {
            (pass.layer, pass.next, pass.piece) = (pass.layer + 1, 0, None);
            // Before the next one arrives, or there would be three in memory.
            let block = pass.block.take();
            if !self.is_streamed() && pass.layer <= blocks {
                let place = &mut self.blocks[pass.layer - 1];
                *place = place.take().or(block);
            }
        }
        Ok(if pass.layer < self.steps_per_batch() { Step::More } else { Step::Done })
    }

    /// The next-token cross-entropies of a wave that is [`Step::Done`], in nats: for each batch, document
    /// by document; of a model without an output head none.
    ///
    /// # Errors
    /// A device that does not give its results.
    pub fn losses(&self, pass: Pass) -> Result<Vec<(Batch, Vec<Vec<f32>>)>> {
        let losses = |flight: InFlight| {
            let losses = match flight.losses {
                Some(losses) => losses.finish(&flight.batch)?,
                None => vec![Vec::new(); flight.batch.documents.len()],
            };
            Ok((flight.batch, losses))
        };
        pass.batches.into_iter().map(losses).collect()
    }

    /// Takes the block at work from the feed unless it is at hand; false where it is still being read.
    fn provide_block(&self, pass: &mut Pass) -> Result<bool> {
        if self.blocks[pass.layer].is_some() || pass.block.is_some() {
            return Ok(true);
        }
        pass.block = match &pass.feed {
            Some(feed) => feed.next(PATIENCE)?,
            None => None,
        };
        Ok(pass.block.is_some())
    }

    fn through_block(
        &self,
        pass: &mut Pass,
        tap: impl FnOnce(usize, &Batch, &Tensor<2>) -> Result<()>,
    ) -> Result<()> {
        let flight = &mut pass.batches[pass.next];
        let states = match flight.states.take() {
            Some(states) => states,
            None => self.embed(&flight.batch)?,
        };
        tap(pass.layer, &flight.batch, &states)?;
        let config = &self.source.config;
        let context = Context {
            config,
            plan: &config.layers[pass.layer],
            documents: &flight.batch.rows,
            layout: &flight.layout,
        };
        let block: Option<&dyn Block> = match &self.blocks[pass.layer] {
            Some(block) => Some(&**block),
            None => pass.block.as_deref(),
        };
        flight.states = block.map(|block| block.forward(states, &context)).transpose()?;
        Ok(())
    }
}
