//! The architecture as the imports have it: data flows one way, and what could run anywhere knows of no
//! device and no window, directly or through anything it imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules of the crate in the order of the data flow, each with those it may import: only such as stand before
/// it, so that there is no way round in a circle.
const MODULES: [(&str, &[&str]); 23] = [
    ("error", &[]),
    ("settings", &[]),
    ("condition", &["settings"]),
    ("simd", &[]),
    ("product", &["simd"]),
    ("memory", &["error"]),
    ("output", &["error"]),
    ("device", &["error", "memory", "settings"]),
    ("checkpoints", &["error"]),
    ("corpus", &["error"]),
    ("tokens", &["corpus", "error", "settings"]),
    ("labels", &["error"]),
    ("model", &["checkpoints", "error", "product", "simd"]),
    ("measures", &["settings"]),
    ("results", &["checkpoints", "error", "measures", "settings"]),
    // It keeps finished measurements beside scores, and so knows results, which the estimator thereby does too.
    ("store", &["error", "memory", "output", "results", "settings"]),
    ("estimator", &["device", "error", "labels", "measures", "product", "settings", "simd", "store"]),
    ("bound", &[]),
    ("views", &["measures", "results"]),
    ("figure", &["bound", "error", "output", "results", "views"]),
    (
        "engine",
        &[
            "checkpoints",
            "condition",
            "device",
            "error",
            "estimator",
            "labels",
            "measures",
            "memory",
            "model",
            "results",
            "settings",
            "store",
            "tokens",
        ],
    ),
    // No model, no estimator, no device: it reaches them by messages to the engine.
    (
        "app",
        &[
            "bound",
            "checkpoints",
            "condition",
            "engine",
            "error",
            "figure",
            "measures",
            "results",
            "settings",
            "views",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "checkpoints",
            "condition",
            "corpus",
            "device",
            "engine",
            "error",
            "figure",
            "measures",
            "memory",
            "model",
            "output",
            "results",
            "settings",
            "store",
            "tokens",
            "views",
        ],
    ),
];

/// Crates that not everything may depend on, and the modules that name them.
const CRATES: [(&str, &[&str]); 12] = [
    ("burn", &["device", "engine", "estimator", "model"]),
    ("burn_cubecl", &["estimator"]),
    ("burn_flex", &["estimator", "model"]),
    ("burn_wgpu", &["estimator"]),
    ("cubecl", &["estimator"]),
    ("wgpu", &["device", "estimator"]),
    ("eframe", &["app"]),
    ("egui", &["app"]),
    ("egui_plot", &["app"]),
    ("rfd", &["app"]),
    ("clap", &["cli", "settings", "store"]),
    ("resvg", &["figure"]),
];

/// Files that import each other in a circle; none but these.
const CIRCLES: [&[&str]; 2] = [
    // The masks are laid out for as many queries as attend at a time.
    &["model::attention", "model::blocks", "model::positions"],
    // A config says which family it is of, and the family says how its config is read.
    &["model::config", "model::family"],
];

/// The source files: the code of each module, without comments and tests.
struct Source {
    modules: BTreeMap<Vec<String>, String>,
}

