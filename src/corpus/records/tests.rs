use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::*;

fn written(name: &str, content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

const OBJECTS: &str = r#"{"text": "one", "meta": {"source": "web", "year": 2020}, "a.b": true}
{"text": "two", "meta": {"source": null, "year": 1999.5}, "a.b": [1, "x"]}

{"text": "three"}
"#;

#[test]
fn documents_come_with_what_they_have_in_fields() {
    let expected = [
        ("one", [Some("web"), Some("2020"), Some("true"), None]),
        ("two", [None, Some("1999.5"), Some("[1,\"x\"]"), None]),
        ("three", [None; 4]),
    ];
    let array =
        format!("[{}]", OBJECTS.trim().lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(","));
    for (name, content) in [("a.jsonl", OBJECTS), ("a.json", &array)] {
        let (_folder, path) = written(name, content);
        let fields = ["meta.source", "meta.year", "a.b", "nothing"];
        let found: Vec<Labelled> =
            labelled(&path, Field::usual("text"), &fields).unwrap().collect::<Result<_>>().unwrap();
        assert_eq!(found[0].names, ["a.b", "meta.source", "meta.year", "text"]);
        let found: Vec<(&str, Vec<Option<&str>>)> =
            found.iter().map(|of| (&*of.text, of.values.iter().map(Option::as_deref).collect())).collect();
        assert_eq!(found, expected.map(|(text, values)| (text, values.to_vec())), "{name}");
    }
}

#[test]
fn a_table_has_a_record_a_row() {
    let (_folder, path) = written("a.csv", "text,source,n\none,\"web, all\",1\ntwo,,2\n,books,3\n");
    let found: Vec<Record> = records(&path).unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(found[0].fields, *json!({"text": "one", "source": "web, all", "n": "1"}).as_object().unwrap());
    assert_eq!((found[1].get("source"), &*found[2].place), (None, "row 3"));
    let mut documents = labelled(&path, Field::usual("text"), &["source"]).unwrap();
    let found: Vec<Labelled> = documents.by_ref().collect::<Result<_>>().unwrap();
    assert_eq!(found.iter().map(|of| &*of.text).collect::<Vec<_>>(), ["one", "two"]);
    assert!(documents.notes()[0].contains("1 of 3 rows has no text in `text`"), "{:?}", documents.notes());
}

#[test]
fn parquet_has_lists_and_structs() {
    use ::parquet::data_type::{ByteArrayType, Int64Type};
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;
    let schema = "message rows {
        required binary text (UTF8);
        optional int64 year;
        optional group chosen (LIST) { repeated group list { optional group element {
            optional binary role (UTF8); optional binary content (UTF8); } } }
    }";
    let schema = std::sync::Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Default::default()).unwrap();
    for part in 0..2 {
        let mut group = writer.next_row_group().unwrap();
        let bytes =
            |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec().into()).collect::<Vec<_>>();
        let mut number = 0;
        while let Some(mut column) = group.next_column().unwrap() {
            match number {
                0 => column.typed::<ByteArrayType>().write_batch(&bytes(&["one", "two"]), None, None),
                1 => column.typed::<Int64Type>().write_batch(&[2000 + part], Some(&[1, 0]), None),
                2 => column.typed::<ByteArrayType>().write_batch(
                    &bytes(&["user", "assistant"]),
                    Some(&[4, 4, 0]),
                    Some(&[0, 1, 0]),
                ),
                _ => column.typed::<ByteArrayType>().write_batch(
                    &bytes(&["hi", "ho"]),
                    Some(&[4, 4, 0]),
                    Some(&[0, 1, 0]),
                ),
            }
            .unwrap();
            column.close().unwrap();
            number += 1;
        }
        group.close().unwrap();
    }
    let (_folder, path) = written("a.parquet", writer.into_inner().unwrap());
    let found: Vec<Record> = records(&path).unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(found.len(), 4);
    let messages = json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]);
    assert_eq!(found[2].get("chosen"), Some(&messages));
    assert_eq!((found[2].get("year"), found[3].get("year")), (Some(&json!(2001)), None));
    assert_eq!((found[3].get("chosen"), &*found[3].place), (None, "row 4"));
    let found: Vec<Labelled> =
        labelled(&path, Field::usual("text"), &["year"]).unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(
        found[0],
        Labelled {
            text: "one".to_owned(),
            values: vec![Some("2000".to_owned())],
            names: vec!["chosen".to_owned(), "text".to_owned(), "year".to_owned()],
        }
    );
}

