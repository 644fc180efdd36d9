//! The letters of figures that are drawn here: the window's fonts, and the outline that makes light ones heavier.

use super::scene::{Stroke, Text, Weight};

/// The fonts that ship with the window as TrueType files: the one for text first, the one for what that lacks next.
pub(super) const FONTS: [&[u8]; 2] = [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR];

/// The outline in the letters' own colour that makes the light font look like a regular or a bold one.
pub(super) fn outline(text: &Text) -> Stroke {
    let share = match text.weight {
        Weight::Regular => 0.016,
        Weight::Bold => 0.06,
    };
    Stroke::new(text.fill, text.size * share)
}
