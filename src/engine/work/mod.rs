//! The work on what is wanted: what is known of every checkpoint, and what makes more of it known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::checkpoints::{self, Checkpoint, CheckpointKey, Files};
use crate::condition::{Condition, TextSource};
use crate::engine::bank::Bank;
use crate::engine::cost::{Cost, cost};
use crate::engine::devices::Devices;
use crate::engine::inbox::{Gone, Inbox, Outbox};
use crate::engine::job::Job;
use crate::engine::keys::ScoresId;
use crate::engine::message::{EstimatorCosts, Event, Quality, Want};
use crate::engine::open_device::OpenDevice;
use crate::engine::progress::Progress;
use crate::engine::runs::RunList;
use crate::engine::sample::Sample;
use crate::engine::schedule::{Pair, Standing, Task, next_task};
use crate::engine::scored::Scored;
use crate::engine::session::{ScoresOf, Session, SessionId};
use crate::error::{Error, Kind, caught};
use crate::settings::Backend;
use crate::store::Store;

mod answer;
mod answering;
mod scoring;

use self::answer::{Answers, same, without_scores};

/// Sessions that are kept beside those that are wanted: to go back to one takes no encoding then.
const KEPT_SESSIONS: usize = 2;

/// What ends a task early.
enum Trouble {
    /// Nobody listens any more.
    Gone,
    /// Nothing can be measured under the condition, whatever the checkpoint.
    Condition(Error),
    /// The task failed, or was interrupted; what that costs [`cost`] decides.
    Task(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Task(error)
    }
}

impl From<Gone> for Trouble {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

/// A checkpoint's files as they were read.
struct Identity {
    files: Files,
    /// The content hash of configuration and weights.
    hash: u128,
}

/// What is wanted, and all that was made for it.
pub struct Work {
    runs: Arc<RunList>,
    live: bool,
    /// What is wanted, the most urgent first.
    wants: Vec<(Pair, Quality)>,
    /// The conditions among it, each once.
    conditions: Vec<Answers>,
    sessions: BTreeMap<SessionId, Session>,
    /// Counts them, those that are gone too.
    sessions_begun: u64,
    /// Counts the sets of wants.
    clock: u64,
    identities: HashMap<CheckpointKey, Identity>,
    /// Checkpoints whose files were rewritten since their last numbers.
    rewritten: HashSet<CheckpointKey>,
    bank: Bank,
    /// Where measurements are stored; `None` for nowhere.
    store: Option<Store>,
    devices: Devices,
    /// The model at work.
    job: Option<Job>,
    /// The task under way, as long as nothing else may have become more urgent.
    current: Option<Task>,
    costs: EstimatorCosts,
    progress: Progress,
    /// When progress was emitted last, and how long it is not emitted again while a model works.
    emitted_progress: Instant,
    progress_every: Duration,
    /// Whether numbers were emitted since a new condition came.
    answered: bool,
    /// Warnings of configs that were emitted: the checkpoints of a run share theirs.
    warned: HashSet<String>,
}

impl Work {
    /// Nothing to do yet.
    pub fn new(options: &crate::engine::Options) -> Self {
        Self {
            runs: Arc::default(),
            live: options.live,
            wants: Vec::new(),
            conditions: Vec::new(),
            sessions: BTreeMap::new(),
            sessions_begun: 0,
            clock: 0,
            identities: HashMap::new(),
            rewritten: HashSet::new(),
            bank: Bank::new(options.store.clone(), options.kept),
            store: options.store.clone(),
            devices: Devices::new(options.memory),
            job: None,
            current: None,
            costs: EstimatorCosts::default(),
            progress: Progress::new(Instant::now()),
            emitted_progress: Instant::now(),
            progress_every: options.progress_every,
            answered: false,
            warned: HashSet::new(),
        }
    }

    /// Goes over to other runs, of which nothing is wanted yet. Scores stay, as long as there is room: they are known
    /// by what they are of.
    pub fn open(&mut self, runs: Arc<RunList>) {
        self.want(Vec::new());
        self.runs = runs;
        // The same name may stand for other files now.
        self.identities.clear();
        self.rewritten.clear();
        for session in self.sessions.values_mut() {
            session.scores.clear();
        }
    }

