//! The numbers of the checkpoints at the scrubber, a row a run, and what tells whether to believe them.

use eframe::egui::{
    self, Align, Label, Layout, Role, ScrollArea, Sense, Shape, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::chart::swatch_ui;
use super::theme::{self, palette};
use super::widgets::short_count;
use crate::chart::{Color, Dash, Line, Marker};
use crate::measures::Order;
use crate::state::{AtScrubber, Content, ShownPoint, State};
use crate::views::convergence::{Estimate, convergence};
use crate::views::marks::Flag;

/// The height of a row, in points of the screen.
const ROW: f32 = 19.0;
/// The gap between columns.
const GAP: f32 = 10.0;
/// The width of the column of runs.
const NAME: f32 = 228.0;
/// More rows than this scroll.
const MOST_ROWS: usize = 5;
/// The room a curve has, in points of the screen.
const CURVE: egui::Vec2 = vec2(64.0, 16.0);

/// A column of numbers.
struct Column {
    title: &'static str,
    help: &'static str,
    width: f32,
    content: Cell,
}

/// What stands in a column.
enum Cell {
    /// Numbers, taken with care where a flag of the point says so.
    Number { text: fn(&ShownPoint) -> String, flagged_by: fn(&Flag) -> bool },
    /// The curve of the estimates as the sample grew.
    Convergence,
}

impl Column {
    const fn new(
        title: &'static str,
        width: f32,
        help: &'static str,
        text: fn(&ShownPoint) -> String,
    ) -> Self {
        Self { title, help, width, content: Cell::Number { text, flagged_by: |_| false } }
    }

    const fn flagged(mut self, by: fn(&Flag) -> bool) -> Self {
        if let Cell::Number { flagged_by, .. } = &mut self.content {
            *flagged_by = by;
        }
        self
    }
}

const COLUMNS: [Column; 12] = [
    Column::new(
        "I(X;Z)",
        84.0,
        "complexity, nats over ln n: of the first seed of the reference points; in brackets, in units of the last \
         digit, the standard deviation over all seeds scored",
        |p| with_spread(p.point.complexity, p.point.spread.map(|spread| spread[0])),
    ),
    Column::new(
        "I(Y;Z)",
        96.0,
        "expressivity, nats over ln n: value and spread as beside; ! where it lies above the bound",
        |p| with_spread(p.point.expressivity, p.point.spread.map(|spread| spread[1])),
    )
    .flagged(|flag| matches!(flag, Flag::AboveBound)),
    Column::new(
        "φ",
        96.0,
        "optimality I(Y;Z) / I(X;Z): value and spread as beside; ! where it says little",
        |p| p.point.optimality.map_or_else(none, |phi| with_spread(phi, p.point.optimality_spread)),
    )
    .flagged(Flag::is_of_optimality),
    Column::new(
        "null X/Y",
        84.0,
        "complexity/expressivity under shuffled labels: what a sample of this size gives for labels that say nothing",
        |p| pair(p.point.null, |value| format!("{value:.3}")),
    ),
    Column::new(
        "less null",
        84.0,
        "complexity/expressivity with the null taken off: what the labels themselves tell",
        |p| pair(p.point.less_null(), |value| format!("{value:.3}")),
    ),
    Column::new(
        "seen once, %",
        80.0,
        "positions whose input/output label occurs nowhere else, in percent; near 100, complexity and expressivity \
         become equal whatever the model",
        |p| pair(p.point.singletons, |share| format!("{:.1}", 100.0 * share)),
    ),
    Column::new(
        "last change",
        66.0,
        "the most that the last growth of the sample, to four times as many documents or less, moved a complexity or \
         an expressivity, averaged over layers, of any order",
        |p| p.measurement.last_change().map_or_else(none, |change| format!("{change:.4}")),
    ),
    Column {
        title: "convergence",
        width: 68.0,
        help: "complexity (bright) and expressivity (dim) on the first 16, 64, 256, … documents, from zero up; averaged \
               over layers",
        content: Cell::Convergence,
    },
    Column::new("H(Z)", 50.0, "entropy of the soft-binned states, nats over ln n", |p| {
        format!("{:.4}", p.point.entropy)
    }),
    Column::new("loss", 50.0, "next-token cross-entropy, nats a token", |p| {
        p.point.loss.map_or_else(none, |loss| format!("{loss:.3}"))
    }),
    Column::new("positions", 58.0, "labelled positions behind the numbers", |p| {
        short_count(p.measurement.positions as u64)
    }),
    Column::new("documents", 66.0, "documents behind the numbers; \"first\" where more are to come", |p| {
        let first = if p.point.basis.complete { "" } else { "first " };
        format!("{first}{}", p.point.basis.documents)
    }),
];

/// The numbers of the checkpoints under the scrubber, a row a run; what has none says why.
pub(super) fn readout_ui(ui: &mut Ui, state: &State) {
    ui.spacing_mut().item_spacing = vec2(GAP, 1.0);
    ui.spacing_mut().interact_size.y = ROW;
    ui.horizontal(|ui| {
        ui.label(theme::section(ui, "At the scrubber"));
        let help = "values of the first seed; in brackets the standard deviation over seeds, in units of the last digit";
        ui.add(Label::new(theme::weak(ui, help).small()).truncate());
    });
    let rows = state.at_scrubber();
    if rows.is_empty() {
        let text = match state.asked().text() {
            Some(_) => "No visible run has begun here.",
            None => "Choose a text corpus to measure.",
        };
        ui.label(theme::weak(ui, text));
        return;
    }
    let width = NAME + COLUMNS.iter().map(|column| column.width + GAP).sum::<f32>();
    ScrollArea::horizontal().id_salt("readout columns").show(ui, |ui| {
        ui.set_min_width(width);
        ui.horizontal(|ui| {
            ui.allocate_exact_size(vec2(NAME, ROW), Sense::hover());
            for column in &COLUMNS {
                cell_ui(ui, column.width, Layout::right_to_left(Align::Center), |ui| {
                    let title = Label::new(theme::weak(ui, column.title).small()).truncate();
                    ui.add(title).on_hover_text(column.help);
                });
            }
        });
        let height = MOST_ROWS.min(rows.len()) as f32 * (ROW + ui.spacing().item_spacing.y);
        let scroll =
            ScrollArea::vertical().id_salt("readout rows").max_height(height).min_scrolled_height(height);
        scroll.show(ui, |ui| {
            for row in &rows {
                ui.horizontal(|ui| row_ui(ui, state, row));
            }
        });
    });
}

/// A row: whose numbers, and the numbers or why there are none.
fn row_ui(ui: &mut Ui, state: &State, row: &AtScrubber) {
    let trajectory = &state.drawn().trajectories[row.trajectory];
    cell_ui(ui, NAME, Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let (run, style) = (trajectory.run, trajectory.style);
        let line = Line { dash: Dash::Style(style), is_thin: false };
        swatch_ui(ui, Color::Run(run, style), Some(line), Some(Marker::Run(run)), false);
        let checkpoint = state.checkpoint(row.checkpoint).map_or("", |checkpoint| checkpoint.name.as_str());
        let name = format!("{} · {checkpoint}", trajectory.label());
        ui.add(Label::new(egui::RichText::new(&name).size(12.5)).truncate());
    });
    if !ui.is_rect_visible(ui.min_rect()) {
        return;
    }
    let rest = COLUMNS.iter().map(|column| column.width + GAP).sum::<f32>() - GAP;
    match &row.content {
        Content::Point(shown) => {
            for column in &COLUMNS {
                cell_ui(ui, column.width, Layout::right_to_left(Align::Center), |ui| {
                    number_ui(ui, state.view.order, column, shown);
                });
            }
        }
        Content::Failed(error) => {
            let text =
                egui::RichText::new(format!("× {error}")).size(12.5).color(palette(ui.visuals()).error);
            cell_ui(ui, rest, Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(text).truncate());
            });
        }
        Content::Nothing(why) => {
            let text = theme::weak(ui, why).size(12.5);
            cell_ui(ui, rest, Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(text).truncate());
            });
        }
    }
}

