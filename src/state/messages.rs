//! Lines for the user that stay until dismissed.

use std::ops::Deref;
use std::path::PathBuf;

/// More messages than this are not kept: the oldest go first.
pub(super) const MOST_MESSAGES: usize = 20;

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something went well.
    Good,
    /// Something to know.
    Info,
    /// Work goes on.
    Warning,
    /// Something did not happen.
    Error,
}

/// A line for the user that stays until dismissed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Tells messages apart; given when it is shown.
    pub number: u64,
    /// How much it matters.
    pub severity: Severity,
    /// One line.
    pub text: String,
    /// The files that it tells of, whose paths can be copied.
    pub files: Vec<PathBuf>,
}

impl Message {
    /// A message yet to be shown.
    pub fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self { number: 0, severity, text: text.into(), files: Vec::new() }
    }

    /// The same message, which tells of files.
    #[must_use]
    pub fn of_files(self, files: Vec<PathBuf>) -> Self {
        Self { files, ..self }
    }
}

/// The messages on screen, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    shown: Vec<Message>,
    /// How many were ever shown.
    count: u64,
}

impl Messages {
    /// Shows a message, unless it is the last one shown.
    pub fn push(&mut self, message: Message) {
        if self.shown.last().is_some_and(|last| last.text == message.text) {
            return;
        }
        self.count += 1;
        self.shown.push(Message { number: self.count, ..message });
        if self.shown.len() > MOST_MESSAGES {
            self.shown.remove(0);
        }
    }

    /// Removes the message with this number.
    pub fn dismiss(&mut self, number: u64) {
        self.shown.retain(|message| message.number != number);
    }
}

impl Deref for Messages {
    type Target = [Message];

    fn deref(&self) -> &[Message] {
        &self.shown
    }
}
