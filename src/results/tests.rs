use serde_json::{Value, json};

use super::table::Table;
use super::*;
use crate::condition::TextSource;
use crate::measures::{Information, Order};
use crate::settings::Settings;

fn layer(layer: Option<usize>) -> LayerMeasures {
    let labelled = |(order, scale): (Order, f64)| {
        let complexity =
            Information { null: Some(0.01), spread: Some(0.002), ..Information::new(0.4 * scale, 0.5) };
        [(Label::Input(order), complexity), (Label::Output(order), Information::new(0.1 * scale, 0.2))]
    };
    let labelled = [(Order::Token, 1.0), (Order::Bigram, 1.5)].into_iter().flat_map(labelled);
    let mut layer = LayerMeasures::new(layer, 0.9, labelled);
    layer.entropy.spread = Some(0.03);
    layer.optimality.values_mut().for_each(|optimality| optimality.spread = Some(0.125));
    layer
}

pub fn measurement() -> Measurement {
    Measurement {
        loss: Some(3.5),
        positions: 160,
        temperature: 0.02,
        layers: vec![layer(Some(0)), layer(Some(1)), layer(Some(2))],
        mean: layer(None),
        label_tables: Default::default(),
        convergence: [4, 16]
            .map(|documents| Estimate {
                documents,
                positions: documents * 10,
                information: [
                    (Label::Input(Order::Token), 0.1 / documents as f64),
                    (Label::Input(Order::Bigram), 0.2),
                    (Label::Output(Order::Token), 1.0 / 3.0),
                    (Label::Output(Order::Bigram), 0.4),
                ]
                .into(),
            })
            .into(),
        weights: Some("00c0ffee".to_owned()),
        sample: Some("5eed".to_owned()),
        warning: Some("more tensors than are read".to_owned()),
    }
}

pub fn checkpoint(run: &str, name: &str, outcome: Outcome) -> CheckpointResult {
    CheckpointResult {
        run: run.to_owned(),
        name: name.to_owned(),
        step: name.strip_prefix("step").and_then(|step| step.parse().ok()),
        tokens: None,
        path: PathBuf::from("/runs").join(run).join(name),
        provenance: provenance(),
        outcome,
    }
}

pub fn measured(run: &str, name: &str) -> CheckpointResult {
    checkpoint(run, name, Outcome::Measured(Box::new(measurement())))
}

pub fn asked() -> Condition {
    let settings = Settings { seed: u64::MAX, max_order: 2, ..Settings::default() };
    Condition { settings, text: TextSource::Corpus(PathBuf::from("/text.jsonl")) }
}

pub fn provenance() -> Provenance {
    Provenance { version: "0".to_owned(), ..Provenance::of(&asked(), [20, 1], "CPU") }
}

/// Results of these checkpoints under one condition, as they are.
pub fn of(checkpoints: Vec<CheckpointResult>) -> Results {
    Results { conditions: vec![ConditionResults { condition: asked().identity(), checkpoints }] }
}

pub fn results() -> Results {
    of(vec![
        measured("a run", "step7"),
        measured("a run", "step20"),
        checkpoint("a run", "step100", Outcome::Failed { error: "cut short, sadly".to_owned() }),
        measured("run 2", "step7"),
        measured("run 10", "main"),
    ])
}

/// The checkpoints of the first condition.
pub fn checkpoints(results: &mut Results) -> &mut Vec<CheckpointResult> {
    &mut results.conditions[0].checkpoints
}

/// The numbers of a checkpoint of the first condition.
pub fn numbers(results: &mut Results, index: usize) -> &mut Measurement {
    match &mut checkpoints(results)[index].outcome {
        Outcome::Measured(measurement) => measurement,
        Outcome::Failed { error } => panic!("{error}"),
    }
}

/// What reading these bytes as a file gives.
pub fn read(bytes: &[u8]) -> Result<Results> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    Results::read(file.path())
}

