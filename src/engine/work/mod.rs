//! The work on what is wanted: what is known of every checkpoint, and what makes more of it known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::checkpoints::{Checkpoint, CheckpointKey};
use crate::engine::bank::{Bank, is_passing};
use crate::engine::cost::{Cost, cost};
use crate::engine::devices::Devices;
use crate::engine::inbox::{Gone, Inbox, Outbox};
use crate::engine::job::Job;
use crate::engine::keys::{Part, ScoresId};
use crate::engine::message::{EstimatorCosts, Event, Quality};
use crate::engine::open_device::OpenDevice;
use crate::engine::progress::Progress;
use crate::engine::runs::RunList;
use crate::engine::sample::Sample;
use crate::engine::schedule::{Emitted, Further, Pair, Standing, Task, next_task};
use crate::engine::scored::Scored;
use crate::engine::session::{Session, SessionId};
use crate::error::{Error, Kind, caught};
use crate::store::Store;

mod answer;
mod answering;
mod asking;
mod files;
mod frontier;
mod looking;
mod scoring;
mod taking_up;

use self::answer::Answers;
use self::answering::Beside;
use self::asking::Asked;
use self::files::Identity;
use self::looking::Looks;

/// What ends a task early.
enum Trouble {
    /// Nobody listens any more.
    Gone,
    /// Nothing can be measured under the condition, whatever the checkpoint.
    Condition(Error),
    /// The task failed, or was interrupted; what that costs [`cost`] decides.
    Task(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Task(error)
    }
}

impl From<Gone> for Trouble {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

/// What is wanted, and all that was made for it.
pub struct Work {
    runs: Arc<RunList>,
    live: bool,
    /// What is wanted, the most urgent first.
    wants: Vec<(Pair, Quality)>,
    /// What of it is not met yet, or was not when it was last looked through.
    open: Vec<(Pair, Quality)>,
    /// The parts of the conditions among it, each once: what is worked on.
    conditions: Vec<Answers>,
    /// The conditions themselves, each once.
    asked: Vec<Asked>,
    sessions: BTreeMap<SessionId, Session>,
    /// Counts them, those that are gone too.
    sessions_begun: u64,
    /// Counts the sets of wants.
    clock: u64,
    identities: HashMap<CheckpointKey, Identity>,
    /// Checkpoints whose files were rewritten since their last numbers.
    rewritten: HashSet<CheckpointKey>,
    /// What was emitted of texts.
    noted: HashSet<String>,
    bank: Bank,
    /// Where measurements are stored; `None` for nowhere.
    store: Option<Store>,
    devices: Devices,
    /// The model at work.
    job: Option<Job>,
    /// The task under way, as long as nothing else may have become more urgent.
    current: Option<Task>,
    costs: EstimatorCosts,
    /// Whether nothing was left to do.
    resting: bool,
    progress: Progress,
    /// When progress was emitted last, and how long it is not emitted again while a model works.
    emitted_progress: Instant,
    progress_every: Duration,
    /// Whether numbers were emitted since a new condition came.
    answered: bool,
    /// Warnings of configs that were emitted: the checkpoints of a run share theirs.
    warned: HashSet<String>,
    looks: Looks,
}

impl Work {
    /// Nothing to do yet.
    pub fn new(options: &crate::engine::Options) -> Self {
        Self {
            runs: Arc::default(),
            live: options.live,
            wants: Vec::new(),
            open: Vec::new(),
            conditions: Vec::new(),
            asked: Vec::new(),
            sessions: BTreeMap::new(),
            sessions_begun: 0,
            clock: 0,
            identities: HashMap::new(),
            rewritten: HashSet::new(),
            noted: HashSet::new(),
            bank: Bank::new(options.store.clone(), options.kept),
            store: options.store.clone(),
            devices: Devices::new(options.memory),
            job: None,
            current: None,
            costs: EstimatorCosts::default(),
            resting: true,
            progress: Progress::new(Instant::now()),
            emitted_progress: Instant::now(),
            progress_every: options.progress_every,
            answered: false,
            warned: HashSet::new(),
            looks: Looks::default(),
        }
    }

    /// Does a piece of the work; `false` when none is left.
    pub fn advance(&mut self, inbox: &mut Inbox, outbox: &Outbox<'_>) -> Result<bool, Gone> {
        if self.current.is_none() && self.look_at_text(inbox, outbox)? {
            return Ok(true);
        }
        let Some(task) = self.current.take().or_else(|| self.next()) else {
            return Ok(self.look_at_states(inbox, outbox)? || self.look_at_frontier(inbox, outbox)?);
        };
        if std::mem::take(&mut self.resting) {
            self.progress = Progress::new(Instant::now());
        }
        let of = task.of();
        let Some(session) = self.sessions.get(&self.conditions[of.condition].session) else {
            return Ok(false);
        };
        let mut device = self.devices.take(session.of.settings.backend, outbox)?;
        let done = match caught(|| self.carry_out(task, &mut device, inbox, outbox)) {
            Ok(()) => Ok(()),
            Err(trouble) => self.stand(trouble, task, &mut device, outbox),
        };
        self.devices.give_back(device);
        done.map(|()| true)
    }

