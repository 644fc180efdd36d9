//! Numbers: derived from scores, emitted and stored.

use std::sync::Arc;
use std::time::Instant;

use super::answer::{any_new, unwanted, without_scores};
use super::{Trouble, Work};
use crate::checkpoints::Checkpoint;
use crate::condition::Condition;
use crate::engine::bank::is_passing;
use crate::engine::inbox::{Inbox, Outbox};
use crate::engine::keys::measurement_key;
use crate::engine::measuring::{measurement, with_null, with_spread};
use crate::engine::message::{Event, Quality};
use crate::engine::open_device::OpenDevice;
use crate::engine::schedule::{Further, Pair};
use crate::error::{Error, Kind};
use crate::estimator::{Binning, temperature};
use crate::results::Measurement;
use crate::settings::Settings;
use crate::words::counted;

/// What tells whether to believe numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// The measures under labels dealt out at random.
    Null,
    /// How far the measures spread over the seeds of the reference points.
    Spread,
}

impl Work {
    /// Derives a checkpoint's measures on a stage of its sample from scores, and emits them.
    pub(super) fn measure(
        &mut self,
        of: Pair,
        stage: usize,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let identity = self.identity(of.checkpoint, outbox)?;
        let sample = self.sample(of, inbox, outbox)?;
        let checkpoint = self.checkpoint(of.checkpoint)?;
        let condition = Arc::clone(&self.conditions[of.condition].condition);
        let Some(scored) = self.scored(of) else { return Ok(()) };
        let Settings { min_count, tolerance, .. } = condition.settings;
        let binning = binning(&condition, scored.width, &checkpoint)?;
        // Numbers that are no longer wanted help nobody; but a slider that keeps moving must not keep the checkpoint on
        // screen from ever being drawn.
        let (answered, live) = (self.answered, self.live);
        let Some(scores_of) = self.session(of).map(|session| session.of.clone()) else { return Ok(()) };
        let mut interrupted = inbox.interrupting(|wants| match answered {
            true => unwanted(wants, of.checkpoint, &condition),
            false => without_scores(wants, &scores_of, live),
        });
        let start = Instant::now();
        let measured = measurement(
            scored,
            (&sample, stage),
            Some(identity),
            &mut device.estimator,
            (binning, min_count),
            &mut interrupted,
        );
        drop(interrupted);
        self.costs.statistics += start.elapsed();
        if self.is_rewritten(of.checkpoint, outbox)? {
            return Ok(());
        }
        let answer = self.conditions[of.condition].of.entry(of.checkpoint).or_default();
        let measurement = match measured {
            Ok(measurement) => measurement,
            Err(error) if error.kind() == Kind::Store => return self.mend(of, error, outbox),
            // More documents may reach the minimum count.
            Err(error) if error.kind() == Kind::Sample && stage + 1 < sample.stages.len() => {
                answer.stages = stage + 1;
                return Ok(());
            }
            Err(error) => return Err(error.at(&checkpoint.path).into()),
        };
        let settled = tolerance > 0.0 && measurement.last_change().is_some_and(|change| change <= tolerance);
        let complete = settled || stage + 1 == sample.stages.len();
        if settled {
            answer.settled = Some(stage + 1);
        }
        (answer.stages, answer.null, answer.honest) = (stage + 1, false, false);
        let warning = self.identities.get(&of.checkpoint).and_then(|identity| identity.warning.clone());
        answer.measurement = Some(Arc::new(Measurement { warning, ..measurement }));
        let honest = |(other, quality): &(Pair, Quality)| *other == of && *quality == Quality::Honest;
        if complete && !self.live && self.wants.iter().any(honest) {
            // Emitted once, with all there is to know.
            return self.measure_beside(of, Beside::Null, device, inbox, outbox);
        }
        let quality = if complete { Quality::Complete } else { Quality::Preview };
        self.emit_measurement(of, quality, false, outbox)?;
        self.emit_progress(of, 1.0, outbox)
    }

