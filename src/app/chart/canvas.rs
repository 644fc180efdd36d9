//! A frame of the screen, upon which values have places, and what words and lines need of it.

use std::sync::Arc;

use eframe::egui::{Color32, FontId, Galley, Painter, Pos2, Rect, Ui, pos2};
use egui_plot::{PlotPoint, PlotTransform};

use crate::app::theme::{self, Palette};
use crate::chart::Facet;

/// A frame of the screen, upon which values have places.
pub(super) struct Canvas<'a> {
    pub painter: &'a Painter,
    pub transform: PlotTransform,
    pub facet: &'a Facet,
    pub palette: &'static Palette,
    pub is_dark: bool,
}

impl Canvas<'_> {
    /// The rectangle.
    pub fn rect(&self) -> Rect {
        *self.transform.frame()
    }

    /// The place of values on the screen; `None` where they have none.
    pub fn at(&self, x: f64, y: f64) -> Option<Pos2> {
        let (x, y) = (self.facet.x.place(x), self.facet.y.place(y));
        let at = self.transform.position_from_point(&PlotPoint::new(x, y));
        // What lies beyond all screens is cut there: no shape may be larger than numbers tell.
        (x.is_finite() && y.is_finite()).then(|| pos2(at.x.clamp(-1e5, 1e5), at.y.clamp(-1e5, 1e5)))
    }
}

/// The part of a straight line within a rectangle (Liang and Barsky).
pub(super) fn within(frame: Rect, ends: [Pos2; 2]) -> Option<[Pos2; 2]> {
    let along = ends[1] - ends[0];
    let (mut from, mut to) = (0.0f32, 1.0f32);
    let sides = [
        (-along.x, ends[0].x - frame.left()),
        (along.x, frame.right() - ends[0].x),
        (-along.y, ends[0].y - frame.top()),
        (along.y, frame.bottom() - ends[0].y),
    ];
    for (outward, room) in sides {
        if outward == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if outward < 0.0 {
            from = from.max(room / outward);
        } else {
            to = to.min(room / outward);
        }
    }
    (from < to).then(|| [ends[0] + from * along, ends[0] + to * along])
}

/// The width of a line of words on the screen.
pub(in crate::app) fn width_of(ui: &Ui, text: &str, size: f32) -> f32 {
    let font = FontId::proportional(size);
    ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER).size().x
}

/// Words cut in the middle to the room there is; empty where there is none for three letters.
pub(in crate::app) fn elided(ui: &Ui, text: &str, size: f32, room: f32) -> String {
    if width_of(ui, text, size) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    for kept in (3..letters.len()).rev() {
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let short: String =
            letters[..head].iter().chain(&['…']).chain(&letters[letters.len() - tail..]).collect();
        if width_of(ui, &short, size) <= room {
            return short;
        }
    }
    String::new()
}

/// Words laid out on one line, cut to the room there is.
pub(super) fn galley(ui: &Ui, text: &str, font: FontId, color: Color32, room: f32) -> Arc<Galley> {
    let text = elided(ui, text, font.size, room);
    ui.painter().layout_no_wrap(text, font, color)
}

/// The colour that stands for another behind what is hovered.
pub(super) fn dimmed(color: Color32, palette: &Palette) -> Color32 {
    theme::mixed(color, palette.ground, 0.62)
}