    /// Takes up what is wanted instead of what was. What was emitted of it already is not emitted again.
    pub fn want(&mut self, wants: Vec<Want>) {
        self.current = None;
        self.clock += 1;
        let mut former = std::mem::take(&mut self.conditions);
        self.wants.clear();
        let runs = Arc::clone(&self.runs);
        let measured = |want: &Want| runs.get(want.checkpoint).is_some_and(|(run, _)| run.recorded.is_none());
        for Want { checkpoint, condition, quality } in wants.into_iter().filter(measured) {
            let known = self.conditions.iter().position(|answers| same(&answers.condition, &condition));
            let condition = known.unwrap_or_else(|| {
                let kept = former.iter().position(|answers| same(&answers.condition, &condition));
                let answers = match kept {
                    Some(index) => former.swap_remove(index),
                    None => self.begin(condition),
                };
                self.conditions.push(answers);
                self.conditions.len() - 1
            });
            self.wants.push((Pair { condition, checkpoint }, quality));
        }
        let wanted: HashSet<Pair> = self.wants.iter().map(|(of, _)| *of).collect();
        for (condition, answers) in self.conditions.iter_mut().enumerate() {
            answers.of.retain(|&checkpoint, _| wanted.contains(&Pair { condition, checkpoint }));
            if let Some(session) = self.sessions.get_mut(&answers.session) {
                session.wanted = self.clock;
            }
        }
        let mut idle: Vec<(u64, SessionId)> =
            self.sessions.iter().map(|(id, session)| (session.wanted, *id)).collect();
        idle.retain(|(wanted, _)| *wanted < self.clock);
        idle.sort_unstable();
        for (_, id) in idle.iter().rev().skip(KEPT_SESSIONS) {
            self.sessions.remove(id);
        }
        let sessions: Vec<SessionId> = self.conditions.iter().map(|answers| answers.session).collect();
        let useless = |job: &mut Job| {
            let of_job = |of: &Pair| (sessions[of.condition], of.checkpoint) == (job.session, job.checkpoint);
            !wanted.iter().any(of_job)
        };
        self.job.take_if(useless);
    }

    /// A condition that was not wanted before.
    fn begin(&mut self, condition: Arc<Condition>) -> Answers {
        self.answered = false;
        self.progress = Progress::new(Instant::now());
        let of = ScoresOf::new(&condition, self.live);
        let known = self.sessions.iter_mut().find(|(_, session)| session.of == of);
        let session = match known {
            Some((&id, session)) => {
                // The text, or a tokenizer, may have been mended since.
                session.forget_failures();
                // Of a session that was laid aside it is not known whether its files are what they were.
                if session.wanted + 1 < self.clock {
                    session.look_again();
                }
                id
            }
            None => {
                self.sessions_begun += 1;
                let id = SessionId(self.sessions_begun);
                let backend = of.settings.backend;
                self.sessions.insert(id, Session::new(of));
                self.open_device_again(Some(backend));
                id
            }
        };
        Answers::new(condition, session)
    }

    /// Looks at files and devices again, and tries again what failed.
    pub fn retry(&mut self, outbox: &Outbox<'_>) -> Result<(), Gone> {
        self.current = None;
        for answers in &mut self.conditions {
            answers.failed = false;
            answers.of.retain(|_, answer| !answer.failed);
        }
        let changed = self.identities.iter().filter(|(_, identity)| identity.files.changed());
        let changed: Vec<CheckpointKey> = changed.map(|(checkpoint, _)| *checkpoint).collect();
        for checkpoint in changed {
            self.forget(checkpoint, outbox)?;
        }
        self.rewritten.clear();
        self.look_again();
        self.open_device_again(None);
        Ok(())
    }

    /// Lets a GPU that is missed be opened again when it is next needed.
    fn open_device_again(&mut self, backend: Option<Backend>) {
        let missed = self.devices.try_again(backend);
        for session in self.sessions.values_mut() {
            if missed.contains(&session.of.settings.backend) {
                session.leave_device();
            }
        }
        self.job.take_if(|job| {
            let session = self.sessions.get(&job.session);
            session.is_none_or(|session| missed.contains(&session.of.settings.backend))
        });
    }

    /// Looks at texts and tokenizers again; numbers of what has changed are measured anew.
    fn look_again(&mut self) {
        for (id, session) in &mut self.sessions {
            session.forget_failures();
            if session.look_again() {
                self.job.take_if(|job| job.session == *id);
                for answers in self.conditions.iter_mut().filter(|answers| answers.session == *id) {
                    answers.of.clear();
                    answers.announced.clear();
                }
            }
        }
    }

