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
    /// A measurement or a cancellation: each makes the other pointless.
    work: Option<Command>,
    /// What is on screen, once the measurement it belongs to is sent.
    focus: Option<Command>,
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
        Self { sender, open: None, work: None, focus: None, disconnected: false }
    }

    /// Puts a command in, over those it makes pointless.
    pub(super) fn push(&mut self, command: Command) {
        match command {
            Command::Open { .. } => {
                self.open = Some(command);
                (self.work, self.focus) = (None, None);
            }
            Command::Measure(_) | Command::Cancel => {
                self.work = Some(command);
                self.focus = None;
            }
            Command::Focus(_) => self.focus = Some(command),
        }
    }

    /// Sends a last command over everything that waits, giving the worker a moment to make room.
    pub(super) fn send_last(&mut self, command: Command, patience: Duration) {
        (self.open, self.work, self.focus) = (None, None, None);
        // The window closes either way; a worker that is gone or stuck needs no goodbye.
        let _ = self.sender.send_timeout(command, patience);
    }

    /// Sends what fits into the channel.
    pub(super) fn flush(&mut self) -> Flushed {
        for slot in [&mut self.open, &mut self.work, &mut self.focus] {
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
    use crate::condition::TextSource;
    use crate::engine::{CheckpointId, Focus, Request};
    use crate::settings::Settings;

    fn measure(generation: u64) -> Command {
        Command::Measure(Request {
            generation,
            settings: Settings::default(),
            text: TextSource::Corpus("text".into()),
            focus: None,
            interactive: true,
        })
    }

    #[test]
    fn a_full_channel_keeps_only_the_newest() {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let mut outbox = Outbox::new(sender);
        for generation in 1..=9 {
            outbox.push(measure(generation));
            outbox.flush();
        }
        assert_eq!(outbox.flush(), Flushed::Full);
        assert!(matches!(receiver.try_recv(), Ok(Command::Measure(r)) if r.generation == 1));
        assert_eq!(outbox.flush(), Flushed::All);
        assert!(matches!(receiver.try_recv(), Ok(Command::Measure(r)) if r.generation == 9));
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn opening_makes_what_waits_pointless() {
        let (sender, receiver) = crossbeam_channel::bounded(4);
        let mut outbox = Outbox::new(sender);
        outbox.push(measure(1));
        outbox.push(Command::Open { paths: Vec::new() });
        outbox.push(measure(2));
        assert_eq!(outbox.flush(), Flushed::All);
        assert!(matches!(receiver.try_recv(), Ok(Command::Open { .. })));
        assert!(matches!(receiver.try_recv(), Ok(Command::Measure(r)) if r.generation == 2));
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn the_newest_focus_follows_its_measurement() {
        let (sender, receiver) = crossbeam_channel::bounded(4);
        let mut outbox = Outbox::new(sender);
        let focus = |run| Focus { checkpoint: Some(CheckpointId { run, checkpoint: 0 }), ..Focus::default() };
        outbox.push(Command::Focus(focus(0)));
        outbox.push(measure(1));
        outbox.push(Command::Focus(focus(1)));
        outbox.push(Command::Focus(focus(2)));
        assert_eq!(outbox.flush(), Flushed::All);
        assert!(matches!(receiver.try_recv(), Ok(Command::Measure(_))));
        assert!(matches!(receiver.try_recv(), Ok(Command::Focus(sent)) if sent == focus(2)));
        assert!(receiver.try_recv().is_err(), "what belonged to an older request is not sent");
    }

    #[test]
    fn a_worker_gone_is_said_once() {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        drop(receiver);
        let mut outbox = Outbox::new(sender);
        outbox.push(Command::Cancel);
        assert_eq!(outbox.flush(), Flushed::Disconnected);
        outbox.push(Command::Cancel);
        assert_eq!(outbox.flush(), Flushed::All);
    }
}
