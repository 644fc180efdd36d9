//! The curve of a joint: what is asked, what is told while it grows, and which way it is found.

mod accelerator;
mod codebook;
mod large;
mod pass;
mod run;
mod seeds;
mod small;
mod table;

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

pub use self::accelerator::{Accelerator, Settle};
pub use self::codebook::Codebook;
use self::large::Start;
pub use self::pass::{LEAST_SHARE, Passes};
use self::run::Run;
pub use self::table::{Log, stride};
use super::{Frontier, Joint, Point, hull};
use crate::error::{Error, Kind, Result};

/// Atoms of a codebook where nothing else is asked.
const CLUSTERS: usize = 128;
/// Rows up to which an atom for each is thought of.
const ROWS: usize = 4096;

/// What is asked of a [`curve`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The atoms of the codebook, 1 or more; `None` for what suits the joint.
    pub clusters: Option<usize>,
    /// Trade-offs β, above 0 and finite, at which a point is wanted whatever the curve looks like.
    pub betas: Vec<f64>,
    /// The start of all random choices. The same joint, options and seed give the same bits on any number of threads, and on
    /// one GPU the same every time.
    pub seed: u64,
    /// Whether to spend several times the work on a larger joint: other seeds with twice the atoms, whose curve tells how much
    /// chance there is in this one, and, up to 4,096 labels x, a codebook with an atom for each.
    pub thorough: bool,
}

impl Options {
    /// The bytes in main memory that a [`curve`] takes at most beside its joint.
    pub fn bytes_needed(&self, joint: &Joint) -> u64 {
        let atoms = match self.thorough {
            _ if small::is_small(joint) => joint.xs(),
            true if joint.xs() <= ROWS => joint.xs(),
            thorough => self.atoms(joint) * if thorough { 4 } else { 2 },
        };
        large::bytes_needed(joint, atoms)
    }

    /// The atoms of a large joint's first codebook.
    fn atoms(&self, joint: &Joint) -> usize {
        self.clusters.unwrap_or(CLUSTERS).min(joint.xs())
    }
}

/// What is told while a curve is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A point that was found. Whether it is on the curve only the end tells.
    Point(Point),
    /// How much of the work is done, 0 to 1 and never falling, and the seconds that the rest should take; `None` while
    /// there is nothing to tell it by.
    Progress {
        /// The share of the work that is done.
        fraction: f64,
        /// Seconds left, as a guess.
        seconds_left: Option<f64>,
    },
}

