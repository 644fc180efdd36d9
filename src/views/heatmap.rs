//! A measure at every layer and checkpoint.

use super::depth::layers;
use super::explain::{self, Told};
use super::marks::Flag;
use super::options::{Heed, LayerChoice, Options};
use super::snapshot::{Measure, Run, Snapshot};
use super::{View, datum};
use crate::chart::{Axis, Cell, Cells, Chart, ColorBar, ColorMap, Datum, Facet, Mark};
use crate::words::thousands;

/// The view.
pub const VIEW: View = View {
    kind: "heatmap",
    title: "Layers over training",
    paper: "",
    about: "Any measure as a colour, by layer and checkpoint.",
    needs_results: true,
    heeds: &[Heed::Quantity, Heed::Order, Heed::LessNull],
    chart,
};

/// Up to so many columns and rows, numbers are written into cells.
const WITH_NUMBERS: [usize; 2] = [16, 16];

fn chart(snapshot: &Snapshot, options: &Options) -> Result<Chart, String> {
    let options = Options { layers: LayerChoice::Mean, ..options.clone() };
    let quantity = options.quantity.unwrap_or_default();
    if !quantity.is_of_layer() {
        return Err(format!("{quantity} is of a model, not of its layers: choose another measure"));
    }
    let mut tables: Vec<(Facet, Cells)> = tables(snapshot, &options);
    tables.retain(|(_, cells)| !cells.cells.is_empty());
    // One scale for all frames: they are read against each other.
    let values = || tables.iter().flat_map(|(_, table)| &table.cells).map(|cell| cell.datum.y);
    let range = [values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max)];
    if tables.is_empty() {
        return Err(explain::nothing(snapshot, &options));
    }
    let several = tables.len() > 1;
    let frame = |(facet, cells): (Facet, Cells)| {
        let fits = cells.columns <= WITH_NUMBERS[0] && cells.rows <= WITH_NUMBERS[1];
        let cells = Cells { range, has_numbers: fits && !several, ..cells };
        Facet { marks: vec![Mark::Cells(cells)], ..facet }
    };
    let facets = tables.into_iter().map(frame).collect();
    let Told { mut legend, caption } = explain::told(snapshot, &options, &[]);
    // Colours are of values, not of runs, which stand above their frames.
    legend.keys.retain(|key| key.is_absent);
    let axis = Axis::new(quantity.label(), quantity.unit());
    legend.bar =
        Some(ColorBar { label: axis.title(), map: ColorMap::Value, ends: range.map(|end| axis.words(end)) });
    let title = match quantity.is_of_order() {
        true => format!("{}, {}", quantity.label(), options.order),
        false => quantity.label(),
    };
    let mut chart = Chart {
        title: format!("{}: {title}", VIEW.title),
        facets,
        columns: if several { 2 } else { 1 },
        legend,
        caption,
        subjects: snapshot.subjects().clone(),
    };
    explain::tell(&mut chart, flags(snapshot, &options), true);
    Ok(chart)
}

/// A frame and its table for each run; single models together in one, a column each.
fn tables(snapshot: &Snapshot, options: &Options) -> Vec<(Facet, Cells)> {
    let are_single = snapshot.runs().len() > 1 && snapshot.runs().all(|run| run.measured().nth(1).is_none());
    if are_single {
        let names = snapshot.runs().map(|run| run.subject.label()).collect();
        let measures = snapshot.measured().map(|measure| (measure.run.index, measure));
        return vec![table(String::new(), Axis::of_names("model", names), measures.collect(), options)];
    }
    let of = |run: Run<'_>| {
        let measures = run.measured().map(|measure| (measure.index, measure)).collect();
        let title = if snapshot.runs().len() > 1 { run.subject.label() } else { String::new() };
        table(title, checkpoints(run), measures, options)
    };
    snapshot.runs().map(of).collect()
}

/// The axis of a run's checkpoints, which stand side by side whatever lies between their steps.
fn checkpoints(run: Run<'_>) -> Axis {
    let checkpoints = &run.subject.checkpoints;
    let steps: Option<Vec<String>> =
        checkpoints.iter().map(|checkpoint| checkpoint.step.map(thousands)).collect();
    match steps {
        Some(steps) => Axis::of_names("training step, a column a checkpoint", steps),
        None => {
            let names = checkpoints.iter().map(|checkpoint| checkpoint.name.clone());
            Axis::of_names("checkpoint", names.collect())
        }
    }
}

