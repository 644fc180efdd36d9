//! What fills and strokes: colours, opacities and lines of a content stream.

use std::collections::BTreeMap;

use pdf_writer::types::LineJoinStyle;
use pdf_writer::{Content, Name};

use crate::figure::color::Rgb;
use crate::figure::scene::{Paint, Stroke};

/// A content stream as it is written.
pub(super) struct Pen {
    pub content: Content,
    /// The number of each pair of opacities, in thousandths, of what is filled and of what is stroked.
    opacities: BTreeMap<[u16; 2], usize>,
}

impl Pen {
    /// An empty stream.
    pub fn new() -> Self {
        Self { content: Content::new(), opacities: BTreeMap::new() }
    }

    /// The opacities that were used, of what is filled and of what is stroked, by their names on the page.
    pub fn opacities(&self) -> Vec<(String, [f32; 2])> {
        let share = |thousandths: u16| f32::from(thousandths) / 1000.0;
        self.opacities.iter().map(|(pair, index)| (opacity_name(*index), pair.map(share))).collect()
    }

    /// Fills and strokes what `trace` traces, the outline above the inside.
    pub fn shape(
        &mut self,
        fill: Option<Paint>,
        stroke: Option<Stroke>,
        join: LineJoinStyle,
        trace: impl Fn(&mut Content),
    ) {
        let stroke = stroke.filter(|stroke| stroke.width > 0.0);
        if fill.is_none() && stroke.is_none() {
            return;
        }
        self.content.save_state();
        self.paint(fill, stroke, join);
        let solid = |paint: Option<Paint>| paint.is_none_or(|paint| paint.opacity >= 1.0);
        match (fill, stroke) {
            (Some(_), Some(stroke)) if solid(fill) && solid(Some(stroke.paint)) => {
                trace(&mut self.content);
                self.content.fill_nonzero_and_stroke();
            }
            _ => {
                // One after the other, as SVG does: at once, the inside would not show through the outline.
                if fill.is_some() {
                    trace(&mut self.content);
                    self.content.fill_nonzero();
                }
                if stroke.is_some() {
                    trace(&mut self.content);
                    self.content.stroke();
                }
            }
        }
        self.content.restore_state();
    }

    /// Sets what is next filled and stroked with.
    pub fn paint(&mut self, fill: Option<Paint>, stroke: Option<Stroke>, join: LineJoinStyle) {
        let opacity = |paint: Option<Paint>| {
            let opacity = paint.map_or(1.0, |paint| paint.opacity);
            if opacity.is_finite() { (opacity.clamp(0.0, 1.0) * 1000.0).round() as u16 } else { 0 }
        };
        let pair = [opacity(fill), opacity(stroke.map(|stroke| stroke.paint))];
        if pair != [1000; 2] {
            let count = self.opacities.len();
            let index = *self.opacities.entry(pair).or_insert(count);
            self.content.set_parameters(Name(opacity_name(index).as_bytes()));
        }
        if let Some(fill) = fill {
            let [red, green, blue] = channels(fill.rgb);
            self.content.set_fill_rgb(red, green, blue);
        }
        let Some(stroke) = stroke else { return };
        let [red, green, blue] = channels(stroke.paint.rgb);
        self.content.set_stroke_rgb(red, green, blue);
        self.content.set_line_width(short(stroke.width)).set_line_join(join);
        if let Some(dash) = stroke.dash
            && dash.iter().all(|length| length.is_finite() && *length >= 0.0)
            && dash != [0.0; 2]
        {
            self.content.set_dash_pattern(dash.map(short), 0.0);
        }
    }
}

fn opacity_name(index: usize) -> String {
    format!("G{index}")
}

/// Whether sides are all above 0; what has none is not drawn, as in SVG.
pub(super) fn has_room(size: [f32; 2]) -> bool {
    size.iter().all(|&side| side > 0.0 && side.is_finite())
}

fn channels(color: Rgb) -> [f32; 3] {
    color.map(|channel| short(f32::from(channel) / 255.0))
}

/// A number with at most four decimals, far below what shows; 0 for what is none, which no document can hold.
pub(super) fn short(value: f32) -> f32 {
    if value.is_finite() { ((f64::from(value) * 1e4).round() / 1e4) as f32 } else { 0.0 }
}
