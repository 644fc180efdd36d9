//! The worker's ends of the two channels.

use std::path::PathBuf;

use crossbeam_channel::{Receiver, Sender, TryRecvError};

use super::message::{Command, Event, Look, Want};

/// The other side of a channel is gone: the window was closed, or the command line has what it came for.
pub struct Gone;

/// Commands, of which the newest of each kind counts.
pub struct Inbox {
    commands: Receiver<Command>,
    waiting: Waiting,
    /// Whether the other side is gone.
    gone: bool,
    /// Counts the commands that came in.
    came: u64,
}

/// Commands not yet carried out.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Folders to open.
    pub open: Option<Vec<PathBuf>>,
    /// What is wanted instead of what was.
    pub wants: Option<Vec<Want>>,
    /// What is looked at instead of what was.
    pub looks: Option<Vec<Look>>,
    /// Whether to try again what failed.
    pub retry: bool,
}

impl Waiting {
    fn add(&mut self, command: Command) {
        match command {
            // Whatever was wanted was wanted of the former runs.
            Command::Open { paths } => *self = Self { open: Some(paths), ..Self::default() },
            Command::Want(wants) => self.wants = Some(wants),
            Command::Look(looks) => self.looks = Some(looks),
            Command::Retry => self.retry = true,
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.open.is_none() && self.wants.is_none() && self.looks.is_none() && !self.retry
    }
}

impl Inbox {
    /// An inbox for what comes from `commands`.
    pub fn new(commands: Receiver<Command>) -> Self {
        Self { commands, waiting: Waiting::default(), gone: false, came: 0 }
    }

    /// Takes what is to be done; waits for it only when `idle`.
    ///
    /// # Errors
    /// The other side is gone.
    pub fn take(&mut self, idle: bool) -> Result<Waiting, Gone> {
        if idle && self.waiting.is_empty() {
            let command = self.commands.recv().map_err(|_| Gone)?;
            self.waiting.add(command);
        }
        self.look();
        if self.gone { Err(Gone) } else { Ok(std::mem::take(&mut self.waiting)) }
    }

    /// Says whenever it is called whether what waits by then makes some work useless: other runs are to be opened,
    /// nobody is there any more, or what is wanted now makes it so, which `useless` decides once for every new set.
    pub fn interrupting(&mut self, useless: impl Fn(&[Want]) -> bool + Send) -> impl FnMut() -> bool + Send {
        let mut decided = (0, false);
        move || {
            self.look();
            if decided.0 != self.came {
                let wants = self.waiting.wants.as_deref();
                decided = (self.came, wants.is_some_and(&useless));
            }
            decided.1 || self.gone || self.waiting.open.is_some()
        }
    }

    /// Whether opening folders is of no use any more: others are to be opened, or nobody is there.
    pub fn supersedes_opening(&mut self) -> bool {
        self.look();
        self.gone || self.waiting.open.is_some()
    }

    /// Whether anything waits that goes before a look at states, or there is nobody any more to see them.
    pub fn supersedes_look(&mut self) -> bool {
        self.look();
        self.gone || !self.waiting.is_empty()
    }

    /// Takes in what has come by now.
    fn look(&mut self) {
        loop {
            match self.commands.try_recv() {
                Ok(command) => {
                    self.waiting.add(command);
                    self.came += 1;
                }
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.gone = true;
                    return;
                }
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
    ///
    /// # Errors
    /// The other side is gone.
    pub fn emit(&self, event: Event) -> Result<(), Gone> {
        self.events.send(event).map_err(|_| Gone)?;
        (self.wake)();
        Ok(())
    }

    /// Sends an event that the next one replaces: dropped where the channel fills, as it does behind a
    /// window that is hidden, so that what must arrive keeps its room.
    ///
    /// # Errors
    /// The other side is gone.
    pub fn emit_replaceable(&self, event: Event) -> Result<(), Gone> {
        const ROOM_KEPT: usize = 256;
        if self.events.len() + ROOM_KEPT > self.events.capacity().unwrap_or(usize::MAX) {
            return Ok(());
        }
        self.emit(event)
    }
}
