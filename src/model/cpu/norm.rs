//! Norms of rows.

use crate::simd::{sum_of, vectorised};

/// A norm; see [`NormKind`](crate::model::config::NormKind).
#[derive(Clone, Copy, Debug)]
pub struct RowNorm<'a> {
    /// How many values are normalised together.
    pub size: usize,
    /// Whether the mean is taken away first.
    pub centred: bool,
    /// As many as values in a group, or in several.
    pub weight: Option<&'a [f32]>,
    /// As the weight.
    pub bias: Option<&'a [f32]>,
    /// What keeps the norm of nothing from zero.
    pub epsilon: f32,
}

impl RowNorm<'_> {
    /// Normalises each group of `size` values.
    pub fn apply(&self, x: &[f32]) -> Vec<f32> {
        let group = self.weight.map_or(self.size, <[f32]>::len);
        let at_once = ((1 << 15) / group).max(1);
        super::by_rows(x, [group, group], at_once, |x, out, _| {
            vectorised(
                #[inline(always)]
                || {
                    for (x, out) in x.chunks_exact(self.size).zip(out.chunks_exact_mut(self.size)) {
                        let size = self.size as f32;
                        let mean = if self.centred { sum_of(x, |x| x) / size } else { 0.0 };
                        let variance = sum_of(x, |x| (x - mean) * (x - mean)) / size;
                        let scale = (variance + self.epsilon).sqrt().recip();
                        out.iter_mut().zip(x).for_each(|(out, x)| *out = (x - mean) * scale);
                    }
                    if let Some(weight) = self.weight {
                        for out in out.chunks_exact_mut(group) {
                            out.iter_mut().zip(weight).for_each(|(out, weight)| *out *= weight);
                        }
                    }
                    if let Some(bias) = self.bias {
                        for out in out.chunks_exact_mut(group) {
                            out.iter_mut().zip(bias).for_each(|(out, bias)| *out += bias);
                        }
                    }
                },
            );
        })
    }
}
