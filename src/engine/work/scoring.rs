//! Scores: looked up, or made by a checkpoint's model.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use super::{Trouble, Work, not_open};
use crate::engine::bank::NewScores;
use crate::engine::inbox::{Inbox, Outbox};
use crate::engine::job::{Advance, Job};
use crate::engine::keys::{ScoresId, ScoresKey, measurement_key};
use crate::engine::message::{Event, Quality};
use crate::engine::open_device::OpenDevice;
use crate::engine::sample::Sample;
use crate::engine::schedule::{Pair, Task};
use crate::model::Options;
use crate::model::config::Config;
use crate::settings::Settings;

impl Work {
    /// Looks whether scores of a checkpoint are there from before, and whether its numbers are stored, which are then
    /// emitted.
    pub(super) fn look_up(
        &mut self,
        of: Pair,
        device: &OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        // A folder that cannot be read says so before a tokenizer is missed in it.
        let identity = self.identity(of.checkpoint, outbox)?;
        let sample = self.sample(of, inbox, outbox)?;
        let session = self.session_mut(of)?;
        let key = ScoresKey::new(identity, &sample, &session.of.settings, device);
        session.scores.insert(of.checkpoint, key.id);
        let answers = &mut self.conditions[of.condition];
        let key = measurement_key(identity, &sample, &answers.condition.settings, device);
        let answer = answers.of.entry(of.checkpoint).or_default();
        answer.looked_up = true;
        let Some(measurement) = self.store.as_ref().and_then(|store| store.measurement(&key)) else {
            return Ok(());
        };
        answer.stages = sample.stages.len();
        // Within the tolerance fewer may have been enough.
        answer.settled = None;
        answer.honest = true;
        answer.measurement = Some(Arc::new(measurement));
        self.emit_measurement(of, Quality::Honest, true, outbox)?;
        self.emit_progress(of, 1.0, outbox)
    }

    /// Passes a batch of a checkpoint's documents through a layer of its model.
    pub(super) fn score(
        &mut self,
        of: Pair,
        stage: usize,
        device: &OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let identity = self.identity(of.checkpoint, outbox)?;
        let sample = self.sample(of, inbox, outbox)?;
        let session = self.conditions[of.condition].session;
        let at_work = |job: &Job| (job.session, job.checkpoint, job.stage) == (session, of.checkpoint, stage);
        if !self.job.as_ref().is_some_and(at_work) {
            self.aim(of, stage, identity, &sample, device, outbox)?;
        }
        self.step(of, stage, &sample, device, outbox)
    }

    /// Has the model of a checkpoint work towards a stage, unless the stage is scored already.
    fn aim(
        &mut self,
        of: Pair,
        stage: usize,
        identity: u128,
        sample: &Sample,
        device: &OpenDevice,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let session = self.conditions[of.condition].session;
        // A stage further keeps the model; another checkpoint needs its own.
        let job = self.job.take().filter(|job| (job.session, job.checkpoint) == (session, of.checkpoint));
        let checkpoint = self.checkpoint(of.checkpoint)?;
        let enough =
            self.scored(of).is_some_and(|scored| self.asked(of).is_answered_by(scored.table.shape()));
        let (job, config) = match job {
            Some(job) if enough => (Some(job), None),
            _ => (None, Some(self.open_scores(of, identity, sample, device, outbox)?)),
        };
        let Some(id) = self.scores_id(of) else { return Ok(()) };
        let beside = self.bank.bytes_beside_model(device);
        let dtype = self.conditions[of.condition].condition.settings.dtype;
        let Some(scored) = self.bank.get_mut(id) else { return Ok(()) };
        if scored.stages(sample) > stage {
            // All of it was there.
            return Ok(());
        }
        let mut job = match (job, config) {
            (Some(job), _) => job,
            (None, Some(config)) => {
                let options = Options {
                    device: device.compute.tensors(),
                    products: device.compute.products(dtype).map_err(Trouble::Condition)?,
                    memory: device.memory_beside(beside),
                    longest: sample.longest(),
                    scores_a_token: if scored.is_on_gpu() { 0 } else { scored.table.bytes_of(1) },
                };
                Job::open(session, of.checkpoint, &checkpoint, config, &options)
                    .map_err(|error| error.at(&checkpoint.path))?
            }
            (None, None) => return Ok(()),
        };
        job.aim(stage, sample, scored)?;
        self.job = Some(job);
        Ok(())
    }

    /// What all conditions that query the scores of a pair ask of them together.
    fn asked(&self, of: Pair) -> Asked {
        let session = self.conditions[of.condition].session;
        let settings = self.conditions.iter().filter(|answers| answers.session == session);
        let settings = settings.map(|answers| &answers.condition.settings);
        settings.fold(Asked { points: 0, seeds: 1 }, |asked, settings| Asked {
            points: asked.points.max(settings.points),
            seeds: asked.seeds.max(settings.reference_seeds),
        })
    }

