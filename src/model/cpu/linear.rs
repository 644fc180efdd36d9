//! Linear maps, and the feed-forward block made of them.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use super::place::{Place, written};
use crate::error::Result;
use crate::model::config::Activation;
use crate::product::{Cores, Matrix, States};
use crate::simd::{erf, exp, pairs, tanh};

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
    /// `[rows, inputs]` laid out for it.
    fn states(&self, x: &[f32], cores: Cores) -> States {
        States::new(x, self.weight.inputs(), self.weight.operands(), cores)
    }

    /// x · weightᵀ + bias, `[rows, inputs]` to `[rows, outputs]`, a stretch of a row at a time while it is in the cache.
    fn put<T: Place>(&self, x: &States, out: &mut [T], cores: Cores) -> Result<()> {
        self.weight.apply(
            x,
            out,
            cores,
            #[inline(always)]
            |first, values, out| {
                self.add_bias(first, values);
                T::put(values, out);
            },
        )
    }

    /// Adds the bias of some outputs to their values.
    #[inline(always)]
    fn add_bias(&self, first: usize, values: &mut [f32]) {
        if let Some(bias) = &self.bias {
            Place::put(&bias[first..][..values.len()], values);
        }
    }
}

/// Applies an activation in place, within what is [`vectorised`](crate::simd::vectorised).
#[inline(always)]
pub fn activate(act: Activation, values: &mut [f32]) {
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
        Activation::Relu => values.iter_mut().for_each(|x| *x = x.max(0.0)),
        Activation::ReluSquared => values.iter_mut().for_each(|x| *x = x.max(0.0) * x.max(0.0)),
    }
}

/// x · weightᵀ + bias, for several maps of the same states.
///
/// # Errors
/// Weights that cannot be read.
pub fn linear<const N: usize>(x: &[f32], maps: [&Map; N]) -> Result<[Vec<f32>; N]> {
    let Some(first) = maps.first() else { return Ok(maps.map(|_| Vec::new())) };
    let rows = x.len() / first.weight.inputs();
    let lengths = maps.map(|map| rows * map.weight.outputs());
    // SAFETY: `in_shares` writes every place.
    unsafe { written(lengths, |outs| in_shares(x, first, maps, outs, |x, cores| Ok(first.states(x, cores)))) }
}

/// The same for one map, added to other states.
///
/// # Errors
/// As [`linear`].
pub fn linear_onto(mut onto: Vec<f32>, x: &[f32], map: &Map) -> Result<Vec<f32>> {
    in_shares(x, map, [map], [&mut onto], |x, cores| Ok(map.states(x, cores)))?;
    Ok(onto)
}

/// A feed-forward block: down(act(gate(x)) · up(x)), or down(act(up(x))) without a gate.
#[derive(Clone, Copy, Debug)]
pub struct FeedForward<'a> {
    /// A factor of what lies within.
    pub gate: Option<&'a Map>,
    /// To what lies within.
    pub up: &'a Map,
    /// Back to states.
    pub down: &'a Map,
    /// The activation of the gate, or without one of what lies within.
    pub activation: Activation,
}

impl FeedForward<'_> {
    /// `[rows, hidden]` to the same.
    ///
    /// # Errors
    /// As [`linear`].
    pub fn of(&self, x: &[f32]) -> Result<Vec<f32>> {
        let rows = x.len() / self.up.weight.inputs();
        let write = |outs: [&mut [MaybeUninit<f32>]; 1]| self.put(x, outs);
        // SAFETY: `in_shares` writes every place.
        let [out] = unsafe { written([rows * self.down.weight.outputs()], write) }?;
        Ok(out)
    }

    /// The same, added to other states.
    ///
    /// # Errors
    /// As [`linear`].
    pub fn onto(&self, mut onto: Vec<f32>, x: &[f32]) -> Result<Vec<f32>> {
        self.put(x, [&mut onto])?;
        Ok(onto)
    }

    fn put<T: Place>(&self, x: &[f32], outs: [&mut [T]; 1]) -> Result<()> {
        in_shares(x, self.up, [self.down], outs, |x, cores| self.inside(x, cores))
    }

    /// What lies within, laid out for the way back.
    fn inside(&self, x: &[f32], cores: Cores) -> Result<States> {
        let Self { gate, up, down, activation } = *self;
        let (states, operands) = (up.states(x, cores), down.weight.operands());
        match gate {
            Some(gate) => {
                let matrices = [&gate.weight, &up.weight];
                States::of_products(
                    matrices,
                    &states,
                    operands,
                    cores,
                    #[inline(always)]
                    |first, [gated, values]| {
                        gate.add_bias(first, gated);
                        up.add_bias(first, values);
                        activate(activation, gated);
                        for (gated, value) in pairs(gated, values) {
                            *gated *= value;
                        }
                    },
                )
            }
            None => States::of_products(
                [&up.weight],
                &states,
                operands,
                cores,
                #[inline(always)]
                |first, [values]| {
                    up.add_bias(first, values);
                    activate(activation, values);
                },
            ),
        }
    }
}

/// Puts what maps give of the same states: of a few rows on each core, so that what is made of them stays in its cache;
/// or, where the weights that rows meet `first` do not fit there or are not held, of all rows on all cores.
///
/// * `x`: `[rows, inputs]` of the first
/// * `outs`: `[rows, outputs]` of each map
/// * `states`: makes the states that the maps take, of some rows
fn in_shares<T: Place, const N: usize>(
    x: &[f32],
    first: &Map,
    maps: [&Map; N],
    outs: [&mut [T]; N],
    states: impl Fn(&[f32], Cores) -> Result<States> + Sync,
) -> Result<()> {
    /// Rows on a core.
    const ROWS: usize = 128;
    let inputs = first.weight.inputs();
    let put = |x: &[f32], outs: [&mut [T]; N], cores: Cores| {
        let states = states(x, cores)?;
        let mut each = maps.iter().zip(outs);
        each.try_for_each(|(map, out)| map.put(&states, out, cores))
    };
    if !first.weight.is_held() || inputs > NARROW {
        return put(x, outs, Cores::All);
    }
    let lengths = maps.map(|map| ROWS * map.weight.outputs());
    let mut rest = outs;
    let shares = x.chunks(ROWS * inputs).map(|x| {
        let own = std::array::from_fn(|index| {
            let length = lengths[index].min(rest[index].len());
            rest[index].split_off_mut(..length).unwrap_or_default()
        });
        (x, own)
    });
    let shares: Vec<_> = shares.collect();
    shares.into_par_iter().try_for_each(|(x, outs)| put(x, outs, Cores::One))
}