    fn next(&mut self) -> Option<Task> {
        let mut open = std::mem::take(&mut self.open);
        open.retain(|&(of, quality)| !self.emitted(of).has(quality));
        self.open = open;
        let at_work = |of: Pair, stage: usize| {
            let session = self.conditions[of.condition].session;
            self.job.as_ref().is_some_and(|job| job.is_of(session, of.checkpoint) && job.stage == stage)
        };
        next_task(&self.open, |of| self.standing(of), at_work)
    }

    /// Closes the model at work, which may be as large as the machine's memory and is soon opened again; scores and
    /// numbers stay. Returns what the estimator cost since the last rest; `None` where a GPU computes.
    pub fn rest(&mut self) -> Option<EstimatorCosts> {
        self.job = None;
        self.resting = true;
        let costs = std::mem::take(&mut self.costs);
        (!self.devices.any_gpu()).then_some(costs)
    }

    fn carry_out(
        &mut self,
        task: Task,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        match task {
            Task::LookUp(of) => self.look_up(of, device, inbox, outbox),
            Task::Measure { of, stage } => self.measure(of, stage, device, inbox, outbox),
            Task::MeasureNull(of) => self.measure_beside(of, Beside::Null, device, inbox, outbox),
            Task::MeasureSpread(of) => self.measure_beside(of, Beside::Spread, device, inbox, outbox),
            Task::Score { of, stage } => self.score(of, stage, device, inbox, outbox),
        }
    }

    /// Bears what ended a task early.
    fn stand(
        &mut self,
        trouble: Trouble,
        task: Task,
        device: &mut OpenDevice,
        outbox: &Outbox<'_>,
    ) -> Result<(), Gone> {
        let of = task.of();
        match trouble {
            Trouble::Gone => Err(Gone),
            Trouble::Condition(error) => {
                let answers = &mut self.conditions[of.condition];
                answers.failed = true;
                let session = answers.session;
                self.job.take_if(|job| job.session == session);
                self.emit_condition_failure(of.condition, &error, outbox)
            }
            Trouble::Task(error) => {
                let scores = self.scores_id(of);
                let elsewhere = scores.is_some_and(|scores| self.bank.is_off_gpu(scores));
                match cost(error.kind(), device.health(error.kind()), elsewhere) {
                    Cost::Nothing => Ok(()),
                    Cost::Place => {
                        self.job = None;
                        if let Some(scores) = scores {
                            self.bank.move_off_gpu(scores);
                        }
                        device.estimator.release();
                        Ok(())
                    }
                    Cost::Checkpoint => self.fail(task, device, error, outbox),
                    Cost::Device => self.fall_back(device, outbox, &error),
                }
            }
        }
    }

    /// Leaves a checkpoint alone under a condition, until it is tried again or wanted anew.
    fn fail(
        &mut self,
        task: Task,
        device: &mut OpenDevice,
        error: Error,
        outbox: &Outbox<'_>,
    ) -> Result<(), Gone> {
        let of = task.of();
        if error.kind() == Kind::DeviceMemory {
            device.estimator.release();
        }
        let Emitted { stages, answered, null, .. } = self.emitted(of);
        if self.live && null && answered >= stages {
            return self.go_without_spread(of, &error, outbox);
        }
        // Scores that one condition cannot be answered from may answer another.
        if matches!(task, Task::Score { .. }) || !self.live {
            self.job = None;
            self.evict(of);
        }
        let answers = &mut self.conditions[of.condition];
        answers.of.entry(of.checkpoint).or_default().failed = true;
        self.emit_failure(of, &error, outbox)
    }

    /// Leaves a checkpoint with the numbers that it has: what only their spread was made for, as where the model is gone by
    /// then, costs no more than that.
    fn go_without_spread(&mut self, of: Pair, error: &Error, outbox: &Outbox<'_>) -> Result<(), Gone> {
        self.job = None;
        if let Some(further) = self.scores_id(of).and_then(ScoresId::further) {
            self.bank.evict(further);
        }
        self.conditions[of.condition].of.entry(of.checkpoint).or_default().failed = true;
        outbox.emit(Event::Warning(format!("numbers without their spread over seeds: {error}")))
    }

