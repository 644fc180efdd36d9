//! The axes of a frame: what of them is in sight, their ticks and titles, and the room that these take.

use eframe::egui::{self, FontId, Rect, RichText, Sense, Ui, vec2};
use egui_plot::{AxisHints, GridMark, Plot};

use super::ChartMemory;
use super::canvas::{elided, width_of};
use super::zoom::Bounds;
use crate::app::theme::Palette;
use crate::chart::{Aspect, Axis, Facet, Mark, Scale, Tick};

/// Ticks are no nearer to each other, across and up, in points of the screen.
const TICK_GAP: [f32; 2] = [62.0, 26.0];
/// The same on both axes of a square, which have one scale and the same ticks.
const SQUARE_TICK_GAP: f32 = 46.0;
/// The least between two, where there would be but one.
const LEAST_TICK_GAP: f64 = 14.0;
/// The letters of ticks and of titles, in points of the screen.
const TICK_SIZE: f32 = 11.0;
const TITLE_SIZE: f32 = 12.5;
/// How far beyond the ends of its axes a frame reaches, so that marks there are whole, in points of the screen.
const MARGIN: f32 = 7.0;
/// What is decided of a frame before it is drawn.
pub(super) struct Metrics {
    /// The size of the frame.
    pub frame: egui::Vec2,
    /// The room of the axis up, left of the frame, and of the axis across, below it.
    pub left: f32,
    pub below: f32,
    ticks: [Vec<Tick>; 2],
    titles: [String; 2],
    /// What is in sight, and what would be of everything.
    pub seen: Bounds,
    pub all: Bounds,
}

impl Metrics {
    /// Decides it for facet number `index` in an area.
    pub fn of(ui: &Ui, index: usize, facet: &Facet, area: egui::Vec2, memory: &ChartMemory) -> Self {
        let reach = memory.reach.get(index).unwrap_or_default();
        if facet.is_bare {
            let all = whole(facet, reach, [area.x, area.y]);
            let (frame, seen) = (egui::Vec2::splat(area.min_elem()), all);
            return Self {
                frame,
                left: 0.0,
                below: 0.0,
                ticks: Default::default(),
                titles: Default::default(),
                seen,
                all,
            };
        }
        let line = |size: f32| ui.fonts_mut(|fonts| fonts.row_height(&FontId::proportional(size)));
        let title_height = if area.min_elem() < 150.0 { 0.0 } else { line(TITLE_SIZE) * 1.25 };
        let below = (line(TICK_SIZE) + title_height + 2.0).ceil();
        // The edge at the right is left to the half of the last tick's label.
        let height = (area.y - below).max(20.0);
        let seen = |size: [f32; 2]| {
            let all = whole(facet, reach, size);
            (memory.zooms.bounds(facet, all), all)
        };
        let is_square = facet.aspect == Aspect::Equal;
        let guess = [if is_square { height } else { area.x - 46.0 }, height];
        let gap = if is_square { [SQUARE_TICK_GAP; 2] } else { TICK_GAP };
        let up = ticks(&facet.y, seen(guess).0.y, guess[1], gap[1]);
        let widest = up.iter().map(|tick| width_of(ui, &tick.label, TICK_SIZE)).fold(0.0, f32::max);
        let left = (widest.min(area.x * 0.4) + 8.0 + title_height + 2.0).ceil();
        let mut frame = vec2((area.x - left).max(20.0), height);
        if is_square {
            frame = egui::Vec2::splat(frame.min_elem());
        }
        let (seen, all) = seen([frame.x, frame.y]);
        let mut ticks = [ticks(&facet.x, seen.x, frame.x, gap[0]), ticks(&facet.y, seen.y, frame.y, gap[1])];
        shorten(ui, &facet.x, seen.x, frame.x, &mut ticks[0]);
        for tick in &mut ticks[1] {
            tick.label = elided(ui, &tick.label, TICK_SIZE, area.x * 0.4);
        }
        let titles = [title(ui, &facet.x, frame.x), title(ui, &facet.y, frame.y)];
        let titles = titles.map(|title| if title_height > 0.0 { title } else { String::new() });
        Self { frame, left, below, ticks, titles, seen, all }
    }
}

/// The bounds that hold all of a facet, whose axes reach from place to place, in a frame of some size.
fn whole(facet: &Facet, reach: [[f64; 2]; 2], size: [f32; 2]) -> Bounds {
    let of = |axis: &Axis, [low, high]: [f64; 2], size: f32| {
        let beyond = match axis.scale {
            Scale::Category(_) => 0.0,
            _ => (high - low) * f64::from(MARGIN / (size - 2.0 * MARGIN).max(1.0)),
        };
        [low - beyond, high + beyond]
    };
    Bounds { x: of(&facet.x, reach[0], size[0]), y: of(&facet.y, reach[1], size[1]) }
}

/// The ticks of an axis between two places, upon a length of the screen.
fn ticks(axis: &Axis, places: [f64; 2], length: f32, gap: f32) -> Vec<Tick> {
    let range = places.map(|place| axis.value(place));
    let most = ((length / gap) as usize).max(1);
    let scale = f64::from(length) / (places[1] - places[0]);
    let apart = |pair: &[Tick]| (axis.place(pair[1].value) - axis.place(pair[0].value)) * scale;
    // One alone tells no scale: in a small frame they stand closer.
    let mut found: Vec<Vec<Tick>> = (most..most + 4).map(|most| axis.ticks(range, most)).collect();
    let is_enough = |ticks: &Vec<Tick>| {
        matches!(axis.scale, Scale::Category(_))
            || ticks.len() > 1 && ticks.windows(2).all(|pair| apart(pair) >= LEAST_TICK_GAP)
    };
    let chosen =
        found.iter().position(is_enough).or_else(|| found.iter().position(|ticks| !ticks.is_empty()));
    found.swap_remove(chosen.unwrap_or(0))
}

