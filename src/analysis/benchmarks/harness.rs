//! Scores as lm-evaluation-harness writes them: `results_*.json`, a file an evaluation.

use serde_json::{Map, Value};

use super::{Benchmark, Benchmarks, Checkpoint, Scores, Unit};

/// Numbers of a task that are no scores.
const NO_SCORES: [&str; 5] = ["alias", "name", "samples", "sample_len", "sample_count"];

/// Whether a document is of lm-evaluation-harness.
pub(super) fn is_of_harness(document: &Value) -> bool {
    document.get("results").is_some_and(Value::is_object)
}

/// Puts evaluations together, in order: a row a model and checkpoint, a benchmark a task and metric.
pub(super) fn put_together(documents: &[Value], folder_names: &[Option<String>]) -> Benchmarks {
    let mut together = Benchmarks::default();
    for (document, folder) in documents.iter().zip(folder_names) {
        let Some(model) = name(document).or_else(|| folder.clone()) else {
            together.notes.push("an evaluation that does not name its model is left out".to_owned());
            continue;
        };
        let (model, checkpoint) = split(&model, argument(document, "revision").as_deref());
        let mut values: Vec<Option<f64>> = vec![None; together.benchmarks.len()];
        for (task, metrics) in document["results"].as_object().into_iter().flatten() {
            for (metric, value) in metrics.as_object().into_iter().flatten() {
                let Some(value) = value.as_f64().filter(|_| is_score(metric)) else { continue };
                let name = called(task, metric);
                let known = together.benchmarks.iter().position(|benchmark| benchmark.name == name);
                let at = known.unwrap_or_else(|| {
                    together.benchmarks.push(Benchmark { name, unit: Unit::Other });
                    values.push(None);
                    together.benchmarks.len() - 1
                });
                values[at] = Some(value);
            }
        }
        let parameters = document.get("config").and_then(|config| config.get("model_num_parameters"));
        let parameters = parameters.and_then(Value::as_f64).filter(|count| *count > 0.0);
        together.rows.push(Scores { model, checkpoint, parameters, values });
    }
    let count = together.benchmarks.len();
    together.rows.iter_mut().for_each(|row| row.values.resize(count, None));
    for (index, benchmark) in together.benchmarks.iter_mut().enumerate() {
        let scores = together.rows.iter().filter_map(|row| row.values[index]);
        benchmark.unit = Unit::of(&benchmark.name, scores, false);
    }
    together.without_repeats()
}

fn is_score(metric: &str) -> bool {
    let name = metric.split(',').next().unwrap_or_default();
    !name.contains("stderr") && !NO_SCORES.contains(&name)
}

/// A task and a metric, with the filter of answers where there is one: `acc,none` is `acc`.
fn called(task: &str, metric: &str) -> String {
    match metric.split_once(',') {
        Some((metric, "none")) => format!("{task} {metric}"),
        Some((metric, filter)) => format!("{task} {metric} ({filter})"),
        None => format!("{task} {metric}"),
    }
}

/// The model's name; `None` where the evaluation does not say.
fn name(document: &Value) -> Option<String> {
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).map(str::to_owned).filter(|text| !text.is_empty())
    };
    ["pretrained", "model", "path"]
        .iter()
        .find_map(|key| argument(document, key))
        .or_else(|| text(document.get("model_name")))
}

/// An argument that the model was loaded with; written as one text or as an object.
fn argument(document: &Value, key: &str) -> Option<String> {
    let text = match document.get("config")?.get("model_args")? {
        Value::String(arguments) => {
            let mut pairs = arguments.split(',').filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim().to_owned())
        }
        Value::Object(arguments) => of_object(arguments, key),
        _ => None,
    };
    text.filter(|text| !text.is_empty())
}

fn of_object(arguments: &Map<String, Value>, key: &str) -> Option<String> {
    arguments.get(key)?.as_str().map(str::to_owned)
}

/// A model's name and its checkpoint, which is a revision or the last folder of a path.
fn split(model: &str, revision: Option<&str>) -> (String, Option<Checkpoint>) {
    let model = model.trim_end_matches('/');
    let revision = revision.and_then(|revision| Checkpoint::named(revision, None));
    let folder = || {
        let (run, folder) = model.rsplit_once('/')?;
        // `pythia-70m-step1000` may be a model of that name; a folder of nothing but a time is a run's.
        let read = crate::checkpoints::step_name::StepName::parse(folder)?;
        let run = run.rsplit('/').next().filter(|run| !run.is_empty())?;
        read.series.is_empty().then(|| (run.to_owned(), Checkpoint::named(folder, None)))
    };
    match (revision, folder()) {
        (None, Some(found)) => found,
        (revision, _) => (model.to_owned(), revision),
    }
}
