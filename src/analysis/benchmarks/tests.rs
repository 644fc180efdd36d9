use std::path::Path;

use serde_json::json;

use super::*;

fn of_csv(text: &str) -> Benchmarks {
    csv::read(text.as_bytes()).unwrap()
}

fn names(of: &Benchmarks) -> Vec<&str> {
    of.benchmarks.iter().map(|benchmark| &*benchmark.name).collect()
}

fn models(of: &Benchmarks) -> Vec<&str> {
    of.rows.iter().map(|row| &*row.model).collect()
}

fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[test]
fn the_leaderboards_layout_is_read() {
    let of = of_csv(
        "eval_name,Precision,Model,Average ⬆️,IFEval,IFEval Raw,MATH Lvl 5,Model sha,Hub License,Hub ❤️,#Params (B),MoE,fullname,CO₂ cost (kg)\n\
         a_float16,float16,\"<a target=\"\"_blank\"\" href=\"\"x\"\">org/A</a>\",35.5,60.1,0.601,12.5,abc,mit,12,7.2,False,org/A,1.5\n\
         b_bfloat16,bfloat16,b,20,30.5,0.305,,def,mit,3,-1,False,org/B,2.5\n\
         a_bfloat16,bfloat16,a,36,61,0.61,13,abc,mit,12,7.2,False,org/A,1.5\n",
    );
    assert_eq!(names(&of), ["Average", "IFEval", "IFEval Raw", "MATH Lvl 5"]);
    let units: Vec<Unit> = of.benchmarks.iter().map(|benchmark| benchmark.unit).collect();
    assert_eq!(units, [Unit::Percent, Unit::Percent, Unit::Fraction, Unit::Percent]);
    assert_eq!(models(&of), ["org/A", "org/B"]);
    assert_eq!(of.rows[0].values, [Some(35.5), Some(60.1), Some(0.601), Some(12.5)]);
    assert_eq!(of.rows[1].values[3], None);
    assert_eq!([of.rows[0].parameters, of.rows[1].parameters], [Some(7.2e9), None]);
    assert_eq!(of.notes, ["1 model with scores more than once, as `org/A`: the first are taken"]);
    assert_eq!(
        [of.benchmark("average"), of.benchmark("ifeval raw"), of.benchmark("BBH")],
        [Some(0), Some(2), None]
    );
}

#[test]
fn a_table_may_be_of_checkpoints() {
    let of = of_csv(
        "name;revision;size;hellaswag;perplexity;comment\npythia-70m;step1000;70M;27,5%;80,5;good\n\
         pythia-70m;main;70M;31,0%;n/a;7\n;;;1;1;\npythia-70m;step1000;70M;;70;\n",
    );
    assert_eq!(names(&of), ["hellaswag", "perplexity"]);
    assert_eq!([of.benchmarks[0].unit, of.benchmarks[1].unit], [Unit::Percent, Unit::Other]);
    let step = Checkpoint { name: Some("step1000".to_owned()), step: Some(1000) };
    assert_eq!(of.rows.iter().map(|row| row.checkpoint.clone()).collect::<Vec<_>>(), [Some(step), None]);
    assert_eq!(of.rows[0].values, [Some(27.5), Some(80.5)]);
    assert_eq!(of.rows[1].values, [Some(31.0), None]);
    assert!(of.notes.iter().any(|note| note == "1 row without a model left out"), "{:?}", of.notes);
    let steps = of_csv("Model,Step,acc\nm,0,0.25\nm,1000,0.5\n");
    assert_eq!(steps.rows[1].checkpoint, Some(Checkpoint { name: None, step: Some(1000) }));
    assert_eq!(steps.benchmarks[0].unit, Unit::Fraction);
}

#[test]
fn what_is_no_table_of_scores_says_so() {
    let cause = |text: &str| csv::read(text.as_bytes()).unwrap_err().cause;
    assert!(cause("a,b\n1,2\n").contains("without a column of models"));
    assert!(cause("model,b\nx,y\n").contains("without a column of numbers"));
    assert!(cause("").contains("without names"));
}

