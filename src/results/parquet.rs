//! Results as a Parquet table: one row a checkpoint, layer, order and measure.
//!
//! | column | |
//! |---|---|
//! | `run`, `name`, `step`, `tokens`, `path` | the checkpoint |
//! | `loss`, `positions`, `temperature` | what holds for all its layers |
//! | `layer` | the index of the hidden state; null for the average over layers 1..L |
//! | `order` | `token` to `quadgram`; null for a measure of the layer alone, as its entropy |
//! | `measure`, `value` | `input` for complexity, `output` for expressivity, `optimality`, … |
//! | `documents` | the number of documents the value rests on |
//! | `error` | why a checkpoint has no measures; its only row |
//!
//! How the average moves as the sample grows is told by rows of `convergence_input` and `convergence_output`.
//! The settings are JSON in the file's metadata, under `infoplane.settings`.

use std::path::PathBuf;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::Field;
use parquet::schema::parser::parse_message_type;

use super::{CheckpointResult, Estimate, Measurement, Outcome, ResultSettings, Results};
use crate::error::caught;
use crate::measures::{LayerMeasures, OrderMeasures, order_name};
use crate::settings::{LARGEST_ORDER, ORDER_NAMES};

/// How a Parquet file begins.
pub const MAGIC: &[u8] = b"PAR1";

const SETTINGS: &str = "infoplane.settings";

const SCHEMA: &str = "message results {
    required binary run (STRING);
    required binary name (STRING);
    optional int64 step;
    optional int64 tokens;
    required binary path (STRING);
    optional double loss;
    optional int64 positions;
    optional double temperature;
    optional int32 layer;
    optional binary order (STRING);
    optional binary measure (STRING);
    optional double value;
    optional int64 documents;
    optional binary error (STRING);
}";

/// The names of measures that belong to a layer alone, and of those that belong to a smaller sample.
const ENTROPY: &str = "entropy";
const ENTROPY_SPREAD: &str = "entropy_spread";
const CONVERGENCE_POSITIONS: &str = "convergence_positions";
const CONVERGENCE_INPUT: &str = "convergence_input";
const CONVERGENCE_OUTPUT: &str = "convergence_output";

/// A row of the table.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    run: String,
    name: String,
    step: Option<u64>,
    tokens: Option<u64>,
    path: String,
    loss: Option<f64>,
    positions: Option<u64>,
    temperature: Option<f64>,
    layer: Option<usize>,
    order: Option<usize>,
    measure: Option<String>,
    value: Option<f64>,
    documents: Option<u64>,
    error: Option<String>,
}

/// Writes the table.
pub fn write(results: &Results) -> Result<Vec<u8>, String> {
    let settings = serde_json::to_string(&results.settings).map_err(|error| error.to_string())?;
    let documents = results.settings.documents;
    let rows: Vec<Row> = results.checkpoints.iter().flat_map(|c| rows_of(c, documents)).collect();
    table(&rows, settings).map_err(|error| error.to_string())
}

fn table(rows: &[Row], settings: String) -> ParquetResult<Vec<u8>> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(vec![KeyValue::new(SETTINGS.to_owned(), settings)]))
        .build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    let text = |text: &str| ByteArray::from(text);
    let maybe = |text: &Option<String>| text.as_deref().map(ByteArray::from);
    let signed = |number: Option<u64>| number.map(|number| number as i64);
    column::<ByteArrayType>(&mut group, rows, false, |row| Some(text(&row.run)))?;
    column::<ByteArrayType>(&mut group, rows, false, |row| Some(text(&row.name)))?;
    column::<Int64Type>(&mut group, rows, true, |row| signed(row.step))?;
    column::<Int64Type>(&mut group, rows, true, |row| signed(row.tokens))?;
    column::<ByteArrayType>(&mut group, rows, false, |row| Some(text(&row.path)))?;
    column::<DoubleType>(&mut group, rows, true, |row| row.loss)?;
    column::<Int64Type>(&mut group, rows, true, |row| signed(row.positions))?;
    column::<DoubleType>(&mut group, rows, true, |row| row.temperature)?;
    column::<Int32Type>(&mut group, rows, true, |row| row.layer.map(|layer| layer as i32))?;
    column::<ByteArrayType>(&mut group, rows, true, |row| row.order.map(|order| text(order_name(order))))?;
    column::<ByteArrayType>(&mut group, rows, true, |row| maybe(&row.measure))?;
    column::<DoubleType>(&mut group, rows, true, |row| row.value)?;
    column::<Int64Type>(&mut group, rows, true, |row| signed(row.documents))?;
    column::<ByteArrayType>(&mut group, rows, true, |row| maybe(&row.error))?;
    group.close()?;
    writer.close()?;
    Ok(bytes)
}

