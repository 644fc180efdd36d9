//! Information about labels that are no n-grams, against `transformers` and a float64 estimator.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use infoplane::condition::{Condition, TextSource};
use infoplane::engine::{Event, Options, Quality};
use infoplane::error::Kind;
use infoplane::measures::{Information, Label, LayerMeasures, Order};
use infoplane::results::Measurement;
use infoplane::settings::{Backend, PairPositions, Settings};
use infoplane::tokens::Tokens;
use serde_json::Value;

use super::driver::{Driver, headless, on, on_books};
use super::support::{asset, fixture, json, number};

/// Absolute, on efficiencies.
const TOLERANCE: f64 = 5e-4;
const CHECKPOINTS: [&str; 3] = ["step0", "step512", "step2000"];

/// Some checkpoints of the larger demo run, with its tokenizer and what stands beside it.
fn run(folder: &Path, template: Option<&Path>) -> PathBuf {
    let source = asset("demo/gutenberg-1m");
    let run = folder.join("run");
    for name in CHECKPOINTS {
        std::fs::create_dir_all(run.join(name)).unwrap();
        for file in ["config.json", "model.safetensors"] {
            std::fs::copy(source.join(name).join(file), run.join(name).join(file)).unwrap();
        }
    }
    for file in ["tokenizer.json", "tokenizer_config.json"] {
        std::fs::copy(source.join(file), run.join(file)).unwrap();
    }
    if let Some(template) = template {
        std::fs::copy(template, run.join("chat_template.jinja")).unwrap();
    }
    run
}

/// The settings of the oracle, whatever its script was called with.
fn settings(oracle: &Value) -> Settings {
    let whole = |name: &str| oracle["settings"][name].as_u64().unwrap();
    Settings {
        context: whole("context") as usize,
        points: whole("points") as usize,
        seed: whole("seed"),
        samples: oracle["settings"]["documents"].as_u64().unwrap_or(1000) as usize,
        reference_seeds: 1,
        backend: Backend::Cpu,
        ..Settings::default()
    }
}

/// All checkpoints of a run, by name.
fn measured(run: &Path, condition: &Arc<Condition>) -> (Vec<(String, Arc<Measurement>)>, Vec<Event>) {
    some_measured(run, condition, &CHECKPOINTS)
}

/// Some checkpoints of a run, by name.
fn some_measured(
    run: &Path,
    condition: &Arc<Condition>,
    names: &[&str],
) -> (Vec<(String, Arc<Measurement>)>, Vec<Event>) {
    let driver = Driver::open(run, headless());
    let name = |key| driver.runs.get(key).unwrap().1.name.clone();
    let mut wants = driver.all(condition);
    wants.retain(|want| names.contains(&name(want.checkpoint).as_str()));
    driver.want(wants);
    let events = driver.until_idle();
    let of = |event: &Event| match event {
        Event::Measured { checkpoint, measurement, .. } => Some((name(*checkpoint), Arc::clone(measurement))),
        _ => None,
    };
    // The newest of each comes last; those before may lack the pairs still.
    (events.iter().rev().filter_map(of).collect(), events)
}

/// The measurement of a checkpoint.
fn named<'a>(found: &'a [(String, Arc<Measurement>)], name: &str) -> &'a Measurement {
    &found.iter().find(|(of, _)| of == name).unwrap().1
}

/// The largest deviation of what is known of a label from the oracle's layers and mean; with 𝓗(Z) if `entropy`.
fn deviation(measured: &Measurement, label: &Label, oracle: &Value, entropy: bool) -> f64 {
    let layers = oracle["layers"].as_array().unwrap();
    assert_eq!(measured.layers.len(), layers.len());
    assert!((measured.temperature / number(&oracle["temperature"]) - 1.0).abs() < 1e-9);
    let all = measured.layers.iter().zip(layers).chain([(&measured.mean, &oracle["mean"])]);
    let of = |(layer, oracle): (&LayerMeasures, &Value)| {
        let information: &Information = &layer.information[label];
        let own = information.entropy.unwrap_or(layer.entropy.value);
        let deviations = [
            information.value - number(&oracle["information"]),
            information.mean - number(&oracle["information_mean"]),
            if entropy { own - number(&oracle["entropy"]) } else { 0.0 },
        ];
        deviations.into_iter().map(f64::abs).fold(0.0, f64::max)
    };
    all.map(of).fold(0.0, f64::max)
}