    /// Reads a checkpoint's configuration and finds a place for its scores.
    fn open_scores(
        &mut self,
        of: Pair,
        identity: u128,
        sample: &Sample,
        device: &OpenDevice,
        outbox: &Outbox<'_>,
    ) -> Result<Config, Trouble> {
        let runs = Arc::clone(&self.runs);
        let (run, checkpoint) = runs.get(of.checkpoint).ok_or_else(not_open)?;
        let config = Config::read(&checkpoint.folder())?;
        if let Some(warning) = config.warning()
            && self.warned.insert(warning.clone())
        {
            outbox.emit(Event::Warning(format!("{warning}: {}", checkpoint.path.display())))?;
        }
        let (asked, live) = (self.asked(of), self.live);
        let session = self.session_mut(of)?;
        let settings = &session.of.settings;
        let key = ScoresKey::new(identity, sample, settings, device);
        session.scores.insert(of.checkpoint, key.id);
        let settings =
            Settings { points: asked.points, reference_seeds: asked.seeds, ..session.of.settings.clone() };
        let name = title(&run.run.name, &checkpoint.name);
        let new = NewScores::new(&settings, live, &config, sample, &name);
        let order = self.in_order();
        let opened = self.bank.open(&key, &new, &order, device);
        for warning in opened.map_err(|error| error.at(&checkpoint.path))? {
            outbox.emit(Event::Warning(warning))?;
        }
        Ok(config)
    }

    /// The scores that are wanted, the most urgent first.
    fn in_order(&self) -> Vec<ScoresId> {
        let mut known = HashSet::new();
        let ids = self.wants.iter().filter_map(|(of, _)| self.scores_id(*of));
        ids.filter(|id| known.insert(*id)).collect()
    }

    /// Takes a batch of the model at work one step further.
    fn step(
        &mut self,
        of: Pair,
        stage: usize,
        sample: &Sample,
        device: &OpenDevice,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let id = self.scores_id(of);
        let session = self.conditions[of.condition].session;
        let Self { job: Some(job), sessions, bank, identities, .. } = self else { return Ok(()) };
        let (Some(scored), Some(session)) = (id.and_then(|id| bank.get_mut(id)), sessions.get_mut(&session))
        else {
            return Ok(());
        };
        let Some(identity) = identities.get(&of.checkpoint) else { return Ok(()) };
        let references = session.references(scored, device)?;
        let before = job.passed();
        let unchanged = || !identity.files.changed();
        let advance = job.step(sample, &device.estimator, references, scored, &unchanged, &mut self.costs)?;
        if let Some(error) = scored.trouble.take() {
            outbox.emit(Event::Warning(format!("{error}; going on in memory")))?;
        }
        match advance {
            Advance::Done => return Ok(()),
            Advance::Changed => return self.is_rewritten(of.checkpoint, outbox).map(drop),
            Advance::More => {}
        }
        self.progress.advance(job.passed() - before);
        let share = (scored.documents(sample) as f64 + job.through()) / sample.stages[stage] as f64;
        self.current = Some(Task::Score { of, stage });
        if self.emitted_progress.elapsed() < self.progress_every {
            return Ok(());
        }
        self.emit_progress(of, share as f32, outbox)
    }

    /// Emits how far a checkpoint has come, and with it all that is wanted.
    pub(super) fn emit_progress(
        &mut self,
        of: Pair,
        checkpoint_share: f32,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        // Checkpoints without a known sample will be about as long as this one's.
        let typical = self.known_sample(of).map_or(0, |sample| sample.documents.len());
        self.emitted_progress = Instant::now();
        let mut remaining = 0;
        let mut known = HashSet::new();
        for &(other, _) in self.wants.iter().filter(|(other, _)| known.insert(*other)) {
            let answers = &self.conditions[other.condition];
            let answer = answers.of.get(&other.checkpoint);
            let sample = self.known_sample(other);
            let total = sample.map_or(typical, |sample| sample.documents.len());
            let scored =
                self.scored(other).zip(sample).map_or(0, |(scored, sample)| scored.documents(sample));
            let stages = answer.map_or(0, |answer| answer.stages);
            let answered = sample.filter(|_| stages > 0).map_or(0, |sample| sample.stages[stages - 1]);
            let finished = self.emitted(other).has(Quality::Complete);
            remaining += if finished { 0 } else { total - scored.max(answered).min(total) };
        }
        // Of the stage under way, what is already through.
        let through = self.job.as_ref().map_or(0.0, Job::through);
        let remaining = (remaining as f64 - through).max(0.0);
        outbox.emit_replaceable(Event::Progress {
            condition: Arc::clone(&self.conditions[of.condition].condition),
            checkpoint: of.checkpoint,
            checkpoint_share,
            total_share: self.progress.share(remaining),
            remaining: self.progress.remaining(self.emitted_progress, remaining),
        })?;
        Ok(())
    }
}

/// What scores must be of.
#[derive(Clone, Copy)]
struct Asked {
    points: usize,
    seeds: usize,
}

impl Asked {
    fn is_answered_by(self, shape: crate::scores::Shape) -> bool {
        shape.points >= self.points && shape.seeds >= self.seeds
    }
}

/// A checkpoint's name beside those of other runs.
fn title(run: &str, checkpoint: &str) -> String {
    // A model on its own is a run of one.
    if run == checkpoint { run.to_owned() } else { format!("{run}/{checkpoint}") }
}
