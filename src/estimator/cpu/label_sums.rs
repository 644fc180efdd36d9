//! Twin of `shaders/label_sums.wgsl`: sums of soft bins over pieces of a label's positions.

use crate::estimator::segments::Chunk;
use crate::simd::vectorised;

/// Writes `sums[c] = Σ bins[positions[i]]` for i in chunk c.
///
/// * `bins`: `[positions, points]`
/// * `positions`: row indices into `bins`
/// * `sums`: `[chunks, points]`
pub fn label_sums(bins: &[f32], points: usize, positions: &[u32], chunks: &[Chunk], sums: &mut [f32]) {
    for (chunk, sums) in chunks.iter().zip(sums.chunks_exact_mut(points)) {
        vectorised(
            #[inline(always)]
            || {
                sums.fill(0.0);
                for &position in &positions[chunk.start as usize..chunk.end as usize] {
                    let row = &bins[position as usize * points..][..points];
                    sums.iter_mut().zip(row).for_each(|(sum, bin)| *sum += bin);
                }
            },
        );
    }
}