    /// Does a piece of the work; `false` when none is left.
    pub fn advance(&mut self, inbox: &mut Inbox, outbox: &Outbox<'_>) -> Result<bool, Gone> {
        let Some(task) = self.current.take().or_else(|| self.next()) else { return Ok(false) };
        let of = task.of();
        let Some(session) = self.sessions.get(&self.conditions[of.condition].session) else {
            return Ok(false);
        };
        let mut device = self.devices.take(session.of.settings.backend, outbox)?;
        let done = match caught(|| self.carry_out(task, &mut device, inbox, outbox)) {
            Ok(()) => Ok(()),
            Err(trouble) => self.stand(trouble, task, &mut device, outbox),
        };
        self.devices.give_back(device);
        done.map(|()| true)
    }

    fn next(&self) -> Option<Task> {
        let at_work = |of: Pair, stage: usize| {
            let session = self.conditions[of.condition].session;
            self.job.as_ref().is_some_and(|job| {
                (job.session, job.checkpoint, job.stage) == (session, of.checkpoint, stage)
            })
        };
        next_task(&self.wants, |of| self.standing(of), at_work)
    }

    /// What the estimator cost since it was last asked; `None` where anything is computed on a GPU. The model at work goes,
    /// which may be as large as the machine's memory and is soon opened again; scores and numbers stay.
    pub fn rest(&mut self) -> Option<EstimatorCosts> {
        self.job = None;
        let costs = std::mem::take(&mut self.costs);
        (!self.devices.any_gpu()).then_some(costs)
    }

    fn carry_out(
        &mut self,
        task: Task,
        device: &mut OpenDevice,
        inbox: &mut Inbox,
        outbox: &Outbox<'_>,
    ) -> Result<(), Trouble> {
        match task {
            Task::LookUp(of) => self.look_up(of, device, inbox, outbox),
            Task::Measure { of, stage } => self.measure(of, stage, device, inbox, outbox),
            Task::MeasureHonesty(of) => self.measure_honesty(of, device, inbox, outbox),
            Task::Score { of, stage } => self.score(of, stage, device, inbox, outbox),
        }
    }

    /// Bears what ended a task early.
    fn stand(
        &mut self,
        trouble: Trouble,
        task: Task,
        device: &mut OpenDevice,
        outbox: &Outbox<'_>,
    ) -> Result<(), Gone> {
        let of = task.of();
        match trouble {
            Trouble::Gone => Err(Gone),
            Trouble::Condition(error) => {
                let answers = &mut self.conditions[of.condition];
                answers.failed = true;
                let (condition, session) = (Arc::clone(&answers.condition), answers.session);
                self.job.take_if(|job| job.session == session);
                outbox.emit(Event::ConditionFailed { condition, error })
            }
            Trouble::Task(error) => {
                let scores = self.scores_id(of);
                let elsewhere = scores.is_some_and(|scores| self.bank.is_off_gpu(scores));
                match cost(error.kind(), device.health(error.kind()), elsewhere) {
                    Cost::Nothing => Ok(()),
                    Cost::Place => {
                        self.job = None;
                        if let Some(scores) = scores {
                            self.bank.move_off_gpu(scores);
                        }
                        device.estimator.release();
                        Ok(())
                    }
                    Cost::Checkpoint => self.fail(task, device, error, outbox),
                    Cost::Device => self.fall_back(device, outbox, &error),
                }
            }
        }
    }

    /// Leaves a checkpoint alone under a condition, until it is tried again or wanted anew.
    fn fail(
        &mut self,
        task: Task,
        device: &mut OpenDevice,
        error: Error,
        outbox: &Outbox<'_>,
    ) -> Result<(), Gone> {
        let of = task.of();
        if error.kind() == Kind::DeviceMemory {
            device.estimator.release();
        }
        // Scores that one condition cannot be answered from may answer another.
        if matches!(task, Task::Score { .. }) || !self.live {
            self.job = None;
            self.evict(of);
        }
        let answers = &mut self.conditions[of.condition];
        answers.of.entry(of.checkpoint).or_default().failed = true;
        let condition = Arc::clone(&answers.condition);
        outbox.emit(Event::CheckpointFailed { condition, checkpoint: of.checkpoint, error })
    }