    /// Goes on with the CPU. Numbers that are emitted stay.
    fn fall_back(&mut self, device: &mut OpenDevice, outbox: &Outbox<'_>, error: &Error) -> Result<(), Gone> {
        self.job = None;
        self.bank.lose_gpu();
        // What the GPU made and main memory has is found again under the GPU's name alone.
        for session in self.sessions.values_mut() {
            if session.of.settings.backend == device.backend {
                session.leave_device();
            }
        }
        device.lose_gpu();
        let until = "computing on the CPU until other scores are made, or it is tried again";
        outbox.emit(Event::Warning(format!("the GPU failed ({error}); {until}")))
    }

    /// What was emitted of a checkpoint under a condition.
    fn emitted(&self, of: Pair) -> Emitted {
        let answers = &self.conditions[of.condition];
        let answer = answers.of.get(&of.checkpoint);
        let stages = || self.known_sample(of).map(|sample| sample.stages.len());
        Emitted {
            failed: answers.failed || answer.is_some_and(|answer| answer.failed),
            stages: answer.and_then(|answer| answer.settled).or_else(stages).unwrap_or(1),
            answered: answer.map_or(0, |answer| answer.stages),
            null: answer.is_some_and(|answer| answer.null),
            honest: answer.is_some_and(|answer| answer.honest),
        }
    }

    /// How far a checkpoint has come under a condition.
    fn standing(&self, of: Pair) -> Standing {
        let answers = &self.conditions[of.condition];
        let settings = &answers.condition.settings;
        let sample = self.known_sample(of);
        let emitted = self.emitted(of);
        // The stages at hand, of as many points as the condition has.
        let of_points = |scored: &Scored| match sample {
            Some(sample) if scored.table.shape().points >= settings.points => scored.stages(sample),
            _ => 0,
        };
        let further = match self.further(of) {
            _ if settings.reference_seeds <= 1 => Further::Passing,
            Some((id, scored)) if of_points(scored) >= emitted.stages => {
                if is_passing(id, scored) {
                    Further::Passing
                } else {
                    Further::Kept
                }
            }
            _ => Further::Missing,
        };
        Standing {
            emitted,
            encoded: sample.is_some(),
            looked_up: answers.of.get(&of.checkpoint).is_some_and(|answer| answer.looked_up),
            at_hand: self.scored(of).map_or(0, of_points),
            further,
            climbs: settings.tolerance > 0.0,
        }
    }

    /// A checkpoint; an error where it is not open, which its want was checked for.
    fn checkpoint(&self, key: CheckpointKey) -> Result<Checkpoint, Error> {
        self.runs.get(key).map(|(_, checkpoint)| checkpoint.clone()).ok_or_else(not_open)
    }

    fn session(&self, of: Pair) -> Option<&Session> {
        self.sessions.get(&self.conditions[of.condition].session)
    }

    fn session_mut(&mut self, of: Pair) -> Result<&mut Session, Error> {
        let session = self.sessions.get_mut(&self.conditions[of.condition].session);
        session.ok_or_else(|| Error::new(Kind::Bug, "a condition has no session"))
    }

    /// Where the scores of a checkpoint are in the bank, if they are.
    fn scores_id(&self, of: Pair) -> Option<ScoresId> {
        self.session(of)?.scores.get(&of.checkpoint).copied()
    }

    /// The scores of a checkpoint; `None` where there are none.
    fn scored(&self, of: Pair) -> Option<&Scored> {
        self.bank.get(self.scores_id(of)?)
    }

    /// The scores that have the seeds after the first which a condition asks for; `None` where there are none.
    fn further(&self, of: Pair) -> Option<(ScoresId, &Scored)> {
        let id = self.scores_id(of)?;
        let count = self.conditions[of.condition].condition.settings.reference_seeds;
        let parts = [id.further(), Some(id)].into_iter().flatten();
        let mut scores = parts.filter_map(|id| Some((id, self.bank.get(id)?)));
        scores.find(|(_, scored)| scored.table.shape().seeds.include(Part::Further.seeds(count)))
    }

    fn evict(&mut self, of: Pair) {
        if let Ok(session) = self.session_mut(of)
            && let Some(scores) = session.scores.remove(&of.checkpoint)
        {
            self.bank.evict_all(scores);
        }
    }

    /// The sample of a checkpoint; `None` where it was not made yet.
    fn known_sample(&self, of: Pair) -> Option<&Sample> {
        let (_, checkpoint) = self.runs.get(of.checkpoint)?;
        self.session(of)?.known_sample(checkpoint)
    }
}

/// What is never the case: wants of checkpoints that are not open are passed over.
fn not_open() -> Error {
    Error::new(Kind::Bug, "a checkpoint is not open")
}

#[cfg(test)]
#[path = "trouble_tests.rs"]
mod tests;
