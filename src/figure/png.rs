//! A scene as PNG: its own SVG, rasterised with the fonts the window ships, so that no machine needs any.

use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{FontResolver, Options, Tree, fontdb};

use super::scene::Scene;
use super::svg::{Boldness, document};
use crate::error::{Error, Kind, Result};

/// The longest side of a picture in pixels; more would take gigabytes while it is drawn.
pub const LARGEST_SIDE: u32 = 16_384;

/// The scene as a PNG file with `scale` pixels per scene pixel.
///
/// # Errors
/// A usage error where the scale is not above 0 or makes a side empty or longer than [`LARGEST_SIDE`]; an
/// output error where the picture cannot be encoded.
pub fn png(scene: &Scene, scale: f32) -> Result<Vec<u8>> {
    if !(scale.is_finite() && scale > 0.0) {
        return Err(Error::new(Kind::Usage, format!("a figure's scale must be above 0, not {scale}")));
    }
    let [width, height] = [scene.width, scene.height].map(|side| (side * scale).round());
    if !(1.0..=LARGEST_SIDE as f32).contains(&width) || !(1.0..=LARGEST_SIDE as f32).contains(&height) {
        let cause = format!("a scale of {scale} makes a figure of {width} x {height} pixels");
        return Err(Error::new(Kind::Usage, cause).help(format!("1 to {LARGEST_SIDE} a side can be drawn")));
    }
    let tree = Tree::from_str(&document(scene, Boldness::ByOutline), &options()).map_err(failed)?;
    let mut pixmap =
        Pixmap::new(width as u32, height as u32).ok_or_else(|| failed("there is not enough memory"))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(failed)
}

/// The error for a picture that could not be drawn.
fn failed(cause: impl std::fmt::Display) -> Error {
    Error::new(Kind::Output, format!("cannot draw the figure as PNG ({cause})"))
}

/// How the SVG is read: every family asked for is the window's text font, and its code font fills the gaps.
fn options() -> Options<'static> {
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
        fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
        fonts.load_font_data(epaint_default_fonts::HACK_REGULAR.to_vec());
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Item, Paint, Rect, Text};
    use super::*;

    /// A white canvas with the word `text`, as pixels.
    fn drawn(text: &str) -> Pixmap {
        let ground = Rect { size: [120.0, 40.0], fill: Some(Paint::solid([255; 3])), ..Rect::default() };
        let text = Text::new([10.0, 28.0], text, 20.0, [0; 3]);
        let items = vec![Item::Rect(ground), Item::Text(text)];
        Pixmap::decode_png(&png(&Scene { width: 120.0, height: 40.0, items }, 2.0).unwrap()).unwrap()
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
        // Greek is in the text font; the tick only in the other; a Chinese letter in neither, yet not lost.
        for text in ["φ", "✔", "学"] {
            assert!(dark(&drawn(text)) > 20, "{text}");
        }
    }

    #[test]
    fn senseless_scales_are_usage_errors() {
        let scene = Scene { width: 100.0, height: 50.0, items: vec![] };
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e9, 0.001, 164.0] {
            assert_eq!(png(&scene, scale).unwrap_err().kind(), Kind::Usage, "{scale}");
        }
        let pixmap = Pixmap::decode_png(&png(&scene, 0.5).unwrap()).unwrap();
        assert_eq!((pixmap.width(), pixmap.height()), (50, 25));
    }
}