    /// Goes on with the CPU. Numbers that are emitted stay.
    fn fall_back(&mut self, device: &mut OpenDevice, outbox: &Outbox<'_>, error: &Error) -> Result<(), Gone> {
        self.job = None;
        self.bank.lose_gpu();
        // What the GPU made and main memory has is found again under the GPU's name alone.
        for session in self.sessions.values_mut() {
            if session.of.settings.backend == device.backend {
                session.leave_device();
            }
        }
        device.lose_gpu();
        let until = "computing on the CPU until infoplane is started again";
        outbox.emit(Event::Warning(format!("the GPU failed ({error}); {until}")))?;
        Ok(())
    }

    /// How far a checkpoint has come under a condition.
    fn standing(&self, of: Pair) -> Standing {
        let answers = &self.conditions[of.condition];
        let answer = answers.of.get(&of.checkpoint);
        let settings = &answers.condition.settings;
        let sample = self.known_sample(of);
        let (mut at_hand, mut seeds_at_hand) = (0, false);
        if let (Some(scored), Some(sample)) = (self.scored(of), sample) {
            let shape = scored.table.shape();
            at_hand = if shape.points >= settings.points { scored.stages(sample) } else { 0 };
            seeds_at_hand = shape.seeds >= settings.reference_seeds;
        }
        let settled = answer.and_then(|answer| answer.settled);
        Standing {
            failed: answers.failed || answer.is_some_and(|answer| answer.failed),
            encoded: sample.is_some(),
            looked_up: answer.is_some_and(|answer| answer.looked_up),
            stages: settled.or(sample.map(|sample| sample.stages.len())).unwrap_or(1),
            at_hand,
            seeds_at_hand,
            answered: answer.map_or(0, |answer| answer.stages),
            honest: answer.is_some_and(|answer| answer.honest),
            climbs: settings.tolerance > 0.0,
        }
    }

    /// A checkpoint; an error where it is not open, which its want was checked for.
    fn checkpoint(&self, key: CheckpointKey) -> Result<Checkpoint, Error> {
        let found = self.runs.get(key).map(|(_, checkpoint)| checkpoint.clone());
        found.ok_or_else(|| Error::new(Kind::Bug, "this checkpoint is not open"))
    }

    fn session(&self, of: Pair) -> Option<&Session> {
        self.sessions.get(&self.conditions[of.condition].session)
    }

    fn session_mut(&mut self, of: Pair) -> Result<&mut Session, Error> {
        let session = self.sessions.get_mut(&self.conditions[of.condition].session);
        session.ok_or_else(|| Error::new(Kind::Bug, "a condition has no session"))
    }

    /// Where the scores of a checkpoint are in the bank, if they are.
    fn scores_id(&self, of: Pair) -> Option<ScoresId> {
        self.session(of)?.scores.get(&of.checkpoint).copied()
    }

    /// The scores of a checkpoint; `None` where there are none.
    fn scored(&self, of: Pair) -> Option<&Scored> {
        self.bank.get(self.scores_id(of)?)
    }

    fn evict(&mut self, of: Pair) {
        if let Ok(session) = self.session_mut(of)
            && let Some(scores) = session.scores.remove(&of.checkpoint)
        {
            self.bank.evict(scores);
        }
    }

    /// The sample of a checkpoint; `None` where it was not made yet.
    fn known_sample(&self, of: Pair) -> Option<&Sample> {
        let (_, checkpoint) = self.runs.get(of.checkpoint)?;
        self.session(of)?.known_sample(checkpoint)
    }

    /// The sample of a checkpoint, made where it is not known, and announced once a condition and run.
    fn sample(&mut self, of: Pair, inbox: &mut Inbox, outbox: &Outbox<'_>) -> Result<Rc<Sample>, Trouble> {
        let runs = Arc::clone(&self.runs);
        let Some((run, checkpoint)) = runs.get(of.checkpoint) else {
            return Err(Trouble::Task(Error::cancelled()));
        };
        let live = self.live;
        let session = self.session_mut(of)?;
        let scores_of = session.of.clone();
        let mut interrupted = inbox.interrupting(|wants| without_scores(wants, &scores_of, live));
        let sample = session.sample(checkpoint, &mut interrupted);
        drop(interrupted);
        let sample = sample.map_err(|error| of_text(error, &scores_of.text, self.read_alike(of)))?;
        let answers = &mut self.conditions[of.condition];
        if answers.announced.insert(run.key) {
            outbox.emit(Event::Prepared {
                condition: Arc::clone(&answers.condition),
                run: run.key,
                documents: sample.documents.len(),
                skipped_documents: sample.skipped,
                positions: sample.positions(sample.documents.len()),
            })?;
        }
        Ok(sample)
    }

