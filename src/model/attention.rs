//! Causal attention over whole documents, shared by the families.
//!
//! A position attends to itself and what lies before it in its document; no mask but the causal one and a window's
//! is needed. On a device documents of similar length attend together, padded on the right, where no token sees the
//! padding.

use std::ops::Range;

use burn_tensor::ops::AttentionModuleOptions;
use burn_tensor::{Bool, Device, Tensor, module};

use super::config::{AttentionConfig, Config, QueryKeyNorm};
use super::cpu::attention::{Columns, Heads};
use super::cpu::{self, Host, is_cpu, matrix};
use super::groups::Group;
use super::layers::{Linear, Norm, clamped, joined};
use super::layout::Context;
use super::loader::Loader;
use super::windows::{QUERIES, WindowMask};
use crate::error::Result;

/// The most bytes of attention scores in one tensor: devices bind no more in one piece.
const PIECE_BYTES: usize = 64 << 20;

/// Bytes that attention takes beside queries, keys and values while a batch of so many tokens, in documents of up to
/// `longest`, passes.
pub fn work_bytes(config: &Config, tokens: usize, longest: usize, device: &Device) -> usize {
    if is_cpu(device) {
        let AttentionConfig { heads, head_size, .. } = config.attention;
        return cpu::attention::work_bytes(heads * tokens.div_ceil(longest.max(1)), head_size, longest);
    }
    let head = QUERIES.min(longest) * longest * size_of::<f32>();
    // Scores of a piece, their exponentials, and what hides some of them.
    3 * (head * config.attention.heads).min(PIECE_BYTES.max(head)) + WindowMask::bytes(config, longest)
}

/// The attention of a block with separate projections, as `self_attn` of Llama and its kin.
#[derive(Debug)]
pub struct Attention {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    o_proj: Linear,
    /// Of queries and of keys.
    norms: Option<[Norm; 2]>,
}

impl Attention {
    /// Loads `q_proj`, `k_proj`, `v_proj`, `o_proj` and, where the config says so, `q_norm` and `k_norm`.
    pub fn load(loader: &Loader<'_>) -> Result<Self> {
        let config = loader.config;
        let attention = &config.attention;
        let hidden = config.hidden_size;
        let (queries, keys) = (attention.query_width(), attention.key_width());
        let linear = |part: &str, sizes, bias| Linear::load(&loader.under(part), sizes, bias);
        let norm = |part: &str, whole: usize, heads: usize| {
            let loader = loader.under(part);
            match attention.norm {
                QueryKeyNorm::None => Ok(None),
                QueryKeyNorm::Whole => Norm::load(&loader, config.norm, whole).map(Some),
                QueryKeyNorm::Head => Norm::load(&loader, config.norm, attention.head_size).map(Some),
                QueryKeyNorm::EachHead => Norm::load_each(&loader, heads, attention.head_size).map(Some),
            }
        };
        let norms =
            (norm("q_norm", queries, attention.heads)?, norm("k_norm", keys, attention.key_value_heads)?);
        Ok(Self {
            q_proj: linear("q_proj", [hidden, queries], attention.bias)?,
            k_proj: linear("k_proj", [hidden, keys], attention.bias)?,
            v_proj: linear("v_proj", [hidden, keys], attention.bias)?,
            o_proj: linear("o_proj", [queries, hidden], attention.output_bias)?,
            norms: norms.0.zip(norms.1).map(|(q, k)| [q, k]),
        })
    }

    /// `[tokens, h]` to the same.
    ///
    /// # Errors
    /// As [`Linear::forward`].
    pub fn forward(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        self.o_proj.forward(self.attended(x, context)?)
    }

    /// The same, added to states: a residual connection.
    ///
    /// # Errors
    /// As [`Linear::forward`].
    pub fn forward_onto(&self, onto: Tensor<2>, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        self.o_proj.forward_onto(onto, self.attended(x, context)?)
    }

