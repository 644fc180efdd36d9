use std::fs;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Tokens, Vocabulary, all_documents_from_file, missing_tokenizer, read_pair};
use crate::error::{Error, Kind};
use crate::pairs::{OfPairs, ReadToken, Role};
use crate::settings::Settings;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn settings(samples: usize, context: usize) -> Settings {
    Settings { samples, context, ..Settings::default() }
}

/// The largest token id, 0 if there is none.
fn largest_id(tokens: &Tokens) -> u32 {
    tokens.documents.iter().flatten().copied().max().unwrap_or(0)
}

fn one_line(error: &Error, kind: Kind) -> String {
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    assert!(!text.contains('\n') && text.contains("; "), "{text}");
    text
}

#[test]
fn equal_to_transformers() {
    for run in ["gutenberg-1m", "gutenberg-200k"] {
        let reference = repository(&format!("tests/fixtures/runs/{run}.tokens.safetensors"));
        let reference = all_documents_from_file(&reference).unwrap();
        let tokenizer = repository(&format!("assets/demo/{run}/tokenizer.json"));
        let text = repository("assets/demo/books-sample.jsonl");
        let tokens =
            Tokens::from_text(&tokenizer, &text, &settings(reference.len(), 256), &mut || false).unwrap();
        assert_eq!(tokens.documents, reference, "{run}");
        assert_eq!(tokens.skipped, 0);
        assert!(largest_id(&tokens) < 2048);
    }
}

/// A tokenizer of single words with `post_processor`, truncation and padding that must not be used.
fn word_tokenizer(folder: &Path, direction: &str, template: Value) -> PathBuf {
    let mut vocabulary: serde_json::Map<String, Value> =
        (0..100).map(|n| (format!("w{n}"), json!(n))).collect();
    vocabulary.extend([
        ("<s>".to_owned(), json!(100)),
        ("</s>".to_owned(), json!(101)),
        ("?".to_owned(), json!(102)),
    ]);
    let special = |id: u32, name: &str| json!({"id": name, "ids": [id], "tokens": [name]});
    let added = |id: u32, content: &str| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true})
    };
    let tokenizer = json!({
        "version": "1.0",
        "truncation": {"direction": direction, "max_length": 3, "strategy": "LongestFirst", "stride": 1},
        "padding": {"strategy": {"Fixed": 40}, "direction": "Left", "pad_to_multiple_of": null,
                    "pad_id": 99, "pad_type_id": 0, "pad_token": "w99"},
        "added_tokens": [added(100, "<s>"), added(101, "</s>")],
        "normalizer": null,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": template,
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"<s>": special(100, "<s>"), "</s>": special(101, "</s>")},
        },
        "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "?"},
    });
    let path = folder.join("tokenizer.json");
    fs::write(&path, tokenizer.to_string()).unwrap();
    path
}

fn template(names: &[&str]) -> Value {
    let part = |name: &&str| match *name {
        "text" => json!({"Sequence": {"id": "A", "type_id": 0}}),
        special => json!({"SpecialToken": {"id": special, "type_id": 0}}),
    };
    Value::Array(names.iter().map(part).collect())
}

fn text_file(folder: &Path, lengths: &[usize]) -> PathBuf {
    let document = |&length: &usize| {
        let words: Vec<String> = (0..length).map(|n| format!("w{n}")).collect();
        format!("{}\n", json!({"text": words.join(" ")}))
    };
    let path = folder.join("text.jsonl");
    fs::write(&path, lengths.iter().map(document).collect::<String>()).unwrap();
    path
}

#[test]
fn special_tokens_survive_the_cut() {
    let folder = tempfile::tempdir().unwrap();
    let text = text_file(folder.path(), &[20, 8]);
    let read = |direction: &str, parts: &[&str], context: usize| {
        let tokenizer = word_tokenizer(folder.path(), direction, template(parts));
        Tokens::from_text(&tokenizer, &text, &settings(2, context), &mut || false).unwrap().documents
    };
    let words = |range: std::ops::Range<u32>| range.collect::<Vec<u32>>();
    assert_eq!(read("Right", &["text"], 10), [words(0..10), words(0..8)]);
    let both = read("Right", &["<s>", "text", "</s>"], 12);
    assert_eq!(both[0], [vec![100], words(0..10), vec![101]].concat());
    assert_eq!(both[1], [vec![100], words(0..8), vec![101]].concat());
    assert_eq!(read("Right", &["<s>", "text"], 8)[0], [vec![100], words(0..7)].concat());
    // Which end is cut is the tokenizer's, as in transformers.
    assert_eq!(read("Left", &["<s>", "text"], 8)[0], [vec![100], words(13..20)].concat());

    let tokenizer = word_tokenizer(folder.path(), "Right", template(&["<s>", "text", "</s>"]));
    let narrow = Settings { context: 2, max_order: 1, ..Settings::default() };
    one_line(&Tokens::from_text(&tokenizer, &text, &narrow, &mut || false).unwrap_err(), Kind::Sample);
}

