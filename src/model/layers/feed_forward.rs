//! Feed-forward blocks.

use burn::tensor::{Tensor, activation};

use super::linear::Linear;
use crate::error::Result;
use crate::model::config::Activation;
use crate::model::cpu::{Host, linear, matrix};
use crate::model::loader::Loader;

/// The gated feed-forward block of Llama and its kin: down(act(gate(x)) · up(x)).
#[derive(Debug)]
pub struct GatedMlp {
    gate_proj: Linear,
    up_proj: Linear,
    down_proj: Linear,
}

impl GatedMlp {
    /// Loads `gate_proj`, `up_proj` and `down_proj`.
    pub fn load(loader: &Loader<'_>) -> Result<Self> {
        let config = loader.config;
        let (hidden, inner, bias) = (config.hidden_size, config.intermediate_size, config.mlp_bias);
        let linear = |part: &str, sizes| Linear::load(&loader.under(part), sizes, bias);
        Ok(Self {
            gate_proj: linear("gate_proj", [hidden, inner])?,
            up_proj: linear("up_proj", [hidden, inner])?,
            down_proj: linear("down_proj", [inner, hidden])?,
        })
    }

    /// `[rows, hidden]` to the same.
    ///
    /// # Errors
    /// As [`Linear::forward`].
    pub fn forward(&self, x: Tensor<2>, act: Activation) -> Result<Tensor<2>> {
        feed_forward(x, Some(&self.gate_proj), &self.up_proj, &self.down_proj, act)
    }
}

/// down(act(up(x))), or down(act(gate(x)) · up(x)) with a gate: `[rows, hidden]` to the same.
///
/// # Errors
/// As [`Linear::forward`].
pub fn feed_forward(
    x: Tensor<2>,
    gate: Option<&Linear>,
    up: &Linear,
    down: &Linear,
    act: Activation,
) -> Result<Tensor<2>> {
    if let (Some(up), Some(down)) = (up.on_host(), down.on_host()) {
        let (rows, gate) = (x.dims()[0], gate.and_then(Linear::on_host));
        return Ok(matrix(linear::feed_forward(Host::new(x).values(), gate, up, down, act)?, rows));
    }
    let inner = match gate {
        Some(gate) => activate(act, gate.forward(x.clone())?) * up.forward(x)?,
        None => activate(act, up.forward(x)?),
    };
    down.forward(inner)
}

/// Applies an activation.
fn activate(act: Activation, x: Tensor<2>) -> Tensor<2> {
    match act {
        Activation::Silu => activation::silu(x),
        Activation::Gelu => activation::gelu(x),
        Activation::GeluTanh => activation::gelu_approximate(x),
        Activation::QuickGelu => activation::sigmoid(x.clone().mul_scalar(1.702)) * x,
        Activation::Relu => activation::relu(x),
        Activation::ReluSquared => activation::relu(x).square(),
    }
}
