//! Results read from a file, as the window shows them.

use std::sync::Arc;

use super::runs::{Answer, CheckpointState, Numbers, Prepared, Recorded};
use super::{RunState, State};
use crate::condition::TextSource;
use crate::engine::{OpenRun, Quality};
use crate::error::{Error, Kind};
use crate::results::{CheckpointResult, Outcome};
use crate::settings::Settings;

impl RunState {
    /// A run of which nothing is known but its results, where it was read from any.
    pub(super) fn new(open: &OpenRun) -> Self {
        let Some(recorded) = open.recorded.as_deref().map(Recorded::new) else {
            return Self { visible: true, prepared: Vec::new(), recorded: None };
        };
        let most = |of: fn(&CheckpointResult) -> usize| {
            recorded.results.checkpoints.iter().map(of).max().unwrap_or(0)
        };
        let prepared = Prepared {
            condition: Arc::clone(&recorded.condition),
            documents: most(|checkpoint| checkpoint.provenance.sample_documents),
            skipped_documents: most(|checkpoint| checkpoint.provenance.skipped_documents),
            positions: most(|checkpoint| checkpoint.measurement().map_or(0, |m| m.positions)),
        };
        Self { visible: true, prepared: vec![prepared], recorded: Some(recorded) }
    }
}

impl Recorded {
    /// What results say of each checkpoint, in their order.
    pub(super) fn checkpoints(&self) -> impl Iterator<Item = CheckpointState> + '_ {
        self.results.checkpoints.iter().map(|result| {
            let answer = match &result.outcome {
                Outcome::Failed { error } => Answer::Failed(Error::new(Kind::Output, error)),
                Outcome::Measured(measurement) => Answer::Numbers(Numbers {
                    documents: result.documents(),
                    measurement: Arc::new((**measurement).clone()),
                    quality: Quality::Honest,
                }),
            };
            CheckpointState::of(&self.condition, answer)
        })
    }
}

impl State {
    /// The settings on screen: those asked for, or where all runs are recorded those of the first.
    pub fn settings(&self) -> &Settings {
        self.recorded_settings().first().copied().unwrap_or(self.asked.settings())
    }

    /// The text behind what is shown: the chosen one, or where all runs are recorded that of the run in focus.
    pub fn shown_text(&self) -> Option<&TextSource> {
        match self.recorded() {
            Some(recorded) => Some(&recorded.condition.text),
            None => self.asked.text(),
        }
    }

    /// The device that computed what is shown, in words; where all runs are recorded that of the run in focus.
    pub fn shown_device(&self) -> String {
        match (self.recorded(), &self.device) {
            (Some(recorded), _) => format!("recorded on {}", recorded.results.device()),
            (None, Some(device)) => device.clone(),
            (None, None) => "no device yet".to_owned(),
        }
    }

    /// The settings that all open runs were recorded under, each once; none where a run can be measured here.
    pub fn recorded_settings(&self) -> Vec<&Settings> {
        if !self.is_all_recorded() {
            return Vec::new();
        }
        let all = self.run_states.iter().filter_map(|run| run.recorded.as_ref());
        let mut each: Vec<&Settings> = Vec::new();
        for settings in all.map(|recorded| &recorded.condition.settings) {
            if !each.contains(&settings) {
                each.push(settings);
            }
        }
        each
    }

    /// The results that the run in focus was read from, where no run can be measured here.
    pub fn recorded(&self) -> Option<&Recorded> {
        let run = self.focus().and_then(|key| self.run_of(key)).unwrap_or(0);
        let recorded = self.run_states.get(run)?.recorded.as_ref()?;
        self.is_all_recorded().then_some(recorded)
    }
}
