//! What journals ask of a figure, asked of a scene before anyone prints it.

use super::scene::{Anchor, Item, Scene, Stroke, Text};
use super::text::width;

/// The smallest text of a figure, in points.
pub const LEAST_TEXT: f32 = 5.0;
/// The thinnest line of a figure, in points.
pub const LEAST_LINE: f32 = 0.25;

/// How far a guessed width may reach over the edge of the canvas, in points.
const EDGE: f32 = 1.0;

/// What a figure is checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// No text is smaller than [`LEAST_TEXT`].
    Text,
    /// No line is thinner than [`LEAST_LINE`].
    Lines,
    /// No text stands on another.
    Apart,
    /// No text leaves the canvas.
    Inside,
}

/// What a check for one thing has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was checked for.
    pub rule: Rule,
    /// What breaks it, a line each; empty where nothing does.
    pub faults: Vec<String>,
}

impl Finding {
    /// Whether the figure passes.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    /// What was found, in a few words.
    pub fn words(&self) -> String {
        let count = self.faults.len();
        match (self.rule, count) {
            (Rule::Text, 0) => format!("text ≥ {LEAST_TEXT} pt"),
            (Rule::Lines, 0) => format!("lines ≥ {LEAST_LINE} pt"),
            (Rule::Apart, 0) => "no labels overlap".to_owned(),
            (Rule::Inside, 0) => "no text cut off".to_owned(),
            (Rule::Text, _) => format!("{count} × text < {LEAST_TEXT} pt"),
            (Rule::Lines, _) => format!("{count} × line < {LEAST_LINE} pt"),
            (Rule::Apart, _) => format!("{count} × label over label"),
            (Rule::Inside, _) => format!("{count} × text cut off"),
        }
    }
}

/// What a figure is like by every rule, at the size that it will be printed at.
pub fn check(scene: &Scene) -> [Finding; 4] {
    let mut found = Found::default();
    found.walk(&scene.items);
    let Found { words, mut lines } = found;
    let mut small = Vec::new();
    let (mut over, mut outside) = (Vec::new(), Vec::new());
    for (index, word) in words.iter().enumerate() {
        if word.size < LEAST_TEXT {
            small.push(format!("`{}` is set in {} pt", word.text, word.size));
        }
        let [left, top, right, bottom] = word.bounds;
        if left < -EDGE || top < -EDGE || right > scene.width + EDGE || bottom > scene.height + EDGE {
            outside.push(format!("`{}` leaves the figure", word.text));
        }
        let beneath = words[..index].iter().filter(|other| word.stands_on(other));
        over.extend(beneath.map(|other| format!("`{}` stands on `{}`", word.text, other.text)));
    }
    lines.sort_by(f32::total_cmp);
    let thin = lines.iter().map(|width| format!("a line is {width} pt wide")).collect();
    let of = |rule, faults| Finding { rule, faults };
    [of(Rule::Text, small), of(Rule::Lines, thin), of(Rule::Apart, over), of(Rule::Inside, outside)]
}

/// What a scene is made of, as far as rules speak of it.
#[derive(Default)]
struct Found<'s> {
    words: Vec<Word<'s>>,
    /// The widths of lines that are too thin.
    lines: Vec<f32>,
}

impl<'s> Found<'s> {
    fn walk(&mut self, items: &'s [Item]) {
        for item in items {
            match item {
                Item::Group(group) => self.walk(&group.items),
                Item::Text(text) if text.text.trim().is_empty() => {}
                Item::Text(text) => self.words.push(Word::new(text)),
                Item::Path(path) => self.line(path.stroke),
                Item::Circle(circle) => self.line(circle.stroke),
                Item::Rect(rect) => self.line(rect.stroke),
                Item::Image(_) => {}
            }
        }
    }

    fn line(&mut self, stroke: Option<Stroke>) {
        let seen = stroke.filter(|stroke| stroke.paint.opacity > 0.0);
        self.lines.extend(seen.map(|stroke| stroke.width).filter(|width| *width < LEAST_LINE));
    }
}

/// A line of text with the room that its letters take.
struct Word<'s> {
    text: &'s str,
    size: f32,
    /// The corners of its letters' box, around.
    corners: [[f32; 2]; 4],
    /// The box along the axes around those: left, top, right, bottom.
    bounds: [f32; 4],
}

