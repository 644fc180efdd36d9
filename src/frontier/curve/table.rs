//! Tables of half-size numbers, a row a label and a column an atom, and the one product that a pass is made of: a
//! weighted sum of some of a table's rows.
//!
//! The product is bound by memory once a table is out of the caches, so numbers take two bytes. Logarithms are whole
//! multiples of 1/512, wrong by 0.001 at most; shares are cut to eight bits of mantissa, wrong by 1/512 of themselves.
//! Both move an encoder by a little, and its Lagrangian by the square of that: less than a ten-thousandth of a nat. What an
//! encoder tells is computed from its shares as they are stored, so no error of theirs is in that.

use bytemuck::{Pod, Zeroable};
use half::bf16;

use crate::simd::prefetch;

/// What a table holds.
pub trait Cell: Copy + Send + Sync + Zeroable {
    /// The number, up to [`UNIT`](Self::UNIT).
    fn wide(self) -> f32;
    /// What [`wide`](Self::wide) is to be multiplied by.
    const UNIT: f32;
}

/// A logarithm from −64 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(transparent)]
pub struct Log(i16);

impl Log {
    /// The smallest that is told from −∞, which it stands for.
    pub const LEAST: f32 = -64.0;

    /// The nearest to a number that is not NaN.
    #[inline(always)]
    pub fn nearest(log: f32) -> Self {
        // Adding 1.5 · 2²³ rounds to a whole number, which then stands in the low bits.
        const ROUND: f32 = 12_582_912.0;
        let scaled = log * 512.0;
        let scaled = if scaled < -32768.0 { -32768.0 } else { scaled };
        let scaled = if scaled > 32767.0 { 32767.0 } else { scaled };
        Self((scaled + ROUND).to_bits() as i16)
    }

    /// The logarithm.
    pub fn value(self) -> f32 {
        self.wide() * Self::UNIT
    }
}

impl Cell for Log {
    const UNIT: f32 = 1.0 / 512.0;
    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from(self.0)
    }
}

impl Cell for bf16 {
    const UNIT: f32 = 1.0;
    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
}

/// The nearest share to a number from 0 to 1.
#[inline(always)]
pub fn nearest_share(share: f32) -> bf16 {
    let bits = share.to_bits();
    bf16::from_bits((bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16)
}

/// Atoms that are summed at a time, in registers; a table's rows are whole multiples of the smaller.
const TILES: [usize; 2] = [64, 32];

/// The length of a table's rows for that many atoms.
pub fn stride(atoms: usize) -> usize {
    atoms.next_multiple_of(TILES[1])
}

/// A sparse matrix by rows: where each row's entries start, and of each entry the row of a table and the weight.
#[derive(Clone, Copy)]
pub struct Sparse<'a> {
    /// `[rows + 1]`.
    pub starts: &'a [usize],
    /// `[entries]`.
    pub ids: &'a [u32],
    /// `[entries]`.
    pub weights: &'a [f64],
}

/// `out[z] = Σ_j weight_j · factor · table[id_j, z]` over the entries j of a row, for tables with rows of the length of
/// `out`.
#[inline(always)]
pub fn weighted_sum<C: Cell>(matrix: Sparse, row: usize, factor: f64, table: &[C], out: &mut [f32]) {
    let (start, end) = (matrix.starts[row], matrix.starts[row + 1]);
    // Most rows are short, so memory is asked for beyond this one.
    let (ids, weights) = (&matrix.ids[start..], &matrix.weights[start..end]);
    let stride = out.len();
    let mut first = 0;
    while first < stride {
        if stride - first >= TILES[0] {
            tile::<C, { TILES[0] }>(ids, weights, factor, table, stride, first, out);
            first += TILES[0];
        } else {
            tile::<C, { TILES[1] }>(ids, weights, factor, table, stride, first, out);
            first += TILES[1];
        }
    }
}

#[inline(always)]
fn tile<C: Cell, const WIDTH: usize>(
    ids: &[u32],
    weights: &[f64],
    factor: f64,
    table: &[C],
    stride: usize,
    first: usize,
    out: &mut [f32],
) {
    /// How many entries ahead memory is asked for, for all tiles at once.
    const AHEAD: usize = 32;
    let factor = factor * f64::from(C::UNIT);
    let mut sums = [0.0_f32; WIDTH];
    for (j, (&id, &weight)) in ids.iter().zip(weights).enumerate() {
        if first == 0
            && let Some(&soon) = ids.get(j + AHEAD)
        {
            prefetch(&table[soon as usize * stride..][..stride]);
        }
        let start = id as usize * stride + first;
        let weight = (weight * factor) as f32;
        for (sum, cell) in sums.iter_mut().zip(&table[start..start + WIDTH]) {
            *sum = cell.wide().mul_add(weight, *sum);
        }
    }
    out[first..first + WIDTH].copy_from_slice(&sums);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::vectorised;

    #[test]
    fn logarithms_and_shares_to_half_a_step() {
        for i in -4000..4000 {
            let log = i as f32 * 0.0131;
            assert!((Log::nearest(log).value() - log).abs() <= 0.5 / 512.0 + 1e-6, "{log}");
        }
        assert_eq!(Log::nearest(f32::NEG_INFINITY).value(), Log::LEAST);
        assert_eq!(Log::nearest(1e9).value(), 32767.0 / 512.0);
        for share in [0.0, 1e-9, 0.1, 0.333, 0.999, 1.0] {
            assert!((nearest_share(share).wide() - share).abs() <= share / 256.0, "{share}");
        }
    }

    #[test]
    fn sums_of_rows() {
        for atoms in [1, 32, 33, 64, 96, 100, 128] {
            let stride = stride(atoms);
            let table: Vec<Log> =
                (0..5 * stride).map(|i| Log::nearest((i * 7 % 97) as f32 / 16.0 - 3.0)).collect();
            let (ids, weights) = ([1, 4, 0, 4, 2, 3], [9.0, 0.5, 0.25, 1.0, 0.125, 9.0]);
            let matrix = Sparse { starts: &[0, 1, 5, 6], ids: &ids, weights: &weights };
            let mut out = vec![0.0; stride];
            vectorised(
                #[inline(always)]
                || weighted_sum(matrix, 1, 2.0, &table, &mut out),
            );
            for (z, sum) in out.iter().enumerate() {
                let cell = |id: u32| table[id as usize * stride + z].value();
                let terms =
                    ids[1..5].iter().zip(&weights[1..5]).map(|(&id, &weight)| 2.0 * weight as f32 * cell(id));
                assert_eq!(*sum, terms.sum::<f32>());
            }
        }
    }
}
