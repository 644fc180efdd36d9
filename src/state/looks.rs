//! What panels look at beside the numbers: documents and preference pairs in a checkpoint's own tokens, and hidden states
//! themselves.

use std::sync::Arc;

use super::{Answer, Message, Severity, State};
use crate::checkpoints::CheckpointKey;
use crate::engine::{Command, Look, Seen, Sight};
use crate::error::Error;
use crate::measures::Order;
use crate::pairs::ReadPair;
use crate::views::options::LayerChoice;
use crate::views::snapshot::Snapshot;

/// What a panel looks at beside the numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Glance {
    /// The document of this number, from 0.
    Document(usize),
    /// The preference pair of this number, from 0.
    Pair(usize),
    /// Hidden states of the checkpoint at the scrubber: of an average, those of the last layer.
    States(LayerChoice),
    /// The frontier of the text's labels of an order, as the checkpoint's tokenizer reads it.
    Frontier(Order),
}

/// What there is to see of a preference pair.
#[derive(Clone, Copy, Debug)]
pub enum PairSeen<'s> {
    /// The pair.
    Read(&'s Arc<ReadPair>),
    /// Nothing yet: it is being read.
    Reading,
    /// Why it cannot be read.
    Failed(&'s Error),
    /// No file of pairs is chosen.
    NoPairs,
    /// No checkpoint is measured at the scrubber.
    NotMeasured,
    /// All runs are recorded, and results hold no text.
    Recorded,
}

/// What is looked at and what of it was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Looks {
    glances: Vec<Glance>,
    /// What the worker was last told is looked at.
    sent: Vec<Look>,
    seen: Vec<(Look, Result<Seen, Error>)>,
}

impl State {
    /// Takes in what panels look at from now on.
    pub fn look_at(&mut self, glances: Vec<Glance>) {
        if glances != self.looks.glances {
            self.looks.glances = glances;
            let glances = &self.looks.glances;
            let is_shown = |sight: Sight| {
                glances.iter().any(|glance| match (*glance, sight) {
                    (Glance::Document(a), Sight::Document(b)) => a == b,
                    // The pair before stays until the next is there.
                    (Glance::Pair(_), Sight::Pair(_)) | (Glance::States(_), Sight::States(_)) => true,
                    (Glance::Frontier(a), Sight::Frontier(b)) => a == b,
                    _ => false,
                })
            };
            self.looks.seen.retain(|(look, _)| is_shown(look.sight));
            self.drawn.take();
        }
    }

    /// What to send the worker so that it knows what is looked at; `None` where it does.
    pub fn looked(&mut self) -> Option<Command> {
        let looks = self.looks();
        if looks == self.looks.sent {
            return None;
        }
        self.looks.sent.clone_from(&looks);
        Some(Command::Look(looks))
    }

    /// What is looked at of the checkpoint at the scrubber; nothing of a recorded one, or where measuring was cancelled.
    fn looks(&self) -> Vec<Look> {
        let (Some(checkpoint), Some(condition)) = (self.focus(), self.asked.condition()) else {
            return Vec::new();
        };
        let is_measured = self.run_of(checkpoint).is_some_and(|run| !self.is_recorded(run));
        if !is_measured || self.cancelled || self.stopped {
            return Vec::new();
        }
        let mut looks: Vec<Look> = Vec::new();
        for glance in &self.looks.glances {
            let sight = match *glance {
                Glance::Document(document) => Sight::Document(document),
                Glance::Pair(pair) => Sight::Pair(pair),
                Glance::States(layers) => Sight::States(self.layer_of(checkpoint, layers)),
                Glance::Frontier(order) => Sight::Frontier(order),
            };
            let look = Look { checkpoint, condition: Arc::clone(condition), sight };
            if !looks.contains(&look) {
                looks.push(look);
            }
        }
        looks
    }

    /// The hidden state that a choice of layers comes to; `None` for the last.
    fn layer_of(&self, checkpoint: CheckpointKey, layers: LayerChoice) -> Option<usize> {
        match layers {
            LayerChoice::Mean | LayerChoice::Last => None,
            LayerChoice::Layer(layer) => Some(layer),
            LayerChoice::Depth(share) => match self.present_answer(self.run_of(checkpoint)?, checkpoint)? {
                Answer::Numbers(numbers) => share.layer_of(numbers.measurement.layers.len()),
                Answer::Failed(_) => None,
            },
        }
    }

