//! The innermost loop of products with weights: some rows of states by some vectors of outputs, as many as have their
//! sums in registers while inputs pass.

use super::operands::Operands;
use crate::simd::Simd;

/// Outputs side by side in a panel: three vectors of the widest.
pub const PANEL: usize = 48;
/// Rows of states laid out for a tile.
pub const TILE: usize = 8;

/// [`TILE`] rows and a stretch of a panel.
pub struct Tile<'a> {
    /// What the words hold.
    pub operands: Operands,
    /// [`TILE`] rows of words, as many as the stretch has.
    pub states: &'a [f32],
    /// Words from row to row.
    pub apart: usize,
    /// `[depth, PANEL]`
    pub panel: &'a [f32],
    /// How many outputs of the panel matter.
    pub outputs: usize,
    /// `[TILE, PANEL]` at a distance of `width` from row to row.
    pub sums: &'a mut [f32],
    /// That distance.
    pub width: usize,
    /// Whether the sums begin here.
    pub first: bool,
}

/// Where the loop reads and writes.
#[derive(Clone, Copy)]
struct Places {
    states: *const f32,
    apart: usize,
    panel: *const f32,
    depth: usize,
    sums: *mut f32,
    width: usize,
    first: bool,
}

impl Tile<'_> {
    /// Adds the products of states and panel to the sums.
    #[inline(always)]
    pub fn add<S: Simd>(self, simd: S) {
        match self.operands {
            Operands::F32 => self.by_registers::<S, Singles>(simd),
            #[cfg(target_arch = "x86_64")]
            _ if std::arch::is_x86_feature_detected!("avx512bf16") => self.add_by_dot(),
            Operands::Bf16 | Operands::Bf16x2 => self.by_registers::<S, Pairs>(simd),
        }
    }

    #[inline(always)]
    fn by_registers<S: Simd, A: Arithmetic>(self, simd: S) {
        // Thirty-two registers hold the sums of eight rows by three vectors, sixteen those of two by six: four by three
        // would leave room for one state at a time, and compilers want two.
        if S::F32_LANES == 16 || cfg!(target_arch = "aarch64") {
            self.add_rows::<S, A, 8, 3>(simd);
        } else {
            self.add_rows::<S, A, 2, 6>(simd);
        }
    }

    /// The same, `R` rows by `V` vectors at a time.
    #[inline(always)]
    fn add_rows<S: Simd, A: Arithmetic, const R: usize, const V: usize>(self, simd: S) {
        self.each(
            S::F32_LANES,
            [R, V],
            #[inline(always)]
            |places, vectors| {
                // SAFETY: `each` gives places with so many rows and vectors.
                unsafe {
                    match vectors {
                        1 => add::<S, A, R, 1>(simd, places),
                        2 => add::<S, A, R, 2>(simd, places),
                        3 if V > 3 => add::<S, A, R, 3>(simd, places),
                        4 if V > 4 => add::<S, A, R, 4>(simd, places),
                        5 if V > 5 => add::<S, A, R, 5>(simd, places),
                        _ => add::<S, A, R, V>(simd, places),
                    }
                }
            },
        );
    }

    /// The same, by the processor's own products of pairs.
    #[cfg(target_arch = "x86_64")]
    fn add_by_dot(self) {
        self.each(dot::LANES, [TILE, dot::VECTORS], |places, vectors| {
            // SAFETY: as above, and the processor has them.
            unsafe {
                match vectors {
                    1 => dot::add::<1>(places),
                    2 => dot::add::<2>(places),
                    _ => dot::add::<{ dot::VECTORS }>(places),
                }
            }
        });
    }

    /// Calls `add` for so many rows and up to so many vectors of `lanes` outputs, until all that matter had their turn.
    #[inline(always)]
    fn each(self, lanes: usize, [rows, vectors]: [usize; 2], add: impl Fn(Places, usize)) {
        let Self { states, apart, panel, outputs, sums, width, first, .. } = self;
        let depth = panel.len() / PANEL;
        assert!(TILE.is_multiple_of(rows) && PANEL.is_multiple_of(vectors * lanes) && outputs <= PANEL);
        assert!(states.len() >= (TILE - 1) * apart + depth && sums.len() >= (TILE - 1) * width + PANEL);
        for column in (0..outputs).step_by(vectors * lanes) {
            for row in (0..TILE).step_by(rows) {
                // SAFETY: rows `row..row + rows` of the states, vectors · lanes columns from `column` of the panel
                // and the sums of both lie within their slices, as the assertions say.
                let places = unsafe {
                    let (states, panel) = (states.as_ptr().add(row * apart), panel.as_ptr().add(column));
                    let sums = sums.as_mut_ptr().add(row * width + column);
                    Places { states, apart, panel, depth, sums, width, first }
                };
                add(places, (outputs - column).div_ceil(lanes));
            }
        }
    }
}

