//! Runs opened together: no checkpoint twice, no two runs of one name.

use std::collections::hash_map::{Entry, HashMap};
use std::path::{Component, Path, PathBuf};

use super::Run;

/// Makes runs that were opened together differ: a checkpoint that was reached by two paths stays in one run, and
/// runs of the same name are named with the folders above them. Returns a line on whatever went. A run that has no
/// checkpoint left is nothing but repeats.
///
/// The first path stays, but a model opened by itself gives way to the run it belongs to.
pub fn told_apart(runs: &mut [&mut Run]) -> Vec<String> {
    let lines = once_each(runs);
    name_apart(runs);
    lines
}

fn once_each(runs: &mut [&mut Run]) -> Vec<String> {
    let mut lines = Vec::new();
    // The real folder of a checkpoint, with the path it was first reached by and its run's.
    let mut known: HashMap<PathBuf, (PathBuf, PathBuf)> = HashMap::new();
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&run| runs[run].is_single_model());
    for index in order {
        let run = &mut runs[index];
        let mut again = Vec::new();
        run.checkpoints.retain(|checkpoint| match known.entry(real(&checkpoint.path)) {
            Entry::Vacant(entry) => {
                entry.insert((checkpoint.path.clone(), run.path.clone()));
                true
            }
            Entry::Occupied(entry) => {
                again.push((checkpoint.path.clone(), entry.get().clone()));
                false
            }
        });
        match &again[..] {
            [(_, (_, first)), ..] if run.checkpoints.is_empty() => {
                lines.push(format!(
                    "{} is in {} already, measured once",
                    run.path.display(),
                    first.display()
                ));
            }
            _ => lines.extend(again.iter().map(|(path, (first, _))| {
                format!("{} is {}, measured once", path.display(), first.display())
            })),
        }
    }
    lines
}

fn name_apart(runs: &mut [&mut Run]) {
    let mut of_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, run) in runs.iter().enumerate().filter(|(_, run)| !run.checkpoints.is_empty()) {
        of_name.entry(run.name.clone()).or_default().push(index);
    }
    for (name, alike) in of_name.into_iter().filter(|(_, alike)| alike.len() > 1) {
        let above: Vec<Vec<String>> = alike.iter().map(|&run| folders_above(&runs[run].path)).collect();
        let most = above.iter().map(Vec::len).max().unwrap_or(0);
        let named = |depth: usize| -> Vec<String> {
            let with = |above: &Vec<String>| {
                let folders = &above[above.len().saturating_sub(depth)..];
                folders.iter().chain([&name]).cloned().collect::<Vec<_>>().join("/")
            };
            above.iter().map(with).collect()
        };
        let distinct = |names: &Vec<String>| {
            let mut sorted = names.clone();
            sorted.sort_unstable();
            sorted.windows(2).all(|pair| pair[0] != pair[1])
        };
        let Some(names) = (1..=most).map(named).find(distinct) else { continue };
        for (run, name) in alike.into_iter().zip(names) {
            let run = &mut runs[run];
            // A model is called like the run that it is all of.
            if run.is_single_model() && run.checkpoints[0].name == run.name {
                run.checkpoints[0].name.clone_from(&name);
            }
            run.name = name;
        }
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// The names of the folders above a run, outermost first.
fn folders_above(run: &Path) -> Vec<String> {
    // A link is called as it is, wherever it leads.
    let path = match (run.parent(), run.file_name()) {
        (Some(above), Some(_)) => real(if above.as_os_str().is_empty() { Path::new(".") } else { above }),
        _ => real(run).parent().map(Path::to_owned).unwrap_or_default(),
    };
    let named = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    };
    path.components().filter_map(named).collect()
}
