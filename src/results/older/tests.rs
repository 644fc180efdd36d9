//! Files of earlier versions.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::measures::{Estimated, Information, Label, Order};
use crate::results::tests::{read, refused};
use crate::results::{ConditionResults, Outcome, Results};
use crate::settings::Settings;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/results").join(name)
}

/// A document of schema 1.
fn schema_1() -> Value {
    serde_json::from_slice(&std::fs::read(file("schema-1.json")).unwrap()).unwrap()
}

#[test]
fn settings_that_are_missing_or_unknown_are_refused_by_name() {
    let of = |json: &Value| serde_json::to_vec(json).unwrap();
    for name in ["min_count", "dtype", "points", "corpus", "documents"] {
        let mut json = schema_1();
        json["settings"].as_object_mut().unwrap().remove(name).unwrap();
        let error = refused(&of(&json));
        let now = if name == "documents" { "sample_documents" } else { name };
        assert!(error.contains(&format!("missing field `{now}`")), "{error}");
    }
    let mut json = schema_1();
    json["settings"]["novelty"] = 1.into();
    assert!(refused(&of(&json)).contains("unknown `novelty`"), "{}", refused(&of(&json)));
}

#[test]
fn settings_that_results_once_had_no_name_for_read_as_what_they_were() {
    let mut json = schema_1();
    json.as_object_mut().unwrap().remove("schema");
    for name in ["reference_seeds", "min_count", "tolerance", "scores", "dtype"] {
        json["settings"].as_object_mut().unwrap().remove(name).unwrap();
    }
    let settings = |results: &Results| results.conditions[0].condition.settings.clone();
    let known = settings(&Results::read(&file("schema-1.json")).unwrap());
    let read = settings(&read(&serde_json::to_vec(&json).unwrap()).unwrap());
    assert_eq!(read, Settings { reference_seeds: 1, min_count: 1, ..known });
}

/// Files from before results had a number: as they were written, sorted by layer, and two settings below each other with
/// the metadata of the first.
#[test]
fn results_of_before_there_was_a_schema_are_read() {
    let json = Results::read(&file("older.json")).unwrap();
    let ConditionResults { condition, checkpoints } = &json.conditions[0];
    assert_eq!((checkpoints.len(), condition.settings.points, json.conditions.len()), (3, 20, 1));
    assert!(checkpoints[2].measurement().unwrap().mean.complexity(Order::Quadgram).unwrap().null.is_some());
    for name in ["older.parquet", "older-sorted.parquet"] {
        assert_eq!(Results::read(&file(name)).unwrap(), json, "{name}");
    }
    // They come out in the form of today, and the same.
    assert_eq!(read(&json.to_parquet().unwrap()).unwrap(), json);
    let error = Results::read(&file("older-two-settings.parquet")).unwrap_err().to_string();
    assert!(error.contains("checkpoint `run/step0` has") && error.contains("positions"), "{error}");
    let error = Results::read(&file("older-two-temperatures.parquet")).unwrap_err().to_string();
    assert!(error.contains("checkpoint `run/step0` has its `temperature` twice"), "{error}");
}

/// Files of schema 1, whose tables are those of today.
#[test]
fn results_of_schema_1_are_read() {
    let read = Results::read(&file("schema-1.json")).unwrap();
    let ConditionResults { condition, checkpoints } = &read.conditions[0];
    assert_eq!((checkpoints.len(), condition.settings.points), (3, 20));
    assert_eq!(condition.text.path(), Path::new("books-sample.jsonl"));
    let provenance = &checkpoints[2].provenance;
    assert_eq!((provenance.samples, provenance.sample_documents, provenance.skipped_documents), (4, 4, 0));
    assert!(matches!(&checkpoints[2].outcome, Outcome::Failed { error } if error.contains("cut short")));
    let last = checkpoints[1].measurement().unwrap();
    assert_eq!(last.mean.orders().collect::<Vec<_>>(), [Order::Token, Order::Bigram, Order::Trigram]);
    // As they stand in the file.
    let token = Information {
        value: 0.4132441166793214,
        mean: 0.4088588193087575,
        null: Some(0.21227459657124972),
        spread: Some(0.036446463549762276),
        singletons: Some(0.622093023255814),
        kept: Some(0.37790697674418605),
        ..Information::new(0.0, 0.0)
    };
    let first = checkpoints[0].measurement().unwrap();
    assert_eq!(first.layers[0].complexity(Order::Token), Some(&token));
    let phi = Estimated { value: 0.7013643058678447, spread: Some(0.044352080082604155) };
    assert_eq!(last.mean.optimality(Order::Trigram), Some(phi));
    let trigram = last.convergence[0].information[&Label::Output(Order::Trigram)];
    assert_eq!((last.convergence[0].information.len(), trigram), (6, 0.03493286095575244));
    assert_eq!(Results::read(&file("schema-1.parquet")).unwrap(), read);
    assert_eq!(self::read(&read.to_json().unwrap()).unwrap(), read);

    let mut json = schema_1();
    let orders = json["checkpoints"][1]["layers"][2]["orders"].as_object_mut().unwrap();
    orders["bigram"].as_object_mut().unwrap().remove("output").unwrap();
    let error = refused(&serde_json::to_vec(&json).unwrap());
    assert!(error.contains("`run/step64`: lacks `information` of output:bigram in layer 2"), "{error}");
    json["checkpoints"][1]["layers"][2].as_object_mut().unwrap().remove("orders").unwrap();
    let error = refused(&serde_json::to_vec(&json).unwrap());
    assert!(error.contains("`run/step64`: missing field `orders`"), "{error}");
}
