//! The parts that blocks are made of, named as checkpoints name them.

use burn::tensor::{DType, Tensor, activation, module};

use super::config::{Activation, NormKind};
use super::cpu::linear::Map;
use super::cpu::norm::RowNorm;
use super::cpu::{self, Host, is_cpu, matrix};
use super::loader::Loader;
use crate::error::Result;

/// A linear map: a weight `[out, in]` and an optional bias `[out]`.
#[derive(Debug)]
pub enum Linear {
    /// On a device.
    Device(Box<DeviceLinear>),
    /// In main memory, laid out for products on the CPU.
    Host(Map),
}

/// A [`Linear`] on a device.
#[derive(Debug)]
pub struct DeviceLinear {
    weight: Tensor<2>,
    /// Whether the weight is `[in, out]`.
    inputs_first: bool,
    bias: Option<Tensor<1>>,
}

impl Linear {
    /// Loads `weight`, `[out, in]`, and, where `bias` says so, `bias`.
    pub fn load(loader: &Loader<'_>, sizes: [usize; 2], bias: bool) -> Result<Self> {
        Self::load_either(loader, sizes, bias, false)
    }

    /// Loads `weight`, `[in, out]`, and `bias`: GPT-2's `Conv1D`.
    pub fn load_inputs_first(loader: &Loader<'_>, sizes: [usize; 2]) -> Result<Self> {
        Self::load_either(loader, sizes, true, true)
    }

    fn load_either(
        loader: &Loader<'_>,
        [inputs, outputs]: [usize; 2],
        bias: bool,
        inputs_first: bool,
    ) -> Result<Self> {
        let bias = if bias { Some(loader.tensor("bias", [outputs])?) } else { None };
        if loader.on_cpu() {
            let weight = loader.packed("weight", [inputs, outputs], inputs_first)?;
            return Ok(Self::Host(Map { weight, bias: bias.map(|bias| Host::new(bias).into_values()) }));
        }
        let shape = if inputs_first { [inputs, outputs] } else { [outputs, inputs] };
        let weight = loader.matrix("weight", shape)?;
        Ok(Self::Device(Box::new(DeviceLinear { weight, inputs_first, bias })))
    }

    /// The map in main memory, if it lies there.
    fn on_host(&self) -> Option<&Map> {
        match self {
            Self::Host(map) => Some(map),
            Self::Device(_) => None,
        }
    }

    /// `[rows, in]` to `[rows, out]`, in f32 whatever the product is computed in.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Host(map) => {
                let rows = x.dims()[0];
                matrix(cpu::linear::linear(Host::new(x).values(), map), rows)
            }
            Self::Device(map) => {
                let weight = map.weight.clone();
                let product = product(x, if map.inputs_first { weight } else { weight.transpose() });
                match &map.bias {
                    Some(bias) => product + bias.clone().unsqueeze(),
                    None => product,
                }
            }
        }
    }
}

/// down(act(up(x))), or down(act(gate(x)) · up(x)) with a gate: `[rows, hidden]` to the same.
pub fn feed_forward(
    x: Tensor<2>,
    gate: Option<&Linear>,
    up: &Linear,
    down: &Linear,
    act: Activation,
) -> Tensor<2> {
    if let (Some(up), Some(down)) = (up.on_host(), down.on_host()) {
        let (rows, gate) = (x.dims()[0], gate.and_then(Linear::on_host));
        return matrix(cpu::linear::feed_forward(Host::new(x).values(), gate, up, down, act), rows);
    }
    let inner = match gate {
        Some(gate) => activate(act, gate.forward(x.clone())) * up.forward(x),
        None => activate(act, up.forward(x)),
    };
    down.forward(inner)
}

/// x · weight, computed in the type of the weight and given in f32.
pub fn product(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    match weight.dtype() {
        DType::F32 => x.matmul(weight),
        narrow => x.cast(narrow).matmul(weight).cast(DType::F32),
    }
}

/// Tensors one after the other.
pub fn joined<const D: usize>(mut tensors: Vec<Tensor<D>>, dimension: usize) -> Tensor<D> {
    if tensors.len() == 1 { tensors.remove(0) } else { Tensor::cat(tensors, dimension) }
}

/// A norm over the last dimension; see [`NormKind`].
#[derive(Clone, Debug)]
pub struct Norm {
    kind: NormKind,
    /// `[size]`, or `[heads · size]` where each head has its own.
    weight: Option<Tensor<1>>,
    bias: Option<Tensor<1>>,
    /// How many dimensions are normalised together: rows may hold several such groups.
    size: usize,
    epsilon: f64,
}

impl Norm {
    /// Loads the `weight`, and `bias`, of a norm over `size` dimensions.
    pub fn load(loader: &Loader<'_>, kind: NormKind, size: usize) -> Result<Self> {
        let weight = match kind {
            NormKind::LayerFixed => None,
            NormKind::RmsPlusOne => Some(loader.tensor("weight", [size])?.add_scalar(1.0)),
            _ => Some(loader.tensor("weight", [size])?),
        };
        let bias = match kind {
            NormKind::Layer => Some(loader.tensor("bias", [size])?),
            _ => None,
        };
        Ok(Self { kind, weight, bias, size, epsilon: loader.config.norm_epsilon })
    }

    /// Loads the `weight`, `[heads, size]`, of a layer norm over each head.
    pub fn load_each(loader: &Loader<'_>, heads: usize, size: usize) -> Result<Self> {
        let weight = Some(loader.tensor("weight", [heads, size])?.reshape([heads * size]));
        let kind = NormKind::LayerUnbiased;
        Ok(Self { kind, weight, bias: None, size, epsilon: loader.config.norm_epsilon })
    }

    /// Normalises each group of `size` in each row.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let [rows, width] = x.dims();
        if is_cpu(&x.device()) {
            let (weight, bias) = (self.weight.clone().map(Host::new), self.bias.clone().map(Host::new));
            let norm = RowNorm {
                size: self.size,
                centred: !matches!(self.kind, NormKind::Rms | NormKind::RmsPlusOne),
                weight: weight.as_ref().map(Host::values),
                bias: bias.as_ref().map(Host::values),
                epsilon: self.epsilon as f32,
            };
            return matrix(norm.apply(Host::new(x).values()), rows);
        }
        let weight_size = self.weight.as_ref().map_or(self.size, |weight| weight.dims()[0]);
        if self.kind == NormKind::Layer
            && width == self.size
            && let (Some(weight), Some(bias)) = (&self.weight, &self.bias)
        {
            return module::layer_norm(x, weight.clone(), Some(bias.clone()), self.epsilon);
        }
        let groups = x.reshape([rows * width / self.size, self.size]);
        let centred = match self.kind {
            NormKind::Rms | NormKind::RmsPlusOne => groups,
            _ => groups.clone() - groups.mean_dim(1),
        };
        let scale = centred.clone().square().mean_dim(1).add_scalar(self.epsilon).sqrt().recip();
        let normed = (centred * scale).reshape([rows * width / weight_size, weight_size]);
        let normed = match &self.weight {
            Some(weight) => normed * weight.clone().unsqueeze(),
            None => normed,
        };
        normed.reshape([rows, width])
    }
}

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
    pub fn forward(&self, x: Tensor<2>, act: Activation) -> Tensor<2> {
        feed_forward(x, Some(&self.gate_proj), &self.up_proj, &self.down_proj, act)
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
