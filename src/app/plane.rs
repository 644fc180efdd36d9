//! The information plane: egui_plot gives axes, grid, zoom and pan; the data are painted over them.
//!
//! Painting ourselves keeps one order of drawing (lines, points, what is current, labels) and lets a point
//! carry its run's colour around its progress colour, which plot items cannot.

use eframe::egui::{self, FontId, Pos2, Rect, Response, Role, Shape, Stroke, Ui, WidgetInfo, pos2};
use egui_plot::{GridInput, GridMark, Line, LineStyle, Plot, PlotTransform, PlotUi, Polygon};

use super::Action;
use super::plane_overlay::{legend_ui, tooltip_ui};
use super::plane_paint::{bound_label, paint_labels, paint_points, screen};
use super::theme::{self, Palette, palette};
use super::widgets::{Icon, icon_button};
use crate::bound::largest_expressivity;
use crate::state::{Drawn, Moment, State, UiCommand};
use crate::views::plane::{PlanePoint, axis_labels};

/// How near the pointer must come to a point, in points of the screen.
const REACH: f32 = 14.0;
/// Ticks of an axis are no nearer to each other, in points of the screen.
const TICK_GAP: f32 = 52.0;
/// How long the plane takes to fit what it shows, in seconds.
const FIT_SECS: f32 = 0.25;
/// No plane is looked at from further away than this; the bound ends there.
const FAR: f64 = 4.0;

/// What the plane remembers between frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaneMemory {
    /// Whether it follows the data; ends with the first zoom or pan, begins again with a double click.
    pub fit: bool,
}

impl Default for PlaneMemory {
    fn default() -> Self {
        Self { fit: true }
    }
}

/// Draws the plane with everything on it.
pub(super) fn plane_ui(ui: &mut Ui, state: &State, memory: &mut PlaneMemory, actions: &mut Vec<Action>) {
    let palette = palette(ui.visuals());
    let (x_label, y_label) = axis_labels(state.view);
    let drawn = state.drawn();
    let reach = reach_of(ui, drawn);
    let fit = memory.fit;
    let plot = Plot::new("plane")
        .data_aspect(1.0)
        .auto_bounds(false)
        .show_background(false)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .allow_boxed_zoom(false)
        .grid_color(palette.grid)
        .grid_spacing(TICK_GAP..=TICK_GAP * 2.0)
        .x_grid_spacer(ticks)
        .y_grid_spacer(ticks)
        .custom_x_axes(vec![axis_hints(egui_plot::AxisHints::new_x(), x_label, palette).min_thickness(36.0)])
        .custom_y_axes(vec![axis_hints(egui_plot::AxisHints::new_y(), y_label, palette).min_thickness(46.0)]);
    let shown = ui.scope(|ui| {
        ui.visuals_mut().override_text_color = Some(palette.weak);
        plot.show(ui, move |plot| {
            if fit {
                fit_bounds(plot, reach);
            }
            bound_ui(plot, palette);
        })
    });
    let shown = shown.inner;
    let (frame, response) = (*shown.transform.frame(), &shown.response);
    let painter = ui.painter().with_clip_rect(frame);
    bound_label(&painter, &shown.transform, palette);
    let labels = paint_points(&painter, &shown.transform, state, palette);
    if !labels.is_empty() {
        let points = drawn.trajectories.iter().flat_map(|trajectory| &trajectory.points);
        let dots: Vec<Pos2> = points.map(|point| screen(&shown.transform, point)).collect();
        paint_labels(&painter, frame, labels, &dots, palette);
    }
    follow_gestures(ui, response, memory);
    point_at(ui, response, &shown.transform, state, actions);
    describe(ui, response, state);
    legend_ui(ui, frame, state);
    let corner = Rect::from_min_size(pos2(frame.right() - 34.0, frame.top() + 8.0), theme::icon_size(ui));
    let mut corner = ui.new_child(egui::UiBuilder::new().max_rect(corner));
    let button = icon_button(&mut corner, Icon::Fit, "Fit", memory.fit);
    if button.on_hover_text("Fit the plane to the data (double click)").clicked() {
        memory.fit = true;
    }
}

