//! Everything between a view and a file: a figure is laid out once as a [`Scene`], which every exporter draws.
//!
//! The scene is the whole contract. [`layout`](mod@layout) fills it from any chart and decides every position and colour; an
//! exporter ([`pdf`](mod@pdf), [`svg`](mod@svg), [`png`](mod@png)) knows nothing of what it draws. So a new figure needs no
//! exporter touched, and a new exporter no figure. [`check`](mod@check) tells of any scene whether it can be printed.

pub mod check;
pub mod color;
pub mod command;
pub mod ink;
pub mod layout;
pub mod pdf;
pub mod png;
pub mod svg;

#[cfg(test)]
mod kept;
mod labels;
mod marker;
mod raster;
mod scene;
mod style;
mod text;
mod typeface;
mod vision;

use std::path::Path as FilePath;

pub use check::{Finding, check};
pub use color::Rgb;
pub use layout::{FigureOptions, POINTS_PER_MM, TWO_COLUMNS, layout};
pub use marker::outline;
pub use pdf::pdf;
pub use png::{Pixels, pixels, png};
pub use scene::{
    Anchor, Circle, Group, Image, Item, POINTS_PER_UNIT, Paint, Path, Rect, Scene, Stroke, Text, Weight,
};
pub use style::Theme;
pub use svg::svg;
pub use vision::Vision;

use crate::error::{Error, Kind, Result};
use crate::output::write_atomically;

/// Writes a figure as PDF, SVG or PNG, by the extension of `path`; `scale` is the PNG's pixels per scene pixel.
///
/// # Errors
/// Another extension or a senseless scale is a usage error; a file that cannot be written an output error.
pub fn write(scene: &Scene, path: &FilePath, scale: f32) -> Result<()> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let bytes = match extension.as_deref() {
        Some("pdf") => pdf(scene).map_err(|error| error.at(path))?,
        Some("svg") => svg(scene).into_bytes(),
        Some("png") => png(scene, scale).map_err(|error| error.at(path))?,
        other => {
            let cause = match other {
                Some(other) => format!("a figure cannot be written as .{other}"),
                None => "the figure's file name has no extension".to_owned(),
            };
            return Err(Error::new(Kind::Usage, cause)
                .help("name it .pdf, .svg, .png, or .csv for its numbers")
                .at(path));
        }
    };
    write_atomically(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_by_their_extension() {
        let folder = tempfile::tempdir().unwrap();
        let text = Item::Text(Text::new([10.0, 20.0], "step", 7.0, [0; 3]));
        let scene = Scene { width: 60.0, height: 30.0, items: vec![text], ..Scene::default() };
        for (name, beginning) in [("a.SVG", &b"<svg"[..]), ("a.png", b"\x89PNG"), ("a.pdf", b"%PDF-")] {
            let path = folder.path().join(name);
            write(&scene, &path, 2.0).unwrap();
            assert!(std::fs::read(&path).unwrap().starts_with(beginning), "{name}");
        }
        for name in ["a.jpg", "a"] {
            let error = write(&scene, &folder.path().join(name), 2.0).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            assert!(error.to_string().contains(".pdf, .svg, .png, or .csv"), "{error}");
        }
        let error = write(&scene, &folder.path().join("missing/a.svg"), 2.0).unwrap_err();
        assert_eq!(error.kind(), Kind::Output);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