#[test]
fn a_field_of_the_documents_against_the_oracle() {
    let oracle = json(&fixture("labels/field.json"));
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), None);
    let settings = Settings { labels: "url".to_owned().into(), ..settings(&oracle) };
    let (found, events) = measured(&run, &on_books(&settings));
    let label = Label::Field("url".into());
    for oracle in oracle["checkpoints"].as_array().unwrap() {
        let name = oracle["name"].as_str().unwrap();
        let measured = named(&found, name);
        let positions: f64 = oracle["positions"].as_object().unwrap().values().map(number).sum();
        assert_eq!(measured.positions as f64, positions);
        let information = &measured.mean.information[&label];
        assert_eq!(information.labels, Some(oracle["positions"].as_object().unwrap().len() as f64));
        let worst = deviation(measured, &label, oracle, true);
        assert!(worst <= TOLERANCE, "{name}: {worst:e}");
        println!("field of {name}: {worst:.1e} absolute");
        // Dealt out among documents, labels still tell a good deal of documents, and less than those they have.
        let null = information.null.unwrap();
        assert!(name == "step0" || 0.2 * information.value < null && null < information.value, "{null}");
    }
    let warned = events.iter().any(|event| matches!(event, Event::Warning(text) if text.contains("url")));
    assert!(!warned, "eighteen books in sixty documents are a label");
}

#[test]
fn labels_beside_the_n_grams_leave_these_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), None);
    let books = std::fs::read_to_string(asset("demo/books-sample.jsonl")).unwrap();
    let with_parity = |(number, line): (usize, &str)| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record["of"] = serde_json::json!({ "parity": number % 2 });
        record.to_string()
    };
    let records: Vec<String> = books.lines().take(40).enumerate().map(with_parity).collect();
    let corpus = folder.path().join("corpus.jsonl");
    std::fs::write(&corpus, records.join("\n")).unwrap();
    let plain = Settings { samples: 20, context: 64, backend: Backend::Cpu, ..Settings::default() };
    let (without, _) = measured(&run, &on(&corpus, &plain));
    let labelled = Settings { labels: "url, of.parity".to_owned().into(), ..plain };
    let (with, _) = measured(&run, &on(&corpus, &labelled));
    for ((name, without), (_, with)) in without.iter().zip(&with) {
        let labels: Vec<String> = with.mean.other_labels().map(|(label, _)| label.to_string()).collect();
        assert_eq!(labels, ["field:of.parity", "field:url"], "{name}");
        for (with, without) in with.layers.iter().zip(&without.layers).chain([(&with.mean, &without.mean)]) {
            let mut n_grams = with.clone();
            n_grams.information.retain(|label, _| label.order().is_some());
            assert_eq!(n_grams, *without, "{name}");
        }
    }
}

