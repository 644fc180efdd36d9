//! Linear maps, and the feed-forward block made of them.

use crate::model::config::Activation;
use crate::product::{Cores, Packed};
use crate::simd::{erf, exp, tanh, vectorised};

/// A linear map.
#[derive(Debug)]
pub struct Map {
    /// `[outputs, inputs]`
    pub weight: Packed,
    /// `[outputs]`
    pub bias: Option<Vec<f32>>,
}

impl Map {
    /// x · weightᵀ + bias, `[rows, inputs]` to `[rows, outputs]`, a stretch of a row at a time while it is in the
    /// cache: `join(values, their place in out)`.
    fn apply(&self, x: &[f32], out: &mut [f32], cores: Cores, join: impl Fn(&mut [f32], &mut [f32]) + Sync) {
        self.weight.apply(x, out, cores, |first, values, out| {
            if let Some(bias) = &self.bias {
                vectorised(
                    #[inline(always)]
                    || values.iter_mut().zip(&bias[first..]).for_each(|(value, bias)| *value += bias),
                );
            }
            join(values, out);
        });
    }
}

/// Applies an activation in place.
pub fn activate(act: Activation, values: &mut [f32]) {
    vectorised(
        #[inline(always)]
        || {
            let each = |values: &mut [f32], f: fn(f32) -> f32| values.iter_mut().for_each(|x| *x = f(*x));
            match act {
                Activation::Silu => values.iter_mut().for_each(|x| *x /= 1.0 + exp(-*x)),
                Activation::QuickGelu => values.iter_mut().for_each(|x| *x /= 1.0 + exp(-1.702 * *x)),
                Activation::Gelu => {
                    let scale = std::f32::consts::FRAC_1_SQRT_2;
                    values.iter_mut().for_each(|x| *x = 0.5 * *x * (1.0 + erf(*x * scale)));
                }
                Activation::GeluTanh => {
                    // √(2/π)
                    const SCALE: f32 = 0.797_884_6;
                    values.iter_mut().for_each(|x| {
                        *x = 0.5 * *x * (1.0 + tanh(SCALE * (*x + 0.044_715 * *x * *x * *x)));
                    });
                }
                Activation::Relu => each(values, |x| x.max(0.0)),
                Activation::ReluSquared => each(values, |x| x.max(0.0) * x.max(0.0)),
            }
        },
    );
}

/// down(act(gate(x)) · up(x)), or down(act(up(x))) without a gate.
pub fn feed_forward(x: &[f32], gate: Option<&Map>, up: &Map, down: &Map, act: Activation) -> Vec<f32> {
    let (inputs, inner) = (up.weight.inputs(), up.weight.outputs());
    in_shares(x, [inputs, down.weight.outputs()], |x, out, inside, cores| {
        let size = x.len() / inputs * inner;
        if inside.len() < size {
            *inside = super::zeros(size);
        }
        let inside = &mut inside[..size];
        let activated = |values: &mut [f32], out: &mut [f32]| {
            activate(act, values);
            out.copy_from_slice(values);
        };
        match gate {
            Some(gate) => {
                gate.apply(x, inside, cores, activated);
                up.apply(x, inside, cores, |values, out| {
                    vectorised(
                        #[inline(always)]
                        || out.iter_mut().zip(values).for_each(|(out, value)| *out *= *value),
                    );
                });
            }
            None => up.apply(x, inside, cores, activated),
        }
        down.apply(inside, out, cores, |values, out| out.copy_from_slice(values));
    })
}

/// x · weightᵀ + bias.
pub fn linear(x: &[f32], map: &Map) -> Vec<f32> {
    in_shares(x, [map.weight.inputs(), map.weight.outputs()], |x, out, _, cores| {
        map.apply(x, out, cores, |values, out| out.copy_from_slice(values));
    })
}

/// Makes `[rows, outputs]` from `[rows, inputs]`: a few rows on each core, so that what is made of them stays in its
/// cache; or, where the weights alone do not fit there, all rows on all cores.
///
/// `work` gets rows of the input and of the output, scratch memory of its thread, and who is to compute.
fn in_shares(
    x: &[f32],
    [inputs, outputs]: [usize; 2],
    work: impl Fn(&[f32], &mut [f32], &mut Vec<f32>, Cores) + Sync,
) -> Vec<f32> {
    /// Rows on a core.
    const ROWS: usize = 128;
    /// Inputs up to which the weights of a block fit a core's cache.
    const NARROW: usize = 512;
    if inputs <= NARROW {
        return super::by_rows(x, [inputs, outputs], ROWS, |x, out, scratch| {
            work(x, out, scratch, Cores::One)
        });
    }
    let mut out = super::zeros(x.len() / inputs * outputs);
    work(x, &mut out, &mut Vec::new(), Cores::All);
    out
}
