//! `trainer_state.json`, which the Trainer writes beside a checkpoint: two numbers among megabytes of log.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::folder::ModelFolder;
use crate::error::Error;
use crate::json::Quoting;

/// Larger files are not looked into; a long run's log takes tens of megabytes.
const LARGEST: u64 = 256 << 20;
/// What is read of either end of a file as the Trainer writes it. Beside the log it holds some ten lines.
const EDGE: u64 = 64 << 10;

/// What the Trainer says of a checkpoint; everything is optional, and a broken file says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrainerState {
    global_step: Option<u64>,
    num_input_tokens_seen: Option<u64>,
}

impl TrainerState {
    /// Reads the state in a folder; with an error where there is one that is not read.
    pub fn read(folder: &ModelFolder) -> (Self, Option<Error>) {
        let (path, refused) = match folder.file("trainer_state.json") {
            Ok(path) => (path, None),
            Err(error) => (None, Some(error)),
        };
        let file = path.and_then(|path| File::open(path).ok());
        (file.and_then(|mut file| Self::of(&mut file).ok().flatten()).unwrap_or_default(), refused)
    }

    /// Training steps.
    pub fn step(&self) -> Option<u64> {
        self.global_step
    }

    /// Training tokens. The Trainer writes 0 unless it was told to count.
    pub fn tokens(&self) -> Option<u64> {
        self.num_input_tokens_seen.filter(|&tokens| tokens > 0 || self.step() == Some(0))
    }

    fn of(file: &mut File) -> io::Result<Option<Self>> {
        let size = file.metadata()?.len();
        if size > 2 * EDGE
            && let Some(state) = Self::of_edges(file, size)?
        {
            return Ok(Some(state));
        }
        file.rewind()?;
        Ok(if size > LARGEST { None } else { Self::of_json(file) })
    }

    /// The state of a file with a key a line in their order, as the Trainer writes it: the step stands before the log
    /// and the tokens behind it. None for any other form.
    fn of_edges(file: &mut File, size: u64) -> io::Result<Option<Self>> {
        let mut edge = |start: u64| -> io::Result<String> {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(start))?;
            file.by_ref().take(EDGE).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let (start, end) = (edge(0)?, edge(size - EDGE)?);
        // No string spans lines in JSON, so these are the keys and the brackets of the outermost object.
        let before = start.split_once("\n  \"log_history\": [").map(|(before, _)| before);
        let behind = end.split_once("\n  ],\n").map(|(_, behind)| behind);
        let (Some(before), Some(behind)) = (before.filter(|text| text.starts_with("{\n  \"")), behind) else {
            return Ok(None);
        };
        let number = |text: &str, key: &str| {
            let key = format!("  \"{key}\": ");
            text.lines().find_map(|line| line.strip_prefix(&key)?.trim_end_matches(',').parse().ok())
        };
        Ok(behind.trim_end().ends_with('}').then(|| Self {
            global_step: number(before, "global_step"),
            num_input_tokens_seen: number(behind, "num_input_tokens_seen"),
        }))
    }

    /// The state of a file of any form, read up to where both numbers are known.
    fn of_json(reader: impl Read) -> Option<Self> {
        let mut found = Found::default();
        let mut json = serde_json::Deserializer::from_reader(Quoting::new(reader));
        let whole = found.deserialize(&mut json).and_then(|()| json.end()).is_ok();
        let number = |value: &Option<Value>| value.as_ref().and_then(Value::as_u64);
        (whole || found.is_all()).then(|| Self {
            global_step: number(&found.global_step),
            num_input_tokens_seen: number(&found.num_input_tokens_seen),
        })
    }
}

/// The two values as they are met; all others are passed over without being kept.
#[derive(Default)]
struct Found {
    global_step: Option<Value>,
    num_input_tokens_seen: Option<Value>,
}

impl Found {
    fn is_all(&self) -> bool {
        self.global_step.is_some() && self.num_input_tokens_seen.is_some()
    }
}

