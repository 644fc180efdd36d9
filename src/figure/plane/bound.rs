//! The information-bottleneck bound on the plane (SPEC 4.1): a dashed line with its name, and a shade above it.

use crate::bound::largest_expressivity;
use crate::figure::axis::Frame;
use crate::figure::labels::Placer;
use crate::figure::scene::{Anchor, Item, Paint, Path, Stroke, Text};
use crate::figure::style::Inks;

/// The bound as it is drawn under the data.
#[derive(Debug)]
pub(super) struct Bound {
    shade: Path,
    line: Path,
    words: [Text; 2],
}

impl Bound {
    /// The bound within a frame.
    pub fn new(frame: &Frame, inks: &Inks) -> Self {
        let Frame { min: [left, top], side, extent } = *frame;
        let origin = frame.at(0.0, largest_expressivity(0.0));
        let corner = frame.at(extent, largest_expressivity(extent));
        let shade =
            Path::area(vec![origin, corner, [left, top]], Paint::faint(inks.shade, inks.shade_opacity));
        let stroke = Stroke { dash: Some([6.0, 4.0]), ..Stroke::new(Paint::solid(inks.muted), 1.5) };
        let line = Path::line(vec![origin, corner], stroke);
        // Just above the line and along it; the scales agree, so it climbs at 45 degrees.
        let along = 0.70 * side;
        let beside = [left + along - 6.0, frame.bottom() - along - 6.0];
        let name = Text::new(beside, "IB bound I(Y;Z) = I(X;Z)", 12.5, inks.muted);
        let above = Text::new([left + 0.27 * side, top + 0.30 * side], "above the bound", 16.0, inks.faint);
        let words = [name.anchored(Anchor::Middle).turned(-45.0), above.anchored(Anchor::Middle)];
        Self { shade, line, words }
    }

    /// Keeps labels off the line and its words.
    pub fn keep_clear(&self, placer: &mut Placer) {
        placer.avoid_line(&self.line.points);
        self.words.iter().for_each(|text| placer.avoid_text(text));
    }

    /// The items in drawing order.
    pub fn items(self) -> Vec<Item> {
        let [name, above] = self.words;
        vec![Item::Path(self.shade), Item::Path(self.line), Item::Text(name), Item::Text(above)]
    }
}
