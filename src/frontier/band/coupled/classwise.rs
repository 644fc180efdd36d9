//! How the classes of two draws go together given X: nearly as if they were independent of each other without X.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::super::joint::Joint;
use super::classes::Classes;
use crate::error::{Error, Result};

/// Parts of the rows, whose sums are added in their order.
const PARTS: usize = 4;
/// Steps of descent.
const STEPS: usize = 10;
/// Rounds of Sinkhorn's iteration in a step, and after the last.
const ROUNDS: usize = 6;
const LAST_ROUNDS: usize = 30;
/// How much a step holds couplings near independence. Without it affinities go to 0 where rows leave no choice, and
/// Sinkhorn's iteration does not come to an end.
const CALM: f64 = 0.1;

/// For each row a coupling of p(class | x) with itself: weight · weight · affinity + rest · rest.
pub(super) struct Classwise {
    /// g, symmetric, `[classes, classes]`.
    affinity: Vec<f32>,
    count: usize,
    /// Of each slot.
    weight: Vec<f64>,
    rest: Vec<f64>,
}

/// Some rows, with the weights of their slots and the sum of their couplings.
struct Part {
    rows: Range<usize>,
    weight: Vec<f64>,
    /// p(class, class') as far as the rows of this part make it, the lesser class first, `[classes, classes]`.
    pairs: Vec<f64>,
}

impl Classwise {
    /// Looks for couplings whose pairs tell little of each other.
    ///
    /// # Errors
    /// [`Kind::Cancelled`](crate::error::Kind::Cancelled) soon after `stop` is set.
    pub fn new(joint: &Joint, classes: &Classes, stop: &AtomicBool) -> Result<Self> {
        let count = classes.count;
        let mut affinity = vec![1.0_f32; count * count];
        let mut parts = parts(joint, classes);
        let marginal = marginal(joint, classes);
        for step in 0..STEPS {
            let rounds = if step == 0 { 0 } else { ROUNDS };
            sweep(joint, classes, &mut parts, &affinity, rounds, stop)?;
            descend(&parts, &marginal, &mut affinity);
        }
        sweep(joint, classes, &mut parts, &affinity, LAST_ROUNDS, stop)?;
        let weight = parts.into_iter().flat_map(|part| part.weight).collect();
        let mut classwise = Self { affinity, count, weight, rest: Vec::new() };
        classwise.rest = vec![0.0; classwise.weight.len()];
        (0..joint.xs()).for_each(|x| classwise.round(classes, x));
        Ok(classwise)
    }

    /// The mass of a pair of slots of one row.
    pub fn mass(&self, classes: &Classes, one: usize, two: usize) -> f64 {
        let affinity = f64::from(self.affinity[classes.class(one) * self.count + classes.class(two)]);
        self.weight[one] * self.weight[two] * affinity + self.rest[one] * self.rest[two]
    }

    /// The entropy of the pair of classes given x, in nats.
    pub fn entropy(&self, classes: &Classes, x: usize) -> f64 {
        let slots = classes.slots(x);
        let mut entropy = 0.0;
        for one in slots.clone() {
            for two in one..slots.end {
                let mass = self.mass(classes, one, two);
                if mass > 0.0 {
                    entropy -= if one == two { mass * mass.ln() } else { 2.0 * mass * mass.ln() };
                }
            }
        }
        entropy
    }

    /// Makes the marginals of a row exact: none too large, then the rest as a product.
    fn round(&mut self, classes: &Classes, x: usize) {
        let slots = classes.slots(x);
        let (of_class, wanted) = classes.of(slots.clone());
        let mut sums = vec![0.0; slots.len()];
        let weight = &mut self.weight[slots.clone()];
        products(&self.affinity, self.count, of_class, weight, &mut sums);
        for ((weight, sum), wanted) in weight.iter_mut().zip(&sums).zip(wanted) {
            *weight *= (wanted / (*weight * sum)).min(1.0);
        }
        products(&self.affinity, self.count, of_class, weight, &mut sums);
        let rest = &mut self.rest[slots];
        for (((rest, weight), sum), wanted) in rest.iter_mut().zip(&*weight).zip(&sums).zip(wanted) {
            *rest = (wanted - weight * sum).max(0.0);
        }
        let missing: f64 = rest.iter().sum();
        if missing > 0.0 {
            rest.iter_mut().for_each(|rest| *rest /= missing.sqrt());
        }
    }
}