/// The deviations of both kinds of positions from the oracle.
#[test]
fn preference_against_the_oracle() {
    let oracle = json(&fixture("labels/preference.json"));
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), Some(&fixture("labels/chat_template.jinja")));
    let pairs = fixture("labels/pairs.jsonl");
    let text = Settings { samples: 80, pair_positions: PairPositions::Last, ..settings(&oracle) };
    let (text, _) = some_measured(&run, &on_books(&text), &["step2000"]);
    for (positions, name) in [(PairPositions::Last, "last_assistant"), (PairPositions::All, "everything")] {
        let settings = Settings { pair_positions: positions, ..settings(&oracle) };
        let alone = Condition { settings: settings.clone(), text: TextSource::Pairs(pairs.clone()) };
        let (alone, _) = measured(&run, &Arc::new(alone));
        let of_kind = |checkpoint: &&Value| checkpoint["positions_of"] == name;
        for oracle in oracle["checkpoints"].as_array().unwrap().iter().filter(of_kind) {
            let name = oracle["name"].as_str().unwrap();
            let positions: f64 = oracle["positions"].as_object().unwrap().values().map(number).sum();
            let alone = named(&alone, name);
            assert_eq!(alone.positions as f64, positions);
            assert_eq!(alone.mean.information[&Label::Preference].positions, Some(positions));
            assert_eq!(alone.mean.information[&Label::Preference].labels, Some(2.0));
            let worst = deviation(alone, &Label::Preference, oracle, true);
            assert!(worst <= TOLERANCE, "{name}: {worst:e}");
            println!("preference of {name}, {positions} positions: {worst:.1e} absolute");
        }
        // Beside a text the numbers are the same, and those of the text as without.
        let beside = Settings { pairs: pairs.to_str().unwrap().to_owned(), samples: 80, ..settings };
        let (beside, _) = some_measured(&run, &on_books(&beside), &["step2000"]);
        let [alone, beside, text] = [&alone, &beside, &text].map(|found| named(found, "step2000"));
        assert_eq!(beside.mean.information[&Label::Preference], alone.mean.information[&Label::Preference]);
        let mut n_grams = beside.clone();
        n_grams.label_tables.remove(&Label::Preference);
        for layer in n_grams.layers.iter_mut().chain([&mut n_grams.mean]) {
            layer.information.remove(&Label::Preference);
        }
        assert_eq!(&n_grams, text);
    }
}

#[test]
fn in_a_window_the_numbers_of_pairs_come_beside_those_of_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), Some(&fixture("labels/chat_template.jinja")));
    let pairs = fixture("labels/pairs.jsonl").to_str().unwrap().to_owned();
    let settings = Settings { samples: 20, context: 256, backend: Backend::Cpu, ..Settings::of_window() };
    let driver = Driver::open(&run, Options::default());
    let alone = driver.ask(&on_books(&settings));
    let condition = on_books(&Settings { pairs, ..settings });
    let together = driver.ask(&condition);
    for key in driver.runs.keys() {
        let of = |events: &[Event], wanted: &Condition| -> Vec<(Arc<Measurement>, Quality)> {
            let numbers = events.iter().filter_map(|event| match event {
                Event::Measured { condition, checkpoint, measurement, quality, .. } if *checkpoint == key => {
                    assert_eq!(**condition, *wanted);
                    Some((Arc::clone(measurement), *quality))
                }
                _ => None,
            });
            numbers.collect()
        };
        let (text, _) = of(&alone, &on_books(&settings_of(&condition))).pop().unwrap();
        let both = of(&together, &condition);
        let (last, quality) = both.last().unwrap();
        assert_eq!(*quality, Quality::Honest);
        let preference = &last.mean.information[&Label::Preference];
        assert!(preference.null.is_some() && preference.spread.is_some() && preference.value > 0.0);
        assert_eq!(last.mean.complexity(Order::Token), text.mean.complexity(Order::Token));
        // As long as the pairs have no numbers, those of the text are a preview.
        let mut without = both.iter().filter(|(of, _)| !of.mean.information.contains_key(&Label::Preference));
        assert!(without.all(|(_, quality)| *quality == Quality::Preview));
    }
    // And without the pairs again nothing is measured anew.
    let back = driver.ask(&on_books(&settings_of(&condition)));
    assert!(back.iter().all(|event| !matches!(event, Event::Measured { recalled: false, .. })), "{back:?}");
}

/// The settings of a condition without its pairs.
fn settings_of(condition: &Condition) -> Settings {
    Settings { pairs: String::new(), ..condition.settings.clone() }
}

