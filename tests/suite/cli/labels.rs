//! Labels of the user's own, and preference pairs, from the command line to results, tables and figures.

use super::*;

/// As [`QUICK`], with room for a prompt and an answer.
const LONGER: [&str; 8] = ["--samples", "8", "--context", "256", "--points", "20", "--backend", "cpu"];

#[test]
fn pairs_and_fields_are_measured_written_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    std::fs::copy(fixture("labels/chat_template.jinja"), run.join("chat_template.jinja")).unwrap();
    let (corpus, pairs) = (asset("demo/books-sample.jsonl"), fixture("labels/pairs.jsonl"));
    let out = folder.path().join("results.parquet");
    let mut args = vec!["measure", text(&run), "--corpus", text(&corpus), "--pairs", text(&pairs)];
    args.extend(["--labels", "url", "--out", text(&out), "--reference-seeds", "2"]);
    args.extend(LONGER);
    let said = status(&infoplane(&args), 0);
    assert!(said.contains("measuring 2 checkpoints on 8 documents"), "{said}");
    assert!(said.contains("beside it 16 answers ("), "{said}");
    let csv = folder.path().join("results.csv");
    status(&infoplane(&["merge", text(&out), "--out", text(&csv)]), 0);
    let mut table = csv::Reader::from_path(&csv).unwrap();
    let header = table.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let [layer, label, measure, labels, kept] = ["layer", "label", "measure", "labels", "pairs"].map(column);
    let rows: Vec<csv::StringRecord> = table.records().collect::<Result<_, _>>().unwrap();
    assert!(rows.iter().all(|row| (&row[labels], &row[kept]) == ("url", "pairs.jsonl")));
    for (of, measures) in [
        ("preference", &["information", "null", "spread", "labels", "positions", "entropy"][..]),
        ("field:url", &["information", "information_mean", "null", "singletons", "kept", "labels"][..]),
    ] {
        for wanted in measures {
            let count = rows.iter().filter(|row| (&row[label], &row[measure]) == (of, *wanted)).count();
            // Of two checkpoints three hidden states and the mean; spreads and all.
            assert_eq!(count, 8, "{wanted} of {of}");
        }
    }
    assert!(rows.iter().any(|row| (&row[layer], &row[label]) == ("mean", "preference")));

    for (kind, quantity) in [("heatmap", "field:url"), ("heatmap", "preference"), ("preference", "")] {
        let svg = folder.path().join(format!("{kind}.svg"));
        let mut args = vec!["figure", text(&csv), "--kind", kind, "--out", text(&svg)];
        if !quantity.is_empty() {
            args.extend(["--measure", quantity]);
        }
        status(&infoplane(&args), 0);
        let drawn = std::fs::read_to_string(&svg).unwrap();
        assert!(drawn.contains(if quantity == "field:url" { "url" } else { "preference" }), "{kind}");
    }
}

#[test]
fn what_single_labels_are_owed_comes_to_the_information() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step0", "step2000"]);
    let (corpus, pairs) = (asset("demo/books-sample.jsonl"), fixture("labels/pairs.jsonl"));
    let out = folder.path().join("results.json");
    let mut args = vec!["measure", text(&run), "--corpus", text(&corpus), "--pairs", text(&pairs)];
    args.extend(["--labels", "url", "--out", text(&out)]);
    args.extend(LONGER);
    status(&infoplane(&args), 0);
    let json: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    for checkpoint in json["conditions"][0]["checkpoints"].as_array().unwrap() {
        let tables = checkpoint["label_tables"].as_object().unwrap();
        let listed = tables["output:bigram"]["labels"].as_array().unwrap().len();
        assert!(
            tables.len() == 10 && (21..=40).contains(&listed),
            "{} tables, {listed} labels",
            tables.len()
        );
        // Their values are few and none is seen once.
        for label in ["preference", "field:url"] {
            let entries = tables[label]["labels"].as_array().unwrap();
            let positions = tables[label]["positions"].as_f64().unwrap();
            let part = |entry: &Value| entry[1].as_f64().unwrap() / positions * entry[2].as_f64().unwrap();
            let whole: f64 = entries.iter().map(part).sum();
            let information = checkpoint["mean"]["labels"][label]["information"].as_f64().unwrap();
            assert!((whole - information).abs() < 1e-9, "{label}: {whole} for {information}");
            assert_eq!(entries.iter().map(|entry| entry[1].as_f64().unwrap()).sum::<f64>(), positions);
        }
    }
    let shown = |args: &[&str]| {
        let output = infoplane(&[&["show", text(&out)], args].concat());
        status(&output, 0);
        String::from_utf8(output.stdout).unwrap()
    };
    let table = shown(&["--labels", "token", "--top", "3"]);
    assert!(!table.contains("step0,") && table.matches(": most is owed to").count() == 2, "{table}");
    assert!(table.contains("run/step2000, input:token: least is told by"), "{table}");
    let table = shown(&["--labels", "preference", "--checkpoint", "step0"]);
    assert!(table.contains("step0, preference: most") && table.contains("rejected"), "{table}");
    fails(
        &["show", text(&out), "--labels", "author"],
        &["no table of field:author", "there are input:token"],
    );
    fails(&["show", text(&out), "--labels", "token", "--top", "21"], &["a number from 1 to 20"]);

    let svg = folder.path().join("ranking.svg");
    let figure = ["figure", text(&out), "--kind", "ranking", "--measure", "field:url", "--out", text(&svg)];
    status(&infoplane(&figure), 0);
    assert!(std::fs::read_to_string(&svg).unwrap().contains("least is told by"));
    // Tables have no room for them, and say so.
    let csv = folder.path().join("results.csv");
    status(&infoplane(&["merge", text(&out), "--out", text(&csv)]), 0);
    fails(&["show", text(&csv), "--labels", "token"], &["JSON documents alone"]);
    fails(&["figure", text(&csv), "--kind", "ranking", "--out", text(&svg)], &["from a JSON document"]);
}