/// Rows in parts of about the same work.
fn parts(joint: &Joint, classes: &Classes) -> Vec<Part> {
    let work = |x: usize| (classes.slots(x).len() as u64).pow(2);
    let share = (0..joint.xs()).map(work).sum::<u64>() / PARTS as u64 + 1;
    let mut parts = Vec::new();
    let (mut start, mut done) = (0, 0);
    for x in 0..joint.xs() {
        done += work(x);
        if done >= share || x + 1 == joint.xs() {
            let slots = classes.slots(start).start..classes.slots(x).end;
            parts.push(Part {
                rows: start..x + 1,
                weight: classes.of(slots).1.to_vec(),
                pairs: vec![0.0; classes.count * classes.count],
            });
            (start, done) = (x + 1, 0);
        }
    }
    parts
}

/// p(class).
fn marginal(joint: &Joint, classes: &Classes) -> Vec<f64> {
    let mut marginal = vec![0.0; classes.count];
    for (x, p) in joint.px().iter().enumerate() {
        let (of_class, weights) = classes.of(classes.slots(x));
        of_class.iter().zip(weights).for_each(|(&class, weight)| marginal[class as usize] += p * weight);
    }
    marginal
}

/// Brings the weights of all rows nearer to their marginals, and adds up the couplings.
fn sweep(
    joint: &Joint,
    classes: &Classes,
    parts: &mut [Part],
    affinity: &[f32],
    rounds: usize,
    stop: &AtomicBool,
) -> Result<()> {
    parts.par_iter_mut().try_for_each(|part| {
        part.pairs.fill(0.0);
        let first = classes.slots(part.rows.start).start;
        let mut sums = Vec::new();
        for x in part.rows.clone() {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::cancelled());
            }
            let slots = classes.slots(x);
            let (of_class, wanted) = classes.of(slots.clone());
            let weight = &mut part.weight[slots.start - first..slots.end - first];
            sums.resize(slots.len(), 0.0);
            for _ in 0..rounds {
                products(affinity, classes.count, of_class, weight, &mut sums);
                for ((weight, sum), wanted) in weight.iter_mut().zip(&sums).zip(wanted) {
                    *weight = (*weight * wanted / sum).sqrt();
                }
            }
            let p = joint.px()[x];
            for (i, &one) in of_class.iter().enumerate() {
                let row = &affinity[one as usize * classes.count..][..classes.count];
                let scale = p * weight[i];
                for (&two, weight) in of_class[i..].iter().zip(&weight[i..]) {
                    let mass = scale * weight * f64::from(row[two as usize]);
                    let (lesser, greater) = (one.min(two) as usize, one.max(two) as usize);
                    part.pairs[lesser * classes.count + greater] += mass;
                }
            }
        }
        Ok(())
    })
}

/// For each slot the sum over all slots of affinity times weight.
fn products(affinity: &[f32], count: usize, of_class: &[u32], weight: &[f64], sums: &mut [f64]) {
    for (&class, sum) in of_class.iter().zip(sums) {
        let row = &affinity[class as usize * count..][..count];
        *sum =
            of_class.iter().zip(weight).map(|(&other, weight)| weight * f64::from(row[other as usize])).sum();
    }
}

/// One step down: affinities over how much more often classes come together than by chance.
fn descend(parts: &[Part], marginal: &[f64], affinity: &mut [f32]) {
    let count = marginal.len();
    affinity.par_chunks_mut(count).enumerate().for_each(|(one, affinity)| {
        for (two, affinity) in affinity.iter_mut().enumerate().skip(one) {
            let pair: f64 = parts.iter().map(|part| part.pairs[one * count + two]).sum();
            if pair > 0.0 {
                let ratio = pair / (marginal[one] * marginal[two]);
                let next = (f64::from(*affinity) / ratio).powf(1.0 / (1.0 + CALM));
                *affinity = next.clamp(1e-20, 1e20) as f32;
            }
        }
    });
    for one in 0..count {
        for two in 0..one {
            affinity[one * count + two] = affinity[two * count + one];
        }
    }
}