/// The frame of some checkpoints, each in its column, with the table of their hidden states, which has no range yet.
fn table(title: String, x: Axis, measures: Vec<(usize, Measure<'_>)>, options: &Options) -> (Facet, Cells) {
    let rows = measures.iter().map(|(_, measure)| measure.measurement.layers.len()).max().unwrap_or(0);
    let columns = match &x.scale {
        crate::chart::Scale::Category(names) => names.len(),
        _ => 0,
    };
    let cell = |column: usize, row: usize, measure: &Measure<'_>, options: &Options| {
        let datum = datum::of(options.quantity.unwrap_or_default(), measure, column as f64, options)?;
        let datum = Datum { joined: false, color: None, ..datum };
        datum.y.is_finite().then(|| Cell { column, row, sign: String::new(), datum })
    };
    let cells = measures.iter().flat_map(|(column, measure)| {
        layers(measure, options).filter_map(move |(row, options)| cell(*column, row, measure, &options))
    });
    let cells = Cells {
        name: options.quantity.unwrap_or_default().name().to_owned(),
        columns,
        rows,
        range: [0.0, 1.0],
        map: ColorMap::Value,
        has_numbers: false,
        cells: cells.collect(),
    };
    let names = (0..rows).map(|layer| layer.to_string()).collect();
    let y = Axis { unit: "0 embedding".to_owned(), ..Axis::of_names("layer", names) };
    (Facet { title, x, y, ..Facet::default() }, cells)
}

/// What is to be known of the numbers shown.
fn flags<'s>(snapshot: &'s Snapshot, options: &'s Options) -> impl Iterator<Item = Flag> + 's {
    snapshot.measured().flat_map(move |measure| {
        let all = layers(&measure, options);
        all.flat_map(|(_, options)| {
            explain::flags_of(options.quantity.unwrap_or_default(), &measure, &options)
        })
        .collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::super::quantity::Quantity;
    use super::super::tests::{drawn, run};
    use super::*;

    fn cells(chart: &Chart) -> Vec<&Cells> {
        let marks = chart.facets.iter().flat_map(|facet| &facet.marks);
        marks.filter_map(|mark| if let Mark::Cells(cells) = mark { Some(cells) } else { None }).collect()
    }

    #[test]
    fn every_layer_and_checkpoint_has_its_cell() {
        let chart = drawn(&VIEW, vec![run(0, "a", 1000, 40)], &Options::default()).unwrap();
        let [table] = cells(&chart)[..] else { panic!("one table") };
        assert_eq!((table.columns, table.rows, table.cells.len()), (1000, 41, 41_000));
        // Tokens at layer 20 of 40 at the last checkpoint: 0.2 · 0.7 · 0.9.
        let cell = table.cells.iter().find(|cell| cell.column == 999 && cell.row == 20).unwrap();
        assert!((cell.datum.y - 0.126).abs() < 1e-12);
        assert_eq!((cell.datum.of.checkpoint, cell.datum.of.layer), (Some(999), Some(20)));
        // From 0.2 at the first embedding to 0.2 · 0.7 · 0.8 at the last layer.
        assert!((table.range[0] - 0.112).abs() < 1e-12 && (table.range[1] - 0.2).abs() < 1e-12);
        assert!(!table.has_numbers);
    }

    #[test]
    fn runs_have_a_frame_each_and_single_models_a_column() {
        let chart = drawn(&VIEW, vec![run(0, "a", 3, 2), run(1, "b", 5, 6)], &Options::default()).unwrap();
        assert_eq!(
            cells(&chart).iter().map(|table| (table.columns, table.rows)).collect::<Vec<_>>(),
            [(3, 3), (5, 7)]
        );
        assert_eq!(cells(&chart)[0].range, cells(&chart)[1].range);
        let models = (0..200).map(|model| run(model, "same", 1, 2 + model % 3)).collect();
        let chart = drawn(&VIEW, models, &Options::default()).unwrap();
        let [table] = cells(&chart)[..] else { panic!("one table") };
        assert_eq!((table.columns, table.rows), (200, 5));
        assert_eq!(table.cells.iter().filter(|cell| cell.column == 199).count(), 4);
    }

    #[test]
    fn a_loss_has_no_layers() {
        let options = Options { quantity: Some(Quantity::Loss), ..Options::default() };
        assert!(drawn(&VIEW, vec![run(0, "a", 2, 2)], &options).unwrap_err().contains("not of its layers"));
    }
}
