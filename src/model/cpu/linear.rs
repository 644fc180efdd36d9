//! Linear maps, and the feed-forward block made of them.

use rayon::prelude::*;

use crate::error::Result;
use crate::model::config::Activation;
use crate::product::{Cores, Matrix, Output, States};
use crate::simd::{erf, exp, tanh, vectorised};

/// Inputs up to which the weights of a block fit a core's cache, where they are held.
pub const NARROW: usize = 512;

/// A linear map.
#[derive(Debug)]
pub struct Map {
    /// `[outputs, inputs]`
    pub weight: Matrix,
    /// `[outputs]`
    pub bias: Option<Vec<f32>>,
}

impl Map {
    /// x · weightᵀ + bias, `[rows, inputs]` to `[rows, outputs]`, a stretch of a row at a time while it is in the
    /// cache: `join(values, their place in out)`.
    fn apply(
        &self,
        x: &States,
        out: &mut [f32],
        cores: Cores,
        join: impl Fn(&mut [f32], &mut [f32]) + Sync,
    ) -> Result<()> {
        self.weight.apply(x, out, cores, |first, values, out| {
            if let Some(bias) = &self.bias {
                vectorised(
                    #[inline(always)]
                    || values.iter_mut().zip(&bias[first..]).for_each(|(value, bias)| *value += bias),
                );
            }
            join(values, out);
        })
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
///
/// # Errors
/// Weights that cannot be read.
pub fn feed_forward(
    x: &[f32],
    gate: Option<&Map>,
    up: &Map,
    down: &Map,
    act: Activation,
) -> Result<Vec<f32>> {
    let (inputs, inner, operands) = (up.weight.inputs(), up.weight.outputs(), up.weight.operands());
    let held = up.weight.is_held();
    let [out] = in_shares(x, inputs, held, [down.weight.outputs()], |x, [out], inside, cores| {
        let size = x.len() / inputs * inner;
        if inside.len() < size {
            *inside = super::zeros(size);
        }
        let inside = &mut inside[..size];
        let activated = |values: &mut [f32], out: &mut [f32]| {
            activate(act, values);
            out.copy_from_slice(values);
        };
        let states = States::new(x, inputs, operands, cores);
        match gate {
            Some(gate) => {
                gate.apply(&states, inside, cores, activated)?;
                up.apply(&states, inside, cores, |values, out| {
                    vectorised(
                        #[inline(always)]
                        || out.iter_mut().zip(values).for_each(|(out, value)| *out *= *value),
                    );
                })?;
            }
            None => up.apply(&states, inside, cores, activated)?,
        }
        drop(states);
        let states = States::new(inside, inner, operands, cores);
        down.apply(&states, out, cores, |values, out| out.copy_from_slice(values))
    })?;
    Ok(out)
}

/// x · weightᵀ + bias, for several maps of the same states.
///
/// # Errors
/// Weights that cannot be read.
pub fn linear<const N: usize>(x: &[f32], maps: [&Map; N]) -> Result<[Vec<f32>; N]> {
    let Some(first) = maps.first() else { return Ok(maps.map(|_| Vec::new())) };
    let (inputs, operands) = (first.weight.inputs(), first.weight.operands());
    let held = first.weight.is_held();
    in_shares(x, inputs, held, maps.map(|map| map.weight.outputs()), |x, outs, _, cores| {
        let states = States::new(x, inputs, operands, cores);
        let mut both = maps.iter().zip(outs);
        both.try_for_each(|(map, out)| {
            map.apply(&states, out, cores, |values, out| out.copy_from_slice(values))
        })
    })
}

/// Makes `[rows, outputs]` of each kind from `[rows, inputs]`: a few rows on each core, so that what is made of them
/// stays in its cache; or, where the weights do not fit there or are not `held`, all rows on all cores.
///
/// `work` gets rows of the input and of the outputs, scratch memory of its thread, and who is to compute.
fn in_shares<const N: usize>(
    x: &[f32],
    inputs: usize,
    held: bool,
    outputs: [usize; N],
    work: impl Fn(&[f32], [&mut [f32]; N], &mut Vec<f32>, Cores) -> Result<()> + Sync,
) -> Result<[Vec<f32>; N]> {
    /// Rows on a core.
    const ROWS: usize = 128;
    let rows = x.len() / inputs;
    let mut outs = outputs.map(|outputs| super::zeros(rows * outputs));
    if held && inputs <= NARROW {
        let places = outs.each_mut().map(|out| Output(out.as_mut_ptr()));
        x.par_chunks(ROWS * inputs).enumerate().try_for_each_init(Vec::new, |scratch, (chunk, x)| {
            let places = &places;
            let own = std::array::from_fn(|index| {
                let (first, count) = (chunk * ROWS * outputs[index], x.len() / inputs * outputs[index]);
                // SAFETY: the outputs of these rows lie in memory made for all, and no other chunk has them.
                unsafe { std::slice::from_raw_parts_mut(places[index].0.add(first), count) }
            });
            work(x, own, scratch, Cores::One)
        })?;
    } else {
        work(x, outs.each_mut().map(|out| &mut **out), &mut Vec::new(), Cores::All)?;
    }
    Ok(outs)
}
