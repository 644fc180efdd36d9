//! What becomes of files that were chosen, dropped or pasted, and of dialogs that ask for them.

use std::path::PathBuf;

use eframe::egui;

use super::browser::{Browser, Outcome};
use super::dialogs::{Answer, Question};
use super::incoming::Incoming;
use super::{Action, App};
use crate::error::Result;
use crate::state::{Message, Severity, UiCommand};

/// More folders visited are not offered.
const MOST_PLACES: usize = 8;

impl App {
    /// Takes in what dialogs and looks at files have answered.
    pub(super) fn receive_files(&mut self, ctx: &egui::Context) {
        while let Some(answer) = self.asker.answer() {
            match answer {
                Answer::Chosen(question, Ok(Some(path))) => self.answered(ctx, question, path),
                Answer::Chosen(question, Ok(None)) => {
                    // A portal that fails on the way says no more than one whose user changed their mind.
                    let said = "nothing was chosen in the desktop's dialog";
                    if question.saves().is_some() {
                        self.no_export_file(said);
                    }
                    self.state.say(Message::new(Severity::Info, said));
                }
                Answer::Chosen(question, Err(error)) => self.browse(ctx, question, error.to_string()),
                Answer::Looked(found) => self.take(ctx, found),
                Answer::Written(written) => self.exported(written),
            }
        }
    }

    pub(super) fn browse(&mut self, ctx: &egui::Context, question: Question, note: String) {
        self.browser = Some(Browser::new(ctx, question, note, self.places.clone()));
    }

    /// Puts a folder last among those visited.
    pub(super) fn visited(&mut self, folder: PathBuf) {
        self.places.retain(|place| *place != folder);
        self.places.push(folder);
        if self.places.len() > MOST_PLACES {
            self.places.remove(0);
        }
    }

    /// Does what was asked with a path that answers it.
    fn answered(&mut self, ctx: &egui::Context, question: Question, path: PathBuf) {
        if let Some(folder) = path.parent() {
            self.visited(folder.to_owned());
        }
        let begun = match question {
            Question::Folder => {
                self.act(ctx, UiCommand::Open(vec![path]).into());
                Ok(())
            }
            Question::Text => self.asker.look_at_text(ctx, path),
            Question::Pairs => {
                self.act(ctx, UiCommand::ChoosePairs(path).into());
                Ok(())
            }
            Question::Scores => self.asker.look_at_scores(ctx, path),
            Question::Figure(_) => {
                self.take_export_file(&path);
                Ok(())
            }
        };
        self.say_failure(begun);
    }

    /// Draws the window's own dialog, where it is open.
    pub(super) fn browser_ui(&mut self, ctx: &egui::Context) {
        let Some(browser) = &mut self.browser else { return };
        let Some(outcome) = browser.show(ctx) else { return };
        let question = browser.question().clone();
        self.browser = None;
        match (outcome, question) {
            (Outcome::Closed, _) => {}
            // A file where a folder was looked for may be one of results, or of a model.
            (Outcome::File(path), Question::Folder) => {
                self.visited(path.parent().unwrap_or(&path).to_owned());
                self.act(ctx, Action::Take(vec![path]));
            }
            (Outcome::Folder(path) | Outcome::File(path), question) => self.answered(ctx, question, path),
        }
        ctx.request_repaint();
    }

    /// Opens what is to be opened, and measures on the first text.
    fn take(&mut self, ctx: &egui::Context, found: Vec<Result<Incoming>>) {
        let (mut opened, mut texts) = (Vec::new(), Vec::new());
        for found in found {
            match self.say_failure(found) {
                Some(Incoming::Open(path)) if !opened.contains(&path) => opened.push(path),
                Some(Incoming::Text(text)) => texts.push(text),
                Some(Incoming::Pairs(pairs)) => self.act(ctx, UiCommand::ChoosePairs(pairs).into()),
                Some(Incoming::Scores(scores)) => self.act(ctx, UiCommand::Scores(scores).into()),
                Some(Incoming::Open(_)) | None => {}
            }
        }
        let more = texts.len().saturating_sub(1);
        if let Some(text) = texts.into_iter().next() {
            if more > 0 {
                let name = text.path().display();
                let said = format!("one text is measured on at a time: {name} is taken, {more} more are not");
                self.state.say(Message::new(Severity::Warning, said));
            }
            self.act(ctx, UiCommand::ChooseText(text).into());
        }
        if !opened.is_empty() {
            self.act(ctx, UiCommand::Open(opened).into());
        }
    }
}