/// Writes the next column: what `value` says of each row.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    rows: &[Row],
    optional: bool,
    value: impl Fn(&Row) -> Option<T::T>,
) -> ParquetResult<()> {
    let cells: Vec<Option<T::T>> = rows.iter().map(value).collect();
    let present: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    if let Some(mut column) = group.next_column()? {
        column.typed::<T>().write_batch(&values, optional.then_some(&present[..]), None)?;
        column.close()?;
    }
    Ok(())
}

fn rows_of(checkpoint: &CheckpointResult, documents: usize) -> Vec<Row> {
    let about = Row {
        run: checkpoint.run.clone(),
        name: checkpoint.name.clone(),
        step: checkpoint.step,
        tokens: checkpoint.tokens,
        path: checkpoint.path.display().to_string(),
        ..Row::default()
    };
    let measurement = match &checkpoint.outcome {
        Outcome::Failed { error } => return vec![Row { error: Some(error.clone()), ..about }],
        Outcome::Measured(measurement) => measurement,
    };
    let documents = measurement.documents().unwrap_or(documents);
    let about = Row {
        loss: Some(measurement.loss),
        positions: Some(measurement.positions as u64),
        temperature: Some(measurement.temperature),
        documents: Some(documents as u64),
        ..about
    };
    let row = |layer: Option<usize>, order: Option<usize>, measure: &str, value: f64| Row {
        layer,
        order,
        measure: Some(measure.to_owned()),
        value: Some(value),
        ..about.clone()
    };
    let mut rows = Vec::new();
    for layer in measurement.layers.iter().chain([&measurement.mean]) {
        rows.push(row(layer.layer, None, ENTROPY, layer.entropy));
        rows.extend(layer.entropy_spread.map(|spread| row(layer.layer, None, ENTROPY_SPREAD, spread)));
        for (order, measures) in layer.orders.iter() {
            let values = measures.values().into_iter();
            rows.extend(values.filter_map(|(name, value)| Some(row(layer.layer, Some(order), name, value?))));
        }
    }
    for estimate in &measurement.convergence {
        let at = |row: Row| Row { documents: Some(estimate.documents as u64), ..row };
        rows.push(at(row(None, None, CONVERGENCE_POSITIONS, estimate.positions as f64)));
        for (order, (&input, &output)) in (1..).zip(estimate.input.iter().zip(&estimate.output)) {
            rows.push(at(row(None, Some(order), CONVERGENCE_INPUT, input)));
            rows.push(at(row(None, Some(order), CONVERGENCE_OUTPUT, output)));
        }
    }
    rows
}

/// Reads the table.
pub fn read(bytes: Vec<u8>) -> Result<Results, String> {
    // A file from elsewhere may be anything, and the library panics at some of it.
    let table = caught(|| Ok::<_, crate::error::Error>(read_rows(bytes)));
    let (rows, settings) = table.map_err(|error| error.to_string())??;
    let settings: ResultSettings =
        serde_json::from_str(&settings).map_err(|error| format!("its settings cannot be read: {error}"))?;
    let checkpoints = rows
        .chunk_by(|a, b| (&a.run, &a.name, &a.path) == (&b.run, &b.name, &b.path))
        .map(checkpoint)
        .collect::<Result<_, _>>()?;
    Ok(Results { settings, checkpoints })
}

