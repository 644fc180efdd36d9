//! The innermost loop of products with weights: a few rows of states by three vectors of outputs, whose sums stay in
//! registers while inputs pass.

use crate::simd::Simd;

/// Outputs side by side in a panel: three vectors of the widest.
pub const PANEL: usize = 48;
/// Vectors of outputs in a tile.
const VECTORS: usize = 3;
/// Rows of states laid out for a tile.
pub const TILE: usize = 8;

/// [`TILE`] rows and a stretch of a panel.
pub struct Tile<'a> {
    /// `[TILE, depth]`
    pub states: &'a [f32],
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

impl Tile<'_> {
    /// Adds the products of states and panel to the sums.
    #[inline(always)]
    pub fn add<S: Simd>(self, simd: S) {
        // Sixteen registers hold the sums of four rows, thirty-two those of eight.
        if S::F32_LANES == 16 || cfg!(target_arch = "aarch64") {
            self.add_rows::<S, 8>(simd);
        } else {
            self.add_rows::<S, 4>(simd);
        }
    }

    /// The same, `R` rows at a time.
    #[inline(always)]
    fn add_rows<S: Simd, const R: usize>(self, simd: S) {
        let Self { states, panel, outputs, sums, width, first } = self;
        let (lanes, depth) = (S::F32_LANES, panel.len() / PANEL);
        assert!(TILE.is_multiple_of(R) && PANEL.is_multiple_of(VECTORS * lanes) && outputs <= PANEL);
        assert!(states.len() >= TILE * depth && sums.len() >= (TILE - 1) * width + PANEL);
        for column in (0..outputs).step_by(VECTORS * lanes) {
            for row in (0..TILE).step_by(R) {
                // SAFETY: rows `row..row + R` of the states, VECTORS · lanes columns from `column` of the panel
                // and the sums of both lie within their slices, as the assertions say.
                unsafe {
                    let states = states.as_ptr().add(row * depth);
                    let panel = (panel.as_ptr().add(column), depth);
                    let sums = sums.as_mut_ptr().add(row * width + column);
                    match (outputs - column).div_ceil(lanes) {
                        1 => add::<S, R, 1>(simd, states, panel, sums, width, first),
                        2 => add::<S, R, 2>(simd, states, panel, sums, width, first),
                        _ => add::<S, R, VECTORS>(simd, states, panel, sums, width, first),
                    }
                }
            }
        }
    }
}

/// `R` rows by `V` vectors of outputs. The sums are indexed by constants only, or they would not stay in
/// registers.
///
/// # Safety
/// `states` is followed by `[R, depth]`, `panel` by `depth` rows of a panel from the first column that matters,
/// `sums` by `R` rows, `width` apart, of `V` vectors that nobody else touches.
#[inline(always)]
unsafe fn add<S: Simd, const R: usize, const V: usize>(
    simd: S,
    mut states: *const f32,
    (mut panel, depth): (*const f32, usize),
    sums: *mut f32,
    width: usize,
    first: bool,
) {
    /// Inputs between two steps of the loop, whose counting takes its share where another thread has the other half
    /// of the core.
    const INPUTS: usize = 4;
    let zero = simd.splat_f32s(0.0);
    let mut found = [[zero; V]; R];
    // SAFETY: the caller's word.
    unsafe {
        for _ in 0..depth / INPUTS {
            for input in 0..INPUTS {
                add_input(simd, states.add(input), depth, panel.add(input * PANEL), &mut found);
            }
            (states, panel) = (states.add(INPUTS), panel.add(INPUTS * PANEL));
        }
        for input in 0..depth % INPUTS {
            add_input(simd, states.add(input), depth, panel.add(input * PANEL), &mut found);
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

/// One input of `R` rows, `depth` apart, by `V` vectors of outputs.
///
/// # Safety
/// There are as many rows and vectors.
#[inline(always)]
unsafe fn add_input<S: Simd, const R: usize, const V: usize>(
    simd: S,
    states: *const f32,
    depth: usize,
    panel: *const f32,
    found: &mut [[S::f32s; V]; R],
) {
    let mut weights = [simd.splat_f32s(0.0); V];
    for (vector, weights) in weights.iter_mut().enumerate() {
        // SAFETY: the caller's word.
        *weights = unsafe { panel.add(vector * S::F32_LANES).cast::<S::f32s>().read_unaligned() };
    }
    for (row, found) in found.iter_mut().enumerate() {
        // SAFETY: the caller's word.
        let state = simd.splat_f32s(unsafe { *states.add(row * depth) });
        for (found, &weights) in found.iter_mut().zip(&weights) {
            *found = simd.mul_add_f32s(state, weights, *found);
        }
    }
}
