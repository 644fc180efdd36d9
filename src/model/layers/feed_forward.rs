//! Feed-forward blocks.

use burn_tensor::{Tensor, activation};

use super::linear::Linear;
use crate::error::Result;
use crate::model::config::Activation;
use crate::model::cpu::{self, Host, matrix};
use crate::model::loader::Loader;

/// A feed-forward block: down(act(gate(x)) · up(x)), or down(act(up(x))) without a gate.
#[derive(Debug)]
pub struct FeedForward {
    gate: Option<Linear>,
    up: Linear,
    down: Linear,
    activation: Activation,
}

impl FeedForward {
    /// Loads the block of Llama and its kin: `gate_proj`, `up_proj` and `down_proj`.
    pub fn gated(loader: &Loader<'_>) -> Result<Self> {
        let config = loader.config;
        let (hidden, inner, bias) = (config.hidden_size, config.intermediate_size, config.mlp_bias);
        let linear = |part: &str, sizes| Linear::load(&loader.under(part), sizes, bias);
        Ok(Self {
            gate: Some(linear("gate_proj", [hidden, inner])?),
            up: linear("up_proj", [hidden, inner])?,
            down: linear("down_proj", [inner, hidden])?,
            activation: config.activation,
        })
    }

    /// The block without a gate.
    pub fn new(up: Linear, down: Linear, activation: Activation) -> Self {
        Self { gate: None, up, down, activation }
    }

    /// `[rows, hidden]` to the same.
    ///
    /// # Errors
    /// As [`Linear::forward`].
    pub fn forward(&self, x: Tensor<2>) -> Result<Tensor<2>> {
        match self.on_host() {
            Some(host) => {
                let rows = x.dims()[0];
                Ok(matrix(host.of(Host::new(x).values())?, rows))
            }
            None => self.on_device(x),
        }
    }

    /// The same, added to states: a residual connection.
    ///
    /// # Errors
    /// As [`Linear::forward`].
    pub fn forward_onto(&self, onto: Tensor<2>, x: Tensor<2>) -> Result<Tensor<2>> {
        match self.on_host() {
            Some(host) => {
                let rows = onto.dims()[0];
                let found = host.onto(Host::new(onto).into_values(), Host::new(x).values())?;
                Ok(matrix(found, rows))
            }
            None => Ok(onto + self.on_device(x)?),
        }
    }

    /// The block in main memory; `None` where it is on a device.
    fn on_host(&self) -> Option<cpu::linear::FeedForward<'_>> {
        let gate = self.gate.as_ref().and_then(Linear::on_host);
        let (up, down) = (self.up.on_host()?, self.down.on_host()?);
        Some(cpu::linear::FeedForward { gate, up, down, activation: self.activation })
    }

    fn on_device(&self, x: Tensor<2>) -> Result<Tensor<2>> {
        let inner = match &self.gate {
            Some(gate) => activate(self.activation, gate.forward(x.clone())?) * self.up.forward(x)?,
            None => activate(self.activation, self.up.forward(x)?),
        };
        self.down.forward(inner)
    }
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