#[test]
fn short_documents_are_skipped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = word_tokenizer(folder.path(), "Right", template(&["text"]));
    let mut lengths = vec![7, 8, 0, 9];
    lengths.extend([1; 300]);
    lengths.extend([12, 12, 12]);
    let text = text_file(folder.path(), &lengths);
    let read = |samples: usize| {
        let tokens = Tokens::from_text(&tokenizer, &text, &settings(samples, 10), &mut || false).unwrap();
        (tokens.documents.iter().map(Vec::len).collect::<Vec<_>>(), tokens.skipped)
    };
    assert_eq!(read(1), (vec![8], 1));
    assert_eq!(read(2), (vec![8, 9], 2));
    assert_eq!(read(3), (vec![8, 9, 10], 302));
    assert_eq!(read(99), (vec![8, 9, 10, 10, 10], 302));

    let text = text_file(folder.path(), &[7, 7]);
    let error = one_line(
        &Tokens::from_text(&tokenizer, &text, &settings(5, 10), &mut || false).unwrap_err(),
        Kind::Sample,
    );
    assert!(error.starts_with("each of the 2 documents has fewer than 8 tokens; "), "{error}");
    let bigrams = Settings { max_order: 2, ..settings(5, 4) };
    assert_eq!(Tokens::from_text(&tokenizer, &text, &bigrams, &mut || false).unwrap().documents.len(), 2);
}

#[test]
fn lines_beyond_the_sample_may_be_broken() {
    let folder = tempfile::tempdir().unwrap();
    let tokenizer = word_tokenizer(folder.path(), "Right", template(&["text"]));
    let text = text_file(folder.path(), &[9, 2, 9]);
    let lines = fs::read_to_string(&text).unwrap() + &"{broken\n".repeat(20);
    fs::write(&text, lines).unwrap();
    assert_eq!(
        Tokens::from_text(&tokenizer, &text, &settings(2, 9), &mut || false).unwrap().documents.len(),
        2
    );
    let error = one_line(
        &Tokens::from_text(&tokenizer, &text, &settings(3, 9), &mut || false).unwrap_err(),
        Kind::Corpus,
    );
    assert!(error.starts_with("line 4 "), "{error}");
}

#[test]
fn unusable_tokenizers() {
    let folder = tempfile::tempdir().unwrap();
    let text = text_file(folder.path(), &[9]);
    let path = folder.path().join("tokenizer.json");
    let refused = || {
        let error = Tokens::from_text(&path, &text, &settings(1, 9), &mut || false).unwrap_err();
        let error = one_line(&error, Kind::Tokenizer);
        assert!(error.ends_with(path.to_str().unwrap()), "{error}");
    };
    refused();
    for broken in ["", "{}", "{\"version\": \"1.0\"", "\0", "[1,\n2]"] {
        fs::write(&path, broken).unwrap();
        refused();
    }
    let missing = one_line(&missing_tokenizer(Path::new("/runs/step1")), Kind::Tokenizer);
    assert!(missing.contains("--tokens") && missing.ends_with("/runs/step1"), "{missing}");
}

#[test]
fn settings_without_room() {
    let text = Path::new("unused");
    for settings in [settings(0, 512), settings(1, 7), Settings { max_order: 2, ..settings(1, 3) }] {
        one_line(&Tokens::from_text(text, text, &settings, &mut || false).unwrap_err(), Kind::Usage);
        one_line(&Tokens::from_file(text, &settings).unwrap_err(), Kind::Usage);
    }
}

/// A token file of the given tensors.
fn token_file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.safetensors");
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, data)| (*name, TensorView::new(*dtype, shape.to_vec(), data).unwrap()));
    fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    (folder, path)
}

