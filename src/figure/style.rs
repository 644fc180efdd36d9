//! Themes of figures: the colours of everything that is not data.

use super::color::Rgb;

/// The ground of a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white, for paper.
    #[default]
    Light,
    /// Light on near-black, for slides.
    Dark,
}

/// The colours of everything that is not data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inks {
    pub ground: Rgb,
    pub text: Rgb,
    /// Text and lines that stand back.
    pub muted: Rgb,
    pub frame: Rgb,
    pub shade: Rgb,
    pub shade_opacity: f32,
}

impl Theme {
    /// The theme's colours.
    pub(super) fn inks(self) -> Inks {
        match self {
            Self::Light => Inks {
                ground: [255; 3],
                text: [32, 36, 42],
                muted: [98, 104, 114],
                frame: [70, 76, 86],
                shade: [60, 70, 90],
                shade_opacity: 0.07,
            },
            Self::Dark => Inks {
                ground: [19, 21, 25],
                text: [226, 229, 233],
                muted: [154, 160, 170],
                frame: [140, 146, 156],
                shade: [170, 180, 200],
                shade_opacity: 0.09,
            },
        }
    }
}
