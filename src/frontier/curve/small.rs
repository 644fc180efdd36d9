//! The frontier of a small joint: in double precision, to convergence, with a search for what is missing.
//!
//! At a fixed β the Lagrangian is convex in the measure that a codebook puts on the distributions r over y, and what
//! a new atom at r would gain first is told by c(r) = Σ_x p(x) / Z_x · exp(−β KL(W_x ‖ r)): the measure is the best of
//! all if and only if c ≤ 1 everywhere, and its Lagrangian is at most ln sup c above the best. So a codebook that
//! stands still is searched for an r with c(r) > 1, by climbing c from many places; what is found is added, until
//! there is nothing. That the search finds all hills of c is not proved.

use rayon::prelude::*;

use super::run::Run;
use crate::error::Result;
use crate::frontier::encoder::Encoder;
use crate::frontier::{Joint, Point};

/// Whether a joint is small enough for all of this: a pass takes entries · atoms, and atoms are up to as many as rows.
pub fn is_small(joint: &Joint) -> bool {
    const ROWS: usize = 128;
    const PRODUCTS: usize = 1_000_000;
    joint.xs() <= ROWS && joint.entries() * joint.xs() <= PRODUCTS
}

/// Atoms r_z with weights p(z), in double precision.
#[derive(Clone, Debug)]
pub struct Codebook {
    /// ln p(z), `[atoms]`.
    log_weights: Vec<f64>,
    /// ln r_z(y), −∞ where an atom excludes y: `[ys, atoms]`.
    log_atoms: Vec<f64>,
}

/// What the E-step tells of a codebook.
pub struct Posterior {
    /// p(z|x), `[xs, atoms]`.
    pub shares: Vec<f64>,
    /// ln Z_x, `[xs]`.
    log_z: Vec<f64>,
    /// −Σ p(x) ln Z_x − β I(X;Y): the Lagrangian of the best encoder with these atoms and weights is at most this, and
    /// it never rises from pass to pass.
    pub free_energy: f64,
}

impl Codebook {
    /// Atoms that are mixtures of rows, each with the weights of its row in `mixtures`, weighted alike.
    fn of_mixtures(joint: &Joint, mixtures: &[Vec<f64>]) -> Self {
        let atoms = mixtures.len();
        let mut book =
            Self { log_weights: vec![-(atoms as f64).ln(); atoms], log_atoms: vec![0.0; joint.ys() * atoms] };
        for x in 0..joint.xs() {
            let (ys, weights) = joint.row(x);
            for (&y, weight) in ys.iter().zip(weights) {
                for (z, mixture) in mixtures.iter().enumerate() {
                    book.log_atoms[y as usize * atoms + z] += mixture[x] * weight;
                }
            }
        }
        book.log_atoms.iter_mut().for_each(|value| *value = value.ln());
        book
    }

    fn atoms(&self) -> usize {
        self.log_weights.len()
    }

    /// p(z|x) of the best encoder with these atoms and weights.
    pub fn posterior(&self, joint: &Joint, beta: f64) -> Posterior {
        let atoms = self.atoms();
        let mut shares = vec![0.0; joint.xs() * atoms];
        let (mut log_z, mut free_energy) = (Vec::with_capacity(joint.xs()), -beta * joint.information());
        for (x, shares) in shares.chunks_exact_mut(atoms).enumerate() {
            let (ys, weights) = joint.row(x);
            for (&y, weight) in ys.iter().zip(weights) {
                let logs = &self.log_atoms[y as usize * atoms..][..atoms];
                shares.iter_mut().zip(logs).for_each(|(share, log)| *share += weight * log);
            }
            let hx = joint.hx()[x];
            let mut most = f64::NEG_INFINITY;
            for (share, log_weight) in shares.iter_mut().zip(&self.log_weights) {
                *share = log_weight + beta * (hx + *share);
                most = most.max(*share);
            }
            let mut total = 0.0;
            for share in &mut *shares {
                *share = (*share - most).exp();
                total += *share;
            }
            shares.iter_mut().for_each(|share| *share /= total);
            log_z.push(most + total.ln());
            free_energy -= joint.px()[x] * log_z[x];
        }
        Posterior { shares, log_z, free_energy }
    }

