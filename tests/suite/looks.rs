//! What the worker shows beside the numbers: documents in a checkpoint's tokens, and hidden states.

use std::path::Path;
use std::sync::Arc;

use infoplane::checkpoints::{Links, ModelFolder};
use infoplane::condition::Condition;
use infoplane::device::Compute;
use infoplane::engine::{Command, Event, Look, Options, Seen, Sight};
use infoplane::error::Error;
use infoplane::labels::labelled_tokens;
use infoplane::measures::Order;
use infoplane::measures::cloud::Cloud;
use infoplane::model::batch::batches;
use infoplane::model::{self, Model, read_back};
use infoplane::settings::{Backend, Settings};
use infoplane::store::Store;
use infoplane::tokens::{Tokens, Vocabulary};

use super::driver::{Driver, on, on_books, run_of};
use super::support::{asset, fixture};

fn settings() -> Settings {
    Settings { samples: 30, context: 64, backend: Backend::Cpu, ..Settings::default() }
}

fn looks(driver: &Driver, condition: &Arc<Condition>, checkpoint: usize, sights: &[Sight]) -> Vec<Look> {
    let checkpoint = driver.runs.key(0, checkpoint).unwrap();
    let look = |sight: &Sight| Look { checkpoint, condition: Arc::clone(condition), sight: *sight };
    sights.iter().map(look).collect()
}

/// What is emitted of these looks until the worker is idle.
fn seen(driver: &Driver, looks: Vec<Look>) -> Vec<(Sight, Result<Seen, Error>)> {
    driver.commands.send(Command::Look(looks)).unwrap();
    let events = driver.until_idle().into_iter();
    events
        .filter_map(|event| match event {
            Event::Seen { look, seen } => Some((look.sight, seen)),
            _ => None,
        })
        .collect()
}

/// The states of a layer at the labelled positions of documents, in their order: `[positions, width]`, and the width.
fn states(folder: &Path, documents: &[Vec<u32>], layer: usize, widest: usize) -> (Vec<f32>, usize) {
    let options = model::Options::new(Compute::Cpu.tensors());
    let mut model = Model::open(&ModelFolder::opened(folder, Links::default()), &options).unwrap();
    let width = model.config().hidden_size;
    let mut found = Vec::new();
    for document in documents {
        let document = std::slice::from_ref(document);
        let tap = |at: usize, _: &_, states: &burn_tensor::Tensor<2>| {
            if at == layer {
                let states = read_back(states.clone())?;
                let labelled = labelled_tokens(document[0].len(), widest);
                found.extend(&states[labelled.start * width..labelled.end * width]);
            }
            Ok(())
        };
        model.forward(batches(document, 0..1, usize::MAX), tap).unwrap();
    }
    (found, width)
}

#[test]
fn documents_and_states_are_those_that_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let driver = Driver::open(&run, Options::default());
    let condition = on_books(&settings());
    let sights = [Sight::Document(1), Sight::Document(99), Sight::States(None), Sight::States(Some(1))];
    let found = seen(&driver, looks(&driver, &condition, 1, &sights));
    assert_eq!(found.iter().map(|(sight, _)| *sight).collect::<Vec<_>>(), sights);

    let tokenizer = run.join("tokenizer.json");
    let books = asset("demo/books-sample.jsonl");
    let tokens = Tokens::from_text(&tokenizer, &books, &settings(), &mut || false).unwrap();
    let Ok(Seen::Document(sentence)) = &found[0].1 else { panic!("{:?}", found[0]) };
    let ids: Vec<u32> = sentence.tokens().iter().map(|token| token.id).collect();
    assert_eq!(ids, tokens.documents[1]);
    let vocabulary = Vocabulary::read(&tokenizer).unwrap();
    let text = vocabulary.text(ids[20]).replace(' ', "·");
    assert_eq!(sentence.tokens()[20].text, text);
    assert_eq!(sentence.documents(), 30);
    let missing = found[1].1.as_ref().unwrap_err().to_string();
    assert!(missing.contains("no document 99: the text has 30"), "{missing}");

    let checkpoint = run.join("step2000");
    for (at, layer) in [(2, "last"), (3, "1")] {
        let Ok(Seen::States(cloud)) = &found[at].1 else { panic!("{:?}", found[at]) };
        let last = 2;
        let layer = layer.parse().unwrap_or(last);
        let (mut states, width) = states(&checkpoint, &tokens.documents[..5], layer, settings().max_order);
        states.truncate(240 * width);
        let name = format!("240 states of step2000, layer {layer} of {last}");
        let expected = Cloud::of_hidden_states(name, &states, width).unwrap();
        assert_eq!((&cloud.name, cloud.states.len()), (&expected.name, 240));
        assert!((cloud.share.unwrap() - expected.share.unwrap()).abs() < 1e-4);
        for (a, b) in cloud.states.iter().flatten().zip(expected.states.iter().flatten()) {
            assert!((a - b).abs() < 1e-3, "{a} against {b}");
        }
    }
}

