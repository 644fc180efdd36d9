use std::collections::BTreeSet;

use super::*;

#[test]
fn every_field_has_one_entry_and_every_entry_its_field() {
    let fields = serde_json::to_value(Settings::all_written()).unwrap();
    let fields: Vec<&str> = fields.as_object().unwrap().keys().map(String::as_str).collect();
    let mut entries: Vec<&str> = ALL.iter().map(|entry| entry.name).collect();
    entries.sort_unstable();
    assert_eq!(entries, fields);
    let labels: BTreeSet<&str> = ALL.iter().map(|entry| entry.label).collect();
    assert_eq!(labels.len(), ALL.len());
}

/// The fields in which two settings differ.
fn differing(a: &Settings, b: &Settings) -> Vec<String> {
    let [a, b] = [a, b].map(|settings| serde_json::to_value(settings).unwrap());
    let fields = a.as_object().unwrap().iter();
    fields.filter(|(name, value)| b[name.as_str()] != **value).map(|(name, _)| name.clone()).collect()
}

#[test]
fn an_entry_reads_writes_and_copies_its_own_field_and_no_other() {
    for entry in ALL {
        let changed = changed(entry);
        assert_eq!(differing(&changed, &Settings::default()), [entry.name]);
        let text = entry.text(&changed);
        let mut read = Settings::default();
        entry.set(&mut read, &text).unwrap();
        assert_eq!(read, changed, "{text}");
        entry.copy(&Settings::default(), &mut read);
        assert_eq!(read, Settings::default());
        // Legal values are said in a line of their own, and what is usual is one of them.
        let mut usual = Settings::default();
        entry.set(&mut usual, &entry.text(&Settings::default())).unwrap();
        assert_eq!(usual, Settings::default());
        let (help, line) =
            entry.hint(&changed).split_once('\n').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert!(help == entry.help && !help.ends_with('.'), "{help}");
        assert!(line.contains(&entry.flag()) && line.contains(&format!("{text} by default")), "{line}");
    }
}

#[test]
fn illegal_values_change_nothing_and_name_what_is_legal() {
    for (entry, wrong, legal) in [
        (&POINTS, &["1", "65537", "-3", "2.5", "", "many"][..], "not a whole number from 2 to 65536"),
        (&TOLERANCE, &["nan", "-0.1", "1.5", "", "inf"], "not a number from 0 to 1"),
        (&SEED, &["-1", "18446744073709551616"], "not a whole number from 0 to 18446744073709551615"),
        (&BACKEND, &["tpu", "", "CPU"], "not one of auto, gpu, cpu"),
        (&MAX_ORDER, &["0", "5", "bigram"], "not a whole number from 1 to 4"),
    ] {
        for wrong in wrong {
            let mut settings = Settings::default();
            assert_eq!(entry.set(&mut settings, wrong), Err(legal.to_owned()), "{wrong}");
            assert_eq!(settings, Settings::default());
        }
    }
    for wrong in ["0", "nan", "roots", "-1", "inf"] {
        assert!(TEMPERATURE.set(&mut Settings::default(), wrong).is_err(), "{wrong}");
    }
}

#[test]
fn values_survive_text() {
    let mut settings = Settings::default();
    for (entry, texts) in [
        (&TEMPERATURE, &["root", "leading", "grid", "exact", "0.0123"][..]),
        (&SEED, &["18446744073709551615"]),
        (&TOLERANCE, &["0", "0.50000125", "1e-12", "1"]),
        (&TEMPERATURE_FACTOR, &["7.123456789"]),
        (&DTYPE, &["auto", "f32", "f16", "bf16"]),
        (&TEXT_FIELD, &["", "a b"]),
    ] {
        for &text in texts {
            entry.set(&mut settings, text).unwrap();
            assert_eq!(entry.text(&settings), text);
        }
    }
}

#[test]
fn what_scores_depend_on_is_what_is_no_question_to_them() {
    for entry in ALL {
        let alone = Settings::default().of_scores() == changed(entry).of_scores();
        assert_eq!(alone, entry.role == Role::Question, "{}", entry.name);
    }
    let questions: Vec<&str> =
        ALL.iter().filter(|entry| entry.role == Role::Question).map(|entry| entry.name).collect();
    let expected = [
        "points",
        "temperature",
        "temperature_factor",
        "reference_seeds",
        "min_count",
        "tolerance",
        "labels",
    ];
    assert_eq!(questions, expected);
}

#[test]
fn the_window_differs_in_what_is_said_of_it() {
    assert_eq!(differing(&Settings::of_window(), &Settings::default()), ["samples", "scores"]);
}
