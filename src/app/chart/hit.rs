//! What is under the pointer or was walked to, and what is said of it.

use eframe::egui::{self, Pos2, Response, RichText, Tooltip, pos2, vec2};
use egui_plot::PlotPoint;

use super::canvas::Canvas;
use super::paint::bar;
use super::place::Place;
use crate::app::theme;
use crate::app::widgets::training_label;
use crate::chart::{Axis, Chart, Color, Datum, Facet, Fill, Mark, Of};

/// How near the pointer must come to a datum, in points of the screen.
const REACH: f32 = 14.0;

/// A datum or a rule found under the pointer.
pub(super) struct Found<'a> {
    mark: &'a Mark,
    /// `None` for a rule.
    datum: Option<&'a Datum>,
    pub at: Pos2,
    pub place: Place,
}

/// The datum under the pointer: a bar or a cell that holds it, else the nearest mark.
pub(super) fn under_pointer<'a>(response: &Response, canvas: &Canvas<'a>, facet: usize) -> Option<Found<'a>> {
    let pointer = response.hover_pos().filter(|at| canvas.rect().contains(*at))?;
    let mut nearest: Option<(f32, Found<'a>)> = None;
    let mut offer = |distance: f32, mark: usize, datum: Option<(usize, &'a Datum)>, at: Pos2| {
        if distance <= REACH && nearest.as_ref().is_none_or(|(least, _)| distance < *least) {
            let of = match &canvas.facet.marks[mark] {
                Mark::Rule(rule) => rule.of,
                _ => datum.map(|(_, datum)| datum.of).unwrap_or_default(),
            };
            let place = Place { facet, mark, datum: datum.map(|(index, _)| index), of };
            let datum = datum.map(|(_, datum)| datum);
            nearest = Some((distance, Found { mark: &canvas.facet.marks[mark], datum, at, place }));
        }
    };
    // The last drawn lies on top and wins a tie.
    for (number, mark) in canvas.facet.marks.iter().enumerate().rev() {
        match mark {
            Mark::Series(series) => {
                for (index, datum) in series.data.iter().enumerate().rev() {
                    let Some(at) = canvas.at(datum.x, datum.y) else { continue };
                    let mut distance = at.distance(pointer);
                    if series.fill == Fill::Area {
                        let foot = canvas.at(datum.x, datum.low.unwrap_or(0.0)).map_or(at.y, |foot| foot.y);
                        let top = datum.high.and_then(|high| canvas.at(datum.x, high));
                        let top = top.map_or(at.y, |top| top.y);
                        let (top, foot) = (top.min(foot), top.max(foot));
                        let is_inside = (top..=foot).contains(&pointer.y);
                        distance = if is_inside { (at.x - pointer.x).abs().min(REACH) } else { distance };
                    }
                    offer(distance, number, Some((index, datum)), at);
                }
            }
            Mark::Bars(bars) => {
                for (index, datum) in bars.data.iter().enumerate() {
                    let Some(rect) = bar(canvas, bars, datum) else { continue };
                    let at = pos2(rect.center().x, rect.top());
                    offer(rect.distance_to_pos(pointer), number, Some((index, datum)), at);
                }
            }
            Mark::Cells(cells) => {
                let value = canvas.transform.value_from_position(pointer);
                let (column, row) = (value.x.round(), value.y.round());
                let mut all = cells.cells.iter().enumerate();
                let under = all.find(|(_, cell)| (cell.column as f64, cell.row as f64) == (column, row));
                if let Some((index, cell)) = under.filter(|(_, cell)| cell.datum.y.is_finite()) {
                    offer(0.0, number, Some((index, &cell.datum)), pointer);
                }
            }
            Mark::Rule(rule) => {
                let at = match rule.is_upright {
                    true => canvas.at(rule.at, canvas.facet.y.value(0.0)).map(|at| pos2(at.x, pointer.y)),
                    false => canvas.at(canvas.facet.x.value(0.0), rule.at).map(|at| pos2(pointer.x, at.y)),
                };
                if let Some(at) = at.filter(|_| rule.of != Of::default()) {
                    // What has data of its own goes before.
                    offer(at.distance(pointer) + REACH / 2.0, number, None, at);
                }
            }
            Mark::Curve(_) | Mark::Words(_) | Mark::Remark(_) => {}
        }
    }
    nearest.map(|(_, found)| found)
}

/// The datum at a place, by the edge of the frame where it is out of sight.
pub(super) fn at_place<'a>(canvas: &Canvas<'a>, place: Place) -> Option<Found<'a>> {
    let mark = canvas.facet.marks.get(place.mark)?;
    let datum = mark.data().nth(place.datum?)?;
    let at = match mark {
        Mark::Bars(bars) => bar(canvas, bars, datum).map(|rect| pos2(rect.center().x, rect.top()))?,
        Mark::Cells(cells) => {
            let cell = cells.cells.get(place.datum?)?;
            canvas.transform.position_from_point(&PlotPoint::new(cell.column as f64, cell.row as f64))
        }
        _ => canvas.at(datum.x, datum.y)?,
    };
    Some(Found { mark, datum: Some(datum), at: canvas.rect().clamp(at), place })
}