fn axis_hints<'a>(
    hints: egui_plot::AxisHints<'a>,
    label: String,
    palette: &Palette,
) -> egui_plot::AxisHints<'a> {
    hints
        .label(egui::RichText::new(label).size(12.5).color(palette.text))
        .tick_label_color(palette.weak)
        .tick_label_font(FontId::proportional(11.0))
        .formatter(|mark, _| tick_text(mark))
        .label_spacing(TICK_GAP * 0.6..=TICK_GAP * 0.8)
}

/// Ticks at round numbers: steps of 1, 2 or 5 times a power of ten, all drawn alike.
fn ticks(input: GridInput) -> Vec<GridMark> {
    let step_size = round_step(input.base_step_size);
    let (from, to) = ((input.bounds.0 / step_size).ceil(), (input.bounds.1 / step_size).floor());
    // Whatever the zoom, no axis has more ticks than a screen has room for.
    if !(to - from).is_finite() || to - from > 1000.0 {
        return Vec::new();
    }
    (from as i64..=to as i64).map(|index| GridMark { value: index as f64 * step_size, step_size }).collect()
}

/// A tick's value with as many decimals as its step has.
fn tick_text(mark: GridMark) -> String {
    let decimals = (-mark.step_size.log10() - 1e-9).ceil().clamp(0.0, 12.0) as usize;
    format!("{:.decimals$}", mark.value)
}

/// The smallest round step not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.max(1e-12).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= least)
        .unwrap_or(power)
}

/// The largest complexity and expressivity to be seen, moving smoothly where the data change.
fn reach_of(ui: &Ui, drawn: &Drawn) -> [f64; 2] {
    let whole = drawn.extent;
    let largest = |value: fn(&PlanePoint) -> f64| {
        let values = drawn.trajectories.iter().flat_map(|t| &t.points).map(value).filter(|v| v.is_finite());
        let largest = values.fold(0.0, f64::max) * 1.12;
        // Some of the bound is always in sight: it is what the data are seen against.
        if largest > 0.0 { largest.max(whole * 0.35) } else { whole }
    };
    let smooth = |name: &str, value: f64| {
        let id = ui.scope_id().with(name);
        f64::from(ui.ctx().animate_value_with_time(id, value as f32, FIT_SECS))
    };
    [smooth("reach x", largest(|p| p.complexity)), smooth("reach y", largest(|p| p.expressivity))]
}

/// Shows the origin and `reach` at one scale for both axes, so that the bound stays the diagonal.
fn fit_bounds(plot: &mut PlotUi<'_>, reach: [f64; 2]) {
    let frame = *plot.transform().frame();
    let (width, height) = (f64::from(frame.width().max(1.0)), f64::from(frame.height().max(1.0)));
    // A little below zero, so that points on an axis are whole.
    let below = 0.03;
    let scale = (reach[0] / width).max(reach[1] / height) * (1.0 + below);
    let (x, y) = (scale * width, scale * height);
    plot.set_plot_bounds_x(-below * x.min(y)..=x - below * x.min(y));
    plot.set_plot_bounds_y(-below * x.min(y)..=y - below * x.min(y));
}

fn bound_ui(plot: &mut PlotUi<'_>, palette: &Palette) {
    let line: Vec<[f64; 2]> = [0.0, FAR].map(|x| [x, largest_expressivity(x)]).to_vec();
    // Left of the origin no complexity lies, so the shade ends at the axis.
    let mut shade = line.clone();
    shade.push([0.0, largest_expressivity(FAR)]);
    plot.polygon(
        Polygon::new("above the bound", shade)
            .fill_color(palette.unachievable)
            .stroke(Stroke::NONE)
            .allow_hover(false),
    );
    plot.line(
        Line::new("bound", line)
            .stroke(Stroke::new(1.5, palette.bound))
            .style(LineStyle::dashed_dense())
            .allow_hover(false),
    );
}

