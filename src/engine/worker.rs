//! The worker's loop: takes commands, does the next task, emits what came of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::Options;
use super::inbox::{Gone, Inbox, Outbox};
use super::message::{Command, Event, Request};
use super::open_device::OpenDevice;
use super::session::Session;
use crate::checkpoints::{self, Checkpoint, Run};
use crate::error::{Error, Kind};
use crate::results::{CheckpointResult, Results};
use crate::settings::Backend;

/// Runs until the other side of a channel is gone.
pub fn run(commands: Receiver<Command>, events: Sender<Event>, options: Options, wake: impl Fn()) {
    let mut worker = Worker {
        session: None,
        device: None,
        runs: Arc::default(),
        recorded: Vec::new(),
        options,
        inbox: Inbox::new(commands),
        outbox: Outbox::new(events, &wake),
    };
    let Err(Gone) = worker.work();
}

/// The channels come last, so that they are the last to go: their end says that all else is released.
struct Worker<'a> {
    /// The newest request with all that was made for it; kept when done, since the next may reuse it.
    session: Option<Session>,
    device: Option<OpenDevice>,
    runs: Arc<Vec<Run>>,
    /// Which of them come from results, and are not measured.
    recorded: Vec<bool>,
    options: Options,
    inbox: Inbox,
    outbox: Outbox<'a>,
}

impl Worker<'_> {
    fn work(&mut self) -> Result<std::convert::Infallible, Gone> {
        loop {
            let idle = self.session.as_ref().is_none_or(|session| !session.active);
            let waiting = self.inbox.take(idle)?;
            if let Some(paths) = waiting.open {
                self.open(&paths)?;
            }
            if waiting.cancel {
                self.end(true)?;
            }
            if let Some(request) = waiting.measure {
                self.start(request)?;
            }
            if let (Some(focus), Some(session)) = (waiting.focus, &mut self.session) {
                session.focus = focus;
            }
            if let (Some(session), Some(device)) = (&mut self.session, &mut self.device)
                && session.active
                && !session.advance(device, &mut self.inbox, &self.outbox)?
            {
                self.end(false)?;
            }
        }
    }

    fn open(&mut self, paths: &[PathBuf]) -> Result<(), Gone> {
        let mut runs: Vec<Opened> = Vec::new();
        for path in paths {
            match open_path(path, &mut || self.inbox.supersedes_opening()) {
                Ok(found) => runs.extend(found),
                // Nobody wants these folders any more.
                Err(error) if error.kind() == Kind::Cancelled => return Ok(()),
                Err(error) => self.outbox.emit(Event::Failed { generation: None, error })?,
            }
        }
        if runs.is_empty() {
            // A folder that holds nothing is no reason to lose what is open.
            return Ok(());
        }
        self.end(true)?;
        self.session = None;
        let mut found: Vec<&mut Run> =
            runs.iter_mut().filter(|(_, results)| results.is_none()).map(|(run, _)| run).collect();
        for repeat in checkpoints::told_apart(&mut found) {
            self.outbox.emit(Event::Warning(repeat))?;
        }
        runs.retain(|(run, _)| !run.checkpoints.is_empty());
        let (runs, recorded): (Vec<Run>, Vec<Option<Arc<Results>>>) = runs.into_iter().unzip();
        self.recorded = recorded.iter().map(Option::is_some).collect();
        self.runs = Arc::new(runs);
        self.outbox.emit(Event::Opened { runs: Arc::clone(&self.runs), recorded })
    }

    fn start(&mut self, request: Request) -> Result<(), Gone> {
        let renews = self.session.as_ref().is_some_and(|session| session.request.same_scores(&request));
        self.open_device(request.settings.backend, renews)?;
        self.session = Some(match self.session.take() {
            Some(session) if session.request.same_scores(&request) => session.renewed(request),
            earlier => {
                // What it holds of the store is free before the next one asks for it.
                drop(earlier);
                Session::new(request, Arc::clone(&self.runs), &self.recorded, &self.options)
            }
        });
        Ok(())
    }

    /// Opens what `backend` stands for, unless it is open. A GPU that could not be opened is tried again, but not
    /// while scores made on the CPU still answer: the request `renews` the one before.
    fn open_device(&mut self, backend: Backend, renews: bool) -> Result<(), Gone> {
        let known = self.device.take().filter(|device| device.backend == backend);
        let (name, missed) = match known {
            Some(device) if renews || device.missed.is_none() => {
                self.device = Some(device);
                return Ok(());
            }
            Some(device) => (Some(device.compute.name()), device.missed),
            None => (None, None),
        };
        let device = self.device.insert(OpenDevice::new(backend, self.options.memory));
        if let Some(warning) = device.missed.as_ref().filter(|warning| missed.as_ref() != Some(*warning)) {
            self.outbox.emit(Event::Warning(warning.clone()))?;
        }
        if name.as_ref() != Some(&device.compute.name()) {
            self.outbox.emit(Event::Device { name: device.compute.name() })?;
        }
        Ok(())
    }

    /// Ends the request under way, if there is one. What was made for it stays.
    fn end(&mut self, cancelled: bool) -> Result<(), Gone> {
        match &mut self.session {
            Some(session) if session.active => {
                session.rest();
                let on_gpu = self.device.as_ref().is_some_and(OpenDevice::is_gpu);
                let costs = (!on_gpu).then_some(session.costs);
                self.outbox.emit(Event::Idle { generation: session.request.generation, cancelled, costs })
            }
            _ => Ok(()),
        }
    }
}

/// A run, with the results it was read from where it was.
type Opened = (Run, Option<Arc<Results>>);

/// The runs of a folder, or of a file of results.
fn open_path(path: &Path, interrupted: &mut dyn FnMut() -> bool) -> Result<Vec<Opened>, Error> {
    if !path.is_file() {
        let runs = checkpoints::open_unless(path, interrupted)?;
        return Ok(runs.into_iter().map(|run| (run, None)).collect());
    }
    let checkpoint = |result: &CheckpointResult| Checkpoint {
        name: result.name.clone(),
        path: result.path.clone(),
        step: result.step,
        tokens: result.tokens,
        tokenizer: None,
        root: result.path.clone(),
    };
    let run = |results: Results| {
        let checkpoints = results.checkpoints.iter().map(checkpoint).collect();
        let run = Run::new(results.checkpoints[0].run.clone(), path.to_owned(), checkpoints);
        (run, Some(Arc::new(results)))
    };
    let runs: Vec<_> = Results::read(path)?.by_run().into_iter().map(run).collect();
    match runs.is_empty() {
        true => Err(Error::new(Kind::Output, "these results hold no checkpoint").at(path)),
        false => Ok(runs),
    }
}