    /// Takes in what was seen, unless something else is looked at by now.
    pub(super) fn saw(&mut self, look: Look, seen: Result<Seen, Error>) {
        if !self.looks.sent.contains(&look) {
            return;
        }
        if let (Sight::States(_), Err(error)) = (look.sight, &seen) {
            // The sphere shows a cloud that is made, and would not say why.
            self.say(Message::new(Severity::Warning, error.to_string()));
        }
        let glances = &self.looks.glances;
        let is_replaced = |sight: Sight| match (sight, look.sight) {
            (Sight::States(_), Sight::States(_)) => true,
            (Sight::Pair(pair), Sight::Pair(_)) if !glances.contains(&Glance::Pair(pair)) => true,
            (a, b) => a == b,
        };
        self.looks.seen.retain(|(other, _)| !is_replaced(other.sight));
        self.looks.seen.push((look, seen));
    }

    /// A preference pair by its number, from 0; the one seen before while it is being read.
    pub fn pair(&self, number: usize) -> PairSeen<'_> {
        if self.is_all_recorded() && !self.open_runs().is_empty() {
            return PairSeen::Recorded;
        }
        let asked = self.asked.condition();
        let Some(condition) = asked.filter(|condition| condition.pairs().is_some()) else {
            return PairSeen::NoPairs;
        };
        if let Some((_, error)) = self.failed_conditions.iter().find(|(failed, _)| failed == condition) {
            return PairSeen::Failed(error);
        }
        let of_pairs = |(look, _): &&(Look, _)| {
            matches!(look.sight, Sight::Pair(_)) && look.condition.reads_pairs_of(condition)
        };
        let mut seen = self.looks.seen.iter().filter(of_pairs);
        let exact = seen.clone().find(|(look, _)| look.sight == Sight::Pair(number));
        match exact.or_else(|| seen.next_back()) {
            Some((_, Ok(Seen::Pair(pair)))) => PairSeen::Read(pair),
            Some((_, Err(error))) if exact.is_some() => PairSeen::Failed(error),
            _ if self.looks().is_empty() => PairSeen::NotMeasured,
            _ => PairSeen::Reading,
        }
    }

    /// Forgets all that was seen: other runs are open.
    pub(super) fn forget_seen(&mut self) {
        (self.looks.sent, self.looks.seen) = (Vec::new(), Vec::new());
    }

    /// A snapshot with what is seen beside the numbers.
    pub(super) fn with_seen(&self, mut snapshot: Snapshot) -> Snapshot {
        if let Some(benchmarks) = &self.benchmarks {
            snapshot = snapshot.with_benchmarks(Arc::clone(benchmarks));
        }
        for look in self.looks() {
            match look.sight {
                Sight::Document(document) => {
                    let wait = format!("document {document} is being read");
                    snapshot = snapshot.with_sentence(document, Err(wait));
                }
                Sight::Frontier(order) => {
                    let wait = "the frontier is computed once no numbers are wanted".to_owned();
                    snapshot = snapshot.with_frontier(order, Err(wait));
                }
                Sight::States(_) | Sight::Pair(_) => {}
            }
        }
        let text = self.asked.text();
        for (look, seen) in self.looks.seen.iter().filter(|(look, _)| Some(&look.condition.text) == text) {
            snapshot = match (look.sight, seen) {
                (_, Ok(Seen::Document(sentence))) => {
                    snapshot.with_sentence(sentence.document(), Ok(Arc::clone(sentence)))
                }
                (_, Ok(Seen::States(cloud))) => snapshot.with_cloud(Arc::clone(cloud)),
                (Sight::Frontier(order), Ok(Seen::Frontier(report))) => {
                    snapshot.with_frontier(order, Ok(Arc::clone(report)))
                }
                (Sight::Frontier(order), Err(error)) => snapshot.with_frontier(order, Err(error.to_string())),
                (Sight::Document(document), Err(error)) => {
                    snapshot.with_sentence(document, Err(error.to_string()))
                }
                // Panels of pairs ask for them.
                (_, Ok(Seen::Pair(_) | Seen::Frontier(_))) => snapshot,
                (Sight::States(_) | Sight::Pair(_), Err(_)) => snapshot,
            };
        }
        snapshot
    }
}