#[test]
fn pairs_alone_need_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_of(folder.path(), &["step2000"]);
    let pairs = fixture("labels/pairs.jsonl");
    let mut args = vec!["measure", text(&run), "--pairs", text(&pairs)];
    args.extend(LONGER);
    let output = infoplane(&args);
    let said = status(&output, 0);
    assert!(said.contains("no chat template") && said.contains("on 16 answers ("), "{said}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["conditions"][0]["settings"]["text"], "pairs.jsonl");
    let mean = &json["conditions"][0]["checkpoints"][0]["mean"];
    assert_eq!(mean["labels"].as_object().unwrap().keys().collect::<Vec<_>>(), ["preference"]);
    let shown = folder.path().join("results.json");
    std::fs::write(&shown, &output.stdout).unwrap();
    let output = infoplane(&["show", text(&shown)]);
    status(&output, 0);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("\npreference\n") && !table.contains("\ntoken\n"), "{table}");
    fails(&["measure", text(&run)], &["no text to measure", "--pairs"]);
}

#[test]
fn a_pair_is_shown_as_the_model_reads_it() {
    let pairs = fixture("labels/pairs.jsonl");
    let (tokenizer, template) =
        (asset("demo/gutenberg-1m/tokenizer.json"), fixture("labels/chat_template.jinja"));
    let of = |more: &[&str]| {
        let mut args = vec!["pairs", text(&pairs), "--tokenizer", text(&tokenizer)];
        args.extend(["--chat-template", text(&template), "--context", "256"]);
        args.extend(more);
        let output = infoplane(&args);
        status(&output, 0);
        String::from_utf8(output.stdout).unwrap()
    };
    // As many positions as the oracle has.
    let summary = of(&[]);
    assert!(summary.contains("80 answers, 0 cut away"), "{summary}");
    assert!(summary.contains("3347 chosen, 3381 rejected, of last messages"), "{summary}");
    assert!(of(&["--pair-positions", "all"]).contains("7040 chosen, 7074 rejected, of all messages"));
    let parted = of(&["--inspect", "--pair", "5"]);
    assert!(parted.contains('¦'), "{parted}");
    let shown = parted.replace('¦', "");
    for part in ["pair 5 (line 5)", "chosen: ", "rejected: ", "<|system|>", "labelled"] {
        assert!(shown.contains(part), "`{part}` is not in: {shown}");
    }
    // The brackets enclose the last message with its end marker, and nothing before it.
    let chosen = shown.split("chosen: ").nth(1).unwrap().split("rejected: ").next().unwrap();
    let (before, rest) = chosen.split_once('[').unwrap();
    assert!(before.ends_with("<|assistant|>\n"), "{before}");
    assert!(rest.trim_end().ends_with(']') && !rest.contains("<|user|>"), "{rest}");
    assert!(of(&["--inspect", "--color", "always"]).contains("\x1b[42;30m"));
    fails(
        &["pairs", text(&pairs), "--tokenizer", text(&tokenizer), "--inspect", "--pair", "41"],
        &["the file has 40 pairs"],
    );
    let corpus = asset("demo/books-sample.jsonl");
    fails(&["pairs", text(&corpus), "--tokenizer", text(&tokenizer)], &["line 1 has no", "chosen"]);
}
