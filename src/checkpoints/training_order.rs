//! The order of training among the checkpoints of one run.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::natural::natural_order;
use super::step_name::{Number, StepName, numbered, says_the_end};

/// What is known of the time of a checkpoint.
#[derive(Clone, Debug, Default)]
pub struct TrainingTime {
    /// The checkpoint's name.
    pub label: String,
    /// What the name says; `None` where it says nothing.
    pub name: Option<StepName>,
    /// Steps within the phase, from the name or elsewhere; `None` where nothing says.
    pub step: Option<u64>,
    /// Tokens, from the name or elsewhere; `None` where nothing says.
    pub tokens: Option<u64>,
}

impl TrainingTime {
    /// The time of a checkpoint of which besides its name steps and tokens are known.
    pub fn new(label: &str, step: Option<u64>, tokens: Option<u64>) -> Self {
        Self { label: label.to_owned(), name: StepName::parse(label), step, tokens }
    }

    /// Whether anything says when it was.
    fn is_known(&self) -> bool {
        self.name.is_some() || self.step.is_some() || self.tokens.is_some()
    }
}

/// A phase of training. Times within one are counted from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Phase {
    series: String,
    number: u64,
}

impl Ord for Phase {
    fn cmp(&self, other: &Self) -> Ordering {
        natural_order(&self.series, &other.series).then(self.number.cmp(&other.number))
    }
}

impl PartialOrd for Phase {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The phases of a run.
struct Phases {
    first: u64,
    last: u64,
}

impl Phases {
    fn of<'a>(times: impl Iterator<Item = &'a TrainingTime>) -> Self {
        let (mut first, mut last) = (u64::MAX, 0);
        for phase in times.filter_map(|time| time.name.as_ref()?.phase) {
            (first, last) = (first.min(phase), last.max(phase));
        }
        Self { first: first.min(last), last }
    }

    /// The phase of a checkpoint. A name without one belongs to the first: projects name phases once there is a
    /// second. A final model, whose name says no time, belongs to the last.
    fn of_time(&self, time: &TrainingTime) -> Phase {
        match &time.name {
            Some(name) => Phase { series: name.series.clone(), number: name.phase.unwrap_or(self.first) },
            None => Phase { series: String::new(), number: self.last },
        }
    }
}

/// Sorts the checkpoints of a run by training time: by tokens where all whose time is known have them, else by phase,
/// branch, steps, epochs and per cent; those whose time is unknown come last, by name. `time_of` gives a checkpoint's
/// time, its tokens counted over all phases.
pub fn sort_by_training<T>(checkpoints: &mut [T], time_of: impl Fn(&T) -> TrainingTime) {
    let times: Vec<TrainingTime> = checkpoints.iter().map(&time_of).collect();
    let phases = Phases::of(times.iter());
    let by_tokens = times.iter().all(|time| time.tokens.is_some() || !time.is_known());
    checkpoints.sort_by_cached_key(|checkpoint| Place::of(time_of(checkpoint), &phases, by_tokens));
}

/// Tokens counted on over phases, one a checkpoint: a phase starts, whatever its branch, where the phase before
/// ended, at its largest number of tokens.
pub fn cumulative_tokens(times: &[TrainingTime]) -> Vec<Option<u64>> {
    let phases = Phases::of(times.iter());
    let mut largest: BTreeMap<Phase, u64> = BTreeMap::new();
    for time in times.iter().filter(|time| time.is_known()) {
        let tokens = largest.entry(phases.of_time(time)).or_insert(0);
        *tokens = time.tokens.unwrap_or(0).max(*tokens);
    }
    let counted_on = |time: &TrainingTime| {
        // What a Trainer counted and no name says is the whole training's.
        let Some(_) = &time.name else { return time.tokens };
        let before = largest.range(..phases.of_time(time)).map(|(_, tokens)| *tokens);
        Some(before.fold(time.tokens?, u64::saturating_add))
    };
    times.iter().map(counted_on).collect()
}

/// A checkpoint's place in the order of training.
#[derive(PartialEq, Eq)]
struct Place {
    unknown: bool,
    tokens: Option<u64>,
    phase: Phase,
    ingredient: Option<u64>,
    /// Those without a step, as the end of a phase, come behind those with one.
    step: (bool, Option<u64>),
    fractions: [Option<Number>; 2],
    /// Where nothing says a time: whether the name is that of an end, and its numbers with what stands around them.
    name: (bool, String, Vec<Number>),
    label: String,
}

