//! Arithmetic that the compiler turns into vector instructions, for the best the processor has. Polynomials
//! are written with fused multiplications, which every such processor of the last decade has. The hottest loops
//! spell their vectors out, as [`Simd`], where the compiler would not find the widest.

pub use pulp::{Simd, WithSimd};

/// Runs `work`, and what is inlined into it, with the widest vector instructions of this processor. Where
/// `work` is a closure it has to be `#[inline(always)]`, or it keeps the instructions of every processor.
#[inline]
pub fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Runs `work`, and what is inlined into it, with the widest vectors of this processor.
#[inline]
pub fn with_simd<W: WithSimd>(work: W) -> W::Output {
    pulp::Arch::new().dispatch(work)
}

/// Asks for memory that will be read soon. Says nothing where the processor is not known to take the hint.
#[inline(always)]
pub fn prefetch<T>(values: &[T]) {
    hint::<false>(values.as_ptr().cast(), size_of_val(values));
}

/// The same for what is read later: it comes to the second cache, not the first.
#[inline(always)]
pub fn prefetch_second<T>(values: &[T]) {
    hint::<true>(values.as_ptr().cast(), size_of_val(values));
}

/// Asks for memory that will be written soon, wherever it is and whatever it holds.
#[inline(always)]
pub fn prefetch_place<T>(start: *const T, len: usize) {
    hint::<false>(start.cast(), len * size_of::<T>());
}

#[inline(always)]
fn hint<const SECOND: bool>(start: *const i8, bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        const LINE: usize = 64;
        for offset in (0..bytes).step_by(LINE) {
            let address = start.wrapping_add(offset);
            // SAFETY: a hint reads nothing.
            unsafe {
                match SECOND {
                    false => _mm_prefetch::<_MM_HINT_T0>(address),
                    true => _mm_prefetch::<_MM_HINT_T1>(address),
                }
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (start, bytes);
}

/// What stands at the same place of two slices, as far as both go, for loops of kernels. The making of a `zip`, `map` of an
/// array and `fold` of a mapped iterator are functions that are not inlined across the codegen units of a crate: a kernel
/// that calls one keeps nothing in registers meanwhile, and what the last two call has the instructions of every processor.
#[inline(always)]
pub fn pairs<'a, A, B>(ones: &'a mut [A], others: &'a [B]) -> impl Iterator<Item = (&'a mut A, &'a B)> {
    let count = ones.len().min(others.len());
    let others = &others[..count];
    ones[..count].iter_mut().enumerate().map(
        #[inline(always)]
        move |(index, one)| (one, &others[index]),
    )
}

/// Values taken side by side, so that a sum needs no fixed order.
pub const LANES: usize = 16;

/// The sum of `value` over all elements, in an order that depends on their number only.
#[inline(always)]
pub fn sum_of(values: &[f32], value: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in pairs(&mut lanes, chunk) {
            *lane += value(x);
        }
    }
    if !rest.is_empty() {
        for (index, (lane, &x)) in pairs(&mut lanes, &padded(rest, 0.0)).enumerate() {
            let value = value(x);
            *lane += if index < rest.len() { value } else { 0.0 };
        }
    }
    folded(lanes, |a, b| a + b)
}

/// The largest element, −∞ if there is none.
#[inline(always)]
pub fn largest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in pairs(&mut lanes, chunk) {
            *lane = larger(*lane, x);
        }
    }
    if !rest.is_empty() {
        for (lane, &x) in pairs(&mut lanes, &padded(rest, f32::NEG_INFINITY)) {
            *lane = larger(*lane, x);
        }
    }
    folded(lanes, larger)
}

/// The larger of two, the first where either is no number.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// Fewer than [`LANES`] values, and `filling` behind them.
#[inline(always)]
pub fn padded(values: &[f32], filling: f32) -> [f32; LANES] {
    let mut lanes = [filling; LANES];
    for (lane, &value) in pairs(&mut lanes, values) {
        *lane = value;
    }
    lanes
}

/// All lanes as one, halves at a time.
#[inline(always)]
pub fn folded(mut lanes: [f32; LANES], join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] = join(lanes[lane], lanes[lane + width]);
        }
    }
    lanes[0]
}

