//! `infoplane correlate`: what it prints, and what it says of tables that are not as they should be.

use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use super::{fails, fixture, infoplane, status, text};

/// A table in a folder of its own.
struct Table(tempfile::TempDir);

impl Table {
    fn of(content: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("table.csv"), content).unwrap();
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("table.csv")
    }

    fn correlate(&self, more: &[&str]) -> Output {
        let path = self.path();
        infoplane(&[&["correlate", "--table", text(&path)], more].concat())
    }

    /// What is printed as JSON for columns x and y, and what is said.
    #[track_caller]
    fn json(&self, more: &[&str]) -> (Value, String) {
        let output = self.correlate(&[&["--x", "x", "--y", "y", "--json"], more].concat());
        let said = status(&output, 0);
        (serde_json::from_slice(&output.stdout).unwrap(), said)
    }

    #[track_caller]
    fn fails(&self, more: &[&str], parts: &[&str]) {
        let path = self.path();
        fails(&[&["correlate", "--table", text(&path)], more].concat(), parts);
    }
}

#[test]
fn the_numbers_are_those_of_scipy() {
    let oracle = std::fs::read(fixture("analysis/correlation.json")).unwrap();
    let oracle: Value = serde_json::from_slice(&oracle).unwrap();
    for case in oracle["cases"].as_array().unwrap() {
        let column = |name: &str| case[name].as_array().unwrap();
        let rows = column("x").iter().zip(column("y")).zip(column("z"));
        let rows: String = rows.map(|((x, y), z)| format!("{x},{y},{z}\n")).collect();
        let (found, said) = Table::of(&format!("x,y,z\n{rows}")).json(&["--given", "z"]);
        assert_eq!((found["n"].as_u64().unwrap(), &*said), (column("x").len() as u64, ""));
        let near = |found: &Value, expected: &Value, relative: f64| {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            assert!((found - expected).abs() <= relative * expected.abs(), "{found} instead of {expected}");
        };
        for (name, of) in
            [("pearson", "pearson"), ("spearman", "spearman"), ("partial_given", "partial_given_z")]
        {
            near(&found[name][0], &case[of][0], 1e-12);
            near(&found[name][1], &case[of][1], 1e-10);
        }
        for name in ["slope", "intercept"] {
            near(&found["linear_fit"][name], &case["linear_fit"][name], 1e-11);
        }
    }
}

#[test]
fn without_json_it_is_a_table() {
    let table = Table::of("model;My X;y (%)\na;1;2,5\nb;2;3,5\nc;3;7,5\nd;4;6,5\n");
    let output = table.correlate(&["--x", "my x", "--y", "y"]);
    assert_eq!(status(&output, 0), "");
    let printed = String::from_utf8(output.stdout).unwrap();
    let expected = "y (%) against My X, n = 4\n\
                    pearson r    0.8677   p 0.1323\n\
                    spearman ρ   0.8000   p 0.2000\n\
                    line        1.0000 + 1.6000 x\n";
    assert_eq!(printed, expected);
}

#[test]
fn rows_without_numbers_are_left_out_and_told() {
    let table = Table::of("\u{feff}x,y,z\n1,2,1\n2,,1\n3,one,1\n4,5,1\n5,\"1,000\",1\n6,7,\n");
    let (found, said) = table.json(&[]);
    assert_eq!(found["n"], 4);
    assert!(found.get("partial_given").is_none());
    assert!(
        said.contains("1 row left out: `y` has text where a number should be, as `one` in row 3"),
        "{said}"
    );
    assert!(said.contains("4 of 6 rows used"), "{said}");
    let (found, said) = table.json(&["--given", "z"]);
    assert!(found["partial_given"][0].as_f64().is_some());
    assert!(said.contains("3 rows have all columns given"), "{said}");
    assert!(said.contains("`z` is the same in all rows"), "{said}");
}

#[test]
fn a_constant_column_correlates_with_nothing() {
    let table = Table::of("x,y,z\n1,7,1\n2,7,2\n3,7,5\n4,7,3\n");
    let (found, said) = table.json(&["--given", "z"]);
    let null = |name: &str| assert_eq!(found.get(name), Some(&Value::Null), "{name}");
    ["pearson", "spearman", "partial_given"].into_iter().for_each(null);
    assert_eq!(
        (&found["linear_fit"]["slope"], &found["linear_fit"]["intercept"]),
        (&0.0.into(), &7.0.into())
    );
    assert!(said.contains("`y` is the same in all rows"), "{said}");
    let output = table.correlate(&["--x", "y", "--y", "x"]);
    status(&output, 0);
    assert!(String::from_utf8(output.stdout).unwrap().contains("pearson r   –"));
}

#[test]
fn with_three_rows_json_has_the_p_that_tables_do_not_show() {
    let table = Table::of("x\ty\n1\t1\n2\t3\n3\t2\n");
    let (found, _) = table.json(&[]);
    assert!((found["pearson"][1].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-12);
    let printed = table.correlate(&["--x", "x", "--y", "y"]).stdout;
    assert!(String::from_utf8(printed).unwrap().contains("pearson r    0.5000   p –"));
}

#[test]
fn what_cannot_be_correlated_is_one_line() {
    let table = Table::of("complexity,acc,acc\n1,2,3\n2,3,4\n");
    table.fails(
        &["--x", "complexty", "--y", "acc"],
        &["no column `complexty`; did you mean `complexity`?", "acc (2)"],
    );
    table.fails(&["--x", "complexity", "--y", "loss"], &["no column `loss`; it has complexity, acc"]);
    table.fails(
        &["--x", "complexity", "--y", "acc"],
        &["2 rows with a number in both", "needs 3 or more", "table.csv"],
    );
    table.fails(&["--x", "complexity"], &["--y"]);
    Table::of("").fails(&["--x", "a", "--y", "b"], &["without names of columns"]);
    fails(
        &["correlate", "--table", "/nonexistent.csv", "--x", "a", "--y", "b"],
        &["cannot be read", "/nonexistent.csv"],
    );
}
