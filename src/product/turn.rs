//! Rows of weights as columns of panels.

use std::ops::Range;

use super::tile::PANEL;

/// Writes rows of `inputs` words, `apart` from one to the next, as columns of a panel `[inputs, PANEL]`. Columns beyond
/// stay as they are.
pub fn turn(rows: &[f32], apart: usize, inputs: usize, panel: &mut [f32]) {
    let count = rows.len().div_ceil(apart);
    assert!(count <= PANEL && rows.len() >= (count - 1) * apart + inputs);
    assert!(panel.len() >= (inputs - 1) * PANEL + count);
    let turn_each = |outputs: Range<usize>, from: usize, panel: &mut [f32]| {
        for output in outputs {
            for (input, &word) in rows[output * apart..][..inputs].iter().enumerate().skip(from) {
                panel[input * PANEL + output] = word;
            }
        }
    };
    let mut turned = 0;
    for Squares { size, turn } in squares() {
        let whole = |of: usize| of - of % size;
        let outputs = turned..turned + whole(count - turned);
        if outputs.is_empty() {
            continue;
        }
        // SAFETY: the processor has these instructions; rows and panel are as long as the assertion says.
        unsafe {
            let (rows, panel) = (rows.as_ptr().add(turned * apart), panel.as_mut_ptr().add(turned));
            turn(rows, apart, (outputs.len(), whole(inputs)), panel);
        }
        turned = outputs.end;
        turn_each(outputs, whole(inputs), panel);
    }
    turn_each(turned..count, 0, panel);
}

/// Turns squares of `size` rows and inputs: `turn(rows, apart, (rows, inputs), panel)`, both multiples of it.
///
/// # Safety
/// Of `turn`: `rows` is followed by as many rows, `apart`, and `panel` by as many inputs.
struct Squares {
    size: usize,
    turn: unsafe fn(*const f32, usize, (usize, usize), *mut f32),
}

/// Those that this processor turns, the largest first: as many as a vector holds.
fn squares() -> impl Iterator<Item = Squares> {
    #[cfg(target_arch = "x86_64")]
    let found = [
        is_x86_feature_detected!("avx512f").then_some(Squares { size: 16, turn: turn_sixteens }),
        is_x86_feature_detected!("avx").then_some(Squares { size: 8, turn: turn_eights }),
    ];
    #[cfg(target_arch = "aarch64")]
    let found = [Some(Squares { size: 4, turn: turn_fours })];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let found = [None];
    found.into_iter().flatten()
}

/// Turns whole squares of four.
///
/// # Safety
/// As [`Squares`] says.
#[cfg(target_arch = "aarch64")]
unsafe fn turn_fours(rows: *const f32, apart: usize, (count, inputs): (usize, usize), panel: *mut f32) {
    use std::arch::aarch64::{vld1q_f32, vreinterpretq_f32_f64, vreinterpretq_f64_f32, vst1q_f32};
    use std::arch::aarch64::{vtrn1q_f32, vtrn1q_f64, vtrn2q_f32, vtrn2q_f64};
    for output in (0..count).step_by(4) {
        for input in (0..inputs).step_by(4) {
            // SAFETY: the caller's word; every processor of this kind has these instructions.
            unsafe {
                let from = rows.add(output * apart + input);
                let to = panel.add(input * PANEL + output);
                let load = |row: usize| vld1q_f32(from.add(row * apart));
                let rows = [load(0), load(1), load(2), load(3)];
                // Inputs 0 and 2 of two rows, then 1 and 3.
                let even = [vtrn1q_f32(rows[0], rows[1]), vtrn1q_f32(rows[2], rows[3])];
                let odd = [vtrn2q_f32(rows[0], rows[1]), vtrn2q_f32(rows[2], rows[3])];
                for (input, [a, b]) in [even, odd].into_iter().enumerate() {
                    let (a, b) = (vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b));
                    vst1q_f32(to.add(input * PANEL), vreinterpretq_f32_f64(vtrn1q_f64(a, b)));
                    vst1q_f32(to.add((input + 2) * PANEL), vreinterpretq_f32_f64(vtrn2q_f64(a, b)));
                }
            }
        }
    }
}

