//! What stands over the plane: the legend in the corner no data reach, and the numbers under the pointer.

use eframe::egui::{self, Mesh, Rect, Response, Shape, Tooltip, Ui, pos2, vec2};

use super::plane_paint::{DASH, DASH_GAP, line};
use super::theme::{self, palette};
use super::widgets::training_label;
use crate::figure::curve;
use crate::state::ShownPoint;
use crate::state::State;
use crate::views::marks::{Note, Sign};
use crate::views::plane::Trajectory;
use crate::words::counted;
use crate::words::thousands;

/// More runs than this are folded into a count.
const MOST_RUNS: usize = 8;

/// Draws which run has which colour and what the marks mean, in the corner above the bound.
pub(super) fn legend_ui(ui: &mut Ui, frame: Rect, state: &State) {
    let palette = palette(ui.visuals());
    if state.visible_runs().next().is_none() || frame.width() < 320.0 {
        return;
    }
    let place = Rect::from_min_size(frame.min + vec2(34.0, 12.0), vec2(frame.width() * 0.45, 200.0));
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(place));
    ui.spacing_mut().item_spacing = vec2(8.0, 3.0);
    let trajectories = &state.drawn().trajectories;
    let title = format!("{}, {}", state.view.order, state.view.layers.name());
    ui.label(egui::RichText::new(title).size(15.0).color(palette.strong));
    ui.add_space(2.0);
    for trajectory in trajectories.iter().take(MOST_RUNS) {
        ui.horizontal(|ui| {
            let present = trajectory.absence.is_none();
            let color = theme::curve_color(trajectory.run, trajectory.style, palette);
            key_ui(ui, color.gamma_multiply(if present { 1.0 } else { 0.4 }), trajectory.style);
            let name = match &trajectory.absence {
                None => egui::RichText::new(trajectory.label()),
                Some(absence) => theme::weak(ui, format!("{}, {absence}", trajectory.label())),
            };
            ui.add(egui::Label::new(name.size(12.5)).truncate().selectable(false));
        });
    }
    if trajectories.len() > MOST_RUNS {
        let more = format!("and {} more trajectories", trajectories.len() - MOST_RUNS);
        ui.label(theme::weak(&ui, more).small());
    }
    ui.add_space(3.0);
    for note in &state.drawn().notes {
        note_ui(&mut ui, note);
    }
    // A single model has no way through training to show.
    if trajectories.iter().any(|trajectory| state.open_runs()[trajectory.run].keys().len() > 1) {
        ui.horizontal(|ui| {
            ui.label(theme::weak(ui, "first").small());
            let (bar, _) = ui.allocate_exact_size(vec2(90.0, 6.0), egui::Sense::hover());
            ui.painter().add(progress_bar(bar));
            ui.label(theme::weak(ui, "last checkpoint").small());
        });
    }
}

/// The line and the mark of a trajectory, as they stand on the plane.
pub(super) fn key_ui(ui: &mut Ui, color: egui::Color32, style: usize) {
    let (key, _) = ui.allocate_exact_size(vec2(18.0, 12.0), egui::Sense::hover());
    let ends = [key.left_center(), key.right_center()];
    line(ui.painter(), ends, egui::Stroke::new(2.0, color), curve::dash(style));
    ui.painter().circle_filled(key.center(), 3.5, color);
}

/// A sign with what it means.
fn note_ui(ui: &mut Ui, note: &Note) {
    ui.horizontal(|ui| {
        let palette = palette(ui.visuals());
        let (sign, _) = ui.allocate_exact_size(vec2(18.0, 12.0), egui::Sense::hover());
        let stroke = egui::Stroke::new(1.4, palette.weak);
        match note.sign {
            Sign::Open => {
                ui.painter().circle_stroke(sign.center(), 4.0, stroke);
            }
            Sign::Dashed => {
                let ends = [sign.left_center(), sign.right_center()];
                ui.painter().extend(Shape::dashed_line(&ends, stroke, DASH, DASH_GAP));
            }
            Sign::Exclamation => {
                let font = egui::FontId::proportional(12.5);
                ui.painter().text(sign.center(), egui::Align2::CENTER_CENTER, "!", font, palette.warn);
            }
        }
        let text = match note.sign {
            Sign::Open | Sign::Dashed => theme::weak(ui, &note.text),
            Sign::Exclamation => egui::RichText::new(&note.text).color(palette.warn),
        };
        ui.add(egui::Label::new(text.small()).truncate().selectable(false));
    });
}

