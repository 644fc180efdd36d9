//! A scene as SVG 1.1: text stays text, so that it can be searched, read aloud and edited.

use std::fmt::{self, Write as _};

use super::raster::{About, encode};
use super::scene::{Anchor, Image, Item, Paint, Path, Rect, Scene, Stroke, Text, Weight};
use super::text::writable;
use super::typeface::outline;

/// The fonts asked for, the PNG's own first; every desktop has one of the rest.
const FONTS: &str = "Ubuntu, 'DejaVu Sans', Arial, sans-serif";

/// The scene as an SVG document.
pub fn svg(scene: &Scene) -> String {
    document(scene, Renderer::Viewer)
}

/// What draws a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renderer {
    /// The reader's: it has bold fonts and decodes images.
    Viewer,
    /// resvg as it is built in here: all its fonts are light, and it decodes no images.
    BuiltIn,
}

/// The scene as an SVG document for what draws it.
pub(super) fn document(scene: &Scene, renderer: Renderer) -> String {
    let mut writer = Writer { out: String::new(), renderer, clips: 0 };
    // Writing to a string cannot fail.
    let _ = writer.document(scene);
    writer.out
}

struct Writer {
    out: String,
    renderer: Renderer,
    clips: usize,
}

impl Writer {
    fn document(&mut self, scene: &Scene) -> fmt::Result {
        let (width, height) = (Number(scene.width), Number(scene.height));
        // On paper a unit is a point; resvg scales what is in another unit than its pixels.
        let unit = if self.renderer == Renderer::Viewer { "pt" } else { "" };
        writeln!(
            self.out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}{unit}\" height=\"{height}{unit}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{FONTS}\">"
        )?;
        for (name, text) in [("title", &scene.title), ("desc", &scene.description)] {
            if let Some(text) = text {
                writeln!(self.out, "<{name}>{}</{name}>", Escaped(text))?;
            }
        }
        self.items(&scene.items)?;
        self.out.push_str("</svg>\n");
        Ok(())
    }

    fn items(&mut self, items: &[Item]) -> fmt::Result {
        for item in items {
            match item {
                Item::Path(path) => self.path(path)?,
                Item::Circle(circle) => {
                    let [x, y] = circle.center.map(Number);
                    write!(self.out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{}\"", Number(circle.radius))?;
                    self.paint(circle.fill, circle.stroke)?;
                    self.close("circle", circle.tooltip.as_deref())?;
                }
                Item::Rect(rect) => {
                    self.rect(rect)?;
                    self.paint(rect.fill, rect.stroke)?;
                    self.close("rect", None)?;
                }
                Item::Text(text) => self.text(text)?,
                Item::Image(image) => match self.renderer {
                    Renderer::Viewer => self.image(image)?,
                    Renderer::BuiltIn => self.cells(image)?,
                },
                Item::Group(group) => {
                    match &group.clip {
                        Some(clip) => {
                            let id = self.clips;
                            self.clips += 1;
                            write!(self.out, "<clipPath id=\"clip{id}\">")?;
                            self.rect(clip)?;
                            write!(self.out, "/></clipPath>\n<g clip-path=\"url(#clip{id})\">\n")?;
                        }
                        None => self.out.push_str("<g>\n"),
                    }
                    self.items(&group.items)?;
                    self.out.push_str("</g>\n");
                }
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &Path) -> fmt::Result {
        let name = if path.closed { "polygon" } else { "polyline" };
        write!(self.out, "<{name} points=\"")?;
        for (i, point) in path.points.iter().enumerate() {
            let [x, y] = point.map(Number);
            let gap = if i == 0 { "" } else { " " };
            write!(self.out, "{gap}{x},{y}")?;
        }
        self.out.push('"');
        self.paint(path.fill, path.stroke)?;
        if path.stroke.is_some() {
            self.out.push_str(" stroke-linejoin=\"round\"");
        }
        self.close(name, path.tooltip.as_deref())
    }

    fn rect(&mut self, rect: &Rect) -> fmt::Result {
        let [x, y] = rect.min.map(Number);
        let [width, height] = rect.size.map(Number);
        write!(self.out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
    }

    fn text(&mut self, text: &Text) -> fmt::Result {
        // The rim is a text of its own underneath: not every viewer knows `paint-order`.
        if let Some(halo) = text.halo {
            self.letters(text, halo.paint, Some(halo), " aria-hidden=\"true\"")?;
        }
        match self.renderer {
            Renderer::Viewer => {
                let bold = text.weight == Weight::Bold;
                let weight = if bold { " font-weight=\"bold\"" } else { "" };
                self.letters(text, text.fill, None, weight)
            }
            Renderer::BuiltIn => self.letters(text, text.fill, Some(outline(text)), ""),
        }
    }

    fn image(&mut self, image: &Image) -> fmt::Result {
        let png =
            image.cells().map(|(bytes, size)| encode(size, ::png::ColorType::Rgb, bytes, About::default()));
        // There are as many bytes as cells, so encoding does not fail.
        let Some(Ok(png)) = png else { return Ok(()) };
        let ([x, y], [width, height]) = (image.min.map(Number), image.size.map(Number));
        writeln!(
            self.out,
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
             image-rendering=\"pixelated\" href=\"data:image/png;base64,{}\"/>",
            Base64(&png)
        )
    }

    /// An image as rectangles, one for each stretch of cells of a colour; no pixel is shared between two.
    fn cells(&mut self, image: &Image) -> fmt::Result {
        let Some((_, [columns, rows])) = image.cells() else { return Ok(()) };
        let edge = |axis: usize, index: usize, count: u32| {
            Number(image.min[axis] + image.size[axis] * index as f32 / count as f32)
        };
        self.out.push_str("<g shape-rendering=\"crispEdges\">\n");
        for (row, pixels) in image.pixels.chunks_exact(image.columns).enumerate() {
            let (top, bottom) = (edge(1, row, rows), edge(1, row + 1, rows));
            let mut column = 0;
            for stretch in pixels.chunk_by(|a, b| a == b) {
                let (left, right) = (edge(0, column, columns), edge(0, column + stretch.len(), columns));
                column += stretch.len();
                write!(self.out, "<path d=\"M{left} {top}H{right}V{bottom}H{left}Z\"")?;
                self.color("fill", Paint::solid(stretch[0]))?;
                self.out.push_str("/>\n");
            }
        }
        self.out.push_str("</g>\n");
        Ok(())
    }

    fn letters(&mut self, text: &Text, fill: Paint, stroke: Option<Stroke>, more: &str) -> fmt::Result {
        let [x, y] = text.position.map(Number);
        write!(self.out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"", Number(text.size))?;
        match text.anchor {
            Anchor::Start => {}
            Anchor::Middle => self.out.push_str(" text-anchor=\"middle\""),
            Anchor::End => self.out.push_str(" text-anchor=\"end\""),
        }
        if text.rotation_degrees != 0.0 {
            write!(self.out, " transform=\"rotate({} {x} {y})\"", Number(text.rotation_degrees))?;
        }
        self.paint(Some(fill), stroke)?;
        if stroke.is_some() {
            self.out.push_str(" stroke-linejoin=\"round\"");
        }
        writeln!(self.out, "{more}>{}</text>", Escaped(&text.text))
    }

    fn paint(&mut self, fill: Option<Paint>, stroke: Option<Stroke>) -> fmt::Result {
        match fill {
            Some(fill) => self.color("fill", fill)?,
            None => self.out.push_str(" fill=\"none\""),
        }
        if let Some(stroke) = stroke {
            self.color("stroke", stroke.paint)?;
            write!(self.out, " stroke-width=\"{}\"", Number(stroke.width))?;
            if let Some([dash, gap]) = stroke.dash {
                write!(self.out, " stroke-dasharray=\"{} {}\"", Number(dash), Number(gap))?;
            }
        }
        Ok(())
    }

    fn color(&mut self, name: &str, paint: Paint) -> fmt::Result {
        let [red, green, blue] = paint.rgb;
        write!(self.out, " {name}=\"#{red:02x}{green:02x}{blue:02x}\"")?;
        if paint.opacity < 1.0 {
            write!(self.out, " {name}-opacity=\"{}\"", Number(paint.opacity))?;
        }
        Ok(())
    }

    /// Ends an element, with the text a viewer shows under the pointer.
    fn close(&mut self, name: &str, tooltip: Option<&str>) -> fmt::Result {
        match tooltip {
            Some(tooltip) => writeln!(self.out, "><title>{}</title></{name}>", Escaped(tooltip)),
            None => {
                self.out.push_str("/>\n");
                Ok(())
            }
        }
    }
}

/// A number with at most two decimals: a hundredth of a pixel is below what shows.
struct Number(f32);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Infinities are no SVG numbers; a figure leaves such points out before they come here.
        let rounded = if self.0.is_finite() { (f64::from(self.0) * 100.0).round() / 100.0 } else { 0.0 };
        // Adding zero turns -0 into 0.
        write!(f, "{}", rounded + 0.0)
    }
}

