//! Tests of reading: each form, and each way in which a file is none of them.

use super::*;

fn parsed(text: &str) -> Result<Pairs> {
    pairs(json::from_slice(text.as_bytes()).unwrap(), None)
}

fn joint(text: &str) -> Joint {
    parsed(text).unwrap().joint().unwrap()
}

/// The words of the error that a text ends in, at whatever step.
fn error(text: &str) -> String {
    let error = parsed(text).and_then(Pairs::joint).unwrap_err();
    assert_eq!(error.kind(), Kind::Corpus);
    error.to_string()
}

#[test]
fn every_form_of_the_same_joint_is_the_same() {
    let table = joint("[[3, 1, 0], [0, 2, 2]]");
    assert_eq!((table.xs(), table.ys(), table.unmerged().total), (2, 3, 8.0));
    for text in [
        r#"{"pxy": [[3, 1, 0], [0, 2, 2]], "I_XY": 0.3}"#,
        r#"{"counts": [[3, 1, 0], [0, 2, 2]]}"#,
        r#"{"joint": [[3, 1, 0], [0, 2, 2]]}"#,
        r#"{"joint": {"x": [0, 0, 1, 1], "y": [0, 1, 1, 2], "n": [3, 1, 2, 2]}}"#,
        r#"{"x": ["a", "a", "b", "b"], "y": [10, 11, 11, 4000000000000], "count": [3, 1, 2, 2]}"#,
        // Weights that are whole are the same masses.
        r#"{"x": [0, 0, 1, 1, 0], "y": [0, 1, 1, 2, 0], "weight": [2.0, 1, 2, 2, 1]}"#,
        "[[3.0, 1, 0], [0, 2, 2.0]]",
    ] {
        assert_eq!(joint(text), table, "{text}");
    }
    assert!(matches!(parsed("[[3, 1]]").unwrap(), Pairs::Counts(_)));
    assert!(matches!(parsed("[[0.5, 1]]").unwrap(), Pairs::Weights(_)));
}

#[test]
fn one_of_several_joints_is_picked_by_name() {
    let text = br#"{"a": {"pxy": [[1, 0], [0, 1]]}, "b": {"pxy": [[0.5, 0.5]]}, "note": "two of them"}"#;
    let value = || json::from_slice(text).unwrap();
    assert_eq!(pairs(value(), Some("a")).unwrap(), parsed("[[1, 0], [0, 1]]").unwrap());
    let unnamed = pairs(value(), None).unwrap_err().to_string();
    assert!(unnamed.contains("several joints: a, b; FILE.json#NAME"), "{unnamed}");
    let other = pairs(value(), Some("c")).unwrap_err().to_string();
    assert!(other.contains("no joint named c; there are a, b"), "{other}");
    assert!(pairs(json::from_slice(b"[[1]]").unwrap(), Some("a")).is_err());
    assert_eq!(
        parsed(r#"{"only": [[1, 0], [0, 1]], "note": 3}"#).unwrap(),
        parsed("[[1, 0], [0, 1]]").unwrap()
    );
}

#[test]
fn files_are_read_by_their_ends_and_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    write("some.json", r#"{"a": [[1, 0], [0, 1]], "b": [[1, 1]]}"#);
    let expected = parsed("[[1, 0], [0, 1]]").unwrap();
    assert_eq!(read(&folder.join("some.json#a")).unwrap(), expected);
    // A file may have such a name itself.
    assert_eq!(read(&write("one#a.json", "[[1, 0], [0, 1]]")).unwrap(), expected);
    assert_eq!(read(&write("pairs.csv", "y,note,count,x\n7,,1,p\n8,,1,\"q,r\"\n")).unwrap(), expected_csv());
    for (name, text, words) in [
        ("broken.json", "[[1, 2], [3", "not JSON"),
        ("empty.json", "", "not JSON"),
        ("no.csv", "x,y\n1,2\n", "no column named count or counts or n or weight"),
        ("nan.csv", "x,y,count\n1,2,nan\n", "\"nan\" as the count of line 2"),
        ("negative.csv", "x,y,count\n1,2,3\n1,2,-1\n", "\"-1\" as the count of line 3"),
        ("short.csv", "x,y,count\n1,2\n", "as CSV"),
    ] {
        let path = write(name, text);
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains(name), "{error}");
    }
    assert!(read(&folder.join("none.json")).unwrap_err().to_string().contains("cannot be read"));

    fn expected_csv() -> Pairs {
        Pairs::Counts(vec![(0, 0, 1), (1, 1, 1)])
    }
}

#[test]
fn numbers_that_are_no_mass_are_refused_with_their_place() {
    for (text, words) in [
        ("[[0.5, NaN]]", "NaN instead of a number at row 0, column 1"),
        ("[[0.5, 1], [Infinity, 1]]", "Infinity instead of a number at row 1, column 0"),
        ("[[0.5, -0.25]]", "negative or too large (-0.25) at row 0, column 1"),
        ("[[3, -1]]", "negative or too large (-1)"),
        ("[[1, null]]", "null instead of a number"),
        ("[[1, true]]", "true or false instead of a number"),
        ("[[1, [2]]]", "a list or an object instead of a number"),
        ("[[1, \"2\"]]", "2 instead of a number"),
        (
            r#"{"x": [1], "y": [1], "count": [-Infinity]}"#,
            "-Infinity instead of a number as the count of pair 0",
        ),
        (r#"{"x": [[1]], "y": [1], "count": [1]}"#, "x of pair 0 of the joint is neither"),
    ] {
        assert!(error(text).contains(words), "{text}: {}", error(text));
    }
}

#[test]
fn what_is_no_joint_is_refused() {
    for (text, words) in [
        ("[]", "no mass"),
        ("[[]]", "no mass"),
        ("[[0, 0], [0, 0]]", "no mass"),
        ("[[1, 2], [3]]", "row 1 of the joint has 1 columns, row 0 has 2"),
        ("[[1, 2], 3]", "row 1 of the joint is not a list"),
        ("[1, 2]", "row 0 of the joint is not a list"),
        ("3", "no joint"),
        ("{}", "no joint"),
        (r#"{"x": [1], "y": [1]}"#, "not how often"),
        (r#"{"x": [1], "y": [1, 2], "count": [1]}"#, "1 x, 2 y and 1 counts"),
        (r#"{"x": 1, "y": [1], "count": [1]}"#, "x of the joint is not a list"),
        (r#"{"pxy": "many"}"#, "no joint"),
        ("[[18446744073709551615, 18446744073709551615]]", "more than can be told"),
    ] {
        assert!(error(text).contains(words), "{text}: {}", error(text));
    }
}

#[test]
fn joints_at_the_edge_are_read() {
    // One column; independence; a permutation; nothing repeats; rows and columns without mass.
    assert_eq!(joint("[[1], [2]]").information(), 0.0);
    assert_eq!(joint("[[1, 2], [2, 4]]").information(), 0.0);
    assert!((joint("[[0, 2, 0], [0, 0, 2], [2, 0, 0]]").information() - 3f64.ln()).abs() < 1e-15);
    assert_eq!(joint("[[0, 0, 0], [0, 1, 2], [0, 2, 1]]").unmerged().xs, 2);
    let ids: Vec<u32> = (0..1_000_000).collect();
    let masses = vec![1; ids.len()];
    let million = serde_json::json!({"x": &ids, "y": &ids, "count": masses});
    let million = pairs(million, None).unwrap().joint().unwrap();
    assert!(million.xs() == ids.len() && (million.information() - 1e6f64.ln()).abs() < 1e-9);
}
