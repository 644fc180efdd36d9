//! What a panel asks of the state.

use std::path::PathBuf;

use super::messages::Message;
use super::timeline::TimeCommand;
use crate::condition::TextSource;
use crate::engine::CheckpointId;
use crate::settings::Settings;
use crate::views::plane::PlaneView;

/// What a panel asks for.
#[derive(Clone, Debug)]
pub enum UiCommand {
    /// Open these folders in place of the open ones.
    Open(Vec<PathBuf>),
    /// Measure on this text.
    ChooseText(TextSource),
    /// Show these settings without measuring yet, while a field is still being dragged.
    Draft(Settings),
    /// Measure under these settings.
    Settings(Settings),
    /// Show another order or layer of what is measured.
    View(PlaneView),
    /// Move or play the scrubber.
    Time(TimeCommand),
    /// Move the scrubber to this checkpoint.
    Focus(CheckpointId),
    /// Show or hide a run.
    SetVisible {
        /// Index of the run.
        run: usize,
        /// Whether it is shown.
        visible: bool,
    },
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
    /// Whether the command may change what [`super::Drawn`] holds. The scrubber's place, drafts and messages are no
    /// part of it.
    pub(super) fn changes_what_is_drawn(&self) -> bool {
        match self {
            Self::Draft(_) | Self::Time(_) | Self::Focus(_) => false,
            Self::KeepText | Self::Say(_) | Self::Dismiss(_) => false,
            Self::Open(_) | Self::ChooseText(_) | Self::Settings(_) | Self::View(_) => true,
            Self::SetVisible { .. } | Self::Cancel | Self::Resume => true,
        }
    }
}
