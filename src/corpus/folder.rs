//! Folders of Parquet or Arrow files as one text: those of `datasets`' `save_to_disk`, and shards side by side.

use std::collections::VecDeque;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::field::Field;
use super::{Entries, Entry, Open};
use crate::checkpoints::natural::natural_order;
use crate::error::{Error, Kind, Result};

/// The split that is read where there are several.
const SPLIT: &str = "train";
/// A file that describes a data set.
const LARGEST_DESCRIPTION: u64 = 16 << 20;

/// Documents of files, one file after the other.
pub(super) struct Shards<T> {
    folder: PathBuf,
    files: VecDeque<PathBuf>,
    /// How each is opened, and the one that is.
    opener: Box<Open<T>>,
    open: Option<Box<dyn Entries<T>>>,
    field: Field,
    note: Option<String>,
}

impl<T> Shards<T> {
    /// Opens the first file.
    ///
    /// # Errors
    /// A folder without such files, or of which it is not plain what to read.
    pub fn open(folder: &Path, opener: Box<Open<T>>, field: Field) -> Result<Self> {
        let (files, note) = files(folder)?;
        let mut shards =
            Self { folder: folder.to_owned(), files: files.into(), opener, open: None, field, note };
        shards.open_next()?;
        Ok(shards)
    }

    /// Opens the next file. Returns whether there is one.
    fn open_next(&mut self) -> Result<bool> {
        self.open = None;
        let Some(file) = self.files.pop_front() else { return Ok(false) };
        let open = (self.opener)(&file, self.field.clone()).map_err(|error| error.at(&file))?;
        // What was found in the first file is looked for in the others.
        self.field = open.field().clone();
        self.open = Some(open);
        Ok(true)
    }
}

impl<T> Entries<T> for Shards<T> {
    fn next(&mut self) -> Result<Option<Entry<T>>> {
        while let Some(open) = &mut self.open {
            match open.next()? {
                Some(Entry::Bad(problem)) => {
                    let file = open.path().file_name().unwrap_or_default().to_string_lossy();
                    let place = format!("{} of {file}", problem.place);
                    return Ok(Some(Entry::Bad(problem.at(place))));
                }
                Some(entry) => return Ok(Some(entry)),
                None => {
                    self.open_next()?;
                }
            }
        }
        Ok(None)
    }

    fn noun(&self) -> &'static str {
        "rows"
    }

    fn field(&self) -> &Field {
        &self.field
    }

    fn path(&self) -> &Path {
        &self.folder
    }

    fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

/// The files of a folder in their order, and what was chosen of it.
fn files(folder: &Path) -> Result<(Vec<PathBuf>, Option<String>)> {
    if let Some(splits) = description(&folder.join("dataset_dict.json"))? {
        let names = splits["splits"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let names: Vec<&str> = names.filter(|name| is_plain(name)).collect();
        let split = match &names[..] {
            [only] => only,
            names if names.contains(&SPLIT) => SPLIT,
            names => {
                let listed: Vec<String> =
                    names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
                let cause = format!("this data set has no split `{SPLIT}` but {}", listed.join(", "));
                return Err(Error::new(Kind::Corpus, cause)
                    .help("name the folder of one of them")
                    .at(folder));
            }
        };
        let (files, note) = files(&folder.join(split))?;
        let chosen = (names.len() > 1).then(|| format!("the text is that of the split `{split}`"));
        return Ok((files, chosen.or(note)));
    }
    if let Some(state) = description(&folder.join("state.json"))?
        && let Some(files) = state["_data_files"].as_array()
    {
        let names = files.iter().filter_map(|file| file["filename"].as_str());
        let names: Vec<&str> = names.filter(|name| is_plain(name)).collect();
        if names.len() != files.len() || names.is_empty() {
            let cause = "state.json names no files of this folder";
            return Err(Error::new(Kind::Corpus, cause).help("save the data set again").at(folder));
        }
        return Ok((names.iter().map(|name| folder.join(name)).collect(), None));
    }
    let mut names = names(folder)?;
    if names.is_empty() {
        let data = folder.join("data");
        if !data.is_dir() || folder.ends_with("data") {
            return Err(Error::new(Kind::Corpus, "this is a folder without Parquet or Arrow files")
                .help("name a file in it, such as .jsonl, .json.gz or .txt")
                .at(folder));
        }
        return files(&data);
    }
    let train = names.iter().filter(|name| split_of(name) == Some(SPLIT)).count();
    let chosen = train > 0 && train < names.len();
    if chosen {
        names.retain(|name| split_of(name) == Some(SPLIT));
    }
    let note = chosen.then(|| format!("the text is that of the split `{SPLIT}`"));
    Ok((names.iter().map(|name| folder.join(name)).collect(), note))
}

/// The names of Parquet files in a folder, or if there are none of Arrow files, as people order them.
fn names(folder: &Path) -> Result<Vec<String>> {
    let unreadable = |error: std::io::Error| {
        Error::new(Kind::Corpus, format!("the folder cannot be read ({error})"))
            .help("check its permissions")
            .at(folder)
    };
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with(['.', '_'])
            && entry.path().is_file()
        {
            all.push(name);
        }
    }
    let of = |end: &str| all.iter().filter(|name| name.ends_with(end)).cloned().collect::<Vec<_>>();
    let mut names = of(".parquet");
    if names.is_empty() {
        names = of(".arrow");
    }
    names.sort_by(|a, b| natural_order(a, b));
    Ok(names)
}

/// The split that a shard is of, by the name that the hub gives it: `train-00000-of-00002.parquet`.
fn split_of(name: &str) -> Option<&str> {
    let (split, rest) = name.split_once('-')?;
    let (number, count) = rest.split_once('-')?;
    (number.bytes().all(|byte| byte.is_ascii_digit()) && count.starts_with("of-")).then_some(split)
}

/// A name that leads to nowhere else.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0'])
}

/// What a file of JSON says, if there is one.
fn description(path: &Path) -> Result<Option<Value>> {
    if !path.is_file() {
        return Ok(None);
    }
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(LARGEST_DESCRIPTION).read_to_string(&mut text));
    let value = read.map_err(|error| error.to_string());
    let value = value.and_then(|_| serde_json::from_str(&text).map_err(|error| error.to_string()));
    value.map(Some).map_err(|error| {
        Error::new(Kind::Corpus, format!("the data set's description cannot be read ({error})"))
            .help("save the data set again")
            .at(path)
    })
}
