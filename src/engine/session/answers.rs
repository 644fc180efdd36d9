//! What a request is answered with: numbers measured before, or derived from scores.

use std::sync::Arc;
use std::time::Instant;

use super::{Session, Trouble};
use crate::checkpoints::Checkpoint;
use crate::engine::bank::counted_chunks;
use crate::engine::inbox::{Inbox, Outbox};
use crate::engine::keys::measurement_key;
use crate::engine::measuring::{measurement, with_honesty};
use crate::engine::message::{CheckpointId, Event, Request};
use crate::engine::open_device::OpenDevice;
use crate::engine::sample::Sample;
use crate::error::{Error, Kind};
use crate::estimator::{Binning, temperature};
use crate::settings::Settings;

impl Session {
    pub(super) fn emit_failure(&mut self, id: CheckpointId, outbox: &Outbox<'_>) -> Result<(), Trouble> {
        let generation = self.request.generation;
        let track = self.tracks.entry(id).or_default();
        track.emitted = Some((generation, 0));
        if let Some(error) = track.failure.clone() {
            outbox.emit(Event::CheckpointFailed { generation, checkpoint: id, error })?;
        }
        Ok(())
    }

    /// Emits a checkpoint's numbers where they were measured before; queried once a request, and only while there
    /// are no scores to query instead. Returns whether they were.
    pub(super) fn recall(
        &mut self,
        id: CheckpointId,
        identity: u128,
        sample: &Sample,
        device: &OpenDevice,
        outbox: &Outbox<'_>,
    ) -> Result<bool, Trouble> {
        let generation = self.request.generation;
        let scored = self.scored(id).is_some();
        let track = self.tracks.entry(id).or_default();
        if self.store.is_none() || scored || track.recalled == Some(generation) {
            return Ok(false);
        }
        track.recalled = Some(generation);
        let key = measurement_key(identity, sample, &self.request.settings, device);
        let Some(measurement) = self.store.as_ref().and_then(|store| store.measurement(&key)) else {
            return Ok(false);
        };
        let stages = self.stages(id);
        let track = self.tracks.entry(id).or_default();
        track.emitted = Some((generation, stages));
        track.emitted_honest = Some(generation);
        track.measurement = Some(Arc::new(measurement));
        self.emit_measurement(id, true, true, outbox)?;
        self.emit_progress(id, 1.0, outbox)?;
        Ok(true)
    }

    /// Emits the measurement of a checkpoint: whether it is `complete`, and whether it was only looked up.
    fn emit_measurement(
        &mut self,
        id: CheckpointId,
        complete: bool,
        recalled: bool,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let Some(measurement) = self.tracks.get(&id).and_then(|track| track.measurement.clone()) else {
            return Ok(());
        };
        self.answered = true;
        let documents = measurement.documents().unwrap_or(0);
        let generation = self.request.generation;
        let event =
            Event::Measured { generation, checkpoint: id, measurement, documents, complete, recalled };
        Ok(outbox.emit(event)?)
    }

    /// Derives a checkpoint's measures from its scores and emits them.
    pub(super) fn measure(
        &mut self,
        id: CheckpointId,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let runs = Arc::clone(&self.runs);
        let checkpoint = &runs[id.run].checkpoints[id.checkpoint];
        let sample = self.sample(id, inbox)?;
        self.announce(id, &sample, outbox)?;
        let (generation, interactive) = (self.request.generation, self.request.interactive);
        let Settings { min_count, tolerance, .. } = self.request.settings;
        let track = self.tracks.entry(id).or_default();
        let Some(scored) = track.scores.and_then(|scores| self.bank.get(scores)) else { return Ok(()) };
        let Some(stage) = scored.stages(&sample).checked_sub(1) else { return Ok(()) };
        let binning = binning(&self.request, scored.width, checkpoint)?;
        // Numbers for settings that are no longer wanted help nobody; but a slider that keeps moving must not
        // keep the checkpoint on screen from ever being drawn.
        let mut interrupted = || match self.answered {
            true => inbox.has_news(),
            false => inbox.interrupts(&self.request),
        };
        let question = (binning, min_count);
        let weights = track.identity.as_ref().map(|(_, identity)| *identity);
        let start = Instant::now();
        let measured =
            measurement(scored, (&sample, stage), weights, &mut device.estimator, question, &mut interrupted);
        self.costs.statistics += start.elapsed();
        let measurement = match measured {
            Ok(measurement) => measurement,
            Err(error) if error.kind() == Kind::Store => return self.mend(id, error, outbox),
            // More documents may reach the minimum count.
            Err(error) if error.kind() == Kind::Sample && stage + 1 < sample.stages.len() => {
                track.emitted = Some((generation, stage + 1));
                return Ok(());
            }
            Err(error) => return Err(error.at(&checkpoint.path).into()),
        };
        let settled = tolerance > 0.0 && measurement.last_change().is_some_and(|change| change <= tolerance);
        let complete = settled || stage + 1 == sample.stages.len();
        if settled {
            track.settled = Some(stage + 1);
        }
        track.measurement = Some(Arc::new(measurement));
        if complete && !interactive {
            // Emitted once, with all there is to know.
            return self.measure_honesty(id, device, inbox, outbox);
        }
        track.emitted = Some((generation, stage + 1));
        self.emit_measurement(id, complete, false, outbox)?;
        self.emit_progress(id, 1.0, outbox)
    }

