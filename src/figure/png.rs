//! A scene as PNG: its own SVG, rasterised with the fonts the window ships, so that no machine needs any.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{FontResolver, Options, Tree, fontdb};

use super::raster::{About, encode};
use super::scene::{POINTS_PER_UNIT, Scene};
use super::svg::{Renderer, document};
use super::typeface;
use crate::error::{Error, Kind, Result};

/// The longest side of a picture in pixels; more would take gigabytes while it is drawn.
pub const LARGEST_SIDE: u32 = 16_384;

/// A picture of pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Red, green, blue and opacity of each pixel, row by row from the top.
    pub rgba: Vec<u8>,
}

/// The scene as a PNG file with `scale` pixels per scene pixel, which says how large it is on paper by
/// [`POINTS_PER_UNIT`]: 72 · `scale` dots per inch for a point a scene pixel.
///
/// # Errors
/// Those of [`pixels`]; an output error where the picture cannot be encoded.
pub fn png(scene: &Scene, scale: f32) -> Result<Vec<u8>> {
    let Pixels { size, rgba } = pixels(scene, scale)?;
    let about = About {
        density: Some(density(scale)),
        title: scene.title.as_deref(),
        description: scene.description.as_deref(),
    };
    encode(size, ::png::ColorType::Rgba, &rgba, about).map_err(failed)
}

/// The scene as pixels, `scale` of them per scene pixel.
///
/// # Errors
/// A usage error where the scale is not above 0 or makes a side empty or longer than [`LARGEST_SIDE`]; an output error
/// where there is no memory for them.
pub fn pixels(scene: &Scene, scale: f32) -> Result<Pixels> {
    if !(scale.is_finite() && scale > 0.0) {
        return Err(Error::new(Kind::Usage, format!("a figure's scale must be above 0, not {scale}")));
    }
    let [width, height] = [scene.width, scene.height].map(|side| (side * scale).round());
    if !(1.0..=LARGEST_SIDE as f32).contains(&width) || !(1.0..=LARGEST_SIDE as f32).contains(&height) {
        let cause = format!("a scale of {scale} makes a figure of {width} x {height} pixels");
        return Err(Error::new(Kind::Usage, cause).help(format!("1 to {LARGEST_SIDE} a side can be drawn")));
    }
    let tree = Tree::from_str(&document(scene, Renderer::BuiltIn), &options()).map_err(failed)?;
    let mut pixmap =
        Pixmap::new(width as u32, height as u32).ok_or_else(|| failed("there is not enough memory"))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    Ok(Pixels { size: [pixmap.width(), pixmap.height()], rgba: pixmap.take_demultiplied() })
}

/// Pixels per metre on paper at `scale` pixels per scene pixel.
fn density(scale: f32) -> u32 {
    let metres_per_unit = f64::from(POINTS_PER_UNIT) / 72.0 * 0.0254;
    (f64::from(scale) / metres_per_unit).round() as u32
}

/// The error for a picture that could not be drawn.
fn failed(cause: impl std::fmt::Display) -> Error {
    Error::new(Kind::Output, format!("cannot draw the figure as PNG ({cause})"))
}

/// How the SVG is read: every family asked for is the window's text font, and its code font fills the gaps.
pub(super) fn options() -> Options<'static> {
    Options {
        font_resolver: FontResolver {
            select_font: Box::new(|_, fonts| fonts.faces().next().map(|face| face.id)),
            select_fallback: Box::new(|_, used, fonts| {
                fonts.faces().map(|face| face.id).find(|id| !used.contains(id))
            }),
        },
        fontdb: fonts(),
        ..Options::default()
    }
}