    /// The best codebook for an encoder: p(z) and r_z(y) = p(y|z). Atoms without weight are left out.
    pub fn of_encoder(joint: &Joint, shares: &[f64]) -> Self {
        let places = shares.len() / joint.xs();
        let mut weights = vec![0.0; places];
        for (shares, mass) in shares.chunks_exact(places).zip(joint.px()) {
            weights.iter_mut().zip(shares).for_each(|(weight, share)| *weight += mass * share);
        }
        // An atom that a label with little mass lives on has to stay.
        let least = 1e-12 * joint.px()[joint.xs() - 1];
        let kept: Vec<usize> = (0..places).filter(|&z| weights[z] > least).collect();
        let atoms = kept.len();
        let mut log_atoms = vec![0.0; joint.ys() * atoms];
        for (y, row) in log_atoms.chunks_exact_mut(atoms).enumerate() {
            let (xs, masses) = joint.column(y);
            for (&x, mass) in xs.iter().zip(masses) {
                let shares = &shares[x as usize * places..][..places];
                row.iter_mut().zip(&kept).for_each(|(sum, &z)| *sum += mass * shares[z]);
            }
            row.iter_mut().zip(&kept).for_each(|(sum, &z)| *sum = (*sum / weights[z]).ln());
        }
        Self { log_weights: kept.iter().map(|&z| weights[z].ln()).collect(), log_atoms }
    }

    /// One step of expectation maximisation; the free energy is that of `self`.
    pub fn step(&self, joint: &Joint, beta: f64) -> (Self, f64) {
        let posterior = self.posterior(joint, beta);
        (Self::of_encoder(joint, &posterior.shares), posterior.free_energy)
    }

    /// The codebook ahead of three that follow each other by steps, on the line that they seem to take to where they
    /// come to rest (SQUAREM, Varadhan and Roland 2008). `None` if an atom was lost between them.
    fn ahead(steps: [&Self; 3]) -> Option<Self> {
        let [a, b, c] = steps;
        let atoms = a.atoms();
        if b.atoms() != atoms || c.atoms() != atoms {
            return None;
        }
        // Lengths in the metric of Fisher, so that what has no mass does not count.
        let (mut first, mut second) = (0.0, 0.0);
        let mut add = |mass: f64, a: f64, b: f64, c: f64| {
            if a > f64::MIN && b > f64::MIN && c > f64::MIN {
                first += mass * (b - a).powi(2);
                second += mass * (c - 2.0 * b + a).powi(2);
            }
        };
        for z in 0..atoms {
            let weight = c.log_weights[z].exp();
            add(weight, a.log_weights[z], b.log_weights[z], c.log_weights[z]);
            for at in (z..a.log_atoms.len()).step_by(atoms) {
                add(weight * c.log_atoms[at].exp(), a.log_atoms[at], b.log_atoms[at], c.log_atoms[at]);
            }
        }
        if !(first > 0.0 && second > 0.0) {
            return None;
        }
        let length = (first / second).sqrt().max(1.0);
        let along = |a: &[f64], b: &[f64], c: &[f64]| -> Vec<f64> {
            let line = a.iter().zip(b).zip(c);
            line.map(|((&a, &b), &c)| {
                let ahead = a + 2.0 * length * (b - a) + length * length * (c - 2.0 * b + a);
                if ahead.is_finite() { ahead } else { c }
            })
            .collect()
        };
        let mut ahead = Self {
            log_weights: along(&a.log_weights, &b.log_weights, &c.log_weights),
            log_atoms: along(&a.log_atoms, &b.log_atoms, &c.log_atoms),
        };
        let total = log_sum(ahead.log_weights.iter().copied());
        ahead.log_weights.iter_mut().for_each(|log| *log -= total);
        for z in 0..atoms {
            let total = log_sum(ahead.log_atoms.iter().skip(z).step_by(atoms).copied());
            ahead.log_atoms.iter_mut().skip(z).step_by(atoms).for_each(|log| *log -= total);
        }
        Some(ahead)
    }