/// The colours of training from left to right.
fn progress_bar(rect: Rect) -> Shape {
    const STEPS: u32 = 24;
    let mut mesh = Mesh::default();
    for step in 0..=STEPS {
        let share = step as f32 / STEPS as f32;
        let (x, color) = (rect.left() + rect.width() * share, theme::progress_color(share));
        mesh.colored_vertex(pos2(x, rect.top()), color);
        mesh.colored_vertex(pos2(x, rect.bottom()), color);
        if step > 0 {
            let corner = 2 * step;
            mesh.add_triangle(corner - 2, corner - 1, corner);
            mesh.add_triangle(corner - 1, corner, corner + 1);
        }
    }
    Shape::mesh(mesh)
}

/// Shows the numbers of a point beside the pointer.
pub(super) fn tooltip_ui(response: &Response, trajectory: &Trajectory, shown: &ShownPoint) {
    let tooltip = Tooltip::always_open(
        response.ctx.clone(),
        response.layer_id,
        response.id,
        egui::PopupAnchor::Pointer,
    );
    tooltip.gap(14.0).show(|ui| {
        let (point, measurement) = (&shown.point, &shown.measurement);
        ui.horizontal(|ui| {
            let (swatch, _) = ui.allocate_exact_size(vec2(10.0, 10.0), egui::Sense::hover());
            let color = theme::curve_color(trajectory.run, trajectory.style, palette(ui.visuals()));
            ui.painter().rect_filled(swatch, 3.0, color);
            ui.label(theme::weak(ui, trajectory.label()));
        });
        ui.label(egui::RichText::new(&point.name).size(15.0).color(palette(ui.visuals()).strong));
        if let Some(training) = training_label(point.step, point.tokens) {
            ui.label(theme::weak(ui, training));
        }
        ui.add_space(4.0);
        egui::Grid::new("point").num_columns(2).min_row_height(15.0).spacing(vec2(18.0, 3.0)).show(
            ui,
            |ui| {
                let mut line = |label: &str, value: String| {
                    ui.label(theme::weak(ui, label));
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        ui.label(theme::number(ui, value));
                    });
                    ui.end_row();
                };
                line("complexity I(X;Z)", format!("{:.4}", point.complexity));
                line("expressivity I(Y;Z)", format!("{:.4}", point.expressivity));
                line(
                    "optimality φ",
                    point.optimality.map_or_else(|| "–".to_owned(), |phi| format!("{phi:.4}")),
                );
                if let Some([x, y]) = point.null {
                    line("under shuffled labels X, Y", format!("{x:.4} {y:.4}"));
                }
                if let Some([x, y]) = point.singletons {
                    line("label seen once X, Y", format!("{:.1}% {:.1}%", 100.0 * x, 100.0 * y));
                }
                if let Some([x, y]) = point.spread {
                    line("standard deviation over seeds X, Y", format!("{x:.4} {y:.4}"));
                }
                line("entropy H(Z) / ln n", format!("{:.4}", point.entropy));
                line("temperature ε", format!("{:.4}", measurement.temperature));
                if let Some(loss) = point.loss {
                    line("loss, nats a token", format!("{loss:.4}"));
                }
                line("labelled positions", thousands(measurement.positions as u64));
                if let Some(kept) = point.kept {
                    line("positions kept by the least count", format!("{:.1}%", 100.0 * kept));
                }
                line("documents", thousands(point.basis.documents as u64));
            },
        );
        let basis = point.basis;
        let note = match (basis.is_stale(), basis.complete) {
            (true, _) => Some("measured under earlier settings, being replaced".to_owned()),
            (false, false) => {
                let documents = counted(basis.documents, "document");
                Some(format!("a first estimate on {documents}"))
            }
            (false, true) => None,
        };
        let flags = point.flags().into_iter().map(|flag| format!("! {}", flag.long()));
        for note in note.into_iter().chain(flags) {
            ui.add_space(2.0);
            ui.label(egui::RichText::new(note).small().color(palette(ui.visuals()).warn));
        }
    });
}
