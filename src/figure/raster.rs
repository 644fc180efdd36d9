//! Pixels as a PNG file.

use ::png::{BitDepth, ColorType, Encoder, EncodingError, PixelDimensions, Unit};

/// What a PNG file says of itself besides its pixels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About<'a> {
    /// Pixels per metre on paper.
    pub density: Option<u32>,
    pub title: Option<&'a str>,
    pub description: Option<&'a str>,
}

/// Pixels of 8 bits a channel, row by row from the top, as a PNG file.
///
/// # Errors
/// Where `bytes` are not as many as the size and the colour type say, or a side is empty.
pub(super) fn encode(
    [width, height]: [u32; 2],
    color: ColorType,
    bytes: &[u8],
    about: About<'_>,
) -> Result<Vec<u8>, EncodingError> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_pixel_dims(about.density.map(|density| PixelDimensions {
        xppu: density,
        yppu: density,
        unit: Unit::Meter,
    }));
    for (keyword, text) in [("Title", about.title), ("Description", about.description)] {
        if let Some(text) = text {
            encoder.add_itxt_chunk(keyword.to_owned(), text.to_owned())?;
        }
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bytes)?;
    writer.finish()?;
    Ok(out)
}