#[test]
fn the_text_is_looked_for_as_without_fields() {
    let (_folder, path) = written("a.jsonl", "{\"body\": \"one\", \"lang\": \"en\"}\n{\"body\": \"two\"}\n");
    let mut documents = labelled(&path, Field::usual("text"), &["lang"]).unwrap();
    let found: Vec<Labelled> = documents.by_ref().collect::<Result<_>>().unwrap();
    assert_eq!((found.len(), &*found[1].text), (2, "two"));
    assert!(documents.found_field().unwrap().contains("`body`"));
    let chosen = labelled(&path, Field::chosen("text"), &["lang"]).unwrap().next().unwrap().unwrap_err();
    assert!(chosen.to_string().contains("has no field `text`"), "{chosen}");
}

#[test]
fn what_has_no_records_is_told_so() {
    let (_folder, path) = written("a.txt", "words\n");
    let error = records(&path).map(drop).unwrap_err();
    assert!(error.to_string().contains("plain text has no fields"), "{error}");
    assert_eq!(error.kind(), Kind::Corpus);
    for (content, cause) in [("[1]\n", "is not a JSON object"), ("{\"a\": \n", "is not valid JSON")] {
        let (_folder, path) = written("a.jsonl", content);
        let error = records(&path).unwrap().next().unwrap().unwrap_err();
        assert!(error.to_string().contains(cause), "{error}");
    }
}

#[test]
fn arrow_has_numbers_lists_and_structs() {
    let fixture =
        |name: &str| PathBuf::from(format!("{}/tests/fixtures/text/{name}", env!("CARGO_MANIFEST_DIR")));
    let read = |name: &str| records(&fixture(name)).unwrap().collect::<Result<Vec<Record>>>().unwrap();
    let found = read("pyarrow-fields.arrow");
    let messages =
        |text: &str| json!([{"role": "user", "content": "?"}, {"role": "assistant", "content": text}]);
    let all = json!({
        "int8": -1, "int16": -1, "int32": -1, "int64": -1, "uint8": 255, "uint64": 255,
        "halffloat": -0.5, "float": -0.5, "double": -0.5,
        "good": true, "source": "web", "year": 2020, "tags": [["a"], ["b", null]], "chosen": messages("A"),
    });
    assert_eq!(Value::Object(found[0].fields.clone()), all);
    // Of the second row the year alone is there.
    let there: Vec<&str> =
        found[1].fields.iter().filter(|(_, v)| !v.is_null()).map(|(name, _)| name.as_str()).collect();
    assert_eq!((there, found[1].get("year")), (vec!["year"], Some(&json!(2021))));
    let last = json!({
        "int8": 7, "int16": 7, "int32": 7, "int64": 7, "uint8": 7, "uint64": 7,
        "halffloat": 7.0, "float": 7.0, "double": 7.0,
        "good": false, "source": "books", "year": 2020, "tags": [], "chosen": messages("B"),
    });
    assert_eq!((Value::Object(found[2].fields.clone()), &*found[2].place), (last, "row 3"));
    // What the same table says as Parquet, in several batches.
    assert_eq!(read("pyarrow-nested.arrow"), read("pyarrow-nested.parquet"));
    for name in ["pyarrow-dictionary.arrow", "polars-views.arrow", "pyarrow-lz4.feather"] {
        let texts: Vec<Option<Value>> = read(name).iter().map(|record| record.get("text").cloned()).collect();
        let of_parquet = read("pyarrow-snappy.parquet");
        assert_eq!(texts, of_parquet.iter().map(|of| of.get("text").cloned()).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn damaged_arrow_is_an_error_or_fewer_records_and_never_more_than_it_has() {
    let fixture = format!("{}/tests/fixtures/text/pyarrow-fields.arrow", env!("CARGO_MANIFEST_DIR"));
    let whole = fs::read(fixture).unwrap();
    let (_folder, path) = written("a.arrow", &whole);
    let mut read = 0;
    // Every byte in turn as its opposite.
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0xff;
        fs::write(&path, &bytes).unwrap();
        let Ok(records) = records(&path) else { continue };
        read += usize::from(records.take(1 << 12).count() < 1 << 12);
    }
    assert!(read > 0, "some of it is read");
}