#[track_caller]
pub fn refused(bytes: &[u8]) -> String {
    read(bytes).map(|_| "nothing").unwrap_err().to_string()
}

/// The results as Parquet, after another program changed the table.
pub fn changed(results: &Results, change: impl FnOnce(&mut Table)) -> Vec<u8> {
    let mut table = Table::new(results).unwrap();
    change(&mut table);
    parquet::encoded(&[&table]).unwrap()
}

#[test]
fn json_survives_a_round_trip_and_has_the_documented_form() {
    let bytes = results().to_json().unwrap();
    assert_eq!(read(&bytes).unwrap(), results());
    let json: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(json["schema"], SCHEMA);
    let of_condition = &json["conditions"][0];
    assert_eq!(of_condition["condition"], asked().id().to_string());
    let first = &of_condition["checkpoints"][0];
    assert_eq!(first["name"], "step7");
    assert_eq!((&first["documents"], &first["provenance"]["sample_documents"]), (&16.into(), &20.into()));
    assert_eq!(
        (&first["provenance"]["corpus"], &of_condition["settings"]["text"]),
        (&"/text.jsonl".into(), &"text.jsonl".into())
    );
    assert_eq!(first["layers"][1]["layer"], 1);
    let mean = &first["mean"];
    let token = json!({"information": 0.4, "information_mean": 0.5, "null": 0.01, "spread": 0.002});
    assert_eq!(mean["labels"]["input:token"], token);
    assert_eq!(mean["optimality"]["token"], json!({"value": 0.25, "spread": 0.125}));
    assert_eq!((&mean["entropy"], &mean["entropy_spread"]), (&0.9.into(), &0.03.into()));
    assert_eq!(first["convergence"][1]["labels"]["output:bigram"], 0.4);
    assert_eq!((&first["weights"], &first["sample"]), (&"00c0ffee".into(), &"5eed".into()));
    assert!(mean["labels"].get("input:trigram").is_none() && mean.get("layer").is_none());
    assert_eq!(of_condition["checkpoints"][2]["error"], "cut short, sadly");
    assert_eq!(of_condition["settings"]["temperature"], "root");
    assert!(of_condition["settings"].get("samples").is_none(), "it is of the provenance");
}

#[test]
fn csv_says_of_every_value_what_it_is_of() {
    let bytes = results().to_csv().unwrap();
    let mut table = ::csv::Reader::from_reader(&bytes[..]);
    let header: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
    let of = |row: &::csv::StringRecord, name: &str| {
        row[header.iter().position(|column| column == name).unwrap_or_else(|| panic!("{name}"))].to_owned()
    };
    let rows: Vec<::csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let find = |checkpoint: &str, layer: &str, label: &str, measure: &str| {
        let key = ["a run", checkpoint, layer, label, measure];
        let is = |row: &&::csv::StringRecord| {
            ["run", "checkpoint", "layer", "label", "measure"].map(|name| of(row, name)) == key
        };
        let found: Vec<_> = rows.iter().filter(is).collect();
        assert_eq!(found.len(), 1, "{key:?}");
        found[0]
    };
    for (layer, label, measure, value) in [
        ("0", "input:token", "information", "0.4"),
        ("2", "output:token", "information", "0.1"),
        ("mean", "input:bigram", "information", "0.6000000000000001"),
        ("mean", "input:token", "information_mean", "0.5"),
        ("1", "input:token", "null", "0.01"),
        ("1", "input:token", "spread", "0.002"),
        ("1", "token", "optimality", "0.25"),
        ("1", "token", "spread", "0.125"),
        ("1", "", "entropy", "0.9"),
        ("1", "", "spread", "0.03"),
        ("mean", "", "loss", "3.5"),
        ("mean", "", "temperature", "0.02"),
    ] {
        let row = find("step20", layer, label, measure);
        assert_eq!(of(row, "value"), value, "{layer} {label} {measure}");
        assert_eq!((of(row, "documents"), of(row, "positions")), ("16".to_owned(), "160".to_owned()));
    }
    let failed = find("step100", "mean", "", "failed");
    assert_eq!((of(failed, "error"), of(failed, "value")), ("cut short, sadly".to_owned(), String::new()));
    // Every row, the failed one too, says what it was measured under.
    for (name, value) in [
        ("corpus", "/text.jsonl"),
        ("sample_documents", "20"),
        ("context", "512"),
        ("points", "100"),
        ("seed", "18446744073709551615"),
        ("reference_seeds", "3"),
        ("temperature", "root"),
        ("temperature_factor", "1"),
        ("min_count", "1"),
        ("max_order", "2"),
        ("tolerance", "0"),
        ("dtype", "f32"),
        ("device", "CPU"),
        ("version", "0"),
        ("schema", "2"),
    ] {
        assert!(rows.iter().all(|row| of(row, name) == value), "{name}: {}", of(&rows[0], name));
    }
    assert!(rows.iter().all(|row| of(row, "condition") == asked().id().to_string()));
}

