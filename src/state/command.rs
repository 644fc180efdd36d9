//! What a panel asks of the state.

use std::path::PathBuf;
use std::sync::Arc;

use super::messages::Message;
use super::timeline::TimeCommand;
use crate::analysis::benchmarks::Benchmarks;
use crate::chart::ColorBy;
use crate::checkpoints::CheckpointKey;
use crate::condition::{Condition, TextSource};
use crate::settings::Settings;
use crate::views::plane::PlaneView;

/// What a panel asks for.
#[derive(Clone, Debug)]
pub enum UiCommand {
    /// Open these folders in place of the open ones.
    Open(Vec<PathBuf>),
    /// Measure on this text; pairs that were measured alone stay beside it.
    ChooseText(TextSource),
    /// Measure these preference pairs, beside the text where there is one.
    ChoosePairs(PathBuf),
    /// Show these scores of benchmarks beside the measures.
    Scores(Arc<Benchmarks>),
    /// Show these settings without measuring yet, while a field is still being dragged.
    Draft(Settings),
    /// Measure under these settings.
    Settings(Settings),
    /// Pin the present condition: its trajectories stay beside those of the conditions to come. Unpin it where it is
    /// pinned.
    TogglePin,
    /// Measure under this condition, such as a pinned one.
    Ask(Arc<Condition>),
    /// Unpin this condition.
    Unpin(Arc<Condition>),
    /// Show another order or layer of what is measured.
    View(PlaneView),
    /// Move or play the scrubber.
    Time(TimeCommand),
    /// Move the scrubber to this checkpoint.
    Focus(CheckpointKey),
    /// Show or hide a run.
    SetVisible {
        /// Index of the run.
        run: usize,
        /// Whether it is shown.
        visible: bool,
    },
    /// Show the run of this index alone; all runs where it is alone already.
    Solo(usize),
    /// Color runs by what they are.
    ColorBy(ColorBy),
    /// Stop measuring.
    Cancel,
    /// Measure what is not measured yet, and again what failed.
    Resume,
    /// Drop the notice that nobody chose the text.
    KeepText,
    /// Show a message.
    Say(Message),
    /// Remove the message with this number.
    Dismiss(u64),
}

impl UiCommand {
    /// Whether nothing of what is drawn or wanted depends on it.
    pub(super) fn is_aside(&self) -> bool {
        matches!(self, Self::Draft(_) | Self::KeepText | Self::Say(_) | Self::Dismiss(_))
    }

    /// Whether it only moves the scrubber: what is drawn stays, what is wanted changes its order.
    pub(super) fn is_of_time(&self) -> bool {
        matches!(self, Self::Time(_) | Self::Focus(_))
    }
}
