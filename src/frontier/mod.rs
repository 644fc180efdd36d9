//! The information-bottleneck frontier of a joint p(x, y): the most that any representation Z of X alone can tell of Y,
//! I(Y;Z), for what it keeps of X, I(X;Z); in nats throughout.
//!
//! The frontier is drawn from two sides. Every point of the [curve](curve()) is a real encoder p(z|x), found by the
//! self-consistent iteration of Tishby, Pereira and Bialek (1999): the true frontier is there or higher. That nothing lies
//! above what was found is not proved, since the problem has local optima; it is made likely by many starts.
//!
//! At a fixed slope 1/β the frontier is a rate-distortion problem whose reproductions are all distributions r over y, with
//! the distortion KL(p(y|x) ‖ r). So a codebook of atoms r_z with weights p(z) is all there is to find, and minimising
//! the Lagrangian I(X;Z) − β I(Y;Z) over it is expectation maximisation of a mixture: it never rises.

pub mod band;
pub mod bias;
pub mod components;
mod curve;
mod encoder;
pub mod file;
mod hull;
pub mod joint;
pub mod report;
pub mod source;

use serde::{Deserialize, Serialize};

pub use self::band::{Band, Effort};
pub use self::bias::Bracket;
pub use self::curve::{
    Accelerator, Codebook, Event, LEAST_SHARE, Log, Options, Passes, Settle, curve, stride,
};
pub use self::joint::Joint;
pub use self::report::{Report, counted};

/// The frontier that was found of one joint: its points from the origin to saturation, and how far to trust them.
///
/// All informations are in nats. The curve is the upper concave hull of the points with the two ends (0, 0) and
/// ([`entropy_merged`](Self::entropy_merged), [`information`](Self::information)), which are exact; between two points it
/// is the chord, which time-sharing reaches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frontier {
    /// I(X;Y), which no representation exceeds.
    #[serde(rename = "I_XY")]
    pub information: f64,
    /// H(X) of the labels as they were given.
    #[serde(rename = "H_X")]
    pub entropy_x: f64,
    /// H(Y) of the labels as they were given.
    #[serde(rename = "H_Y")]
    pub entropy_y: f64,
    /// H(X) after labels that tell the same of Y are merged: the complexity from which on all of I(X;Y) is told.
    #[serde(rename = "H_X_merged")]
    pub entropy_merged: f64,
    /// The points on the curve and those at each β that was asked for, by rising complexity; without the two ends.
    pub points: Vec<Point>,
    /// How many points were found in all.
    pub found: usize,
    /// The atoms of the codebook that was started with.
    pub clusters: usize,
    /// Passes over the joint that were made in all.
    pub passes: usize,
    /// How many of these a GPU made.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gpu_passes: usize,
    /// Whether every point was brought to convergence in double precision and its codebook searched for a better
    /// atom, as is done for small joints; else points are as good as the passes that were made.
    pub converged: bool,
    /// Of a larger joint the Lagrangian, over β, that further atoms gained where that was tried, in nats of I(Y;Z): the
    /// smaller, the less is left to find near this codebook.
    pub gain: Option<f64>,
    /// Where codebooks were started in several ways, by how much in I(Y;Z) the curve of the second best of them falls
    /// short of the best's, where it does most: the smaller, the less the curve is owed to chance.
    pub spread: Option<f64>,
}

/// One encoder: where it lies, and how near its Lagrangian is to one that cannot be bettered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The trade-off β, the inverse of the frontier's slope here.
    pub beta: f64,
    /// I(X;Z).
    #[serde(rename = "I_X")]
    pub complexity: f64,
    /// I(Y;Z).
    #[serde(rename = "I_Y")]
    pub expressivity: f64,
    /// How far the encoder is from its own fixed point: the free energy of the codebook that made it, less the
    /// Lagrangian; 0 where the iteration stands still.
    pub residual: f64,
    /// ln of the largest factor by which a weight p(z) of the codebook still grows, and for small joints by which that of
    /// any atom found would: the Lagrangian is at most this far above the best one with those atoms (Csiszár 1974).
    pub ratio: f64,
    /// Atoms with weight, those of labels x that have one of their own not counted.
    pub atoms: usize,
    /// The share of p(x) that is kept apart from all others, by atoms of its own.
    pub private: f64,
    /// Whether the point is a corner of the curve.
    pub on_curve: bool,
}

fn is_zero(passes: &usize) -> bool {
    *passes == 0
}

impl Point {
    /// The encoder that keeps nothing and tells nothing, as the best one at a β.
    pub fn origin(beta: f64) -> Self {
        Self {
            beta,
            complexity: 0.0,
            expressivity: 0.0,
            residual: 0.0,
            ratio: 0.0,
            atoms: 1,
            private: 0.0,
            on_curve: false,
        }
    }

    /// I(X;Z) − β I(Y;Z), which the frontier minimises at its β.
    pub fn lagrangian(&self) -> f64 {
        self.complexity - self.beta * self.expressivity
    }
}

impl Frontier {
    /// What is known of a joint's frontier before anything is found.
    fn begun(joint: &Joint) -> Self {
        Self {
            information: joint.information(),
            entropy_x: joint.unmerged().entropy_x,
            entropy_y: joint.unmerged().entropy_y,
            entropy_merged: joint.entropy_x(),
            points: Vec::new(),
            found: 0,
            clusters: 0,
            passes: 0,
            gpu_passes: 0,
            converged: false,
            gain: None,
            spread: None,
        }
    }

    /// Where the curve ends: all of I(X;Y) at the least complexity that tells it.
    fn end(&self) -> (f64, f64) {
        (self.entropy_merged, self.information)
    }

    /// The corners (I(X;Z), I(Y;Z)) of the curve, both ends among them; concave and rising.
    pub fn corners(&self) -> Vec<(f64, f64)> {
        let inner = self.points.iter().filter(|point| point.on_curve);
        std::iter::once((0.0, 0.0))
            .chain(inner.map(|point| (point.complexity, point.expressivity)))
            .chain(std::iter::once(self.end()))
            .collect()
    }

    /// The largest I(Y;Z) found for a complexity I(X;Z) in nats: the curve, and I(X;Y) beyond its end.
    pub fn at(&self, complexity: f64) -> f64 {
        hull::at(&self.corners(), complexity)
    }
}
