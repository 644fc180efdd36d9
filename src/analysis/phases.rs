//! The phases of learning (SPEC 5): while a model fits, its complexity rises; while it compresses, complexity falls.
//!
//! The rule: a phase goes on until complexity turns, and it has turned once it lies further from where it turned than
//! a [margin](Margin). It is *fitting* as complexity rises and *compression* as it falls, unless the fall comes before
//! any rise: random weights tell tokens apart by themselves, and what the first steps lose of that is no compression
//! of anything learned. Where complexity moves by no more than the margin up to the last checkpoint, it is *level*.

/// What is taken for no change, as a share of the largest value, where no spread says more.
const SHARE: f64 = 0.02;

/// The fewest checkpoints behind one after which φ is said to rise no more: a single one may be chance.
const FEWEST_LATER: usize = 2;

/// A measure at a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Its value; NaN where it was not measured.
    pub value: f64,
    /// Its standard deviation over seeds of the reference points; `None` where one was scored.
    pub spread: Option<f64>,
}

/// How far a measure may move without having changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Margin {
    /// By the spreads of both checkpoints, the root of their squares.
    Spread,
    /// By so much between any two checkpoints: a share of the largest value, since a spread is not known of all.
    Share(f64),
}

/// What complexity does during a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It falls before it first rises.
    OpeningFall,
    /// It rises.
    Fitting,
    /// It falls after it rose, or from the first checkpoint to the last fall.
    Compression,
    /// It neither rises nor falls beyond the margin.
    Level,
}

/// Checkpoints between two turns of complexity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// What complexity does.
    pub kind: Kind,
    /// The checkpoint that it begins with, by its place in the course.
    pub from: usize,
    /// The one that it ends with, which the next phase begins with.
    pub to: usize,
    /// How much complexity rises from the first to the last of them; below 0 where it falls.
    pub rise: f64,
}

/// A checkpoint where a measure is the largest of its course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Largest {
    /// Its place in the course; of several alike the first.
    pub at: usize,
    /// The same among checkpoints behind the opening fall: another where the measure is the largest only because the
    /// weights are random yet.
    pub learned: usize,
}

/// Where φ stops to rise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// The place of the checkpoint that none later exceeds beyond the margin.
    pub at: usize,
    /// The number of later checkpoints that say so.
    pub later: usize,
    /// The margin of φ.
    pub margin: Margin,
}

/// What the course of complexity and φ over a training says.
#[derive(Clone, Debug, PartialEq)]
pub struct Learning {
    /// The phases in the order of training; none for fewer than two checkpoints with a complexity.
    pub phases: Vec<Phase>,
    /// The margin of complexity; `None` without a checkpoint that has one.
    pub margin: Option<Margin>,
    /// Where complexity is the largest; `None` where it was not measured.
    pub largest_complexity: Option<Largest>,
    /// Where φ is the largest; `None` where it was not measured.
    pub largest_optimality: Option<Largest>,
    /// Where φ stops to rise once complexity does; `None` while either rises, and where fewer than two later
    /// checkpoints could say so.
    pub stop: Option<Stop>,
}

impl Learning {
    /// What complexity and φ say at the checkpoints of a run in the order of training, both by the same places.
    pub fn of(complexity: &[Point], optimality: &[Point]) -> Self {
        let course = Course::of(complexity);
        let phases = course.as_ref().map_or_else(Vec::new, Course::phases);
        let opening = phases.iter().find(|phase| phase.kind == Kind::OpeningFall).map(|phase| phase.to);
        let settled = match phases.iter().rfind(|phase| phase.kind == Kind::Fitting) {
            Some(fitting) => fitting.to,
            None => phases.first().map_or(0, |phase| phase.from),
        };
        Self {
            largest_complexity: largest(complexity, opening),
            largest_optimality: largest(optimality, opening),
            stop: Course::of(optimality)
                .filter(|_| !phases.is_empty())
                .and_then(|course| course.stop(settled)),
            margin: course.map(|course| course.margin),
            phases,
        }
    }

    /// The rule that found the phases, for a caption.
    pub fn rule(&self) -> Option<String> {
        let margin = self.margin?;
        Some(format!(
            "a phase ends where complexity turns by more than {margin}: it rises while fitting, falls in compression"
        ))
    }
}

impl Kind {
    /// The phase's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpeningFall => "opening fall",
            Self::Fitting => "fitting",
            Self::Compression => "compression",
            Self::Level => "level",
        }
    }

    /// What the rule says of it.
    pub fn rule(self) -> &'static str {
        match self {
            Self::OpeningFall => "complexity falls before it first rises: what random weights keep is lost",
            Self::Fitting => "complexity rises",
            Self::Compression => "complexity falls",
            Self::Level => "complexity neither rises nor falls",
        }
    }
}

impl std::fmt::Display for Margin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Spread => f.write_str("its spread over seeds"),
            Self::Share(_) => write!(f, "{} % of its largest value, no spread being known", 100.0 * SHARE),
        }
    }
}

