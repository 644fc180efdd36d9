//! Scores of models beside measures of the same.

use std::collections::HashMap;

use super::names::Key;
use super::{Benchmarks, Checkpoint};

/// A checkpoint that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured<'a> {
    /// The name of its run.
    pub run: &'a str,
    /// Its own name.
    pub checkpoint: &'a str,
    /// Training steps; `None` where they are not known.
    pub step: Option<u64>,
}

/// Which scores belong to which checkpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Join {
    /// For each checkpoint measured the row of its scores; `None` where it has none.
    pub rows: Vec<Option<usize>>,
    /// The runs without any scores, each once.
    pub runs_without: Vec<String>,
    /// The models whose scores belong to no run, each once.
    pub models_without: Vec<String>,
    /// What could not be told, a line each.
    pub notes: Vec<String>,
}

/// Joins scores to checkpoints measured under one condition by their models' names, however written ([`same_name`](super::same_name)), and where the
/// scores are of checkpoints by step or name. Scores of a model as it was published go to the last checkpoint of its run
/// in the order given: that is what was published, and one score beside many checkpoints would count as many.
pub fn join(benchmarks: &Benchmarks, measured: &[Measured<'_>]) -> Join {
    let keys: Vec<Key> = benchmarks.rows.iter().map(|row| Key::of(&row.model)).collect();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    keys.iter().enumerate().for_each(|(row, key)| by_name.entry(&key.name).or_default().push(row));
    let mut joined = Join { rows: vec![None; measured.len()], ..Join::default() };
    let mut used = vec![false; keys.len()];
    for run in runs(measured) {
        // A model that is opened by itself is a checkpoint of whatever folder it lies in.
        let names = [measured[run[0]].run, measured[run[0]].checkpoint];
        let names = if run.len() == 1 { &names[..] } else { &names[..1] };
        let candidates = names.iter().map(|name| candidates(&Key::of(name), &keys, &by_name));
        let rows = candidates.into_iter().find(|rows| !rows.is_empty()).unwrap_or_default();
        rows.iter().for_each(|&row| used[row] = true);
        let mut models: Vec<&Key> = rows.iter().map(|&row| &keys[row]).collect();
        models.sort();
        models.dedup();
        if let [one, other, ..] = models[..] {
            let told = |key: &Key| match &key.organisation {
                Some(organisation) => format!("{organisation}/{}", key.name),
                None => key.name.clone(),
            };
            joined.notes.push(format!(
                "`{}` may be {} or {}: it is joined to neither",
                names[0],
                told(one),
                told(other)
            ));
            joined.runs_without.push(names[0].to_owned());
            continue;
        }
        let mut any = false;
        for (place, &index) in run.iter().enumerate() {
            let last = place + 1 == run.len();
            let of_checkpoint = |row: &&usize| match &benchmarks.rows[**row].checkpoint {
                Some(checkpoint) => is_of(checkpoint, &measured[index]),
                None => false,
            };
            let published = || rows.iter().find(|row| last && benchmarks.rows[**row].checkpoint.is_none());
            joined.rows[index] = rows.iter().find(of_checkpoint).or_else(published).copied();
            any |= joined.rows[index].is_some();
        }
        if !any {
            joined.runs_without.push(names[0].to_owned());
        }
    }
    for (row, _) in used.iter().enumerate().filter(|(_, used)| !**used) {
        let model = &benchmarks.rows[row].model;
        if !joined.models_without.contains(model) {
            joined.models_without.push(model.clone());
        }
    }
    joined.runs_without.dedup();
    joined
}

/// The places of checkpoints by their run, in the order in which runs first come.
fn runs(measured: &[Measured<'_>]) -> Vec<Vec<usize>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for (index, of) in measured.iter().enumerate() {
        let place = *places.entry(of.run).or_insert_with(|| {
            runs.push(Vec::new());
            runs.len() - 1
        });
        runs[place].push(index);
    }
    runs
}

/// The rows that a name may mean: those of its organisation before all others.
fn candidates(key: &Key, keys: &[Key], by_name: &HashMap<&str, Vec<usize>>) -> Vec<usize> {
    let named = by_name.get(&*key.name).map_or(&[][..], Vec::as_slice);
    let exact: Vec<usize> = named.iter().copied().filter(|&row| keys[row] == *key).collect();
    match exact.is_empty() {
        true => named.iter().copied().filter(|&row| keys[row].may_be(key)).collect(),
        false => exact,
    }
}

/// Whether scores of a checkpoint are of one that was measured.
fn is_of(scored: &Checkpoint, measured: &Measured<'_>) -> bool {
    let named = scored.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(measured.checkpoint));
    named || (scored.step.is_some() && scored.step == measured.step)
}
