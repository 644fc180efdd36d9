//! JSON: objects a line or in one array, one field of each the text.

use std::collections::VecDeque;
use std::fmt;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::array::Elements;
use super::field::{self, Field};
use super::lines::Lines;
use super::skipped::{Fault, Problem};
use super::{Entries, Entry};
use crate::error::Result;

/// Names of fields looked at; beyond it an object is no table's row.
const MOST_FIELDS: usize = 256;
/// Objects looked at to find the text's field, and their bytes.
pub(super) const LOOKED_AT: usize = 20;
const LOOKED_AT_BYTES: usize = 1 << 20;

/// The objects' texts, as they stand in the file.
pub(super) enum Objects {
    /// One on every line that is not blank.
    Lines(Lines),
    /// The elements of an array.
    Array(Elements),
}

impl Objects {
    /// The next object's text, or what is wrong with it; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Result<&str, Problem>>> {
        match self {
            Self::Lines(lines) => lines.next(),
            Self::Array(elements) => elements.next(),
        }
    }

    /// What the object read last is called.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Lines(lines) => lines.place(),
            Self::Array(elements) => elements.place(),
        }
    }

    /// What many of them are called.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Lines(_) => "lines",
            Self::Array(_) => "entries",
        }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Lines(lines) => lines.path(),
            Self::Array(elements) => elements.path(),
        }
    }
}

/// One object's text with its place, or what is wrong with it.
type Object = Result<(String, String), Problem>;

/// Documents from objects.
pub(super) struct JsonEntries {
    objects: Objects,
    field: Field,
    /// What was read while the text's field was looked for.
    ahead: VecDeque<Result<Object>>,
}

impl JsonEntries {
    pub(super) fn new(objects: Objects, field: Field) -> Self {
        Self { objects, field, ahead: VecDeque::new() }
    }

    /// Looks for the text's field if the object read last is without it.
    fn find_field(&mut self, first: String, place: String) {
        match text_at(&first, &self.field.name) {
            Ok(Found::Text(_) | Found::Other) => self.field.settle(),
            Ok(Found::Absent) if is_object(&first) => return self.look_ahead(first, place),
            // What is no object says nothing of fields.
            Ok(Found::Absent) | Err(_) => {}
        }
        self.ahead.push_back(Ok(Ok((first, place))));
    }

    /// Looks at the next objects, to see if they have the field, or else which one they have.
    fn look_ahead(&mut self, first: String, place: String) {
        let mut texts = vec![text_fields(&first).unwrap_or_default()];
        let (mut bytes, mut named) = (first.len(), false);
        self.ahead.push_back(Ok(Ok((first, place))));
        while self.ahead.len() < LOOKED_AT && bytes < LOOKED_AT_BYTES {
            let object = match self.objects.next() {
                Ok(None) => break,
                Ok(Some(Ok(object))) if object.trim().is_empty() => continue,
                Ok(Some(Ok(object))) => Ok(object.to_owned()),
                Ok(Some(Err(problem))) => Err(problem),
                Err(error) => {
                    self.ahead.push_back(Err(error));
                    break;
                }
            };
            if let Ok(object) = &object {
                bytes += object.len();
                named |= matches!(text_at(object, &self.field.name), Ok(Found::Text(_) | Found::Other));
                texts.extend(text_fields(object));
            }
            let place = self.objects.place();
            self.ahead.push_back(Ok(object.map(|object| (object, place))));
        }
        if named { self.field.settle() } else { self.field.find(&in_most(&texts)) }
    }
}

