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
            Operands::F32 => self.by_registers::<S, Single>(simd),
            #[cfg(target_arch = "x86_64")]
            _ if std::arch::is_x86_feature_detected!("avx512bf16") => self.add_by_dot(),
            Operands::Bf16 | Operands::Bf16x2 | Operands::Bf16x3 => self.by_registers::<S, Pair>(simd),
        }
    }

    #[inline(always)]
    fn by_registers<S: Simd, W: Word>(self, simd: S) {
        // Thirty-two registers hold the sums of eight rows by three vectors, sixteen those of two by six: four by three
        // would leave room for one state at a time, and compilers want two.
        if S::F32_LANES == 16 || cfg!(target_arch = "aarch64") {
            self.add_rows::<S, W, 8, 3>(simd);
        } else {
            self.add_rows::<S, W, 2, 6>(simd);
        }
    }

    /// The same, `R` rows by `V` vectors at a time.
    #[inline(always)]
    fn add_rows<S: Simd, W: Word, const R: usize, const V: usize>(self, simd: S) {
        self.each(
            S::F32_LANES,
            [R, V],
            #[inline(always)]
            |places, vectors| {
                // SAFETY: `each` gives places with so many rows and vectors.
                unsafe {
                    match vectors {
                        1 => add::<S, W, R, 1>(simd, places),
                        2 => add::<S, W, R, 2>(simd, places),
                        3 if V > 3 => add::<S, W, R, 3>(simd, places),
                        4 if V > 4 => add::<S, W, R, 4>(simd, places),
                        5 if V > 5 => add::<S, W, R, 5>(simd, places),
                        _ => add::<S, W, R, V>(simd, places),
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

/// What a word holds.
trait Word {
    /// How many numbers.
    const NUMBERS: usize;

    /// One of the numbers of each word.
    fn number<S: Simd>(simd: S, words: S::u32s, index: usize) -> S::f32s;
}

/// A number.
struct Single;

impl Word for Single {
    const NUMBERS: usize = 1;

    #[inline(always)]
    fn number<S: Simd>(simd: S, words: S::u32s, _: usize) -> S::f32s {
        simd.transmute_f32s_u32s(words)
    }
}

/// Two bf16, the first in the lower half. A bf16 is the upper half of the f32 that is the same number.
struct Pair;

impl Word for Pair {
    const NUMBERS: usize = 2;

    #[inline(always)]
    fn number<S: Simd>(simd: S, words: S::u32s, index: usize) -> S::f32s {
        simd.transmute_f32s_u32s(match index {
            0 => simd.wrapping_dyn_shl_u32s(words, simd.splat_u32s(16)),
            _ => simd.and_u32s(words, simd.splat_u32s(0xffff_0000)),
        })
    }
}

/// A number of one word of states, in all lanes.
///
/// # Safety
/// There is such a word.
#[inline(always)]
unsafe fn state<S: Simd, W: Word>(simd: S, word: *const f32, index: usize) -> S::f32s {
    // SAFETY: the caller's word; those of pairs are as long as numbers.
    W::number(simd, simd.splat_u32s(unsafe { *word.cast() }), index)
}

/// A number of each word of a vector of weights.
///
/// # Safety
/// There are as many words.
#[inline(always)]
unsafe fn weights<S: Simd, W: Word>(simd: S, words: *const f32, index: usize) -> S::f32s {
    // SAFETY: as above.
    W::number(simd, unsafe { words.cast::<S::u32s>().read_unaligned() }, index)
}

/// Adds one word of `R` rows, `apart`, by `V` vectors of outputs: fused multiplications of the last of its numbers, then
/// of those before, as `VDPBF16PS` orders them. Whichever are fewer, rows or vectors, stay in registers.
///
/// # Safety
/// There are as many rows and vectors.
#[expect(
    clippy::needless_range_loop,
    reason = "sums stay in registers only where all is inlined, which the making of iterators is not in every profile"
)]
#[inline(always)]
unsafe fn add_word<S: Simd, W: Word, const R: usize, const V: usize>(
    simd: S,
    states: *const f32,
    apart: usize,
    panel: *const f32,
    found: &mut [[S::f32s; V]; R],
) {
    let zero = simd.splat_f32s(0.0);
    for index in (0..W::NUMBERS).rev() {
        // SAFETY: the caller's word.
        unsafe {
            if V > R {
                let mut kept = [zero; R];
                for row in 0..R {
                    kept[row] = state::<S, W>(simd, states.add(row * apart), index);
                }
                for vector in 0..V {
                    let weights = weights::<S, W>(simd, panel.add(vector * S::F32_LANES), index);
                    for row in 0..R {
                        found[row][vector] = simd.mul_add_f32s(kept[row], weights, found[row][vector]);
                    }
                }
            } else {
                let mut kept = [zero; V];
                for vector in 0..V {
                    kept[vector] = weights::<S, W>(simd, panel.add(vector * S::F32_LANES), index);
                }
                for row in 0..R {
                    let state = state::<S, W>(simd, states.add(row * apart), index);
                    for vector in 0..V {
                        found[row][vector] = simd.mul_add_f32s(state, kept[vector], found[row][vector]);
                    }
                }
            }
        }
    }
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
unsafe fn add<S: Simd, W: Word, const R: usize, const V: usize>(simd: S, places: Places) {
    let Places { mut states, apart, mut panel, depth, sums, width, first } = places;
    let zero = simd.splat_f32s(0.0);
    let mut found = [[zero; V]; R];
    // SAFETY: the caller's word.
    unsafe {
        for _ in 0..depth / WORDS {
            for word in 0..WORDS {
                add_word::<S, W, R, V>(simd, states.add(word), apart, panel.add(word * PANEL), &mut found);
            }
            (states, panel) = (states.add(WORDS), panel.add(WORDS * PANEL));
        }
        for word in 0..depth % WORDS {
            add_word::<S, W, R, V>(simd, states.add(word), apart, panel.add(word * PANEL), &mut found);
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
    /// As [`super::add_word`].
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
                for vector in 0..V {
                    found[vector] = _mm512_dpbf16_ps(found[vector], state, weights[vector]);
                }
            }
        }
    }
}