#[test]
fn a_frontier_grows_once_no_numbers_are_wanted_and_is_kept() {
    let (folder, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let run = run_of(folder.path(), &["step2000"]);
    let options = || Options { store: Some(Store::open(store.path(), None).unwrap()), ..Options::default() };
    let condition = on_books(&Settings { samples: 8, ..settings() });
    let sights = [Sight::Frontier(Order::Token)];
    let reports = |driver: &Driver| {
        let found = seen(driver, looks(driver, &condition, 0, &sights));
        let report = |(_, seen): (Sight, Result<Seen, Error>)| match seen {
            Ok(Seen::Frontier(report)) => report,
            other => panic!("{other:?}"),
        };
        found.into_iter().map(report).collect::<Vec<_>>()
    };
    let driver = Driver::open(&run, options());
    let found = reports(&driver);
    let last = found.last().unwrap();
    assert!(found.len() > 5 && last.progress.is_none() && last.text.as_deref() == Some("books-sample.jsonl"));
    // What was shown before was part of it.
    for before in &found {
        let at = 0.5 * last.frontier.entropy_merged;
        assert!(before.frontier.at(at) <= last.frontier.at(at) + 1e-9);
    }
    let answers = super::driver::answers(&driver.ask(&condition));
    let measured = answers.values().next().unwrap();
    assert_eq!(measured.sample, last.sample, "of the positions that are measured");
    assert_eq!(last.counts.positions, measured.positions as u64);
    drop(driver);
    let again = reports(&Driver::open(&run, options()));
    assert!(again.len() == 1 && again[0] == *last);
}

#[test]
fn what_was_seen_is_not_emitted_again_and_what_is_new_is() {
    let folder = tempfile::tempdir().unwrap();
    let driver = Driver::open(&run_of(folder.path(), &["step0", "step2000"]), Options::default());
    let condition = on_books(&settings());
    let of = |checkpoint, sights: &[Sight]| looks(&driver, &condition, checkpoint, sights);
    let sights = [Sight::Document(0), Sight::States(Some(0))];
    assert_eq!(seen(&driver, of(0, &sights)).len(), 2);
    assert!(seen(&driver, of(0, &sights)).is_empty());
    let more = [Sight::Document(0), Sight::States(Some(1))];
    let found = seen(&driver, of(0, &more));
    assert!(matches!(found[..], [(Sight::States(Some(1)), Ok(_))]), "{found:?}");
    // Another checkpoint of the same tokens.
    let found = seen(&driver, of(1, &[Sight::Document(0)]));
    assert!(matches!(found[..], [(Sight::Document(0), Ok(_))]), "{found:?}");
    assert!(seen(&driver, Vec::new()).is_empty());
    // A text that cannot be read says so, and no number of it is lost.
    let missing = on(&folder.path().join("missing.txt"), &settings());
    let found = seen(&driver, looks(&driver, &missing, 0, &[Sight::Document(0), Sight::States(None)]));
    assert!(found.len() == 2 && found.iter().all(|(_, seen)| seen.is_err()), "{found:?}");
    assert_eq!(super::driver::answers(&driver.ask(&condition)).len(), 2);
}

#[test]
fn documents_come_before_numbers_and_states_after_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut driver = Driver::stepwise(&run_of(folder.path(), &["step2000"]), Options::default());
    let condition = on_books(&settings());
    driver.want(driver.window(&condition, None));
    let looks = looks(&driver, &condition, 0, &[Sight::States(None), Sight::Document(0)]);
    driver.commands.send(Command::Look(looks)).unwrap();
    driver.run();
    let order: String = driver
        .until_idle()
        .iter()
        .filter_map(|event| match event {
            Event::Seen { look, .. } if matches!(look.sight, Sight::Document(_)) => Some('d'),
            Event::Seen { .. } => Some('s'),
            Event::Measured { .. } => Some('n'),
            _ => None,
        })
        .collect();
    assert!(order.starts_with("dn") && order.ends_with("ns"), "{order}");
}

#[test]
fn pairs_are_seen_as_they_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step2000"]);
    let driver = Driver::open(&run, Options::default());
    let pairs = fixture("labels/pairs.jsonl");
    let named = |path: &Path| path.to_str().unwrap().to_owned();
    let usual = settings();
    let settings = Settings {
        pairs: named(&pairs),
        chat_template: named(&fixture("labels/chat_template.jinja")),
        context: 256,
        ..usual.clone()
    };
    let condition = on_books(&settings);
    let found = seen(&driver, looks(&driver, &condition, 0, &[Sight::Pair(2), Sight::Pair(99)]));
    let tokenizer = run.join("tokenizer.json");
    let tokens = Tokens::from_pairs(&tokenizer, &pairs, &settings, &mut || false).unwrap();
    let vocabulary = Vocabulary::read(&tokenizer).unwrap();
    let expected = tokens.answers.unwrap().read(2, &tokens.documents, &vocabulary).unwrap();
    let Ok(Seen::Pair(pair)) = &found[0].1 else { panic!("{:?}", found[0]) };
    assert_eq!(**pair, expected);
    let missing = found[1].1.as_ref().unwrap_err().to_string();
    assert!(missing.contains("the file has "), "{missing}");
    // A text alone has none.
    let found = seen(&driver, looks(&driver, &on_books(&usual), 0, &[Sight::Pair(0)]));
    let none = found[0].1.as_ref().unwrap_err().to_string();
    assert!(none.contains("no preference pairs are measured"), "{none}");
}
