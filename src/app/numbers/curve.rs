//! The curve of the estimates as the sample grew, small enough for a cell.

use eframe::egui::{Label, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::app::theme::{self, palette};
use crate::measures::Order;
use crate::state::ShownNumbers;
use crate::views::convergence::{Estimate, convergence};

/// The room a curve has, in points of the screen.
pub(super) const CURVE: Vec2 = vec2(64.0, 16.0);

/// Complexity and expressivity as the sample grew.
pub(super) fn convergence_ui(ui: &mut Ui, order: Order, shown: &ShownNumbers) {
    match convergence(&shown.measurement.convergence, order) {
        estimates if estimates.len() > 1 => curve_ui(ui, &shown.name, &estimates),
        _ => {
            ui.add(Label::new(theme::number(ui, "–")).selectable(false));
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
