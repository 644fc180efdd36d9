//! What stands over the plane: the legend in the corner no data reach, and the numbers under the pointer.

use eframe::egui::{self, Mesh, Rect, Response, Shape, Tooltip, Ui, pos2, vec2};

use super::state::{ShownPoint, State};
use super::theme::{self, palette};
use super::widgets::{thousands, training_label};
use crate::measures::order_name;
use crate::views::plane::LayerChoice;

/// Draws which run has which colour and what the points' colours mean, in the unachievable corner.
pub(super) fn legend_ui(ui: &mut Ui, frame: Rect, state: &State) {
    let palette = palette(ui.visuals());
    let visible = (0..state.runs.len()).filter(|&run| state.is_visible(run)).count();
    if visible == 0 || frame.width() < 320.0 {
        return;
    }
    let place = Rect::from_min_size(frame.min + vec2(34.0, 12.0), vec2(frame.width() * 0.45, 200.0));
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(place));
    ui.spacing_mut().item_spacing = vec2(8.0, 3.0);
    let layers = match state.view.layers {
        LayerChoice::Mean => "mean of layers".to_owned(),
        LayerChoice::Layer(layer) => format!("layer {layer}"),
    };
    let title = format!("{}, {layers}", order_name(state.view.order));
    ui.label(egui::RichText::new(title).size(15.0).color(palette.strong));
    ui.add_space(2.0);
    for (run, open) in state.runs.iter().enumerate().filter(|(run, _)| state.is_visible(*run)).take(8) {
        ui.horizontal(|ui| {
            let (line, _) = ui.allocate_exact_size(vec2(18.0, 12.0), egui::Sense::hover());
            let stroke = egui::Stroke::new(2.0, theme::run_color(run));
            ui.painter().hline(line.x_range(), line.center().y, stroke);
            ui.painter().circle_filled(line.center(), 3.5, theme::run_color(run));
            let name = egui::RichText::new(&open.name).size(12.5);
            ui.add(egui::Label::new(name).truncate().selectable(false));
        });
    }
    ui.add_space(3.0);
    ui.horizontal(|ui| {
        ui.label(theme::weak(ui, "first").small());
        let (bar, _) = ui.allocate_exact_size(vec2(90.0, 6.0), egui::Sense::hover());
        ui.painter().add(progress_bar(bar));
        ui.label(theme::weak(ui, "last checkpoint").small());
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
pub(super) fn tooltip_ui(response: &Response, shown: &ShownPoint, state: &State) {
    let tooltip = Tooltip::always_open(
        response.ctx.clone(),
        response.layer_id,
        response.id,
        egui::PopupAnchor::Pointer,
    );
    tooltip.gap(14.0).show(|ui| {
        let point = &shown.point;
        ui.horizontal(|ui| {
            let (swatch, _) = ui.allocate_exact_size(vec2(10.0, 10.0), egui::Sense::hover());
            ui.painter().rect_filled(swatch, 3.0, theme::run_color(shown.id.run));
            let run = state.runs.get(shown.id.run).map_or("", |run| run.name.as_str());
            ui.label(theme::weak(ui, run));
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
                if let Some([input, output]) = point.null {
                    line("under shuffled labels X, Y", format!("{input:.4} {output:.4}"));
                }
                if let Some([input, output]) = point.singletons {
                    line("labels seen once X, Y", format!("{:.1}% {:.1}%", 100.0 * input, 100.0 * output));
                }
                if let Some([input, output]) = point.spread {
                    line("± over seeds X, Y", format!("{input:.4} {output:.4}"));
                }
                line("entropy H(Z) / ln n", format!("{:.4}", point.entropy));
                line("temperature ε", format!("{:.4}", shown.temperature));
                line("loss, nats a token", format!("{:.4}", point.loss));
                line("labelled positions", thousands(shown.positions as u64));
            },
        );
        let note = match (shown.stale, shown.complete) {
            (true, _) => Some("of earlier settings, being replaced"),
            (false, false) => Some("a first estimate on a small sample"),
            (false, true) => None,
        };
        if let Some(note) = note {
            ui.add_space(2.0);
            ui.label(egui::RichText::new(note).small().color(palette(ui.visuals()).warn));
        }
    });
}
