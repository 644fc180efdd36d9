//! The table of results: its columns, written and read, whatever encodes them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::provenance::{Fields, all_fields, some};
use super::rows::{About, MEAN, Row, results_of, rows_of};
use super::{Cause, Results, SCHEMA};

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

/// The columns before those of the settings and the provenance.
const COLUMNS: [(&str, Form); 17] = [
    ("condition", Form::Text),
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
    ("warning", Form::Text),
    ("path", Form::Text),
    (SCHEMA_COLUMN, Form::Whole),
];

const SCHEMA_COLUMN: &str = "schema";

/// The columns by which a table is known to be one of results.
pub const TELLING: [&str; 5] = ["run", "checkpoint", "layer", "measure", "value"];

impl Row {
    /// The value in a column.
    fn cell(&self, column: &str) -> Cell<'_> {
        let text = |text: &'_ str| Cell::Text(Cow::Owned(text.to_owned()));
        let maybe = |text: &Option<String>| text.clone().map_or(Cell::Empty, |text| Cell::Text(text.into()));
        let whole = |number: Option<u64>| number.map_or(Cell::Empty, Cell::Whole);
        match column {
            "condition" => text(&self.about.condition),
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
            "warning" => maybe(&self.about.warning),
            "path" => text(&self.about.path),
            SCHEMA_COLUMN => Cell::Whole(u64::from(SCHEMA)),
            field => match self.about.fields.get(field) {
                Some(Value::String(text)) => Cell::Text(text.into()),
                Some(value) => match (value.as_u64(), value.as_f64()) {
                    (Some(whole), _) => Cell::Whole(whole),
                    (None, Some(number)) => Cell::Number(number),
                    (None, None) => Cell::Empty,
                },
                None => Cell::Empty,
            },
        }
    }
}

/// A table of results.
pub struct Table {
    pub rows: Vec<Row>,
    /// The columns of the settings and the provenance.
    fields: Vec<(String, Form)>,
}

impl Table {
    /// The table of results.
    ///
    /// # Errors
    /// None in practice; what the settings' own form said.
    pub fn new(results: &Results) -> Result<Self, String> {
        Ok(Self { rows: rows_of(results)?, fields: field_columns()? })
    }

    /// The names of all columns and what they hold.
    pub fn columns(&self) -> Vec<(&str, Form)> {
        let fields = self.fields.iter().map(|(name, form)| (&**name, *form));
        COLUMNS.into_iter().chain(fields).collect()
    }

    /// A row's value in a column.
    pub fn cell<'a>(&'a self, row: &'a Row, column: &str) -> Cell<'a> {
        row.cell(column)
    }
}

fn field_columns() -> Result<Vec<(String, Form)>, String> {
    let (condition, provenance) = some();
    let form = |value: &Value| match value {
        Value::Number(number) if number.is_f64() => Form::Number,
        Value::Number(_) => Form::Whole,
        _ => Form::Text,
    };
    let fields = all_fields(&condition, &provenance)?;
    Ok(fields.iter().map(|(name, value)| (name.clone(), form(value))).collect())
}

/// The columns of a file, found by name. A column that is not there is empty.
pub trait Columns {
    /// The number of rows in every column.
    fn rows(&self) -> usize;
    /// Whether there is such a column.
    fn has(&self, name: &str) -> bool;
    /// A column of text.
    ///
    /// # Errors
    /// A column of something else, by its name.
    fn texts(&self, name: &str) -> Result<Vec<Option<String>>, String>;
    /// A column of whole numbers.
    ///
    /// # Errors
    /// As [`Self::texts`].
    fn wholes(&self, name: &str) -> Result<Vec<Option<u64>>, String>;
    /// A column of numbers.
    ///
    /// # Errors
    /// As [`Self::texts`].
    fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, String>;
}

/// More checkpoints than any table of results is of.
const MOST_CHECKPOINTS: usize = 200_000;

/// Reads a table, of this `schema` where its file says so beside it. Its columns may stand in any order, with others
/// between them.
pub fn read(table: &dyn Columns, schema: Option<u64>) -> Result<Results, Cause> {
    let column = table.wholes(SCHEMA_COLUMN).map_err(Cause::Foreign)?;
    match column.into_iter().flatten().chain(schema).max() {
        Some(schema) if schema > u64::from(SCHEMA) => return Err(Cause::Newer { schema }),
        _ => {}
    }
    if let Some(missing) = TELLING.iter().chain([&SCHEMA_COLUMN]).find(|name| !table.has(name)) {
        return Err(Cause::Foreign(format!("a table without a column `{missing}`")));
    }
    if table.rows() == 0 {
        return Err(Cause::Unusable("a table without rows".to_owned()));
    }
    rows(table).and_then(|rows| results_of(rows, true)).map_err(Cause::Unusable)
}