/// Adding 1.5 · 2²³ rounds to a whole number, which then stands in the low bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts, so that what is left of a multiple keeps its last bits.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2, highest power first.
const EXP: [f32; 6] = [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_5e-2, 1.666_666_5e-1, 0.5];
/// Logarithms of what f32 holds as a normal number.
const EXPONENTS: [f32; 2] = [-87.0, 88.0];

/// eˣ to two units in the last place, without a branch: 2ⁿ · eʳ with |r| ≤ ln 2 / 2. Beyond what f32
/// holds it is 0 or the largest power of two; NaN stays NaN.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let [least, most] = EXPONENTS;
    // Clamped so that n stays within the exponents of normal numbers; NaN passes.
    let clamped = if x < least { least } else { x };
    let clamped = if clamped > most { most } else { clamped };
    let shifted = clamped.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2[1], n.mul_add(-LN_2[0], clamped));
    let p = EXP[1..].iter().fold(EXP[0], |p, &coefficient| p.mul_add(r, coefficient));
    let p = p.mul_add(r * r, r) + 1.0;
    let power = f32::from_bits(shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23);
    if x < least { 0.0 } else { p * power }
}

/// [`exp`] of each lane, to the bit.
#[inline(always)]
pub fn exp_lanes<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let all = |value: f32| simd.splat_f32s(value);
    let (least, most) = (all(EXPONENTS[0]), all(EXPONENTS[1]));
    let below = simd.less_than_f32s(x, least);
    let clamped = simd.select_f32s(below, least, x);
    let clamped = simd.select_f32s(simd.less_than_f32s(most, clamped), most, clamped);
    let shifted = simd.mul_add_f32s(clamped, all(std::f32::consts::LOG2_E), all(ROUND));
    let n = simd.sub_f32s(shifted, all(ROUND));
    let r = simd.mul_add_f32s(n, all(-LN_2[0]), clamped);
    let r = simd.mul_add_f32s(n, all(-LN_2[1]), r);
    let mut p = all(EXP[0]);
    for coefficient in &EXP[1..] {
        p = simd.mul_add_f32s(p, r, all(*coefficient));
    }
    let p = simd.add_f32s(simd.mul_add_f32s(p, simd.mul_f32s(r, r), r), all(1.0));
    // The bits of ROUND leave when the exponent moves to its place.
    let exponent = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let power = simd.transmute_f32s_u32s(simd.add_u32s(exponent, simd.splat_u32s(127 << 23)));
    simd.select_f32s(below, all(0.0), simd.mul_f32s(p, power))
}

/// Replaces values by what `each` makes of them and of what was found so far, [`LANES`] beside each other; gives what was
/// found. It is called for `filling` too where values are no multiple of as many.
#[inline(always)]
fn in_lanes<S: Simd>(
    simd: S,
    values: &mut [f32],
    [start, filling]: [f32; 2],
    each: impl Fn(S::f32s, &mut S::f32s) -> S::f32s,
) -> [f32; LANES] {
    // As many vectors as it takes, whose sums stay in registers; those beyond are not used.
    let mut found = [simd.splat_f32s(start); LANES];
    let (chunks, rest) = values.as_chunks_mut::<LANES>();
    for chunk in chunks {
        let (vectors, _) = S::as_mut_simd_f32s(chunk);
        for (index, x) in vectors.iter_mut().enumerate() {
            found[index] = each(found[index], x);
        }
    }
    if !rest.is_empty() {
        let mut last = padded(rest, filling);
        let (vectors, _) = S::as_mut_simd_f32s(&mut last);
        for (index, x) in vectors.iter_mut().enumerate() {
            found[index] = each(found[index], x);
        }
        for (value, last) in pairs(rest, &last) {
            *value = *last;
        }
    }
    let mut lanes = [0.0; LANES];
    let (vectors, _) = S::as_mut_simd_f32s(&mut lanes);
    for (lane, found) in pairs(vectors, &found) {
        *lane = *found;
    }
    lanes
}