#[test]
fn evaluations_are_put_together_by_model_and_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let evaluation = |model_args: serde_json::Value, results: serde_json::Value| {
        json!({"results": results, "config": {"model_args": model_args}, "model_name": "named"}).to_string()
    };
    let task =
        |acc: f64| json!({"alias": "arc", "acc,none": acc, "acc_stderr,none": 0.01, "acc_norm,none": "N/A"});
    write(
        folder.path(),
        "EleutherAI__pythia-70m/results_2024-01-01.json",
        &evaluation(
            json!("pretrained=EleutherAI/pythia-70m,revision=step1000,dtype=float"),
            json!({"arc": task(0.25)}),
        ),
    );
    write(
        folder.path(),
        "EleutherAI__pythia-70m/results_2024-01-03.json",
        &evaluation(json!("pretrained=EleutherAI/pythia-70m,revision=step1000"), json!({"arc": task(0.3)})),
    );
    write(
        folder.path(),
        "EleutherAI__pythia-70m/results_2024-01-02.json",
        &evaluation(
            json!({"pretrained": "EleutherAI/pythia-70m"}),
            json!({"gsm8k": {"exact_match,strict-match": 0.1, "sample_len": 7}}),
        ),
    );
    write(
        folder.path(),
        "local/results_2024-01-01.json",
        &evaluation(
            json!("pretrained=/runs/mine/checkpoint-500/"),
            json!({"arc": {"acc": 0.2, "acc_stderr": 0.1}}),
        ),
    );
    write(folder.path(), "local/samples_arc.json", "{}");
    write(folder.path(), "broken/results_2024.json", "{\"results\": ");
    let of = read(folder.path()).unwrap();
    assert_eq!(names(&of), ["arc acc", "gsm8k exact_match (strict-match)"]);
    let row = |model: &str, checkpoint: Option<u64>| {
        let is = |row: &&Scores| {
            row.model == model && row.checkpoint.as_ref().and_then(|of| of.step) == checkpoint
        };
        of.rows.iter().find(is).unwrap_or_else(|| panic!("{:?}", of.rows)).values.clone()
    };
    // The later of two evaluations counts.
    assert_eq!(row("EleutherAI/pythia-70m", Some(1000)), [Some(0.3), None]);
    assert_eq!(row("EleutherAI/pythia-70m", None), [None, Some(0.1)]);
    assert_eq!(row("mine", Some(500)), [Some(0.2), None]);
    assert_eq!(of.rows.len(), 3);
    assert!(of.notes[0].contains("not JSON") && of.notes[0].contains("results_2024.json"), "{:?}", of.notes);

    let one = read(&folder.path().join("local/results_2024-01-01.json")).unwrap();
    assert_eq!((one.rows.len(), one.benchmarks[0].unit), (1, Unit::Fraction));
    let error = |path: &Path| read(path).unwrap_err().to_string();
    assert!(
        error(&folder.path().join("local/samples_arc.json")).contains("not results of lm-evaluation-harness")
    );
    assert!(error(&folder.path().join("broken")).contains("not JSON"));
    assert!(error(&folder.path().join("none.csv")).contains("cannot be read"));
}

#[test]
fn an_evaluation_without_arguments_is_named_by_its_folder() {
    let document = json!({"results": {"arc": {"acc,none": 0.5}}});
    let evaluation = std::slice::from_ref(&document);
    let of = harness::put_together(evaluation, &[Some("org/model".to_owned())]);
    assert_eq!(models(&of), ["org/model"]);
    let of = harness::put_together(evaluation, &[None]);
    assert!(of.rows.is_empty() && of.notes.len() == 1);
}

#[test]
fn names_agree_however_they_are_written() {
    for same in
        ["EleutherAI/pythia-1.4b", "pythia_1.4B", "EleutherAI__Pythia-1.4b", "pythia-1.4b-hf", "pythia 1-4b"]
    {
        assert!(same_name("EleutherAI/Pythia-1.4b", same), "{same}");
    }
    for other in ["EleutherAI/pythia-14b", "someone/pythia-1.4b", "pythia-1.4b-deduped", ""] {
        assert!(!same_name("EleutherAI/Pythia-1.4b", other), "{other}");
    }
    assert!(same_name("[Some-Model](https://example.org/x)", "some_model"));
}

fn measured<'a>(run: &'a str, checkpoint: &'a str, step: Option<u64>) -> Measured<'a> {
    Measured { run, checkpoint, step }
}

#[test]
fn scores_of_a_model_go_to_its_last_checkpoint_and_those_of_checkpoints_to_theirs() {
    let of = of_csv("model,revision,acc\norg/Pythia_70M,step1000,0.3\norg/Pythia_70M,,0.4\norg/other,,0.5\n");
    let joined = join(
        &of,
        &[
            measured("pythia-70m", "step0", Some(0)),
            measured("pythia-70m", "checkpoint-1000", Some(1000)),
            measured("pythia-70m", "step2000", Some(2000)),
            measured("elsewhere", "step0", Some(0)),
            measured("downloads", "other", None),
        ],
    );
    assert_eq!(joined.rows, [None, Some(0), Some(1), None, Some(2)]);
    assert_eq!(joined.runs_without, ["elsewhere"]);
    assert!(joined.models_without.is_empty() && joined.notes.is_empty());
    let none = join(&of, &[]);
    assert_eq!(none.models_without, ["org/Pythia_70M", "org/other"]);
}

#[test]
fn names_that_collide_are_told_and_joined_to_neither() {
    let rows: String = (0..200).map(|index| format!("org{index}/Model,{index}\n")).collect();
    let of = of_csv(&format!("model,acc\n{rows}"));
    assert_eq!(of.rows.len(), 200);
    let joined = join(&of, &[measured("model", "model", None), measured("org7/model", "main", None)]);
    assert_eq!(joined.rows, [None, Some(7)]);
    assert_eq!(joined.runs_without, ["model"]);
    assert_eq!(joined.notes, ["`model` may be org0/model or org1/model: it is joined to neither"]);
}
