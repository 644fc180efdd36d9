//! The frontier of a large joint: atoms are seeded where rows are far apart, settled at a large β, and followed
//! downwards in β, where they merge.
//!
//! Downwards is the safe direction: atoms that ought to be one become one by themselves, while upwards they would have to
//! be pushed apart at each split. Few atoms do for many labels, since each x may have one of its own beside them; but an x
//! that has it too early keeps it, so those atoms are given to copies of the codebook only.

use super::codebook::Codebook;
use super::pass::Passes;
use super::run::Run;
use crate::error::Result;
use crate::frontier::{Joint, Point, hull};

/// β at which a codebook settles.
const SETTLED: f64 = 4.0;
/// From there down, and up.
const DOWNWARDS: [f64; 19] =
    [4.0, 3.5, 3.0, 2.75, 2.5, 2.25, 2.125, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 1.2, 1.15, 1.1, 1.05];
const UPWARDS: [f64; 5] = [5.0, 6.0, 8.0, 12.0, 20.0];
/// A codebook has come to rest when a pass lowers its free energy, over β, by less.
const REST: f64 = 1e-5;
/// Nats that tangents may meet above a chord.
const SLACK: f64 = 0.002;

/// The most passes at one β: with the codebook's atoms alone, and on a copy where each x may have its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Most {
    dense: usize,
    private: usize,
}

impl Most {
    /// What a visit counts as, with its evaluation.
    fn work(self) -> usize {
        self.dense + self.private + 1
    }
}

const DOWN: Most = Most { dense: 16, private: 8 };
const UP: Most = Most { dense: 5, private: 6 };
const ASKED: Most = Most { dense: 48, private: 24 };

/// Finds points of a large joint with a codebook of `atoms`, at the trade-offs of the schedule and at each of `asked`.
///
/// # Errors
/// [`Kind::Cancelled`](crate::error::Kind::Cancelled) once stopped.
pub fn points(joint: &Joint, atoms: usize, seed: u64, asked: &[f64], run: &mut Run) -> Result<()> {
    const SETTLING: usize = 30;
    let mut sweep = Sweep { passes: Passes::new(joint, run.stop), run };
    let joined = |schedule: &[f64], of: fn(f64) -> bool| -> Vec<(f64, Most)> {
        let most = if schedule == UPWARDS { UP } else { DOWN };
        let extra = asked.iter().filter(|beta| of(**beta)).map(|&beta| (beta, ASKED));
        let scheduled = schedule.iter().filter(|beta| !asked.contains(beta)).map(|&beta| (beta, most));
        let mut all: Vec<(f64, Most)> = extra.chain(scheduled).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all
    };
    let mut down = joined(&DOWNWARDS, |beta| beta <= SETTLED);
    down.reverse();
    let up = joined(&UPWARDS, |beta| beta > SETTLED);
    let work: usize = down.iter().chain(&up).map(|(_, most)| most.work()).sum();
    sweep.run.expect(work + SETTLING);

    let mut book = Codebook::seeded(&mut sweep.passes, atoms.min(joint.xs()), seed)?;
    sweep.settle(&mut book, SETTLED, SETTLING, false)?;
    let mut top = book.clone();
    let mut last: Option<Point> = None;
    for (beta, most) in down {
        book.tidy(joint);
        let before = book.clone();
        let point = sweep.visit(&mut book, beta, most)?;
        if let Some(last) = last {
            sweep.refine(&before, last, point, 0)?;
        }
        last = Some(point);
    }
    drop(book);
    for (beta, most) in up {
        sweep.visit(&mut top, beta, most)?;
    }
    sweep.run.passes += sweep.passes.made;
    Ok(())
}

struct Sweep<'a, 'r, 'w> {
    passes: Passes<'a>,
    run: &'r mut Run<'w>,
}