/// Multiplies values; gives the largest product, as [`largest`].
#[inline(always)]
pub fn scaled<S: Simd>(simd: S, values: &mut [f32], factor: f32) -> f32 {
    let all = simd.splat_f32s(factor);
    let same = values.last().copied().unwrap_or_default();
    let lanes = in_lanes(
        simd,
        values,
        [f32::NEG_INFINITY, same],
        #[inline(always)]
        |most, x| {
            *x = simd.mul_f32s(*x, all);
            simd.select_f32s(simd.less_than_f32s(most, *x), *x, most)
        },
    );
    folded(lanes, larger)
}

/// The same, where the products are capped softly if there is a cap.
#[inline(always)]
pub fn scaled_and_capped<S: Simd>(simd: S, values: &mut [f32], factor: f32, cap: Option<f32>) -> f32 {
    let most = scaled(simd, values, factor);
    let Some(cap) = cap else { return most };
    softcap(values, cap);
    scaled(simd, values, 1.0)
}

/// Replaces values by their exponentials relative to `most`; gives the sum of these, in the order of [`sum_of`].
#[inline(always)]
pub fn exponentials<S: Simd>(simd: S, values: &mut [f32], most: f32) -> f32 {
    let all = simd.splat_f32s(most);
    let lanes = in_lanes(
        simd,
        values,
        [0.0, f32::NEG_INFINITY],
        #[inline(always)]
        |sum, x| {
            *x = exp_lanes(simd, simd.sub_f32s(*x, all));
            simd.add_f32s(sum, *x)
        },
    );
    folded(lanes, |a, b| a + b)
}

/// tanh by [`exp`].
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let t = exp(-2.0 * x.abs());
    let magnitude = (1.0 - t) / (1.0 + t);
    // Near zero the difference above loses digits that the series keeps.
    let square = x * x;
    let series = x.abs() * (1.0 - square * (1.0 / 3.0 - square * (2.0 / 15.0 - square * (17.0 / 315.0))));
    let magnitude = if x.abs() < 0.2 { series } else { magnitude };
    magnitude.copysign(x)
}

/// Caps values softly: x becomes c · tanh(x / c).
#[inline(always)]
fn softcap(values: &mut [f32], cap: f32) {
    values.iter_mut().for_each(|x| *x = cap * tanh(*x / cap));
}

/// The error function, as a quotient of polynomials on |x| ≤ 4, beyond which it is 1 in f32.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let low = if x < -4.0 { -4.0 } else { x };
    let x = if low > 4.0 { 4.0 } else { low };
    let square = x * x;
    let p = -2.726_142_3e-10;
    let p = p * square + 2.770_681_4e-8;
    let p = p * square + -2.101_024_1e-6;
    let p = p * square + -5.692_506_4e-5;
    let p = p * square + -7.349_906e-4;
    let p = p * square + -2.954_6e-3;
    let p = p * square + -1.609_603_3e-2;
    let q = -1.456_607_2e-5;
    let q = q * square + -2.133_740_6e-4;
    let q = q * square + -1.682_827e-3;
    let q = q * square + -7.373_329e-3;
    let q = q * square + -1.426_473_9e-2;
    x * p / q
}