/// A cell of fixed size, whatever stands in it.
fn cell_ui(ui: &mut Ui, width: f32, layout: Layout, add: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
    add(&mut ui.new_child(UiBuilder::new().max_rect(rect).layout(layout)));
}

fn number_ui(ui: &mut Ui, order: Order, column: &Column, shown: &ShownPoint) {
    let Cell::Number { text, flagged_by } = &column.content else {
        convergence_ui(ui, order, shown);
        return;
    };
    let flags: Vec<String> = shown.point.flags().iter().filter(|f| flagged_by(f)).map(Flag::long).collect();
    let palette = palette(ui.visuals());
    let mark = if flags.is_empty() { "" } else { " !" };
    let text = theme::number(ui, format!("{}{mark}", text(shown)));
    let muted = shown.point.basis.is_stale() || !flags.is_empty();
    let response = ui.add(Label::new(if muted { text.color(palette.weak) } else { text }).truncate());
    if !flags.is_empty() {
        response.on_hover_text(flags.join("\n"));
    }
}

/// Complexity and expressivity as the sample grew.
fn convergence_ui(ui: &mut Ui, order: Order, shown: &ShownPoint) {
    match convergence(&shown.measurement.convergence, order) {
        estimates if estimates.len() > 1 => curve_ui(ui, &shown.point.name, &estimates),
        _ => {
            ui.label(theme::number(ui, none()));
        }
    }
}

