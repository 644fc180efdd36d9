//! What a figure is made of: shapes and lines of text on a canvas, in pixels.

use super::color::Rgb;

/// The size on paper of a pixel of a [`Scene`], in points of 1/72 inch: what PDF and the density of a PNG go by.
pub const POINTS_PER_UNIT: f32 = 1.0;

/// A finished figure: a canvas in pixels, origin top left, y down, with its items in drawing order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// Width in pixels.
    pub width: f32,
    /// Height in pixels.
    pub height: f32,
    /// What is drawn, the first item lowest.
    pub items: Vec<Item>,
    /// What the figure is called, for whoever lists, hears or searches it; not drawn. `None`: it has no name.
    pub title: Option<String>,
    /// What the figure shows, in words, for whoever cannot see it; not drawn. `None`: nothing is said.
    pub description: Option<String>,
}

/// Something drawn; all lengths are in pixels of the [`Scene`].
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Straight lines through points, open or closed.
    Path(Path),
    /// A circle.
    Circle(Circle),
    /// A rectangle along the axes.
    Rect(Rect),
    /// One line of text.
    Text(Text),
    /// Cells of one colour each.
    Image(Image),
    /// Items of which only what lies within a rectangle is drawn.
    Group(Group),
}

/// A colour with its opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paint {
    /// The colour.
    pub rgb: Rgb,
    /// From 0, invisible, to 1, solid.
    pub opacity: f32,
}

/// How an outline is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// The colour.
    pub paint: Paint,
    /// The width in pixels.
    pub width: f32,
    /// Lengths in pixels of a dash and of the gap after it; solid when absent.
    pub dash: Option<[f32; 2]>,
}

/// Straight lines through points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// The points as `[x, y]` in pixels.
    pub points: Vec<[f32; 2]>,
    /// Whether the last point joins the first.
    pub closed: bool,
    /// The inside, where filled.
    pub fill: Option<Paint>,
    /// The outline, where drawn.
    pub stroke: Option<Stroke>,
    /// What a viewer shows under the pointer.
    pub tooltip: Option<String>,
}

/// A circle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circle {
    /// The centre as `[x, y]` in pixels.
    pub center: [f32; 2],
    /// The radius in pixels.
    pub radius: f32,
    /// The inside, where filled.
    pub fill: Option<Paint>,
    /// The outline, where drawn.
    pub stroke: Option<Stroke>,
    /// What a viewer shows under the pointer.
    pub tooltip: Option<String>,
}

/// A rectangle along the axes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// The top left corner as `[x, y]` in pixels.
    pub min: [f32; 2],
    /// Width and height in pixels.
    pub size: [f32; 2],
    /// The inside, where filled.
    pub fill: Option<Paint>,
    /// The outline, where drawn.
    pub stroke: Option<Stroke>,
}

/// A rectangle along the axes, cut into columns and rows of equal cells of one colour each, such as a heat map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    /// The top left corner as `[x, y]` in pixels.
    pub min: [f32; 2],
    /// Width and height in pixels.
    pub size: [f32; 2],
    /// How many cells lie side by side.
    pub columns: usize,
    /// The colours of the cells, `[rows, columns]` row by row from the top; what fills no whole row is not drawn.
    pub pixels: Vec<Rgb>,
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// The point `[x, y]` in pixels on the baseline that `anchor` speaks of.
    pub position: [f32; 2],
    /// What is written.
    pub text: String,
    /// The height of an em in pixels.
    pub size: f32,
    /// Which part of the text lies at the position.
    pub anchor: Anchor,
    /// The clockwise turn around the position, in degrees.
    pub rotation_degrees: f32,
    /// The strength of the strokes.
    pub weight: Weight,
    /// The colour.
    pub fill: Paint,
    /// A rim behind the letters that keeps them legible on lines and points, where drawn.
    pub halo: Option<Stroke>,
}

/// Which part of a text lies at its position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchor {
    /// Its start.
    #[default]
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// The strength of a text's strokes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    /// Running text.
    #[default]
    Regular,
    /// Titles and what is emphasised.
    Bold,
}

/// Items of which only what lies within a rectangle is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The rectangle; everything is drawn when absent.
    pub clip: Option<Rect>,
    /// The items, the first lowest.
    pub items: Vec<Item>,
}

impl Paint {
    /// A solid colour.
    pub const fn solid(rgb: Rgb) -> Self {
        Self { rgb, opacity: 1.0 }
    }

    /// A colour that lets the ground through, its opacity from 0 to 1.
    pub const fn faint(rgb: Rgb, opacity: f32) -> Self {
        Self { rgb, opacity }
    }
}

impl Stroke {
    /// A solid line of `width` pixels.
    pub const fn new(paint: Paint, width: f32) -> Self {
        Self { paint, width, dash: None }
    }
}

impl Path {
    /// An open line.
    pub fn line(points: Vec<[f32; 2]>, stroke: Stroke) -> Self {
        Self { points, stroke: Some(stroke), ..Self::default() }
    }

    /// A closed, filled area.
    pub fn area(points: Vec<[f32; 2]>, fill: Paint) -> Self {
        Self { points, closed: true, fill: Some(fill), ..Self::default() }
    }
}

impl Image {
    /// How many rows of cells lie one below the other.
    pub fn rows(&self) -> usize {
        self.pixels.len().checked_div(self.columns).unwrap_or(0)
    }

    /// The colours of the cells that are drawn as bytes `[rows, columns, 3]`, and how many columns and rows these are;
    /// `None` where there are none, or no room for them.
    pub(super) fn cells(&self) -> Option<(&[u8], [u32; 2])> {
        let rows = self.rows();
        let count = [u32::try_from(self.columns).ok()?, u32::try_from(rows).ok()?];
        let room = self.size.iter().all(|&side| side > 0.0 && side.is_finite());
        (rows > 0 && room).then(|| (self.pixels[..rows * self.columns].as_flattened(), count))
    }
}

impl Text {
    /// Level text in the regular weight that starts at `position`, `size` pixels an em.
    pub fn new(position: [f32; 2], text: impl Into<String>, size: f32, color: Rgb) -> Self {
        Self {
            position,
            text: text.into(),
            size,
            anchor: Anchor::Start,
            rotation_degrees: 0.0,
            weight: Weight::Regular,
            fill: Paint::solid(color),
            halo: None,
        }
    }

    /// The same text with another part of it at its position.
    #[must_use]
    pub fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// The same text, bold.
    #[must_use]
    pub fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    /// The same text turned clockwise around its position, in degrees.
    #[must_use]
    pub fn turned(self, rotation_degrees: f32) -> Self {
        Self { rotation_degrees, ..self }
    }
}
