//! What the documents promise: references that resolve, files that exist, flags that the program has.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use infoplane::settings::{self, Settings};

use crate::tree::source::Source;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The README and every page in `docs/`.
fn documents() -> Vec<(PathBuf, String)> {
    let pages = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|page| page.extension().is_some_and(|extension| extension == "md"));
    let documents: Vec<_> =
        pages.chain([root().join("README.md")]).map(|path| (path.clone(), read(&path))).collect();
    assert!(documents.len() > 1);
    documents
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, into),
            false => into.push(path),
        }
    }
}

/// The maximal run of characters at the start of `text` that `accept`s.
fn prefix(text: &str, accept: fn(char) -> bool) -> &str {
    &text[..text.find(|c| !accept(c)).unwrap_or(text.len())]
}

#[test]
fn references_to_the_specification_resolve() {
    let headings: BTreeSet<String> = read(&root().join("docs/measure.md"))
        .lines()
        .filter_map(|line| line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")))
        .map(|heading| prefix(heading, |c| c.is_ascii_digit() || c == '.').to_owned())
        .collect();
    let mut files = Vec::new();
    ["src", "shaders"].iter().for_each(|folder| sources(&root().join(folder), &mut files));
    let mut references = 0;
    for file in files {
        let text = read(&file);
        for after in text.split("SPEC ").skip(1) {
            let number = prefix(after, |c| c.is_ascii_digit() || c == '.').trim_end_matches('.');
            assert!(headings.contains(number), "{}: there is no SPEC {number}", file.display());
            references += 1;
        }
    }
    assert!(references > 5, "{references}");
}

#[test]
fn links_lead_to_files() {
    for (path, text) in documents() {
        for target in text.split("](").skip(1).map(|rest| rest.split([')', '#']).next().unwrap_or_default()) {
            if target.is_empty() || target.starts_with("http") {
                continue;
            }
            let file = path.parent().unwrap().join(target);
            assert!(file.exists(), "{} links to {target}, which is not there", path.display());
        }
    }
}

/// The long flags in a text: `--` and what follows up to the end of the word.
fn flags(text: &str) -> BTreeSet<String> {
    let name = |rest: &str| prefix(rest, |c| c.is_ascii_alphanumeric() || c == '-').to_owned();
    text.split("--")
        .skip(1)
        .map(name)
        .filter(|flag| flag.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

#[test]
fn flags_that_are_documented_exist_and_those_of_measure_are_documented() {
    let help = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_infoplane")).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        flags(&String::from_utf8(output.stdout).unwrap())
    };
    let mut known = help(&["--help"]);
    for command in
        ["measure", "merge", "show", "figure", "correlate", "inspect", "hidden", "frontier", "pairs", "store"]
    {
        known.extend(help(&[command, "--help"]));
    }
    known.extend(help(&["store", "clear", "--help"]));
    // Of cargo, of the test runner and of the scripts in `benches/`.
    known.extend(
        [
            "release",
            "test",
            "bench",
            "features",
            "locked",
            "open",
            "document-private-items",
            "nocapture",
            "gpu",
            "path",
        ]
        .map(str::to_owned),
    );
    for (path, text) in documents() {
        for flag in flags(&text) {
            assert!(known.contains(&flag), "{} names --{flag}, which no command has", path.display());
        }
    }
    let readme = flags(&read(&root().join("README.md")));
    for flag in help(&["measure", "--help"]).difference(&["help".to_owned()].into()) {
        assert!(readme.contains(flag), "the README lacks --{flag}");
    }
}

#[test]
fn settings_are_documented_with_the_defaults_they_have() {
    let (readme, results) = (read(&root().join("README.md")), read(&root().join("docs/results.md")));
    let [usual, window] = [Settings::default(), Settings::of_window()];
    for entry in settings::ALL {
        let flag = format!("| `--{}` |", entry.flag());
        let row = readme.lines().find(|line| line.starts_with(&flag)).unwrap_or_else(|| panic!("no {flag}"));
        let default = row.trim_end_matches(" |").rsplit('|').next().unwrap().replace('`', "");
        let expected = entry.text(&usual);
        let mut words = default.split([' ', ':', ')']);
        assert!(words.any(|word| word == expected), "{row}");
        if entry.text(&window) != expected {
            assert!(default.ends_with(&format!("(window: {})", entry.text(&window))), "{row}");
        }
        assert!(results.contains(&format!("`{}`", entry.name)), "docs/results.md lacks {}", entry.name);
    }
}

/// The rows of the glossary: words, meaning, type.
fn glossary() -> Vec<[String; 3]> {
    let text = read(&root().join("docs/glossary.md"));
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| word |"));
    let cells = |row: &str| {
        let cells: Vec<String> =
            row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
        <[String; 3]>::try_from(cells).unwrap_or_else(|_| panic!("docs/glossary.md: three cells in: {row}"))
    };
    rows.map(cells).collect()
}

#[test]
fn every_word_of_the_glossary_has_one_meaning_and_a_type_that_exists() {
    let source = Source::read();
    let mut words = BTreeSet::new();
    for [terms, meaning, carrier] in glossary() {
        assert!(!meaning.is_empty(), "{terms}");
        for word in terms.split(", ") {
            assert!(words.insert(word.to_owned()), "the glossary explains {word} twice");
        }
        let path: Vec<String> = carrier.trim_matches('`').split("::").map(str::to_owned).collect();
        assert!(source.declares(&path), "the glossary names {carrier} for {terms}, which the source has not");
    }
    assert!(words.len() > 40, "{}", words.len());
}