/// One curve; its numbers stand in the tooltip.
fn curve_ui(ui: &mut Ui, name: &str, estimates: &[Estimate]) {
    let (rect, response) = ui.allocate_exact_size(CURVE, Sense::hover());
    let told: Vec<String> = estimates
        .iter()
        .map(|e| format!("{} documents: {:.4}, {:.4}", e.documents, e.complexity, e.expressivity))
        .collect();
    let (enabled, label) = (ui.is_enabled(), format!("Convergence of {name}: {}", told.join("; ")));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, enabled, &label));
    let inner = rect.shrink(2.5);
    let log = |documents: usize| (documents.max(1) as f32).ln();
    let (first, last) = (log(estimates[0].documents), log(estimates[estimates.len() - 1].documents));
    let most =
        estimates.iter().flat_map(|e| [e.complexity, e.expressivity]).fold(f64::MIN_POSITIVE, f64::max);
    let palette = palette(ui.visuals());
    let of = [
        (palette.weak, (|e| e.expressivity) as fn(&Estimate) -> f64),
        (palette.strong, |e: &Estimate| e.complexity),
    ];
    for (color, value) in of {
        let at = |e: &Estimate| {
            let across = (log(e.documents) - first) / (last - first).max(f32::EPSILON);
            let up = (value(e).max(0.0) / most) as f32;
            pos2(inner.left() + across * inner.width(), inner.bottom() - up * inner.height())
        };
        let points: Vec<_> = estimates.iter().map(at).collect();
        points.iter().for_each(|&point| {
            ui.painter().circle_filled(point, 1.5, color);
        });
        ui.painter().add(Shape::line(points, Stroke::new(1.0, color)));
    }
    response.on_hover_text(told.join("\n"));
}

/// A number to four places with its spread in units of the last, as in 0.0868(12).
fn with_spread(value: f64, spread: Option<f64>) -> String {
    match spread {
        Some(spread) => format!("{value:.4}({:.0})", spread * 1e4),
        None => format!("{value:.4}"),
    }
}

/// What stands where there is no number.
fn none() -> String {
    "–".to_owned()
}

/// Of both sides in one cell: they are read against each other.
fn pair(pair: Option<[f64; 2]>, text: fn(f64) -> String) -> String {
    pair.map_or_else(none, |[x, y]| format!("{}/{}", text(x), text(y)))
}