#[test]
fn a_condition_follows_from_the_settings_beside_it() {
    let table = |change: &dyn Fn(&mut rows::About)| {
        changed(&results(), |table| {
            for row in &mut table.rows {
                let mut about = (*row.about).clone();
                change(&mut about);
                row.about = std::rc::Rc::new(about);
            }
            share(&mut table.rows);
        })
    };
    // Whatever stands in its column, as in tables of before.
    let other_name = table(&|about| about.condition = "0123456789abcdef".to_owned());
    assert_eq!(read(&other_name).unwrap(), results());
    let other = table(&|about| drop(about.fields.insert("points".to_owned(), 50.into())));
    let read = read(&other).unwrap();
    assert_eq!(read.conditions[0].condition.settings.points, 50);
    assert_ne!(read.conditions[0].condition.id(), asked().id());
}

/// Lets equal neighbours say the same of their checkpoint by the same words, as rows of one measurement do.
fn share(rows: &mut [rows::Row]) {
    for index in 1..rows.len() {
        if rows[index].about == rows[index - 1].about {
            rows[index].about = std::rc::Rc::clone(&rows[index - 1].about);
        }
    }
}

#[test]
fn the_order_of_rows_means_nothing() {
    assert_eq!(read(&results().to_parquet().unwrap()).unwrap(), results());
    let reversed = changed(&results(), |table| table.rows.reverse());
    assert_eq!(read(&reversed).unwrap(), results());
    let by_layer = changed(&results(), |table| {
        table.rows.sort_by(|a, b| (&a.layer, &a.measure, &a.label).cmp(&(&b.layer, &b.measure, &b.label)));
    });
    assert_eq!(read(&by_layer).unwrap(), results());
    let shuffled = changed(&results(), |table| {
        let count = table.rows.len();
        let mut state = 1usize;
        for index in (1..count).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            table.rows.swap(index, (state >> 33) % (index + 1));
        }
    });
    assert_eq!(read(&shuffled).unwrap(), results());
}