    /// Measures what tells whether to believe a checkpoint's numbers, and emits them again with that beside them; once all
    /// of it is there, stores them.
    pub(super) fn measure_beside(
        &mut self,
        of: Pair,
        what: Beside,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let identity = self.identity(of.checkpoint, outbox)?;
        let sample = self.sample(of, inbox, outbox)?;
        let checkpoint = self.checkpoint(of.checkpoint)?;
        let answers = &self.conditions[of.condition];
        let condition = Arc::clone(&answers.condition);
        let answer = answers.of.get(&of.checkpoint);
        let plain =
            answer.and_then(|answer| Some((answer.stages.checked_sub(1)?, answer.measurement.clone()?)));
        let Settings { min_count, reference_seeds, .. } = condition.settings;
        let scored = match what {
            Beside::Spread if reference_seeds > 1 => self.further(of).map(|(_, scored)| scored),
            Beside::Null | Beside::Spread => self.scored(of),
        };
        let (Some((stage, plain)), Some(scored)) = (plain, scored) else { return Ok(()) };
        let question = (binning(&condition, scored.width, &checkpoint)?, min_count);
        // Whatever is new on screen has no numbers at all yet.
        let known: Vec<Arc<Condition>> =
            self.conditions.iter().map(|answers| Arc::clone(&answers.condition)).collect();
        let mut interrupted =
            inbox.interrupting(|wants| unwanted(wants, of.checkpoint, &condition) || any_new(wants, &known));
        let start = Instant::now();
        let estimator = &mut device.estimator;
        let measured = match what {
            Beside::Null => {
                with_null(&plain, scored, (&sample, stage), estimator, question, &mut interrupted)
            }
            Beside::Spread => {
                let seeds = (scored, 1..reference_seeds);
                with_spread(&plain, seeds, &sample, estimator, question, &mut interrupted)
            }
        };
        drop(interrupted);
        self.costs.statistics += start.elapsed();
        if self.is_rewritten(of.checkpoint, outbox)? {
            return Ok(());
        }
        let measurement = match measured {
            Ok(measurement) => Arc::new(measurement),
            Err(error) if error.kind() == Kind::Store => return self.mend(of, error, outbox),
            Err(error) => return Err(error.at(&checkpoint.path).into()),
        };
        let answer = self.conditions[of.condition].of.entry(of.checkpoint).or_default();
        answer.measurement = Some(Arc::clone(&measurement));
        match what {
            Beside::Null => {
                answer.null = true;
                // Without a window numbers are emitted once, with all there is to know.
                if !self.live || reference_seeds <= 1 {
                    return self.measure_beside(of, Beside::Spread, device, inbox, outbox);
                }
                // Where the spread follows at once it brings the null along.
                let follows = self.standing(of).further == Further::Passing;
                return if follows {
                    Ok(())
                } else {
                    self.emit_measurement(of, Quality::Complete, false, outbox)
                };
            }
            Beside::Spread => answer.honest = true,
        }
        if self.live {
            self.drop_queried(of);
        } else {
            // Nobody will query them again.
            self.job = None;
            self.evict(of);
        }
        if let Some(store) = &self.store {
            let key = measurement_key(identity, &sample, &condition.settings, device);
            if let Err(error) = store.keep(&key, &measurement) {
                outbox.emit(Event::Warning(format!("a measurement was not stored: {error}")))?;
            }
        }
        self.emit_measurement(of, Quality::Honest, false, outbox)?;
        if self.live { Ok(()) } else { self.emit_progress(of, 1.0, outbox) }
    }

    /// Drops the scores of further seeds that were made to be queried once, unless another condition is still to query
    /// them.
    fn drop_queried(&mut self, of: Pair) {
        let Some(id) = self.scores_id(of) else { return };
        if let Some(further) = id.further()
            && self.bank.get(further).is_some_and(|scored| is_passing(further, scored))
            && !self.spread_awaited(id)
        {
            self.bank.evict(further);
        }
    }

    /// Drops the stored scores that are damaged, so that they are made again, with a warning.
    fn mend(&mut self, of: Pair, error: Error, outbox: &Outbox<'_>) -> Result<(), Trouble> {
        let ids = self.scores_id(of).map(|id| [Some(id), id.further()]).into_iter().flatten().flatten();
        let damaged: usize =
            ids.filter_map(|id| self.bank.get_mut(id).map(|scored| scored.table.check())).sum();
        if damaged == 0 {
            return Err(error.into());
        }
        self.job = None;
        outbox.emit(Event::Warning(format!("{error}; making {} again", counted(damaged, "chunk"))))?;
        Ok(())
    }
}

/// The binning of a condition. A width that no temperature can be calibrated for fails its checkpoint, a
/// temperature that cannot be computed with fails the condition.
fn binning(condition: &Condition, width: usize, checkpoint: &Checkpoint) -> Result<Binning, Trouble> {
    let settings = &condition.settings;
    let calibrated = temperature(settings.temperature, settings.points, width)
        .map_err(|error| Trouble::Task(error.at(&checkpoint.path)))?;
    Binning::new(settings.points, calibrated * settings.temperature_factor).map_err(Trouble::Condition)
}
