//! The architecture: what `docs/architecture.md` says of modules and crates is what the source does.

pub mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use source::{Source, names, rust_files};

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    std::fs::read_to_string(page).unwrap()
}

/// The words set as code in a text.
fn code_spans(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The rows below the head of the page's table of `first`s: the word in the first cell and those in the second.
fn table(first: &str) -> Vec<(String, Vec<String>)> {
    let head = format!("| {first} |");
    let page = page();
    let mut lines = page.lines().skip_while(|line| !line.starts_with(&head));
    let columns = |line: &str| line.matches(" |").count();
    let width =
        columns(lines.next().unwrap_or_else(|| panic!("docs/architecture.md has no table of {first}s")));
    let row = |line: &str| {
        assert_eq!(
            columns(line),
            width,
            "docs/architecture.md: a row with too few or too many columns: {line}"
        );
        let cells: Vec<_> = line.trim_matches('|').split('|').collect();
        let [name] = &code_spans(cells[0])[..] else { panic!("docs/architecture.md: no name in: {line}") };
        assert!(
            cells.iter().skip(2).all(|cell| !cell.trim().is_empty()),
            "docs/architecture.md: no duty in: {line}"
        );
        (name.clone(), code_spans(cells[1]))
    };
    lines.skip(1).take_while(|line| line.starts_with('|')).map(row).collect()
}

/// The crates of the table that neither compute nor open a window.
const NEITHER_COMPUTE_NOR_SHOW: [&str; 5] = ["clap", "minijinja", "minijinja_contrib", "pdf_writer", "resvg"];

/// The modules that are said to reach no device and no window.
fn pure_modules() -> Vec<String> {
    let page = page();
    let paragraph = page.split("\n\n").find(|part| part.starts_with("These reach none of the crates"));
    code_spans(paragraph.expect("a list of pure modules"))
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

/// A row of the table of modules as the source would have it.
fn row(module: &str, imports: &BTreeSet<String>, duty: &str) -> String {
    let imports: Vec<String> = imports.iter().map(|other| format!("`{other}`")).collect();
    format!("\n    | `{module}` | {} | {duty} |", imports.join(", "))
}

#[test]
fn modules_import_what_the_table_says() {
    let edges = Source::read().top_edges();
    let mut wrong = Vec::new();
    let mut above = BTreeSet::new();
    for (module, said) in table("module") {
        let Some(imports) = edges.get(&module) else {
            wrong.push(format!("there is no module `{module}`: remove its row"));
            continue;
        };
        if &BTreeSet::from_iter(said) != imports {
            wrong.push(format!("by the source the row of `{module}` is{}", row(&module, imports, "…")));
        }
        for other in imports.difference(&above) {
            wrong.push(format!("`{module}` imports `{other}`, whose row must stand above, or is missing"));
        }
        if !above.insert(module.clone()) {
            wrong.push(format!("`{module}` has two rows"));
        }
    }
    for (module, imports) in edges.iter().filter(|(module, _)| !above.contains(*module)) {
        let row = row(module, imports, "its duty in one line");
        wrong.push(format!("`{module}` has no row; add it below all that it imports:{row}"));
    }
    assert!(wrong.is_empty(), "the table of modules in docs/architecture.md:\n- {}", wrong.join("\n- "));
}

#[test]
fn crates_are_named_where_the_table_says() {
    let source = Source::read();
    for (crate_name, said) in table("crate") {
        let naming = source.modules.iter().filter(|(_, code)| names(code, &crate_name));
        let naming: BTreeSet<String> = naming.map(|(module, _)| module[0].clone()).collect();
        assert_eq!(naming, BTreeSet::from_iter(said), "docs/architecture.md on the crate {crate_name}");
    }
}

#[test]
fn pure_modules_reach_no_device_and_no_window() {
    let edges = Source::read().top_edges();
    let pure = pure_modules();
    for module in ["bound", "condition", "labels", "measures", "results", "settings", "views"] {
        assert!(
            pure.iter().any(|pure| pure == module),
            "docs/architecture.md lists {module} as pure no more"
        );
    }
    for module in pure {
        let reached = closure(&edges, &module);
        for (crate_name, users) in
            table("crate").iter().filter(|(name, _)| !NEITHER_COMPUTE_NOR_SHOW.contains(&&**name))
        {
            let through: Vec<_> = users.iter().filter(|user| reached.contains(*user)).collect();
            assert!(through.is_empty(), "{module} reaches {crate_name} through {through:?}");
        }
        for module_that_runs in ["app", "cli", "engine", "store"] {
            assert!(!reached.contains(module_that_runs), "{module} reaches {module_that_runs}");
        }
    }
}

#[test]
fn what_measures_knows_nothing_of_what_was_measured() {
    let edges = Source::read().top_edges();
    for module in ["model", "scores", "estimator"] {
        let reached = closure(&edges, module);
        for above in ["results", "store", "views", "engine"] {
            assert!(!reached.contains(above), "{module} reaches {above}");
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
    assert!(circles.is_empty(), "these import each other in a circle: {circles:?}");
}

#[test]
fn what_reads_a_model_knows_nothing_that_computes() {
    let source = Source::read();
    let readers = [
        &["checkpoints"][..],
        &["model", "config"],
        &["model", "family"],
        &["model", "weights", "files"],
        &["model", "weights", "torch"],
    ];
    for reader in readers {
        let files: Vec<_> = source
            .modules
            .iter()
            .filter(|(module, _)| module.iter().zip(reader).all(|(a, b)| a == b))
            .collect();
        let files: Vec<_> = files.into_iter().filter(|(module, _)| module.len() >= reader.len()).collect();
        assert!(!files.is_empty(), "{reader:?}");
        for (module, code) in files {
            for crate_name in ["burn_flex", "burn_tensor", "burn_wgpu", "burn_cubecl", "cubecl", "wgpu"] {
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
