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
use crate::engine::schedule::{Emitted, Further, Pair, Task};
use crate::engine::scored::Scored;
use crate::estimator::Reference;
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
        let live = self.live;
        let session = self.session_mut(of)?;
        let key = ScoresKey::new(identity, &sample, &session.of.settings, live, device);
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
        (answer.null, answer.honest) = (true, true);
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
        let at_work = |job: &Job| job.is_of(session, of.checkpoint) && job.stage == stage && !job.is_done();
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
        // A stage further keeps the model, unless it fills more scores than there was to be room for beside it; another
        // checkpoint needs its own.
        let job = self.job.take().filter(|job| job.is_of(session, of.checkpoint));
        let wanted = self.fills(of, stage);
        let job = job.filter(|job| wanted.iter().all(|id| job.fills.contains(id) && self.has_asked(of, *id)));
        let (job, config, mut fills) = match job {
            Some(job) if !wanted.is_empty() => (Some(job), None, wanted),
            _ => {
                let (config, fills) = self.open_scores(of, stage, identity, sample, device, outbox)?;
                (None, Some(config), fills)
            }
        };
        fills.retain(|id| self.bank.get(*id).is_none_or(|scored| scored.stages(sample) <= stage));
        if fills.is_empty() {
            // All of it was there.
            return Ok(());
        }
        let beside = self.bank.bytes_beside_model(device);
        let checkpoint = self.checkpoint(of.checkpoint)?;
        let dtype = self.conditions[of.condition].condition.settings.dtype;
        let Some(scores) = self.bank.get_all_mut(&fills) else { return Ok(()) };
        let mut job = match (job, config) {
            (Some(job), _) => job,
            (None, Some(config)) => {
                let in_main_memory = scores.iter().filter(|scored| !scored.is_on_gpu());
                device.compute.check(dtype).map_err(Trouble::Condition)?;
                let options = Options {
                    dtype,
                    memory: device.memory_beside(beside),
                    longest: sample.longest(),
                    scores_a_token: in_main_memory.map(|scored| scored.table.bytes_of(1)).sum(),
                    ..Options::new(device.compute.tensors())
                };
                Job::open(session, of.checkpoint, &checkpoint, config, &options)
                    .map_err(|error| error.at(&checkpoint.path))?
            }
            (None, None) => return Ok(()),
        };
        job.aim(stage, sample, fills, scores)?;
        self.job = Some(job);
        Ok(())
    }

    /// The scores that the model of a checkpoint is to fill up to a stage: those that numbers still wait for and, along
    /// with the last stage, those of further seeds that the spread still waits for.
    fn fills(&self, of: Pair, stage: usize) -> Vec<ScoresId> {
        let Some(id) = self.scores_id(of) else { return Vec::new() };
        let Emitted { stages, answered, null, .. } = self.emitted(of);
        let spread_alone = answered >= stages && null;
        let first = (!spread_alone || id.further().is_none()).then_some(id);
        let further = id.further().filter(|_| stage + 1 >= stages && self.spread_awaited(id));
        first.into_iter().chain(further).collect()
    }

    /// Whether any spread that is wanted is still to be measured along with these scores.
    pub(super) fn spread_awaited(&self, id: ScoresId) -> bool {
        self.wants.iter().any(|&(of, quality)| {
            quality == Quality::Honest
                && self.scores_id(of) == Some(id)
                && !self.emitted(of).has(quality)
                && self.conditions[of.condition].condition.settings.reference_seeds > 1
        })
    }

    /// Whether there are scores under an id with all points and seeds that they must have.
    fn has_asked(&self, of: Pair, id: ScoresId) -> bool {
        let Asked { points, seeds } = self.asked(of);
        self.bank.get(id).is_some_and(|scored| scored.table.shape().covers(points, id.part().seeds(seeds)))
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

    /// Reads a checkpoint's configuration and finds places for the scores that its model is to fill up to a stage. Returns
    /// these beside it.
    fn open_scores(
        &mut self,
        of: Pair,
        stage: usize,
        identity: u128,
        sample: &Sample,
        device: &OpenDevice,
        outbox: &Outbox<'_>,
    ) -> Result<(Config, Vec<ScoresId>), Trouble> {
        let runs = Arc::clone(&self.runs);
        let (run, checkpoint) = runs.get(of.checkpoint).ok_or_else(not_open)?;
        let config = Config::read(&checkpoint.folder())?;
        let (asked, live) = (self.asked(of), self.live);
        let session = self.session_mut(of)?;
        let key = ScoresKey::new(identity, sample, &session.of.settings, live, device);
        session.scores.insert(of.checkpoint, key.id);
        let settings =
            Settings { points: asked.points, reference_seeds: asked.seeds, ..session.of.settings.clone() };
        let name = title(&run.run.name, &checkpoint.name);
        let wanted = self.fills(of, stage);
        let order: Vec<ScoresId> = wanted.iter().copied().chain(self.in_order()).collect();
        let mut fills = Vec::new();
        for id in wanted {
            // Scores that the store has may be of more seeds than the first.
            let first = fills.first().and_then(|first| self.bank.get(*first));
            if first.is_some_and(|first| first.table.shape().seeds.include(id.part().seeds(asked.seeds))) {
                continue;
            }
            let new = NewScores::new(&settings, id.part(), &config, sample, &name);
            let opened = self.bank.open(&key.with(id), &new, &order, device);
            for warning in opened.map_err(|error| error.at(&checkpoint.path))? {
                outbox.emit(Event::Warning(warning))?;
            }
            fills.push(id);
        }
        Ok((config, fills))
    }

    /// The scores that are wanted, the most urgent first.
    fn in_order(&self) -> Vec<ScoresId> {
        let mut known = HashSet::new();
        let ids = self.wants.iter().filter_map(|&(of, quality)| {
            let id = self.scores_id(of)?;
            let spread = quality == Quality::Honest && !self.emitted(of).has(quality);
            Some([Some(id), id.further().filter(|_| spread)])
        });
        ids.flatten().flatten().filter(|id| known.insert(*id)).collect()
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
        let session = self.conditions[of.condition].session;
        let Self { job: Some(job), sessions, bank, identities, .. } = self else { return Ok(()) };
        let Some(identity) = identities.get(&of.checkpoint) else { return Ok(()) };
        let (Some(scores), Some(session)) = (bank.get_all_mut(&job.fills), sessions.get_mut(&session)) else {
            // Evicted meanwhile.
            self.job = None;
            return Ok(());
        };
        for scored in &scores {
            session.make_references(scored, device)?;
        }
        let mut scores: Vec<(&mut Scored, &[Reference])> = scores
            .into_iter()
            .map(|scored| {
                let references = session.references(scored);
                (scored, references)
            })
            .collect();
        let before = job.passed();
        let unchanged = || !identity.files.changed();
        let advance = job.step(sample, &device.estimator, &mut scores, &unchanged, &mut self.costs)?;
        let trouble = scores.iter_mut().find_map(|(scored, _)| scored.trouble.take());
        let documents = scores.iter().map(|(scored, _)| scored.documents(sample)).min().unwrap_or(0);
        if let Some(error) = trouble {
            outbox.emit(Event::Warning(format!("{error}; going on in memory")))?;
        }
        match advance {
            Advance::Done => return Ok(()),
            Advance::Changed => return self.is_rewritten(of.checkpoint, outbox).map(drop),
            Advance::More => {}
        }
        self.progress.advance(job.passed() - before);
        let share = (documents as f64 + job.through()) / sample.stages[stage] as f64;
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
        self.emitted_progress = Instant::now();
        let of_quality = |(of, quality): &(Pair, Quality)| (*quality == Quality::Honest).then_some(*of);
        let honest: HashSet<Pair> = self.wants.iter().filter_map(of_quality).collect();
        let wanted: HashSet<Pair> = self.wants.iter().map(|(other, _)| *other).collect();
        // Checkpoints without a known sample will be about as long as this one's.
        let typical = self.known_sample(of);
        let unread = wanted.iter().map(|other| self.unread(*other, honest.contains(other), typical));
        let remaining: usize = unread.sum();
        // Of the stage under way, what is already through.
        let through = self.job.as_ref().map_or(0.0, Job::through);
        let remaining = (remaining as f64 - through).max(0.0);
        let Some(asked) = self.asking(of.condition).into_iter().next() else { return Ok(()) };
        outbox.emit_replaceable(Event::Progress {
            condition: asked.condition,
            checkpoint: of.checkpoint,
            checkpoint_share,
            total_share: self.progress.share(remaining),
            remaining: self.progress.remaining(self.emitted_progress, remaining),
        })?;
        Ok(())
    }

    /// The documents that a checkpoint's model has still to read for numbers, for `honest` ones with their spread, on a
    /// sample like `typical` where its own is not known.
    fn unread(&self, of: Pair, honest: bool, typical: Option<&Sample>) -> usize {
        let (emitted, known) = (self.emitted(of), self.known_sample(of));
        let Some(sample) = known.or(typical) else { return 0 };
        let stages = if known.is_some() { emitted.stages } else { sample.stages.len() };
        let until = |stages: usize| stages.checked_sub(1).map_or(0, |last| sample.stages[last]);
        let documents = |scored: Option<&Scored>| scored.map_or(0, |scored| scored.documents(sample));
        let numbers = emitted.has(Quality::Complete);
        let scored = documents(self.scored(of)).max(until(emitted.answered));
        let settings = &self.conditions[of.condition].condition.settings;
        if !(self.live && honest && settings.reference_seeds > 1) {
            return if numbers { 0 } else { until(stages).saturating_sub(scored) };
        }
        // With the last stage the further seeds are scored, from the first document on.
        let further = match self.standing(of).further {
            _ if emitted.has(Quality::Honest) => until(stages),
            Further::Missing => documents(self.further(of).map(|(_, scored)| scored)),
            Further::Kept | Further::Passing => until(stages),
        };
        let before = if numbers { 0 } else { until(stages.saturating_sub(1)).saturating_sub(scored) };
        before + until(stages).saturating_sub(further)
    }
}

/// What scores must be of.
#[derive(Clone, Copy)]
struct Asked {
    points: usize,
    seeds: usize,
}

/// A checkpoint's name beside those of other runs.
fn title(run: &str, checkpoint: &str) -> String {
    // A model on its own is a run of one.
    if run == checkpoint { run.to_owned() } else { format!("{run}/{checkpoint}") }
}
