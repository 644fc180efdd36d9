//! The checkpoint scrubber as plain data, changed only by commands.
//!
//! Several runs rarely save at the same steps, so the scrubber stands at one *time* of all visible runs
//! together, and each run shows its newest checkpoint not after it. Playback takes its `dt` as an argument:
//! nothing here reads a clock, and everything is tested without a window.

use crate::checkpoints::{Checkpoint, Run};

/// The slowest and the fastest playback, in checkpoints a second.
pub const SPEED_RANGE: std::ops::RangeInclusive<f32> = 0.5..=20.0;

/// What a time counts: the finest unit that every checkpoint in sight knows which knows any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    /// Training tokens.
    Tokens,
    /// Training steps.
    Steps,
    /// The place within the run, where the names say nothing.
    #[default]
    Index,
}

/// A moment of training, ordered as training goes. No two checkpoints of a run have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Tokens, steps or the place within the run; for a checkpoint that knows none, as the final `main` usually
    /// does, the last that any in sight knows.
    pub count: u64,
    /// 0 where the count is known; for the others how many of its run lie behind the last count, itself included.
    pub past: usize,
    /// How many checkpoints of its run with the same count come before it, as the branches of a phase have.
    pub again: usize,
}

impl TimeUnit {
    /// What checkpoint number `index` of `run` says of its time.
    fn count_of(self, run: &Run, index: usize) -> Option<u64> {
        let checkpoint = run.checkpoints.get(index);
        match self {
            Self::Tokens => checkpoint?.tokens,
            Self::Steps => checkpoint?.step,
            Self::Index => Some(index as u64),
        }
    }

    /// The finest unit known to every checkpoint of `runs` that knows any; the index where one that knows none, as
    /// of a name that says an epoch alone, stands before one that does.
    fn of<'a>(runs: impl Iterator<Item = &'a Run> + Clone) -> Self {
        let is_timed = |c: &Checkpoint| c.tokens.is_some() || c.step.is_some();
        let amid = |run: &Run| !run.checkpoints.is_sorted_by_key(|c| !is_timed(c));
        let mut timed = runs.clone().flat_map(|run| &run.checkpoints).filter(|c| is_timed(c));
        if timed.clone().next().is_none() || runs.clone().any(amid) {
            Self::Index
        } else if timed.clone().all(|c| c.tokens.is_some()) {
            Self::Tokens
        } else if timed.all(|c| c.step.is_some()) {
            Self::Steps
        } else {
            Self::Index
        }
    }
}

/// What can be asked of the scrubber.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimeCommand {
    /// Plays when paused, pauses when playing.
    TogglePlay,
    /// Goes this many times forward, or back when negative, and pauses.
    Step(i64),
    /// Goes to the first time and pauses.
    Home,
    /// Goes to the last time and pauses.
    End,
    /// Goes to this place in the list of times and pauses.
    MoveTo(usize),
    /// Goes to the newest place not after this time and pauses.
    MoveToTime(Time),
    /// Plays at this many checkpoints a second.
    SetSpeed(f32),
    /// Whether playback starts over at the end.
    SetLooping(bool),
}

/// Where the window stands in training.
#[derive(Clone, Debug, PartialEq)]
pub struct Scrubber {
    unit: TimeUnit,
    /// The last count that any checkpoint in sight knows.
    last_count: u64,
    times: Vec<Time>,
    position: usize,
    playing: bool,
    looping: bool,
    speed: f32,
    /// The share of a checkpoint that playback has gone beyond `position`.
    carry: f32,
}

impl Default for Scrubber {
    fn default() -> Self {
        Self {
            unit: TimeUnit::default(),
            last_count: 0,
            times: Vec::new(),
            position: 0,
            playing: false,
            looping: false,
            speed: 4.0,
            carry: 0.0,
        }
    }
}

