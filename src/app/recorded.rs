//! Results read from a file, as the window shows them.

use std::sync::Arc;

use super::state::{CheckpointState, RunState, Shown};
use crate::error::{Error, Kind};
use crate::results::{CheckpointResult, Outcome, Results};
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
