//! Where codebooks of large joints start: at rows that are far apart.

use super::codebook::Codebook;
use super::pass::Passes;
use super::table::stride;
use crate::error::Result;
use crate::frontier::Joint;
use crate::memory::Pages;
use crate::random::SplitMix64;

impl Codebook {
    /// Up to `atoms` atoms by rows that are far from those before, as k-means++ chooses them (Arthur and Vassilvitskii
    /// 2007), with KL(W_x ‖ r) for the squared distance, and as many at a time as there are already.
    ///
    /// # Errors
    /// [`Kind::Cancelled`](crate::error::Kind::Cancelled) once stopped.
    pub fn seeded(passes: &mut Passes, atoms: usize, seed: u64) -> Result<Self> {
        let joint = passes.joint();
        let mut random = SplitMix64::new(seed);
        let mut chosen: Vec<usize> = Vec::new();
        let mut distances = joint.divergences().to_vec();
        loop {
            let wanted = chosen.len().max(1).min(atoms - chosen.len());
            let more = far_rows(joint, &distances, &chosen, wanted, &mut random);
            let none = more.is_empty();
            chosen.extend(more);
            let book = Self::of_rows(joint, &chosen, SEED_SHARE);
            if chosen.len() >= atoms || none {
                return Ok(book);
            }
            let further = passes.distances(&book)?;
            distances
                .iter_mut()
                .zip(further)
                .for_each(|(distance, further)| *distance = distance.min(further));
        }
    }

    /// This codebook and up to `more` atoms by rows that are far from it, with little weight.
    ///
    /// # Errors
    /// As [`seeded`](Self::seeded).
    pub fn with_seeds(&self, passes: &mut Passes, more: usize, seed: u64) -> Result<Self> {
        const WEIGHT: f64 = 0.02;
        let joint = passes.joint();
        let distances = passes.distances(self)?;
        let chosen = far_rows(joint, &distances, &[], more, &mut SplitMix64::new(seed));
        let seeds = Self::of_rows(joint, &chosen, SEED_SHARE);
        let [old, new] = [self.atoms(), seeds.atoms()];
        let mut table = Pages::zeroed(joint.ys() * stride(old + new));
        let rows = self.table.chunks_exact(stride(old)).zip(seeds.table.chunks_exact(stride(new).max(1)));
        for (row, (a, b)) in table.chunks_exact_mut(stride(old + new)).zip(rows) {
            row[..old].copy_from_slice(&a[..old]);
            row[old..old + new].copy_from_slice(&b[..new]);
        }
        let weights = self.log_weights.iter().map(|log| log + (1.0 - WEIGHT).ln());
        let log_weights = weights.chain(seeds.log_weights.iter().map(|log| log + WEIGHT.ln())).collect();
        Ok(Self { log_weights, weights: Vec::new(), table })
    }
}

/// How much of a seed is its row: half, for the iteration to go where it will.
const SEED_SHARE: f64 = 0.5;

/// Rows not among `chosen`, `wanted` at most, drawn without replacement in proportion to p(x) · distance: the smallest
/// of exponential variables with these rates (Efraimidis and Spirakis 2006).
fn far_rows(
    joint: &Joint,
    distances: &[f64],
    chosen: &[usize],
    wanted: usize,
    random: &mut SplitMix64,
) -> Vec<usize> {
    let rates = distances.iter().zip(joint.px()).map(|(distance, mass)| mass * distance);
    let mut keys: Vec<(f64, usize)> = rates
        .enumerate()
        .map(|(x, rate)| (-(1.0 - random.unit()).ln() / rate, x))
        .filter(|(key, x)| key.is_finite() && !chosen.contains(x))
        .collect();
    keys.sort_by(|a, b| a.0.total_cmp(&b.0));
    keys.into_iter().take(wanted).map(|(_, x)| x).collect()
}
