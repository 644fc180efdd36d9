//! A scene as PDF: text stays text, set in the window's fonts, of which the file holds what it uses.
//!
//! Nothing in the file depends on when or where it was written, so the same scene gives the same bytes.

mod font;
mod letters;
mod page;
mod pen;
#[cfg(test)]
mod tests;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Filter, Finish as _, Name, Pdf, Rect, Ref, TextStr};

use self::font::Fonts;
use self::page::{Drawn, draw};
use super::scene::{Image, POINTS_PER_UNIT, Scene};
use crate::error::{Error, Kind, Result};

/// The longest side of a page in points: what Acrobat shows at most.
const LONGEST_SIDE: f32 = 14_400.0;

/// The scene as a PDF document of one page, [`POINTS_PER_UNIT`] points a scene pixel.
///
/// # Errors
/// A usage error where a side of the page would be below 1 or above 14,400 points; an output error where the
/// fonts cannot be embedded.
pub fn pdf(scene: &Scene) -> Result<Vec<u8>> {
    let [width, height] = [scene.width, scene.height].map(|side| side * POINTS_PER_UNIT);
    if !(1.0..=LONGEST_SIDE).contains(&width) || !(1.0..=LONGEST_SIDE).contains(&height) {
        let cause = format!("a page of {width} x {height} points cannot be made");
        return Err(Error::new(Kind::Usage, cause).help(format!("1 to {LONGEST_SIDE} a side can")));
    }
    let mut fonts = Fonts::load()?;
    let drawn = draw(scene, &mut fonts);
    document(scene, [width, height], &drawn, &fonts)
}

/// The error for a document that could not be made.
fn failed(cause: impl std::fmt::Display) -> Error {
    Error::new(Kind::Output, format!("cannot draw the figure as PDF ({cause})"))
}

/// What was drawn as a file.
fn document(scene: &Scene, [width, height]: [f32; 2], drawn: &Drawn, fonts: &Fonts) -> Result<Vec<u8>> {
    let mut pdf = Pdf::new();
    let mut next = Ref::new(1);
    let [catalog, info, pages, page, content] = std::array::from_fn(|_| next.bump());

    let mut root = pdf.catalog(catalog);
    root.pages(pages).lang(TextStr("en"));
    if scene.title.is_some() {
        root.viewer_preferences().display_doc_title(true);
    }
    root.finish();
    let mut about = pdf.document_info(info);
    if let Some(title) = &scene.title {
        about.title(TextStr(title));
    }
    if let Some(description) = &scene.description {
        about.subject(TextStr(description));
    }
    about.producer(TextStr("infoplane"));
    about.finish();

    let faces: Vec<(String, Ref)> = fonts.used().map(|(name, _)| (name, next.bump())).collect();
    let images: Vec<Ref> = drawn.images.iter().map(|_| next.bump()).collect();

    pdf.pages(pages).kids([page]).count(1);
    let mut leaf = pdf.page(page);
    leaf.parent(pages).media_box(Rect::new(0.0, 0.0, width, height)).contents(content);
    // What is see-through is mixed as on the screen.
    leaf.group().transparency().isolated(true).color_space().device_rgb();
    let mut resources = leaf.resources();
    let mut named = resources.fonts();
    for (name, reference) in &faces {
        named.pair(Name(name.as_bytes()), reference);
    }
    named.finish();
    let mut named = resources.ext_g_states();
    for (name, [fill, stroke]) in &drawn.opacities {
        let mut state = named.insert(Name(name.as_bytes())).dict();
        state.pair(Name(b"ca"), *fill).pair(Name(b"CA"), *stroke);
    }
    named.finish();
    let mut named = resources.x_objects();
    for (index, reference) in images.iter().enumerate() {
        named.pair(Name(page::image_name(index).as_bytes()), reference);
    }
    named.finish();
    resources.finish();
    leaf.finish();

    pdf.stream(content, &deflated(&drawn.content)?).filter(Filter::FlateDecode);
    for ((_, face), (_, reference)) in fonts.used().zip(&faces) {
        face.embed(&mut pdf, *reference, &mut next)?;
    }
    for (image, reference) in drawn.images.iter().zip(images) {
        embed(&mut pdf, reference, image)?;
    }
    Ok(pdf.finish())
}

/// Writes the cells of an image.
fn embed(pdf: &mut Pdf, reference: Ref, image: &Image) -> Result<()> {
    let Some((bytes, count)) = image.cells() else { return Ok(()) };
    let [Ok(columns), Ok(rows)] = count.map(i32::try_from) else { return Err(failed("too many cells")) };
    let bytes = deflated(bytes)?;
    let mut object = pdf.image_xobject(reference, &bytes);
    object.filter(Filter::FlateDecode);
    object.width(columns).height(rows).bits_per_component(8).interpolate(false);
    object.color_space().device_rgb();
    Ok(())
}

/// The bytes of a stream, compressed.
fn deflated(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(failed)
}