/// The names that most objects have.
pub(super) fn in_most(objects: &[Vec<String>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in objects.iter().flatten() {
        let having = objects.iter().filter(|names| names.contains(name)).count();
        if 2 * having > objects.len() && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

impl Entries for JsonEntries {
    fn next(&mut self) -> Result<Option<Entry>> {
        if self.ahead.is_empty() {
            let read = match self.objects.next()? {
                None => return Ok(None),
                Some(Err(problem)) => return Ok(Some(Entry::Bad(problem))),
                Some(Ok(object)) if object.trim().is_empty() => return Ok(Some(Entry::Blank)),
                Some(Ok(object)) => object,
            };
            if !self.field.is_sought() {
                let document = document(read, &self.field.name);
                return Ok(Some(document.map_err(|problem| problem.at(self.objects.place())).into()));
            }
            let read = read.to_owned();
            self.find_field(read, self.objects.place());
        }
        Ok(Some(match self.ahead.pop_front().transpose()? {
            None => Entry::Blank,
            Some(Err(problem)) => Entry::Bad(problem),
            Some(Ok((object, place))) => {
                document(&object, &self.field.name).map_err(|problem| problem.at(place)).into()
            }
        }))
    }

    fn noun(&self) -> &'static str {
        self.objects.noun()
    }

    fn field(&self) -> &Field {
        &self.field
    }

    fn path(&self) -> &Path {
        self.objects.path()
    }
}

/// The text of an object, or why it has none, still without its place.
fn document(object: &str, name: &str) -> Result<String, Problem> {
    match text_at(object, name) {
        Ok(Found::Text(text)) => Ok(text),
        Ok(_) if !is_object(object) => Err(not_an_object()),
        Ok(found) => {
            let texts = text_fields(object).unwrap_or_default();
            Err(no_field(name, matches!(found, Found::Other), &texts))
        }
        Err(error) => Err(not_json(&error)),
    }
}

/// What is wrong with an object without text in a field, which is `there` or not, but has some in other `texts`.
pub(super) fn no_field(name: &str, there: bool, texts: &[String]) -> Problem {
    let name = name.escape_debug();
    let cause = match there {
        true => format!("has a field `{name}` that is not a string"),
        false => format!("has no field `{name}`"),
    };
    Problem::new(Fault::Text, String::new(), cause, field::others_help(texts, "field"))
}

const ONE_OBJECT: &str = "every line must be one JSON object";

/// What is wrong with JSON that is no object.
pub(super) fn not_an_object() -> Problem {
    Problem::new(Fault::Object, String::new(), "is not a JSON object", ONE_OBJECT)
}

/// What is wrong with what is no JSON.
pub(super) fn not_json(error: &serde_json::Error) -> Problem {
    // The parser saw one line and would call it line 1.
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    let cause = format!("is not valid JSON ({reason}, column {})", error.column());
    Problem::new(Fault::Json, String::new(), cause, ONE_OBJECT)
}

/// Whether what is JSON is an object.
fn is_object(json: &str) -> bool {
    json.trim_start().starts_with('{')
}

/// What a field holds.
pub(super) enum Found {
    /// Text.
    Text(String),
    /// Something else.
    Other,
    /// There is no such field.
    Absent,
}

/// What an object holds at a path of names parted by dots. Nothing else of it takes memory.
fn text_at(object: &str, path: &str) -> serde_json::Result<Found> {
    let mut parser = serde_json::Deserializer::from_str(object);
    let found = At(path).deserialize(&mut parser)?;
    parser.end()?;
    Ok(found)
}

/// The names of an object's fields that hold text, sorted.
fn text_fields(object: &str) -> serde_json::Result<Vec<String>> {
    serde_json::Deserializer::from_str(object).deserialize_any(TextFields)
}

/// The same of an object that was read.
pub(super) fn texts_of(object: &serde_json::Value) -> Vec<String> {
    object.deserialize_any(TextFields).unwrap_or_default()
}

/// Finds what lies at a path. A name that has the dots itself comes first; through lists a path leads to every element,
/// whose texts make up the document.
pub(super) struct At<'p>(pub(super) &'p str);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Values of JSON that are no text and have no fields.
macro_rules! scalars {
    ($($visit:ident: $type:ty),*; $found:expr) => {
        fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
            formatter.write_str("JSON")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($found)
        }
        $(fn $visit<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok($found)
        })*
    };
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Found;

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str; Found::Absent);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let (mut whole, mut within) = (Found::Absent, Found::Absent);
        while let Some(key) = map.next_key::<String>()? {
            if key == self.0 {
                whole = map.next_value_seed(Content)?;
            } else if let Some(rest) = self.0.strip_prefix(&*key).and_then(|rest| rest.strip_prefix('.')) {
                within = map.next_value_seed(At(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(if matches!(whole, Found::Absent) { within } else { whole })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found, A::Error> {
        let mut joined = Found::Absent;
        while let Some(found) = list.next_element_seed(At(self.0))? {
            joined = join(joined, found);
        }
        Ok(joined)
    }
}

/// A text, or messages, whose contents make up one.
struct Content;

impl<'de> DeserializeSeed<'de> for Content {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Content {
    type Value = Found;

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64; Found::Other);

    fn visit_str<E>(self, text: &str) -> Result<Found, E> {
        Ok(Found::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Found, E> {
        Ok(Found::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found, A::Error> {
        let mut joined = Found::Absent;
        while let Some(found) = list.next_element_seed(At("content"))? {
            joined = join(joined, found);
        }
        Ok(if matches!(joined, Found::Text(_)) { joined } else { Found::Other })
    }
}

/// Texts one below the other; what is no text among them makes none of all.
fn join(before: Found, next: Found) -> Found {
    match (before, next) {
        (Found::Absent, next) => next,
        (Found::Text(mut text), Found::Text(next)) => {
            text.push('\n');
            text.push_str(&next);
            Found::Text(text)
        }
        _ => Found::Other,
    }
}

/// Gathers the names of fields that hold text.
struct TextFields;

impl<'de> Visitor<'de> for TextFields {
    type Value = Vec<String>;

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str; Vec::new());

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
        let mut names = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if matches!(map.next_value_seed(Content)?, Found::Text(_)) && names.len() < MOST_FIELDS {
                names.push(key);
            }
        }
        names.sort();
        Ok(names)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }
}
