//! Under which conditions is measured: the present one, which the settings panel shows, and those pinned beside it.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Message, Severity, State};
use crate::condition::{Condition, TextSource};
use crate::results::caption::{Measured, MeasuredRun, distinctions};
use crate::settings::Settings;

/// The most conditions that can be pinned.
pub const MOST_PINS: usize = 8;

/// What is said where [`MOST_PINS`] are pinned.
pub fn no_more_pins() -> String {
    format!("{MOST_PINS} settings are pinned, and more cannot be: unpin one first")
}

/// What is asked for: settings, and the text once there is one.
#[derive(Clone, Debug)]
pub struct Asked {
    settings: Settings,
    text: Option<TextSource>,
    condition: Option<Arc<Condition>>,
}

impl Asked {
    /// What these settings ask of a text.
    pub fn new(settings: Settings, text: Option<TextSource>) -> Self {
        let condition = text.clone().map(|text| Arc::new(Condition { settings: settings.clone(), text }));
        Self { settings, text, condition }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The text, once chosen.
    pub fn text(&self) -> Option<&TextSource> {
        self.text.as_ref()
    }

    /// Both together; `None` before a text is chosen.
    pub fn condition(&self) -> Option<&Arc<Condition>> {
        self.condition.as_ref()
    }
}

impl Default for Asked {
    fn default() -> Self {
        Self::new(Settings::default(), None)
    }
}

impl State {
    /// What is asked for: settings and text.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// The conditions pinned, in the order they were.
    pub fn pins(&self) -> &[Arc<Condition>] {
        &self.pins
    }

    /// Whether the present condition is pinned.
    pub fn is_pinned(&self) -> bool {
        self.asked.condition().is_some_and(|present| self.pins.contains(present))
    }

    /// The conditions that open models are measured under: the present one, then those pinned.
    pub fn conditions(&self) -> impl Iterator<Item = &Arc<Condition>> + Clone {
        let present = self.asked.condition();
        present.into_iter().chain(self.pins.iter().filter(move |pin| Some(*pin) != present))
    }

    /// Whether models are measured under a condition.
    pub fn is_asked(&self, condition: &Arc<Condition>) -> bool {
        self.conditions().any(|asked| asked == condition)
    }

    /// The conditions that the numbers of a run are of: for recorded ones their own.
    pub fn conditions_of(&self, run: usize) -> Vec<Arc<Condition>> {
        match self.run_states.get(run).and_then(|state| state.recorded.as_ref()) {
            Some(recorded) => vec![Arc::clone(&recorded.condition)],
            None => self.conditions().cloned().collect(),
        }
    }

    /// The condition of a run in lists: the present one, for a recorded run its own.
    pub fn present_of(&self, run: usize) -> Option<&Arc<Condition>> {
        match self.run_states.get(run).and_then(|state| state.recorded.as_ref()) {
            Some(recorded) => Some(&recorded.condition),
            None => self.asked.condition(),
        }
    }

    /// How the trajectories of a condition are drawn: 0 for the present one, else its place among those pinned, counted
    /// from 1.
    pub fn style_of(&self, condition: &Arc<Condition>) -> usize {
        let beside = self.asked.condition() != Some(condition);
        let place = self.pins.iter().position(|pin| beside && pin == condition);
        place.map_or(0, |place| 1 + place)
    }

    /// What tells the present condition and the pinned ones from each other, such as `n = 50`; the present one first.
    pub fn condition_words(&self) -> &[(Arc<Condition>, String)] {
        &self.drawn().condition_words
    }

    /// The same, computed over all checkpoints.
    pub(super) fn tell_conditions_apart(&self) -> Vec<(Arc<Condition>, String)> {
        let conditions: Vec<&Arc<Condition>> = self.conditions().collect();
        let measured: Vec<Measured> =
            conditions.iter().map(|condition| self.measured_under(condition)).collect();
        let told: Vec<MeasuredRun<'_>> = measured
            .iter()
            .map(|measured| MeasuredRun { name: "", place: std::path::Path::new(""), measured })
            .collect();
        conditions.into_iter().cloned().zip(distinctions(&told)).collect()
    }

    /// A condition with the documents behind what is finished under it.
    fn measured_under(&self, condition: &Arc<Condition>) -> Measured {
        let runs = (0..self.run_states.len()).filter(|run| !self.is_recorded(*run));
        let ranges = runs.filter_map(|run| self.documents_of(run, condition));
        Measured::live(condition, ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))))
    }

    /// Pins the present condition, or unpins it.
    pub(super) fn toggle_pin(&mut self) {
        let text = if self.recorded().is_some() {
            "these are recorded results: open their models to pin settings".to_owned()
        } else if let Some(present) = self.asked.condition().cloned() {
            if self.is_pinned() {
                return self.unpin(&present);
            }
            if self.pins.len() < MOST_PINS {
                return self.pins.push(present);
            }
            no_more_pins()
        } else {
            "there is nothing to pin yet: choose a text first".to_owned()
        };
        self.messages.push(Message::new(Severity::Info, text));
    }

    /// Unpins a condition; its numbers go with it unless it is the present one.
    pub(super) fn unpin(&mut self, condition: &Arc<Condition>) {
        self.pins.retain(|pin| pin != condition);
        if self.asked.condition() != Some(condition) {
            self.each_measured(|known| known.remove(condition));
        }
        self.view.order = self.view.order.min(self.largest_order());
    }

    /// Asks of another text. Pairs that were asked of alone stay beside it.
    pub(super) fn choose_text(&mut self, text: TextSource) {
        let mut settings = self.asked.settings().clone();
        if let (Some(TextSource::Pairs(alone)), false) =
            (self.asked.text(), matches!(text, TextSource::Pairs(_)))
            && let Some(path) = alone.to_str()
        {
            settings.pairs = path.to_owned();
        }
        self.ask(settings, Some(text));
    }

    /// Asks of preference pairs, beside the text where there is one.
    pub(super) fn choose_pairs(&mut self, pairs: PathBuf) {
        match (self.asked.text(), pairs.to_str()) {
            (None | Some(TextSource::Pairs(_)), _) => {
                self.ask(self.asked.settings().clone(), Some(TextSource::Pairs(pairs)));
            }
            (Some(_), Some(path)) => {
                let settings = Settings { pairs: path.to_owned(), ..self.asked.settings().clone() };
                self.ask(settings, self.asked.text().cloned());
            }
            (Some(_), None) => {
                let said = format!("the path of these pairs is no text, rename them: {}", pairs.display());
                self.say(Message::new(Severity::Error, said));
            }
        }
    }

    /// Asks under other settings or of another text from now on. Pairs without a text are asked of alone. Numbers of the
    /// condition before stay in sight until those of this one come.
    pub(super) fn ask(&mut self, mut settings: Settings, mut text: Option<TextSource>) {
        if matches!(text, None | Some(TextSource::Pairs(_))) && !settings.pairs.is_empty() {
            text = Some(TextSource::Pairs(std::mem::take(&mut settings.pairs).into()));
        }
        self.asked = Asked::new(settings.clone(), text);
        self.draft = settings;
        self.cancelled = false;
        self.view.order = self.view.order.min(self.largest_order());
        let asked: Vec<Arc<Condition>> = self.conditions().cloned().collect();
        self.each_measured(|known| known.settle(&asked));
        self.failed_conditions.retain(|(condition, _)| asked.contains(condition));
        for run in self.run_states.iter_mut().filter(|run| run.recorded.is_none()) {
            run.prepared.retain(|prepared| asked.contains(&prepared.condition));
        }
        // What is under way may be of a condition that is gone.
        self.progress = None;
    }
}