fn i64s(numbers: &[i64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

#[test]
fn token_files_of_any_integer() {
    let ids: Vec<u16> = (0..20).chain([7, 60_000]).collect();
    let data = [
        (Dtype::U16, ids.iter().flat_map(|id| id.to_le_bytes()).collect::<Vec<u8>>()),
        (Dtype::U32, ids.iter().flat_map(|&id| u32::from(id).to_le_bytes()).collect()),
        (Dtype::I32, ids.iter().flat_map(|&id| i32::from(id).to_le_bytes()).collect()),
        (Dtype::I64, ids.iter().flat_map(|&id| i64::from(id).to_le_bytes()).collect()),
        (Dtype::U64, ids.iter().flat_map(|&id| u64::from(id).to_le_bytes()).collect()),
    ];
    for (dtype, tokens) in data {
        let offsets = ("offsets", Dtype::I64, &[4][..], i64s(&[0, 8, 20, 22]));
        let (_folder, path) = token_file(&[("tokens", dtype, &[22], tokens), offsets]);
        let tokens = Tokens::from_file(&path, &settings(500, 10)).unwrap();
        assert_eq!(tokens.documents, [(0..8).collect::<Vec<_>>(), (8..18).collect()], "{dtype:?}");
        assert_eq!((tokens.skipped, largest_id(&tokens)), (1, 17));
        let first = Tokens::from_file(&path, &settings(1, 10)).unwrap();
        assert_eq!((first.documents.len(), first.skipped), (1, 0));
        let all = all_documents_from_file(&path).unwrap();
        assert_eq!(all, [(0..8).collect::<Vec<_>>(), (8..20).collect(), vec![7, 60_000]]);
        let unigrams = Settings { max_order: 1, ..settings(500, 2) };
        assert_eq!(Tokens::from_file(&path, &unigrams).unwrap().documents, [[0, 1], [8, 9], [7, 60_000]]);
    }
}

#[test]
fn unusable_token_files() {
    let refused = |tensors: &[(&str, Dtype, &[usize], Vec<u8>)], cause: &str| {
        let (_folder, path) = token_file(tensors);
        // A file without a fault may still hold nothing to measure.
        let kind = if cause.starts_with("the only document") { Kind::Sample } else { Kind::Corpus };
        let error = one_line(&Tokens::from_file(&path, &settings(1, 10)).unwrap_err(), kind);
        assert!(error.starts_with(cause) && error.ends_with(path.to_str().unwrap()), "{error}");
    };
    let pair = |tokens: &[i64], offsets: &[i64], cause: &str| {
        let (tokens, offsets) = ((tokens.len(), i64s(tokens)), (offsets.len(), i64s(offsets)));
        let both = [
            ("tokens", Dtype::I64, &[tokens.0][..], tokens.1),
            ("offsets", Dtype::I64, &[offsets.0][..], offsets.1),
        ];
        refused(&both, cause);
    };
    pair(&[1, 2, 3], &[], "`offsets` has no documents; ");
    pair(&[1, 2, 3], &[0], "`offsets` has no documents; ");
    pair(&[1, 2, 3], &[1, 3], "`offsets` starts at 1, not at 0; ");
    pair(&[1, 2, 3], &[0, 2], "`offsets` ends at 2, but there are 3 tokens; ");
    pair(&[1, 2, 3], &[0, 4], "`offsets` ends at 4, but there are 3 tokens; ");
    pair(&[1, 2, 3], &[0, -1, 3], "`offsets` decreases after document 1; ");
    pair(&[1, 2, 3], &[0, 9, 3], "`offsets` decreases after document 2; ");
    pair(&[1, -2, 3], &[0, 3], "-2 is not a token id; ");
    pair(&[1, 1 << 32, 3], &[0, 3], "4294967296 is not a token id; ");
    pair(&[1, 2, 3], &[0, 3], "the only document has fewer than 8 tokens; ");

    let ids = ("tokens", Dtype::I64, &[2][..], i64s(&[1, 2]));
    refused(std::slice::from_ref(&ids), "the token file has no tensor `offsets`; ");
    let table = ("offsets", Dtype::I64, &[1, 2][..], i64s(&[0, 2]));
    refused(&[ids.clone(), table], "`offsets` has the shape [1, 2] instead of one dimension; ");
    refused(
        &[ids.clone(), ("offsets", Dtype::F64, &[2], i64s(&[0, 2]))],
        "`offsets` is F64 instead of integers",
    );
    refused(&[ids, ("offsets", Dtype::U64, &[2], i64s(&[0, -1]))], "`offsets` holds a number above 2^63; ");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.safetensors");
    for cause in ["the tokens cannot be read (", "the token file is not valid safetensors ("] {
        let error = one_line(&all_documents_from_file(&path).unwrap_err(), Kind::Corpus);
        assert!(error.starts_with(cause), "{error}");
        fs::write(&path, "not a token file at all").unwrap();
    }
    assert_eq!(all_documents_from_file(folder.path()).unwrap_err().kind(), Kind::Corpus);
}

#[test]
fn of_a_token_file_only_the_documents_taken_are_read() {
    // The ids of the third document are none, which only who reads them can tell.
    let mut ids: Vec<i64> = (0..20).collect();
    ids.extend([-1; 10]);
    let tokens = ("tokens", Dtype::I64, &[30][..], i64s(&ids));
    let (_folder, path) = token_file(&[tokens, ("offsets", Dtype::I64, &[4], i64s(&[0, 8, 20, 30]))]);
    assert_eq!(Tokens::from_file(&path, &settings(2, 10)).unwrap().documents.len(), 2);
    let error = one_line(&Tokens::from_file(&path, &settings(3, 10)).unwrap_err(), Kind::Corpus);
    assert!(error.starts_with("-1 is not a token id; "), "{error}");

    // Whole or not is known from the length.
    let bytes = fs::read(&path).unwrap();
    for cut in [3, 20, bytes.len() - 1] {
        fs::write(&path, &bytes[..cut]).unwrap();
        let error = one_line(&Tokens::from_file(&path, &settings(1, 10)).unwrap_err(), Kind::Corpus);
        assert!(error.starts_with("the token file is not valid safetensors ("), "{error}");
    }
}

#[test]
fn text_of_another_field_that_is_too_short_says_which_field_it_was() {
    let folder = TempDir::new().unwrap();
    let tokenizer = word_tokenizer(folder.path(), "Right", template(&["text"]));
    let text = folder.path().join("a.csv");
    fs::write(&text, "id,title\n1,w1\n2,w2\n").unwrap();
    let error = Tokens::from_text(&tokenizer, &text, &settings(2, 64), &mut || false).unwrap_err();
    let told = one_line(&error, Kind::Sample);
    assert!(
        told.contains("fewer than 8 tokens; there is no `text`; the text is taken from `title`"),
        "{told}"
    );
}

#[test]
fn a_pair_of_a_sample_is_the_one_of_the_file() {
    let tokenizer = repository("assets/demo/gutenberg-1m/tokenizer.json");
    let labels = repository("tests/fixtures/labels");
    let file = labels.join("pairs.jsonl");
    // Short enough that some sides are cut and some pairs left out.
    let settings = Settings {
        context: 96,
        chat_template: labels.join("chat_template.jinja").to_str().unwrap().to_owned(),
        ..Settings::default()
    };
    let tokens = Tokens::from_pairs(&tokenizer, &file, &settings, &mut || false).unwrap();
    let answers = tokens.answers.unwrap();
    let vocabulary = Vocabulary::read(&tokenizer).unwrap();
    let (mut number, mut cut, mut left_out) = (0, 0, 0);
    for of_file in 0..40 {
        let alone = read_pair(&tokenizer, &file, &settings, of_file).unwrap();
        if alone.sides.iter().all(|side| side.count(Role::Labelled) == 0) {
            left_out += 1;
            continue;
        }
        let pair = answers.read(number, &tokens.documents, &vocabulary).unwrap();
        assert_eq!((&pair.place, &pair.template, pair.number), (&alone.place, &alone.template, number));
        for (side, alone) in pair.sides.iter().zip(&alone.sides) {
            assert_eq!(side.count(Role::Labelled), alone.count(Role::Labelled), "{}", pair.place);
            if side.tokens.is_empty() {
                assert!(side.words().contains("left out"), "{}", side.words());
                continue;
            }
            let kept: Vec<&ReadToken> = alone.tokens.iter().filter(|token| token.role != Role::Cut).collect();
            assert_eq!(side.tokens.len(), kept.len());
            for (token, alone) in side.tokens.iter().zip(kept) {
                let of = |token: &ReadToken| (token.id, token.role, token.is_special);
                assert_eq!(of(token), of(alone), "{}", pair.place);
                // Several tokens may make a letter.
                if !alone.text.is_empty() && alone.text.is_ascii() {
                    assert_eq!(token.text, alone.text, "{}", pair.place);
                }
            }
            assert_eq!(side.is_cut, alone.count(Role::Cut) > 0);
            cut += usize::from(side.is_cut);
        }
        number += 1;
    }
    let sample = OfPairs { pairs: number, skipped: answers.skipped.clone() };
    assert_eq!(answers.read(0, &tokens.documents, &vocabulary).unwrap().sample, Some(sample));
    assert!(cut > 0 && left_out > 0, "{cut} cut, {left_out} left out");
    let note = answers.skipped.as_ref().unwrap();
    assert!(note.starts_with(&format!("{left_out} of 40 pairs")), "{note}");
    let error = answers.read(number, &tokens.documents, &vocabulary).unwrap_err();
    assert!(error.to_string().contains(&format!("has {number} pairs")), "{error}");
}