/// A zoom or a pan takes the view from the data; a double click gives it back.
fn follow_gestures(ui: &Ui, response: &Response, memory: &mut PlaneMemory) {
    let (scroll, zoom) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
    let moved = response.contains_pointer() && (scroll != egui::Vec2::ZERO || zoom != 1.0);
    if response.double_clicked() {
        memory.fit = true;
    } else if response.dragged() || moved {
        memory.fit = false;
    }
}

/// Shows the numbers of the point under the pointer; a click moves the scrubber there.
fn point_at(
    ui: &Ui,
    response: &Response,
    transform: &PlotTransform,
    state: &State,
    actions: &mut Vec<Action>,
) {
    let Some(pointer) = response.hover_pos() else { return };
    let nearest = points_of(state)
        .map(|(place, point)| (screen(transform, point).distance(pointer), place, point))
        .filter(|(distance, ..)| *distance <= REACH)
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, place, point)) = nearest else { return };
    let at = screen(transform, point);
    let ring = Stroke::new(1.5, palette(ui.visuals()).strong);
    ui.painter().with_clip_rect(*transform.frame()).add(Shape::circle_stroke(
        at,
        theme::CURRENT_RADIUS + 2.5,
        ring,
    ));
    let trajectory = &state.drawn().trajectories[place];
    if let Some(shown) = state.shown_point(place, point) {
        tooltip_ui(response, trajectory, &shown);
    }
    if response.clicked()
        && let Some(key) = state.runs.key(trajectory.run, point.checkpoint)
    {
        actions.push(UiCommand::Focus(key).into());
    }
}

/// Says in words what the plane shows, for those who do not see it.
fn describe(ui: &Ui, response: &Response, state: &State) {
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Image, enabled, in_words(state)));
}

fn in_words(state: &State) -> String {
    let mut text = format!("Information plane, {} checkpoints", points_of(state).count());
    for (place, point) in points_of(state) {
        let trajectory = &state.drawn().trajectories[place];
        if Moment::of(point.checkpoint, state.current_of(trajectory.run)) == Moment::Current {
            text += &format!(
                "; {} at {}: complexity {:.4}, expressivity {:.4}",
                trajectory.label(),
                point.name,
                point.complexity,
                point.expressivity
            );
        }
    }
    for note in &state.drawn().notes {
        text += &format!("; {}", note.text);
    }
    text
}

/// All points on the plane, each with the place of its trajectory.
fn points_of(state: &State) -> impl Iterator<Item = (usize, &PlanePoint)> {
    let trajectories = state.drawn().trajectories.iter().enumerate();
    trajectories.flat_map(|(place, trajectory)| trajectory.points.iter().map(move |point| (place, point)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_stand_at_round_numbers() {
        assert!((round_step(0.013) - 0.02).abs() < 1e-12);
        assert!((round_step(0.03) - 0.05).abs() < 1e-12);
        assert!((round_step(0.7) - 1.0).abs() < 1e-12);
        let input = GridInput { bounds: (-0.01, 0.11), base_step_size: 0.03 };
        let values: Vec<f64> = ticks(input).into_iter().map(|mark| mark.value).collect();
        assert_eq!(values.len(), 3);
        assert!((values[1] - 0.05).abs() < 1e-12);
        let text = |value, step_size| tick_text(GridMark { value, step_size });
        assert_eq!(text(0.15, 0.05), "0.15");
        assert_eq!(text(0.1, 0.1), "0.1");
        assert_eq!(text(20.0, 10.0), "20");
        let far = GridInput { bounds: (0.0, 1e9), base_step_size: 1e-9 };
        assert!(ticks(far).is_empty());
    }
}
