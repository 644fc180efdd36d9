//! The program itself: commands, exit statuses, and what it says of bad input.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::engine::run_of;
use super::support::{Tensors, asset, fixture, token_file};

mod correlate;
mod frontier;
mod labels;
mod typed;

/// Runs the program with a store of its own: nothing may be found that another test measured, and nothing be written to
/// the user's.
fn infoplane_with(args: &[&str], change: impl FnOnce(&mut Command)) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_infoplane"));
    command.args(args).env("XDG_CACHE_HOME", home.path()).env("HOME", home.path());
    change(&mut command);
    command.output().unwrap()
}

fn infoplane(args: &[&str]) -> Output {
    infoplane_with(args, |_| {})
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[track_caller]
fn status(output: &Output, expected: i32) -> String {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(expected), "{stderr}");
    stderr
}

/// Runs that must fail with status 2 and one line that holds all `parts`.
#[track_caller]
fn fails(args: &[&str], parts: &[&str]) {
    let output = infoplane(args);
    let stderr = status(&output, 2);
    let last = stderr.lines().last().unwrap();
    assert!(last.starts_with("infoplane: ") || stderr.starts_with("error: "), "{stderr}");
    for part in parts {
        assert!(stderr.contains(part), "`{part}` is not in: {stderr}");
    }
    assert!(output.stdout.is_empty());
}

const QUICK: [&str; 8] = ["--samples", "8", "--context", "64", "--points", "20", "--backend", "cpu"];

#[test]
fn measure_writes_json_and_csv() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let corpus = asset("demo/books-sample.jsonl");
    let mut args = vec!["measure", text(&run), "--corpus", text(&corpus), "--max-order", "2"];
    args.extend(QUICK);
    let output = infoplane(&args);
    status(&output, 0);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checkpoints = json["conditions"][0]["checkpoints"].as_array().unwrap();
    assert_eq!(checkpoints.len(), 2);
    assert_eq!(checkpoints[1]["name"], "step2000");
    assert_eq!(checkpoints[1]["step"], 2000);
    assert_eq!(checkpoints[1]["layers"].as_array().unwrap().len(), 3);
    assert!(checkpoints[1]["mean"]["optimality"]["bigram"]["value"].as_f64().unwrap() > 0.0);
    assert!(checkpoints[1]["mean"]["orders"].get("trigram").is_none());
    assert_eq!(json["conditions"][0]["settings"]["points"], 20);

    let out = folder.path().join("results.csv");
    args.extend(["--format", "csv", "--out", text(&out)]);
    let output = infoplane(&args);
    status(&output, 0);
    assert!(output.stdout.is_empty());
    let mut csv = csv::Reader::from_path(out).unwrap();
    let header = csv.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    // The value of each row is that of the JSON, under a layer, a label and a measure of its own.
    let find = |checkpoint: usize, layer: &str, label: &str, measure: &str| -> f64 {
        let name = checkpoints[checkpoint]["name"].as_str().unwrap();
        let key = [("checkpoint", name), ("layer", layer), ("label", label), ("measure", measure)];
        let mut of_key =
            rows.iter().filter(|row| key.iter().all(|(name, value)| &row[column(name)] == *value));
        let value = of_key.next().unwrap_or_else(|| panic!("{key:?}"))[column("value")].parse().unwrap();
        assert!(of_key.next().is_none(), "{key:?}");
        value
    };
    for (index, checkpoint) in checkpoints.iter().enumerate() {
        assert_eq!(find(index, "mean", "", "loss"), checkpoint["loss"].as_f64().unwrap());
        for (layer, measures) in checkpoint["layers"].as_array().unwrap().iter().enumerate() {
            let layer = layer.to_string();
            assert_eq!(find(index, &layer, "", "entropy"), measures["entropy"].as_f64().unwrap());
            for order in ["token", "bigram"] {
                for side in ["input", "output"] {
                    let label = format!("{side}:{order}");
                    for measure in ["information", "information_mean", "null", "singletons", "spread"] {
                        let expected = measures["labels"][&label][measure].as_f64().unwrap();
                        assert_eq!(find(index, &layer, &label, measure), expected);
                    }
                }
                let expected = measures["optimality"][order]["value"].as_f64().unwrap();
                assert_eq!(find(index, &layer, order, "optimality"), expected);
            }
        }
    }
    assert!(rows.iter().all(|row| &row[column("points")] == "20" && &row[column("max_order")] == "2"));
}

