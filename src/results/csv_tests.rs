//! CSV as other programs write it.

use super::tests::{read, refused, results};

fn table() -> String {
    String::from_utf8(results().to_csv().unwrap()).unwrap()
}

/// The table with its cells changed; the header is the first row.
fn changed(change: impl Fn(&[String]) -> Vec<String>) -> Vec<u8> {
    let written = table();
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_bytes());
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for record in reader.records() {
        let cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
        writer.write_record(change(&cells)).unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn a_table_reads_as_it_was_written() {
    assert_eq!(read(table().as_bytes()).unwrap(), results());
    let mut lines: Vec<&str> = table().leak().lines().collect();
    lines[1..].reverse();
    assert_eq!(read(lines.join("\n").as_bytes()).unwrap(), results());
}

#[test]
fn marks_line_ends_quotes_and_columns_of_others_make_no_difference() {
    let with_mark = format!("\u{feff}{}", table().replace('\n', "\r\n"));
    assert_eq!(read(with_mark.as_bytes()).unwrap(), results());
    let mut quoted =
        ::csv::WriterBuilder::new().quote_style(::csv::QuoteStyle::Always).from_writer(Vec::new());
    let written = table();
    for record in ::csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_bytes()).records() {
        quoted.write_record(&record.unwrap()).unwrap();
    }
    assert_eq!(read(&quoted.into_inner().unwrap()).unwrap(), results());
    let columns = changed(|cells| {
        let mut cells: Vec<String> = cells.iter().rev().cloned().collect();
        cells.insert(3, if cells[0] == "version" { "remark" } else { "none, \"so far\"" }.to_owned());
        cells
    });
    assert_eq!(read(&columns).unwrap(), results());
    // Whole numbers of a column with gaps, as pandas writes them.
    let floats = changed(|cells| {
        let float = |(index, cell): (usize, &String)| match (index, cell.parse::<u64>()) {
            (3 | 9 | 10, Ok(_)) => format!("{cell}.0"),
            _ => cell.clone(),
        };
        cells.iter().enumerate().map(float).collect()
    });
    assert_ne!(floats, table().into_bytes());
    assert_eq!(read(&floats).unwrap(), results());
}

#[test]
fn fewer_digits_are_other_numbers_and_no_error() {
    let rounded = changed(|cells| {
        let mut cells = cells.to_vec();
        if let Ok(value) = cells[8].parse::<f64>() {
            cells[8] = format!("{value:.4}");
        }
        cells
    });
    let read = read(&rounded).unwrap();
    let convergence = &read.conditions[0].checkpoints[0].measurement().unwrap().convergence;
    assert_ne!(convergence, &results().conditions[0].checkpoints[0].measurement().unwrap().convergence);
    // Beside those with all digits they conflict, by name.
    let error = read.merge(results()).unwrap_err().to_string();
    assert!(error.contains("in layer 0 is 0.6 and 0.6000000000000001"), "{error}");
}

#[test]
fn what_is_wrong_with_a_table_is_named() {
    let cell = |column: &'static str, from: &'static str, to: &'static str| {
        let place = table().lines().next().unwrap().split(',').position(|name| name == column).unwrap();
        changed(move |cells| {
            let mut cells = cells.to_vec();
            if cells[place] == from {
                cells[place] = to.to_owned();
            }
            cells
        })
    };
    let header = table().lines().next().unwrap().to_owned();
    let cases: [(Vec<u8>, &[&str]); 14] = [
        (header.clone().into_bytes(), &["a table without rows"]),
        (format!("{header}\n").into_bytes(), &["a table without rows"]),
        (cell("value", "3.5", "NaN"), &["a run/step7", "`loss`", "NaN"]),
        (cell("value", "3.5", "inf"), &["a run/step7", "`loss`", "inf"]),
        (cell("value", "3.5", "3,5"), &["a column `value` with `3,5`, which is not a number"]),
        (
            cell("positions", "160", "many"),
            &["a column `positions` with `many`, which is not a whole number"],
        ),
        (cell("positions", "160", "-1"), &["`positions` with `-1`"]),
        (cell("layer", "1", "first"), &["a layer `first`, neither `mean` nor a number"]),
        (cell("points", "100", ""), &["missing field `points`"]),
        (cell("points", "100", "18446744073709551616"), &["`points` with `18446744073709551616`"]),
        (cell("schema", "2", "3"), &["written by a newer infoplane", "schema 3"]),
        (cell("schema", "schema", "scheme"), &["not an infoplane results file", "without a column `schema`"]),
        (cell("version", "version", "value"), &["two columns `value`"]),
        (cell("label", "label", "path"), &["two columns `path`"]),
    ];
    for (bytes, parts) in cases {
        let error = refused(&bytes);
        assert!(!error.contains('\n'), "{error}");
        for part in parts {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
    }
    // Broken off within a line, and at the end of one.
    let whole = table();
    let within = &whole[..whole.len() * 2 / 3];
    let within = &within[..within.rfind(',').unwrap()];
    let error = refused(within.as_bytes());
    let columns = whole.lines().next().unwrap().split(',').count();
    assert!(error.contains(&format!("fields, and its header {columns}")), "{error}");
    let before = &within[..within.rfind('\n').unwrap()];
    let error = refused(before.as_bytes());
    assert!(error.contains("checkpoint `") && error.contains("lacks"), "{error}");
    assert!(refused(b"a,b\n1,2\n").contains("neither JSON nor Parquet nor a CSV table of results"));
    // Text that is none.
    let mut bytes = whole.into_bytes();
    let place = bytes.windows(5).position(|bytes| bytes == b"a run").unwrap();
    bytes[place] = 0xff;
    assert!(refused(&bytes).contains("UTF-8"), "{}", refused(&bytes));
}