/// What becomes of a word of states and a vector of words of weights.
trait Arithmetic {
    /// One word of `R` rows, `apart`, by `V` vectors of outputs.
    ///
    /// # Safety
    /// There are as many rows and vectors.
    unsafe fn add<S: Simd, const R: usize, const V: usize>(
        simd: S,
        states: *const f32,
        apart: usize,
        panel: *const f32,
        found: &mut [[S::f32s; V]; R],
    );
}

/// Words that are numbers.
struct Singles;

impl Arithmetic for Singles {
    #[inline(always)]
    unsafe fn add<S: Simd, const R: usize, const V: usize>(
        simd: S,
        states: *const f32,
        apart: usize,
        panel: *const f32,
        found: &mut [[S::f32s; V]; R],
    ) {
        each_product(
            simd,
            found,
            // SAFETY: the caller's word.
            #[inline(always)]
            |row| simd.splat_f32s(unsafe { *states.add(row * apart) }),
            // SAFETY: the caller's word.
            #[inline(always)]
            |vector| unsafe { panel.add(vector * S::F32_LANES).cast::<S::f32s>().read_unaligned() },
        );
    }
}

/// Adds the product of every state with every vector of weights. Whichever are fewer stay in registers.
#[inline(always)]
fn each_product<S: Simd, const R: usize, const V: usize>(
    simd: S,
    found: &mut [[S::f32s; V]; R],
    state: impl Fn(usize) -> S::f32s,
    weights: impl Fn(usize) -> S::f32s,
) {
    let zero = simd.splat_f32s(0.0);
    if V > R {
        let mut kept = [zero; R];
        for (row, kept) in kept.iter_mut().enumerate() {
            *kept = state(row);
        }
        for vector in 0..V {
            let weights = weights(vector);
            for (found, &state) in found.iter_mut().zip(&kept) {
                found[vector] = simd.mul_add_f32s(state, weights, found[vector]);
            }
        }
    } else {
        let mut kept = [zero; V];
        for (vector, kept) in kept.iter_mut().enumerate() {
            *kept = weights(vector);
        }
        for (row, found) in found.iter_mut().enumerate() {
            let state = state(row);
            for (found, &weights) in found.iter_mut().zip(&kept) {
                *found = simd.mul_add_f32s(state, weights, *found);
            }
        }
    }
}

/// Words that are pairs of bf16, the first in the lower half: fused multiplications of the second, then of the first,
/// as `VDPBF16PS` orders them. A bf16 is the upper half of the f32 that is the same number.
struct Pairs;

impl Arithmetic for Pairs {
    #[inline(always)]
    unsafe fn add<S: Simd, const R: usize, const V: usize>(
        simd: S,
        states: *const f32,
        apart: usize,
        panel: *const f32,
        found: &mut [[S::f32s; V]; R],
    ) {
        for second in [true, false] {
            each_product(
                simd,
                found,
                #[inline(always)]
                |row| {
                    // SAFETY: the caller's word.
                    let words = unsafe { *states.add(row * apart).cast::<u32>() };
                    widened(simd, simd.splat_u32s(words), second)
                },
                #[inline(always)]
                |vector| {
                    // SAFETY: the caller's word.
                    let words =
                        unsafe { panel.add(vector * S::F32_LANES).cast::<S::u32s>().read_unaligned() };
                    widened(simd, words, second)
                },
            );
        }
    }
}

/// The second, or else the first, of each pair.
#[inline(always)]
fn widened<S: Simd>(simd: S, pairs: S::u32s, second: bool) -> S::f32s {
    simd.transmute_f32s_u32s(match second {
        true => simd.and_u32s(pairs, simd.splat_u32s(0xffff_0000)),
        false => simd.wrapping_dyn_shl_u32s(pairs, simd.splat_u32s(16)),
    })
}

/// Words between two steps of the loop, whose counting takes its share where another thread has the other half of the
/// core.
const WORDS: usize = 4;