impl Sweep<'_, '_, '_> {
    /// Passes at one β until they gain little, `most` at most.
    fn settle(&mut self, book: &mut Codebook, beta: f64, most: usize, private: bool) -> Result<()> {
        const LEAST: usize = 3;
        let mut last = f64::INFINITY;
        for made in 1..=most {
            let (energy, _) = self.passes.pass(book, beta, private)?;
            self.run.done(1)?;
            if made > LEAST && last - energy < REST * beta {
                self.run.spare(most - made);
                break;
            }
            last = energy;
        }
        Ok(())
    }

    /// The point at one β, of a copy of the codebook settled there, where each x may have an atom of its own beside.
    fn visit(&mut self, book: &mut Codebook, beta: f64, most: Most) -> Result<Point> {
        self.settle(book, beta, most.dense, false)?;
        let mut copy = book.clone();
        self.settle(&mut copy, beta, most.private, true)?;
        self.evaluate(&mut copy, beta)
    }

    /// The point of the best encoder for a codebook and private atoms.
    fn evaluate(&mut self, book: &mut Codebook, beta: f64) -> Result<Point> {
        let energy = self.passes.encode(book, beta, true)?;
        let kept = self.passes.kept();
        // Weights of the codebook and of private atoms need not sum to 1 together until they stand still.
        let energy = energy + book.log_weights.iter().map(|log| log.exp()).sum::<f64>() + kept.private - 1.0;
        let growth = book.log_weights.iter().zip(&book.weights).map(|(log, weight)| weight.ln() - log);
        let point = Point {
            beta,
            complexity: kept.complexity,
            expressivity: kept.expressivity,
            residual: energy - (kept.complexity - beta * kept.expressivity),
            ratio: growth.fold(f64::NEG_INFINITY, f64::max),
            atoms: kept.atoms,
            private: kept.private,
            on_curve: false,
        };
        self.run.found(point)?;
        self.run.done(1)?;
        Ok(point)
    }

    /// Points between two that may be far below the curve there: between `high`, where `book` was, and `low`.
    fn refine(&mut self, book: &Codebook, high: Point, low: Point, depth: usize) -> Result<()> {
        const DEPTH: usize = 3;
        let place = |point: Point| (point.complexity, point.expressivity);
        let slack = hull::slack(place(low), 1.0 / low.beta, place(high), 1.0 / high.beta);
        if slack <= SLACK || depth == DEPTH {
            return Ok(());
        }
        self.run.expect(DOWN.work());
        let mut between = book.clone();
        let point = self.visit(&mut between, (high.beta * low.beta).sqrt(), DOWN)?;
        self.refine(book, high, point, depth + 1)?;
        self.refine(&between, point, low, depth + 1)
    }
}

#[cfg(test)]
mod zz {
    use super::*;
    #[test]
    fn zz_passes() {
        let bytes = std::fs::read(std::env::var("JOINT").unwrap()).unwrap();
        let n: Vec<u32> = bytes.chunks_exact(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect();
        let joint =
            Joint::from_counts(n.chunks_exact(3).map(|c| (c[0], c[1], u64::from(c[2]))).collect()).unwrap();
        let stop = std::sync::atomic::AtomicBool::new(false);
        let cpu = || {
            let s = std::fs::read_to_string("/proc/self/stat").unwrap();
            let f: Vec<String> =
                s.rsplit(')').next().unwrap().split_whitespace().map(str::to_owned).collect();
            (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
        };
        let mut passes = Passes::new(&joint, &stop);
        let t = cpu();
        let mut book = Codebook::seeded(&mut passes, 96, 0).unwrap();
        println!("seed {:.2}", cpu() - t);
        for round in 0..3 {
            let t = cpu();
            for _ in 0..4 {
                passes.encode(&mut book, 4.0, false).unwrap();
            }
            let t1 = cpu();
            for _ in 0..4 {
                passes.describe(&mut book).unwrap();
            }
            let t2 = cpu();
            let k = passes.kept();
            println!(
                "{round} encode {:.3} describe {:.3} kept {:.3} {k:?}",
                (t1 - t) / 4.0,
                (t2 - t1) / 4.0,
                cpu() - t2
            );
        }
    }
}
