//! How it is done what panels ask of the window.

use eframe::egui;

use super::dialogs::Question;
use super::panels::{PRESETS, Palette};
use super::{Action, App};

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
            Action::AskPairs => self.asker.ask(ctx, Question::Pairs),
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