impl Stop {
    /// The hint, with the checkpoint as it is called.
    pub fn hint(&self, checkpoint: &str) -> String {
        format!(
            "φ no longer rises by more than {} after {checkpoint} ({} later checkpoints)",
            self.margin, self.later
        )
    }
}

/// The checkpoint where a measure is the largest, and the same among those behind place `opening`.
fn largest(points: &[Point], opening: Option<usize>) -> Option<Largest> {
    let behind = |least: usize| {
        let known = points.iter().enumerate().skip(least).filter(|(_, point)| point.value.is_finite());
        known.reduce(|a, b| if b.1.value > a.1.value { b } else { a }).map(|(at, _)| at)
    };
    let at = behind(0)?;
    Some(Largest { at, learned: opening.and_then(|opening| behind(opening + 1)).unwrap_or(at) })
}

/// The checkpoints where a measure is known, at least one.
struct Course {
    points: Vec<(usize, Point)>,
    margin: Margin,
}

impl Course {
    fn of(points: &[Point]) -> Option<Self> {
        let points: Vec<(usize, Point)> =
            points.iter().copied().enumerate().filter(|(_, point)| point.value.is_finite()).collect();
        let largest = points.iter().map(|(_, point)| point.value.abs()).reduce(f64::max)?;
        let spreads = points.iter().all(|(_, point)| point.spread.is_some_and(f64::is_finite));
        Some(Self { points, margin: if spreads { Margin::Spread } else { Margin::Share(SHARE * largest) } })
    }

    /// How much more the measure is at point `b` than at `a`; 0 within the margin.
    fn rise(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (self.points[a].1, self.points[b].1);
        let margin = match self.margin {
            Margin::Spread => a.spread.unwrap_or(0.0).hypot(b.spread.unwrap_or(0.0)),
            Margin::Share(margin) => margin,
        };
        let rise = b.value - a.value;
        if rise.abs() > margin { rise } else { 0.0 }
    }

    /// The points where the measure turns, from that where it first leaves to the last extreme; empty where it does not
    /// leave at all.
    fn turns(&self) -> Vec<usize> {
        let value = |point: usize| self.points[point].1.value;
        let (mut lowest, mut highest) = (0, 0);
        let mut turns = Vec::new();
        let mut rising = None;
        for point in 1..self.points.len() {
            if value(point) < value(lowest) {
                lowest = point;
            }
            if value(point) > value(highest) {
                highest = point;
            }
            let turned = match rising {
                None if self.rise(lowest, point) > 0.0 => Some((lowest, true)),
                None if self.rise(highest, point) < 0.0 => Some((highest, false)),
                Some(true) if self.rise(highest, point) < 0.0 => Some((highest, false)),
                Some(false) if self.rise(lowest, point) > 0.0 => Some((lowest, true)),
                _ => None,
            };
            if let Some((turn, up)) = turned {
                turns.push(turn);
                rising = Some(up);
                (lowest, highest) = (point, point);
            }
        }
        turns.extend(rising.map(|up| if up { highest } else { lowest }));
        turns
    }

    fn phases(&self) -> Vec<Phase> {
        let last = self.points.len() - 1;
        let value = |point: usize| self.points[point].1.value;
        let phase = |from: usize, to: usize, kind| Phase {
            kind,
            from: self.points[from].0,
            to: self.points[to].0,
            rise: value(to) - value(from),
        };
        let level = |from, to| (from < to).then(|| phase(from, to, Kind::Level));
        let turns = self.turns();
        let [first_turn, .., extreme] = turns[..] else { return level(0, last).into_iter().collect() };
        let several = turns.len() > 2;
        let mut phases: Vec<Phase> = level(0, first_turn).into_iter().collect();
        for (index, move_) in turns.windows(2).enumerate() {
            let [from, mut to] = [move_[0], move_[1]];
            let kind = match value(to) > value(from) {
                true => Kind::Fitting,
                false if index == 0 && several => Kind::OpeningFall,
                false => Kind::Compression,
            };
            // What moves within the margin up to the last checkpoint has arrived, wherever the extreme lies in it.
            if to == extreme {
                to = (from + 1..=to).find(|&point| self.rise(point, extreme) == 0.0).unwrap_or(to);
            }
            phases.push(phase(from, to, kind));
            if move_[1] == extreme {
                phases.extend(level(to, last));
            }
        }
        phases
    }

