//! Classes of proportional rows, found exactly.
//!
//! Two rows of masses are proportional if one is the other times a number. Every mass, a count or an `f64`, is a whole
//! mantissa times a power of two. A row is brought to the form that all its multiples share: mantissas over their
//! greatest common divisor, powers relative to the first. No mass is rounded, so rows that differ at all stay apart.

use rayon::prelude::*;
use twox_hash::XxHash3_128;

/// A mass of one pair of labels: a count, or a weight that need not be whole.
pub trait Mass: Copy + Send + Sync {
    /// The mass as `mantissa · 2^exponent`, the same pair for equal masses.
    fn parts(self) -> (u64, i32);
    /// The sum of two masses, unless it is too large to be told.
    fn plus(self, other: Self) -> Option<Self>;
    /// A number that grows with the mass.
    fn rank(self) -> u64;
    /// The mass as a number.
    fn value(self) -> f64;
}

impl Mass for u64 {
    fn parts(self) -> (u64, i32) {
        (self, 0)
    }
    fn plus(self, other: Self) -> Option<Self> {
        self.checked_add(other)
    }
    fn rank(self) -> u64 {
        self
    }
    fn value(self) -> f64 {
        self as f64
    }
}

impl Mass for f64 {
    /// A positive mass as an odd mantissa and its exponent.
    fn parts(self) -> (u64, i32) {
        const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
        let bits = self.to_bits();
        let (field, fraction) = ((bits >> MANTISSA_BITS) as i32, bits & ((1 << MANTISSA_BITS) - 1));
        // Below the smallest normal number the leading one is not implied.
        let mantissa = if field == 0 { fraction } else { fraction | (1 << MANTISSA_BITS) };
        let zeros = mantissa.trailing_zeros();
        (mantissa >> zeros, field.max(1) + zeros as i32)
    }
    fn plus(self, other: Self) -> Option<Self> {
        Some(self + other).filter(|sum| sum.is_finite())
    }
    fn rank(self) -> u64 {
        self.to_bits()
    }
    fn value(self) -> f64 {
        self
    }
}

/// An entry of a row: the id of the column and a positive mass.
pub type Entry<M> = (u32, M);

/// Puts `count` rows into classes: for each row the first row that is proportional to it. `entries(row)` gives the
/// entries of a row, columns rising, at least one.
pub fn classes<M: Mass, I>(count: usize, entries: impl Fn(usize) -> I + Sync) -> Vec<u32>
where
    I: Iterator<Item = Entry<M>> + Clone,
{
    let mut hashes: Vec<(u128, u32)> =
        (0..count).into_par_iter().map(|row| (hash(entries(row)), row as u32)).collect();
    hashes.par_sort_unstable();
    let mut classes: Vec<u32> = (0..count as u32).collect();
    for same in hashes.chunk_by(|a, b| a.0 == b.0) {
        // Equal hashes are no proof; in practice there is one leader.
        let mut leaders = vec![same[0].1];
        for &(_, row) in &same[1..] {
            let leader = leaders
                .iter()
                .find(|&&leader| canonical(entries(leader as usize)).eq(canonical(entries(row as usize))));
            match leader {
                Some(&leader) => classes[row as usize] = leader,
                None => leaders.push(row),
            }
        }
    }
    classes
}

/// The form that all multiples of a row share: columns, mantissas over their divisor, exponents from the first's on.
fn canonical<M: Mass>(row: impl Iterator<Item = Entry<M>> + Clone) -> impl Iterator<Item = (u32, u64, i32)> {
    let first = row.clone().next().map_or(0, |(_, mass)| mass.parts().1);
    let mut divisor = 0;
    for (_, mass) in row.clone() {
        divisor = greatest_common_divisor(divisor, mass.parts().0);
        if divisor == 1 {
            break;
        }
    }
    row.map(move |(column, mass)| {
        let (mantissa, exponent) = mass.parts();
        (column, mantissa / divisor, exponent - first)
    })
}

fn hash<M: Mass>(row: impl Iterator<Item = Entry<M>> + Clone) -> u128 {
    // Streaming costs far more to set up than most rows are long.
    let mut bytes = Vec::with_capacity(256);
    for (column, mantissa, exponent) in canonical(row) {
        bytes.extend_from_slice(&column.to_le_bytes());
        bytes.extend_from_slice(&mantissa.to_le_bytes());
        bytes.extend_from_slice(&exponent.to_le_bytes());
    }
    XxHash3_128::oneshot(&bytes)
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes_of<M: Mass>(rows: &[&[Entry<M>]]) -> Vec<u32> {
        classes(rows.len(), |row| rows[row].iter().copied())
    }

    #[test]
    fn multiples_are_one_class_and_nothing_else_is() {
        let rows: [&[Entry<u64>]; 6] =
            [&[(0, 2), (3, 4)], &[(0, 3), (3, 6)], &[(0, 1), (3, 3)], &[(1, 7)], &[(1, 1)], &[(2, 1)]];
        assert_eq!(classes_of(&rows), [0, 0, 2, 3, 3, 5]);
        let large = u64::MAX - 1;
        assert_eq!(classes_of(&[&[(0, large), (1, large)], &[(0, large), (1, large - 1)]]), [0, 1]);
    }

    #[test]
    fn weights_are_compared_as_the_fractions_they_are() {
        // 0.6 is twice 0.3 to the bit, 0.3 is not three times 0.1.
        assert_eq!(classes_of(&[&[(0, 0.1), (1, 0.3)], &[(0, 0.2), (1, 0.6)]]), [0, 0]);
        assert_eq!(classes_of(&[&[(0, 0.1), (1, 0.1)], &[(0, 0.3), (1, 0.300_000_000_000_000_04)]]), [0, 1]);
        // Three times a number with few bits is exact, far down as well.
        assert_eq!(classes_of(&[&[(0, 0.5), (1, 1.75)], &[(0, 1.5), (1, 5.25)]]), [0, 0]);
        let least = f64::from_bits(1);
        assert_eq!(classes_of(&[&[(0, least), (1, 3.0 * least)], &[(0, 1.0), (1, 3.0)]]), [0, 0]);
    }
}