    /// What all heads found, `[tokens, heads · size]`.
    fn attended(&self, x: Tensor<2>, context: &Context<'_>) -> Result<Tensor<2>> {
        let attention = &context.config.attention;
        let clipped = |x: Tensor<2>| match attention.clip {
            Some(most) => clamped(x, most),
            None => x,
        };
        let [q, k, v] = Linear::forward_all([&self.q_proj, &self.k_proj, &self.v_proj], x)?.map(clipped);
        let (q, k) = match &self.norms {
            Some([q_norm, k_norm]) => (q_norm.forward(q), k_norm.forward(k)),
            None => (q, k),
        };
        Ok(attend(context, q, k, v))
    }
}

/// How a projection orders what it makes for all heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fused {
    /// Each head's query, key and value side by side.
    ByHead,
    /// All queries, then all keys, then all values.
    ByKind,
}

impl Fused {
    /// Where queries, keys and values lie in a row.
    fn columns(self, heads: usize, size: usize) -> [Columns; 3] {
        let (between, apart) = match self {
            Self::ByHead => (size, 3 * size),
            Self::ByKind => (heads * size, size),
        };
        [0, 1, 2].map(|kind| Columns { width: 3 * heads * size, first: kind * between, apart })
    }
}

/// As [`attend`], of queries, keys and values by one projection: `[tokens, 3 · heads · size]` to
/// `[tokens, heads · size]`.
pub fn attend_fused(context: &Context<'_>, fused: Tensor<2>, order: Fused) -> Tensor<2> {
    let AttentionConfig { heads, head_size: size, .. } = context.config.attention;
    let rows = fused.dims()[0];
    if is_cpu(&fused.device()) {
        let mut values = Host::new(fused).into_values();
        let columns @ [q, k, _] = order.columns(heads, size);
        for columns in [q, k] {
            rotate_on_cpu(context, &mut values, columns, heads);
        }
        return attend_on_cpu(context, columns.map(|columns| (&values[..], columns)));
    }
    let [q, k, v] = [0, 1, 2].map(|kind| match order {
        Fused::ByHead => {
            let of_heads = fused.clone().reshape([rows, heads, 3, size]);
            of_heads.narrow(2, kind, 1).reshape([rows, heads * size])
        }
        Fused::ByKind => fused.clone().narrow(1, kind * heads * size, heads * size),
    });
    attend(context, q, k, v)
}

/// Rotates queries and keys, attends causally and within the layer's window: queries `[tokens, heads · size]`, keys
/// and values with as many heads or a divisor of them, to the shape of the queries.
pub fn attend(context: &Context<'_>, q: Tensor<2>, k: Tensor<2>, v: Tensor<2>) -> Tensor<2> {
    if is_cpu(&q.device()) {
        let AttentionConfig { heads, key_value_heads, head_size, .. } = context.config.attention;
        let [of_queries, of_keys] =
            [heads, key_value_heads].map(|count| Columns::side_by_side(count, head_size));
        let (mut q, mut k, v) = (Host::new(q).into_values(), Host::new(k).into_values(), Host::new(v));
        rotate_on_cpu(context, &mut q, of_queries, heads);
        rotate_on_cpu(context, &mut k, of_keys, key_value_heads);
        return attend_on_cpu(context, [(&q, of_queries), (&k, of_keys), (v.values(), of_keys)]);
    }
    let groups = context.layout.groups();
    joined(groups.iter().map(|group| attend_in_group(context, group, &q, &k, &v)).collect(), 0)
}

/// The same for the tokens of a group of documents.
fn attend_in_group(
    context: &Context<'_>,
    group: &Group,
    q: &Tensor<2>,
    k: &Tensor<2>,
    v: &Tensor<2>,
) -> Tensor<2> {
    let attention = &context.config.attention;
    let split = |x: &Tensor<2>, heads| split_heads(group.padded(x), group.documents.len(), heads);
    let (q, k) = (split(q, attention.heads), split(k, attention.key_value_heads));
    let v = split(v, attention.key_value_heads);
    let (q, k) = match context.layout.rope(context.plan) {
        Some(rope) => (rope.rotate(q, group.documents.start), rope.rotate(k, group.documents.start)),
        None => (q, k),
    };
    let groups = attention.heads / attention.key_value_heads;
    let (k, v) = (repeat_heads(k, groups), repeat_heads(v, groups));
    let options = AttentionModuleOptions {
        scale: Some(context.plan.scale),
        softcap: attention.softcap,
        is_causal: true,
    };
    let block = |first: usize| {
        let queries = first..group.longest.min(first + QUERIES);
        let keys = context.plan.window.map_or(0, |window| (first + 1).saturating_sub(window))..queries.end;
        let mask = context.layout.mask(context.plan, &queries, &keys);
        let of = |x: &Tensor<4>, part: &Range<usize>| match part.len() == group.longest {
            true => x.clone(),
            false => x.clone().narrow(2, part.start, part.len()),
        };
        attend_in_pieces(of(&q, &queries), of(&k, &keys), of(&v, &keys), mask.as_ref(), options)
    };
    let found = joined((0..group.longest).step_by(QUERIES).map(block).collect(), 2);
    let [documents, heads, positions, size] = found.dims();
    group.unpadded(found.swap_dims(1, 2).reshape([documents * positions, heads * size]))
}