#[test]
fn one_bad_checkpoint_is_status_1_and_all_bad_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    std::fs::write(run.join("step0/model.safetensors"), b"no weights").unwrap();
    let corpus = asset("demo/books-sample.jsonl");
    let mut args = vec!["measure", text(&run), "--corpus", text(&corpus)];
    args.extend(QUICK);
    let output = infoplane(&args);
    let stderr = status(&output, 1);
    assert!(stderr.contains("step0 failed: ") && stderr.contains("1 of 2 checkpoints failed"), "{stderr}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        json["conditions"][0]["checkpoints"][0]["error"]
            .as_str()
            .unwrap()
            .contains("step0/model.safetensors")
    );
    assert!(json["conditions"][0]["checkpoints"][1]["loss"].as_f64().unwrap() > 0.0);

    std::fs::remove_file(run.join("step2000/config.json")).unwrap();
    let output = infoplane(&args);
    status(&output, 2);
    assert!(output.stdout.is_empty());
}

#[test]
fn bad_input_is_one_line_that_names_file_and_cause() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0"]);
    let corpus = asset("demo/books-sample.jsonl");
    let (run, corpus) = (text(&run), text(&corpus));
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let measure = |path: &str, corpus: &str, parts: &[&str]| {
        let mut args = vec!["measure", path, "--corpus", corpus];
        args.extend(QUICK);
        fails(&args, parts);
    };
    measure("no/such/place", corpus, &["no/such/place"]);
    measure(run, "no/such/text.jsonl", &["no/such/text.jsonl"]);
    measure(run, &file("empty.jsonl", b""), &["empty.jsonl"]);
    measure(run, &file("binary.txt", &[0, 159, 146, 150, 0]), &["binary.txt"]);
    measure(run, &file("short.jsonl", b"{\"text\": \"two words\"}\n"), &["short.jsonl", "tokens"]);
    measure(run, &file("broken.jsonl", b"{\"text\": \n"), &["broken.jsonl"]);
    measure(
        run,
        &file("other.jsonl", b"{\"corps\": \"something\", \"titre\": \"else\"}\n"),
        &["other.jsonl", "corps", "--text-field"],
    );
    measure(run, folder.path().to_str().unwrap(), &["this is a folder without Parquet or Arrow files"]);
    fails(&["measure", run], &["--corpus"]);
    fails(&["measure", run, "--corpus", corpus, "--points", "1"], &["--points"]);
    fails(&["measure", run, "--corpus", corpus, "--max-order", "5"], &["--max-order"]);
    fails(&["measure", run, "--corpus", corpus, "--temperature", "cold"], &["--temperature"]);
    let nowhere = folder.path().join("nowhere/results.json");
    fails(&["measure", run, "--corpus", corpus, "--out", text(&nowhere)], &["nowhere"]);
    fails(&["figure", &file("results.json", b"{}"), "--out", "plane.svg"], &["results.json"]);
    fails(&["hidden", run, "--tokens", "no/tokens", "--out", "x.safetensors"], &["no/tokens"]);
}

#[test]
fn a_damaged_model_says_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = asset("demo/books-sample.jsonl");
    // What the error must say, and a change to config.json that brings it about.
    let damage = [
        ("`mamba` is not supported", "\"olmo2\"", "\"mamba\""),
        ("has shape [2048, 64], config.json says [4096, 64]", "\"vocab_size\": 2048", "\"vocab_size\": 4096"),
        ("is missing, expected with shape", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
        ("not valid JSON", "\"vocab_size\"", "vocab_size"),
        ("rope_type `longrope`", "\"rope_type\": \"default\"", "\"rope_type\": \"longrope\""),
    ];
    for (part, from, to) in damage {
        let run = run_of(&folder.path().join(part.replace('/', "")), &["step0"]);
        let path = run.join("step0/config.json");
        let content = std::fs::read_to_string(&path).unwrap();
        assert!(content.contains(from), "{part}");
        std::fs::write(&path, content.replace(from, to)).unwrap();
        let mut args = vec!["measure", text(&run), "--corpus", text(&corpus)];
        args.extend(QUICK);
        let stderr = status(&infoplane(&args), 2);
        assert!(stderr.contains(part) && stderr.contains("step0"), "{part}: {stderr}");
    }
}