impl Place {
    fn of(time: TrainingTime, phases: &Phases, by_tokens: bool) -> Self {
        let name = time.name.as_ref();
        Self {
            unknown: !time.is_known(),
            tokens: time.tokens.filter(|_| by_tokens),
            phase: phases.of_time(&time),
            ingredient: name.and_then(|name| name.ingredient),
            step: (time.step.is_none(), time.step),
            fractions: [name.and_then(|name| name.epoch), name.and_then(|name| name.percent)],
            name: {
                let (shape, numbers) =
                    numbered(&time.label).unwrap_or_else(|| (time.label.clone(), Vec::new()));
                (says_the_end(&time.label, ""), shape, numbers)
            },
            label: time.label,
        }
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |place: &Self| (place.unknown, place.tokens);
        let within = |place: &Self| (place.ingredient, place.step, place.fractions, place.tokens);
        (key(self).cmp(&key(other)))
            .then_with(|| self.phase.cmp(&other.phase))
            .then_with(|| within(self).cmp(&within(other)))
            .then_with(|| self.name.0.cmp(&other.name.0))
            .then_with(|| natural_order(&self.name.1, &other.name.1))
            .then_with(|| self.name.2.cmp(&other.name.2))
            .then_with(|| natural_order(&self.label, &other.label))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names in the order of training, each with its tokens in billions.
    fn ordered(names: &[&str]) -> Vec<(String, Option<u64>)> {
        let time = |name: &&str| {
            let read = StepName::parse(name);
            let (step, tokens) = read.map_or((None, None), |read| (read.step, read.tokens));
            TrainingTime::new(name, step, tokens)
        };
        let mut times: Vec<TrainingTime> = names.iter().map(time).collect();
        let tokens = cumulative_tokens(&times);
        times.iter_mut().zip(tokens).for_each(|(time, tokens)| time.tokens = tokens);
        sort_by_training(&mut times, Clone::clone);
        times.into_iter().map(|time| (time.label, time.tokens.map(|tokens| tokens / 1_000_000_000))).collect()
    }

    fn names(ordered: &[(String, Option<u64>)]) -> Vec<&str> {
        ordered.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_name_without_a_phase_belongs_to_the_first() {
        let times = ordered(&[
            "stage2-ingredient1-step11931-tokens50B",
            "stage1-step928646-tokens3896B",
            "step2150-tokens10B",
            "stage1-step1000-tokens5B",
        ]);
        let billions: Vec<_> = times.iter().map(|(_, billions)| billions.unwrap()).collect();
        assert_eq!(billions, [5, 10, 3896, 3946]);
        assert_eq!(times[1].0, "step2150-tokens10B");
    }

    #[test]
    fn phases_that_tell_no_tokens_follow_each_other() {
        let expected =
            ["stage1-step1000", "stage1-step500000", "stage2-step47684", "stage3-step9000", "main"];
        let mut shuffled = expected;
        shuffled.reverse();
        assert_eq!(names(&ordered(&shuffled)), expected);
    }

    #[test]
    fn every_kind_of_count_orders() {
        for expected in [
            &["ckpt_000", "ckpt_010", "ckpt_100"][..],
            &["chck_1M", "chck_10M", "chck_100M", "chck_1000M"],
            &["step-240k-token-503B", "step-720k-token-1510B", "final"],
            &["checkpoint_pct5", "checkpoint_pct010", "checkpoint_pct100"],
            &["epoch-0.5", "epoch-1", "epoch-10"],
            &["epoch=0-step=500", "epoch=1-step=1000"],
            &["9", "10", "0100"],
            &["9M", "10M", "1B", "final"],
            &["save_9", "save_10", "save_final", "main"],
            &["checkpoint_3_1500", "checkpoint_10_100"],
            &["stage1-step5", "stage1", "stage2-step1"],
            &["step1", "step9", "lc-4k-step1", "lc-32k-step1"],
        ] {
            let mut shuffled = expected.to_vec();
            shuffled.reverse();
            assert_eq!(
                names(&ordered(&shuffled))[..expected.len().min(2)],
                expected[..expected.len().min(2)]
            );
            shuffled.rotate_left(1);
            assert_eq!(names(&ordered(&shuffled)), expected);
        }
    }
}
