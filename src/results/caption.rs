//! What was measured, in words: the one source of captions and of what tells runs apart.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::condition::Condition;
use crate::settings::{self, Settings, Words};
use crate::words::counted_range;

/// What a run's numbers are of, as a caption says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The settings, those that decide on the number of documents among them.
    pub settings: Settings,
    /// The text or token file; `None` where none is chosen.
    pub text: Option<PathBuf>,
    /// The fewest and the most documents behind finished numbers; `None` while no checkpoint is finished.
    pub documents: Option<(usize, usize)>,
    /// Whether the numbers were read from results instead of measured here.
    pub recorded: bool,
}

/// A run with what its numbers are of, to be told from others.
#[derive(Clone, Copy, Debug)]
pub struct MeasuredRun<'a> {
    /// The run's name.
    pub name: &'a str,
    /// The folder or the file of results it comes from.
    pub place: &'a Path,
    /// What its numbers are of.
    pub measured: &'a Measured,
}

impl Measured {
    /// What is measured under a condition now, with the documents behind what is finished.
    pub fn live(condition: &Condition, documents: Option<(usize, usize)>) -> Self {
        let text = Some(condition.text.path().to_owned());
        Self { settings: condition.settings.clone(), text, documents, recorded: false }
    }

    /// The caption of numbers that are all of this.
    pub fn caption(&self) -> String {
        caption(&[MeasuredRun { name: "", place: Path::new(""), measured: self }])
    }

    /// All that is known, in the order of captions; any two measurements have the same facts at the same places.
    fn facts(&self, text: &str, documents: Option<(usize, usize)>) -> Vec<Words> {
        let documents =
            documents.map(|(least, most)| counted_range(least, most, "document")).unwrap_or_default();
        let sample = [Words::new(text, text), Words::new(documents.clone(), documents)];
        sample.into_iter().chain(settings::ALL.iter().filter_map(|s| (s.words)(&self.settings))).collect()
    }

    /// Whether both ask for the same of the same text; tokenizers may still leave other numbers of documents.
    fn asks_the_same(&self, other: &Self) -> bool {
        self.settings == other.settings && self.text == other.text
    }
}