/// Turns whole squares of sixteen.
///
/// # Safety
/// As [`Squares`] says, and the processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[expect(
    clippy::needless_range_loop,
    reason = "as in `tile`: what makes iterators is not inlined in every profile"
)]
#[target_feature(enable = "avx512f")]
unsafe fn turn_sixteens(rows: *const f32, apart: usize, (count, inputs): (usize, usize), panel: *mut f32) {
    use std::arch::x86_64::{
        __m512, _mm512_loadu_ps, _mm512_setzero_ps, _mm512_shuffle_f32x4, _mm512_shuffle_ps,
        _mm512_storeu_ps, _mm512_unpackhi_ps, _mm512_unpacklo_ps,
    };
    for output in (0..count).step_by(16) {
        for input in (0..inputs).step_by(16) {
            // SAFETY: the caller's word.
            unsafe {
                let from = rows.add(output * apart + input);
                let to = panel.add(input * PANEL + output);
                // Of each four rows: quarter q of the vector i has their inputs 4 q + i.
                let mut fours = [[_mm512_setzero_ps(); 4]; 4];
                for (group, four) in fours.iter_mut().enumerate() {
                    let load = |row: usize| _mm512_loadu_ps(from.add((4 * group + row) * apart));
                    let rows = [load(0), load(1), load(2), load(3)];
                    let low = [_mm512_unpacklo_ps(rows[0], rows[1]), _mm512_unpacklo_ps(rows[2], rows[3])];
                    let high = [_mm512_unpackhi_ps(rows[0], rows[1]), _mm512_unpackhi_ps(rows[2], rows[3])];
                    *four = [
                        _mm512_shuffle_ps::<0b01_00_01_00>(low[0], low[1]),
                        _mm512_shuffle_ps::<0b11_10_11_10>(low[0], low[1]),
                        _mm512_shuffle_ps::<0b01_00_01_00>(high[0], high[1]),
                        _mm512_shuffle_ps::<0b11_10_11_10>(high[0], high[1]),
                    ];
                }
                let even = |a: __m512, b: __m512| _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
                let odd = |a: __m512, b: __m512| _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b);
                for i in 0..4 {
                    let [a, b, c, d] = [fours[0][i], fours[1][i], fours[2][i], fours[3][i]];
                    let (evens, odds) = ([even(a, b), even(c, d)], [odd(a, b), odd(c, d)]);
                    _mm512_storeu_ps(to.add(i * PANEL), even(evens[0], evens[1]));
                    _mm512_storeu_ps(to.add((4 + i) * PANEL), even(odds[0], odds[1]));
                    _mm512_storeu_ps(to.add((8 + i) * PANEL), odd(evens[0], evens[1]));
                    _mm512_storeu_ps(to.add((12 + i) * PANEL), odd(odds[0], odds[1]));
                }
            }
        }
    }
}

/// Turns whole squares of eight.
///
/// # Safety
/// As [`Squares`] says, and the processor has AVX.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
unsafe fn turn_eights(rows: *const f32, apart: usize, (count, inputs): (usize, usize), panel: *mut f32) {
    use std::arch::x86_64::{
        _mm_loadu_ps, _mm256_castps128_ps256, _mm256_insertf128_ps, _mm256_shuffle_ps, _mm256_storeu_ps,
        _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };
    for output in (0..count).step_by(8) {
        for input in (0..inputs).step_by(8) {
            // SAFETY: the caller's word.
            unsafe {
                let from = rows.add(output * apart + input);
                let to = panel.add(input * PANEL + output);
                for half in 0..2 {
                    // Four inputs of rows r and r + 4 side by side.
                    let load = |row: usize| {
                        let place = from.add(row * apart + 4 * half);
                        let low = _mm256_castps128_ps256(_mm_loadu_ps(place));
                        _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(place.add(4 * apart)))
                    };
                    let rows = [load(0), load(1), load(2), load(3)];
                    let low = [_mm256_unpacklo_ps(rows[0], rows[1]), _mm256_unpacklo_ps(rows[2], rows[3])];
                    let high = [_mm256_unpackhi_ps(rows[0], rows[1]), _mm256_unpackhi_ps(rows[2], rows[3])];
                    let turned = [
                        _mm256_shuffle_ps::<0b01_00_01_00>(low[0], low[1]),
                        _mm256_shuffle_ps::<0b11_10_11_10>(low[0], low[1]),
                        _mm256_shuffle_ps::<0b01_00_01_00>(high[0], high[1]),
                        _mm256_shuffle_ps::<0b11_10_11_10>(high[0], high[1]),
                    ];
                    for (input, turned) in turned.into_iter().enumerate() {
                        _mm256_storeu_ps(to.add((4 * half + input) * PANEL), turned);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_size_become_columns() {
        for (count, inputs, apart) in [
            (1, 1, 1),
            (8, 8, 8),
            (7, 9, 11),
            (48, 33, 40),
            (17, 64, 64),
            (30, 31, 31),
            (4, 3, 3),
            (20, 4, 5),
        ] {
            let rows: Vec<f32> = (0..(count - 1) * apart + inputs).map(|i| i as f32).collect();
            let mut panel = vec![-1.0; inputs * PANEL];
            turn(&rows, apart, inputs, &mut panel);
            for (input, columns) in panel.chunks_exact(PANEL).enumerate() {
                for (output, &word) in columns.iter().enumerate() {
                    let expected = if output < count { (output * apart + input) as f32 } else { -1.0 };
                    assert_eq!(word, expected, "{count} {inputs} {apart}: {output}, {input}");
                }
            }
        }
    }
}