/// `R` rows by `V` vectors of outputs. The sums are indexed by constants only, or they would not stay in
/// registers.
///
/// # Safety
/// The states are followed by `R` rows of `depth` words, the panel by `depth` of its rows from the first column that
/// matters, the sums by `R` rows of `V` vectors that nobody else touches.
#[inline(always)]
unsafe fn add<S: Simd, A: Arithmetic, const R: usize, const V: usize>(simd: S, places: Places) {
    let Places { mut states, apart, mut panel, depth, sums, width, first } = places;
    let zero = simd.splat_f32s(0.0);
    let mut found = [[zero; V]; R];
    // SAFETY: the caller's word.
    unsafe {
        for _ in 0..depth / WORDS {
            for word in 0..WORDS {
                A::add(simd, states.add(word), apart, panel.add(word * PANEL), &mut found);
            }
            (states, panel) = (states.add(WORDS), panel.add(WORDS * PANEL));
        }
        for word in 0..depth % WORDS {
            A::add(simd, states.add(word), apart, panel.add(word * PANEL), &mut found);
        }
        for (row, found) in found.iter().enumerate() {
            for (vector, &found) in found.iter().enumerate() {
                let place = sums.add(row * width + vector * S::F32_LANES).cast::<S::f32s>();
                let before = if first { zero } else { place.read_unaligned() };
                place.write_unaligned(simd.add_f32s(before, found));
            }
        }
    }
}

/// Products of pairs by `VDPBF16PS`, which the vectors of `pulp` do not have.
#[cfg(target_arch = "x86_64")]
mod dot {
    use std::arch::x86_64::{
        __m512, __m512bh, __m512i, _mm512_add_ps, _mm512_dpbf16_ps, _mm512_loadu_ps, _mm512_loadu_si512,
        _mm512_set1_epi32, _mm512_setzero_ps, _mm512_setzero_si512, _mm512_storeu_ps,
    };
    use std::mem::transmute;

    use super::{PANEL, Places, TILE, WORDS};

    /// Outputs in a vector.
    pub const LANES: usize = 16;
    /// Vectors of outputs whose sums registers hold, of [`TILE`] rows.
    pub const VECTORS: usize = 3;

    /// [`TILE`] rows by `V` vectors of outputs, as [`super::add`].
    ///
    /// # Safety
    /// As there, and the processor has AVX-512 with bf16.
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub unsafe fn add<const V: usize>(places: Places) {
        let Places { mut states, apart, mut panel, depth, sums, width, first } = places;
        let mut found = [[_mm512_setzero_ps(); V]; TILE];
        // SAFETY: the caller's word.
        unsafe {
            for _ in 0..depth / WORDS {
                for word in 0..WORDS {
                    add_word(states.add(word), apart, panel.add(word * PANEL), &mut found);
                }
                (states, panel) = (states.add(WORDS), panel.add(WORDS * PANEL));
            }
            for word in 0..depth % WORDS {
                add_word(states.add(word), apart, panel.add(word * PANEL), &mut found);
            }
            for (row, found) in found.iter().enumerate() {
                for (vector, &found) in found.iter().enumerate() {
                    let place = sums.add(row * width + LANES * vector);
                    let before = if first { _mm512_setzero_ps() } else { _mm512_loadu_ps(place) };
                    _mm512_storeu_ps(place, _mm512_add_ps(before, found));
                }
            }
        }
    }

    /// # Safety
    /// As [`super::Arithmetic::add`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn add_word<const V: usize>(
        states: *const f32,
        apart: usize,
        panel: *const f32,
        found: &mut [[__m512; V]; TILE],
    ) {
        // SAFETY: the caller's word; pairs of bf16 are words like others.
        unsafe {
            let mut weights = [transmute::<__m512i, __m512bh>(_mm512_setzero_si512()); V];
            for (vector, weights) in weights.iter_mut().enumerate() {
                *weights =
                    transmute::<__m512i, __m512bh>(_mm512_loadu_si512(panel.add(LANES * vector).cast()));
            }
            for (row, found) in found.iter_mut().enumerate() {
                let state =
                    transmute::<__m512i, __m512bh>(_mm512_set1_epi32(*states.add(row * apart).cast()));
                for (found, &weights) in found.iter_mut().zip(&weights) {
                    *found = _mm512_dpbf16_ps(*found, state, weights);
                }
            }
        }
    }
}
