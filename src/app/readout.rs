//! The numbers of the checkpoints at the scrubber, a column a run, and what tells whether to believe them.

use eframe::egui::{self, Align, Layout, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::state::{ShownPoint, State};
use super::theme::{self, palette};
use super::widgets::short_count;
use crate::views::convergence::{Estimate, convergence};

/// More runs than this have no room beside each other.
const MOST_COLUMNS: usize = 3;

/// The room a curve has, in points of the screen.
const CURVE: egui::Vec2 = vec2(64.0, 22.0);

/// The numbers of the checkpoints under the scrubber, a column a run.
pub(super) fn readout_ui(ui: &mut Ui, state: &State) {
    ui.label(theme::section(ui, "At the scrubber"));
    let points: Vec<ShownPoint> =
        state.points().into_iter().flat_map(|(_, points)| points).filter(|shown| shown.current).collect();
    if points.is_empty() {
        let hint = if state.shown_text().is_none() {
            "Choose a text corpus to measure."
        } else if state.busy {
            "Being measured…"
        } else {
            "Not measured yet."
        };
        ui.label(theme::weak(ui, hint));
        return;
    }
    let shown = &points[..points.len().min(MOST_COLUMNS)];
    let loss = |p: &ShownPoint| format!("{:.3}", p.point.loss);
    let efficiency = |value: f64| format!("{value:.4}");
    egui::Grid::new("readout grid")
        .num_columns(shown.len() + 1)
        .min_row_height(15.0)
        .spacing(vec2(8.0, 0.5))
        .show(ui, |ui| {
            if shown.len() > 1 {
                ui.label("");
                for point in shown {
                    let (rect, _) = ui.allocate_exact_size(vec2(46.0, 8.0), Sense::hover());
                    let swatch = Rect::from_min_max(pos2(rect.right() - 22.0, rect.top() + 2.0), rect.max);
                    ui.painter().rect_filled(swatch, 2.0, theme::run_color(point.id.run));
                }
                ui.end_row();
            }
            let line = |ui: &mut Ui, label: &str, help: &str, value: &dyn Fn(&ShownPoint) -> String| {
                ui.label(theme::weak(ui, label)).on_hover_text(help);
                for point in shown {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let text = theme::number(ui, value(point));
                        let palette = palette(ui.visuals());
                        ui.label(if point.stale { text.color(palette.weak) } else { text });
                    });
                }
                ui.end_row();
            };
            let spread = |p: &ShownPoint, side: usize| p.point.spread.map(|spread| spread[side]);
            let help = "I(X;Z), nats over ln n; in brackets, in units of the last digit, the standard deviation \
                        over seeds of the reference points";
            let (complexity, expressivity) = (help, help.replace('X', "Y"));
            line(ui, "complexity", complexity, &|p| with_spread(p.point.complexity, spread(p, 0)));
            line(ui, "expressivity", &expressivity, &|p| with_spread(p.point.expressivity, spread(p, 1)));
            line(ui, "optimality φ", "I(Y;Z) / I(X;Z); spread as above", &|p| {
                let phi = p.point.optimality.map(|phi| with_spread(phi, p.point.optimality_spread));
                phi.unwrap_or_else(|| "–".to_owned())
            });
            // Of both sides in one cell: they are read against each other, and the list above needs the room.
            let pair = |pair: Option<[f64; 2]>, text: &dyn Fn(f64) -> String| {
                pair.map_or_else(|| "–".to_owned(), |[x, y]| format!("{}/{}", text(x), text(y)))
            };
            let (short, percent) = (|value: f64| format!("{value:.3}"), |share: f64| format!("{:.1}", 100.0 * share));
            let help = "complexity/expressivity under shuffled labels: what a sample of this size gives for labels \
                        that say nothing";
            line(ui, "null", help, &|p| pair(p.point.null, &short));
            let help = "complexity/expressivity with the null taken off: what the labels themselves tell";
            line(ui, "less null", help, &|p| pair(p.point.less_null(), &short));
            let help = "positions whose input/output label occurs nowhere else, in percent; near 100, complexity and \
                        expressivity become equal whatever the model";
            line(ui, "seen once, %", help, &|p| pair(p.point.singletons, &percent));
            let change = "the most that the last growth of the sample, to four times as many documents or less, \
                          moved a complexity or an expressivity, averaged over layers, of any order";
            line(ui, "last change", change, &|p| p.last_change.map_or_else(|| "–".to_owned(), efficiency));
            convergence_row(ui, state, shown);
            line(ui, "entropy H(Z)", "of the soft-binned states, nats over ln n", &|p| {
                efficiency(p.point.entropy)
            });
            line(ui, "loss", "next-token cross-entropy, nats a token", &loss);
            line(ui, "positions", "labelled positions behind the numbers", &|p| {
                short_count(p.positions as u64)
            });
        });
}

/// A row of curves: complexity and expressivity as the sample grew.
fn convergence_row(ui: &mut Ui, state: &State, shown: &[ShownPoint]) {
    let help = "complexity (bright) and expressivity (dim) on the first 16, 64, 256, … documents, from zero up; \
                averaged over layers";
    ui.label(theme::weak(ui, "convergence")).on_hover_text(help);
    for point in shown {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let known = state.checkpoint_state(point.id).and_then(|known| known.shown.as_ref());
            let order = state.view.order;
            match known.map(|known| convergence(&known.measurement.convergence, order)) {
                Some(estimates) if estimates.len() > 1 => curve_ui(ui, &point.point.name, &estimates),
                _ => {
                    ui.label(theme::number(ui, "–".to_owned()));
                }
            }
        });
    }
    ui.end_row();
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
