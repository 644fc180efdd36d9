//! The hub cache: one folder a repository, its revisions by commit, their names only in `refs`.
//!
//! ```text
//! models--org--name/
//!     blobs/<hash>             the files' contents
//!     refs/main, refs/step100  the commit a revision's name stands for
//!     snapshots/<commit>/…     a revision's files, as links into blobs
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::natural::natural_order;
use super::step_name::StepName;

/// Names of revisions may have folders in them, but not endlessly.
const DEEPEST: usize = 8;
/// The most revisions looked at.
const MOST: usize = 100_000;

/// A revision of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its name in `refs`, or its commit where nothing names it.
    pub name: String,
    /// Its snapshot.
    pub path: PathBuf,
}

/// The `org/name` of a repository's folder.
pub fn repository_name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
    name.strip_prefix("models--").map_or(name.to_string(), |rest| rest.replacen("--", "/", 1))
}

/// The folder of a repository in the hub's cache on this machine, for a name such as `org/name`.
pub fn cached(name: &str) -> Option<PathBuf> {
    let folder = place_of(name, variable)?;
    super::folder::is_repository(&folder).then_some(folder)
}

/// Where a repository of this name would lie in the hub's cache on this machine; `None` for what is no such name.
pub fn looked_for(name: &str) -> Option<PathBuf> {
    place_of(name, variable)
}

/// A path with `~` for the user's own folder, where nothing of that name lies here.
pub fn expanded(path: &Path) -> PathBuf {
    match path.exists() {
        true => path.to_owned(),
        false => in_home(path, variable),
    }
}

/// A variable of the environment, if it is set to anything.
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn place_of(name: &str, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let (org, model) = name.split_once('/')?;
    if [org, model].iter().any(|part| part.is_empty() || part.starts_with(['.', '~']))
        || model.contains('/')
        || name.contains("..")
    {
        return None;
    }
    Some(cache(variable)?.join(format!("models--{org}--{model}")))
}

/// The hub's cache, by the variables that its library reads, in its order.
fn cache(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let own = variable("HF_HUB_CACHE").or_else(|| variable("HUGGINGFACE_HUB_CACHE"));
    let home = || Some(variable("HF_HOME")?.join("hub"));
    let xdg = || Some(variable("XDG_CACHE_HOME")?.join("huggingface/hub"));
    let usual = || Some(variable("HOME")?.join(".cache/huggingface/hub"));
    let cache = own.or_else(home).or_else(xdg).or_else(usual)?;
    Some(in_home(&cache, variable))
}

/// A path with the user's own folder in place of a `~` at its start.
fn in_home(path: &Path, variable: impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix("~"), variable("HOME")) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

/// The revisions of a repository whose snapshots or names are there. A commit with several names goes by
/// the one that says a step, else by the first.
pub fn revisions(repository: &Path) -> Vec<Revision> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, commit) in refs(&repository.join("refs")) {
        names.entry(commit).or_default().push(name);
    }
    for entry in fs::read_dir(repository.join("snapshots")).into_iter().flatten().flatten() {
        let commit = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !commit.starts_with('.') {
            names.entry(commit).or_default();
        }
    }
    let revision = |(commit, mut names): (String, Vec<String>)| {
        names.sort_by(|a, b| natural_order(a, b));
        let path = repository.join("snapshots").join(&commit);
        let of_step = names.iter().position(|name| StepName::parse(name).is_some());
        Revision { name: names.into_iter().nth(of_step.unwrap_or(0)).unwrap_or(commit), path }
    };
    names.into_iter().take(MOST).map(revision).collect()
}

/// The name a snapshot goes by.
pub fn name_of_snapshot(snapshot: &Path) -> Option<String> {
    let snapshots = snapshot.parent()?;
    let repository = snapshots.parent()?;
    if snapshots.file_name()? != "snapshots" || !super::folder::is_repository(repository) {
        return None;
    }
    let commit = snapshot.file_name()?;
    let found =
        revisions(repository).into_iter().find(|revision| revision.path.file_name() == Some(commit))?;
    Some(found.name)
}

/// All names below a folder of `refs`, with the commits they stand for.
fn refs(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            // Links are of no use here and could lead anywhere.
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < DEEPEST {
                folders.push((entry.path(), format!("{name}/"), depth + 1));
            } else if kind.is_file() && found.len() < MOST {
                found.extend(commit_in(&entry.path()).map(|commit| (name, commit)));
            }
        }
    }
    found
}

/// The commit a file of `refs` names: hexadecimal, so that it is the name of a snapshot and no path.
fn commit_in(path: &Path) -> Option<String> {
    let mut text = String::new();
    fs::File::open(path).ok()?.take(256).read_to_string(&mut text).ok()?;
    let commit = text.trim();
    let hexadecimal = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal.then(|| commit.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_found_as_its_library_finds_it() {
        let of = |set: &[(&str, &str)]| {
            let variable = |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| PathBuf::from(value))
            };
            place_of("org/name", variable)
                .map(|path| path.to_str().unwrap().replace("models--org--name", "R"))
        };
        let home = ("HOME", "/h");
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[home]).unwrap(), "/h/.cache/huggingface/hub/R");
        let xdg = ("XDG_CACHE_HOME", "/x");
        assert_eq!(of(&[home, xdg]).unwrap(), "/x/huggingface/hub/R");
        let of_library = ("HF_HOME", "~/hf");
        assert_eq!(of(&[home, xdg, of_library]).unwrap(), "/h/hf/hub/R");
        let former = ("HUGGINGFACE_HUB_CACHE", "/former");
        assert_eq!(of(&[home, of_library, former]).unwrap(), "/former/R");
        assert_eq!(of(&[home, former, ("HF_HUB_CACHE", "~")]).unwrap(), "/h/R");
    }

    #[test]
    fn only_names_of_repositories_are_looked_for() {
        let home = |name: &str| (name == "HOME").then(|| PathBuf::from("/h"));
        for name in ["", "name", "/name", "org/", "a/b/c", "../name", "org/..", "./name", "~/name", "org/.x"]
        {
            assert_eq!(place_of(name, home), None, "{name}");
        }
        assert_eq!(in_home(Path::new("~/run"), home), Path::new("/h/run"));
        assert_eq!(in_home(Path::new("~"), home), Path::new("/h"));
        assert_eq!(in_home(Path::new("~user/run"), home), Path::new("~user/run"));
    }
}