/// The fonts that ship with the window, the one for text first; parsed once.
fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = fontdb::Database::new();
        for font in typeface::FONTS {
            fonts.load_font_data(font.to_vec());
        }
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Group, Image, Item, Paint, Rect, Text};
    use super::*;

    /// A white canvas with the word `text`, as pixels.
    fn drawn(text: &str) -> Pixmap {
        let ground = Rect { size: [120.0, 40.0], fill: Some(Paint::solid([255; 3])), ..Rect::default() };
        let text = Text::new([10.0, 28.0], text, 20.0, [0; 3]);
        let items = vec![Item::Rect(ground), Item::Text(text)];
        let scene = Scene { width: 120.0, height: 40.0, items, ..Scene::default() };
        Pixmap::decode_png(&png(&scene, 2.0).unwrap()).unwrap()
    }

    fn dark(pixmap: &Pixmap) -> usize {
        pixmap.pixels().iter().filter(|pixel| pixel.red() < 128).count()
    }

    #[test]
    fn text_is_drawn_without_system_fonts() {
        let pixmap = drawn("step");
        assert_eq!((pixmap.width(), pixmap.height()), (240, 80));
        assert!(dark(&pixmap) > 200, "{}", dark(&pixmap));
        assert_eq!(dark(&drawn("")), 0);
        assert_ne!(drawn("step").data(), drawn("stop").data());
        // Greek is in the text font; the arrow only in the other; a Chinese letter in neither, yet not lost.
        for text in ["φ", "→", "学"] {
            assert!(dark(&drawn(text)) > 20, "{text}");
        }
    }

    #[test]
    fn senseless_scales_are_usage_errors() {
        let scene = Scene { width: 100.0, height: 50.0, ..Scene::default() };
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e9, 0.001, 164.0] {
            assert_eq!(png(&scene, scale).unwrap_err().kind(), Kind::Usage, "{scale}");
        }
        let pixmap = Pixmap::decode_png(&png(&scene, 0.5).unwrap()).unwrap();
        assert_eq!((pixmap.width(), pixmap.height()), (50, 25));
    }

    #[test]
    fn cells_have_sharp_edges_and_clips_cut_them() {
        let (red, green, blue) = ([200, 0, 0], [0, 200, 0], [0, 0, 200]);
        let pixels = vec![red, red, green, blue, green, green, red];
        let image = Image { min: [2.0, 1.0], size: [10.5, 7.0], columns: 3, pixels };
        assert_eq!(image.rows(), 2, "the seventh cell fills no row");
        let clip = Some(Rect { size: [11.0, 20.0], ..Rect::default() });
        let items = vec![Item::Group(Group { clip, items: vec![Item::Image(image)] })];
        let scene = Scene { width: 20.0, height: 10.0, items, ..Scene::default() };
        let pixmap = Pixmap::decode_png(&png(&scene, 2.0).unwrap()).unwrap();
        let drawn = |x: u32, y: u32| {
            let pixel = pixmap.pixel(x, y).unwrap();
            (pixel.alpha() > 0).then_some([pixel.red(), pixel.green(), pixel.blue()])
        };
        for y in 0..20 {
            for x in 0..40 {
                let rows = [[red, red, green], [blue, green, green]];
                let row = match y {
                    2..9 => Some(0),
                    9..16 => Some(1),
                    _ => None,
                };
                let inside = (4..22).contains(&x);
                let cell = row.filter(|_| inside).map(|row| rows[row][(x as usize - 4) / 7]);
                assert_eq!(drawn(x, y), cell, "pixel {x}, {y}");
            }
        }
    }

    #[test]
    fn images_of_nothing_draw_nothing() {
        let whole = Image { min: [1.0, 1.0], size: [8.0, 8.0], columns: 1, pixels: vec![[9; 3]; 4] };
        let drawn = |image: Image| {
            let items = vec![Item::Image(image)];
            let scene = Scene { width: 10.0, height: 10.0, items, ..Scene::default() };
            let pixmap = Pixmap::decode_png(&png(&scene, 1.0).unwrap()).unwrap();
            let here = pixmap.pixels().iter().any(|pixel| pixel.alpha() > 0);
            assert_eq!(crate::figure::svg(&scene).contains("<image"), here);
            here
        };
        assert!(drawn(whole.clone()));
        let others = [
            Image { columns: 0, ..whole.clone() },
            Image { columns: 5, ..whole.clone() },
            Image { pixels: vec![], ..whole.clone() },
            Image { size: [0.0, 8.0], ..whole.clone() },
            Image { size: [8.0, f32::NAN], ..whole.clone() },
        ];
        for other in others {
            assert!(!drawn(other.clone()), "{other:?}");
        }
    }

    #[test]
    fn a_picture_knows_its_size_and_its_name() {
        let title = Some("θ & φ".to_owned());
        let scene = Scene { width: 10.0, height: 10.0, title, ..Scene::default() };
        for (scale, dots_per_inch) in [(1.0, 72.0), (2.0, 144.0), (300.0 / 72.0, 300.0)] {
            let bytes = png(&scene, scale).unwrap();
            let reader = ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
            let info = reader.info();
            let per_metre = info.pixel_dims.expect("a density").xppu;
            assert!((f64::from(per_metre) * 0.0254 - dots_per_inch).abs() < 0.02, "{per_metre}");
            assert_eq!(info.utf8_text[0].get_text().unwrap(), "θ & φ");
        }
    }
}
