//! `infoplane frontier`: of joints and of texts, as JSON, table and figure.

use serde_json::Value;

use super::{asset, fails, fixture, infoplane, run_of, status, text};

/// What is printed for flags, as JSON.
#[track_caller]
fn json(args: &[&str]) -> Value {
    let output = infoplane(&[&["frontier"], args].concat());
    status(&output, 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn at_each_trade_off_asked_for_nothing_better_is_known() {
    let file = fixture("frontier/oracle.json");
    let oracle: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for (name, of) in oracle.as_object().unwrap() {
        let expected = of["frontier"].as_array().unwrap();
        let betas: Vec<String> = expected.iter().map(|point| point["beta"].to_string()).collect();
        let joint = format!("{}#{name}", text(&file));
        let found = json(&["--joint", &joint, "--beta", &betas.join(",")]);
        assert!((found["I_XY"].as_f64().unwrap() - of["I_XY"].as_f64().unwrap()).abs() < 1e-12);
        let points = found["points"].as_array().unwrap();
        let number = |point: &Value, name: &str| point[name].as_f64().unwrap();
        for expected in expected {
            let beta = number(expected, "beta");
            let at = |point: &&Value| number(point, "beta") == beta;
            let lagrangian = |point: &Value| number(point, "I_X") - beta * number(point, "I_Y");
            let found = points.iter().filter(at).map(lagrangian).fold(f64::INFINITY, f64::min);
            let known = number(expected, "lagrangian");
            assert!(found <= known + 1e-9, "{name}, β {beta}: {found} for {known}");
        }
        assert!(
            found["outer"].as_array().is_some_and(|lines| !lines.is_empty()) && found["bracket"].is_null()
        );
    }
    fails(&["frontier", "--joint", text(&file)], &["random_8x6", "#"]);
}

#[test]
fn a_text_has_its_frontier_kept_printed_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let (corpus, tokenizer) = (asset("demo/books-sample.jsonl"), asset("demo/gutenberg-1m/tokenizer.json"));
    let store = folder.path().join("store");
    let of_text = ["--corpus", text(&corpus), "--tokenizer", text(&tokenizer), "--store", text(&store)];
    let of_text = [&of_text[..], &["--samples", "12", "--context", "96"]].concat();
    let found = json(&of_text);
    let number = |name: &str| found[name].as_f64().unwrap();
    assert_eq!(found["counts"]["positions"], 12 * (96 - 7));
    assert!(number("I_XY") > 1.0 && number("I_XY") < number("H_X"));
    let bracket = &found["bracket"];
    assert!(bracket["held_out"].as_f64().unwrap() < bracket["plug_in"].as_f64().unwrap());
    assert!((bracket["plug_in"].as_f64().unwrap() - number("I_XY")).abs() < 1e-9);
    let kept = std::fs::read_dir(store.join("measurements")).unwrap().count();
    assert_eq!((kept, json(&of_text) == found), (1, true), "found again in the store");
    assert!(number("I_XY") != json(&[&of_text[..], &["--order", "2"]].concat())["I_XY"].as_f64().unwrap());

    for name in ["frontier.svg", "frontier.pdf", "frontier.csv", "frontier.json"] {
        let out = folder.path().join(name);
        status(&infoplane(&[&["frontier"], &of_text[..], &["--out", text(&out)]].concat()), 0);
        assert!(std::fs::metadata(&out).unwrap().len() > 1000, "{name}");
    }
    // Beside a model that was measured on the same text.
    let run = run_of(folder.path(), &["step2000"]);
    let results = folder.path().join("results.json");
    let measure = ["measure", text(&run), "--corpus", text(&corpus), "--no-store", "--out", text(&results)];
    status(
        &infoplane(&[&measure[..], &["--samples", "12", "--context", "96", "--backend", "cpu"]].concat()),
        0,
    );
    let (frontier, plane) = (folder.path().join("frontier.json"), folder.path().join("plane.svg"));
    for kind in ["plane", "frontier"] {
        let figure =
            ["figure", text(&results), "--kind", kind, "--frontier", text(&frontier), "--out", text(&plane)];
        let bound: &[&str] = if kind == "plane" { &["--bound", "frontier"] } else { &[] };
        status(&infoplane(&[&figure[..], bound].concat()), 0);
        let drawn = std::fs::read_to_string(&plane).unwrap();
        assert!(drawn.contains("encoders found") && drawn.contains("none above"), "{kind}");
    }
}

#[test]
fn what_is_no_joint_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("joint.json");
    let with = |content: &str, parts: &[&str]| {
        std::fs::write(&file, content).unwrap();
        fails(&["frontier", "--joint", text(&file)], parts);
    };
    with("[[0, 0], [0, 0]]", &["no mass"]);
    with("[[0.5, -0.1], [0.2, 0.4]]", &["negative"]);
    with("[[0.5, NaN], [0.2, 0.3]]", &["joint.json"]);
    with("[[0.5, 0.1], [0.4]]", &["joint.json"]);
    with("{\"joints\": 3}", &["joint.json"]);
    let trivial = |content: &str| {
        std::fs::write(&file, content).unwrap();
        json(&["--joint", text(&file)])
    };
    // Independent, of one column, and a permutation.
    for independent in ["[[1, 2], [2, 4]]", "[[3], [4]]"] {
        let found = trivial(independent);
        assert_eq!(found["I_XY"].as_f64(), Some(0.0), "{independent}");
    }
    let found = trivial("[[0, 5], [5, 0]]");
    assert!((found["I_XY"].as_f64().unwrap() - std::f64::consts::LN_2).abs() < 1e-12);
    fails(&["frontier"], &["--joint", "--corpus", "--tokens"]);
    fails(&["frontier", "--joint", text(&file), "--beta", "0"], &["β"]);
    fails(&["frontier", "--joint", text(&file), "--out", "frontier.docx"], &[".json"]);
}
