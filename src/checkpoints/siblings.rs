//! Models that lie beside each other: which of them belong to one run.

use super::step_name::{StepName, numbered, says_the_end};

/// Models of one run, or one model by itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Group<M> {
    /// The run's name, empty where it is that of the folder; `None` for a model by itself.
    pub name: Option<String>,
    /// At least one model.
    pub models: Vec<M>,
}

/// Groups models by their names, each with `architecture`, which is only asked for where names alone do not tell.
///
/// 1. Names that are all time, such as `step1000`, make one run of the folder. Names that say no time, such as `main`,
///    belong to it.
/// 2. Names that say a time of a series, such as `pythia-70m-step1000`, make a run a series, from two models on. With
///    names that are all time beside it, a lone one belongs to the folder's run.
/// 3. Without names that are all time, names that differ in numbers alone make a run, from two models on, where their
///    architecture is the same: `pythia-70m` and `pythia-160m` are two models.
/// 4. Where that leaves one run alone, names of an end, such as `final`, belong to it.
/// 5. Whatever remains is a model by itself.
pub fn grouped<M, A: PartialEq>(models: Vec<(String, M)>, architecture: impl Fn(&M) -> A) -> Vec<Group<M>> {
    let mut of_folder: Vec<M> = Vec::new();
    let mut series: Vec<(String, Vec<(String, M)>)> = Vec::new();
    let mut rest: Vec<(String, M)> = Vec::new();
    for (name, model) in models {
        match StepName::parse(&name) {
            Some(read) if read.series.is_empty() => of_folder.push(model),
            Some(read) => add(&mut series, read.series, (name, model)),
            None => rest.push((name, model)),
        }
    }
    let (mut runs, lone): (Vec<_>, Vec<_>) = series.into_iter().partition(|(_, models)| models.len() > 1);
    rest.extend(lone.into_iter().flat_map(|(_, models)| models));
    let group = |name: String, models: Vec<M>| Group { name: Some(name), models };
    if !of_folder.is_empty() {
        of_folder.extend(rest.into_iter().map(|(_, model)| model));
        let others = runs.into_iter().map(|(series, models)| group(series, unnamed(models)));
        return std::iter::once(group(String::new(), of_folder)).chain(others).collect();
    }
    // The same shape and the same architecture.
    let mut alike = Vec::new();
    let mut single = Vec::new();
    for (name, model) in rest {
        match numbered(&name) {
            Some((shape, _)) => {
                let key = (shape, architecture(&model));
                add(&mut alike, key, (name, model));
            }
            None => single.push((name, model)),
        }
    }
    for ((shape, _), models) in alike {
        match models.len() {
            1 => single.extend(models),
            _ => runs.push((shape.trim_matches(|c: char| !c.is_alphanumeric()).to_owned(), models)),
        }
    }
    if let [(series, models)] = &mut runs[..] {
        let (ends, others) = single.into_iter().partition(|(name, _)| says_the_end(name, series));
        single = others;
        models.extend::<Vec<_>>(ends);
        if single.is_empty() {
            series.clear();
        }
    }
    let runs = runs.into_iter().map(|(name, models)| group(name, unnamed(models)));
    let single = single.into_iter().map(|(_, model)| Group { name: None, models: vec![model] });
    runs.chain(single).collect()
}

/// Adds to the entry of a key, at the end where there is none yet.
fn add<K: PartialEq, V>(entries: &mut Vec<(K, Vec<V>)>, key: K, value: V) {
    match entries.iter_mut().find(|(known, _)| *known == key) {
        Some((_, values)) => values.push(value),
        None => entries.push((key, vec![value])),
    }
}

fn unnamed<M>(models: Vec<(String, M)>) -> Vec<M> {
    models.into_iter().map(|(_, model)| model).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `run: model model`, a line a group; the folder's run is called `.`, a model by itself has no name.
    fn lines(names: &[&str]) -> Vec<String> {
        // The size stands for the architecture.
        let size = |name: &String| ["70m", "160m"].map(|size| name.contains(size));
        let models = names.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
        let line = |group: Group<String>| match group.name {
            None => group.models.join(" "),
            Some(name) if name.is_empty() => format!(".: {}", group.models.join(" ")),
            Some(name) => format!("{name}: {}", group.models.join(" ")),
        };
        grouped(models, size).into_iter().map(line).collect()
    }

    #[test]
    fn names_that_are_all_time_are_the_folder_s_run() {
        assert_eq!(lines(&["step1", "main"]), [".: step1 main"]);
        assert_eq!(lines(&["ckpt_000", "ckpt_010"]), [".: ckpt_000 ckpt_010"]);
        assert_eq!(lines(&["step1", "other-step2"]), [".: step1 other-step2"]);
        assert_eq!(lines(&["step1", "a-step2", "a-step3"]), [".: step1", "a: a-step2 a-step3"]);
        assert_eq!(lines(&["1000", "2000", "tokenizer-test"]), [".: 1000 2000 tokenizer-test"]);
    }

    #[test]
    fn names_of_series_are_a_run_each() {
        let two = ["pythia-70m-step1", "pythia-160m-step1", "pythia-70m-step2", "pythia-160m-step2", "olmo"];
        assert_eq!(
            lines(&two),
            [
                "pythia-70m: pythia-70m-step1 pythia-70m-step2",
                "pythia-160m: pythia-160m-step1 pythia-160m-step2",
                "olmo"
            ]
        );
        assert_eq!(lines(&["amber-step1", "amber-step2"]), [".: amber-step1 amber-step2"]);
        assert_eq!(lines(&["amber-step1", "amber-step2", "main"]), [".: amber-step1 amber-step2 main"]);
        assert_eq!(lines(&["seed1-step1", "seed2-step1"]), ["seed1-step1", "seed2-step1"]);
    }

    #[test]
    fn names_that_differ_in_numbers_alone_are_a_run() {
        assert_eq!(lines(&["save_2", "save_10", "save_final"]), [".: save_2 save_10 save_final"]);
        assert_eq!(lines(&["10M", "100M", "1B"]), [".: 10M 100M 1B"]);
        assert_eq!(lines(&["a1", "a2", "b1", "b2"]), ["a: a1 a2", "b: b1 b2"]);
        assert_eq!(lines(&["pythia-70m", "pythia-160m"]), ["pythia-70m", "pythia-160m"]);
        assert_eq!(lines(&["seed1", "seed2"]), ["seed1", "seed2"]);
        assert_eq!(lines(&["b", "a"]), ["b", "a"]);
    }
}
