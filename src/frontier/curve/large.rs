//! The frontier of a large joint: atoms are seeded where rows are far apart, settled at a large β, and followed
//! downwards in β, where they merge.
//!
//! Downwards is the safe direction: atoms that ought to be one become one by themselves, while upwards they would have to
//! be pushed apart at each split. Few atoms do for many labels, since each x may have one of its own beside them; but an x
//! that has it too early keeps it, so those atoms are given to copies of the codebook only.

use super::accelerator::Accelerator;
use super::codebook::Codebook;
use super::pass::Passes;
use super::run::Run;
use super::table::{Log, stride};
use crate::error::Result;
use crate::frontier::{Joint, Point, hull};

/// β at which a codebook settles.
const SETTLED: f64 = 4.0;
/// From there down, and up.
const DOWNWARDS: [f64; 19] =
    [4.0, 3.5, 3.0, 2.75, 2.5, 2.25, 2.125, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.3, 1.2, 1.15, 1.1, 1.05];
const UPWARDS: [f64; 5] = [5.0, 6.0, 8.0, 12.0, 20.0];
/// Where codebooks with an atom a row start downwards.
const ROWS_FROM: f64 = 6.0;
/// Where further atoms are tried.
const TRIED: f64 = 2.0;
/// Passes at first.
const SETTLING: usize = 30;
/// A codebook has come to rest when a pass lowers its free energy, over β, by less.
const REST: f64 = 1e-5;
/// Nats that tangents may meet above a chord.
const SLACK: f64 = 0.002;

/// How often a stretch of the curve is halved.
const DEPTH: usize = 3;

/// The most passes at one β: with the codebook's atoms alone, and on a copy where each x may have its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Most {
    dense: usize,
    private: usize,
}

impl Most {
    fn times(self, factor: usize) -> Self {
        Self { dense: factor * self.dense, private: factor * self.private }
    }

    /// What a visit counts as, with its evaluation.
    fn work(self) -> usize {
        self.dense + self.private + 1
    }
}

const DOWN: Most = Most { dense: 12, private: 6 };
const UP: Most = Most { dense: 5, private: 6 };
const ASKED: Most = Most { dense: 48, private: 24 };
/// How many times that, where passes take no time.
const PATIENCE: usize = 6;
/// Products of a pass that takes no time: entries times atoms.
const QUICK: usize = 8_000_000;

/// Where a codebook starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// As many atoms, seeded.
    Seeded {
        /// Atoms, at most one a row.
        atoms: usize,
        /// Of the random choice.
        seed: u64,
    },
    /// An atom near each row.
    Rows,
}

/// What is wanted at each β, falling from where a codebook settles, and rising from there.
struct Schedule {
    settled: f64,
    down: Vec<(f64, Most)>,
    up: Vec<(f64, Most)>,
}

impl Schedule {
    fn new(joint: &Joint, start: Start, asked: &[f64]) -> Self {
        let atoms = if let Start::Seeded { atoms, .. } = start { atoms } else { joint.xs() };
        let patience = (QUICK / (joint.entries() * atoms)).clamp(1, PATIENCE);
        let settled = if start == Start::Rows { ROWS_FROM } else { SETTLED };
        let of = |schedule: &[f64], most: Most, within: &dyn Fn(f64) -> bool| {
            let asked_here =
                asked.iter().filter(|beta| within(**beta)).map(|&beta| (beta, ASKED.times(patience)));
            let most = most.times(patience);
            let scheduled = schedule.iter().filter(|beta| within(**beta) && !asked.contains(beta));
            let mut all: Vec<(f64, Most)> = asked_here.chain(scheduled.map(|&beta| (beta, most))).collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0));
            all
        };
        let mut down = of(&[&DOWNWARDS[..], &UPWARDS[..]].concat(), DOWN, &|beta| beta <= settled);
        down.reverse();
        Self { settled, down, up: of(&UPWARDS, UP, &|beta| beta > settled) }
    }

    fn work(&self) -> usize {
        SETTLING + self.down.iter().chain(&self.up).map(|(_, most)| most.work()).sum::<usize>()
    }
}

/// The bytes that [`points`] takes at most for codebooks that grow to `atoms`: theirs, as many as are kept of one another,
/// the encoder's, and what is kept of rows.
pub fn bytes_needed(joint: &Joint, atoms: usize) -> u64 {
    /// The one on its way down, that to go up from, those that refinement keeps, and copies.
    const BOOKS: usize = 3 + DEPTH + 1;
    const A_CELL: u64 = size_of::<Log>() as u64;
    const A_ROW: u64 = 3 * size_of::<f64>() as u64;
    let row = stride(atoms) as u64 * A_CELL;
    row * (joint.xs() + BOOKS * joint.ys()) as u64 + A_ROW * joint.xs() as u64
}