impl<'s> Word<'s> {
    fn new(text: &'s Text) -> Self {
        let width = width(&text.text, text.size);
        let left = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -0.5 * width,
            Anchor::End => -width,
        };
        // From the height of capitals to what hangs below the line.
        let (top, bottom) = (-0.72 * text.size, 0.2 * text.size);
        let (sin, cos) = match text.rotation_degrees {
            0.0 => (0.0, 1.0),
            degrees => degrees.to_radians().sin_cos(),
        };
        let [x, y] = text.position;
        let corners = [[left, top], [left + width, top], [left + width, bottom], [left, bottom]]
            .map(|[across, down]| [x + across * cos - down * sin, y + across * sin + down * cos]);
        let [xs, ys] = [0, 1].map(|axis| corners.map(|corner| corner[axis]));
        let least = |values: [f32; 4]| values.into_iter().fold(f32::INFINITY, f32::min);
        let most = |values: [f32; 4]| values.into_iter().fold(f32::NEG_INFINITY, f32::max);
        let bounds = [least(xs), least(ys), most(xs), most(ys)];
        Self { text: &text.text, size: text.size, corners, bounds }
    }

    /// Whether the boxes of two texts share any room: no straight line along a side of either parts them.
    fn stands_on(&self, other: &Self) -> bool {
        let ([left, top, right, bottom], [from_x, from_y, to_x, to_y]) = (self.bounds, other.bounds);
        if right <= from_x || to_x <= left || bottom <= from_y || to_y <= top {
            return false;
        }
        let sides = |corners: &[[f32; 2]; 4]| {
            [[0, 1], [1, 2]].map(|[a, b]| [corners[b][0] - corners[a][0], corners[b][1] - corners[a][1]])
        };
        let reach = |corners: &[[f32; 2]; 4], [x, y]: [f32; 2]| {
            let along = corners.map(|corner| corner[0] * x + corner[1] * y);
            along.into_iter().fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], value| {
                [low.min(value), high.max(value)]
            })
        };
        sides(&self.corners).into_iter().chain(sides(&other.corners)).all(|side| {
            let ([low, high], [from, to]) = (reach(&self.corners, side), reach(&other.corners, side));
            low < to && from < high
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Group, Paint, Path};
    use super::*;

    fn text(at: [f32; 2], words: &str, size: f32) -> Text {
        Text::new(at, words, size, [0; 3])
    }

    /// The faults of a canvas of 100 by 50 points, rule by rule.
    fn faults(items: Vec<Item>) -> [Vec<String>; 4] {
        let scene = Scene { width: 100.0, height: 50.0, items, ..Scene::default() };
        check(&scene).map(|finding| finding.faults)
    }

    fn counts(items: Vec<Item>) -> [usize; 4] {
        faults(items).map(|faults| faults.len())
    }

    #[test]
    fn each_fault_is_found_by_its_rule_alone() {
        let word = |at, words, size| Item::Text(text(at, words, size));
        let line = |width| {
            Item::Path(Path::line(vec![[0.0; 2], [9.0; 2]], Stroke::new(Paint::solid([0; 3]), width)))
        };
        assert_eq!(counts(vec![word([10.0, 10.0], "step", 7.0), line(0.25)]), [0; 4]);
        assert_eq!(counts(vec![word([10.0, 10.0], "step", 4.9)]), [1, 0, 0, 0]);
        assert_eq!(counts(vec![line(0.2), line(0.5)]), [0, 1, 0, 0]);
        assert_eq!(
            counts(vec![word([10.0, 10.0], "step", 7.0), word([12.0, 12.0], "loss", 7.0)]),
            [0, 0, 1, 0]
        );
        assert_eq!(counts(vec![word([90.0, 10.0], "expressivity", 7.0)]), [0, 0, 0, 1]);
        assert_eq!(counts(vec![word([10.0, 2.0], "step", 7.0)]), [0, 0, 0, 1]);
        // Blanks are no text, and what is in a group is drawn as well.
        assert_eq!(counts(vec![word([99.0, 1.0], "  ", 1.0)]), [0; 4]);
        let group = Group { clip: None, items: vec![line(0.1), word([10.0, 10.0], "step", 3.0)] };
        assert_eq!(counts(vec![Item::Group(group)]), [1, 1, 0, 0]);
    }

    #[test]
    fn turned_texts_take_the_room_that_their_letters_do() {
        let turned = |at, degrees| Item::Text(text(at, "complexity", 7.0).turned(degrees));
        // Upwards from its start: beside it is room, above its start is none.
        let beside = Item::Text(text([22.0, 20.0], "step", 7.0));
        let upon = Item::Text(text([14.0, 20.0], "step", 7.0));
        assert_eq!(counts(vec![turned([20.0, 45.0], -90.0), beside]), [0; 4]);
        assert_eq!(counts(vec![turned([20.0, 45.0], -90.0), upon]), [0, 0, 1, 0]);
        assert_eq!(counts(vec![turned([20.0, 30.0], -90.0)]), [0, 0, 0, 1], "it ends above the canvas");
        // Slanted lines whose boxes along the axes overlap stand apart all the same.
        assert_eq!(counts(vec![turned([10.0, 45.0], -45.0), turned([22.0, 45.0], -45.0)]), [0; 4]);
        assert_eq!(counts(vec![turned([10.0, 45.0], -45.0), turned([14.0, 45.0], -45.0)]), [0, 0, 1, 0]);
    }

    #[test]
    fn words_tell_what_holds_and_what_does_not() {
        let good = check(&Scene { width: 9.0, height: 9.0, ..Scene::default() });
        let words = good.each_ref().map(Finding::words);
        assert_eq!(words, ["text ≥ 5 pt", "lines ≥ 0.25 pt", "no labels overlap", "no text cut off"]);
        let bad = Finding { rule: Rule::Apart, faults: vec!["`a` stands on `b`".to_owned()] };
        assert!(!bad.is_good() && bad.words() == "1 × label over label");
    }
}