/// The tokens of pairs written a line each, by the demo's tokenizer and the oracle's template.
fn tokens_of(lines: &[Value], settings: &Settings) -> infoplane::error::Result<Tokens> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pairs.jsonl");
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let template = fixture("labels/chat_template.jinja").to_str().unwrap().to_owned();
    let settings = Settings { chat_template: template, ..settings.clone() };
    Tokens::from_pairs(&asset("demo/gutenberg-1m/tokenizer.json"), &file, &settings, &mut || false)
}

fn pair(prompt: &str, chosen: &str, rejected: &str) -> Value {
    let side = |answer: &str| serde_json::json!([{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]);
    serde_json::json!({ "chosen": side(chosen), "rejected": side(rejected) })
}

#[test]
fn what_is_no_pair_is_skipped_and_told() {
    let settings = Settings { context: 64, ..Settings::default() };
    let good = pair("Who is there?", "Nobody at all.", "A man with a lamp.");
    let lines = [
        good.clone(),
        pair("Same?", "Yes.", "Yes."),
        serde_json::json!({ "text": "no pair" }),
        good.clone(),
        pair("Empty?", "", "Not."),
        good.clone(),
        good.clone(),
    ];
    let read = tokens_of(&lines, &settings).unwrap();
    let answers = read.answers.unwrap();
    assert_eq!((answers.preferred.len(), answers.preferred[..2].to_vec()), (8, vec![true, false]));
    assert_eq!(read.skipped, 0);
    let note = read.notes.iter().find(|note| note.contains("skipped")).unwrap();
    for part in ["1 of 7 pairs has no chosen and rejected", "1 is empty", "1 is the same", "line 2 first"] {
        assert!(note.contains(part), "`{part}` is not in: {note}");
    }
    // Nothing but such lines is an error by the first.
    let error = tokens_of(&lines[1..3], &settings).map(drop).unwrap_err();
    assert_eq!(error.kind(), Kind::Corpus);
    assert!(error.to_string().starts_with("line 1 "), "{error}");
    // No more pairs are read than are asked for.
    let few = tokens_of(&lines, &Settings { samples: 2, ..settings }).unwrap();
    assert_eq!(few.documents.len(), 4);
}

#[test]
fn answers_beyond_the_context_are_left_out_and_counted() {
    let long = "word ".repeat(200);
    let lines = [pair(&long, "Yes, surely.", "No, never."), pair("Short?", "Yes, surely.", "No, never.")];
    let settings = Settings { context: 32, ..Settings::default() };
    let read = tokens_of(&lines, &settings).unwrap();
    assert_eq!((read.documents.len(), read.skipped), (2, 2));
    assert!(
        read.notes.iter().any(|note| note.contains("1 of 2 pairs has no last message within the context"))
    );
    let error = tokens_of(&lines[..1], &settings).map(drop).unwrap_err();
    assert_eq!(error.kind(), Kind::Sample);
    assert!(error.to_string().contains("--context"), "{error}");
    // Where all positions count, those of the prompt are left.
    let all = Settings { pair_positions: PairPositions::All, ..settings };
    let read = tokens_of(&lines, &all).unwrap();
    assert_eq!((read.documents.len(), read.skipped), (4, 0));
    assert_eq!(read.answers.unwrap().positions[0], 0..32);
}

#[test]
fn a_template_that_never_ends_or_refuses_costs_its_pairs_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let of = |template: &str| {
        let path = folder.path().join("template.jinja");
        std::fs::write(&path, template).unwrap();
        let settings = Settings { chat_template: path.to_str().unwrap().to_owned(), ..Settings::default() };
        let pairs = fixture("labels/pairs.jsonl");
        Tokens::from_pairs(&asset("demo/gutenberg-1m/tokenizer.json"), &pairs, &settings, &mut || false)
    };
    // A system message is refused: every fifth pair has one.
    let refuses =
        "{%- if messages[0].role == 'system' -%}{{ raise_exception('no system here') }}{%- endif -%}";
    let read = of(&format!("{refuses}{{% for m in messages %}}{{{{ m.content }}}}\n{{% endfor %}}")).unwrap();
    assert_eq!(read.documents.len(), 64);
    let note = read.notes.iter().find(|note| note.contains("skipped")).unwrap();
    assert!(
        note.contains("8 of 40 pairs are refused by the chat template") && note.contains("no system here"),
        "{note}"
    );
    for (template, cause) in [
        ("{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}", "line 1"),
        ("{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}", "line 1"),
        ("{{ messages[0].content * 100000000 }}", "line 1"),
        ("{{ raise_exception('never') }}", "never"),
    ] {
        let error = of(template).map(drop).unwrap_err();
        assert!(error.to_string().contains(cause), "{template}: {error}");
    }
    let error = of("{% for %}").map(drop).unwrap_err();
    assert_eq!(error.kind(), Kind::Tokenizer);
}

