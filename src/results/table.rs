//! The columns of the table of results: those of its rows, and the settings as constants beside every row.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::rows::{MEAN, Row, rows_of};
use super::{ResultSettings, Results, SCHEMA};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Whole,
    Number,
}

/// A value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    Whole(u64),
    Number(f64),
}

/// The columns that differ from row to row.
pub const COLUMNS: [(&str, Form); 14] = [
    ("run", Form::Text),
    ("checkpoint", Form::Text),
    ("step", Form::Whole),
    ("tokens", Form::Whole),
    ("layer", Form::Text),
    ("label", Form::Text),
    ("measure", Form::Text),
    ("value", Form::Number),
    ("documents", Form::Whole),
    ("positions", Form::Whole),
    ("error", Form::Text),
    ("weights", Form::Text),
    ("sample", Form::Text),
    ("path", Form::Text),
];

pub const CONDITION: &str = "condition";
pub const SCHEMA_COLUMN: &str = "schema";
/// The settings' own `documents`, of the whole sample: a row's are those that its value rests on.
const DOCUMENTS: [&str; 2] = ["documents", "sample_documents"];
/// What the numbers do not depend on.
const PROVENANCE: [&str; 5] = ["backend", "device", "version", DOCUMENTS[1], "skipped_documents"];

impl Row {
    /// The value in one of [`COLUMNS`].
    fn cell(&self, column: &str) -> Cell<'_> {
        let text = |text: &'_ str| Cell::Text(Cow::Owned(text.to_owned()));
        let maybe = |text: &Option<String>| text.clone().map_or(Cell::Empty, |text| Cell::Text(text.into()));
        let whole = |number: Option<u64>| number.map_or(Cell::Empty, Cell::Whole);
        match column {
            "run" => text(&self.about.run),
            "checkpoint" => text(&self.about.checkpoint),
            "step" => whole(self.about.step),
            "tokens" => whole(self.about.tokens),
            "layer" => Cell::Text(self.layer.map_or(MEAN.into(), |index| index.to_string().into())),
            "label" => text(&self.label),
            "measure" => text(&self.measure),
            "value" => self.value.map_or(Cell::Empty, Cell::Number),
            "documents" => whole(self.documents),
            "positions" => whole(self.positions),
            "error" => maybe(&self.error),
            "weights" => maybe(&self.about.weights),
            "sample" => maybe(&self.about.sample),
            "path" => text(&self.about.path),
            _ => Cell::Empty,
        }
    }
}

/// A table of results.
pub struct Table {
    pub rows: Vec<Row>,
    /// The columns in which all rows agree.
    constants: Vec<(String, Value)>,
}

impl Table {
    /// The table of results.
    ///
    /// # Errors
    /// None in practice; what the settings' own form said.
    pub fn new(results: &Results) -> Result<Self, String> {
        let settings = settings_columns(&results.settings)?;
        let mut constants = vec![
            (CONDITION.to_owned(), condition(&settings).into()),
            (SCHEMA_COLUMN.to_owned(), SCHEMA.into()),
        ];
        constants.extend(settings);
        Ok(Self { rows: rows_of(results), constants })
    }

    /// The names of all columns and what they hold.
    pub fn columns(&self) -> Vec<(&str, Form)> {
        let constants = self.constants.iter().map(|(name, value)| (&**name, form_of(value)));
        // The condition stands first, as what tells rows apart that are otherwise alike.
        let (first, others) = (constants.clone().take(1), constants.skip(1));
        first.chain(COLUMNS).chain(others).collect()
    }

    /// A row's value in a column.
    pub fn cell<'a>(&'a self, row: &'a Row, column: &str) -> Cell<'a> {
        match self.constants.iter().find(|(name, _)| name == column) {
            Some((_, Value::String(text))) => Cell::Text(text.into()),
            Some((_, value)) => match (value.as_u64(), value.as_f64()) {
                (Some(whole), _) => Cell::Whole(whole),
                (None, Some(number)) => Cell::Number(number),
                (None, None) => Cell::Empty,
            },
            None => row.cell(column),
        }
    }
}

fn form_of(value: &Value) -> Form {
    match value {
        Value::Number(number) if number.is_f64() => Form::Number,
        Value::Number(_) => Form::Whole,
        _ => Form::Text,
    }
}

/// The settings by the names of their columns.
pub fn settings_columns(settings: &ResultSettings) -> Result<BTreeMap<String, Value>, String> {
    let value = serde_json::to_value(settings).map_err(|error| error.to_string())?;
    let Value::Object(fields) = value else { return Err("settings without names".to_owned()) };
    let [field, column] = DOCUMENTS;
    Ok(fields
        .into_iter()
        .map(|(name, value)| (if name == field { column.to_owned() } else { name }, value))
        .collect())
}

/// A short name of what the numbers depend on: the same on every machine.
fn condition(settings: &BTreeMap<String, Value>) -> String {
    let mut of: BTreeMap<&str, String> = settings
        .iter()
        .map(|(name, value)| (&**name, value.to_string()))
        .filter(|(name, _)| !PROVENANCE.contains(name))
        .collect();
    let file = settings["corpus"].as_str().unwrap_or_default().rsplit(['/', '\\']).next();
    of.insert("corpus", file.unwrap_or_default().to_owned());
    format!("{:016x}", twox_hash::XxHash3_64::oneshot(format!("{of:?}").as_bytes()))
}

/// What stands for several values of one of [`PROVENANCE`], as where parts were measured on several machines, or
/// where tokenizers leave runs other numbers of documents.
fn provenance(name: &str, values: &[Value]) -> Value {
    match name {
        // Who computed is told by `device`.
        "backend" => Value::from("auto"),
        "device" | "version" => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ").into(),
        _ => values.iter().filter_map(Value::as_u64).max().into(),
    }
}

/// The settings that rows were measured under, from the distinct values in each of their columns.
///
/// # Errors
/// A setting that is missing, or that the rows disagree on.
pub fn settings_of(
    distinct: impl Fn(&str, Form) -> Result<Vec<Option<Value>>, String>,
) -> Result<ResultSettings, String> {
    let mut fields = serde_json::Map::new();
    let mut differ = Vec::new();
    for (name, usual) in settings_columns(&ResultSettings::default())? {
        let values = distinct(&name, form_of(&usual))?;
        if values.iter().all(Option::is_none) {
            continue;
        }
        if values.iter().any(Option::is_none) {
            return Err(format!("rows with and without the setting `{name}`; keep those of one measurement"));
        }
        let values: Vec<Value> = values.into_iter().flatten().collect();
        let value = match &values[..] {
            [value] => value.clone(),
            _ if PROVENANCE.contains(&&*name) => provenance(&name, &values),
            _ => {
                let mut texts: Vec<String> = values.iter().map(|v| v.to_string().replace('"', "")).collect();
                texts.sort_by(|a, b| crate::checkpoints::step_name::natural_order(a, b));
                let rest = if texts.len() > 2 { " and more" } else { "" };
                differ.push(format!("{name} {}{rest}", texts[..2].join(" and ")));
                continue;
            }
        };
        let [field, column] = DOCUMENTS;
        fields.insert(if name == column { field.to_owned() } else { name }, value);
    }
    if !differ.is_empty() {
        return Err(format!("rows of several settings: {}; keep those of one", differ.join(", ")));
    }
    super::all_settings_in(&fields)?;
    super::settings_from(fields)
}
