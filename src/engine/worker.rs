//! The worker's loop: takes commands, and does the next piece of work.

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::Options;
use super::inbox::{Gone, Inbox, Outbox};
use super::message::{Command, Event};
use super::opening::{Found, Opened, open_path, recorded, tell_apart};
use super::runs::RunList;
use super::work::Work;
use crate::checkpoints::Links;
use crate::error::Kind;

/// Runs until the other side of a channel is gone.
pub fn run(commands: Receiver<Command>, events: Sender<Event>, options: Options, wake: impl Fn()) {
    let mut worker = Worker {
        work: Work::new(&options),
        links: options.links,
        inbox: Inbox::new(commands),
        outbox: Outbox::new(events, &wake),
    };
    let Err(Gone) = worker.run();
}

/// The channels come last, so that they are the last to go: their end says that all else is released.
struct Worker<'a> {
    work: Work,
    links: Links,
    inbox: Inbox,
    outbox: Outbox<'a>,
}

impl Worker<'_> {
    fn run(&mut self) -> Result<std::convert::Infallible, Gone> {
        let mut idle = true;
        loop {
            let waiting = self.inbox.take(idle)?;
            if let Some(paths) = waiting.open {
                self.open(&paths)?;
            }
            if waiting.retry {
                self.work.retry(&self.outbox)?;
                idle = false;
            }
            if let Some(wants) = waiting.wants {
                self.work.want(wants);
                idle = false;
            }
            if let Some(looks) = waiting.looks {
                self.work.look(looks);
                idle = false;
            }
            if !idle && !self.work.advance(&mut self.inbox, &self.outbox)? {
                idle = true;
                self.outbox.emit(Event::Idle { costs: self.work.rest() })?;
            }
        }
    }

    fn open(&mut self, paths: &[PathBuf]) -> Result<(), Gone> {
        let mut runs: Vec<Opened> = Vec::new();
        let mut files = Vec::new();
        for path in paths {
            match open_path(path, self.links, &mut || self.inbox.supersedes_opening()) {
                Ok(Found::Models(found)) => runs.extend(found.into_iter().map(|run| (run, None))),
                Ok(Found::Results(found)) => files.extend(found),
                // Nobody wants these folders any more.
                Err(error) if error.kind() == Kind::Cancelled => return Ok(()),
                Err(error) => self.outbox.emit(Event::OpenFailed { error })?,
            }
        }
        let (recorded, apart) = recorded(files);
        runs.extend(recorded);
        if runs.is_empty() {
            // A folder that holds nothing is no reason to lose what is open.
            return Ok(());
        }
        let passed_over: Vec<String> = runs.iter().flat_map(|(run, _)| run.notes.clone()).collect();
        for line in passed_over.into_iter().chain(apart).chain(tell_apart(&mut runs)) {
            self.outbox.emit(Event::Warning(line))?;
        }
        let runs = Arc::new(RunList::new(runs));
        self.work.open(Arc::clone(&runs));
        self.outbox.emit(Event::Opened { runs })
    }
}