    /// Steps until the weights stand still to `rest` in nats of the Lagrangian, or nothing is gained any more.
    fn settled(mut self, joint: &Joint, beta: f64, rest: f64, passes: &mut usize) -> Self {
        const STEPS: usize = 6000;
        const WITHOUT_GAIN: usize = 24;
        let (mut best, mut stalled) = (f64::INFINITY, 0);
        for _ in 0..STEPS / 3 {
            let (one, energy) = self.step(joint, beta);
            let (two, energy_one) = one.step(joint, beta);
            *passes += 2;
            if two.growth(&one) < rest {
                return two;
            }
            // Energies of double precision tell gains down to their last bits only.
            stalled = if energy < best - 1e-15 * (1.0 + beta) { 0 } else { stalled + 1 };
            best = best.min(energy);
            if stalled >= WITHOUT_GAIN {
                return two;
            }
            self = match Self::ahead([&self, &one, &two]) {
                Some(ahead) => {
                    let (next, energy_ahead) = ahead.step(joint, beta);
                    *passes += 1;
                    if energy_ahead <= energy_one { next } else { two }
                }
                None => two,
            };
        }
        self
    }

    /// ln of the largest factor by which a weight grew since `before`; infinite if atoms were lost.
    fn growth(&self, before: &Self) -> f64 {
        if self.atoms() != before.atoms() {
            return f64::INFINITY;
        }
        let logs = self.log_weights.iter().zip(&before.log_weights);
        logs.map(|(now, before)| now - before).fold(0.0, f64::max)
    }

    /// This codebook with more atoms that are mixtures of rows, all of them with `share` of the weight.
    fn with(&self, joint: &Joint, mixtures: &[Vec<f64>], share: f64) -> Self {
        let more = Self::of_mixtures(joint, mixtures);
        let rows = self.log_atoms.chunks_exact(self.atoms()).zip(more.log_atoms.chunks_exact(more.atoms()));
        let old = self.log_weights.iter().map(|log| log + (1.0 - share).ln());
        Self {
            log_atoms: rows.flat_map(|(old, new)| old.iter().chain(new)).copied().collect(),
            log_weights: old.chain(more.log_weights.iter().map(|log| log + share.ln())).collect(),
        }
    }

    /// This codebook with more atoms, of as much weight as lowers the free energy: from there no step leads back.
    /// `None` if no weight does.
    fn bettered(&self, joint: &Joint, beta: f64, mixtures: &[Vec<f64>]) -> Option<Self> {
        const SHARES: [f64; 6] = [2e-2, 2e-3, 2e-4, 2e-5, 2e-6, 2e-7];
        let energy = self.posterior(joint, beta).free_energy;
        SHARES
            .into_iter()
            .map(|share| self.with(joint, mixtures, share))
            .find(|with| with.posterior(joint, beta).free_energy < energy - 1e-15 * (1.0 + beta))
    }

    /// One atom for those that agree: their Lagrangian is no higher together.
    fn merged(&self, joint: &Joint, shares: &[f64]) -> Self {
        /// Squared Hellinger distance of atoms that are taken for one.
        const SAME: f64 = 1e-9;
        let atoms = self.atoms();
        let roots: Vec<f64> = self.log_atoms.iter().map(|log| (0.5 * log).exp()).collect();
        let overlap = |a: usize, b: usize| roots.chunks_exact(atoms).map(|row| row[a] * row[b]).sum::<f64>();
        let leaders: Vec<usize> =
            (0..atoms).map(|z| (0..z).find(|&a| 1.0 - overlap(a, z) < SAME).unwrap_or(z)).collect();
        if leaders.iter().enumerate().all(|(z, &leader)| z == leader) {
            return self.clone();
        }
        let mut shares = shares.to_vec();
        for row in shares.chunks_exact_mut(atoms) {
            for z in (0..atoms).rev() {
                if leaders[z] != z {
                    row[leaders[z]] += std::mem::take(&mut row[z]);
                }
            }
        }
        Self::of_encoder(joint, &shares)
    }
}

fn log_sum(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    most + logs.map(|log| (log - most).exp()).sum::<f64>().ln()
}

/// How a search for the best codebook at one β ended.
#[derive(Clone, Debug)]
pub struct Best {
    /// The codebook.
    pub book: Codebook,
    /// Where its encoder lies.
    pub point: Point,
}