#[test]
fn one_kind_of_answer_alone_tells_nothing_and_is_told() {
    // The rejected answers lie beyond the context.
    let long = "word ".repeat(200);
    let side = |prompt: &str, answer: &str| serde_json::json!([{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]);
    let lines: Vec<Value> = (0..6)
        .map(|n| {
            let [chosen, rejected] = [side("Who?", &format!("Number {n}, it was.")), side(&long, "Nobody.")];
            serde_json::json!({ "chosen": chosen, "rejected": rejected })
        })
        .collect();
    let settings = Settings { context: 64, backend: Backend::Cpu, reference_seeds: 1, ..Settings::default() };
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), Some(&fixture("labels/chat_template.jinja")));
    let file = folder.path().join("pairs.jsonl");
    std::fs::write(&file, lines.iter().map(|line| line.to_string() + "\n").collect::<String>()).unwrap();
    let condition = Condition { settings, text: TextSource::Pairs(file) };
    let (found, events) = measured(&run, &Arc::new(condition));
    let preference = &found[0].1.mean.information[&Label::Preference];
    assert_eq!(preference.labels, Some(1.0));
    assert!(preference.value.abs() < 1e-6, "{preference:?}");
    assert!(events.iter().any(|event| matches!(event, Event::Warning(w) if w.contains("has one value"))));
}

#[test]
fn a_field_that_says_nothing_of_the_text_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(folder.path(), None);
    let corpus = folder.path().join("corpus.jsonl");
    let line = |n: usize| {
        let text = format!("{n} once upon a time there was a fox who met a crow in the wood and spoke to it");
        serde_json::json!({ "text": text, "id": n, "language": "en" }).to_string()
    };
    std::fs::write(&corpus, (0..6).map(line).collect::<Vec<_>>().join("\n")).unwrap();
    let settings = Settings {
        labels: "id,language".to_owned().into(),
        backend: Backend::Cpu,
        reference_seeds: 1,
        ..Settings::default()
    };
    let (found, events) = measured(&run, &on(&corpus, &settings));
    let warned =
        |part: &str| events.iter().any(|event| matches!(event, Event::Warning(w) if w.contains(part)));
    assert!(warned("`id` has another value in each of 6 documents") && warned("`language` has one value"));
    let mean = &found[0].1.mean;
    // What is dealt out among documents tells as much where each has its own.
    let id = &mean.information[&Label::Field("id".into())];
    assert!((id.value - id.null.unwrap()).abs() < 1e-9 && id.value > 0.0, "{id:?}");
    assert!(mean.information[&Label::Field("language".into())].value.abs() < 1e-6);
    let driver = Driver::open(&run, headless());
    driver.want(driver.all(&on(&corpus, &Settings { labels: "languag".to_owned().into(), ..settings })));
    let errors: Vec<String> = driver
        .until_idle()
        .iter()
        .filter_map(|event| match event {
            Event::ConditionFailed { error, .. } | Event::CheckpointFailed { error, .. } => {
                Some(error.to_string())
            }
            _ => None,
        })
        .collect();
    assert!(errors[0].contains("no document has a field `languag`"), "{errors:?}");
    assert!(errors[0].contains("`id`, `language`, `text`"), "{errors:?}");
}
