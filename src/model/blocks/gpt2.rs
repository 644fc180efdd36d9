//! The block of GPT-2: weights stored with the inputs first.

use burn_tensor::Tensor;

use super::Context;
use crate::error::Result;
use crate::model::attention::{Fused, attend_fused};
use crate::model::layers::{FeedForward, Linear, Norm};
use crate::model::loader::Loader;

/// One block, `transformer.h.{index}`.
#[derive(Debug)]
pub struct Block {
    ln_1: Norm,
    c_attn: Linear,
    attn_c_proj: Linear,
    ln_2: Norm,
    mlp: FeedForward,
}

impl Block {
    /// Loads a block.
    pub fn load(loader: &Loader<'_>) -> Result<Self> {
        let config = loader.config;
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let linear = |part: &str, sizes| Linear::load_inputs_first(&loader.under(part), sizes);
        let norm = |part: &str| Norm::load(&loader.under(part), config.norm, hidden);
        Ok(Self {
            ln_1: norm("ln_1")?,
            c_attn: linear("attn.c_attn", [hidden, 3 * hidden])?,
            attn_c_proj: linear("attn.c_proj", [hidden, hidden])?,
            ln_2: norm("ln_2")?,
            mlp: FeedForward::new(
                linear("mlp.c_fc", [hidden, inner])?,
                linear("mlp.c_proj", [inner, hidden])?,
                config.activation,
            ),
        })
    }
}

impl super::Block for Block {
    fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        let fused = self.c_attn.forward(self.ln_1.forward(x.clone()))?;
        let x = self.attn_c_proj.forward_onto(x, attend_fused(context, fused, Fused::ByKind))?;
        let normed = self.ln_2.forward(x.clone());
        self.mlp.forward_onto(x, normed)
    }
}