#[test]
fn rows_taken_away_are_missed_by_name_or_optional() {
    let without =
        |drop: &dyn Fn(&rows::Row) -> bool| changed(&results(), |table| table.rows.retain(|row| !drop(row)));
    let read_without = |drop: &dyn Fn(&rows::Row) -> bool| read(&without(drop)).unwrap();
    let refused_without = |drop: &dyn Fn(&rows::Row) -> bool, parts: &[&str]| {
        let error = refused(&without(drop));
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
        assert!(!error.contains("not an infoplane"), "{error}");
    };
    // What not every measurement has.
    let no_null = read_without(&|row| row.measure == "null");
    assert_eq!(
        no_null.conditions[0].checkpoints[0]
            .measurement()
            .unwrap()
            .mean
            .complexity(Order::Token)
            .unwrap()
            .null,
        None
    );
    let no_bigram = read_without(&|row| row.label.ends_with("bigram"));
    let mean = &no_bigram.conditions[0].checkpoints[0].measurement().unwrap().mean;
    assert_eq!(mean.orders().collect::<Vec<_>>(), [Order::Token]);
    let one_run = read_without(&|row| row.about.run != "run 2");
    assert_eq!(one_run, of(vec![measured("run 2", "step7")]));
    // The number of documents is known without the convergence.
    let no_growth = read_without(&|row| row.measure == "convergence");
    let measurement = no_growth.conditions[0].checkpoints[0].measurement().unwrap();
    assert_eq!((measurement.documents(), measurement.convergence.len()), (Some(16), 1));
    let no_end = read_without(&|row| row.measure == "convergence" && row.documents == Some(16));
    let measurement = no_end.conditions[0].checkpoints[0].measurement().unwrap();
    assert_eq!((measurement.documents(), measurement.convergence.len()), (Some(16), 2));
    // What every one has.
    refused_without(&|row| row.layer.is_none(), &["a run/", "lacks `entropy`", "average over layers"]);
    refused_without(&|row| row.layer == Some(1), &["a run/", "layer 1"]);
    refused_without(&|row| row.measure == "entropy" && row.layer == Some(2), &["`entropy`", "layer 2"]);
    refused_without(&|row| row.measure == "loss", &["`loss`"]);
    refused_without(&|row| row.label == "output:token", &["`information` of output:token"]);
    refused_without(&|row| row.measure == "information_mean", &["`information_mean` of input:token"]);
    refused_without(&|row| row.label.ends_with("token"), &["lacks the token of", "bigram"]);
    refused_without(&|row| row.layer.is_some(), &["lacks its layers"]);
    assert!(refused(&without(&|_| true)).contains("without rows"));
}

#[test]
fn layers_cut_off_at_the_end_are_missed() {
    let mut results = results();
    let measurement = numbers(&mut results, 0);
    measurement.layers[2].entropy.value = 0.6;
    measurement.mean = LayerMeasures::mean(&measurement.layers[1..]).unwrap();
    assert_eq!(read(&results.to_parquet().unwrap()).unwrap(), results);
    let cut = changed(&results, |table| table.rows.retain(|row| row.layer != Some(2)));
    assert!(refused(&cut).contains("lacks some of its layers"));
}

/// Tables below each other.
fn below(parts: &[Results]) -> Vec<u8> {
    let tables: Vec<Table> = parts.iter().map(|part| Table::new(part).unwrap()).collect();
    parquet::encoded(&tables.iter().collect::<Vec<_>>()).unwrap()
}

