//! Products with weights, and the feed-forward block made of them.

use crate::model::config::Activation;
use crate::product::product;
use crate::simd::{erf, exp, tanh, vectorised};

/// A matrix of weights and its bias.
#[derive(Clone, Copy, Debug)]
pub struct Weight<'a> {
    /// `[outputs, inputs]`, or `[inputs, outputs]`.
    pub values: &'a [f32],
    /// Whether it is `[inputs, outputs]`.
    pub inputs_first: bool,
    /// Inputs and outputs.
    pub sizes: [usize; 2],
    /// `[outputs]`.
    pub bias: Option<&'a [f32]>,
}

impl Weight<'_> {
    /// `out = x · weightᵀ + bias`, `[rows, inputs]` to `[rows, outputs]`.
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        let [inputs, outputs] = self.sizes;
        let strides = if self.inputs_first { (outputs, 1) } else { (1, inputs) };
        product(x, inputs, (self.values, strides), out, super::threads(inputs));
        if let Some(bias) = self.bias {
            vectorised(
                #[inline(always)]
                || {
                    for row in out.chunks_exact_mut(outputs) {
                        row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
                    }
                },
            );
        }
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

/// down(act(gate(x)) · up(x)), or down(act(up(x))) without a gate, some rows at a time.
pub fn feed_forward(
    x: &[f32],
    gate: Option<Weight<'_>>,
    up: Weight<'_>,
    down: Weight<'_>,
    act: Activation,
) -> Vec<f32> {
    let ([inputs, inner], [_, outputs]) = (up.sizes, down.sizes);
    let rows = x.len() / inputs;
    let at_once = super::rows_at_once(rows, inputs);
    super::by_rows(x, [inputs, outputs], at_once, |x, out, scratch| {
        let size = x.len() / inputs * inner;
        scratch.resize(2 * size, 0.0);
        let (inside, other) = scratch.split_at_mut(size);
        match gate {
            Some(gate) => {
                gate.apply(x, inside);
                activate(act, inside);
                up.apply(x, other);
                vectorised(
                    #[inline(always)]
                    || inside.iter_mut().zip(&*other).for_each(|(gate, up)| *gate *= up),
                );
            }
            None => {
                up.apply(x, inside);
                activate(act, inside);
            }
        }
        down.apply(inside, out);
    })
}

/// x · weightᵀ + bias, some rows at a time.
pub fn linear(x: &[f32], weight: Weight<'_>) -> Vec<f32> {
    let rows = x.len() / weight.sizes[0];
    let at_once = super::rows_at_once(rows, weight.sizes[0]);
    super::by_rows(x, weight.sizes, at_once, |x, out, _| weight.apply(x, out))
}
