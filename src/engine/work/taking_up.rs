//! What is wanted, as it changes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use super::Work;
use super::answer::{Answers, same};
use super::asking::Asked;
use super::looking::Looks;
use crate::checkpoints::CheckpointKey;
use crate::condition::Condition;
use crate::engine::inbox::{Gone, Outbox};
use crate::engine::job::Job;
use crate::engine::message::Want;
use crate::engine::progress::Progress;
use crate::engine::runs::RunList;
use crate::engine::schedule::Pair;
use crate::engine::session::{ScoresOf, Session, SessionId};
use crate::settings::Backend;

/// Sessions that are kept beside those that are wanted: to go back to one takes no encoding then.
const KEPT_SESSIONS: usize = 2;

impl Work {
    /// Goes over to other runs, of which nothing is wanted yet. Scores stay, as long as there is room: they are known
    /// by what they are of.
    pub fn open(&mut self, runs: Arc<RunList>) {
        self.want(Vec::new());
        self.runs = runs;
        self.looks = Looks::default();
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
        let former_asked = std::mem::take(&mut self.asked);
        self.wants.clear();
        let runs = Arc::clone(&self.runs);
        let measured = |want: &Want| runs.get(want.checkpoint).is_some_and(|(run, _)| run.recorded.is_none());
        for Want { checkpoint, condition, quality } in wants.into_iter().filter(measured) {
            let known = self.asked.iter().position(|asked| same(&asked.condition, &condition));
            let asked = known.unwrap_or_else(|| {
                let was_asked = former_asked.iter().any(|asked| same(&asked.condition, &condition));
                let parts = condition.parts();
                // What was emitted of the parts alone is emitted once more of both together: with the last one.
                let first_new = if was_asked || parts.len() == 1 { parts.len() } else { parts.len() - 1 };
                let parts = parts.into_iter().enumerate();
                let parts = parts.map(|(number, part)| self.work_on(part, number >= first_new, &mut former));
                let parts = parts.collect();
                self.asked.push(Asked { condition, parts });
                self.asked.len() - 1
            });
            let parts = self.asked[asked].parts.iter();
            self.wants.extend(parts.map(|&condition| (Pair { condition, checkpoint }, quality)));
        }
        self.open.clone_from(&self.wants);
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
        let useless =
            |job: &mut Job| !wanted.iter().any(|of| job.is_of(sessions[of.condition], of.checkpoint));
        self.job.take_if(useless);
    }

    /// The place of a part among the conditions worked on: `former` ones go on where they were, unless it is to begin
    /// `anew`.
    fn work_on(&mut self, part: Condition, anew: bool, former: &mut Vec<Answers>) -> usize {
        if let Some(known) = self.conditions.iter().position(|answers| *answers.condition == part) {
            if anew {
                self.conditions[known].of.clear();
            }
            return known;
        }
        let kept = former.iter().position(|answers| !anew && *answers.condition == part);
        let answers = match kept {
            Some(index) => former.swap_remove(index),
            None => self.begin(Arc::new(part)),
        };
        self.conditions.push(answers);
        self.conditions.len() - 1
    }

    /// A condition that was not worked on before.
    fn begin(&mut self, condition: Arc<Condition>) -> Answers {
        self.answered = false;
        self.progress = Progress::new(Instant::now());
        let session = self.session_of(&condition);
        Answers::new(condition, session)
    }

    /// The session whose scores a condition queries, begun where there is none.
    pub(super) fn session_of(&mut self, condition: &Condition) -> SessionId {
        let of = ScoresOf::new(condition, self.live);
        let known = self.sessions.iter_mut().find(|(_, session)| session.of == of);
        match known {
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
        }
    }

    /// Looks at files and devices again, and tries again what failed.
    pub fn retry(&mut self, outbox: &Outbox<'_>) -> Result<(), Gone> {
        self.current = None;
        self.open.clone_from(&self.wants);
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
    pub(super) fn look_again(&mut self) {
        for (id, session) in &mut self.sessions {
            session.forget_failures();
            if session.look_again() {
                self.job.take_if(|job| job.session == *id);
                self.open.clone_from(&self.wants);
                for answers in self.conditions.iter_mut().filter(|answers| answers.session == *id) {
                    answers.of.clear();
                    answers.announced.clear();
                }
            }
        }
    }
}