#[test]
fn tables_below_each_other_are_their_union() {
    let parts: Vec<Results> =
        results().conditions[0].checkpoints.iter().map(|checkpoint| of(vec![checkpoint.clone()])).collect();
    assert_eq!(read(&below(&parts)).unwrap(), results());
    // The same part twice is the same part.
    assert_eq!(read(&below(&[results(), results()])).unwrap(), results());
    // Each checkpoint says who measured it.
    let mut elsewhere = parts.clone();
    checkpoints(&mut elsewhere[1])[0].provenance.device = "GPU".to_owned();
    checkpoints(&mut elsewhere[2])[0].provenance.skipped_documents = 7;
    let joined = read(&below(&elsewhere)).unwrap();
    let of = |index: usize| {
        let provenance = &joined.conditions[0].checkpoints[index].provenance;
        (provenance.device.as_str(), provenance.skipped_documents)
    };
    assert_eq!([of(0), of(1), of(2)], [("CPU", 1), ("GPU", 1), ("CPU", 7)]);

    // Several conditions in one table, in the order of their settings.
    let mut other = results();
    other.conditions[0].condition.settings.points = 50;
    let both = read(&below(&[results(), other.clone()])).unwrap();
    assert_eq!(both.conditions, [other.conditions, results().conditions].concat());
    assert_eq!(both, read(&both.to_json().unwrap()).unwrap());

    let conflict = |change: &dyn Fn(&mut CheckpointResult), parts: &[&str]| {
        let mut other = results();
        change(&mut checkpoints(&mut other)[1]);
        let error = refused(&below(&[results(), other]));
        for part in parts.iter().chain(&["a run/step20"]) {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    };
    let number = |change: fn(&mut Measurement)| {
        move |checkpoint: &mut CheckpointResult| match &mut checkpoint.outcome {
            Outcome::Measured(measurement) => change(measurement),
            Outcome::Failed { error } => panic!("{error}"),
        }
    };
    conflict(&number(|m| m.loss = Some(3.0)), &["its `loss` twice, 3.5 and 3"]);
    conflict(&number(|m| m.layers[1].entropy.value = 0.8), &["`entropy` in layer 1 twice, 0.9 and 0.8"]);
    conflict(
        &number(|m| m.positions = 170),
        &["16 documents with 160 positions", "16 documents with 170 positions"],
    );
    conflict(
        &number(|m| m.weights = Some("beef".to_owned())),
        &["two models", "00c0ffee", "beef", "/runs/a run"],
    );
    conflict(&number(|m| m.sample = Some("beef".to_owned())), &["two samples", "5eed", "beef"]);
    conflict(
        &|checkpoint| {
            number(|m| m.loss = Some(3.0))(checkpoint);
            checkpoint.provenance.device = "GPU".to_owned();
        },
        &["is there twice", "`loss` is 3.5 and 3"],
    );
    // A hash that was not written yet is no other hash, and a failure no other number.
    let mut without = results();
    (numbers(&mut without, 1).weights, numbers(&mut without, 1).sample) = (None, None);
    let mut failed = results();
    checkpoints(&mut failed)[1].outcome = Outcome::Failed { error: "no".to_owned() };
    for other in [without, failed] {
        assert_eq!(read(&below(&[other.clone(), results()])).unwrap(), results());
        assert_eq!(read(&below(&[results(), other])).unwrap(), results());
    }
}

#[test]
fn a_small_file_of_very_many_rows_is_refused_before_they_are_read() {
    let bytes = changed(&results(), |table| table.rows = vec![table.rows[0].clone(); 300_000]);
    let error = refused(&bytes);
    assert!(error.contains("a table of 300000 rows in "), "{} bytes: {error}", bytes.len());
}

#[test]
fn a_damaged_table_brings_the_reader_down_nowhere() {
    let bytes = results().to_parquet().unwrap();
    for end in (0..bytes.len()).step_by(7) {
        let _ = parquet::read(bytes[..end].to_vec());
        let mut flipped = bytes.clone();
        flipped[end] ^= 0x55;
        if let Ok(read) = parquet::read(flipped) {
            let _ = check::checked(read);
        }
    }
}

/// The results as JSON with one place of it, given as a JSON pointer, set to a value or taken away.
fn with(place: &str, value: Option<Value>) -> Vec<u8> {
    let mut json: Value = serde_json::from_slice(&results().to_json().unwrap()).unwrap();
    let (parent, name) = place.rsplit_once('/').unwrap();
    let parent = json.pointer_mut(parent).unwrap();
    match (value, parent) {
        (Some(value), Value::Object(fields)) => drop(fields.insert(name.to_owned(), value)),
        (Some(value), Value::Array(items)) => items[name.parse::<usize>().unwrap()] = value,
        (None, Value::Object(fields)) => drop(fields.remove(name).unwrap()),
        (None, Value::Array(items)) => drop(items.remove(name.parse().unwrap())),
        _ => panic!("{place}"),
    }
    serde_json::to_vec(&json).unwrap()
}

#[test]
fn sizes_and_numbers_that_cannot_be_are_refused_by_name() {
    let bad = [
        ("/conditions/0/settings/max_order", Value::from(1_000_000_000u64), "max_order"),
        ("/conditions/0/settings/max_order", Value::from(1_000_000_000_000_000_000u64), "max_order"),
        ("/conditions/0/settings/max_order", Value::from(0), "max_order"),
        ("/conditions/0/settings/points", Value::from(1), "points"),
        ("/conditions/0/settings/points", Value::from(u64::MAX), "points"),
        ("/conditions/0/settings/reference_seeds", Value::from(u64::MAX), "reference_seeds"),
        ("/conditions/0/settings/reference_seeds", Value::from(0), "reference_seeds"),
        ("/conditions/0/settings/context", Value::from(-1), "`context`"),
        ("/conditions/0/settings/temperature", Value::from("warm"), "warm"),
        ("/conditions/0/settings/temperature_factor", Value::from(-1.0), "temperature_factor"),
        ("/conditions/0/checkpoints/0/provenance/tolerance", Value::from(1e300), "tolerance"),
        ("/conditions/0/checkpoints/0/provenance/sample_documents", Value::from(u64::MAX), "documents"),
        ("/conditions/0/settings/text", Value::from("other.jsonl"), "text"),
        ("/conditions/0/settings/samples", Value::from(7), "samples"),
        ("/conditions/0/settings/novelty", Value::from(1), "novelty"),
        ("/conditions/0/checkpoints/0/loss", Value::from("low"), "a run/step7"),
        ("/conditions/0/checkpoints/0/positions", Value::from(0.5), "a run/step7"),
        ("/conditions/0/checkpoints/0/layers", Value::Array(Vec::new()), "lacks its layers"),
        ("/conditions/0/checkpoints/0/layers/1/layer", Value::from(1_000_000_000u64), "layer 1"),
        ("/conditions/0/checkpoints/0/mean/entropy", Value::from(0.3), "another average"),
        ("/conditions/0/checkpoints/0/documents", Value::from(4), "4 documents and a convergence up to 16"),
        ("/conditions/0/checkpoints/1/step", Value::from("soon"), "soon"),
        ("/conditions/0/checkpoints", Value::Array(Vec::new()), "no checkpoint"),
    ];
    for (place, value, part) in bad {
        let error = refused(&with(place, Some(value)));
        assert!(error.contains(part) && !error.contains('\n'), "{place}: {error}");
    }
    let of_condition = ["points", "context", "temperature", "temperature_factor", "max_order", "seed"]
        .map(|name| (name, format!("/conditions/0/settings/{name}")));
    let of_checkpoint =
        ["samples", "corpus"].map(|name| (name, format!("/conditions/0/checkpoints/0/provenance/{name}")));
    for (name, place) in of_condition.into_iter().chain(of_checkpoint) {
        let error = refused(&with(&place, None));
        assert!(error.contains(&format!("missing field `{name}`")), "{name}: {error}");
    }
    for name in ["loss", "mean", "layers", "temperature"] {
        let error = refused(&with(&format!("/conditions/0/checkpoints/0/{name}"), None));
        assert!(error.contains(name) && error.contains("a run/step7"), "{name}: {error}");
    }
    // A table can hold what JSON cannot write.
    for value in [f64::NAN, f64::INFINITY] {
        let bytes = changed(&results(), |table| {
            let row = table.rows.iter_mut().find(|row| row.measure == "null" && row.layer == Some(1));
            row.unwrap().value = Some(value);
        });
        let error = refused(&bytes);
        assert!(error.contains("`null` of input:token in layer 1 that is not a number"), "{error}");
    }
    let far = changed(&results(), |table| table.rows[5].layer = Some(usize::MAX));
    assert!(refused(&far).contains("lacks"), "{}", refused(&far));
}

#[test]
fn results_of_a_later_form_are_refused_as_such() {
    let mut json: Value = serde_json::from_slice(&with("/schema", Some(3.into()))).unwrap();
    json["conditions"] = "elsewhere".into();
    let error = refused(&serde_json::to_vec(&json).unwrap());
    assert!(error.contains("written by a newer infoplane") && error.contains("schema 3"), "{error}");
}

#[test]
fn a_checkpoint_twice_in_one_document_is_one_or_refused() {
    let mut twice = results();
    checkpoints(&mut twice).push(measured("a run", "step7"));
    assert_eq!(read(&twice.to_json().unwrap()).unwrap(), results());
    numbers(&mut twice, 5).loss = Some(1.0);
    let error = refused(&twice.to_json().unwrap());
    assert!(error.contains("a run/step7") && error.contains("twice"), "{error}");
}

#[test]
fn what_is_no_results_is_told_so() {
    for other in
        ["", "{}", "[1, 2]", "PAR1", "{\"settings\": {\"points\": 100}, \"checkpoints\": []}", "text"]
    {
        let error = refused(other.as_bytes());
        assert!(error.starts_with("not an infoplane results file ("), "{other}: {error}");
    }
}

#[test]
fn files_and_folders_of_results_are_read_together() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("part-10.json"), results().to_json().unwrap()).unwrap();
    std::fs::write(at("part-2.parquet"), results().to_parquet().unwrap()).unwrap();
    std::fs::write(at("config.json"), "{\"model_type\": \"llama\"}").unwrap();
    std::fs::write(at("text.parquet"), "PAR1 and so on, of text: PAR1").unwrap();
    std::fs::create_dir(at("empty")).unwrap();
    let found = read_all(&[folder.path().to_owned()]).unwrap();
    let names: Vec<_> = found.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["part-2.parquet", "part-10.json"]);
    assert!(found.iter().all(|(_, read)| *read == results()));
    let twice = read_all(&[folder.path().to_owned(), at("part-10.json")]).unwrap();
    assert_eq!(twice.len(), 2);
    let error = read_all(&[at("empty")]).unwrap_err().to_string();
    assert!(error.contains("no results in this folder") && error.contains("empty"), "{error}");
    let error = read_all(&[at("part-10.json"), at("config.json")]).unwrap_err().to_string();
    assert!(error.contains("not an infoplane results file") && error.contains("config.json"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_unicode_loses_no_measurement() {
    use std::os::unix::ffi::OsStrExt as _;
    let mut results = results();
    checkpoints(&mut results)[0].path = std::ffi::OsStr::from_bytes(b"/runs/\xff").into();
    for bytes in [results.to_json(), results.to_parquet()] {
        assert_eq!(
            read(&bytes.unwrap()).unwrap().conditions[0].checkpoints[0].path,
            Path::new("/runs/\u{fffd}")
        );
    }
    assert!(results.to_csv().is_ok());
}

#[test]
fn results_are_known_by_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let holds = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        looks_like_results(&path)
    };
    assert!(holds("a.json", &results().to_json().unwrap()));
    assert!(holds("text.txt", &results().to_parquet().unwrap()));
    // Other tools sort the fields.
    let sorted: serde_json::Value = serde_json::from_slice(&results().to_json().unwrap()).unwrap();
    assert!(holds("no-extension", &serde_json::to_vec(&sorted).unwrap()));
    let older = json!({ "checkpoints": [{}], "settings": {} });
    assert!(holds("older.json", older.to_string().as_bytes()));
    assert!(holds("table", &results().to_csv().unwrap()));
    for text in [
        "{\"text\": \"It was the best of times\"}\n",
        "{\"settings\": \"gear\", \"text\": \"a\"}\n",
        "{\"settings\": {\"gear\": 1}, \"text\": \"a\"}\n",
        "{\"schema\": \"chat\", \"text\": \"a\"}\n",
        "{\"schema\": 2, \"text\": \"a\"}\n",
        "  {\"body\": 1}",
        "[{\"settings\": {}}]",
        "It was the best of times",
        "run,layer,value\n1,2,3\n",
        "{",
        "",
    ] {
        assert!(!holds("text.json", text.as_bytes()), "{text}");
    }
    assert!(!looks_like_results(&folder.path().join("absent")) && !looks_like_results(folder.path()));
}
