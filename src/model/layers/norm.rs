//! Norms.

use burn_tensor::{Tensor, module};

use crate::error::Result;
use crate::model::config::NormKind;
use crate::model::cpu::norm::RowNorm;
use crate::model::cpu::{Host, is_cpu, matrix};
use crate::model::loader::Loader;

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
        let weight = Some(loader.tensor("weight", [heads, size])?.flatten(0, 1));
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