/// The natural logarithm of a positive number to two units in the last place, without a branch; 0 and
/// what is too small for full precision count as the smallest normal number.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    let x = if x < f32::MIN_POSITIVE { f32::MIN_POSITIVE } else { x };
    // x = 2ⁿ · m with m from √½ to √2.
    let bits = x.to_bits().wrapping_sub(0x3f35_04f3);
    let n = (bits as i32 >> 23) as f32;
    let m = f32::from_bits((bits & 0x007f_ffff) + 0x3f35_04f3);
    let r = m - 1.0;
    let square = r * r;
    let p = 7.037_683_6e-2_f32;
    let p = p.mul_add(r, -1.151_461e-1);
    let p = p.mul_add(r, 1.167_699_9e-1);
    let p = p.mul_add(r, -1.242_014_1e-1);
    let p = p.mul_add(r, 1.424_932_3e-1);
    let p = p.mul_add(r, -1.666_805_7e-1);
    let p = p.mul_add(r, 2.000_071_5e-1);
    let p = p.mul_add(r, -2.499_999_4e-1);
    let p = p.mul_add(r, 0.333_333_3);
    let small = p.mul_add(r * square, n.mul_add(-2.121_944_4e-4, -0.5 * square));
    n.mul_add(0.693_359_4, r + small)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_to_the_last_places() {
        for i in -870..=880 {
            let x = i as f32 * 0.1 + 0.013;
            let expected = f64::from(x).exp();
            let relative = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(!(-87.0..=88.0).contains(&x) || relative < 2.5e-7, "{x}: {relative:e}");
        }
        assert_eq!((exp(0.0), exp(-1000.0), exp(f32::NEG_INFINITY)), (1.0, 0.0, 0.0));
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn exponentials_of_lanes_are_those_of_numbers() {
        struct Lanes<'a>(&'a mut [f32]);
        impl WithSimd for Lanes<'_> {
            type Output = ();
            fn with_simd<S: Simd>(self, simd: S) {
                let (vectors, rest) = S::as_mut_simd_f32s(self.0);
                assert!(rest.is_empty());
                vectors.iter_mut().for_each(|vector| *vector = exp_lanes(simd, *vector));
            }
        }
        let given: Vec<f32> = (-1000..1000).map(|i| i as f32 * 0.1003).collect();
        let mut found = given.clone();
        with_simd(Lanes(&mut found));
        assert!(given.iter().zip(&found).all(|(&x, found)| exp(x).to_bits() == found.to_bits()));
    }

    #[test]
    fn lanes_of_any_length() {
        struct Both<'a>(&'a mut [f32]);
        impl WithSimd for Both<'_> {
            type Output = [f32; 2];
            fn with_simd<S: Simd>(self, simd: S) -> [f32; 2] {
                let most = scaled(simd, self.0, -0.5);
                [most, exponentials(simd, self.0, most)]
            }
        }
        for length in 0..70 {
            let mut values: Vec<f32> = (0..length).map(|i| ((i * 37) % 23) as f32 - 30.0).collect();
            let products: Vec<f32> = values.iter().map(|x| -0.5 * x).collect();
            let most = largest(&products);
            let sum = sum_of(&products, |x| exp(x - most));
            assert_eq!(with_simd(Both(&mut values)), [most, sum]);
            assert!(products.iter().zip(&values).all(|(product, found)| exp(product - most) == *found));
        }
        let mut values = vec![1.0; 21];
        values[3] = f32::NAN;
        let [most, sum] = with_simd(Both(&mut values));
        assert!(most == -0.5 && sum.is_nan());
    }

    #[test]
    fn logarithms_to_the_last_places() {
        for i in 1..4000 {
            let x = (i as f32 * 0.0437).powi(3);
            let expected = f64::from(x).ln();
            let error = (f64::from(ln(x)) - expected).abs();
            assert!(error <= 2e-7 * expected.abs().max(1.0), "{x}: {error:e}");
        }
        assert_eq!(ln(1.0), 0.0);
        assert!((ln(0.0) - f32::MIN_POSITIVE.ln()).abs() < 1e-5);
    }

    #[test]
    fn tanh_and_erf_to_the_last_places() {
        for i in -800..=800 {
            let x = i as f32 * 0.01 + 0.0013;
            let expected = f64::from(x).tanh();
            assert!((f64::from(tanh(x)) - expected).abs() <= 3e-7 * expected.abs(), "tanh {x}");
        }
        // From tables.
        for (x, expected) in [
            (0.0, 0.0),
            (0.1, 0.112_462_916),
            (0.5, 0.520_499_9),
            (1.0, 0.842_700_8),
            (2.0, 0.995_322_3),
            (9.0, 1.0),
        ] {
            assert!(
                (erf(x) - expected).abs() < 3e-7 && (erf(-x) + expected).abs() < 3e-7,
                "erf {x}: {}",
                erf(x)
            );
        }
    }

    #[test]
    fn sums_and_largest_of_any_length() {
        for length in 0..70 {
            let values: Vec<f32> = (0..length).map(|i| ((i * 37) % 23) as f32 - 30.0).collect();
            assert_eq!(sum_of(&values, |x| x), values.iter().sum::<f32>());
            assert_eq!(largest(&values), values.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    }
}