/// The title of an axis as far as there is room: with its unit, without, without what stands behind a comma, or cut.
fn title(ui: &Ui, axis: &Axis, room: f32) -> String {
    let fits = |text: &&str| width_of(ui, text, TITLE_SIZE) <= room;
    let (whole, label) = (axis.title(), axis.label.as_str());
    let short = label.split(", ").next().unwrap_or(label);
    let fitting = [whole.as_str(), label, short].into_iter().find(fits);
    fitting.map_or_else(|| elided(ui, short, TITLE_SIZE, room), str::to_owned)
}

/// Cuts the labels of ticks across that would meet: names are cut, and of numbers every other goes.
fn shorten(ui: &Ui, axis: &Axis, places: [f64; 2], length: f32, ticks: &mut Vec<Tick>) {
    let scale = f64::from(length) / (places[1] - places[0]);
    if let Scale::Category(_) = axis.scale {
        let apart = ticks.windows(2).map(|pair| (pair[1].value - pair[0].value) * scale);
        let room = apart.fold(f64::from(length), f64::min) as f32 - 6.0;
        ticks.iter_mut().for_each(|tick| tick.label = elided(ui, &tick.label, TICK_SIZE, room));
        return;
    }
    let meet = |ticks: &[Tick]| {
        ticks.windows(2).any(|pair| {
            let apart = (axis.place(pair[1].value) - axis.place(pair[0].value)) * scale;
            let [a, b] = [&pair[0], &pair[1]].map(|tick| width_of(ui, &tick.label, TICK_SIZE));
            apart < f64::from((a + b) / 2.0 + 6.0)
        })
    };
    while ticks.len() > 1 && meet(ticks) {
        let mut index = 0;
        ticks.retain(|_| {
            index += 1;
            index % 2 == 1
        });
    }
}

/// Draws axes and grid, and makes the places.
pub(super) fn plot(
    ui: &mut Ui,
    area: Rect,
    facet: &Facet,
    metrics: &Metrics,
    palette: &Palette,
) -> egui_plot::PlotResponse<()> {
    let has_cells = facet.marks.iter().any(|mark| matches!(mark, Mark::Cells(_)));
    let is_numbers = |axis: &Axis| !matches!(axis.scale, Scale::Category(_)) && !has_cells && !facet.is_bare;
    let hints = |hints: AxisHints<'static>, across: usize| {
        let axis = if across == 0 { facet.x.clone() } else { facet.y.clone() };
        let ticks = metrics.ticks[across].clone();
        let label = RichText::new(&metrics.titles[across]).size(TITLE_SIZE).color(palette.text);
        hints
            .label(label)
            .tick_label_color(palette.weak)
            .tick_label_font(FontId::proportional(TICK_SIZE))
            .label_spacing(0.0..=0.0)
            .formatter(move |mark, _| {
                let apart = |tick: &&Tick| (axis.place(tick.value) - mark.value).abs();
                let tick = ticks.iter().min_by(|a, b| apart(a).total_cmp(&apart(b)));
                tick.map_or_else(String::new, |tick| tick.label.clone())
            })
    };
    let marks = |across: usize| {
        let axis = if across == 0 { &facet.x } else { &facet.y };
        // The step only tells whether a label has room, which is settled already.
        let mark = |tick: &Tick| GridMark { value: axis.place(tick.value), step_size: 1e9 };
        let marks: Vec<GridMark> = metrics.ticks[across].iter().map(mark).collect();
        move |_| marks.clone()
    };
    let Bounds { x, y } = metrics.seen;
    ui.scope_builder(egui::UiBuilder::new().max_rect(area), |ui| {
        ui.visuals_mut().override_text_color = Some(palette.weak);
        Plot::new("frame")
            .width(area.width())
            .height(area.height())
            .auto_bounds(false)
            .show_background(false)
            .show_x(false)
            .show_y(false)
            .show_crosshair(false)
            .allow_axis_zoom_drag(false)
            .allow_double_click_reset(false)
            .allow_boxed_zoom(false)
            .allow_drag(false)
            .allow_zoom(false)
            .allow_scroll(false)
            .sense(Sense::click_and_drag())
            .show_axes(!facet.is_bare)
            .show_grid([is_numbers(&facet.x), is_numbers(&facet.y)])
            .grid_color(palette.grid)
            .grid_spacing(1.0..=2.0)
            .x_grid_spacer(marks(0))
            .y_grid_spacer(marks(1))
            .custom_x_axes(vec![hints(AxisHints::new_x(), 0).min_thickness(metrics.below)])
            .custom_y_axes(vec![hints(AxisHints::new_y(), 1).min_thickness(metrics.left)])
            .show(ui, move |plot| {
                plot.set_plot_bounds_x(x[0]..=x[1]);
                plot.set_plot_bounds_y(y[0]..=y[1]);
            })
    })
    .inner
}