    /// Measures what tells whether to believe a checkpoint's numbers, emits them again with that beside them,
    /// and stores them.
    pub(super) fn measure_honesty(
        &mut self,
        id: CheckpointId,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        let runs = Arc::clone(&self.runs);
        let checkpoint = &runs[id.run].checkpoints[id.checkpoint];
        let (generation, interactive) = (self.request.generation, self.request.interactive);
        let sample = self.sample(id, inbox)?;
        let identity = self.identity(id)?;
        let track = self.tracks.entry(id).or_default();
        let scored = track.scores.and_then(|scores| self.bank.get(scores));
        let (Some(scored), Some(plain)) = (scored, &track.measurement) else { return Ok(()) };
        let Some(stage) = scored.stages(&sample).checked_sub(1) else { return Ok(()) };
        let binning = binning(&self.request, scored.width, checkpoint)?;
        let Settings { min_count, reference_seeds, .. } = self.request.settings;
        let question = (binning, min_count, reference_seeds);
        let mut interrupted = || inbox.has_news();
        let start = Instant::now();
        let asked =
            with_honesty(plain, scored, (&sample, stage), &mut device.estimator, question, &mut interrupted);
        self.costs.statistics += start.elapsed();
        let measurement = match asked {
            Ok(measurement) => Arc::new(measurement),
            Err(error) if error.kind() == Kind::Store => return self.mend(id, error, outbox),
            Err(error) => return Err(error.at(&checkpoint.path).into()),
        };
        track.emitted = Some((generation, stage + 1));
        track.emitted_honest = Some(generation);
        track.measurement = Some(Arc::clone(&measurement));
        if !interactive {
            // Nobody will query them again.
            self.job = None;
            if let Some(scores) = track.scores.take() {
                self.bank.evict(scores);
            }
        }
        if let Some(store) = &self.store {
            let key = measurement_key(identity, &sample, &self.request.settings, device);
            if let Err(error) = store.keep(&key, &measurement) {
                outbox.emit(Event::Warning(format!("a measurement was not stored: {error}")))?;
            }
        }
        self.emit_measurement(id, true, false, outbox)?;
        if interactive { Ok(()) } else { self.emit_progress(id, 1.0, outbox) }
    }

    /// Drops the stored scores that are damaged, so that they are made again, with a warning.
    fn mend(&mut self, id: CheckpointId, error: Error, outbox: &Outbox<'_>) -> Result<(), Trouble> {
        let track = self.tracks.entry(id).or_default();
        let scored = track.scores.and_then(|scores| self.bank.get_mut(scores));
        let damaged = scored.map_or(0, |scored| scored.table.check());
        if damaged == 0 {
            return Err(error.into());
        }
        track.emitted = None;
        self.job = None;
        outbox.emit(Event::Warning(format!("{error}; making {} again", counted_chunks(damaged))))?;
        Ok(())
    }
}

/// The binning a request asks for. A width that no temperature can be calibrated for fails its checkpoint, a
/// temperature that cannot be computed with the request.
fn binning(request: &Request, width: usize, checkpoint: &Checkpoint) -> Result<Binning, Trouble> {
    let settings = &request.settings;
    let calibrated = temperature(settings.temperature, settings.points, width)
        .map_err(|error| Trouble::Task(error.at(&checkpoint.path)))?;
    Binning::new(settings.points, calibrated * settings.temperature_factor).map_err(Trouble::Request)
}