fn rows(table: &dyn Columns) -> Result<Vec<Row>, String> {
    let needed = |name: &str| -> Result<Vec<String>, String> {
        let cells = table.texts(name)?.into_iter();
        cells.map(|cell| cell.ok_or_else(|| format!("rows without `{name}`"))).collect()
    };
    let mut abouts = abouts(table)?.into_iter();
    let mut layers = needed("layer")?.into_iter();
    // Some programs read an empty text as none.
    let mut labels = table.texts("label")?.into_iter().map(Option::unwrap_or_default);
    let (mut measures, mut values) = (needed("measure")?.into_iter(), table.numbers("value")?.into_iter());
    let (mut documents, mut positions) =
        (table.wholes("documents")?.into_iter(), table.wholes("positions")?.into_iter());
    let mut errors = table.texts("error")?.into_iter();
    let row = || {
        let layer = layers.next()?;
        let layer = match &*layer {
            MEAN => Ok(None),
            number => match number.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(format!("a layer `{number}`, neither `{MEAN}` nor a number")),
            },
        };
        let about = abouts.next()?;
        let (label, measure, value) = (labels.next()?, measures.next()?, values.next()?);
        let (documents, positions, error) = (documents.next()?, positions.next()?, errors.next()?);
        Some(layer.map(|layer| Row { about, layer, label, measure, value, documents, positions, error }))
    };
    std::iter::from_fn(row).collect()
}

/// What each row says of its checkpoint, equal ones being the same.
fn abouts(table: &dyn Columns) -> Result<Vec<Rc<About>>, String> {
    let of_checkpoint = ["run", "checkpoint", "path", "weights", "sample", "warning"]
        .map(|name| (name.to_owned(), Form::Text));
    let of_training = ["step", "tokens"].map(|name| (name.to_owned(), Form::Whole));
    let columns: Vec<(String, Form)> =
        of_checkpoint.into_iter().chain(of_training).chain(field_columns()?).collect();
    // Rows that agree in the first columns are a group; each further column divides groups into smaller ones. One column
    // is held at a time, since a table is large and its rows say much the same.
    let mut group_of = vec![0usize; table.rows()];
    let mut divisions: Vec<Vec<(usize, Option<Value>)>> = Vec::with_capacity(columns.len());
    for (name, form) in &columns {
        let mut groups: HashMap<(usize, Option<Value>), usize> = HashMap::new();
        let mut division = Vec::new();
        for (group, value) in group_of.iter_mut().zip(values(table, name, *form)?) {
            let key = (*group, value);
            *group = match groups.get(&key) {
                Some(&known) => known,
                None => {
                    division.push(key.clone());
                    groups.insert(key, division.len() - 1);
                    division.len() - 1
                }
            };
        }
        if division.len() > MOST_CHECKPOINTS {
            return Err(format!("rows of more than {MOST_CHECKPOINTS} checkpoints"));
        }
        divisions.push(division);
    }
    let count = divisions.last().map_or(0, Vec::len);
    let about = |last: usize| {
        let (mut group, mut fields) = (last, Fields::new());
        for ((name, _), division) in columns.iter().zip(&divisions).rev() {
            let (before, value) = &division[group];
            fields.extend(value.clone().map(|value| (name.clone(), value)));
            group = *before;
        }
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let mut about = About {
            run: text("run").ok_or("rows without `run`")?,
            checkpoint: text("checkpoint").ok_or("rows without `checkpoint`")?,
            // A path that is not known is written as nothing, and read as such by some programs.
            path: text("path").unwrap_or_default(),
            weights: text("weights"),
            sample: text("sample"),
            warning: text("warning"),
            ..About::default()
        };
        let mut whole = |name: &str| fields.remove(name).and_then(|value| value.as_u64());
        (about.step, about.tokens) = (whole("step"), whole("tokens"));
        about.fields = fields;
        Ok(Rc::new(about))
    };
    let abouts: Vec<Rc<About>> = (0..count).map(about).collect::<Result<_, String>>()?;
    Ok(group_of.into_iter().map(|group| Rc::clone(&abouts[group])).collect())
}

/// A column's values.
fn values(table: &dyn Columns, name: &str, form: Form) -> Result<Vec<Option<Value>>, String> {
    Ok(match form {
        Form::Text => table.texts(name)?.into_iter().map(|v| Some(v?.into())).collect(),
        Form::Whole => table.wholes(name)?.into_iter().map(|v| Some(v?.into())).collect(),
        Form::Number => table.numbers(name)?.into_iter().map(|v| Some(v?.into())).collect(),
    })
}