#[test]
fn tokens_need_no_tokenizer_but_a_vocabulary_that_holds_them() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0"]);
    std::fs::remove_file(run.join("tokenizer.json")).unwrap();
    let corpus = asset("demo/books-sample.jsonl");
    let mut with_text = vec!["measure", text(&run), "--corpus", text(&corpus)];
    with_text.extend(QUICK);
    let stderr = status(&infoplane(&with_text), 2);
    assert!(stderr.contains("no tokenizer.json") && stderr.contains("--tokens"), "{stderr}");

    let tokens = folder.path().join("tokens.safetensors");
    let document: Vec<i32> = (0..30).map(|t| t % 7).collect();
    token_file(&tokens, &[&document, &document[..12]]);
    let mut with_tokens = vec!["measure", text(&run), "--tokens", text(&tokens)];
    with_tokens.extend(QUICK);
    let output = infoplane(&with_tokens);
    status(&output, 0);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["conditions"][0]["checkpoints"][0]["positions"], (30 - 7) + (12 - 7));

    token_file(&tokens, &[&[5; 20], &[4_000_000; 20]]);
    let stderr = status(&infoplane(&with_tokens), 2);
    assert!(stderr.contains("4000000") && stderr.contains("vocabulary of 2048"), "{stderr}");
}

#[test]
fn hidden_writes_states_of_all_tokens_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (tokens, out) = (folder.path().join("tokens.safetensors"), folder.path().join("states.safetensors"));
    let oracle = Tensors::read(&fixture("models/llama.oracle.safetensors"));
    let (shape, ids) = oracle.get("input_ids", i32::from_le_bytes);
    token_file(&tokens, &ids.chunks(shape[1]).collect::<Vec<_>>());
    let model = fixture("models/llama");
    let args = ["hidden", text(&model), "--tokens", text(&tokens), "--out", text(&out), "--backend", "cpu"];
    status(&infoplane(&args), 0);
    let written = Tensors::read(&out);
    let (shape, states) = written.get("hidden_states", f32::from_le_bytes);
    let (oracle_shape, expected) = oracle.get("hidden_states", f32::from_le_bytes);
    assert_eq!(shape, [oracle_shape[0], oracle_shape[1] * oracle_shape[2], oracle_shape[3]]);
    for (a, b) in states.iter().zip(&expected) {
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
    let (_, loss) = written.get("loss", f32::from_le_bytes);
    let (_, expected) = oracle.get("loss", f32::from_le_bytes);
    assert!((loss[0] - expected[0]).abs() < 1e-4);
}

#[test]
fn documents_longer_than_a_batch_measure_the_same_in_the_least_memory_there_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("long.jsonl");
    let books = std::fs::read_to_string(asset("demo/books-sample.jsonl")).unwrap();
    let texts: Vec<Value> = books.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let documents = texts.chunks(20).take(2).map(|texts| {
        let text: Vec<&str> = texts.iter().map(|text| text["text"].as_str().unwrap()).collect();
        serde_json::json!({ "text": text.join(" ") }).to_string()
    });
    std::fs::write(&corpus, documents.collect::<Vec<_>>().join("\n")).unwrap();
    let model = asset("demo/gutenberg-1m/step2000");
    // At most 4096 tokens pass together.
    let measure = |memory: &str| {
        let args = ["measure", text(&model), "--corpus", text(&corpus), "--context", "4500"];
        let how = ["--points", "8", "--max-order", "1", "--backend", "cpu", "--memory", memory];
        infoplane(&[&args[..], &how].concat())
    };
    let numbers = |output: &Output| {
        status(output, 0);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["conditions"][0]["checkpoints"][0]["positions"], 2 * (4500 - 1));
        json["conditions"][0]["checkpoints"][0]["layers"].clone()
    };
    let refused = status(&measure("1MiB"), 2);
    let least = refused.split_once("take ").and_then(|(_, rest)| rest.split_once(" MiB")).expect(&refused).0;
    assert!(refused.contains("--memory"), "{refused}");
    assert_eq!(numbers(&measure(&format!("{least}MiB"))), numbers(&measure("4GiB")));
}

