//! The layers that blocks are made of, their parts named as checkpoints name them. Each has two forms: operations of
//! burn on a device, and those of [`cpu`](super::cpu) on rows in main memory.

mod feed_forward;
mod linear;
mod norm;

use burn::tensor::Tensor;

pub use self::feed_forward::{GatedMlp, feed_forward};
pub use self::linear::{Linear, product};
pub use self::norm::Norm;

/// Tensors one after the other.
pub fn joined<const D: usize>(mut tensors: Vec<Tensor<D>>, dimension: usize) -> Tensor<D> {
    if tensors.len() == 1 { tensors.remove(0) } else { Tensor::cat(tensors, dimension) }
}