/// Bytes in base64.
struct Base64<'a>(&'a [u8]);

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for chunk in self.0.chunks(3) {
            let bits = (0..3).fold(0, |bits, i| bits << 8 | usize::from(*chunk.get(i).unwrap_or(&0)));
            for digit in 0..4 {
                let known = digit <= chunk.len();
                let value = bits >> (18 - 6 * digit) & 63;
                f.write_char(if known { char::from(DIGITS[value]) } else { '=' })?;
            }
        }
        Ok(())
    }
}

/// Text that is safe between tags and in attributes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match writable(c) {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let nasty = Text::new([1.0, 2.0], "a<b>&\"c'\u{0}\u{1b}\u{ffff}\n\u{85}é", 10.0, [0; 3]);
        let scene = Scene { width: 10.0, height: 10.0, items: vec![Item::Text(nasty)], ..Scene::default() };
        let out = svg(&scene);
        assert!(
            out.contains(">a&lt;b&gt;&amp;&quot;c&#39;\u{fffd}\u{fffd}\u{fffd} \u{fffd}é</text>"),
            "{out}"
        );
    }

    #[test]
    fn numbers_are_short_and_finite() {
        let text = |value: f32| Number(value).to_string();
        assert_eq!(text(1.0 / 3.0), "0.33");
        assert_eq!(text(-0.001), "0");
        assert_eq!(text(12.5), "12.5");
        assert_eq!(text(f32::NAN), "0");
        assert_eq!(text(f32::INFINITY), "0");
        assert_eq!(text(480.0), "480");
    }

    #[test]
    fn bytes_are_written_in_base64() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(Base64(bytes.as_bytes()).to_string(), text);
        }
        assert_eq!(Base64(&[0xff, 0xfe, 0xfb]).to_string(), "//77");
    }

    #[test]
    fn what_is_said_of_a_figure_comes_first() {
        let said = |text: &str| Some(text.to_owned());
        let scene = Scene { title: said("A & B"), description: said("<c>"), ..Scene::default() };
        let lines: Vec<String> = svg(&scene).lines().map(str::to_owned).collect();
        assert!(lines[0].contains(" role=\"img\""), "{}", lines[0]);
        assert_eq!(lines[1..], ["<title>A &amp; B</title>", "<desc>&lt;c&gt;</desc>", "</svg>"]);
    }

    #[test]
    fn groups_clip_by_their_own_rectangle() {
        let clip = Some(Rect { min: [1.0, 2.0], size: [3.0, 4.0], ..Rect::default() });
        let group = |items| Item::Group(super::super::Group { clip, items });
        let items = vec![group(vec![group(vec![])]), group(vec![])];
        let scene = Scene { width: 9.0, height: 9.0, items, ..Scene::default() };
        let out = svg(&scene);
        for id in 0..3 {
            assert_eq!(out.matches(&format!("<clipPath id=\"clip{id}\">")).count(), 1);
            assert_eq!(out.matches(&format!("url(#clip{id})")).count(), 1);
        }
        assert_eq!(out.matches("<g ").count(), out.matches("</g>").count());
    }
}