#[test]
fn inspect_shows_runs_in_order_and_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000", "step64"]);
    std::fs::remove_file(run.join("step64/model.safetensors")).unwrap();
    let output = infoplane(&["inspect", text(&run), "--json"]);
    status(&output, 1);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let checkpoints = json["runs"][0]["checkpoints"].as_array().unwrap();
    let names: Vec<&str> = checkpoints.iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["step0", "step64", "step2000"]);
    assert_eq!(checkpoints[0]["family"], "olmo2");
    assert_eq!(checkpoints[0]["layers"], 2);
    assert_eq!(checkpoints[0]["dtype"], "BF16");
    assert!(checkpoints[1]["error"].as_str().unwrap().contains("no weights in this folder"));
    assert_eq!(checkpoints[0]["head"], "tied");
    let run_json = &json["runs"][0];
    let cost = &run_json["cost"];
    // 500 documents of 512 tokens, of the two that can be measured.
    assert_eq!((&cost["checkpoints"], &cost["tokens"]), (&2.into(), &256_000.into()));
    assert_eq!(cost["read_bytes"].as_u64(), Some(2 * checkpoints[0]["bytes"].as_u64().unwrap()));
    assert!(cost["seconds"].as_f64().unwrap() > 0.0);
    let [least, whole] = ["least_memory_bytes", "memory_bytes"].map(|name| cost[name].as_u64().unwrap());
    assert!(0 < least && least <= whole, "{least}, {whole}");
    let [tokenizer] = &run_json["tokenizers"].as_array().unwrap()[..] else { panic!("{run_json}") };
    assert!(tokenizer["before"] == Value::Array(Vec::new()) && tokenizer["error"].is_null(), "{tokenizer}");
    let table = String::from_utf8(infoplane(&["inspect", text(&run)]).stdout).unwrap();
    for part in ["step2000", "adds no special tokens", "measuring 2 checkpoints", "of memory", "on this CPU"]
    {
        assert!(table.contains(part), "{part}: {table}");
    }
}

/// Whatever would stop a measurement later, or make its numbers doubtful, is said before anything runs.
#[test]
fn inspect_tells_what_would_fail_and_what_would_be_doubtful() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step64"]);
    let config = run.join("step0/config.json");
    let mut deeper: Value = serde_json::from_slice(&std::fs::read(&config).unwrap()).unwrap();
    deeper["num_hidden_layers"] = 3.into();
    deeper.as_object_mut().unwrap().remove("layer_types");
    std::fs::write(&config, deeper.to_string()).unwrap();
    let config = run.join("step64/config.json");
    let mut untied: Value = serde_json::from_slice(&std::fs::read(&config).unwrap()).unwrap();
    untied["tie_word_embeddings"] = false.into();
    std::fs::write(&config, untied.to_string()).unwrap();
    let mut tokenizer: Value =
        serde_json::from_slice(&std::fs::read(run.join("tokenizer.json")).unwrap()).unwrap();
    let special = |name: &str| json!({"SpecialToken": {"id": name, "type_id": 0}});
    let (start, end) = ("<|endoftext|>", "<|endoftext|>");
    tokenizer["post_processor"] = json!({
        "type": "TemplateProcessing",
        "single": [special(start), {"Sequence": {"id": "A", "type_id": 0}}, special(end), special(end)],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {start: {"id": start, "ids": [0], "tokens": [start]}},
    });
    std::fs::write(run.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let output = infoplane(&["inspect", text(&run)]);
    let table = String::from_utf8(output.stdout.clone()).unwrap();
    status(&output, 1);
    assert!(table.contains("error: tensor `model.layers.2."), "{table}");
    assert!(table.contains("warning (step64): the weight files have no output head"), "{table}");
    let added = "adds `<|endoftext|>` before and `<|endoftext|>` `<|endoftext|>` after every text";
    assert!(table.contains(added), "{table}");
}