fn rotate_on_cpu(context: &Context<'_>, values: &mut [f32], columns: Columns, heads: usize) {
    if let Some(rope) = context.layout.rope(context.plan) {
        let size = context.config.attention.head_size;
        rope.rotate_on_cpu(values, context.documents, columns, [heads, size]);
    }
}

/// Attention of rotated queries and keys.
fn attend_on_cpu(context: &Context<'_>, parts: [(&[f32], Columns); 3]) -> Tensor<2> {
    let attention = &context.config.attention;
    let heads = Heads {
        documents: context.documents,
        heads: attention.heads,
        key_value_heads: attention.key_value_heads,
        size: attention.head_size,
        scale: context.plan.scale as f32,
        softcap: attention.softcap.map(|cap| cap as f32),
        window: context.plan.window,
    };
    let found = cpu::attention::attend(parts, heads);
    matrix(found, context.documents.last().map_or(0, |rows| rows.end))
}

/// `[documents · positions, heads · size]` to `[documents, heads, positions, size]`.
fn split_heads(x: Tensor<2>, documents: usize, heads: usize) -> Tensor<4> {
    let [rows, width] = x.dims();
    x.reshape([documents, rows / documents, heads, width / heads]).swap_dims(1, 2)
}

/// Attention of the last queries of `[documents, heads, queries, size]` over all keys up to them, a few documents, or a
/// few heads of one, at a time.
fn attend_in_pieces(
    q: Tensor<4>,
    k: Tensor<4>,
    v: Tensor<4>,
    mask: Option<&Tensor<4, Bool>>,
    options: AttentionModuleOptions,
) -> Tensor<4> {
    let ([documents, heads, queries, _], keys) = (q.dims(), k.dims()[2]);
    let fit = (PIECE_BYTES / size_of::<f32>() / (queries * keys)).max(1);
    let (dimension, at_once) = match fit / heads {
        0 => (1, fit.min(heads)),
        whole => (0, whole.min(documents)),
    };
    let all = q.dims()[dimension];
    if dimension == 1 && documents > 1 {
        let one = |document| {
            let of = |x: &Tensor<4>| x.clone().narrow(0, document, 1);
            attend_in_pieces(of(&q), of(&k), of(&v), mask, options)
        };
        return Tensor::cat((0..documents).map(one).collect(), 0);
    }
    let piece = |start: usize| {
        let of = |x: &Tensor<4>| x.clone().narrow(dimension, start, at_once.min(all - start));
        let (q, k, v) = (of(&q), of(&k), of(&v));
        let [documents, heads, ..] = q.dims();
        let mask = mask.map(|mask| mask.clone().expand([documents, heads, queries, keys]));
        module::attention(q, k, v, mask, None, options)
    };
    joined((0..all).step_by(at_once).map(piece).collect(), dimension)
}

/// Lets `groups` query heads share each key or value head: head i of the result is head i / groups.
fn repeat_heads(x: Tensor<4>, groups: usize) -> Tensor<4> {
    if groups == 1 {
        return x;
    }
    let [documents, heads, positions, size] = x.dims();
    x.unsqueeze_dim::<5>(2).expand([documents, heads, groups, positions, size]).reshape([
        documents,
        heads * groups,
        positions,
        size,
    ])
}
