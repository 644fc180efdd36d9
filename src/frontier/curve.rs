//! The curve of a joint: what is asked, what is told while it grows, and which way it is found.

mod codebook;
mod large;
mod pass;
mod run;
mod small;
mod table;

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use self::run::Run;
use super::{Frontier, Joint, Point, hull};
use crate::error::{Error, Kind, Result};

/// Atoms of a codebook where nothing else is asked.
const CLUSTERS: usize = 128;

/// What is asked of a [`curve`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The atoms of the codebook, 1 or more; `None` for what suits the joint.
    pub clusters: Option<usize>,
    /// Trade-offs β, above 0 and finite, at which a point is wanted whatever the curve looks like.
    pub betas: Vec<f64>,
    /// The start of all random choices. The same joint, options and seed give the same bits on any number of threads.
    pub seed: u64,
    /// Whether to spend several times the work: more atoms, further seeds.
    pub thorough: bool,
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
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for a β that is no number above 0 and for 0 clusters;
/// [`Kind::Cancelled`](crate::error::Kind::Cancelled) once stopped.
pub fn curve(
    joint: &Joint,
    options: &Options,
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
    let mut frontier = Frontier {
        information: joint.information(),
        entropy_x: joint.unmerged().entropy_x,
        entropy_y: joint.unmerged().entropy_y,
        entropy_merged: joint.entropy_x(),
        points: Vec::new(),
        found: 0,
        clusters: joint.xs(),
        passes: 0,
        converged: true,
        gain: None,
        spread: None,
    };
    if joint.xs() == 1 || joint.ys() == 1 {
        for beta in above {
            run.found(Point::origin(beta))?;
        }
    } else if small::is_small(joint) {
        small::points(joint, &above, &mut run)?;
    } else {
        frontier.converged = false;
        frontier.clusters = options.clusters.unwrap_or(CLUSTERS).min(joint.xs());
        large::points(joint, frontier.clusters, options.seed, &above, &mut run)?;
    }
    frontier.passes = run.passes;
    frontier.found = run.points.len();
    frontier.points = shown(run.points, &asked, (joint.entropy_x(), joint.information()));
    Ok(frontier)
}

/// What is kept of all points found: the corners of the curve, and the best at each β that was asked for; by rising
/// complexity.
fn shown(found: Vec<Point>, asked: &[f64], end: (f64, f64)) -> Vec<Point> {
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