#[test]
fn figure_draws_results_as_pdf_svg_and_png() {
    let folder = tempfile::tempdir().unwrap();
    let results = fixture("runs/gutenberg-1m.json");
    // The oracle's own file is no result of ours: its settings have another form.
    fails(&["figure", text(&results), "--out", "x.svg"], &["not an infoplane results file"]);
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let json = folder.path().join("results.json");
    let corpus = asset("demo/books-sample.jsonl");
    let mut args = vec!["measure", text(&run), "--corpus", text(&corpus), "--out", text(&json)];
    args.extend(QUICK);
    status(&infoplane(&args), 0);
    let (svg, png) = (folder.path().join("plane.svg"), folder.path().join("plane.png"));
    status(&infoplane(&["figure", text(&json), "--out", text(&svg), "--order", "2"]), 0);
    status(&infoplane(&["figure", text(&json), "--out", text(&png), "--layer", "1", "--scale", "1"]), 0);
    let drawn = std::fs::read_to_string(svg).unwrap();
    assert!(drawn.contains("complexity I(X;Z), bigram input") && drawn.contains("step2000"));
    assert!(std::fs::read(png).unwrap().starts_with(b"\x89PNG"));
    let pdf = folder.path().join("plane.pdf");
    status(&infoplane(&["figure", text(&json), "--out", text(&pdf)]), 0);
    assert!(std::fs::read(pdf).unwrap().starts_with(b"%PDF-"));
    fails(&["figure", text(&json), "--out", "plane.jpg"], &["name it .pdf, .svg, .png, or .csv"]);
    fails(&["figure", text(&json), "--out", "plane.svg", "--layer", "9"], &["--layer"]);
}

/// The ground of a figure: the fill of the first rectangle, which covers it.
fn ground(svg: &str) -> [u8; 3] {
    let rectangle = &svg[svg.find("<rect").unwrap()..];
    let fill = rectangle.split_once("fill=\"#").unwrap().1;
    [0, 2, 4].map(|at| u8::from_str_radix(&fill[at..at + 2], 16).unwrap())
}

#[test]
fn a_figure_has_the_title_and_the_ground_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let (json, svg) = (folder.path().join("results.json"), folder.path().join("plane.svg"));
    let corpus = asset("demo/books-sample.jsonl");
    let mut args = vec!["measure", text(&run), "--corpus", text(&corpus), "--out", text(&json)];
    args.extend(QUICK);
    status(&infoplane(&args), 0);
    let draw = |more: &[&str]| {
        let figure = ["figure", text(&json), "--out", text(&svg)];
        status(&infoplane(&[&figure[..], more].concat()), 0);
        std::fs::read_to_string(&svg).unwrap()
    };
    let title = "Books < 1900 & what is left of them";
    let (plain, dark, titled) = (draw(&[]), draw(&["--dark"]), draw(&["--title", title]));
    assert!(titled.contains("Books &lt; 1900 &amp; what is left of them"));
    assert!(!plain.contains("Books") && !dark.contains("Books"));
    assert!(ground(&plain).iter().all(|&part| part > 240), "{:?}", ground(&plain));
    assert!(ground(&dark).iter().all(|&part| part < 40), "{:?}", ground(&dark));
    assert_eq!(ground(&titled), ground(&plain));
}