/// What is said of something found.
struct Said {
    who: String,
    /// When in training; empty where that is not known.
    when: String,
    numbers: Vec<String>,
    flags: Vec<String>,
}

impl Said {
    fn of(chart: &Chart, facet: &Facet, found: &Found<'_>) -> Self {
        let of = found.place.of;
        let who = chart.subjects.words(of);
        let label = found.datum.map(|datum| datum.label.clone()).filter(|label| !label.is_empty());
        let who = Some(who).filter(|who| !who.is_empty()).into_iter().chain(label);
        let who = who.collect::<Vec<_>>().join(" · ");
        let who = if who.is_empty() { found.mark.series().to_owned() } else { who };
        let checkpoint = chart.subjects.checkpoint(of);
        let when = checkpoint.and_then(|checkpoint| training_label(checkpoint.step, checkpoint.tokens));
        let numbers = match (found.mark, found.datum) {
            (Mark::Rule(rule), _) => vec![rule.label.clone()],
            (mark, Some(datum)) => numbers(facet, mark, datum),
            (_, None) => Vec::new(),
        };
        let flags = found.datum.map(|datum| datum.flags.clone()).unwrap_or_default();
        Self { who, when: when.unwrap_or_default(), numbers, flags }
    }
}

/// Who it is, when, and its numbers, a line each: to be copied.
pub(super) fn text(chart: &Chart, facet: &Facet, found: &Found<'_>) -> String {
    let Said { who, when, numbers, flags } = Said::of(chart, facet, found);
    let flags = flags.into_iter().map(|flag| format!("! {flag}"));
    let lines = [who, when].into_iter().chain(numbers).chain(flags).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// Shows who it is, when, and its numbers, beside the point and away from the middle of the data.
pub(super) fn tooltip_ui(response: &Response, chart: &Chart, canvas: &Canvas<'_>, found: &Found<'_>) {
    let around = egui::Rect::from_center_size(found.at, vec2(18.0, 18.0));
    let id = response.id.with("tooltip");
    let mut tooltip = Tooltip::always_open(response.ctx.clone(), response.layer_id, id, around);
    tooltip.popup = tooltip.popup.align(egui::RectAlign::RIGHT_START).gap(4.0);
    tooltip.show(|ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        let color = match found.mark {
            Mark::Series(series) => series.color,
            Mark::Bars(bars) => found.datum.and_then(|datum| datum.color).unwrap_or(bars.color),
            Mark::Rule(rule) => rule.color,
            _ => chart.subjects.run(found.place.of).map_or(Color::Text, |run| run.color()),
        };
        let said = Said::of(chart, canvas.facet, found);
        ui.horizontal(|ui| {
            let (key, _) = ui.allocate_exact_size(vec2(10.0, 10.0), egui::Sense::hover());
            ui.painter().rect_filled(key, 3.0, theme::ink(color, canvas.is_dark));
            ui.label(RichText::new(said.who).color(canvas.palette.strong));
        });
        if !said.when.is_empty() {
            ui.label(theme::weak(ui, said.when));
        }
        for line in said.numbers {
            ui.label(theme::number(ui, line));
        }
        for flag in said.flags {
            ui.label(RichText::new(format!("! {flag}")).small().color(canvas.palette.warn));
        }
    });
}

/// The numbers of a datum, a line each, with their units and how far they spread.
fn numbers(facet: &Facet, mark: &Mark, datum: &Datum) -> Vec<String> {
    let mut lines = Vec::new();
    let with = |label: &str, axis: &Axis, value: f64, spread: Option<f64>| {
        let spread = spread.map(|spread| format!(" ± {}", axis.words(spread))).unwrap_or_default();
        let unit = if axis.unit.is_empty() { String::new() } else { format!(" {}", axis.unit) };
        format!("{label} {}{spread}{unit}", axis.words(value))
    };
    match mark {
        Mark::Cells(cells) => {
            lines.push(format!("{} {}", cells.name, Axis::default().words(datum.y)));
        }
        _ => {
            // Time stands in the line above.
            if !facet.x.is_time {
                lines.push(with(&facet.x.label, &facet.x, datum.x, datum.x_spread));
            }
            let spread = match mark {
                Mark::Series(series) if series.fill != Fill::Area => {
                    datum.low.zip(datum.high).map(|(low, high)| (high - low) / 2.0)
                }
                _ => None,
            };
            lines.push(with(&facet.y.label, &facet.y, datum.y, spread));
        }
    }
    lines.extend(datum.more.iter().cloned());
    lines
}
