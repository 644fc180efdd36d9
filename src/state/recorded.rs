//! Results read from a file, as the window shows them.

use std::sync::Arc;

use super::{CheckpointState, RunState, Shown, State};
use crate::condition::TextSource;
use crate::error::{Error, Kind};
use crate::results::{CheckpointResult, Outcome, Results};
use crate::settings::Settings;
use crate::views::plane::documents_of;

impl RunState {
    /// A run whose numbers were recorded.
    pub fn recorded(results: Arc<Results>) -> Self {
        let positions = results.checkpoints.iter().filter_map(|c| c.measurement()).map(|m| m.positions).max();
        let settings = &results.settings;
        Self {
            visible: true,
            checkpoints: results.checkpoints.iter().map(|c| CheckpointState::recorded(c, &results)).collect(),
            prepared: Some((settings.documents, settings.skipped_documents, positions.unwrap_or(0))),
            recorded: Some(results),
        }
    }
}

impl CheckpointState {
    /// A checkpoint as results tell of it.
    fn recorded(result: &CheckpointResult, results: &Results) -> Self {
        match &result.outcome {
            Outcome::Failed { error } => Self { shown: None, error: Some(Error::new(Kind::Output, error)) },
            Outcome::Measured(measurement) => {
                let documents = documents_of(measurement, results);
                let measurement = Arc::new((**measurement).clone());
                let shown = Shown { measurement, documents, complete: true, generation: 0, asked: 0 };
                Self { shown: Some(shown), error: None }
            }
        }
    }
}

impl State {
    /// The text behind what is shown: the chosen one, or where all runs are recorded that of the run in focus.
    pub fn shown_text(&self) -> Option<TextSource> {
        match self.recorded() {
            Some(results) => Some(TextSource::Corpus(results.settings.corpus.clone())),
            None => self.text.clone(),
        }
    }

    /// The device that computed what is shown, in words; where all runs are recorded that of the run in focus.
    pub fn shown_device(&self) -> String {
        match (self.recorded(), &self.device) {
            (Some(results), _) => format!("recorded on {}", results.settings.device),
            (None, Some(device)) => device.clone(),
            (None, None) => "no device yet".to_owned(),
        }
    }

    /// The settings that all open runs were recorded under, each once; none where a run can be measured here.
    pub fn recorded_settings(&self) -> Vec<&Settings> {
        let recorded = |run: &RunState| run.recorded.is_some();
        if !self.run_states.iter().all(recorded) {
            return Vec::new();
        }
        let all = self.run_states.iter().filter_map(|run| run.recorded.as_deref());
        let mut each: Vec<&Settings> = Vec::new();
        for settings in all.map(|results| &results.settings.settings) {
            if !each.contains(&settings) {
                each.push(settings);
            }
        }
        each
    }

    /// The results that the run in focus was read from, where no run can be measured here.
    pub fn recorded(&self) -> Option<&Results> {
        let run = self.focus().map_or(0, |id| id.run);
        let results = self.run_states.get(run)?.recorded.as_deref()?;
        self.run_states.iter().all(|run| run.recorded.is_some()).then_some(results)
    }
}
