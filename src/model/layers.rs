//! The parts that blocks are made of, named as checkpoints name them.

use burn::tensor::{Device, Tensor, activation, module};

use super::config::Activation;
use super::weights::Weights;
use crate::error::Result;

/// A linear map as checkpoints store it: weight `[out, in]`, optional bias `[out]`.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
}

impl Linear {
    /// Loads `{name}.weight` and, where there is one, `{name}.bias`.
    pub fn load(
        weights: &Weights,
        name: &str,
        [inputs, outputs]: [usize; 2],
        bias: bool,
        device: &Device,
    ) -> Result<Self> {
        Ok(Self {
            weight: weights.tensor(&format!("{name}.weight"), [outputs, inputs], device)?,
            bias: if bias { Some(weights.tensor(&format!("{name}.bias"), [outputs], device)?) } else { None },
        })
    }

    /// `[rows, in]` to `[rows, out]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let product = x.matmul(self.weight.clone().transpose());
        match &self.bias {
            Some(bias) => product + bias.clone().unsqueeze(),
            None => product,
        }
    }
}

/// Root-mean-square norm: x / √(mean x² + ε) · weight, over the last dimension.
#[derive(Clone, Debug)]
pub struct RmsNorm {
    weight: Tensor<1>,
    epsilon: f64,
}

impl RmsNorm {
    /// Loads `{name}.weight` of `size`.
    pub fn load(weights: &Weights, name: &str, size: usize, epsilon: f64, device: &Device) -> Result<Self> {
        Ok(Self { weight: weights.tensor(&format!("{name}.weight"), [size], device)?, epsilon })
    }

    /// Normalises each row of `[rows, size]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let scale = x.clone().square().mean_dim(1).add_scalar(self.epsilon).sqrt().recip();
        x * scale * self.weight.clone().unsqueeze()
    }
}

/// Layer norm: (x − mean) / √(variance + ε) · weight + bias, over the last dimension.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
}

impl LayerNorm {
    /// Loads `{name}.weight` and `{name}.bias` of `size`.
    pub fn load(weights: &Weights, name: &str, size: usize, epsilon: f64, device: &Device) -> Result<Self> {
        Ok(Self {
            weight: weights.tensor(&format!("{name}.weight"), [size], device)?,
            bias: weights.tensor(&format!("{name}.bias"), [size], device)?,
            epsilon,
        })
    }

    /// Normalises each row of `[rows, size]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        module::layer_norm(x, self.weight.clone(), Some(self.bias.clone()), self.epsilon)
    }
}

/// The norm after the last block.
#[derive(Clone, Debug)]
pub enum Norm {
    /// Llama, OLMo2.
    Rms(Box<RmsNorm>),
    /// GPT-NeoX.
    Layer(Box<LayerNorm>),
}

impl Norm {
    /// Normalises each row of `[rows, size]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Rms(norm) => norm.forward(x),
            Self::Layer(norm) => norm.forward(x),
        }
    }
}

/// The gated feed-forward block of Llama and its kin: down(act(gate(x)) · up(x)).
#[derive(Clone, Debug)]
pub struct GatedMlp {
    gate_proj: Linear,
    up_proj: Linear,
    down_proj: Linear,
    act: Activation,
}

impl GatedMlp {
    /// Loads `{name}.gate_proj`, `{name}.up_proj` and `{name}.down_proj`.
    pub fn load(
        weights: &Weights,
        name: &str,
        [hidden, inner]: [usize; 2],
        (bias, act): (bool, Activation),
        device: &Device,
    ) -> Result<Self> {
        let linear =
            |part: &str, sizes| Linear::load(weights, &format!("{name}.{part}"), sizes, bias, device);
        Ok(Self {
            gate_proj: linear("gate_proj", [hidden, inner])?,
            up_proj: linear("up_proj", [hidden, inner])?,
            down_proj: linear("down_proj", [inner, hidden])?,
            act,
        })
    }

    /// `[rows, hidden]` to the same.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let gate = activate(self.act, self.gate_proj.forward(x.clone()));
        self.down_proj.forward(gate * self.up_proj.forward(x))
    }
}

/// Applies an activation.
pub fn activate(act: Activation, x: Tensor<2>) -> Tensor<2> {
    match act {
        Activation::Silu => activation::silu(x),
        Activation::Gelu => activation::gelu(x),
        Activation::GeluTanh => activation::gelu_approximate(x),
        Activation::Relu => activation::relu(x),
    }
}
