//! The worker's ends of the two channels.

use std::path::PathBuf;

use crossbeam_channel::{Receiver, Sender, TryRecvError};

use super::message::{Command, Event, Focus, Request};

/// The other side of a channel is gone: the window was closed, or the command line has what it came for.
pub struct Gone;

/// Commands, of which the newest of each kind wins.
pub struct Inbox {
    commands: Receiver<Command>,
    waiting: Waiting,
}

/// Commands not yet carried out.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Folders to open.
    pub open: Option<Vec<PathBuf>>,
    /// What to measure.
    pub measure: Option<Request>,
    /// What is on screen by now.
    pub focus: Option<Focus>,
    /// Whether to stop first.
    pub cancel: bool,
}

impl Waiting {
    fn add(&mut self, command: Command) {
        match command {
            // Other runs make whatever was asked of the former ones void, but not that it should stop.
            Command::Open { paths } => {
                (self.open, self.measure, self.focus) = (Some(paths), None, None);
            }
            // A request says itself what to begin with.
            Command::Measure(request) => {
                (self.measure, self.focus, self.cancel) = (Some(request), None, false);
            }
            Command::Focus(focus) => self.focus = Some(focus),
            Command::Cancel => (self.measure, self.cancel) = (None, true),
        }
    }
}

impl Inbox {
    /// An inbox for what comes from `commands`.
    pub fn new(commands: Receiver<Command>) -> Self {
        Self { commands, waiting: Waiting::default() }
    }

    /// Takes what is to be done; waits for it only when `idle`.
    pub fn take(&mut self, idle: bool) -> Result<Waiting, Gone> {
        let Waiting { open, measure, focus, cancel } = &self.waiting;
        let nothing = open.is_none() && measure.is_none() && focus.is_none() && !cancel;
        if idle && nothing {
            let command = self.commands.recv().map_err(|_| Gone)?;
            self.waiting.add(command);
        }
        self.look()?;
        Ok(std::mem::take(&mut self.waiting))
    }

    /// Whether what waits makes work under way for `current` useless. A new request that asks other
    /// questions of the same scores does not.
    pub fn interrupts(&mut self, current: &Request) -> bool {
        // A side that is gone wants nothing any more.
        self.look().is_err()
            || self.waiting.cancel
            || self.waiting.open.is_some()
            || self.waiting.measure.as_ref().is_some_and(|new| !new.same_scores(current))
    }

    /// Whether opening folders is of no use any more: others are to be opened, or nobody is there.
    pub fn supersedes_opening(&mut self) -> bool {
        self.look().is_err() || self.waiting.open.is_some()
    }

    /// Whether anything waits at all.
    pub fn has_news(&mut self) -> bool {
        let gone = self.look().is_err();
        gone || self.waiting.cancel || self.waiting.open.is_some() || self.waiting.measure.is_some()
    }

    fn look(&mut self) -> Result<(), Gone> {
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.waiting.add(command),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(Gone),
            }
        }
    }
}

/// Where events go; every one wakes the other side.
pub struct Outbox<'a> {
    events: Sender<Event>,
    wake: &'a dyn Fn(),
}

impl<'a> Outbox<'a> {
    /// An outbox that calls `wake` after every event.
    pub fn new(events: Sender<Event>, wake: &'a dyn Fn()) -> Self {
        Self { events, wake }
    }

    /// Sends an event, waiting for room where the other side is slow.
    pub fn emit(&self, event: Event) -> Result<(), Gone> {
        self.events.send(event).map_err(|_| Gone)?;
        (self.wake)();
        Ok(())
    }

    /// Sends an event that the next one replaces: dropped where the channel fills, as it does behind a
    /// window that is hidden, so that what must arrive keeps its room.
    pub fn emit_replaceable(&self, event: Event) -> Result<(), Gone> {
        const ROOM_KEPT: usize = 256;
        if self.events.len() + ROOM_KEPT > self.events.capacity().unwrap_or(usize::MAX) {
            return Ok(());
        }
        self.emit(event)
    }
}
