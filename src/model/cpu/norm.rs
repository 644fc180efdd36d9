//! Norms of rows.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use crate::simd::{pairs, sum_of, vectorised};

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
    ///
    /// # Panics
    /// If groups are not whole.
    pub fn apply(&self, x: &[f32]) -> Vec<f32> {
        let width = self.weight.map_or(self.size, <[f32]>::len);
        assert!(x.len().is_multiple_of(width) && width.is_multiple_of(self.size));
        let at_once = ((1 << 15) / width).max(1) * width;
        let mut out = Box::<[f32]>::new_uninit_slice(x.len());
        out.par_chunks_mut(at_once).zip(x.par_chunks(at_once)).for_each(|(out, x)| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, x) in x.chunks_exact(width).enumerate() {
                        self.apply_to_one(x, &mut out[row * width..][..width]);
                    }
                },
            );
        });
        // SAFETY: the chunks are all of it, and hold as many values as there are weights several times, all of which were
        // written.
        unsafe { out.assume_init() }.into_vec()
    }

    /// The same for as many values as there are weights.
    #[inline(always)]
    fn apply_to_one(&self, x: &[f32], out: &mut [MaybeUninit<f32>]) {
        for (group, x) in x.chunks_exact(self.size).enumerate() {
            let (out, size) = (&mut out[group * self.size..][..self.size], self.size as f32);
            let mean = if self.centred { sum_of(x, |x| x) / size } else { 0.0 };
            let variance = sum_of(x, |x| (x - mean) * (x - mean)) / size;
            let scale = (variance + self.epsilon).sqrt().recip();
            for (out, x) in pairs(out, x) {
                out.write((x - mean) * scale);
            }
        }
        // SAFETY: groups are whole, as was asserted, so every value was just written.
        let out = unsafe { out.assume_init_mut() };
        if let Some(weight) = self.weight {
            for (out, weight) in pairs(out, weight) {
                *out *= weight;
            }
        }
        if let Some(bias) = self.bias {
            for (out, bias) in pairs(out, bias) {
                *out += bias;
            }
        }
    }
}
