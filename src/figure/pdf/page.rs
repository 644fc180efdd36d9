//! What a page shows: a scene as the operators of a content stream.

use pdf_writer::types::LineJoinStyle;
use pdf_writer::{Content, Name};

use super::font::Fonts;
use super::letters;
use super::pen::{Pen, has_room, short};
use crate::figure::scene::{Circle, Group, Image, Item, POINTS_PER_UNIT, Path, Rect, Scene};

/// How far from its ends the handles of a quarter of a circle lie, in radii.
const HANDLE: f32 = 0.552_284_8;

/// A scene as a content stream, and what that stream refers to.
pub(super) struct Drawn<'a> {
    /// The stream, not compressed.
    pub content: Vec<u8>,
    /// The images by their index in [`image_name`].
    pub images: Vec<&'a Image>,
    /// The opacities that are used, of what is filled and of what is stroked, by their names.
    pub opacities: Vec<(String, [f32; 2])>,
}

/// The name on the page of the image with this index.
pub(super) fn image_name(index: usize) -> String {
    format!("I{index}")
}

/// Draws a scene with `fonts`.
pub(super) fn draw<'a>(scene: &'a Scene, fonts: &mut Fonts) -> Drawn<'a> {
    let mut page = Page { pen: Pen::new(), fonts, images: Vec::new() };
    // From here on y points down, as in the scene.
    let height = short(scene.height * POINTS_PER_UNIT);
    page.pen.content.transform([POINTS_PER_UNIT, 0.0, 0.0, -POINTS_PER_UNIT, 0.0, height]);
    page.items(&scene.items);
    let opacities = page.pen.opacities();
    Drawn { content: page.pen.content.finish().into_vec(), images: page.images, opacities }
}

struct Page<'a, 'f> {
    pen: Pen,
    fonts: &'f mut Fonts,
    images: Vec<&'a Image>,
}

impl<'a> Page<'a, '_> {
    fn items(&mut self, items: &'a [Item]) {
        for item in items {
            match item {
                Item::Path(path) => self.path(path),
                Item::Circle(circle) => self.circle(circle),
                Item::Rect(rect) => {
                    if has_room(rect.size) {
                        self.pen.shape(rect.fill, rect.stroke, LineJoinStyle::MiterJoin, |content| {
                            trace(content, rect)
                        });
                    }
                }
                Item::Text(text) => letters::draw(&mut self.pen, self.fonts, text),
                Item::Image(image) => self.image(image),
                Item::Group(group) => self.group(group),
            }
        }
    }

    fn group(&mut self, group: &'a Group) {
        let Some(clip) = &group.clip else { return self.items(&group.items) };
        if has_room(clip.size) {
            self.pen.content.save_state();
            trace(&mut self.pen.content, clip);
            self.pen.content.clip_nonzero().end_path();
            self.items(&group.items);
            self.pen.content.restore_state();
        }
    }

    fn path(&mut self, path: &Path) {
        let Some((first, rest @ [_, ..])) = path.points.split_first() else { return };
        self.pen.shape(path.fill, path.stroke, LineJoinStyle::RoundJoin, |content| {
            let [x, y] = first.map(short);
            content.move_to(x, y);
            for point in rest {
                let [x, y] = point.map(short);
                content.line_to(x, y);
            }
            if path.closed {
                content.close_path();
            }
        });
    }

    fn circle(&mut self, circle: &Circle) {
        let radius = circle.radius;
        if !has_room([radius; 2]) {
            return;
        }
        let at = |x: f32, y: f32| [circle.center[0] + radius * x, circle.center[1] + radius * y].map(short);
        self.pen.shape(circle.fill, circle.stroke, LineJoinStyle::MiterJoin, |content| {
            let [x, y] = at(1.0, 0.0);
            content.move_to(x, y);
            // Clockwise from the right, as SVG lays dashes.
            for [x, y] in [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0f32]] {
                let [x1, y1] = at(x - HANDLE * y, y + HANDLE * x);
                let [x2, y2] = at(HANDLE * x - y, HANDLE * y + x);
                let [x3, y3] = at(-y, x);
                content.cubic_to(x1, y1, x2, y2, x3, y3);
            }
            content.close_path();
        });
    }

    fn image(&mut self, image: &'a Image) {
        if image.cells().is_none() {
            return;
        }
        let name = image_name(self.images.len());
        self.images.push(image);
        let ([x, y], [width, height]) = (image.min.map(short), image.size.map(short));
        self.pen.content.save_state();
        // An image is a square of side 1 with its top at y = 1.
        self.pen.content.transform([width, 0.0, 0.0, -height, x, short(y + height)]);
        self.pen.content.x_object(Name(name.as_bytes()));
        self.pen.content.restore_state();
    }
}

/// Traces a rectangle from the top left clockwise, as SVG does.
fn trace(content: &mut Content, rect: &Rect) {
    let ([x, y], [width, height]) = (rect.min.map(short), rect.size.map(short));
    content.rect(x, y, width, height);
}
