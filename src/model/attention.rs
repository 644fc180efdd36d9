//! Causal attention over whole documents, shared by the families.
//!
//! Documents of a batch are padded on the right. A position attends to itself and what lies before it,
//! so padding never reaches a token and no mask but the causal one is needed.

use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Tensor, module};

use super::config::Config;
use super::rope::Rope;

/// `[batch · positions, heads · size]` to `[batch, heads, positions, size]`.
pub fn split_heads(x: Tensor<2>, batch: usize, heads: usize) -> Tensor<4> {
    let [rows, width] = x.dims();
    x.reshape([batch, rows / batch, heads, width / heads]).swap_dims(1, 2)
}

/// Rotates queries and keys, attends causally with scale 1/√size, and merges the heads again:
/// queries `[batch, heads, positions, size]`, keys and values with as many heads or a divisor of them;
/// to `[batch · positions, heads · size]`.
pub fn attend(config: &Config, rope: &Rope, q: Tensor<4>, k: Tensor<4>, v: Tensor<4>) -> Tensor<2> {
    let [batch, heads, positions, size] = q.dims();
    let groups = config.heads / config.key_value_heads;
    let q = rope.rotate(q);
    let k = repeat_heads(rope.rotate(k), groups);
    let v = repeat_heads(v, groups);
    let causal = AttentionModuleOptions { is_causal: true, ..Default::default() };
    let context = module::attention(q, k, v, None, None, causal);
    context.swap_dims(1, 2).reshape([batch * positions, heads * size])
}

/// Lets `groups` query heads share each key or value head: head i of the result is head i / groups.
fn repeat_heads(x: Tensor<4>, groups: usize) -> Tensor<4> {
    if groups == 1 {
        return x;
    }
    let [batch, heads, positions, size] = x.dims();
    x.unsqueeze_dim::<5>(2).expand([batch, heads, groups, positions, size]).reshape([
        batch,
        heads * groups,
        positions,
        size,
    ])
}