    /// The first point at place `settled` or later that none later exceeds beyond the margin.
    fn stop(&self, settled: usize) -> Option<Stop> {
        let count = self.points.len();
        let first = self.points.iter().position(|&(place, _)| place >= settled)?;
        let exceeds = |point: usize| (point + 1..count).any(|later| self.rise(point, later) > 0.0);
        let at = (first..count).find(|&point| !exceeds(point))?;
        let later = count - 1 - at;
        (later >= FEWEST_LATER).then(|| Stop { at: self.points[at].0, later, margin: self.margin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[f64], spread: Option<f64>) -> Vec<Point> {
        values.iter().map(|&value| Point { value, spread }).collect()
    }

    fn phases(values: &[f64], spread: Option<f64>) -> Vec<(Kind, usize, usize)> {
        let learning = Learning::of(&points(values, spread), &[]);
        learning.phases.iter().map(|phase| (phase.kind, phase.from, phase.to)).collect()
    }

    use Kind::{Compression, Fitting, Level, OpeningFall};

    #[test]
    fn fitting_ends_at_the_largest_complexity_and_compression_follows() {
        let course = [0.01, 0.05, 0.12, 0.15, 0.13, 0.10, 0.101];
        assert_eq!(phases(&course, Some(0.002)), [(Fitting, 0, 3), (Compression, 3, 5), (Level, 5, 6)]);
        assert_eq!(phases(&course, None), [(Fitting, 0, 3), (Compression, 3, 5), (Level, 5, 6)]);
        // A spread as large as the fall says nothing of compression.
        assert_eq!(phases(&course, Some(0.04)), [(Fitting, 0, 2), (Level, 2, 6)]);
    }

    #[test]
    fn what_random_weights_lose_is_no_compression() {
        // Complexity of tokens in the demo's longer run.
        let course = [0.0911, 0.0896, 0.0306, 0.0082, 0.1865, 0.3720, 0.4022, 0.3964, 0.3907, 0.3890];
        let expected = [(OpeningFall, 0, 3), (Fitting, 3, 6), (Compression, 6, 7), (Level, 7, 9)];
        assert_eq!(phases(&course, None), expected);
        let optimality = [0.749, 0.745, 0.464, 0.337, 0.226, 0.407, 0.390, 0.384, 0.384, 0.386];
        let learning = Learning::of(&points(&course, None), &points(&optimality, None));
        assert_eq!(learning.largest_complexity, Some(Largest { at: 6, learned: 6 }));
        assert_eq!(learning.largest_optimality, Some(Largest { at: 0, learned: 5 }));
        let stop = learning.stop.unwrap();
        assert_eq!((stop.at, stop.later), (6, 3));
        assert!(stop.hint("step512").contains("after step512 (3 later"), "{}", stop.hint("step512"));
        assert!(learning.rule().unwrap().contains("2 % of its largest value"));
    }

    #[test]
    fn a_run_that_begins_late_may_compress_from_the_start() {
        assert_eq!(phases(&[0.4, 0.3, 0.25], Some(0.01)), [(Compression, 0, 2)]);
    }

    #[test]
    fn complexity_may_rise_again() {
        let course = [0.1, 0.4, 0.2, 0.3, 0.2];
        let expected = [(Fitting, 0, 1), (Compression, 1, 2), (Fitting, 2, 3), (Compression, 3, 4)];
        assert_eq!(phases(&course, Some(0.01)), expected);
    }

    #[test]
    fn few_checkpoints_and_missing_numbers_are_no_trouble() {
        let nan = f64::NAN;
        assert_eq!(phases(&[], None), []);
        assert_eq!(phases(&[0.2], None), []);
        assert_eq!(phases(&[nan, nan], None), []);
        assert_eq!(phases(&[0.2, 0.3], None), [(Fitting, 0, 1)]);
        assert_eq!(phases(&[0.2, 0.2], None), [(Level, 0, 1)]);
        assert_eq!(phases(&[0.0, 0.0], None), [(Level, 0, 1)]);
        assert_eq!(
            phases(&[nan, 0.2, nan, 0.4, nan, 0.3, nan], None),
            [(Fitting, 1, 3), (Compression, 3, 5)]
        );
        let none = Learning::of(&[], &[]);
        assert_eq!((none.largest_complexity, none.largest_optimality, none.stop), (None, None, None));
        assert_eq!(none.rule(), None);
        let one = Learning::of(&points(&[0.2], None), &points(&[0.5], None));
        assert_eq!(one.largest_optimality, Some(Largest { at: 0, learned: 0 }));
        assert_eq!(one.stop, None);
    }

    #[test]
    fn nothing_stops_while_complexity_or_optimality_rises() {
        let stop = |complexity: &[f64], optimality: &[f64]| {
            Learning::of(&points(complexity, Some(0.01)), &points(optimality, Some(0.01))).stop
        };
        let compresses = [0.1, 0.5, 0.4, 0.3, 0.2, 0.1];
        assert_eq!(stop(&compresses, &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), None);
        assert_eq!(stop(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6], &[0.5; 6]), None);
        // One later checkpoint is too few.
        assert_eq!(stop(&compresses, &[0.1, 0.2, 0.3, 0.4, 0.5, 0.5]), None);
        let two = stop(&compresses, &[0.1, 0.2, 0.3, 0.5, 0.505, 0.495]).unwrap();
        assert_eq!((two.at, two.later, two.margin), (3, 2, Margin::Spread));
        // Once it falls it rises no longer either.
        assert_eq!(stop(&compresses, &[0.1, 0.6, 0.5, 0.4, 0.3, 0.2]).unwrap().at, 1);
    }
}