/// The best codebook at β that `start` leads to: settled, searched for hills of c, those added, and so on.
pub fn best(joint: &Joint, beta: f64, start: Codebook, effort: Effort, passes: &mut usize) -> Best {
    /// What weights may still grow by, and hills stand above 1, in nats of the Lagrangian.
    const REST: f64 = 1e-12;
    const ROUNDS: usize = 30;
    let mut book = start;
    let mut highest = f64::INFINITY;
    for round in 0..ROUNDS {
        book = book.settled(joint, beta, REST, passes);
        let posterior = book.posterior(joint, beta);
        book = book.merged(joint, &posterior.shares);
        let mut hills = hills(joint, beta, &book, effort);
        hills.sort_by(|a, b| b.height.total_cmp(&a.height));
        highest = hills.first().map_or(0.0, |hill| hill.height.max(0.0));
        let higher: Vec<Vec<f64>> =
            hills.into_iter().filter(|hill| hill.height > 10.0 * REST).map(|hill| hill.mixture).collect();
        if higher.is_empty() || round + 1 == ROUNDS {
            break;
        }
        // All of them at once may be too much where they are near each other.
        let bettered = book.bettered(joint, beta, &higher);
        let Some(bettered) = bettered.or_else(|| book.bettered(joint, beta, &higher[..1])) else { break };
        book = bettered;
    }
    let posterior = book.posterior(joint, beta);
    let (next, _) = book.step(joint, beta);
    let private = vec![0.0; joint.xs()];
    let kept = Encoder { atoms: book.atoms(), shares: &posterior.shares, private: &private }.kept(joint);
    let point = Point {
        beta,
        complexity: kept.complexity,
        expressivity: kept.expressivity,
        residual: posterior.free_energy - (kept.complexity - beta * kept.expressivity),
        // An atom that is lost in the last step had no weight to speak of.
        ratio: Some(next.growth(&book)).filter(|growth| growth.is_finite()).unwrap_or(0.0).max(highest),
        atoms: kept.atoms,
        private: 0.0,
        on_curve: false,
    };
    Best { book, point }
}

/// How many places hills are climbed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Each row.
    Rows,
    /// Rows, and pairs of rows, the heaviest first.
    Pairs,
}

struct Hill {
    /// ln c at the top.
    height: f64,
    /// The mixture of rows that the top is.
    mixture: Vec<f64>,
}

/// The tops of the hills of c, different ones, that are reached from mixtures of rows. The climb is expectation
/// maximisation again: r becomes the mean of the rows, weighted by their terms of c.
fn hills(joint: &Joint, beta: f64, book: &Codebook, effort: Effort) -> Vec<Hill> {
    const PAIRS: usize = 512;
    let posterior = book.posterior(joint, beta);
    let xs = joint.xs();
    let logs: Vec<f64> =
        posterior.log_z.iter().zip(joint.px()).map(|(log_z, mass)| mass.ln() - log_z).collect();
    let mut starts: Vec<Vec<f64>> = Vec::new();
    let smoothed = |parts: &[usize]| {
        let mut mixture: Vec<f64> = joint.px().iter().map(|mass| 0.1 * mass).collect();
        parts.iter().for_each(|&x| mixture[x] += 0.9 / parts.len() as f64);
        mixture
    };
    starts.push(joint.px().to_vec());
    starts.extend((0..xs).map(|x| smoothed(&[x])));
    if effort == Effort::Pairs {
        let pairs = (0..xs).flat_map(|a| (0..a).map(move |b| smoothed(&[a, b])));
        starts.extend(pairs.take(PAIRS));
    }
    let mut tops: Vec<Hill> = Vec::new();
    let climbed: Vec<Hill> = starts.into_par_iter().map(|start| climb(joint, beta, &logs, start)).collect();
    for hill in climbed {
        let near = |other: &Hill| {
            let distance = other.mixture.iter().zip(&hill.mixture).map(|(a, b)| (a - b).abs());
            distance.sum::<f64>() < 1e-3
        };
        match tops.iter_mut().find(|other| near(other)) {
            Some(same) if same.height < hill.height => *same = hill,
            Some(_) => {}
            None => tops.push(hill),
        }
    }
    tops
}

