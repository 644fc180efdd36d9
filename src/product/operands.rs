//! What products are taken of.

use bytemuck::cast_slice_mut;

use super::instructions::has_amx;
use crate::simd::{self, vectorised};

/// The types that states and weights have when they are multiplied. Sums are in f32 in any case.
///
/// What is multiplied lies in words of 32 bits: a number, or a pair of them, the first in the lower half. The pair
/// behind an odd number of inputs ends with zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operands {
    /// f32.
    #[default]
    F32,
    /// bf16, rounded to nearest.
    Bf16,
    /// Weights in bf16; states as sums of two bf16, of which the first is the nearest and the second what is left.
    Bf16x2,
    /// Weights in bf16; states as sums of three bf16, which have all the digits of f32.
    Bf16x3,
}

impl Operands {
    /// Numbers of a word.
    #[inline]
    pub fn numbers(self) -> usize {
        match self {
            Self::F32 => 1,
            Self::Bf16 | Self::Bf16x2 | Self::Bf16x3 => 2,
        }
    }

    /// Words that so many inputs take.
    #[inline]
    pub fn words(self, inputs: usize) -> usize {
        inputs.div_ceil(self.numbers())
    }

    /// Numbers whose sum a number of a state is.
    #[inline]
    pub fn parts(self) -> usize {
        match self {
            Self::F32 | Self::Bf16 => 1,
            Self::Bf16x2 => 2,
            Self::Bf16x3 => 3,
        }
    }

    /// Whether this processor multiplies them several times as fast as f32.
    pub fn are_fast(self) -> bool {
        self != Self::F32 && has_amx()
    }

    /// Panels whose sums a thread gathers at once, at most: with a block of rows, and a stretch of their states, within the
    /// second cache. Where products are fast it is the states that keep them waiting, which come from beyond that cache
    /// once for every so many panels; such processors have room for more.
    pub fn panels_at_once(self) -> usize {
        if self.are_fast() { 4 } else { 2 }
    }

    /// Writes a part of the numbers of a state as words. The numbers before a stretch of words are even in number.
    #[inline(always)]
    pub fn write(self, part: usize, values: &[f32], words: &mut [f32]) {
        match (self, part) {
            (Self::F32, _) => words.copy_from_slice(values),
            (_, 0) => write_pairs(values, cast_slice_mut(words), |value| value),
            (_, 1) => write_pairs(values, cast_slice_mut(words), rest),
            (..) => write_pairs(values, cast_slice_mut(words), |value| rest(rest(value))),
        }
    }

    /// Writes rows of numbers, rounded to bf16, as rows of pairs.
    pub fn write_rows_of_pairs(values: &[f32], inputs: usize, pairs: &mut [u32]) {
        vectorised(
            #[inline(always)]
            || {
                let rows = values.chunks_exact(inputs).zip(pairs.chunks_exact_mut(inputs.div_ceil(2)));
                rows.for_each(|(row, pairs)| write_pairs(row, pairs, |value| value));
            },
        );
    }
}

/// Writes what `of` makes of numbers, rounded, as pairs.
#[inline(always)]
fn write_pairs(values: &[f32], pairs: &mut [u32], of: impl Fn(f32) -> f32) {
    let (whole, last) = values.as_chunks::<2>();
    for (pair, &[even, odd]) in simd::pairs(pairs, whole) {
        *pair = rounded(of(even)) >> 16 | rounded(of(odd)) & 0xffff_0000;
    }
    if let ([even], Some(pair)) = (last, pairs.last_mut()) {
        *pair = rounded(of(*even)) >> 16;
    }
}

/// What the nearest bf16 leaves of a number.
#[inline(always)]
fn rest(value: f32) -> f32 {
    value - f32::from_bits(rounded(value) & 0xffff_0000)
}

/// The bits of a number rounded to the nearest bf16, to an even one between two, in the upper half. NaN stays NaN, and
/// what is beyond the largest bf16 becomes infinite.
#[inline(always)]
fn rounded(value: f32) -> u32 {
    let bits = value.to_bits();
    let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
    // Rounding could carry a NaN into the sign.
    let nan = bits & 0x7fff_ffff > 0x7f80_0000;
    if nan { bits | 0x0040_0000 } else { nearest }
}

#[cfg(test)]
mod tests {
    use half::bf16;

    use super::*;

    #[test]
    fn rounded_as_half_rounds() {
        let edges = [0.0, -0.0, 1.0, f32::MAX, f32::MIN_POSITIVE, 1e-40, f32::INFINITY, f32::NAN, -f32::NAN];
        let ties = (0..70_000u32).map(|i| f32::from_bits(0x3f80_0000 + i * 0x4000));
        let signed = |x: f32| [x, -x];
        for value in edges.into_iter().chain(ties).flat_map(signed) {
            let found = bf16::from_bits((rounded(value) >> 16) as u16);
            let expected = bf16::from_f32(value);
            assert!(
                found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
                "{value:e}: {found:e} {expected:e}"
            );
        }
    }

    #[test]
    fn two_parts_leave_a_number_of_half_the_digits_and_three_of_none() {
        let part = |operands: Operands, part, value| {
            let mut word = [0.0];
            operands.write(part, &[value], &mut word);
            f32::from_bits(word[0].to_bits() << 16)
        };
        let any = (0..100_000u32)
            .map(|i| f32::from_bits(0x2000_0000 + i.wrapping_mul(2_654_435_761) % 0x4000_0000));
        for value in [1.0f32, 1.234_567_9, -0.001_234_567, 3.0e38, 1e-30, 0.0].into_iter().chain(any) {
            let two = part(Operands::Bf16x2, 0, value) + part(Operands::Bf16x2, 1, value);
            assert!((value - two).abs() <= value.abs() / f32::from(1u16 << 15), "{value}: {two}");
            let three = [0, 1, 2].map(|index| f64::from(part(Operands::Bf16x3, index, value)));
            assert_eq!(three.iter().sum::<f64>(), f64::from(value));
        }
    }

    #[test]
    fn the_last_of_an_odd_number_stands_alone() {
        let mut pairs = [7; 4];
        Operands::write_rows_of_pairs(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, &mut pairs);
        assert_eq!(pairs, [0x4000_3f80, 0x0000_4040, 0x40a0_4080, 0x0000_40c0]);
    }
}