impl Source {
    fn read() -> Self {
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

    /// The modules that each module imports, itself not among them.
    fn edges(&self) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
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
    fn top_edges(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, others) in self.edges() {
            let of = found.entry(module[0].clone()).or_default();
            of.extend(others.into_iter().filter_map(|other| other.first().cloned()));
            of.remove(&module[0]);
        }
        found
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
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
fn names(code: &str, crate_name: &str) -> bool {
    let follows = |index: usize| {
        let after = &code[index + crate_name.len()..];
        after.starts_with("::") || (code[..index].ends_with("use ") && after.starts_with([';', ' ']))
    };
    let starts = |index: usize| !code[..index].ends_with(|character| is_word(character) || character == ':');
    code.match_indices(crate_name).any(|(index, _)| starts(index) && follows(index))
}

/// Everything that can be reached, by way of whatever lies between.
fn closure(edges: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let (mut found, mut waiting) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(module) = waiting.pop() {
        if found.insert(module.clone()) {
            waiting.extend(edges.get(&module).into_iter().flatten().cloned());
        }
    }
    found
}

#[test]
fn modules_import_what_the_data_flow_lets_them_and_nothing_else() {
    let edges = Source::read().top_edges();
    let listed: BTreeSet<String> = MODULES.iter().map(|(module, _)| (*module).to_owned()).collect();
    assert_eq!(edges.keys().cloned().collect::<BTreeSet<_>>(), listed, "every module has its place");
    let mut before = BTreeSet::new();
    for (module, may) in MODULES {
        let may: BTreeSet<String> = may.iter().map(|other| (*other).to_owned()).collect();
        assert!(may.is_subset(&before), "{module} may import only what stands before it");
        let more: Vec<_> = edges[module].difference(&may).collect();
        assert!(more.is_empty(), "{module} may not import {more:?}");
        before.insert(module.to_owned());
    }
}

#[test]
fn crates_are_named_where_they_belong() {
    let source = Source::read();
    for (crate_name, may) in CRATES {
        let naming = source.modules.iter().filter(|(_, code)| names(code, crate_name));
        let elsewhere: Vec<_> = naming.filter(|(module, _)| !may.contains(&module[0].as_str())).collect();
        let elsewhere: Vec<_> = elsewhere.iter().map(|(module, _)| module.join("::")).collect();
        assert!(elsewhere.is_empty(), "{crate_name} is named in {elsewhere:?}");
    }
}

#[test]
fn pure_modules_reach_no_device_and_no_window() {
    let source = Source::read();
    let edges = source.top_edges();
    let pure = [
        "bound",
        "checkpoints",
        "corpus",
        "error",
        "figure",
        "labels",
        "measures",
        "output",
        "results",
        "settings",
        "tokens",
        "views",
    ];
    for module in pure {
        let reached = closure(&edges, module);
        for (crate_name, users) in CRATES.iter().filter(|(name, _)| !["clap", "resvg"].contains(name)) {
            let through: Vec<_> = users.iter().filter(|user| reached.contains(**user)).collect();
            assert!(through.is_empty(), "{module} reaches {crate_name} through {through:?}");
        }
        for module_that_runs in ["app", "cli", "engine", "store"] {
            assert!(!reached.contains(module_that_runs), "{module} reaches {module_that_runs}");
        }
    }
}

#[test]
fn files_import_each_other_in_no_circle() {
    let edges = Source::read().edges();
    // A module and those within it are one: they share what the outer one declares.
    let kin = |a: &[String], b: &[String]| a.starts_with(b) || b.starts_with(a);
    let reach = |from: &Vec<String>| {
        let mut found = BTreeSet::new();
        let mut waiting = vec![from.clone()];
        while let Some(module) = waiting.pop() {
            for other in edges[&module].iter().filter(|other| !kin(&module, other)) {
                if found.insert(other.clone()) {
                    waiting.push(other.clone());
                }
            }
        }
        found
    };
    let reached: BTreeMap<_, _> = edges.keys().map(|module| (module.clone(), reach(module))).collect();
    let circles =
        reached.iter().filter(|(module, others)| others.contains(*module)).map(|(module, others)| {
            let both_ways = others.iter().filter(|other| reached[*other].contains(module));
            both_ways.map(|other| other.join("::")).collect()
        });
    let circles: BTreeSet<Vec<String>> = circles.collect();
    let new = circles.iter().filter(|circle| !CIRCLES.iter().any(|known| known == &circle.as_slice()));
    assert_eq!(new.collect::<Vec<_>>(), Vec::<&Vec<String>>::new());
}

#[test]
fn what_reads_a_model_knows_nothing_that_computes() {
    let source = Source::read();
    let readers =
        [&["checkpoints"][..], &["model", "config"], &["model", "family"], &["model", "weights", "files"]];
    for reader in readers {
        let files: Vec<_> = source
            .modules
            .iter()
            .filter(|(module, _)| module.iter().zip(reader).all(|(a, b)| a == b))
            .collect();
        let files: Vec<_> = files.into_iter().filter(|(module, _)| module.len() >= reader.len()).collect();
        assert!(!files.is_empty(), "{reader:?}");
        for (module, code) in files {
            for crate_name in ["burn", "burn_flex", "burn_wgpu", "burn_cubecl", "cubecl", "wgpu"] {
                assert!(!names(code, crate_name), "{module:?} names {crate_name}");
            }
        }
    }
}

#[test]
fn only_one_file_opens_a_device() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in rust_files(&source) {
        let text = std::fs::read_to_string(&path).unwrap();
        let opens = text.contains("wgpu_options(") || text.contains("Instance::new(");
        assert_eq!(opens, path.ends_with("src/device.rs"), "{}", path.display());
    }
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
