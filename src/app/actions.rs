//! What panels may ask of the window, and how it is done.

use std::path::PathBuf;

use eframe::egui;
use egui_tiles::TileId;

use super::App;
use super::dialogs::Question;
use super::panels::{PRESETS, Palette, PanelKind};
use super::sides::Drawer;
use crate::state::UiCommand;

/// What a panel may ask of the window.
#[derive(Clone, Debug)]
pub(super) enum Action {
    /// Something for the state to do.
    Ui(UiCommand),
    /// Ask for a folder to open.
    AskFolder,
    /// Ask for a text.
    AskText,
    /// Ask for scores of benchmarks.
    AskScores,
    /// Ask how and where to write the figure of this panel; of the one used last where none is named.
    Export(Option<TileId>),
    /// Copy the picture of this panel.
    CopyPicture(TileId),
    /// Ask in the window what the desktop's dialog is asking.
    BrowseInstead,
    /// Open these paths, or measure on them, whichever they are for.
    Take(Vec<PathBuf>),
    /// Show all data in all panels.
    Fit,
    /// Show in the panel used last what was in sight before.
    UndoZoom,
    /// Show in it again what was left by that.
    RedoZoom,
    /// Move the focus so many panels on, or back where it is less than zero.
    NextPanel(i32),
    /// Open the menu of the chart used last.
    Menu,
    /// Open or close a drawer.
    Toggle(Drawer),
    /// Bring a panel to the front, or open it.
    OpenPanel(PanelKind),
    /// Put the panels of a ready-made layout in place of those there are.
    Arrange(usize),
    /// Show values less what shuffled labels give, or as they are.
    LessNull(bool),
    /// Show or hide the list of everything by name.
    TogglePalette,
    /// Show or hide the page of keys.
    ToggleHelp,
}

impl From<UiCommand> for Action {
    fn from(command: UiCommand) -> Self {
        Self::Ui(command)
    }
}

impl App {
    /// Does what was asked; what goes wrong is said.
    pub(super) fn act(&mut self, ctx: &egui::Context, action: Action) {
        let asked = match action {
            Action::Ui(command) => {
                self.state.update(command).into_iter().for_each(|command| self.outbox.push(command));
                Ok(())
            }
            Action::AskFolder => self.asker.ask(ctx, Question::Folder),
            Action::AskText => self.asker.ask(ctx, Question::Text),
            Action::AskScores => self.asker.ask(ctx, Question::Scores),
            Action::Export(panel) => self.open_export(panel),
            Action::CopyPicture(panel) => self.copy_picture(ctx, panel),
            Action::BrowseInstead => {
                if let Some(question) = self.asker.leave() {
                    self.browse(ctx, question, "Instead of the desktop's dialog.".to_owned());
                }
                Ok(())
            }
            Action::Take(paths) => self.asker.look(ctx, paths),
            Action::Fit => {
                self.panels.fit();
                Ok(())
            }
            Action::UndoZoom => {
                self.panels.undo_zoom();
                Ok(())
            }
            Action::RedoZoom => {
                self.panels.redo_zoom();
                Ok(())
            }
            Action::NextPanel(step) => {
                self.panels.go(step);
                Ok(())
            }
            Action::Menu => {
                self.panels.open_menu();
                Ok(())
            }
            Action::Toggle(drawer) => {
                self.toggle(ctx, drawer);
                Ok(())
            }
            Action::OpenPanel(kind) => {
                self.panels.open(kind);
                Ok(())
            }
            Action::Arrange(preset) => {
                if let Some(preset) = PRESETS.get(preset) {
                    self.panels.arrange(&preset.layout());
                }
                Ok(())
            }
            Action::LessNull(less_null) => {
                self.panels.set_less_null(less_null);
                Ok(())
            }
            Action::TogglePalette => {
                self.palette = if self.palette.is_some() { None } else { Some(Palette::default()) };
                Ok(())
            }
            Action::ToggleHelp => {
                self.help_open = !self.help_open;
                Ok(())
            }
        };
        self.say_failure(asked);
    }
}
