//! The command lines that remake a figure of the window.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::spec::Spec;
use crate::chart::Chart;
use crate::condition::{Condition, TextSource};
use crate::figure::command::{measure, shell};
use crate::state::State;

/// Models measured here, and the file that their results would be in.
struct Measuring {
    condition: Arc<Condition>,
    models: Vec<PathBuf>,
    results: PathBuf,
}

/// The command lines, and what is to be said of them. What was measured here lies in no file yet, so that a command that
/// measures it stands before the one that draws.
pub(super) fn commands(state: &State, spec: &Spec, chart: &Chart, out: &Path) -> (String, String) {
    let drawn = state.drawn();
    let (mut results, mut measuring) = (Vec::<PathBuf>::new(), Vec::<Measuring>::new());
    // Files of hidden runs too, which the numbers and colours of the others follow from.
    for file in state.open_runs().iter().filter_map(|open| open.recorded.as_ref()).flat_map(|run| &run.files)
    {
        if !results.contains(file) {
            results.push(file.clone());
        }
    }
    let is_recorded = |run: usize| state.open_runs().get(run).is_some_and(|open| open.recorded.is_some());
    let hidden = drawn.hidden.iter().filter(|(run, _)| is_recorded(*run));
    let hidden: Vec<String> = hidden.map(|(_, label)| label.clone()).collect();
    for (subject, condition) in drawn.snapshot.subjects().runs.iter().zip(&drawn.conditions) {
        let Some(open) = state.open_runs().get(subject.run) else { continue };
        if open.recorded.is_some() {
            continue;
        }
        let path = open.run.path.clone();
        if let Some(known) = measuring.iter_mut().find(|known| known.condition == *condition) {
            known.models.push(path);
        } else {
            let number = measuring.len() + 1;
            let name =
                if number == 1 { "RESULTS.json".into() } else { format!("RESULTS-{number}.json").into() };
            measuring.push(Measuring { condition: Arc::clone(condition), models: vec![path], results: name });
        }
    }
    results.extend(measuring.iter().map(|of| of.results.clone()));
    let (words, lacks) = spec.command(chart, &results, &hidden, text_of(state).as_ref(), out);
    let first = measuring.iter().map(|of| shell(&measure(&of.models, &of.condition, &of.results)));
    let text = first.chain([shell(&words)]).collect::<Vec<_>>().join("\n");
    let made = match measuring.len() {
        0 => "Command copied".to_owned(),
        1 => "Command copied, below the one that measures RESULTS.json, which it reads".to_owned(),
        _ => "Command copied, below those that measure the results it reads".to_owned(),
    };
    (text, lacks.map_or(made.clone(), |lacks| format!("{made}; without {lacks}")))
}

/// The corpus that is measured on, and the tokenizer of the checkpoint at the scrubber; `None` where numbers were recorded.
fn text_of(state: &State) -> Option<[PathBuf; 2]> {
    let TextSource::Corpus(corpus) = state.asked().text()? else { return None };
    let checkpoint = state.checkpoint(state.focus()?)?;
    let tokenizer = checkpoint.tokenizer.clone();
    Some([corpus.clone(), tokenizer.unwrap_or_else(|| checkpoint.path.join("tokenizer.json"))])
}