impl Scrubber {
    /// Takes the times of `runs`, staying at the same time where it can.
    ///
    /// A scrubber at the end stays at the end: that is where one looks first, and what a growing run extends.
    pub fn set_runs<'a>(&mut self, runs: impl Iterator<Item = &'a Run> + Clone) {
        let before = (self.unit, self.time().filter(|_| !self.is_at_end()));
        self.unit = TimeUnit::of(runs.clone());
        self.last_count =
            runs.clone().filter_map(|run| self.counts(run).into_iter().flatten().max()).max().unwrap_or(0);
        let mut times: Vec<Time> = runs.flat_map(|run| self.times_of(run)).collect();
        times.sort_unstable();
        times.dedup();
        let keep = before.1.filter(|_| before.0 == self.unit);
        self.times = times;
        self.position = keep.map_or(usize::MAX, |time| self.newest_not_after(time)).min(self.last());
        self.carry = 0.0;
        self.playing &= self.times.len() > 1;
    }

    /// Does what a command asks.
    pub fn apply(&mut self, command: TimeCommand) {
        match command {
            TimeCommand::TogglePlay => {
                // Playing from the end means from the start: there is nothing else to see.
                if !self.playing && self.is_at_end() {
                    self.position = 0;
                }
                self.playing = !self.playing && self.times.len() > 1;
                self.carry = 0.0;
            }
            TimeCommand::Step(steps) => {
                let target = self.position as i64 + steps;
                self.stop_at(usize::try_from(target).unwrap_or(0));
            }
            TimeCommand::Home => self.stop_at(0),
            TimeCommand::End => self.stop_at(self.last()),
            TimeCommand::MoveTo(position) => self.stop_at(position),
            TimeCommand::MoveToTime(time) => self.stop_at(self.newest_not_after(time)),
            TimeCommand::SetSpeed(speed) => {
                if speed.is_finite() {
                    self.speed = speed.clamp(*SPEED_RANGE.start(), *SPEED_RANGE.end());
                }
            }
            TimeCommand::SetLooping(looping) => self.looping = looping,
        }
    }

    /// Plays for `dt` seconds; `true` when the time changed.
    pub fn advance(&mut self, dt: f32) -> bool {
        if !self.playing {
            return false;
        }
        let before = self.position;
        self.carry += dt.max(0.0) * self.speed;
        let steps = self.carry.floor();
        self.carry -= steps;
        let target = self.position.saturating_add(steps as usize);
        if target <= self.last() {
            self.position = target;
        } else if self.looping {
            self.position = target % self.times.len().max(1);
        } else {
            self.position = self.last();
        }
        if self.is_at_end() && !self.looping {
            self.playing = false;
            self.carry = 0.0;
        }
        self.position != before
    }

    /// Seconds until playback reaches the next time, where it plays.
    pub fn secs_to_next(&self) -> Option<f32> {
        self.playing.then(|| (1.0 - self.carry) / self.speed)
    }

    /// The newest checkpoint of `run` not after the time of the scrubber.
    pub fn checkpoint_of(&self, run: &Run) -> Option<usize> {
        let time = self.time()?;
        let times = self.times_of(run).into_iter().enumerate();
        times.filter(|&(_, of)| of <= time).max_by_key(|&(_, of)| of).map(|(index, _)| index)
    }

    /// The time of checkpoint number `index` of `run`; `None` where there is no such checkpoint.
    pub fn time_of(&self, run: &Run, index: usize) -> Option<Time> {
        self.times_of(run).get(index).copied()
    }

    /// The times of a run's checkpoints, ascending, as training goes.
    pub fn times_of(&self, run: &Run) -> Vec<Time> {
        let (mut past, mut before) = (0, Time::default());
        let time = |(index, count): (usize, Option<u64>)| {
            before = match count {
                Some(count) if index > 0 && count == before.count => {
                    Time { again: before.again + 1, ..before }
                }
                Some(count) => Time { count, ..Time::default() },
                None => {
                    past += 1;
                    return Time { count: self.last_count, past, again: 0 };
                }
            };
            before
        };
        self.counts(run).into_iter().enumerate().map(time).collect()
    }

    /// The counts of a run's checkpoints, `None` for those that know none. Where steps start over, as they do in a
    /// new phase, they count on from where they were.
    fn counts(&self, run: &Run) -> Vec<Option<u64>> {
        let (mut phase_start, mut last) = (0u64, (0, 0));
        let count = |index| {
            let count = self.unit.count_of(run, index)?;
            if count < last.0 {
                phase_start = last.1;
            }
            last = (count, phase_start.saturating_add(count));
            Some(last.1)
        };
        (0..run.checkpoints.len()).map(count).collect()
    }

    /// What the times count.
    pub fn unit(&self) -> TimeUnit {
        self.unit
    }

    /// All times, ascending and each once.
    pub fn times(&self) -> &[Time] {
        &self.times
    }

    /// The place in [`Self::times`].
    pub fn position(&self) -> usize {
        self.position
    }

    /// The time it stands at, where there is any.
    pub fn time(&self) -> Option<Time> {
        self.times.get(self.position).copied()
    }

    /// Whether it is playing.
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Whether playback starts over at the end.
    pub fn is_looping(&self) -> bool {
        self.looping
    }

    /// Checkpoints a second.
    pub fn speed(&self) -> f32 {
        self.speed
    }

    fn last(&self) -> usize {
        self.times.len().saturating_sub(1)
    }

    fn is_at_end(&self) -> bool {
        self.position >= self.last()
    }

    fn newest_not_after(&self, time: Time) -> usize {
        self.times.partition_point(|&t| t <= time).saturating_sub(1)
    }

    fn stop_at(&mut self, position: usize) {
        self.position = position.min(self.last());
        self.playing = false;
        self.carry = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn run(times: &[(Option<u64>, Option<u64>)]) -> Run {
        let checkpoint = |&(step, tokens): &(Option<u64>, Option<u64>)| Checkpoint {
            name: "c".into(),
            path: PathBuf::new(),
            step,
            tokens,
            tokenizer: None,
            reach: Default::default(),
        };
        Run::new("run".into(), PathBuf::new(), times.iter().map(checkpoint).collect())
    }

    fn steps(steps: &[u64]) -> Run {
        run(&steps.iter().map(|&step| (Some(step), None)).collect::<Vec<_>>())
    }

    fn at(count: u64) -> Time {
        Time { count, ..Time::default() }
    }

    fn scrubber(runs: &[Run]) -> Scrubber {
        let mut scrubber = Scrubber::default();
        scrubber.set_runs(runs.iter());
        scrubber
    }

    #[test]
    fn the_unit_is_what_every_checkpoint_knows_that_knows_any() {
        assert_eq!(scrubber(&[run(&[(Some(1), Some(10)), (None, Some(20))])]).unit(), TimeUnit::Tokens);
        assert_eq!(scrubber(&[run(&[(Some(1), Some(10)), (Some(2), None)])]).unit(), TimeUnit::Steps);
        assert_eq!(scrubber(&[run(&[(Some(1), None), (None, Some(20))])]).unit(), TimeUnit::Index);
        assert_eq!(scrubber(&[run(&[(None, None), (None, None)])]).unit(), TimeUnit::Index);
    }

    #[test]
    fn checkpoints_without_a_time_come_after_the_last_known() {
        let long = run(&[(Some(0), None), (Some(100), None), (None, None)]);
        let short = run(&[(Some(50), None), (None, None)]);
        let runs = [long, short, run(&[(None, None), (None, None)])];
        let mut scrubber = scrubber(&runs);
        assert_eq!(scrubber.unit(), TimeUnit::Steps);
        let past = |past| Time { count: 100, past, again: 0 };
        assert_eq!(scrubber.times(), [at(0), at(50), at(100), past(1), past(2)]);
        let shown = |scrubber: &Scrubber| runs.each_ref().map(|run| scrubber.checkpoint_of(run));
        assert_eq!(shown(&scrubber), [Some(2), Some(1), Some(1)]);
        // Runs are aligned by their steps, not by their numbering.
        scrubber.apply(TimeCommand::MoveToTime(at(60)));
        assert_eq!(shown(&scrubber), [Some(0), Some(0), None]);
        scrubber.apply(TimeCommand::MoveToTime(past(1)));
        assert_eq!(shown(&scrubber), [Some(2), Some(1), Some(0)]);
    }

    #[test]
    fn every_checkpoint_can_be_reached_in_order() {
        let reached = |run: &Run| {
            let mut scrubber = scrubber(std::slice::from_ref(run));
            scrubber.apply(TimeCommand::Home);
            let mut reached = vec![scrubber.checkpoint_of(run).unwrap()];
            while scrubber.position() + 1 < scrubber.times().len() {
                scrubber.apply(TimeCommand::Step(1));
                reached.push(scrubber.checkpoint_of(run).unwrap());
            }
            reached
        };
        // Steps that start over in every phase, and a final model.
        let phases = [1000, 500_000, 47_684, 9000, 9000].map(|step| (Some(step), None));
        let phases = run(&[&phases[..], &[(None, None)]].concat());
        assert_eq!(reached(&phases), [0, 1, 2, 3, 4, 5]);
        let scrubber = scrubber(std::slice::from_ref(&phases));
        let counts: Vec<u64> = scrubber.times().iter().map(|time| time.count).collect();
        assert_eq!(counts, [1000, 500_000, 547_684, 556_684, 556_684, 556_684]);
        // Branches that have seen as many tokens, at the end and at the start.
        assert_eq!(reached(&run(&[0, 0, 14, 14].map(|tokens| (Some(1), Some(tokens))))), [0, 1, 2, 3]);
        // One that knows no step before one that does.
        let amid = run(&[(Some(5), None), (None, None), (Some(1), None)]);
        assert_eq!(reached(&amid), [0, 1, 2]);
    }

    #[test]
    fn times_of_all_runs_are_merged_and_each_run_shows_its_newest() {
        let runs = [steps(&[0, 10, 30]), steps(&[5, 10, 20])];
        let mut scrubber = scrubber(&runs);
        assert_eq!(scrubber.times(), [0, 5, 10, 20, 30].map(at));
        assert_eq!(scrubber.time(), Some(at(30)), "the end is where one looks first");
        scrubber.apply(TimeCommand::MoveToTime(at(20)));
        assert_eq!(runs.each_ref().map(|run| scrubber.checkpoint_of(run)), [Some(1), Some(2)]);
        scrubber.apply(TimeCommand::Home);
        assert_eq!(runs.each_ref().map(|run| scrubber.checkpoint_of(run)), [Some(0), None]);
    }

    #[test]
    fn stepping_stays_within_the_times_and_pauses() {
        let mut scrubber = scrubber(&[steps(&[0, 1, 2])]);
        scrubber.apply(TimeCommand::Home);
        scrubber.apply(TimeCommand::TogglePlay);
        scrubber.apply(TimeCommand::Step(1));
        assert_eq!((scrubber.position(), scrubber.is_playing()), (1, false));
        scrubber.apply(TimeCommand::Step(-5));
        assert_eq!(scrubber.position(), 0);
        scrubber.apply(TimeCommand::Step(9));
        assert_eq!(scrubber.position(), 2);
        scrubber.apply(TimeCommand::MoveTo(99));
        assert_eq!(scrubber.position(), 2);
    }

    #[test]
    fn playback_goes_by_speed_and_stops_at_the_end() {
        let mut scrubber = scrubber(&[steps(&[0, 1, 2, 3])]);
        scrubber.apply(TimeCommand::SetSpeed(2.0));
        scrubber.apply(TimeCommand::TogglePlay);
        assert_eq!(scrubber.position(), 0, "playing from the end starts over");
        assert!(!scrubber.advance(0.25));
        assert_eq!(scrubber.secs_to_next(), Some(0.25));
        assert!(scrubber.advance(0.25));
        assert_eq!(scrubber.position(), 1);
        assert!(scrubber.advance(10.0));
        assert_eq!((scrubber.position(), scrubber.is_playing()), (3, false));
        assert_eq!(scrubber.secs_to_next(), None);
    }

    #[test]
    fn playback_loops_when_asked() {
        let mut scrubber = scrubber(&[steps(&[0, 1, 2])]);
        scrubber.apply(TimeCommand::SetLooping(true));
        scrubber.apply(TimeCommand::SetSpeed(1.0));
        scrubber.apply(TimeCommand::TogglePlay);
        for expected in [1, 2, 0, 1] {
            scrubber.advance(1.0);
            assert_eq!(scrubber.position(), expected);
        }
        assert!(scrubber.is_playing());
    }

    #[test]
    fn hiding_a_run_keeps_the_time() {
        let runs = [steps(&[0, 10, 30]), steps(&[5, 20])];
        let mut scrubber = scrubber(&runs);
        scrubber.apply(TimeCommand::MoveToTime(at(20)));
        scrubber.set_runs(runs[..1].iter());
        assert_eq!(scrubber.time(), Some(at(10)));
        scrubber.apply(TimeCommand::End);
        scrubber.set_runs(runs.iter());
        assert_eq!(scrubber.time(), Some(at(30)));
    }

    #[test]
    fn nothing_to_scrub_is_no_trouble() {
        let mut scrubber = scrubber(&[]);
        for command in
            [TimeCommand::TogglePlay, TimeCommand::Step(1), TimeCommand::End, TimeCommand::MoveTo(3)]
        {
            scrubber.apply(command);
        }
        assert!(!scrubber.advance(1.0));
        assert_eq!((scrubber.time(), scrubber.position()), (None, 0));
    }
}
