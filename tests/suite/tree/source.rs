//! The imports of the crate's source, read as the compiler reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The source files: the code of each module, without comments and tests.
pub struct Source {
    /// Code by the path of its module.
    pub modules: BTreeMap<Vec<String>, String>,
}

impl Source {
    pub fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut modules = BTreeMap::new();
        for file in rust_files(&root) {
            let relative = file.strip_prefix(&root).unwrap().with_extension("");
            let mut path: Vec<String> =
                relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if path.last().is_some_and(|name| name == "mod") {
                path.pop();
            }
            let of_tests = path.last().is_some_and(|name| name == "tests" || name.ends_with("_tests"));
            if !of_tests && path != ["lib"] && path != ["main"] {
                modules.insert(path, without_tests(&std::fs::read_to_string(&file).unwrap()));
            }
        }
        Self { modules }
    }

    /// The module that a path names, or that the item it names belongs to: seen from `module`, by way of what is
    /// imported there under another module's name.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let mut at: Vec<String> = match path.first()?.as_str() {
            "crate" => Vec::new(),
            "self" | "super" => module.to_owned(),
            first => [module, &[first.to_owned()]].concat(),
        };
        let mut rest = path.get(usize::from(path[0] != "super")..)?;
        while let [first, more @ ..] = rest
            && first == "super"
        {
            at.pop();
            rest = more;
        }
        while let [first, more @ ..] = rest {
            let next = [&at[..], std::slice::from_ref(first)].concat();
            if !self.modules.contains_key(&next) {
                break;
            }
            (at, rest) = (next, more);
        }
        if let Some(item) = rest.first()
            && depth < 8
        {
            let passed_on = imports(self.modules.get(&at)?).into_iter().find(|(_, name)| name == item);
            let found = passed_on.and_then(|(path, _)| self.resolve(&at, &path, depth + 1));
            return found.or(Some(at));
        }
        self.modules.contains_key(&at).then_some(at)
    }

    /// Whether a path such as `module::Item` names a module or a type, seen from the root.
    pub fn declares(&self, path: &[String]) -> bool {
        let from_root = [&["crate".to_owned()], path].concat();
        let Some(module) = self.resolve(&[], &from_root, 0) else { return false };
        let Some(item) = path.last().filter(|_| !module.ends_with(path)) else { return true };
        let code = &self.modules[&module];
        let starts = |kind: &str| {
            code.match_indices(&format!("{kind} {item}"))
                .any(|(index, found)| !code[index + found.len()..].starts_with(is_word))
        };
        ["struct", "enum", "trait", "type"].into_iter().any(starts)
    }

    /// The modules that each module imports, itself not among them.
    pub fn edges(&self) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
        let of = |(module, code): (&Vec<String>, &String)| {
            let named = imports(code).into_iter().map(|(path, _)| path).chain(mentions(code));
            let known = |path: &Vec<String>| {
                let start = path[0].as_str();
                let child = [&module[..], &path[..1]].concat();
                matches!(start, "crate" | "self" | "super") || self.modules.contains_key(&child)
            };
            let found = named.filter(known).filter_map(|path| self.resolve(module, &path, 0));
            (module.clone(), found.filter(|other| other != module).collect())
        };
        self.modules.iter().map(of).collect()
    }

    /// The same between modules of the crate's root.
    pub fn top_edges(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, others) in self.edges() {
            let of = found.entry(module[0].clone()).or_default();
            of.extend(others.into_iter().filter_map(|other| other.first().cloned()));
            of.remove(&module[0]);
        }
        found
    }
}

pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Code without comments and without what is only built for tests.
fn without_tests(text: &str) -> String {
    let mut code: String = text.lines().flat_map(|line| [line.split("//").next().unwrap(), "\n"]).collect();
    const TEST: &str = "#[cfg(test)]";
    while let Some(start) = code.find(TEST) {
        let (mut depth, mut end) = (0, code.len());
        for (index, character) in code[start..].char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 && matches!(character, '}' | ';') {
                end = start + index + 1;
                break;
            }
        }
        code.replace_range(start..end, "");
    }
    code
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The paths that `use` imports, each with the name it has from there on.
fn imports(code: &str) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for (index, _) in code.match_indices("use ") {
        if !code[..index].ends_with(is_word) {
            let statement = code[index + 4..].split(';').next().unwrap();
            branches(statement.trim(), &[], &mut found);
        }
    }
    found
}

/// The paths of a tree such as `a::{b, c::{self, d as e}}`.
fn branches(tree: &str, before: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let tree = tree.trim();
    if let Some((stem, group)) = tree.split_once('{') {
        let stem = stem.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned);
        let before: Vec<String> = before.iter().cloned().chain(stem).collect();
        let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
        let (mut depth, mut start) = (0, 0);
        for (index, character) in group.char_indices().chain([(group.len(), ',')]) {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    branches(&group[start..index], &before, found);
                    start = index + 1;
                }
                _ => {}
            }
        }
    } else if !tree.is_empty() {
        let (path, name) = tree.split_once(" as ").unwrap_or((tree, ""));
        let path = path.split("::").map(|part| part.trim().to_owned());
        let mut path: Vec<String> = before.iter().cloned().chain(path).collect();
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let last = path.last().cloned().unwrap_or_default();
        found.push((path, if name.is_empty() { last } else { name.trim().to_owned() }));
    }
}

/// The paths from `crate`, `self` or `super` that stand in the middle of code.
fn mentions(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "self::", "super::"] {
        for (index, _) in code.match_indices(start) {
            if !code[..index].ends_with(|character| is_word(character) || character == ':') {
                let path = code[index..].split(|character| !is_word(character) && character != ':');
                let parts = path.into_iter().next().unwrap().split("::").filter(|part| !part.is_empty());
                found.push(parts.map(str::to_owned).collect());
            }
        }
    }
    found
}

/// Whether code names a crate.
pub fn names(code: &str, crate_name: &str) -> bool {
    let follows = |index: usize| {
        let after = &code[index + crate_name.len()..];
        after.starts_with("::") || (code[..index].ends_with("use ") && after.starts_with([';', ' ']))
    };
    let starts = |index: usize| !code[..index].ends_with(|character| is_word(character) || character == ':');
    code.match_indices(crate_name).any(|(index, _)| starts(index) && follows(index))
}

#[test]
fn imports_are_read_as_the_compiler_reads_them() {
    let code = without_tests(
        "use crate::a::{self, b::{C, d as e}};\npub use self::f::G; // use crate::no;\nfn h(x: &crate::i::J) {}\n\
         #[cfg(test)]\nmod tests { use crate::no; }\nfn last() { super::k::l() }\n",
    );
    let joined = |paths: Vec<Vec<String>>| paths.iter().map(|path| path.join("::")).collect::<Vec<_>>();
    let (paths, named): (Vec<_>, Vec<_>) = imports(&code).into_iter().unzip();
    assert_eq!(joined(paths), ["crate::a", "crate::a::b::C", "crate::a::b::d", "self::f::G"]);
    assert_eq!(named, ["a", "C", "e", "G"]);
    assert_eq!(joined(mentions(&code)), ["crate::a", "crate::i::J", "self::f::G", "super::k::l"]);
}
