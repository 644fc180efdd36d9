//! Commands on their way to the worker.
//!
//! The channel is bounded and the window never waits: what does not fit stays here, and only the newest of
//! it, so a slider held down asks for where it ends and not for every place it passed.

use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError};

use crate::engine::Command;

/// What is yet to be sent, newest only.
#[derive(Debug)]
pub(super) struct Outbox {
    sender: Sender<Command>,
    open: Option<Command>,
    /// What is wanted.
    wants: Option<Command>,
    /// What is looked at.
    looks: Option<Command>,
    retry: Option<Command>,
    disconnected: bool,
}

/// How a [`Outbox::flush`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Everything is sent.
    All,
    /// The channel is full: try again soon.
    Full,
    /// The worker has just been found gone; said once.
    Disconnected,
}

impl Outbox {
    pub(super) fn new(sender: Sender<Command>) -> Self {
        Self { sender, open: None, wants: None, looks: None, retry: None, disconnected: false }
    }

    /// Puts a command in, over those it makes pointless.
    pub(super) fn push(&mut self, command: Command) {
        match command {
            Command::Open { .. } => {
                self.open = Some(command);
                (self.wants, self.looks, self.retry) = (None, None, None);
            }
            Command::Want(_) => self.wants = Some(command),
            Command::Look(_) => self.looks = Some(command),
            Command::Retry => self.retry = Some(command),
        }
    }

    /// Sends a last command over everything that waits, giving the worker a moment to make room.
    pub(super) fn send_last(&mut self, command: Command, patience: Duration) {
        (self.open, self.wants, self.looks, self.retry) = (None, None, None, None);
        // The window closes either way; a worker that is gone or stuck needs no goodbye.
        let _ = self.sender.send_timeout(command, patience);
    }

    /// Sends what fits into the channel.
    pub(super) fn flush(&mut self) -> Flushed {
        for slot in [&mut self.open, &mut self.retry, &mut self.wants, &mut self.looks] {
            let Some(command) = slot.take() else { continue };
            match self.sender.try_send(command) {
                Ok(()) => {}
                Err(TrySendError::Full(command)) => {
                    *slot = Some(command);
                    return Flushed::Full;
                }
                Err(TrySendError::Disconnected(_)) => {
                    let first = !std::mem::replace(&mut self.disconnected, true);
                    if first {
                        return Flushed::Disconnected;
                    }
                }
            }
        }
        Flushed::All
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::checkpoints::{CheckpointKey, RunKey};
    use crate::condition::{Condition, TextSource};
    use crate::engine::{Quality, Want};
    use crate::settings::Settings;

    fn want(number: usize) -> Command {
        let settings = Settings { samples: number, ..Settings::default() };
        let condition = Arc::new(Condition { settings, text: TextSource::Corpus("text".into()) });
        let checkpoint = CheckpointKey::new(RunKey::new("run"), "step0");
        Command::Want(vec![Want { checkpoint, condition, quality: Quality::Honest }])
    }

    fn number(command: &Command) -> Option<usize> {
        match command {
            Command::Want(wants) => Some(wants[0].condition.settings.samples),
            _ => None,
        }
    }

    #[test]
    fn a_full_channel_keeps_only_the_newest() {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let mut outbox = Outbox::new(sender);
        for wanted in 1..=9 {
            outbox.push(want(wanted));
            outbox.flush();
        }
        assert_eq!(outbox.flush(), Flushed::Full);
        assert_eq!(receiver.try_recv().ok().as_ref().and_then(number), Some(1));
        assert_eq!(outbox.flush(), Flushed::All);
        assert_eq!(receiver.try_recv().ok().as_ref().and_then(number), Some(9));
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn opening_makes_what_waits_pointless() {
        let (sender, receiver) = crossbeam_channel::bounded(4);
        let mut outbox = Outbox::new(sender);
        outbox.push(want(1));
        outbox.push(Command::Retry);
        outbox.push(Command::Open { paths: Vec::new() });
        outbox.push(want(2));
        assert_eq!(outbox.flush(), Flushed::All);
        assert!(matches!(receiver.try_recv(), Ok(Command::Open { .. })));
        assert_eq!(receiver.try_recv().ok().as_ref().and_then(number), Some(2));
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn a_worker_gone_is_said_once() {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        drop(receiver);
        let mut outbox = Outbox::new(sender);
        outbox.push(Command::Retry);
        assert_eq!(outbox.flush(), Flushed::Disconnected);
        outbox.push(Command::Retry);
        assert_eq!(outbox.flush(), Flushed::All);
    }
}
