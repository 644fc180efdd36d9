//! Codebooks of large joints, and how they grow smaller.

use super::table::{Log, stride};
use crate::frontier::Joint;
use crate::memory::Pages;

/// Atoms r_z with weights p(z).
#[derive(Clone, Debug)]
pub struct Codebook {
    /// ln p(z), −∞ of an atom that died, `[atoms]`.
    pub log_weights: Vec<f64>,
    /// Σ_x p(x) p(z|x) of the encoder that was found last, `[atoms]`.
    pub weights: Vec<f64>,
    /// ln r_z(y) / p(y), `[ys, stride]`. Relative to p(y) they are small, and the same of what p(z|x) depends on.
    pub table: Pages<Log>,
}

impl Codebook {
    /// Atoms with equal weight, each with `share` of the row of one of `xs` and the rest of p(y). Some of p(y) has to be in
    /// it, because an atom that excludes a y is infinitely far from all rows that have it, and stays so.
    pub fn of_rows(joint: &Joint, xs: &[usize], share: f64) -> Self {
        let stride = stride(xs.len());
        let mut table = Pages::zeroed(joint.ys() * stride);
        table.fill(Log::nearest((1.0 - share).ln() as f32));
        for (z, &x) in xs.iter().enumerate() {
            let (ys, weights) = joint.row(x);
            for (&y, weight) in ys.iter().zip(weights) {
                let ratio = 1.0 - share + share * weight / joint.py()[y as usize];
                table[y as usize * stride + z] = Log::nearest(ratio.ln() as f32);
            }
        }
        Self { log_weights: vec![-(xs.len() as f64).ln(); xs.len()], weights: Vec::new(), table }
    }

    /// Gives each atom the weight that the encoder found last does, none where that is next to none.
    pub fn weigh(&mut self) {
        /// Atoms of less weight are dead: their shares are below what is stored.
        const LEAST: f64 = 1e-12;
        let heaviest = self.weights.iter().copied().fold(0.0, f64::max);
        for (log_weight, &weight) in self.log_weights.iter_mut().zip(&self.weights) {
            // One has to stay, even where each x has an atom of its own.
            let stays = weight > LEAST || weight == heaviest;
            *log_weight = if stays { weight.max(1e-290).ln() } else { f64::NEG_INFINITY };
        }
    }

    /// The number of atoms, dead ones among them.
    pub fn atoms(&self) -> usize {
        self.log_weights.len()
    }

    /// Leaves out atoms of less weight than is worth a column, and puts those into one that agree.
    pub fn tidy(&mut self, joint: &Joint) {
        /// ln of the weight.
        const LEAST: f64 = -16.0;
        /// Squared Hellinger distance of atoms that agree.
        const SAME: f32 = 1e-5;
        let heaviest = self.log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut order: Vec<usize> =
            (0..self.atoms()).filter(|&z| self.log_weights[z] > LEAST.min(heaviest - 1.0)).collect();
        order.sort_by(|&a, &b| self.log_weights[b].total_cmp(&self.log_weights[a]));
        let sketches = self.sketches(joint, &order);
        let mut leaders: Vec<usize> = Vec::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (place, &z) in order.iter().enumerate() {
            let same =
                leaders.iter().position(|&leader| distance(&sketches[leader], &sketches[place]) < SAME);
            match same {
                Some(group) => groups[group].push(z),
                None => {
                    leaders.push(place);
                    groups.push(vec![z]);
                }
            }
        }
        if groups.len() == self.atoms() {
            return;
        }
        // In their old order, so that a codebook that loses nothing stays as it is.
        groups.sort_by_key(|group| group[0]);
        let (old, new) = (stride(self.atoms()), stride(groups.len()));
        let log_weights: Vec<f64> = groups
            .iter()
            .map(|group| group.iter().map(|&z| self.log_weights[z].exp()).sum::<f64>().ln())
            .collect();
        let mut table = Pages::zeroed(joint.ys() * new);
        for (row, before) in table.chunks_exact_mut(new).zip(self.table.chunks_exact(old)) {
            for ((cell, group), total) in row.iter_mut().zip(&groups).zip(&log_weights) {
                *cell = match group[..] {
                    [z] => before[z],
                    _ => {
                        let part =
                            |&z: &usize| (self.log_weights[z] - total + f64::from(before[z].value())).exp();
                        Log::nearest(group.iter().map(part).sum::<f64>().ln() as f32)
                    }
                };
            }
        }
        *self = Self { log_weights, weights: Vec::new(), table };
    }

    /// √r_z of the heaviest y, and of all others together.
    fn sketches(&self, joint: &Joint, atoms: &[usize]) -> Vec<Vec<f32>> {
        const HEAVIEST: usize = 512;
        let stride = stride(self.atoms());
        let ys = joint.ys().min(HEAVIEST);
        let sketch = |&z: &usize| {
            let mass = |y: usize| joint.py()[y] * f64::from(self.table[y * stride + z].value()).exp();
            let masses: Vec<f64> = (0..ys).map(mass).collect();
            let rest = (1.0 - masses.iter().sum::<f64>()).max(0.0);
            masses.into_iter().chain([rest]).map(|mass| mass.sqrt() as f32).collect()
        };
        atoms.iter().map(sketch).collect()
    }
}

/// Half the squared distance of two sketches.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    0.5 * a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>()
}