/// What distinguishes each run's numbers from the others', such as `n = 50` or `recorded`; empty where nothing does.
///
/// Runs of one name that nothing of this tells apart are told apart by the folder or file they come from, or are
/// numbered.
pub fn distinctions(runs: &[MeasuredRun<'_>]) -> Vec<String> {
    let facts = facts(runs);
    let mixed = runs.iter().any(|run| run.measured.recorded) && runs.iter().any(|run| !run.measured.recorded);
    let mut told: Vec<Vec<String>> = (0..runs.len())
        .map(|run| {
            let recorded = (mixed && runs[run].measured.recorded).then(|| "recorded".to_owned());
            let differing = (0..facts[run].len()).filter(|&fact| !shared(&facts, fact));
            let known =
                differing.map(|fact| facts[run][fact].short.clone()).filter(|short| !short.is_empty());
            recorded.into_iter().chain(known).collect()
        })
        .collect();
    let places = told_apart(&runs.iter().map(|run| run.place).collect::<Vec<_>>());
    for by in [|place: &str, _: usize| place.to_owned(), |_: &str, nth: usize| format!("no. {nth}")] {
        let labels: Vec<String> =
            runs.iter().zip(&told).map(|(run, words)| format!("{}\n{words:?}", run.name)).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        labels.iter().for_each(|label| *counts.entry(label).or_default() += 1);
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (run, label) in labels.iter().enumerate() {
            let nth = seen.entry(label).or_default();
            *nth += 1;
            if counts[label.as_str()] > 1 {
                told[run].push(by(&places[run], *nth));
            }
        }
    }
    told.into_iter().map(|words| words.join(", ")).collect()
}

/// What the numbers of all runs are of, in a few words: first what all share, then for each what it does not.
pub fn caption(runs: &[MeasuredRun<'_>]) -> String {
    let facts = facts(runs);
    let count = facts.first().map_or(0, Vec::len);
    let all = (0..count).filter(|&fact| shared(&facts, fact));
    let all = all.filter_map(|fact| facts[0][fact].caption.clone()).filter(|words| !words.is_empty());
    let mut caption = all.collect::<Vec<_>>().join(", ");
    // Runs measured alike are named together.
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for (run, facts_of_run) in runs.iter().zip(&facts) {
        let own = (0..count).filter(|&fact| !shared(&facts, fact));
        let own = own.map(|fact| facts_of_run[fact].short.as_str()).filter(|words| !words.is_empty());
        let own = own.collect::<Vec<_>>().join(", ");
        match groups.iter_mut().find(|(_, words)| *words == own) {
            Some((names, _)) => names.push(run.name),
            None => groups.push((vec![run.name], own)),
        }
    }
    for (names, own) in groups.into_iter().filter(|(_, own)| !own.is_empty()) {
        caption += &format!("; {}: {own}", names.join(", "));
    }
    caption
}

/// The facts of every run.
fn facts(runs: &[MeasuredRun<'_>]) -> Vec<Vec<Words>> {
    let empty = Path::new("");
    let texts: Vec<&Path> = runs.iter().map(|run| run.measured.text.as_deref().unwrap_or(empty)).collect();
    let names = told_apart(&texts);
    // Documents of all that ask for the same together: tokenizers may leave each another number of them.
    let mut asked: Vec<(&Measured, Option<(usize, usize)>)> = Vec::new();
    let mut asked_by = Vec::with_capacity(runs.len());
    for MeasuredRun { measured, .. } in runs {
        let place = asked.iter().position(|(other, _)| other.asks_the_same(measured)).unwrap_or(asked.len());
        if place == asked.len() {
            asked.push((measured, None));
        }
        let documents = &mut asked[place].1;
        let both = documents.iter().copied().chain(measured.documents);
        *documents = both.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        asked_by.push(place);
    }
    let of =
        |((run, name), place): ((&MeasuredRun<'_>, &String), usize)| run.measured.facts(name, asked[place].1);
    runs.iter().zip(&names).zip(asked_by).map(of).collect()
}

/// Whether all runs have the same to say of fact number `fact`.
fn shared(facts: &[Vec<Words>], fact: usize) -> bool {
    facts.iter().all(|of_run| of_run[fact].short == facts[0][fact].short)
}

/// The shortest ends of paths by which different ones are told apart: their file names, with folders where
/// those are equal.
fn told_apart(paths: &[&Path]) -> Vec<String> {
    let distinct = paths.iter().collect::<BTreeSet<_>>().len();
    let ends = |depth: usize| -> Vec<String> {
        let end = |path: &&Path| {
            let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
            names[names.len().saturating_sub(depth)..].join("/")
        };
        paths.iter().map(end).collect()
    };
    let deepest = paths.iter().map(|path| path.iter().count()).max().unwrap_or(0).max(1);
    (1..=deepest)
        .map(ends)
        .find(|ends| ends.iter().collect::<BTreeSet<_>>().len() == distinct)
        .unwrap_or_else(|| ends(deepest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Dtype, Precision, Temperature, changed};

    fn measured(settings: Settings, text: &str, documents: usize) -> Measured {
        Measured {
            settings,
            text: Some(text.into()),
            documents: Some((documents, documents)),
            recorded: true,
        }
    }

    fn told(runs: &[(&str, &str, &Measured)]) -> Vec<String> {
        distinctions(&of(runs))
    }

    fn of<'a>(runs: &[(&'a str, &'a str, &'a Measured)]) -> Vec<MeasuredRun<'a>> {
        let run = |&(name, place, measured): &(&'a str, &'a str, &'a Measured)| MeasuredRun {
            name,
            place: Path::new(place),
            measured,
        };
        runs.iter().map(run).collect()
    }

    #[test]
    fn measurements_that_are_alike_need_no_words() {
        let same = measured(Settings::default(), "/books.jsonl", 20);
        // A tokenizer that leaves fewer documents long enough is no other measurement.
        let fewer = measured(Settings::default(), "/books.jsonl", 19);
        assert_eq!(told(&[("a", "/r.json", &same), ("b", "/r.json", &fewer)]), ["", ""]);
        // Neither is asking for more documents than there are.
        let asked = measured(Settings { samples: 2000, ..Settings::default() }, "/books.jsonl", 20);
        assert_eq!(told(&[("a", "/r.json", &same), ("b", "/s.json", &asked)]), ["", ""]);
        assert!(told(&[]).is_empty());
    }

    #[test]
    fn each_difference_is_named_once_and_shared_facts_are_not() {
        let base = measured(Settings::default(), "/d/books.jsonl", 500);
        let n = measured(Settings { points: 50, ..Settings::default() }, "/d/books.jsonl", 500);
        assert_eq!(told(&[("a", "/r", &base), ("b", "/s", &n)]), ["n = 100", "n = 50"]);
        let other =
            measured(Settings { samples: 40, context: 192, ..Settings::default() }, "/d/web.jsonl", 40);
        assert_eq!(
            told(&[("a", "/r", &base), ("b", "/s", &other)]),
            ["books.jsonl, 500 documents, context 512", "web.jsonl, 40 documents, context 192"]
        );
        let elsewhere = measured(Settings::default(), "/e/books.jsonl", 500);
        assert_eq!(told(&[("a", "/r", &base), ("b", "/s", &elsewhere)]), ["d/books.jsonl", "e/books.jsonl"]);
    }

    #[test]
    fn every_setting_that_changes_numbers_is_told() {
        let base = measured(Settings::default(), "/t", 1);
        let d = Settings::default;
        for (settings, word) in [
            (Settings { points: 7, ..d() }, "n = 7"),
            (Settings { seed: 3, ..d() }, "seed 3"),
            (Settings { reference_seeds: 1, ..d() }, "± over 1 seed"),
            (Settings { temperature: Temperature::Grid, ..d() }, "temperature grid"),
            (Settings { temperature_factor: 1.5, ..d() }, "temperature root × 1.5"),
            (Settings { context: 9, ..d() }, "context 9"),
            (Settings { max_order: 2, ..d() }, "widest n-gram bigram"),
            (Settings { min_count: 5, ..d() }, "labels seen at least 5 times"),
            (Settings { tolerance: 0.01, ..d() }, "tolerance 0.01"),
            (Settings { dtype: Dtype::Bf16, ..d() }, "bf16"),
            (Settings { scores: Precision::F16, ..d() }, "scores in f16"),
            (Settings { text_field: "body".into(), ..d() }, "field body"),
        ] {
            let other = measured(settings, "/t", 1);
            assert_eq!(told(&[("a", "/r", &base), ("b", "/s", &other)])[1], word);
            let caption = caption(&of(&[("a", "/r", &base), ("b", "/s", &other)]));
            assert!(caption.contains(&format!("b: {word}")), "{caption}");
        }
        // Whatever is added to them.
        for entry in settings::ALL {
            let other = measured(changed(entry), "/t", 1);
            let words = told(&[("a", "/r", &base), ("b", "/s", &other)]);
            let silent = ["samples", "backend"].contains(&entry.name);
            assert_eq!(words[1].is_empty(), silent, "{}: {words:?}", entry.name);
            // A caption leaves out what is usual, and says what is not.
            assert_eq!(other.caption() == base.caption(), silent, "{}", entry.name);
        }
    }

    #[test]
    fn recorded_runs_are_marked_beside_measurable_ones() {
        let recorded = measured(Settings::default(), "/t", 1);
        let live = Measured { recorded: false, documents: None, ..recorded.clone() };
        assert_eq!(told(&[("a", "/a", &live), ("b", "/b.json", &recorded)]), ["", "recorded"]);
    }

    #[test]
    fn runs_of_one_name_are_told_apart() {
        let same = measured(Settings::default(), "/t", 1);
        assert_eq!(told(&[("a", "/x/r.json", &same), ("a", "/y/r.json", &same)]), ["x/r.json", "y/r.json"]);
        let twice = told(&[("a", "/r.json", &same), ("a", "/r.json", &same), ("b", "/r.json", &same)]);
        assert_eq!(twice, ["r.json, no. 1", "r.json, no. 2", ""]);
        let n = measured(Settings { points: 50, ..Settings::default() }, "/t", 1);
        assert_eq!(told(&[("a", "/r.json", &same), ("a", "/r.json", &n)]), ["n = 100", "n = 50"]);
    }

    #[test]
    fn a_caption_says_what_all_share_and_then_what_they_do_not() {
        let base = measured(Settings::default(), "/d/books.jsonl", 500);
        assert_eq!(
            base.caption(),
            "books.jsonl, 500 documents, up to 512 tokens each, n = 100, temperature root, values of seed 0 of \
             the reference points, ± the standard deviation over seeds 0 to 2"
        );
        let n = measured(Settings { points: 50, ..Settings::default() }, "/d/books.jsonl", 500);
        let words = caption(&of(&[("a", "/r", &base), ("b", "/r", &base), ("a", "/s", &n)]));
        assert!(words.contains("500 documents") && words.ends_with("; a, b: n = 100; a: n = 50"), "{words}");
        assert!(!words.contains("n = 100, temperature"), "what differs is not said of all: {words}");
        let unfinished = Measured { documents: None, ..base };
        assert!(!unfinished.caption().contains("documents"), "no documents are claimed before any are read");
        let strict = measured(Settings { min_count: 5, ..Settings::default() }, "/t", 20);
        assert!(strict.caption().contains("labels seen at least 5 times"));
    }
}