/// Climbs ln Σ_x exp(logs_x − β KL(W_x ‖ r)) from a mixture of rows.
fn climb(joint: &Joint, beta: f64, logs: &[f64], mut mixture: Vec<f64>) -> Hill {
    const STEPS: usize = 200;
    let mut height = f64::NEG_INFINITY;
    let mut atom = vec![0.0; joint.ys()];
    let mut terms = vec![0.0; joint.xs()];
    for _ in 0..STEPS {
        atom.fill(0.0);
        for (x, &share) in mixture.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let (ys, weights) = joint.row(x);
            ys.iter().zip(weights).for_each(|(&y, weight)| atom[y as usize] += share * weight);
        }
        atom.iter_mut().for_each(|value| *value = value.ln());
        for (x, term) in terms.iter_mut().enumerate() {
            let (ys, weights) = joint.row(x);
            let cross: f64 = ys.iter().zip(weights).map(|(&y, weight)| weight * atom[y as usize]).sum();
            *term = logs[x] + beta * (joint.hx()[x] + cross);
        }
        let before = height;
        height = log_sum(terms.iter().copied());
        if height - before < 1e-13 {
            break;
        }
        mixture.iter_mut().zip(&terms).for_each(|(share, term)| *share = (term - height).exp());
    }
    Hill { height, mixture }
}

/// A codebook with an atom at each row, smoothed so that none excludes a y that another allows.
pub fn rows(joint: &Joint, smoothing: f64) -> Codebook {
    let xs = joint.xs();
    let mixture = |x: usize| -> Vec<f64> {
        let mut mixture: Vec<f64> = joint.px().iter().map(|mass| smoothing * mass).collect();
        mixture[x] += 1.0 - smoothing;
        mixture
    };
    Codebook::of_mixtures(joint, &(0..xs).map(mixture).collect::<Vec<_>>())
}

/// The codebook with the one atom p(y).
pub fn trivial(joint: &Joint) -> Codebook {
    Codebook::of_mixtures(joint, &[joint.px().to_vec()])
}

impl Best {
    /// The codebook of this encoder with each share a little nearer to the mean, so that no atom excludes a y.
    fn loosened(&self, joint: &Joint) -> Codebook {
        const NEARER: f64 = 0.02;
        let mut shares = self.book.posterior(joint, self.point.beta).shares;
        let weights: Vec<f64> = self.book.log_weights.iter().map(|log| log.exp()).collect();
        for row in shares.chunks_exact_mut(weights.len()) {
            row.iter_mut().zip(&weights).for_each(|(share, weight)| *share += NEARER * (weight - *share));
        }
        Codebook::of_encoder(joint, &shares)
    }

    /// The one with the lower Lagrangian.
    fn or(self, other: Self) -> Self {
        if other.point.lagrangian() < self.point.lagrangian() { other } else { self }
    }
}

/// Trade-offs that show a small joint's curve: β − 1 in equal steps of its logarithm.
fn grid() -> impl Iterator<Item = f64> {
    const STEPS: i32 = 36;
    (0..STEPS).map(|step| 1.0 + 0.02 * 1.35_f64.powi(step))
}

/// The best points of a small joint at a grid of trade-offs and at each of `asked`, which are above 1: from the rows
/// downwards in β, from the trivial codebook upwards, and afresh where it was asked.
///
/// # Errors
/// [`Kind::Cancelled`](crate::error::Kind::Cancelled) once stopped.
pub fn points(joint: &Joint, asked: &[f64], run: &mut Run) -> Result<()> {
    let mut betas: Vec<f64> = grid().chain(asked.iter().copied()).collect();
    betas.sort_by(f64::total_cmp);
    betas.dedup();
    run.expect(2 * betas.len());
    let mut downwards = Vec::with_capacity(betas.len());
    let mut start = rows(joint, 0.05);
    for &beta in betas.iter().rev() {
        let best = best(joint, beta, start, Effort::Rows, &mut run.passes);
        start = best.loosened(joint);
        downwards.push(best);
        run.done(1)?;
    }
    let mut start = trivial(joint);
    for (&beta, downwards) in betas.iter().zip(downwards.into_iter().rev()) {
        let upwards = best(joint, beta, start, Effort::Rows, &mut run.passes);
        start = upwards.loosened(joint);
        let mut chosen = downwards.or(upwards);
        let mut effort = Effort::Rows;
        if asked.contains(&beta) {
            effort = Effort::Pairs;
            for smoothing in [0.02, 0.5] {
                let afresh = best(joint, beta, rows(joint, smoothing), Effort::Rows, &mut run.passes);
                chosen = chosen.or(afresh);
            }
        }
        let again = best(joint, beta, chosen.book.clone(), effort, &mut run.passes);
        run.found(chosen.or(again).point)?;
        run.done(1)?;
    }
    Ok(())
}