impl<'de> DeserializeSeed<'de> for &mut Found {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Found {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the state of a Trainer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while !self.is_all()
            && let Some(key) = map.next_key::<String>()?
        {
            match &*key {
                "global_step" => self.global_step = Some(map.next_value()?),
                "num_input_tokens_seen" => self.num_input_tokens_seen = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn state(step: Option<u64>, tokens: Option<u64>) -> TrainerState {
        TrainerState { global_step: step, num_input_tokens_seen: tokens }
    }

    #[test]
    fn a_state_is_read_no_further_than_its_two_numbers() {
        let known = TrainerState::of_json(
            &b"{\"a\": [1, {}], \"num_input_tokens_seen\": 7, \"global_step\": 5, \xff"[..],
        );
        assert_eq!(known, Some(state(Some(5), Some(7))));
        assert_eq!(TrainerState::of_json(&b"{\"global_step\": null}"[..]), Some(state(None, None)));
        for broken in [
            &b"{\"global_step\": 5, \xff"[..],
            b"{\"global_step\": 5",
            b"{\"global_step\": 5} 6",
            b"[5]",
            b"",
            b"{\"loss\": nan, \"global_step\": 5}",
        ] {
            assert_eq!(TrainerState::of_json(broken), None);
        }
    }

    #[test]
    fn a_diverged_run_s_log_hides_nothing() {
        let text = r#"{"best_metric": -Infinity, "global_step": 5, "log_history": [{"loss": NaN}],
            "note": "NaN", "num_input_tokens_seen": 4096}"#;
        assert_eq!(TrainerState::of_json(text.as_bytes()), Some(state(Some(5), Some(4096))));
        let unknown = br#"{"global_step": NaN, "num_input_tokens_seen": Infinity}"#;
        assert_eq!(TrainerState::of_json(&unknown[..]), Some(state(None, None)));
    }

    /// A file as the Trainer writes it, its log as long as said; tokens stand in every entry of the log too.
    fn written(step: &str, tokens: &str, entries: usize) -> String {
        let entry =
            "    {\n      \"global_step\": 1,\n      \"num_input_tokens_seen\": 1,\n      \"step\": 1\n    }";
        let log = vec![entry; entries].join(",\n");
        format!(
            "{{\n  \"best_metric\": null,\n  \"epoch\": 1.5,\n  \"global_step\": {step},\n  \"log_history\": [\n{log}\n  ],\n  \
             \"max_steps\": 9,\n{tokens}  \"stateful_callbacks\": {{\n    \"a\": []\n  }},\n  \"trial_params\": null\n}}\n"
        )
    }

    /// What a large file says; its log is broken JSON, so that only the ends can have been read.
    fn at_the_edges(text: &str) -> Option<TrainerState> {
        let mut file = tempfile::tempfile().unwrap();
        let middle = text.len() / 2;
        file.write_all(&text.as_bytes()[..middle]).unwrap();
        file.write_all(b"\x01").unwrap();
        file.write_all(&text.as_bytes()[middle..]).unwrap();
        assert!(file.metadata().unwrap().len() > 2 * EDGE);
        TrainerState::of(&mut file).unwrap()
    }

    #[test]
    fn of_a_large_file_only_the_ends_are_read() {
        let counted = "  \"num_input_tokens_seen\": 4096,\n";
        assert_eq!(at_the_edges(&written("2000", counted, 5000)), Some(state(Some(2000), Some(4096))));
        // Before tokens were counted there was no such key.
        assert_eq!(at_the_edges(&written("2000", "", 5000)), Some(state(Some(2000), None)));
        // Cut off in its log, or in another form: read as any JSON, and broken.
        let whole = written("2000", counted, 5000);
        assert_eq!(at_the_edges(&whole[..whole.len() - 200]), None);
        assert_eq!(at_the_edges(&whole.replace('\n', " ")), None);
        assert_eq!(
            TrainerState::of_json(whole.replace('\n', " ").as_bytes()),
            Some(state(Some(2000), Some(4096)))
        );
    }
}