#[test]
fn without_any_driver_auto_measures_on_the_cpu() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0"]);
    let corpus = asset("demo/books-sample.jsonl");
    let mut args = vec!["measure", text(&run), "--corpus", text(&corpus)];
    args.extend(&QUICK[..6]);
    args.extend(["--backend", "auto"]);
    let output = infoplane_with(&args, |command| {
        command.envs(["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].map(|name| (name, "/no/driver.json")));
    });
    let stderr = status(&output, 0);
    assert!(!stderr.contains("warning"), "{stderr}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let provenance = &json["conditions"][0]["checkpoints"][0]["provenance"];
    assert!(provenance["device"].as_str().unwrap().starts_with("CPU"), "{provenance}");
}

/// Results of a run with so many hidden states under so many reference points.
fn recorded(run: &str, states: usize, points: usize) -> Vec<u8> {
    use infoplane::condition::{Condition, TextSource};
    use infoplane::measures::{Information, Label, LayerMeasures, Order};
    use infoplane::results::{CheckpointResult, Estimate, Measurement, Outcome, Provenance, Results};
    let labelled = [(Label::Input(Order::Token), 0.2), (Label::Output(Order::Token), 0.1)];
    let estimate = Estimate { documents: 20, positions: 999, information: labelled.clone().into() };
    let labelled = labelled.map(|(label, value)| (label, Information::new(value, value)));
    let layer = |layer| LayerMeasures::new(layer, 0.5, labelled.clone());
    let measurement = Measurement {
        loss: Some(3.0),
        positions: 999,
        temperature: 0.0135,
        layers: (0..states).map(|index| layer(Some(index))).collect(),
        mean: layer(None),
        label_tables: Default::default(),
        convergence: vec![estimate],
        weights: None,
        sample: None,
        warning: None,
    };
    let settings = infoplane::settings::Settings { points, ..Default::default() };
    let condition = Condition { settings, text: TextSource::Corpus("books.jsonl".into()) };
    let checkpoint = CheckpointResult {
        run: run.to_owned(),
        name: "step0".to_owned(),
        step: Some(0),
        tokens: None,
        path: "gone".into(),
        provenance: Provenance::of(&condition, [20, 0], "CPU"),
        outcome: Outcome::Measured(Box::new(measurement)),
    };
    Results::of(&condition, vec![checkpoint]).unwrap().to_json().unwrap()
}

#[test]
fn figure_takes_several_results_and_tells_their_conditions_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: Vec<u8>| {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        folder.path().join(name)
    };
    let (a, b) = (file("a.json", recorded("deep", 6, 50)), file("b.json", recorded("shallow", 3, 100)));
    let svg = folder.path().join("plane.svg");
    let draw =
        |layer: &str| infoplane(&["figure", text(&a), text(&b), "--out", text(&svg), "--layer", layer]);
    let said = || {
        let svg = std::fs::read_to_string(&svg).unwrap();
        let texts = svg.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
    };
    status(&draw("last"), 0);
    let words = said();
    for part in [
        " deep, n = 50 1 checkpoint ",
        " shallow, n = 100 1 checkpoint ",
        "deep: n = 50; shallow: n = 100",
        "20 documents",
    ] {
        assert!(words.contains(part), "{part} is missing: {words}");
    }
    // A run without the layer is named, on paper and to whoever asked.
    let stderr = status(&draw("4"), 1);
    assert!(stderr.contains("shallow, n = 100 is not drawn: no layer 4"), "{stderr}");
    let words = said();
    assert!(words.contains(" shallow, n = 100 no layer 4 "), "{words}");
    assert!(words.contains("Not drawn: shallow, n = 100, no layer 4"), "{words}");
    fails(&["figure", "--out", text(&svg)], &["RESULTS"]);
    // A run that is hidden is not drawn, and the other looks as before.
    let hide = |run: &str| infoplane(&["figure", text(&a), text(&b), "--out", text(&svg), "--hide", run]);
    for name in ["deep", "deep, n = 50"] {
        status(&hide(name), 0);
        let words = said();
        assert!(words.contains(" shallow, n = 100 1 checkpoint ") && !words.contains(" deep"), "{words}");
    }
    let stderr = status(&hide("deeper"), 2);
    assert!(
        stderr.contains("no run is called `deeper`: there are deep, n = 50; shallow, n = 100"),
        "{stderr}"
    );
}

/// The window's part of the program where there is no display.
fn without_display(args: &[&str]) -> Output {
    infoplane_with(args, |command| {
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
            command.env_remove(name);
        }
    })
}

#[test]
fn without_a_display_the_window_names_the_headless_command() {
    if cfg!(target_os = "linux") {
        let stderr = status(&without_display(&[]), 2);
        assert!(stderr.contains("no display") && stderr.contains("infoplane measure"), "{stderr}");
        // Results are shown, and a text that nobody named is no text to advise.
        let folder = tempfile::tempdir().unwrap();
        let written = folder.path().join("measured.json");
        std::fs::write(&written, "{\"settings\": {}, \"checkpoints\": []}").unwrap();
        let stderr = status(&without_display(&[text(&written)]), 2);
        assert!(stderr.contains(&format!("infoplane show {}`", written.display())), "{stderr}");
        let stderr = status(&without_display(&[text(folder.path())]), 2);
        assert!(stderr.contains(&format!("infoplane show {}`", folder.path().display())), "{stderr}");
        std::fs::remove_file(&written).unwrap();
        let stderr = status(&without_display(&[text(folder.path())]), 2);
        let command = format!("infoplane measure {} --corpus FILE`", folder.path().display());
        assert!(stderr.contains(&command), "{stderr}");
    }
}

#[test]
fn a_path_that_is_not_there_opens_no_window() {
    fails(
        &["mesure", "x"],
        &["no such file or folder", "did you mean the command `infoplane measure`?", "mesure"],
    );
    fails(&["/no/such/run"], &["no such file or folder", "check the spelling", "/no/such/run"]);
    let folder = tempfile::tempdir().unwrap();
    fails(&[text(folder.path()), "/no/such/run"], &["no such file or folder", "/no/such/run"]);
}
