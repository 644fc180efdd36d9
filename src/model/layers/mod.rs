//! The layers that blocks are made of, their parts named as checkpoints name them. Each has two forms: operations of
//! burn on a device, and those of [`cpu`] on rows in main memory.

mod feed_forward;
mod linear;
mod norm;

use burn_tensor::Tensor;

pub use self::feed_forward::FeedForward;
pub use self::linear::{Linear, product};
pub use self::norm::Norm;
use super::cpu::{self, Host, is_cpu, matrix};

/// Tensors one after the other.
pub fn joined<const D: usize>(mut tensors: Vec<Tensor<D>>, dimension: usize) -> Tensor<D> {
    if tensors.len() == 1 { tensors.remove(0) } else { Tensor::cat(tensors, dimension) }
}

/// The residual connection of what no linear map gives, which has one of its own: states and what a layer found of them.
pub fn residual(x: Tensor<2>, found: Tensor<2>) -> Tensor<2> {
    if !is_cpu(&x.device()) {
        return x + found;
    }
    let (rows, mut values) = (x.dims()[0], Host::new(x).into_values());
    cpu::add(&mut values, Host::new(found).values());
    matrix(values, rows)
}

/// Values no further from zero than `most`.
pub fn clamped(x: Tensor<2>, most: f64) -> Tensor<2> {
    if !is_cpu(&x.device()) {
        return x.clamp(-most, most);
    }
    let (rows, mut values) = (x.dims()[0], Host::new(x).into_values());
    cpu::clamp(&mut values, most as f32);
    matrix(values, rows)
}