    /// Whether all checkpoints that are wanted under a condition have the same tokenizer.
    fn read_alike(&self, of: Pair) -> bool {
        let tokenizer = |key| self.runs.get(key).and_then(|(_, checkpoint)| checkpoint.tokenizer.as_deref());
        let wanted = self.wants.iter().filter(|(other, _)| other.condition == of.condition);
        let mut tokenizers = wanted.map(|(other, _)| tokenizer(other.checkpoint));
        tokenizers.all(|other| other == tokenizer(of.checkpoint))
    }

    /// The content hash of a checkpoint's configuration and weights, as its files are now: where they were rewritten since
    /// they were read, all that was made of them is dropped first.
    fn identity(&mut self, checkpoint: CheckpointKey, outbox: &Outbox<'_>) -> Result<u128, Trouble> {
        self.is_rewritten(checkpoint, outbox)?;
        if let Some(identity) = self.identities.get(&checkpoint) {
            return Ok(identity.hash);
        }
        let folder = self.checkpoint(checkpoint)?.folder();
        // Looked at first: files written while they are read are seen to have changed.
        let files = Files::of(&folder)?;
        let hash = checkpoints::identity(&folder)?;
        self.identities.insert(checkpoint, Identity { files, hash });
        Ok(hash)
    }

    /// Whether a checkpoint's files were rewritten since they were read. What was made of them is then dropped.
    ///
    /// # Errors
    /// Files that are written faster than they can be measured.
    fn is_rewritten(&mut self, checkpoint: CheckpointKey, outbox: &Outbox<'_>) -> Result<bool, Trouble> {
        let known = self.identities.get(&checkpoint);
        if !known.is_some_and(|identity| identity.files.changed()) {
            return Ok(false);
        }
        let again = !self.rewritten.insert(checkpoint);
        self.forget(checkpoint, outbox)?;
        if again {
            self.rewritten.remove(&checkpoint);
            let path = self.checkpoint(checkpoint)?.path;
            return Err(Trouble::Task(
                Error::new(Kind::Weights, "its files are being written while they are measured")
                    .help("try again once they are complete")
                    .at(path),
            ));
        }
        Ok(true)
    }

    /// Drops all that was made of a checkpoint's files, which were rewritten.
    fn forget(&mut self, checkpoint: CheckpointKey, outbox: &Outbox<'_>) -> Result<(), Gone> {
        self.identities.remove(&checkpoint);
        self.job.take_if(|job| job.checkpoint == checkpoint);
        for session in self.sessions.values_mut() {
            if let Some(scores) = session.scores.remove(&checkpoint) {
                self.bank.evict(scores);
            }
        }
        for answers in &mut self.conditions {
            answers.of.remove(&checkpoint);
        }
        // A tokenizer is written with them.
        self.look_again();
        let Some((_, found)) = self.runs.get(checkpoint) else { return Ok(()) };
        let cause = "the files of this checkpoint were rewritten; measuring it anew";
        outbox.emit(Event::Warning(format!("{cause}: {}", found.path.display())))
    }
}

/// What an error of the text, or of a tokenizer, costs: a tokenizer that cannot be read, or leaves nothing of the text to
/// measure, its checkpoints; a line that cannot be read the checkpoints whose tokenizer comes that far; and all under the
/// condition where none can come further, since the text cannot be opened or all read it alike.
fn of_text(error: Error, text: &TextSource, all_alike: bool) -> Trouble {
    let of_condition = match (text, error.kind()) {
        (_, Kind::Cancelled) => false,
        (TextSource::Corpus(_), Kind::Tokenizer | Kind::Sample) => false,
        (TextSource::Corpus(path), _) => all_alike || std::fs::File::open(path).is_err(),
        // The same tokens for all.
        (TextSource::Tokens(_), _) => true,
    };
    if of_condition { Trouble::Condition(error) } else { Trouble::Task(error) }
}