fn read_rows(bytes: Vec<u8>) -> Result<(Vec<Row>, String), String> {
    let broken = |error: parquet::errors::ParquetError| error.to_string();
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).map_err(broken)?;
    let metadata = reader.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let settings = metadata.into_iter().find(|entry| entry.key == SETTINGS).and_then(|entry| entry.value);
    let settings = settings.ok_or_else(|| format!("a Parquet file without `{SETTINGS}` in its metadata"))?;
    let rows = reader.get_row_iter(None).map_err(broken)?;
    let rows = rows.map(|row| row.map(read_row).map_err(broken)).collect::<Result<_, _>>()?;
    Ok((rows, settings))
}

fn read_row(cells: parquet::record::Row) -> Row {
    let mut row = Row::default();
    for (column, cell) in cells.into_columns() {
        let number = match &cell {
            Field::Long(number) => u64::try_from(*number).ok(),
            Field::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        };
        let float = if let Field::Double(number) = cell { Some(number) } else { None };
        let text = if let Field::Str(text) = cell { Some(text) } else { None };
        match &*column {
            "run" => row.run = text.unwrap_or_default(),
            "name" => row.name = text.unwrap_or_default(),
            "path" => row.path = text.unwrap_or_default(),
            "step" => row.step = number,
            "tokens" => row.tokens = number,
            "positions" => row.positions = number,
            "documents" => row.documents = number,
            "layer" => row.layer = number.map(|layer| layer as usize),
            "loss" => row.loss = float,
            "temperature" => row.temperature = float,
            "value" => row.value = float,
            "order" => {
                row.order = ORDER_NAMES.iter().position(|name| text.as_deref() == Some(name)).map(|i| i + 1)
            }
            "measure" => row.measure = text,
            "error" => row.error = text,
            _ => {}
        }
    }
    row
}

/// The checkpoint that its rows tell of.
fn checkpoint(rows: &[Row]) -> Result<CheckpointResult, String> {
    let first = &rows[0];
    let outcome = match &first.error {
        Some(error) => Outcome::Failed { error: error.clone() },
        None => Outcome::Measured(Box::new(
            measurement(rows).ok_or_else(|| format!("checkpoint `{}` lacks some measures", first.name))?,
        )),
    };
    Ok(CheckpointResult {
        run: first.run.clone(),
        name: first.name.clone(),
        step: first.step,
        tokens: first.tokens,
        path: PathBuf::from(&first.path),
        outcome,
    })
}

fn measurement(rows: &[Row]) -> Option<Measurement> {
    let first = &rows[0];
    let is_convergence = |row: &&Row| row.measure.as_deref().is_some_and(|m| m.starts_with("convergence_"));
    let (convergence, measures): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(is_convergence);
    let layer = |rows: &[&Row]| {
        let value = |order: Option<usize>, name: &str| {
            rows.iter().find(|row| row.order == order && row.measure.as_deref() == Some(name))?.value
        };
        let orders = (1..=LARGEST_ORDER)
            .map_while(|order| OrderMeasures::from_values(|name| value(Some(order), name)));
        Some(LayerMeasures {
            layer: rows[0].layer,
            entropy: value(None, ENTROPY)?,
            entropy_spread: value(None, ENTROPY_SPREAD),
            orders: orders.collect(),
        })
    };
    let mut layers: Vec<LayerMeasures> =
        measures.chunk_by(|a, b| a.layer == b.layer).map(layer).collect::<Option<_>>()?;
    let mean = layers.pop().filter(|mean| mean.layer.is_none())?;
    let estimate = |rows: &[&Row]| {
        let of = |name: &str| {
            rows.iter()
                .filter(|r| r.measure.as_deref() == Some(name))
                .filter_map(|r| r.value)
                .collect::<Vec<f64>>()
        };
        Some(Estimate {
            documents: rows[0].documents? as usize,
            positions: *of(CONVERGENCE_POSITIONS).first()? as usize,
            input: of(CONVERGENCE_INPUT),
            output: of(CONVERGENCE_OUTPUT),
        })
    };
    Some(Measurement {
        loss: first.loss?,
        positions: first.positions? as usize,
        temperature: first.temperature?,
        layers,
        mean,
        convergence: convergence
            .chunk_by(|a, b| a.documents == b.documents)
            .map(estimate)
            .collect::<Option<_>>()?,
    })
}