/// How much work [`points`] is from a start, in the unit of [`Run::expect`].
pub fn work(joint: &Joint, start: Start, asked: &[f64]) -> usize {
    Schedule::new(joint, start, asked).work()
}

/// Finds points of a large joint at the trade-offs of the schedule, between them where they are far apart, and at each of
/// `asked`. Gives what further atoms gained, where they were tried.
///
/// # Errors
/// [`Kind::Cancelled`](crate::error::Kind::Cancelled) once stopped.
pub fn points(
    joint: &Joint,
    start: Start,
    asked: &[f64],
    accelerator: Option<&dyn Accelerator>,
    run: &mut Run,
) -> Result<Option<f64>> {
    let schedule = Schedule::new(joint, start, asked);
    let mut sweep = Sweep { passes: Passes::new(joint, accelerator, run.stop), run };
    let mut book = match start {
        Start::Seeded { atoms, seed } => Codebook::seeded(&mut sweep.passes, atoms.min(joint.xs()), seed)?,
        Start::Rows => Codebook::of_rows(joint, &(0..joint.xs()).collect::<Vec<_>>(), 0.95),
    };
    sweep.settle(&mut book, schedule.settled, SETTLING, false)?;
    let mut top = book.clone();
    let (mut last, mut gain): (Option<Point>, _) = (None, None);
    for (beta, most) in schedule.down {
        book.tidy(joint);
        let before = book.clone();
        let point = sweep.visit(&mut book, beta, most)?;
        if let Some(last) = last {
            sweep.refine(&before, last, point, most, 0)?;
        }
        if beta == TRIED
            && let Start::Seeded { seed, .. } = start
        {
            gain = Some(sweep.gain(&book, point, seed)?);
        }
        last = Some(point);
    }
    drop(book);
    for (beta, most) in schedule.up {
        sweep.visit(&mut top, beta, most)?;
    }
    sweep.run.passes += sweep.passes.made;
    sweep.run.accelerated += sweep.passes.accelerated;
    Ok(gain)
}

struct Sweep<'a, 'r, 'w> {
    passes: Passes<'a>,
    run: &'r mut Run<'w>,
}

impl Sweep<'_, '_, '_> {
    /// Passes at one β until they gain little, `most` at most.
    fn settle(&mut self, book: &mut Codebook, beta: f64, most: usize, private: bool) -> Result<()> {
        const LEAST: usize = 3;
        let (run, mut last, mut made) = (&mut *self.run, f64::INFINITY, 0);
        let mut rests = |energy: f64| {
            made += 1;
            run.done(1)?;
            let rests = made >= most || made > LEAST && last - energy < REST * beta;
            last = energy;
            Ok(rests)
        };
        self.passes.settle(book, beta, private, &mut rests)?;
        self.run.spare(most.saturating_sub(made));
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
            ratio: growth.fold(0.0, f64::max),
            atoms: kept.atoms,
            private: kept.private,
            on_curve: false,
        };
        self.run.found(point)?;
        self.run.done(1)?;
        Ok(point)
    }

    /// What the Lagrangian, over β, gains from as many atoms again, seeded where rows are far from all there are.
    fn gain(&mut self, book: &Codebook, point: Point, seed: u64) -> Result<f64> {
        const MOST: Most = Most { dense: 6, private: 6 };
        self.run.expect(MOST.work());
        let mut more = book.with_seeds(&mut self.passes, book.atoms(), seed)?;
        let further = self.visit(&mut more, point.beta, MOST)?;
        Ok(((point.lagrangian() - further.lagrangian()) / point.beta).max(0.0))
    }

    /// Points between two that may be far below the curve there: between `high`, where `book` was, and `low`.
    fn refine(&mut self, book: &Codebook, high: Point, low: Point, most: Most, depth: usize) -> Result<()> {
        let place = |point: Point| (point.complexity, point.expressivity);
        let slack = hull::slack(place(low), 1.0 / low.beta, place(high), 1.0 / high.beta);
        if slack <= SLACK || depth == DEPTH {
            return Ok(());
        }
        // From next door it is not far.
        let most = Most { dense: most.dense.div_ceil(3), private: 2 * most.private.div_ceil(3) };
        self.run.expect(most.work());
        let mut between = book.clone();
        let point = self.visit(&mut between, (high.beta * low.beta).sqrt(), most)?;
        self.refine(book, high, point, most, depth + 1)?;
        self.refine(&between, point, low, most, depth + 1)
    }
}
