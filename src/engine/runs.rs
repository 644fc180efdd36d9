//! The open runs, each checkpoint under a key that holds wherever it stands in a list.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::checkpoints::{Checkpoint, CheckpointKey, Run, RunKey};
use crate::results::{JoinedRun, RunResults};

/// An open run.
#[derive(Clone, Debug)]
pub struct OpenRun {
    /// Its key among the open runs.
    pub key: RunKey,
    /// The run, its checkpoints in the order of training.
    pub run: Run,
    /// The results it was read from; `None` for a run of models, which alone is measured.
    pub recorded: Option<Arc<JoinedRun>>,
    /// The keys of its checkpoints, in their order.
    checkpoints: Vec<CheckpointKey>,
}

/// The open runs in their order.
#[derive(Clone, Debug, Default)]
pub struct RunList {
    runs: Vec<OpenRun>,
    places: HashMap<CheckpointKey, (usize, usize)>,
}

impl RunList {
    /// A list of runs, each with the results it was read from where it was.
    ///
    /// A run of models is known by its name, which no other of them should have, a recorded one by name, file and
    /// condition. Where keys would be equal all the same, they count on.
    pub fn new(runs: impl IntoIterator<Item = (Run, Option<Arc<JoinedRun>>)>) -> Self {
        let mut list = Self::default();
        let mut known = HashSet::new();
        for (run, recorded) in runs {
            let key = distinct(
                |again| run_key(&run, recorded.as_ref().map(|joined| &*joined.results), again),
                &mut known,
            );
            let mut names = HashSet::new();
            let checkpoints: Vec<CheckpointKey> = run
                .checkpoints
                .iter()
                .map(|checkpoint| {
                    let named = |again| match again {
                        0 => CheckpointKey::new(key, &checkpoint.name),
                        again => CheckpointKey::new(key, &format!("{} ({again})", checkpoint.name)),
                    };
                    distinct(named, &mut names)
                })
                .collect();
            let place = list.runs.len();
            list.places.extend(checkpoints.iter().enumerate().map(|(at, key)| (*key, (place, at))));
            list.runs.push(OpenRun { key, run, recorded, checkpoints });
        }
        list
    }

    /// The runs.
    pub fn runs(&self) -> &[OpenRun] {
        &self.runs
    }

    /// The run of a key; `None` where it is not open.
    pub fn run(&self, key: RunKey) -> Option<&OpenRun> {
        self.runs.iter().find(|run| run.key == key)
    }

    /// A checkpoint and its run; `None` where it is not open.
    pub fn get(&self, key: CheckpointKey) -> Option<(&OpenRun, &Checkpoint)> {
        let (run, checkpoint) = self.place(key)?;
        let run = &self.runs[run];
        Some((run, &run.run.checkpoints[checkpoint]))
    }

    /// Where a checkpoint stands: the index of its run, and its own within the run.
    pub fn place(&self, key: CheckpointKey) -> Option<(usize, usize)> {
        self.places.get(&key).copied()
    }

    /// The key of the checkpoint at a place; `None` where there is none.
    pub fn key(&self, run: usize, checkpoint: usize) -> Option<CheckpointKey> {
        self.runs.get(run)?.checkpoints.get(checkpoint).copied()
    }

    /// The keys of all checkpoints, run by run.
    pub fn keys(&self) -> impl Iterator<Item = CheckpointKey> + '_ {
        self.runs.iter().flat_map(|run| run.checkpoints.iter().copied())
    }

    /// The keys of the checkpoints that can be measured: those of models, run by run.
    pub fn measurable(&self) -> impl Iterator<Item = CheckpointKey> + '_ {
        let runs = self.runs.iter().filter(|run| run.recorded.is_none());
        runs.flat_map(|run| run.checkpoints.iter().copied())
    }
}

impl OpenRun {
    /// The keys of its checkpoints, in their order.
    pub fn keys(&self) -> &[CheckpointKey] {
        &self.checkpoints
    }
}

fn run_key(run: &Run, recorded: Option<&RunResults>, again: usize) -> RunKey {
    let again = again.to_string();
    let counted = if again == "0" { None } else { Some(again.as_str()) };
    let Some(results) = recorded else {
        return match counted {
            None => RunKey::new(&run.name),
            Some(again) => RunKey::of_parts(&[&run.name, again]),
        };
    };
    let (file, id) = (run.path.to_string_lossy(), results.condition.id().to_string());
    let parts = [run.name.as_str(), &file, &id].into_iter().chain(counted);
    RunKey::of_parts(&parts.collect::<Vec<_>>())
}

/// The first key, counting from 0, that is not known yet.
fn distinct<K: Copy + Eq + std::hash::Hash>(key: impl Fn(usize) -> K, known: &mut HashSet<K>) -> K {
    let mut again = 0;
    loop {
        let key = key(again);
        if known.insert(key) {
            return key;
        }
        again += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, checkpoints: &[&str]) -> Run {
        let checkpoint = |name: &&str| Checkpoint {
            name: (*name).to_owned(),
            path: format!("/{name}").into(),
            step: None,
            tokens: None,
            tokenizer: None,
            reach: Default::default(),
        };
        Run::new(name.to_owned(), format!("/{name}").into(), checkpoints.iter().map(checkpoint).collect())
    }

    #[test]
    fn a_checkpoint_keeps_its_key_wherever_it_stands() {
        let (first, second) = (run("first", &["step0", "step8"]), run("second", &["step0"]));
        let alone = RunList::new([(second.clone(), None)]);
        let both = RunList::new([(first, None), (second, None)]);
        let key = alone.key(0, 0).unwrap();
        assert_eq!((alone.place(key), both.place(key)), (Some((0, 0)), Some((1, 0))));
        let (found, checkpoint) = both.get(key).unwrap();
        assert_eq!((found.run.name.as_str(), checkpoint.name.as_str()), ("second", "step0"));
        assert_eq!(found.key, RunKey::new("second"));
        assert_eq!(key, CheckpointKey::new(RunKey::new("second"), "step0"));
        assert_eq!(both.keys().count(), 3);
        assert!(alone.get(both.key(0, 0).unwrap()).is_none() && both.key(2, 0).is_none());
    }

    #[test]
    fn keys_are_distinct_whatever_the_names_are() {
        let runs = || [run("same", &["step0", "step0", "step0 (1)"]), run("same", &["step0"])];
        let list = RunList::new(runs().map(|run| (run, None)));
        let keys: HashSet<CheckpointKey> = list.keys().collect();
        assert_eq!(keys.len(), 4);
        assert_ne!(list.runs()[0].key, list.runs()[1].key);
        // And the same the next time.
        assert_eq!(RunList::new(runs().map(|run| (run, None))).keys().collect::<HashSet<_>>(), keys);
    }
}
