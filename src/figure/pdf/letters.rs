//! Lines of text as operators of a content stream.

use pdf_writer::types::{LineJoinStyle, TextRenderingMode};
use pdf_writer::{Content, Name, Str};
use skrifa::outline::OutlinePen;

use super::font::{self, Fonts, Glyph};
use super::pen::{Pen, has_room, short};
use crate::figure::scene::{Anchor, Stroke, Text};
use crate::figure::typeface;

/// Draws a line of text.
pub(super) fn draw(pen: &mut Pen, fonts: &mut Fonts, text: &Text) {
    if !has_room([text.size; 2]) {
        return;
    }
    let line = fonts.set(&text.text);
    if line.is_empty() {
        return;
    }
    let width: f32 = line.iter().map(|glyph| glyph.advance).sum();
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -0.5 * width,
        Anchor::End => -width,
    };
    let place = Place::new(text, start * text.size);
    if let Some(halo) = text.halo {
        rim(pen, fonts, &line, halo, &place, text.size);
    }
    pen.content.save_state();
    pen.paint(Some(text.fill), Some(typeface::outline(text)), LineJoinStyle::RoundJoin);
    pen.content.begin_text();
    pen.content.set_text_rendering_mode(TextRenderingMode::FillStroke);
    pen.content.set_text_matrix(place.matrix());
    show(&mut pen.content, &line, text.size);
    pen.content.end_text();
    pen.content.restore_state();
}

/// Draws the rim behind letters as outlines: as text, whoever reads or copies the page would find the words twice.
fn rim(pen: &mut Pen, fonts: &Fonts, line: &[Glyph], halo: Stroke, place: &Place, size: f32) {
    pen.shape(Some(halo.paint), Some(halo), LineJoinStyle::RoundJoin, |content| {
        let mut along = 0.0;
        for glyph in line {
            let origin = [along + glyph.offset[0], glyph.offset[1]];
            fonts.outline(glyph, &mut Outline { content, place, size, origin, last: [0.0; 2] });
            along += glyph.advance;
        }
    });
}

/// Shows glyphs from the start of the text matrix on.
fn show(content: &mut Content, line: &[Glyph], size: f32) {
    // Where the next glyph belongs, and where the viewer would put it, in ems.
    let (mut pen, mut shown) = (0.0f32, 0.0f32);
    let alike = |a: &Glyph, b: &Glyph| (a.face, a.offset[1]) == (b.face, b.offset[1]);
    for stretch in line.chunk_by(alike) {
        let first = &stretch[0];
        content.set_font(Name(font::name(first.face).as_bytes()), short(size));
        content.set_rise(short(first.offset[1] * size));
        let mut operation = content.show_positioned();
        let mut items = operation.items();
        let mut codes = Vec::new();
        for glyph in stretch {
            let gap = pen + glyph.offset[0] - shown;
            // A hundred-thousandth of an em is far below what shows, and what rounding leaves.
            if gap.abs() > 1e-5 {
                if !codes.is_empty() {
                    items.show(Str(&codes));
                    codes.clear();
                }
                items.adjust(-1000.0 * gap);
                shown += gap;
            }
            codes.extend(glyph.code.to_be_bytes());
            shown += glyph.width;
            pen += glyph.advance;
        }
        items.show(Str(&codes));
    }
}

/// Where a line stands and how it is turned.
struct Place {
    origin: [f32; 2],
    sin: f32,
    cos: f32,
}

impl Place {
    /// The place of a line that starts `start` pixels after the text's position.
    fn new(text: &Text, start: f32) -> Self {
        let (sin, cos) = text.rotation_degrees.to_radians().sin_cos();
        let [x, y] = text.position;
        Self { origin: [x + cos * start, y + sin * start], sin, cos }
    }

    /// From pixels along the line and up of it to the scene's.
    fn matrix(&self) -> [f32; 6] {
        let [x, y] = self.origin;
        [self.cos, self.sin, self.sin, -self.cos, x, y]
            .map(|value| if value.is_finite() { value } else { 0.0 })
    }
}

/// Traces a glyph given in ems.
struct Outline<'a> {
    content: &'a mut Content,
    place: &'a Place,
    size: f32,
    origin: [f32; 2],
    last: [f32; 2],
}

impl Outline<'_> {
    /// The place in the scene of a point of the glyph.
    fn at(&self, x: f32, y: f32) -> [f32; 2] {
        let [along, up] = [(self.origin[0] + x) * self.size, (self.origin[1] + y) * self.size];
        let [a, b, c, d, e, f] = self.place.matrix();
        [a * along + c * up + e, b * along + d * up + f].map(short)
    }
}

impl OutlinePen for Outline<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let [px, py] = self.at(x, y);
        self.content.move_to(px, py);
        self.last = [x, y];
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let [px, py] = self.at(x, y);
        self.content.line_to(px, py);
        self.last = [x, y];
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        // The same curve as a cubic one.
        let third = |end: f32, handle: f32| end + 2.0 / 3.0 * (handle - end);
        let [from_x, from_y] = self.last;
        self.curve_to(third(from_x, cx), third(from_y, cy), third(x, cx), third(y, cy), x, y);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let ([x1, y1], [x2, y2], [x3, y3]) = (self.at(cx0, cy0), self.at(cx1, cy1), self.at(x, y));
        self.content.cubic_to(x1, y1, x2, y2, x3, y3);
        self.last = [x, y];
    }

    fn close(&mut self) {
        self.content.close_path();
    }
}