/// Finds the frontier of a joint. `watch` is told of every point and of progress, on this thread; once it breaks, or
/// once `stop` is set by anyone, the work ends within a fraction of a pass.
///
/// Passes over a large joint are made by the accelerator where there is one; if it fails, without. Points are computed in main
/// memory either way, from whatever codebook was found.
///
/// # Errors
/// [`Kind::Usage`] for a β that is no number above 0 and for 0 clusters;
/// [`Kind::Cancelled`] once stopped.
pub fn curve(
    joint: &Joint,
    options: &Options,
    accelerator: Option<&dyn Accelerator>,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<Frontier> {
    if let Some(beta) = options.betas.iter().find(|beta| !(**beta > 0.0 && beta.is_finite())) {
        return Err(Error::new(Kind::Usage, format!("β = {beta} is no trade-off"))
            .help("β is the inverse of the frontier's slope: a number above 0, of interest above 1"));
    }
    if options.clusters == Some(0) {
        return Err(Error::new(Kind::Usage, "a codebook of 0 clusters holds nothing").help("give 1 or more"));
    }
    let mut asked = options.betas.clone();
    asked.sort_by(f64::total_cmp);
    asked.dedup();
    let mut run = Run::new(stop, watch);
    run.unless_stopped()?;
    let (trivial, above): (Vec<f64>, Vec<f64>) = asked.iter().partition(|&&beta| beta <= 1.0);
    // I(Y;Z) ≤ I(X;Z), so the Lagrangian is not below 0, which the origin has.
    for beta in trivial {
        run.found(Point::origin(beta))?;
    }
    let mut frontier = Frontier { clusters: joint.xs(), converged: true, ..Frontier::begun(joint) };
    let end = frontier.end();
    if joint.xs() == 1 || joint.ys() == 1 {
        for beta in above {
            run.found(Point::origin(beta))?;
        }
    } else if small::is_small(joint) {
        small::points(joint, &above, &mut run)?;
    } else {
        frontier.converged = false;
        frontier.clusters = options.atoms(joint);
        let starts = starts(joint, frontier.clusters, options);
        run.expect(starts.iter().map(|&start| large::work(joint, start, &above)).sum());
        let mut hulls = Vec::new();
        for start in starts {
            let before = run.points.len();
            let gain = large::points(joint, start, &above, accelerator, &mut run)?;
            frontier.gain = frontier.gain.or(gain);
            let places = run.points[before..].iter().map(|point| (point.complexity, point.expressivity));
            let places: Vec<_> = [(0.0, 0.0), end].into_iter().chain(places).collect();
            hulls.push(hull::corners(&places).into_iter().map(|corner| places[corner]).collect::<Vec<_>>());
        }
        frontier.spread = spread(&hulls);
    }
    frontier.passes = run.passes;
    frontier.gpu_passes = run.accelerated;
    frontier.found = run.points.len();
    frontier.points = shown(&run.points, &asked, end);
    Ok(frontier)
}

/// How far the second highest of several curves is below the highest, where it is most; `None` of one curve.
fn spread(hulls: &[Vec<(f64, f64)>]) -> Option<f64> {
    let apart = |x: f64| {
        let mut heights: Vec<f64> = hulls.iter().map(|line| hull::at(line, x)).collect();
        heights.sort_by(|a, b| b.total_cmp(a));
        heights[0] - heights[1]
    };
    let corners = hulls.iter().flatten().map(|corner| corner.0);
    (hulls.len() > 1).then(|| corners.map(apart).fold(0.0, f64::max))
}

/// Where the codebooks of a large joint start.
fn starts(joint: &Joint, atoms: usize, options: &Options) -> Vec<Start> {
    /// Products of a pass up to which a second codebook costs little, and up to which several do.
    const CHEAP: [usize; 2] = [20_000_000, 4_000_000];
    let seeded = |atoms: usize, seed: u64| Start::Seeded { atoms, seed: options.seed.wrapping_add(seed) };
    let mut starts = vec![seeded(atoms, 0)];
    // Many atoms may stay apart below the β at which they should have become one; few do not.
    if options.thorough || joint.entries() * atoms <= CHEAP[0] {
        starts.push(seeded(atoms.div_ceil(4), 1));
    }
    if joint.entries() * atoms <= CHEAP[1] {
        starts.extend([2, 4, 8].map(|part| seeded(atoms.div_ceil(part), 2 + part as u64)));
    }
    if options.thorough {
        starts.push(seeded(2 * atoms, 2));
        if joint.xs() <= ROWS {
            starts.push(Start::Rows);
        }
    }
    starts
}

/// What is kept of all points found: the corners of the curve, and the best at each β that was asked for; by rising
/// complexity.
pub(super) fn shown(found: &[Point], asked: &[f64], end: (f64, f64)) -> Vec<Point> {
    let places: Vec<(f64, f64)> = [(0.0, 0.0), end]
        .into_iter()
        .chain(found.iter().map(|point| (point.complexity, point.expressivity)))
        .collect();
    let corners = hull::corners(&places).into_iter().filter_map(|corner| corner.checked_sub(2));
    let mut points: Vec<Point> = corners.map(|index| Point { on_curve: true, ..found[index] }).collect();
    for &beta in asked {
        let at_beta = found.iter().filter(|point| point.beta == beta);
        let best = at_beta.min_by(|a, b| a.lagrangian().total_cmp(&b.lagrangian()));
        if let Some(best) = best.filter(|best| {
            !points.iter().any(|point| point.beta == beta && point.lagrangian() <= best.lagrangian())
        }) {
            points.push(*best);
        }
    }
    points.sort_by(|a, b| a.complexity.total_cmp(&b.complexity).then(a.beta.total_cmp(&b.beta)));
    points
}

#[cfg(test)]
mod tests;
